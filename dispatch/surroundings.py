"""What lies around a place, in words' stead: its county, how far and which way to the nearest border and to the
county's middle.

That is what boundaries can honestly tell. The list of streets and villages that people pick from has no positions, so
nothing is said of the nearest one.
"""

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Self

import numpy as np
import shapely  # type: ignore[import-untyped]  # shapely carries no types

from dispatch.boundaries import Boundaries, read
from dispatch.coordinates import LatLon, Plane

# No county is so wide that no neighbour lies within it.
REACH_M: Final = 150_000.0


@dataclass(frozen=True, slots=True)
class Way:
    """So many metres off, that way: degrees clockwise from north."""

    metres: float
    bearing: float


@dataclass(frozen=True, slots=True)
class Around:
    """`area`: the adcode of the county that it is in, or of the province that is not ours; None at sea. `middle`: from
    that county's middle to the place. `neighbour`: the nearest other county or province, and the way from the place to
    it.
    """

    area: str | None
    middle: Way | None
    neighbour: str | None
    border: Way | None


class Surroundings:
    """Answers for places. Never changes once loaded; any number of threads may ask at once."""

    def __init__(self, boundaries: Boundaries) -> None:
        named = {**boundaries.counties, **boundaries.elsewhere}
        self._ours: Final = frozenset(boundaries.counties)
        self._adcodes: Final = sorted(named)
        self._areas = shapely.transform([named[adcode] for adcode in self._adcodes], Plane.metres)
        self._tree = shapely.STRtree(self._areas)

    @classmethod
    def load(cls, path: Path) -> Self:
        """From the file that set-up built, in about a tenth of a second. Raises `Unfit` if it cannot be read."""
        return cls(read(path))

    def at(self, place: LatLon) -> Around | None:
        """What lies around; None for what is too far away to be on the sheet."""
        if not Plane.holds(place):
            return None
        point = shapely.Point(Plane.metres(np.array([(place.lon, place.lat)]))[0])
        box = shapely.box(point.x - REACH_M, point.y - REACH_M, point.x + REACH_M, point.y + REACH_M)
        near = np.sort(self._tree.query(box))
        metres = shapely.distance(self._areas[near], point)
        by_distance = [int(near[i]) for i in np.argsort(metres, kind="stable")]
        home = next((i for i in by_distance[:1] if metres[near == i][0] == 0), None)
        other = next((i for i in by_distance if i != home), None)
        own = None if home is None or self._adcodes[home] not in self._ours else home
        return Around(
            area=None if home is None else self._adcodes[home],
            middle=None if own is None else _way(shapely.centroid(self._areas[own]), point),
            neighbour=None if other is None else self._adcodes[other],
            border=None if other is None else self._to_border(point, other),
        )

    def counties(self, place: LatLon) -> list[str]:
        """Our counties, that of the place first, then those whose land is nearest; none for what is too far away."""
        if not Plane.holds(place):
            return []
        point = shapely.Point(Plane.metres(np.array([(place.lon, place.lat)]))[0])
        metres = shapely.distance(self._areas, point)
        by_distance = (self._adcodes[int(i)] for i in np.argsort(metres, kind="stable"))
        return [adcode for adcode in by_distance if adcode in self._ours]

    def _to_border(self, point: shapely.Point, other: int) -> Way:
        nearest = shapely.get_point(shapely.shortest_line(point, self._areas[other]), -1)
        return _way(point, nearest)


def _way(here: shapely.Point, there: shapely.Point) -> Way:
    """On the sheet north is up to half a degree off; nobody says a direction so finely."""
    east, north = there.x - here.x, there.y - here.y
    return Way(math.hypot(east, north), math.degrees(math.atan2(east, north)) % 360)
