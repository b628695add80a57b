"""The counties of an area, shaded by how many reports were filed in them: our own boundaries as one drawing.

The outlines are made once a process, when somebody first wants them; half a second of work, and 70 KB of text.
"""

import asyncio
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal

from shapely.geometry import shape  # type: ignore[import-untyped]  # shapely carries no types

from console.charts import written
from dispatch.boundaries import boundaries_file, for_map, read
from dispatch.errors import Unfit

# Borders may be off by a kilometre, and rocks be missing: on a drawing a hand wide nobody sees it.
TOLERANCE_DEG, GRAIN_DEG = 0.01, 0.001
LEAST_RING: Final = 2.0  # as wide and high as that, in units of the sheet
WIDTH: Final = 1000
MARGIN: Final = 6
CLASSES: Final = 5
# About how large it is shown, in pixels: what has room on it is reckoned by this.
SHOWN: Final = (760, 640)
# More counties than these have their numbers alone: the table names them, and a pointer that rests on one.
NAMED: Final = 20

_drawing = asyncio.Lock()


@dataclass(frozen=True, slots=True)
class Outline:
    """A county as an SVG path, the box around it (left, top, right, bottom), and a place well inside."""

    path: str
    box: tuple[float, float, float, float]
    inside: tuple[float, float]


@dataclass(frozen=True, slots=True)
class County:
    """How a county is drawn: `step` 0 for none, up to `CLASSES` for the most. `says`: what there is room for on it."""

    adcode: str
    path: str
    step: int
    n: int
    middle: tuple[float, float]
    says: Literal["both", "number", ""]


@dataclass(frozen=True, slots=True)
class HeatMap:
    """The drawing: what part of the sheet it shows, its counties, and from which to which number each step goes."""

    view: str
    size: float  # of the words on it, in units of the sheet
    counties: tuple[County, ...]
    steps: tuple[tuple[int, int, int], ...]  # step, least, most


async def outlines(state: Any, home: Path) -> Mapping[str, Outline] | None:
    """What is kept with the app; made by one, while others wait for it. None where this host has no boundaries."""
    async with _drawing:
        if not hasattr(state, "county_outlines"):
            try:
                state.county_outlines = await asyncio.to_thread(draw, boundaries_file(home))
            except Unfit:
                return None
        found: Mapping[str, Outline] = state.county_outlines
        return found


def draw(path: Path) -> dict[str, Outline]:
    """The counties of the boundaries file on a sheet `WIDTH` wide, north above. Raises `Unfit`."""
    features: Any = for_map(read(path), TOLERANCE_DEG, GRAIN_DEG)["features"]
    areas = {one["properties"]["adcode"]: _rings(one["geometry"]) for one in features}
    points = [point for rings in areas.values() for ring in rings for point in ring]
    west, east = min(lon for lon, _ in points), max(lon for lon, _ in points)
    north, south = max(lat for _, lat in points), min(lat for _, lat in points)
    across = WIDTH / (east - west)
    # A degree of longitude is shorter than one of latitude by the cosine of the latitude.
    down = across / math.cos(math.radians((north + south) / 2))

    def placed(ring: Sequence[tuple[float, float]]) -> list[tuple[float, float]]:
        return [(round((lon - west) * across, 1), round((north - lat) * down, 1)) for lon, lat in ring]

    inside = {one["properties"]["adcode"]: shape(one["geometry"]).representative_point() for one in features}
    return {
        adcode: _outline(
            _seen([placed(ring) for ring in rings]), placed([(inside[adcode].x, inside[adcode].y)])[0]
        )
        for adcode, rings in areas.items()
    }


def _rings(geometry: Any) -> list[Sequence[tuple[float, float]]]:
    polygons = geometry["coordinates"] if geometry["type"] == "MultiPolygon" else [geometry["coordinates"]]
    return [ring for polygon in polygons for ring in polygon]


def _seen(rings: list[list[tuple[float, float]]]) -> list[list[tuple[float, float]]]:
    """Those that are large enough to be seen, and of each county the largest whatever it is."""

    def extent(ring: list[tuple[float, float]]) -> float:
        xs, ys = zip(*ring, strict=True)
        return float(max(max(xs) - min(xs), max(ys) - min(ys)))

    largest = max(rings, key=extent)
    return [ring for ring in rings if ring is largest or extent(ring) >= LEAST_RING]


def _outline(rings: Sequence[Sequence[tuple[float, float]]], inside: tuple[float, float]) -> Outline:
    xs, ys = zip(*(point for ring in rings for point in ring), strict=True)
    path = "".join("M" + "L".join(f"{x:g} {y:g}" for x, y in ring[:-1]) + "Z" for ring in rings)
    return Outline(path, (min(xs), min(ys), max(xs), max(ys)), inside)


def heat_map(
    found: Mapping[str, Outline], counts: Mapping[str, int], area_name: Callable[[str], str]
) -> HeatMap:
    """These counties with their counts; the sheet is cut to them."""
    steps = _steps([n for n in counts.values() if n])
    here = {adcode: found[adcode] for adcode in counts if adcode in found}
    boxes = [outline.box for outline in here.values()]
    left, top = min(box[0] for box in boxes) - MARGIN, min(box[1] for box in boxes) - MARGIN
    width, height = (max(box[at] for box in boxes) + MARGIN for at in (2, 3))
    view = (left, top, width - left, height - top)
    unit = max(view[2] / SHOWN[0], view[3] / SHOWN[1])
    named = len(here) <= NAMED
    return HeatMap(
        view=" ".join(f"{number:g}" for number in view),
        size=round(unit * 13, 2),
        counties=tuple(
            County(
                adcode,
                outline.path,
                next((step for step, _, most in steps if 0 < counts[adcode] <= most), 0),
                counts[adcode],
                outline.inside,
                _room(outline, unit, area_name(adcode) if named else "", f"{counts[adcode]:,}"),
            )
            for adcode, outline in here.items()
        ),
        steps=steps,
    )


def _room(outline: Outline, unit: float, name: str, number: str) -> Literal["both", "number", ""]:
    """What a county is large enough for, so that no two words lie on one another; without a name, for its number."""
    left, top, right, bottom = outline.box
    wide, high = (right - left) / unit, (bottom - top) / unit
    if name and written(name) < wide and high > 60:
        return "both"
    return "number" if written(number) < wide * 0.7 and high > 24 else ""


def _steps(counts: Sequence[int]) -> tuple[tuple[int, int, int], ...]:
    """As many counties in each step as in the others, as far as equal numbers stay together."""
    ordered = sorted(counts)
    found: list[tuple[int, int, int]] = []
    first = 0
    for step in range(1, CLASSES + 1):
        last = len(ordered) * step // CLASSES
        while 0 < last < len(ordered) and ordered[last] == ordered[last - 1]:
            last += 1
        if last > first:
            found.append((step, ordered[first], ordered[last - 1]))
            first = last
    return tuple(found)
