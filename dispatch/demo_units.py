"""Example units of every desk, for a demo: a station, two cars, one on foot, one for the traffic, and who is in them.

They stand around the middle of the desk's area. A desk that has, or has had, any unit is left alone.
"""

from collections.abc import Mapping
from typing import Any, Final

import shapely  # type: ignore[import-untyped]  # shapely carries no types
from sqlalchemy import insert, select
from sqlmodel import Session

from dispatch.boundaries import Boundaries
from dispatch.clock import now
from dispatch.coordinates import LatLon
from dispatch.database import Database
from dispatch.desks import COUNTIES, DESKS, PROVINCE, Desk
from dispatch.ids import new_id
from dispatch.models import TABLES
from dispatch.units import Kind

# Number in the call sign, kind, officers, and how far from the middle (degrees north and east).
_EXAMPLES: Final[tuple[tuple[str, Kind, int, float, float], ...]] = (
    ("100", "station", 2, 0.0, 0.0),
    ("101", "car", 2, 0.012, 0.008),
    ("102", "car", 2, -0.02, 0.015),
    ("201", "foot", 2, 0.004, -0.006),
    ("301", "traffic", 1, -0.009, -0.018),
)
# What a call sign leaves out of an area's name.
_SUFFIXES: Final = ("畲族自治县", "省", "市", "区", "县")


def set_up(database: Database, boundaries: Boundaries) -> None:
    """Fill in what is missing."""
    unit = TABLES["unit"]
    with Session(database.writing) as session:
        known = set(session.connection().execute(select(unit.c.desk).distinct()).scalars())
        for desk in DESKS.values():
            if desk.adcode not in known:
                _add(session, desk, middle(boundaries, desk))
        session.commit()


def middle(boundaries: Boundaries, desk: Desk) -> LatLon:
    """A place inside the desk's area; of several counties, inside the largest."""
    of = desk.adcode.removesuffix("00") if desk.adcode != PROVINCE else PROVINCE[:2]
    areas = [boundaries.counties[adcode] for adcode in COUNTIES if adcode.startswith(of)]
    point = shapely.point_on_surface(max(areas, key=lambda area: area.area))
    return LatLon(point.y, point.x)


def _add(session: Session, desk: Desk, middle: LatLon) -> None:
    at = now()
    name = next(desk.name_zh.removesuffix(suffix) for suffix in _SUFFIXES if desk.name_zh.endswith(suffix))
    units: list[dict[str, Any]] = []
    officers: list[dict[str, Any]] = []
    crews: list[dict[str, Any]] = []
    for number, kind, crew, north, east in _EXAMPLES:
        place = {"lat": round(middle.lat + north, 6), "lon": round(middle.lon + east, 6)}
        unit = _unit(desk.adcode, f"{name}{number}", kind) | _position(place) | {"at": at, "position_at": at}
        units.append(unit)
        for _ in range(crew):
            number_ = f"{desk.adcode[2:]}{len(officers) + 1:02}"
            officers.append({"id": new_id(), "desk": desk.adcode, "number": number_, "at": at})
            crews.append({"id": new_id(), "unit": unit["id"], "officer": officers[-1]["id"], "began_at": at})
    for table, rows in (("unit", units), ("officer", officers), ("crew", crews)):
        session.connection().execute(insert(TABLES[table]), rows)


def _unit(desk: str, call_sign: str, kind: Kind) -> dict[str, Any]:
    return {"id": new_id(), "desk": desk, "call_sign": call_sign, "kind": kind, "in_service": True}


def _position(place: Mapping[str, float]) -> dict[str, Any]:
    came = {"came_lat": place["lat"], "came_lon": place["lon"]}
    return {**place, **came, "crs": "wgs84", "position_source": "manual"}
