"""Jurisdiction (管辖): which desk a position belongs to.

1. Inside a county: that county. On a border between two, the lower code; on the province's border, ours.
2. On the **land** of another province (its polygon, which includes its rivers, lakes and inner waters): not
   ours, however near, unless the accuracy circle reaches into Zhejiang.
3. On neither, and Zhejiang's land within 5 km: at **sea** with us; the nearest county takes it. Islets and
   boats that the polygons miss are meant. Here too the circle counts: when it reaches into those 5 km, the
   report is taken.
4. Else refused: as `sea` within 350 km of our land (the waters off Zhejiang and its neighbours, and less than
   the way to Korea or Japan), as `land` on any province's polygon and farther away.

Doubt never refuses: whatever circle reaches Zhejiang is taken, by the nearest county, with a note for the
dispatcher, and an accuracy that makes no sense is treated as none given, not as a reason to say no.
"""

import math
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final, Literal, NamedTuple, Self

import numpy as np
import shapely  # type: ignore[import-untyped]  # shapely carries no types
from numpy.typing import NDArray

from dispatch.boundaries import Boundaries, read
from dispatch.boundary_sources import FARTHER, NEIGHBOURS, Area
from dispatch.coordinates import Crs, LatLon, Plane, distance_m, to_wgs84, validated
from dispatch.desks import DESKS, SMS, city_of, level, parent_of, whom_to_call
from dispatch.errors import Refused
from dispatch.tongues import in_chinese

__all__ = ["Jurisdiction", "NoDeskOpen", "OutsideJurisdiction", "Placement", "city_of", "level", "parent_of"]

# How far from our land the sea is ours (issue: "the nearest county within 5 km takes it").
SEA_REACH_M: Final = 5_000.0

# How far out an answer names the coast guard and the maritime rescue, instead of the 110 of the place.
SEA_WIDTH_M: Final = 350_000.0

# Half the way round the Earth: no circle is wider.
WIDEST_M: Final = 20_037_508.0

# Of the other counties within the circle, so many are named, the nearest first: a circle over half the
# province is no border case, and must not ring at ninety desks.
OTHERS_AT_MOST: Final = 8

CALL_AT_SEA: Final = ("tel:95110", "tel:12395")  # coast guard, maritime search and rescue

# A position whose cell lies so far inside one county needs no geometry: a phone's circle is seldom wider.
DEEP_M: Final = 300.0
CELL_DEG: Final = 0.01
CELLS_KEPT: Final = 250_000  # all of Zhejiang and its sea is about 150,000

PROVINCES: Final = {**NEIGHBOURS, **FARTHER}

Note = Literal[
    "sea",  # on the water, within reach of the county's land
    "sea_nearer_neighbour",  # and another province's land is nearer
    "accuracy_reaches_border",  # the circle crosses into other counties: `others`
    "accuracy_reaches_neighbour",  # the circle crosses into other provinces: `beyond`
    "outside_but_accuracy_reaches",  # the point is outside, the circle is not: taken in doubt
    "parent_desk",  # the county's desk is closed to internet reports
]


class OutsideJurisdiction(Refused):
    """Not ours. `kind`: `land` or `sea`; `where`, `where_en`: the province it is in, or empty; `calls`: whom
    to call instead (`tel:…`, `sms:…`).
    """

    def __init__(self, kind: Literal["land", "sea"], where: str = "", where_en: str = "") -> None:
        calls = list(CALL_AT_SEA if kind == "sea" else whom_to_call())
        super().__init__("outside_jurisdiction", kind=kind, where=where, where_en=where_en, calls=calls)


class NoDeskOpen(Refused):
    """Neither the county's desk nor its city's nor the province's takes internet reports: nobody would see it.

    `sms` is the number of the county's desk: who cannot be reported to here is reached by it.
    """

    def __init__(self, county: str, sms: str = SMS) -> None:
        super().__init__("no_desk_open", county=county, calls=list(whom_to_call(sms)))
        self.county = county


@dataclass(frozen=True, slots=True)
class Placement:
    """Where a position is, and which desk has it."""

    lat: float  # WGS-84, degrees
    lon: float
    accuracy_m: float | None  # radius of the circle; None: not known
    crs: Crs  # the system that came
    came_lat: float  # as it came
    came_lon: float
    county: str  # adcode of the county it belongs to
    desk: str  # adcode of the desk that takes it: the county's, or with `parent_desk` one above
    notes: tuple[Note, ...]  # for the dispatcher
    others: tuple[str, ...]  # other counties within the circle, nearest first, at most `OTHERS_AT_MOST`
    beyond: tuple[str, ...]  # other provinces that the circle reaches into, by adcode
    land: str | None  # the other province that the point itself is in, when only its circle is ours
    distance_m: float  # to the county's land; 0 inside


