"""The command `desk110`: all at once (`up`), one process (`citizen`, `console`, `worker`), or the preparation."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import typer

from dispatch.errors import Unfit
from dispatch.settings import Settings

# Each command imports what it needs when its settings are found fit: a refusal should not take seconds.
REFUSED = 2

# Tracebacks with the values of variables would print what people wrote.
app = typer.Typer(add_completion=False, no_args_is_help=True, pretty_exceptions_enable=False, help=__doc__)


@app.command()
def up() -> None:
    """Prepare, start Valkey, citizen, console and worker, and look after them until Ctrl-C."""
    from processes.supervise import NotStarted
    from processes.up import up as run

    with _sentence():
        try:
            run(_demo_settings(), _say)
        except NotStarted as error:
            typer.echo(str(error), err=True)
            raise typer.Exit(1) from None
        _say("已停止 · stopped")


@app.command()
def setup() -> None:
    """Only prepare: folders, newest tables, keys, boundaries; demo accounts if DESK110_DEMO=1."""
    with _sentence():
        settings = Settings.load()
        from processes.prepare import prepare

        prepare(settings, _say)


@app.command()
def citizen() -> None:
    """Run one citizen process: the reporters' app."""
    with _sentence():
        settings = Settings.load()
        from processes.serve import serve

        serve("asgi:citizen", settings, settings.citizen_port)


@app.command()
def console() -> None:
    """Run one console process: the dispatchers' app."""
    with _sentence():
        settings = Settings.load()
        from processes.serve import serve

        serve("asgi:console", settings, settings.console_port)


@app.command()
def worker() -> None:
    """Run one worker process: escalations, media, retention."""
    with _sentence():
        settings = Settings.load()
        from worker import run

        run(settings)


def main() -> None:
    """The entry point `desk110`."""
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(errors="replace")  # type: ignore[union-attr]  # a terminal may know no Chinese
    app()


@contextmanager
def _sentence() -> Iterator[None]:
    """An installation that cannot run says so in a sentence, not in a traceback."""
    try:
        yield
    except Unfit as error:
        typer.echo(f"desk110: {error}", err=True)
        raise typer.Exit(REFUSED) from None


def _demo_settings() -> Settings:
    """The settings with what `up` takes where nobody has said otherwise: it is the demonstration's command."""
    from dotenv import dotenv_values

    written = {name.upper() for name in dotenv_values(Settings.model_config["env_file"])}  # type: ignore[arg-type]
    for name, value in (("DESK110_DEMO", "1"), ("DESK110_LIMITS", "demo")):
        if name not in written:
            os.environ.setdefault(name, value)  # the children read it too
    return Settings.load()


def _say(line: str) -> None:
    print(line, flush=True)


if __name__ == "__main__":
    main()
