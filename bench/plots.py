"""Drawings of what grows: one panel a growth, sizes to the right and what was measured upwards, both by powers of ten.

Written by hand as SVG: a page of documentation needs no program to show it, and takes the reader's own colours.
"""

import math
import re
import statistics
from collections import defaultdict
from collections.abc import Iterable, Sequence
from html import escape
from pathlib import Path
from typing import Final

from bench.figures import Figure

WIDTH, HEIGHT = 640, 300
LEFT, RIGHT, TOP, BOTTOM = 64, 40, 40, 44
LINE_COLOURS: Final = ("#1f5fbf", "#c2410c", "#15803d")
_NAME: Final = re.compile(r"(?P<act>.+), (?P<size>[\d,]+) (?P<what>[^:]+): (?P<part>.+)")

Point = tuple[int, float]


def draw(figures: Iterable[Figure], folder: Path) -> list[Path]:
    """A drawing for each growth among the figures; gives the files."""
    series: dict[tuple[str, str, str], dict[str, list[Point]]] = defaultdict(lambda: defaultdict(list))
    for figure in figures:
        found = _NAME.fullmatch(figure.name)
        if figure.size is None or found is None or not figure.ours:
            continue
        if statistics.median(figure.ours) <= 0:
            continue  # less than the clock tells apart: no power of ten
        series[found["act"], found["what"], figure.unit][found["part"]].append(
            (figure.size, statistics.median(figure.ours))
        )
    if series:
        folder.mkdir(parents=True, exist_ok=True)
    written = []
    for (act, what, unit), lines in series.items():
        name = "-".join(re.findall(r"[a-z]+", f"{act} {what} {'cpu' if 'CPU' in unit else ''}"))
        path = folder / f"{name}.svg"
        path.write_text(_panel(f"{act}, {unit}", what, lines), encoding="utf-8")
        written.append(path)
    return written


def _panel(title: str, what: str, lines: dict[str, list[Point]]) -> str:
    points = [point for line in lines.values() for point in line]
    sizes = sorted({size for size, _ in points})
    low, high = _decades([value for _, value in points])

    def x(size: int) -> float:
        # Sizes stand side by side, as they were chosen: nought has no power of ten.
        return LEFT + (WIDTH - LEFT - RIGHT) * (sizes.index(size) + 0.5) / len(sizes)

    def y(value: float) -> float:
        share = (math.log10(value) - low) / (high - low)
        return HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * share

    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" font-family="sans-serif"'
        ' font-size="12">',
        f"<title>{escape(title)}</title>",
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#ffffff"/>',
        f'<text x="{LEFT}" y="22" font-size="14" fill="#1a1a1a">{escape(title)}</text>',
    ]
    for power in range(low, high + 1):
        at = y(10.0**power)
        parts.append(f'<path d="M{LEFT} {at:.1f}H{WIDTH - RIGHT}" stroke="#d4d4d4"/>')
        parts.append(
            f'<text x="{LEFT - 8}" y="{at + 4:.1f}" text-anchor="end" fill="#525252">{10.0**power:,g}</text>'
        )
    below = HEIGHT - BOTTOM + 18
    parts += [
        f'<text x="{x(size):.1f}" y="{below}" text-anchor="middle" fill="#525252">{size:,}</text>'
        for size in sizes
    ]
    parts.append(
        f'<text x="{(LEFT + WIDTH - RIGHT) / 2:.1f}" y="{HEIGHT - 8}" text-anchor="middle" fill="#1a1a1a">'
        f"{escape(what)}</text>"
    )
    for colour, (name, line) in zip(LINE_COLOURS, lines.items(), strict=False):
        parts += _line(name, [(x(size), y(value), value) for size, value in sorted(line)], colour)
    return "\n".join([*parts, "</svg>", ""])


def _line(name: str, points: Sequence[tuple[float, float, float]], colour: str) -> list[str]:
    way = "L".join(f"{x:.1f} {y:.1f}" for x, y, _ in points)
    last_x, last_y, _ = points[-1]
    return [
        f'<path d="M{way}" fill="none" stroke="{colour}" stroke-width="2"/>',
        *(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3" fill="{colour}"/>' for x, y, _ in points),
        *(
            f'<text x="{x:.1f}" y="{y - 8:.1f}" text-anchor="middle" fill="{colour}">{_number(value)}</text>'
            for x, y, value in points
        ),
        f'<text x="{last_x + 34:.1f}" y="{last_y + 4:.1f}" fill="{colour}">{escape(name)}</text>',
    ]


def _decades(values: Sequence[float]) -> tuple[int, int]:
    """The powers of ten that all values lie between."""
    low, high = math.floor(math.log10(min(values))), math.ceil(math.log10(max(values)))
    return low, max(high, low + 1)


def _number(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.1f}"