class Jurisdiction:
    """Answers for positions. Never changes once loaded; any number of threads may ask at once."""

    def __init__(self, boundaries: Boundaries) -> None:
        self._counties: Final = _Atlas(boundaries.counties)
        self._elsewhere: Final = _Atlas(boundaries.elsewhere)
        self._deep: Final[dict[tuple[int, int], str | None]] = {}

    @classmethod
    def load(cls, path: Path) -> Self:
        """From the file that set-up built (`boundaries.boundaries_file`). Raises `Unfit` if it cannot be read."""
        return cls(read(path))

    def place(self, lat: float, lon: float, accuracy_m: float | None = None, crs: Crs = "wgs84") -> Placement:
        """The county that a position belongs to, as if its desk were open.

        `lat`, `lon`: degrees in the system `crs`; `accuracy_m`: radius of the circle that the phone vouches for.
        Raises `PositionInvalid` for what is no position, and `OutsideJurisdiction`.
        """
        came = validated(lat, lon)
        here = to_wgs84(came.lat, came.lon, crs)
        accuracy = _accuracy(accuracy_m)
        radius_m = accuracy or 0.0
        if not Plane.holds(here):
            found = self._find_afar(here, radius_m)
        elif radius_m <= DEEP_M and (county := self._deep_in(here)) is not None:
            found = _Found(county, 0.0, (), (), (), None)
        else:
            found = self._find(here, radius_m)
        return Placement(
            lat=here.lat,
            lon=here.lon,
            accuracy_m=accuracy,
            crs=crs,
            came_lat=came.lat,
            came_lon=came.lon,
            county=found.county,
            desk=found.county,
            notes=found.notes,
            others=found.others,
            beyond=found.beyond,
            land=found.land,
            distance_m=found.distance_m,
        )

    def desk_for(self, position: Placement, open_desks: Collection[str]) -> Placement:
        """The same place with the desk that takes it now: the county's if it is open, else the city's, else the
        province's, with the note `parent_desk`. Raises `NoDeskOpen` when all three are closed.
        """
        desk = first_open(position.county, open_desks)
        if desk is None:
            raise NoDeskOpen(position.county)
        if desk == position.county:
            return replace(position, desk=desk)
        return replace(position, desk=desk, notes=(*position.notes, "parent_desk"))

    def _deep_in(self, here: LatLon) -> str | None:
        """The county that holds all of the position's cell and `DEEP_M` around it; None near any border.

        Remembered by cell, since most people are deep inside a county, and each question of the geometry gives
        up the interpreter's lock, which under load costs far more than its microseconds.
        """
        cell = math.floor(here.lat / CELL_DEG), math.floor(here.lon / CELL_DEG)
        try:
            return self._deep[cell]
        except KeyError:
            south, west = cell[0] * CELL_DEG, cell[1] * CELL_DEG
            north, east = south + CELL_DEG, west + CELL_DEG
            corners = np.array([(west, south), (east, south), (east, north), (west, north)])
            around = shapely.Polygon(Plane.metres(corners)).buffer(DEEP_M * 1.01, join_style="mitre")
            county = None if self._elsewhere.meets(around) else self._counties.holding(around)
            if len(self._deep) < CELLS_KEPT:
                self._deep[cell] = county
            return county

    def _find(self, here: LatLon, radius_m: float) -> "_Found":
        """The rules at the top of this module, in their order."""
        point = shapely.Point(Plane.metres(np.array([(here.lon, here.lat)]))[0])
        notes: list[Note] = []
        land, distance = None, 0.0
        county = self._counties.at(point)
        if county is None:
            land = self._elsewhere.at(point)
            distance, county = self._nearest(point, land, radius_m)
            if land is None:
                notes.append("sea")
                if self._elsewhere.touch(point, distance):
                    notes.append("sea_nearer_neighbour")
            if land is not None or distance > SEA_REACH_M:
                notes.append("outside_but_accuracy_reaches")
        touched = self._counties.within(point, radius_m) if radius_m else []
        others = tuple(adcode for _, adcode in touched if adcode != county)[:OTHERS_AT_MOST]
        around = self._elsewhere.within(point, radius_m) if radius_m else []
        beyond = tuple(adcode for _, adcode in around if adcode != land)
        if others:
            notes.append("accuracy_reaches_border")
        if beyond:
            notes.append("accuracy_reaches_neighbour")
        return _Found(county, distance, tuple(notes), others, beyond, land)

    def _nearest(self, point: shapely.Point, land: str | None, radius_m: float) -> tuple[float, str]:
        """For a point outside: the metres to the county in whose reach it is. Raises `OutsideJurisdiction`."""
        within = self._counties.within(point, radius_m if land else radius_m + SEA_REACH_M)
        if within:
            return within[0]
        if land is not None:
            raise OutsideJurisdiction("land", *PROVINCES.get(land, ("", "")))
        raise OutsideJurisdiction("sea" if self._counties.touch(point, SEA_WIDTH_M) else "land")

    def _find_afar(self, here: LatLon, radius_m: float) -> "_Found":
        """Off the plane, a thousand kilometres away: only a circle that says nothing can reach us from there.

        A county counts as the circle around its middle that holds it, which can only err towards taking.
        """
        distance, county = min(
            (max(0.0, distance_m(here, middle) - extent), adcode)
            for adcode, middle, extent in self._counties.rounds
        )
        if distance > radius_m:
            raise OutsideJurisdiction("land")
        return _Found(county, distance, ("outside_but_accuracy_reaches",), (), (), None)


