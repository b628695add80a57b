"""Charts as drawings (SVG), made on the server: where each bar stands, and what stands beside it.

A chart shows what the table under it says, and nothing else. It is understood in greys: a part is told by hatching, an
amount by length, and every bar of a few has its number.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

# Of upright bars: the drawing's own units, of which some hundred make the page's width.
WIDTH: Final = 1320
HEIGHT: Final = 240
RIGHT, TOP = 8, 14
LEFT, BOTTOM = 56, 28  # room for words of the usual size
# So many words stand under the bars at most.
LABELS: Final = 12
# Of lying bars.
LYING_WIDTH: Final = 600
LYING_ROW: Final = 30
LYING_RIGHT = 92
# How wide a character is written, about: one of Chinese, another one.
WIDE, NARROW = 14.5, 7.8


@dataclass(frozen=True, slots=True)
class Bar:
    """A bar with its part, in the drawing's units; `label` stands beside it, or nothing does."""

    x: float
    y: float
    width: float
    height: float
    part_y: float
    part_height: float
    label: str
    middle: float
    mark_y: float | None  # where what is usual lies


@dataclass(frozen=True, slots=True)
class Tick:
    """A line across, and what it says."""

    y: float
    label: str


@dataclass(frozen=True, slots=True)
class Upright:
    """Bars that stand beside each other, over time."""

    width: int
    height: int
    left: int
    base: float
    bars: tuple[Bar, ...]
    ticks: tuple[Tick, ...]


@dataclass(frozen=True, slots=True)
class Lying:
    """Bars that lie under each other, each with its word and its number."""

    width: int
    height: int
    left: int
    bars: tuple[tuple[str, float, float, str], ...]  # label, y, length, number


def upright(
    values: Sequence[tuple[str, int, int]],
    usual: Sequence[float] = (),
    *,
    width: int = WIDTH,
    height: int = HEIGHT,
    labels: int = LABELS,
    words: float = 1,
) -> Upright:
    """`values`: label, whole and part of each. `usual`: what each is as a rule, as a mark across its bar. `words`: how
    much larger than usual they are written."""
    most = max([whole for _, whole, _ in values] + [round(value) for value in usual], default=0)
    step = round_step(most)
    top = max(step, -(-most // step) * step)
    left, bottom = round(LEFT * words), round(BOTTOM * words)
    room = height - TOP - bottom
    base = TOP + room
    slot = (width - left - RIGHT) / max(1, len(values))
    every = -(-len(values) // labels)

    def y_of(value: float) -> float:
        return round(base - value / top * room, 1)

    bars = [
        Bar(
            x=round(left + slot * (at + 0.12), 1),
            y=y_of(whole),
            width=round(slot * 0.76, 1),
            height=round(base - y_of(whole), 1),
            part_y=y_of(part),
            part_height=round(base - y_of(part), 1),
            label=label if at % every == 0 else "",
            middle=round(left + slot * (at + 0.5), 1),
            mark_y=y_of(usual[at]) if at < len(usual) else None,
        )
        for at, (label, whole, part) in enumerate(values)
    ]
    ticks = [Tick(y_of(value), f"{value:,}") for value in range(0, top + 1, step)]
    return Upright(width, height, left, base, tuple(bars), tuple(ticks))


def lying(values: Sequence[tuple[str, int]]) -> Lying:
    """`values`: label and number of each."""
    most = max((number for _, number in values), default=0) or 1
    left = round(max((written(label) for label, _ in values), default=0)) + 16
    room = LYING_WIDTH - left - LYING_RIGHT
    bars = [
        (label, at * LYING_ROW, round(number / most * room, 1), f"{number:,}")
        for at, (label, number) in enumerate(values)
    ]
    return Lying(LYING_WIDTH, len(values) * LYING_ROW, left, tuple(bars))


def written(words: str) -> float:
    """How wide words are in a drawing, about."""
    return sum(WIDE if character > "\u2e7f" else NARROW for character in words)


def round_step(most: int, lines: int = 4) -> int:
    """How far apart the lines of a scale lie: 1, 2 or 5 times a power of ten, so that about so many are enough."""
    step = 1
    while True:
        for factor in (1, 2, 5):
            if factor * step * lines >= most:
                return factor * step
        step *= 10
