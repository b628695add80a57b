"""The scene (现场): where it happens, put on the map by a dispatcher.

It is a place of its own beside the reporter's position and the one described: placing it changes neither. Each
placing is a row; of a report's the highest number counts, whatever any clock says, and none is overwritten.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import Row, bindparam, func, select
from sqlmodel import Session

from dispatch.clock import now
from dispatch.coordinates import Crs, PositionInvalid, in_china, to_wgs84, validated
from dispatch.database import insert_or_leave
from dispatch.errors import Refused
from dispatch.events import SCENE_PLACED, lock_log, record
from dispatch.ids import new_id
from dispatch.models import TABLES
from dispatch.offering import offered_to, seen_by, tell_offered
from dispatch.states import SceneState

_REPORT, _SCENE = TABLES["report"], TABLES["scene"]

_WHOSE = select(_REPORT.c.desk, _REPORT.c.status, _REPORT.c.version).where(_REPORT.c.id == bindparam("of"))
_LAST = select(func.coalesce(func.max(_SCENE.c.n), 0)).where(_SCENE.c.report == bindparam("of"))
_COUNTING = (
    select(_SCENE.c.report, func.max(_SCENE.c.n).label("n"))
    .where(_SCENE.c.report.in_(bindparam("ids", expanding=True)))
    .group_by(_SCENE.c.report)
    .subquery()
)
_NEWEST = select(_SCENE).join(
    _COUNTING, (_SCENE.c.report == _COUNTING.c.report) & (_SCENE.c.n == _COUNTING.c.n)
)


@dataclass(frozen=True, slots=True)
class Spot:
    """Where a dispatcher pointed: degrees in the system `crs`, and as fine as that could be done (metres)."""

    lat: float
    lon: float
    crs: Crs
    accuracy_m: float | None


def place(session: Session, report: UUID, desk: str, dispatcher: str, client_id: str, spot: Spot) -> None:
    """A dispatcher of the report's desk, or of one that it is offered to, puts the scene there. The same `client_id`
    again adds nothing.

    The event names no reporter: it is no news for their screen, and nothing that they see changes.
    Raises Refused: `report_unknown`, `report_closed`, `position_invalid` for what is no place in China.
    """
    lat, lon = _in_china(spot)
    version = _held(session, report, desk)
    n = int(session.connection().execute(_LAST, {"of": report}).scalar_one()) + 1
    id_ = new_id()
    row = {
        "id": id_,
        "report": report,
        "n": n,
        "client_id": client_id,
        "lat": lat,
        "lon": lon,
        "came_lat": spot.lat,
        "came_lon": spot.lon,
        "crs": spot.crs,
        "accuracy_m": spot.accuracy_m,
        "dispatcher": dispatcher,
        "at": now(),
    }
    if not insert_or_leave(session, _SCENE, row):
        return
    own = str(session.connection().execute(_WHOSE, {"of": report}).one().desk)
    data = {"scene": str(id_), "n": n}
    record(session, own, SCENE_PLACED, actor=f"dispatcher:{dispatcher}", report=report, data=data)
    tell_offered(session, report, seen_by(session, report), version)


def _in_china(spot: Spot) -> tuple[float, float]:
    """The WGS-84 made from it. What lies elsewhere was mistyped or swapped: no desk sends anybody there."""
    here = to_wgs84(*validated(spot.lat, spot.lon), spot.crs)
    if not in_china(here):
        raise PositionInvalid("out_of_range")
    return here.lat, here.lon


def _held(session: Session, report: UUID, desk: str) -> int:
    """The report's version, once the logs of all desks that see it are held: from then on nobody comes between."""
    while True:
        whose = session.connection().execute(_WHOSE, {"of": report}).one_or_none()
        if whose is None or desk not in {whose.desk, *offered_to(session, report)}:
            raise Refused("report_unknown")
        if whose.status == "closed":
            raise Refused("report_closed")
        if not lock_log(session, whose.desk, *seen_by(session, report)):
            return int(whose.version)


def newest(session: Session, reports: Sequence[UUID]) -> dict[UUID, SceneState]:
    """The scene that counts, of each report that has one."""
    if not reports:
        return {}
    rows = session.connection().execute(_NEWEST, {"ids": list(reports)})
    return {row.report: _state(row) for row in rows}


def _state(row: Row[Any]) -> SceneState:
    return SceneState(
        row.n,
        row.lat,
        row.lon,
        row.accuracy_m,
        row.crs,
        row.came_lat,
        row.came_lon,
        row.dispatcher,
        row.at,
    )
