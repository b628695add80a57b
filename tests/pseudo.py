"""A language that nobody speaks, made from the English catalogue: accents on its letters and two fifths more of them.

It shows what is written in a script instead of the catalogue, and what a longer language would break.
"""

import re
import tomllib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from dispatch.settings import CHECKOUT
from tests.servers import Valkey
from tests.stack import Stack, stack

# A tag that browsers know, with a plural of its own (nothing counts as one, too).
TAG = "fr"
NAME = "Pseudo"
ACCENTS = str.maketrans("aeiouyAEIOUYcnsz", "äéîøûÿÄÉÎØÛŸçñšž")
PLACE = re.compile(r"(\{\w+\})")


@contextmanager
def speaking(folder: Path, valkey: Valkey) -> Iterator[Stack]:
    """A running desk110 that knows the language."""
    words = write_catalogue(folder / "words")
    with stack(folder, valkey, DESK110_WORDS=str(words)) as running:
        yield running


def pseudo(text: str) -> str:
    """`Report now` → `Répøøržž nøøw`: each vowel twice, so that every word grows. Places to fill and numbers stay."""
    parts = PLACE.split(text)
    return "".join(part if PLACE.fullmatch(part) else _longer(part) for part in parts)


def _longer(text: str) -> str:
    return re.sub(r"[aeiou]", lambda vowel: vowel[0] * 2, text).translate(ACCENTS)


def write_catalogue(folder: Path) -> Path:
    """The whole language below `folder`, laid out as what ships. Gives the folder that `DESK110_WORDS` names."""
    source = CHECKOUT / "words" / "en"
    for path in source.rglob("*.toml"):
        goes = folder / TAG / path.relative_to(source)
        goes.parent.mkdir(parents=True, exist_ok=True)
        table = tomllib.loads(path.read_text(encoding="utf-8"))
        goes.write_text("\n".join(_lines("", table)), encoding="utf-8")
    return folder


def _lines(prefix: str, table: Mapping[str, object]) -> list[str]:
    """A table as TOML: its own strings first, then the tables in it."""
    lines = [
        f"{key} = {_quoted(NAME if key == 'language' and not prefix else pseudo(str(value)))}"
        for key, value in table.items()
        if not isinstance(value, Mapping)
    ]
    for key, value in table.items():
        if isinstance(value, Mapping):
            name = f"{prefix}.{key}" if prefix else key
            lines += [f"[{name}]", *_lines(name, value)]
    return lines


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'