def name_of_area(adcode: str, language: str) -> str:
    """A county, city or province of ours, or a province that is not; the code itself for what is neither."""
    if adcode in DESKS:
        name, name_en = DESKS[adcode].name_zh, DESKS[adcode].name_en
    else:
        name, name_en = PROVINCES.get(adcode, (adcode, adcode))
    return name if in_chinese(language) else name_en


def first_open(county: str, open_desks: Collection[str]) -> str | None:
    """The county's desk, or the nearest above it, that is open to internet reports; None if none is."""
    desk: str | None = county
    while desk is not None and desk not in open_desks:
        desk = parent_of(desk)
    return desk


def _accuracy(given: float | None) -> float | None:
    """The radius as far as it makes sense: negative (iOS for "unknown") and NaN are none, infinity the widest."""
    if given is None or math.isnan(given) or given < 0:
        return None
    return min(float(given), WIDEST_M)


class _Found(NamedTuple):
    """What `Placement` says of the boundaries."""

    county: str
    distance_m: float
    notes: tuple[Note, ...]
    others: tuple[str, ...]
    beyond: tuple[str, ...]
    land: str | None


class _Atlas:
    """Areas on the plane, made ready for questions about one point."""

    def __init__(self, areas: Mapping[str, Area]) -> None:
        self.adcodes: Final = tuple(sorted(areas))
        self.rounds: Final = tuple((adcode, *_round(areas[adcode])) for adcode in self.adcodes)
        self._areas = shapely.transform([areas[adcode] for adcode in self.adcodes], Plane.metres)
        self._tree = shapely.STRtree(self._areas)
        shapely.prepare(self._areas)
        # GEOS builds its indexes at the first question of each kind: ask here, or threads would race for it.
        for area in self._areas:
            corner = shapely.Point(area.bounds[:2])
            self.at(area.representative_point())
            self.at(corner)
            self.within(corner, math.dist(area.bounds[:2], area.bounds[2:]))

    def at(self, point: shapely.Point) -> str | None:
        """The area that covers the point, the lowest adcode first; None if none does."""
        near = np.sort(self._tree.query(point))
        inside = near[shapely.intersects(self._areas[near], point)]
        return self.adcodes[inside[0]] if inside.size else None

    def holding(self, shape: shapely.Polygon) -> str | None:
        """The area that has the whole shape inside it, its edge untouched; None if none has."""
        near = self._tree.query(shape)
        inside = near[shapely.contains_properly(self._areas[near], shape)]
        return self.adcodes[inside[0]] if inside.size else None

    def meets(self, shape: shapely.Polygon) -> bool:
        """Whether any area has a point in common with the shape."""
        return bool(self._tree.query(shape, predicate="intersects").size)

    def within(self, point: shapely.Point, radius_m: float) -> list[tuple[float, str]]:
        """The areas that a circle touches, as (metres, adcode), nearest first."""
        touched = self._touched(point, radius_m)
        metres = shapely.distance(self._areas[touched], point).tolist()
        return sorted(zip(metres, (self.adcodes[i] for i in touched), strict=True))

    def touch(self, point: shapely.Point, radius_m: float) -> bool:
        """Whether a circle touches any area."""
        return bool(self._touched(point, radius_m).size)

    def _touched(self, point: shapely.Point, radius_m: float) -> NDArray[np.intp]:
        x, y = point.x, point.y
        near = self._tree.query(shapely.box(x - radius_m, y - radius_m, x + radius_m, y + radius_m))
        touched: NDArray[np.intp] = near[shapely.dwithin(self._areas[near], point, radius_m)]
        return touched


def _round(area: Area) -> tuple[LatLon, float]:
    """The middle of an area in degrees, and the metres from there to the farthest corner of its box."""
    west, south, east, north = area.bounds
    middle = LatLon((south + north) / 2, (west + east) / 2)
    corners = (LatLon(lat, lon) for lat in (south, north) for lon in (west, east))
    return middle, max(distance_m(middle, corner) for corner in corners)
