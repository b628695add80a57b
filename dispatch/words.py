"""The catalogue: every string that a person reads, by language.

Files are `words/<language>/<area>.toml`, or several of one area in `words/<language>/<area>/`; a key is the area and
the path inside the file, joined by dots (`citizen.ladder.filed`). `zh-CN` is complete and the fallback; another
language is added by its folder alone.
"""

import tomllib
from collections.abc import Mapping
from functools import cache

from dispatch.settings import CHECKOUT

FOLDER = CHECKOUT / "words"
DEFAULT = "zh-CN"


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
        strings = _read(DEFAULT)
        if known != DEFAULT:
            strings = strings | _read(known)
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
    found = sorted(folder.name for folder in FOLDER.iterdir() if folder.is_dir())
    return (DEFAULT, *(name for name in found if name != DEFAULT))


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
        for language in languages():
            if tag and tag.split("-")[0] == language.lower().split("-")[0]:
                return language
    return DEFAULT


def _read(language: str) -> dict[str, str]:
    strings: dict[str, str] = {}
    folder = FOLDER / language
    for path in sorted(folder.rglob("*.toml")):
        area = path.relative_to(folder).with_suffix("").parts[0]
        _flatten(area, tomllib.loads(path.read_text(encoding="utf-8")), strings)
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
