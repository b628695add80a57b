"""The catalogue: every string that a person reads, by language.

Files are `words/<language>/<area>.toml`, or several of one area in `words/<language>/<area>/`; a key is the area and
the path inside the file, joined by dots (`citizen.ladder.filed`). `zh-CN` is complete and the fallback; another
language is added by its folder alone, here or in the folder that the setting `DESK110_WORDS` names. A kind of a
language may say only what it says otherwise: `en-GB` is `en` where it is silent.
"""

import re
import tomllib
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from dispatch.errors import Unfit
from dispatch.settings import CHECKOUT

FOLDER = CHECKOUT / "words"
DEFAULT = "zh-CN"

# A folder's name is the language's tag (RFC 5646), which goes to browsers as it stands.
TAG = re.compile(r"[a-z]{2,3}(?:-[A-Za-z0-9]{2,8}){0,3}")

# Where languages are looked for: what ships, then what an operator has added.
_folders = [FOLDER]


class Words:
    """The strings of one language; calling it with a key gives the string, placeholders filled."""

    def __init__(self, language: str, strings: Mapping[str, str]) -> None:
        self.language = language
        self._strings = strings

    @staticmethod
    @cache
    def of(language: str) -> "Words":
        """The catalogue of a language; of the default when there is none such."""
        known = language if language in languages() else DEFAULT
        strings: dict[str, str] = {}
        for name in reversed(_lineage(known)):
            strings |= _read(name)
        return Words(known, strings)

    def __call__(self, key: str, /, **values: object) -> str:
        """The string under `key`. Raises KeyError for a key that no catalogue has: that is a defect."""
        text = self._strings[key]
        return text.format_map(values) if values else text

    def get(self, key: str) -> str | None:
        """The raw string under `key`, or None."""
        return self._strings.get(key)

    def under(self, prefix: str) -> dict[str, str]:
        """All strings whose key begins with `prefix.`, by their full key; for a page's scripts."""
        return {key: text for key, text in self._strings.items() if key.startswith(prefix + ".")}


@cache
def languages() -> tuple[str, ...]:
    """The languages that have a folder, the default first."""
    folders = (child for folder in _folders for child in folder.iterdir() if child.is_dir())
    found = sorted({child.name for child in folders if TAG.fullmatch(child.name)})
    return (DEFAULT, *(name for name in found if name != DEFAULT))


def others(language: str) -> list[tuple[str, str]]:
    """Tag and own name of every language but this one: what a page offers instead."""
    return [(name, Words.of(name)("terms.language")) for name in languages() if name != language]


def look_also_in(folder: Path | None) -> None:
    """Adds an operator's folder of languages (None: there is none). Raises `Unfit` when it does not exist."""
    if folder is None or folder in _folders:
        return
    if not folder.is_dir():
        raise Unfit("DESK110_WORDS names a folder that does not exist.")
    _folders.append(folder)
    languages.cache_clear()
    Words.of.cache_clear()


def choose(accept_language: str | None) -> str:
    """The best language for an `Accept-Language` header (RFC 9110, 12.5.4); the default when none fits."""
    wishes: list[tuple[float, str]] = []
    for part in (accept_language or "")[:200].split(","):
        tag, _, parameter = part.strip().partition(";")
        try:
            weight = float(parameter.strip().removeprefix("q=")) if parameter else 1.0
        except ValueError:
            continue
        wishes.append((-weight, tag.strip().lower()))
    for _weight, tag in sorted(wishes, key=lambda wish: wish[0]):
        if found := _nearest(tag):
            return found
    return DEFAULT


def _nearest(tag: str) -> str | None:
    """The very language of a tag in lower case, else the first that is a kind of the same."""
    kin = [name for name in languages() if tag and name.lower().split("-")[0] == tag.split("-")[0]]
    return next((name for name in kin if name.lower() == tag), kin[0] if kin else None)


def _lineage(language: str) -> list[str]:
    """Where a string of a language is looked for: there, in the languages it is a kind of, in the default."""
    parts = language.split("-")
    kinds = ["-".join(parts[:length]) for length in range(len(parts) - 1, 0, -1)]
    return [language, *(kind for kind in kinds if kind in languages()), DEFAULT]


def sources(*areas: str) -> list[Path]:
    """The files of some areas of the catalogue, of every language and of the operator's too."""
    return [
        path
        for folder in _folders
        for language in languages()
        for path in (folder / language).rglob("*.toml")
        if _area(path, folder / language) in areas
    ]


def _area(path: Path, folder: Path) -> str:
    return path.relative_to(folder).with_suffix("").parts[0]


def _read(language: str) -> dict[str, str]:
    strings: dict[str, str] = {}
    for folder in (parent / language for parent in _folders):
        for path in sorted(folder.rglob("*.toml")):
            _flatten(_area(path, folder), tomllib.loads(path.read_text(encoding="utf-8")), strings)
    return strings


def _flatten(prefix: str, table: Mapping[str, object], into: dict[str, str]) -> None:
    for key, value in table.items():
        name = f"{prefix}.{key}"
        if isinstance(value, Mapping):
            _flatten(name, value, into)
        elif name in into:
            raise ValueError(f"{name} stands twice in one language")
        else:
            into[name] = str(value)
