"""Sending units to a report (派警): sent (已派警), on scene (已到场), clear (处置完毕).

A unit is out for one report at a time. The index on its open row decides between two dispatchers; who comes second is
told who was first, and for which report. The first unit that is sent makes the report `dispatched`, the first that
arrives `on_scene`; so it stays when they are clear. What its reporter reads of that is `dispatch.told`'s to say: a
version moves, and the event names them, only where they may. `sent` counts every act, by which the desk's screens know
the newer state. What a unit reports back stays in its row. Every function runs as a command of the writer.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Literal
from uuid import UUID

from sqlalchemy import Row, bindparam, select, update
from sqlmodel import Session

from dispatch.clock import now
from dispatch.coordinates import LatLon
from dispatch.database import insert_or_leave
from dispatch.errors import Refused
from dispatch.events import UNIT_ARRIVED, UNIT_CLEARED, UNIT_SENT, UNITS_CHANGED, lock_log, record
from dispatch.handling import received_at
from dispatch.ids import new_id
from dispatch.models import TABLES
from dispatch.offering import seen_by, tell_offered
from dispatch.reports import change
from dispatch.scenes import newest as newest_scenes
from dispatch.told import Step, may_read

_REPORT, _UNIT, _SENDING, _LOCATION = (TABLES[name] for name in ("report", "unit", "sending", "location"))

# How far a report has come by its units, as its row tells.
_STEPS: Final[tuple[Step, ...]] = ("dispatched", "on_scene")

# Statements are built once: building one costs three times as much as running it.
_UNITS = select(_UNIT.c.id, _UNIT.c.call_sign, _UNIT.c.in_service).where(
    _UNIT.c.id.in_(bindparam("ids", expanding=True)),
    _UNIT.c.desk == bindparam("of"),
    _UNIT.c.removed_at.is_(None),
)
_HOLDER = (
    select(_SENDING.c.report, _SENDING.c.dispatcher, _SENDING.c.sent_at, _REPORT.c.number)
    .join(_REPORT, _REPORT.c.id == _SENDING.c.report)
    .where(_SENDING.c.unit == bindparam("of"), _SENDING.c.cleared_at.is_(None))
)
_THIS = (
    select(_SENDING, _UNIT.c.desk.label("unit_desk"), _REPORT.c.desk.label("report_desk"))
    .join(_UNIT, _UNIT.c.id == _SENDING.c.unit)
    .join(_REPORT, _REPORT.c.id == _SENDING.c.report)
    .where(_SENDING.c.id == bindparam("of"), _SENDING.c.report == bindparam("for_report"))
)
_STANDS = select(
    _REPORT.c.desk,
    _REPORT.c.status,
    _REPORT.c.version,
    _REPORT.c.dispatched_at,
    _REPORT.c.on_scene_at,
    _REPORT.c.units_told,
).where(_REPORT.c.id == bindparam("of"))
_ARRIVE = (
    update(_SENDING)
    .where(_SENDING.c.id == bindparam("of"))
    .values(on_scene_at=bindparam("moment"), on_scene_by=bindparam("who"))
)
_CLEAR = (
    update(_SENDING)
    .where(_SENDING.c.id == bindparam("of"))
    .values(cleared_at=bindparam("moment"), cleared_by=bindparam("who"), feedback=bindparam("words"))
)
_OUT = (
    select(_UNIT.c.call_sign)
    .join(_SENDING, _SENDING.c.unit == _UNIT.c.id)
    .where(_SENDING.c.report == bindparam("of"), _SENDING.c.cleared_at.is_(None))
    .order_by(_SENDING.c.sent_at, _SENDING.c.id)
)
_LAST_POSITION = (
    select(_LOCATION.c.lat, _LOCATION.c.lon)
    .where(_LOCATION.c.report == bindparam("of"))
    .order_by(_LOCATION.c.at.desc())
    .limit(1)
)
_FILED_FROM = select(_REPORT.c.lat, _REPORT.c.lon).where(_REPORT.c.id == bindparam("of"))


@dataclass(frozen=True, slots=True)
class Lost:
    """A unit that was not sent: somebody else had sent it before, or it is out of service."""

    unit: UUID
    call_sign: str
    why: Literal["out", "off"]
    dispatcher: str = ""
    number: str = ""  # of the report that it is out for
    at: datetime | None = None


def send(
    session: Session, report: UUID, desk: str, dispatcher: str, units: Sequence[UUID]
) -> tuple[Lost, ...]:
    """Send units of the desk to a received report of the desk. Each goes that can; gives those that do not.

    What was sent to this very report already is sent once. Raises Refused: `report_unknown`, `report_closed`,
    `not_received`, `report_withdrawn`, `unit_unknown`.
    """
    stands = received_at(session, report, desk)
    if stands.status == "withdrawn":
        raise Refused("report_withdrawn")
    found = {row.id: row for row in session.connection().execute(_UNITS, {"ids": list(units), "of": desk})}
    if not units or any(unit not in found for unit in units):
        raise Refused("unit_unknown")
    at = now()
    outcomes = (_send(session, report, dispatcher, found[unit], at) for unit in dict.fromkeys(units))
    return tuple(lost for lost in outcomes if lost is not None)


def _send(
    session: Session, report: UUID, dispatcher: str, unit: Row[Any, Any, Any], at: datetime
) -> Lost | None:
    if not unit.in_service:
        return Lost(unit.id, unit.call_sign, "off")
    id_ = new_id()
    row = {"id": id_, "report": report, "unit": unit.id, "dispatcher": dispatcher, "sent_at": at}
    while not insert_or_leave(session, _SENDING, row):
        holder = session.connection().execute(_HOLDER, {"of": unit.id}).one_or_none()
        if holder is None:
            continue  # it became clear between the two
        if holder.report == report:
            return None
        return Lost(unit.id, unit.call_sign, "out", holder.dispatcher, holder.number, holder.sent_at)
    _tell(session, report, UNIT_SENT, dispatcher, {"sending": str(id_), "unit": str(unit.id)}, "dispatched")
    return None


def arrive(session: Session, report: UUID, desk: str, dispatcher: str, sending: UUID) -> None:
    """A unit has reached the scene, and is known to be there from now on. Twice is once; what is clear stays clear.

    Done by the report's desk or the unit's own. Raises Refused: `report_unknown`, `sending_unknown`.
    """
    this = _held(session, report, desk, sending)
    if this.on_scene_at is not None or this.cleared_at is not None:
        return
    at = now()
    session.connection().execute(_ARRIVE, {"of": sending, "moment": at, "who": dispatcher})
    _move(session, this.unit, _where(session, report), at)
    _marked(session, this, UNIT_ARRIVED, dispatcher, "on_scene")


def clear(
    session: Session, report: UUID, desk: str, dispatcher: str, sendings: Iterable[UUID], feedback: str
) -> None:
    """Units are done there (处置完毕) and can be sent again. Twice is once: what was reported back first stays.

    Raises Refused as `arrive`.
    """
    for sending in sendings:
        this = _held(session, report, desk, sending)
        if this.cleared_at is None:
            values = {"of": sending, "moment": now(), "who": dispatcher, "words": feedback}
            session.connection().execute(_CLEAR, values)
            _marked(session, this, UNIT_CLEARED, dispatcher, None)


def none_out(session: Session, report: UUID) -> None:
    """Before a report is closed: nobody is on the way or at the scene any more.

    Refused, and not cleared by the way: a unit that a list calls free while it is not is sent to the next report by
    somebody who believes the list. Raises Refused `units_out` with the call signs of the `units`.
    """
    out = list(session.connection().execute(_OUT, {"of": report}).scalars())
    if out:
        raise Refused("units_out", units=out)


def _held(session: Session, report: UUID, desk: str, sending: UUID) -> Row[Any]:
    """The sending, once the logs of both desks that have to do with it are held."""
    while True:
        this = session.connection().execute(_THIS, {"of": sending, "for_report": report}).one_or_none()
        if this is None:
            own = session.connection().execute(_STANDS, {"of": report}).one_or_none()
            raise Refused("sending_unknown" if own is not None and own.desk == desk else "report_unknown")
        if desk not in {this.report_desk, this.unit_desk}:
            raise Refused("report_unknown")
        if not lock_log(session, this.report_desk, this.unit_desk):
            return this


def _where(session: Session, report: UUID) -> LatLon | None:
    """Where the report's scene is, as far as anybody knows."""
    scene = newest_scenes(session, [report]).get(report)
    if scene is not None:
        return LatLon(scene.lat, scene.lon)
    last = session.connection().execute(_LAST_POSITION, {"of": report}).one_or_none()
    row = last or session.connection().execute(_FILED_FROM, {"of": report}).one()
    return None if row.lat is None else LatLon(row.lat, row.lon)


