"""How a command speaks, and how it ends.

0: done, all is well. 1: done, and something is wrong, or what was asked for cannot be done. 2: nothing was done, since
the settings, the keys or the database are unfit, or the command was written wrongly.
"""

import getpass
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import typer

from dispatch.errors import Refused, Unfit

WRONG: Final = 1
UNFIT: Final = 2


def say(line: str = "") -> None:
    """A line for whoever reads along."""
    typer.echo(line)


def complain(line: str) -> None:
    """A line on the error output."""
    typer.echo(f"desk110: {line}", err=True)


@contextmanager
def sentence() -> Iterator[None]:
    """Whatever keeps a command from its work is said in a sentence, not in a traceback."""
    try:
        yield
    except Unfit as error:
        complain(str(error))
        raise typer.Exit(UNFIT) from None
    except Refused as refused:
        complain(both(refused))
        raise typer.Exit(WRONG) from None
    except Exception as error:
        from sqlalchemy.exc import DBAPIError  # slow to import, and most commands end before

        if not isinstance(error, DBAPIError):
            raise
        # The driver's words hold the address and the user.
        kind = type(error.orig).__name__
        complain(
            f"数据库不可用，请检查 DATABASE_URL 或运行 desk110 setup · The database cannot be used ({kind})."
        )
        raise typer.Exit(UNFIT) from None


def asked(prompt: str, *, hidden: bool = True) -> str:
    """What is typed at the terminal, unseen; or the next line of what is piped in."""
    if sys.stdin.isatty():
        return getpass.getpass(prompt) if hidden else input(prompt)
    return sys.stdin.readline().rstrip("\n")


def both(refused: Refused) -> str:
    """A refusal's sentence, Chinese and English."""
    from dispatch.words import Words
    from web.problems import sentence as words_of

    return " · ".join(words_of(Words.of(language), refused) for language in ("zh-CN", "en"))


def language() -> str:
    """The language for what is printed in one alone: that of the terminal."""
    from dispatch.words import choose

    wish = os.environ.get("LC_ALL") or os.environ.get("LC_MESSAGES") or os.environ.get("LANG") or ""
    return choose(wish.partition(".")[0].replace("_", "-"))


def operator() -> str:
    """Who acts at the command line, as an event names them: the login of this machine."""
    try:
        return f"operator:{getpass.getuser()}"
    except (KeyError, OSError):  # a container's user may have no name
        return f"operator:{os.getuid()}"
