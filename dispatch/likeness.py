"""How alike two texts or two photos are: what hints that two reports are of one event."""

import math
import statistics
from itertools import pairwise
from typing import Final

from PIL import Image
from rapidfuzz import fuzz

# Shorter texts are alike by chance.
SHORTEST: Final = 6

_SIDE, _WAVES = 32, 8
_COSINES: Final = [
    [math.cos(math.pi * wave * (2 * at + 1) / (2 * _SIDE)) for at in range(_SIDE)] for wave in range(_WAVES)
]
# Of a photo in which nothing is to be seen (a pocket, the night) every bit is noise.
_LEAST_CONTRAST: Final = 24


def text_likeness(one: str, other: str) -> int:
    """From 0 to 100: how much of the shorter text's words stands in the other, wherever it stands there.

    Chinese has no spaces, so each pair of neighbouring characters counts as a word.
    """
    pairs, others = _pairs(one), _pairs(other)
    if min(len(pairs), len(others)) < SHORTEST - 1:
        return 0
    return round(fuzz.token_set_ratio(" ".join(pairs), " ".join(others)))


def _pairs(text: str) -> list[str]:
    signs = [sign for sign in text.casefold() if sign.isalnum()]
    return [a + b for a, b in pairwise(signs)]


def photo_digest(photo: Image.Image) -> bytes | None:
    """64 bits that a photo keeps when it is made smaller, encoded anew or taken over by a messenger (a pHash: the
    signs of its 64 slowest waves, each against their median). None for one in which nothing is to be seen.

    Plain Python, since it runs where a photo is developed: a process that has given up memory, threads and files.
    """
    grey = photo.convert("L").resize((_SIDE, _SIDE), Image.Resampling.LANCZOS)
    levels = grey.tobytes()
    if max(levels) - min(levels) < _LEAST_CONTRAST:
        return None
    rows = [levels[at * _SIDE : (at + 1) * _SIDE] for at in range(_SIDE)]
    across = [[_dot(row, wave) for wave in _COSINES] for row in rows]
    waves = [_dot([row[n] for row in across], wave) for wave in _COSINES for n in range(_WAVES)]
    # The first is the brightness alone.
    middle = statistics.median(waves[1:])
    bits = sum((level > middle) << at for at, level in enumerate(waves))
    return bits.to_bytes(8, "big")


def _dot(levels: bytes | list[float], wave: list[float]) -> float:
    return sum(level * height for level, height in zip(levels, wave, strict=True))


def differing_bits(one: bytes, other: bytes) -> int:
    """In how many of their 64 bits two photos differ."""
    return (int.from_bytes(one, "big") ^ int.from_bytes(other, "big")).bit_count()