def _move(session: Session, unit: UUID, place: LatLon | None, at: datetime) -> None:
    if place is None:
        return
    values = {"lat": place.lat, "lon": place.lon, "came_lat": place.lat, "came_lon": place.lon}
    known = values | {"crs": "wgs84", "position_source": "scene", "position_at": at}
    session.connection().execute(update(_UNIT).where(_UNIT.c.id == unit).values(**known))


def _marked(session: Session, this: Row[Any], kind: str, dispatcher: str, step: Step | None) -> None:
    """The event in the report's log; and, where that is another's by now, one in the log of the unit's own desk."""
    data = {"sending": str(this.id), "unit": str(this.unit)}
    _tell(session, this.report, kind, dispatcher, data, step)
    if this.unit_desk != this.report_desk:
        deed = {"deed": "on_scene" if step else "clear"}
        record(session, this.unit_desk, UNITS_CHANGED, actor=f"dispatcher:{dispatcher}", data=data | deed)


def _tell(
    session: Session, report: UUID, kind: str, dispatcher: str, data: dict[str, Any], step: Step | None
) -> None:
    """How far the report has come by this, and the event of it: for its reporter too where they may read of it."""
    stands = session.connection().execute(_STANDS, {"of": report}).one()
    reached = "on_scene" if stands.on_scene_at else "dispatched" if stands.dispatched_at else None
    values: dict[str, Any] = {"sent": _REPORT.c.sent + 1}
    told = False
    if step is not None and (reached is None or _STEPS.index(step) > _STEPS.index(reached)):
        values[f"{step}_at"] = now()
        if stands.status in {"received", "dispatched"}:
            values["status"] = step
            told = may_read(session, report)
    actor = f"dispatcher:{dispatcher}"
    if told:
        change(session, report, kind, actor=actor, data=data, units_told=step, **values)
        return
    session.connection().execute(update(_REPORT).where(_REPORT.c.id == report).values(**values))
    record(session, stands.desk, kind, actor=actor, report=report, data=data)
    # Another desk that is asked to take the report over sees who is out for it.
    tell_offered(session, report, seen_by(session, report), stands.version)
