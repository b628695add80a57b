"""A desk's shift leader says which units there are, where they are, and who is in them.

Every function runs as a command of the writer. Each change is an event of the desk's log that names the row alone:
what is written there (a call sign, a police number) stays in its row.
"""

from typing import Any, Final
from uuid import UUID

from sqlalchemy import Row, bindparam, func, insert, select, update
from sqlmodel import Session

from dispatch.clock import now
from dispatch.coordinates import Crs, PositionInvalid, in_china, to_wgs84, validated
from dispatch.database import insert_or_leave
from dispatch.errors import Refused
from dispatch.events import UNITS_CHANGED, lock_log, record
from dispatch.ids import new_id
from dispatch.models import TABLES
from dispatch.units import Kind

MOST_UNITS: Final = 200
MOST_OFFICERS: Final = 1000

_UNIT, _OFFICER, _CREW, _SENDING = (TABLES[name] for name in ("unit", "officer", "crew", "sending"))

_THIS_UNIT = select(_UNIT.c.call_sign, _UNIT.c.kind, _UNIT.c.in_service).where(
    _UNIT.c.id == bindparam("of"), _UNIT.c.desk == bindparam("at_desk"), _UNIT.c.removed_at.is_(None)
)
_NAMED = select(_UNIT.c.id).where(
    _UNIT.c.desk == bindparam("at_desk"),
    _UNIT.c.call_sign == bindparam("name"),
    _UNIT.c.removed_at.is_(None),
)
_OUT = select(_SENDING.c.id).where(_SENDING.c.unit == bindparam("of"), _SENDING.c.cleared_at.is_(None))
_THIS_OFFICER = select(_OFFICER.c.id).where(
    _OFFICER.c.id == bindparam("of"), _OFFICER.c.desk == bindparam("at_desk"), _OFFICER.c.removed_at.is_(None)
)
_LEAVE = (
    update(_CREW)
    .where(_CREW.c.ended_at.is_(None), _CREW.c.officer == bindparam("who"))
    .values(ended_at=bindparam("moment"))
)
_DISBAND = (
    update(_CREW)
    .where(_CREW.c.ended_at.is_(None), _CREW.c.unit == bindparam("of"))
    .values(ended_at=bindparam("moment"))
)


def add(session: Session, desk: str, leader: str, call_sign: str, kind: Kind) -> UUID:
    """One more unit, in service; nobody knows yet where. Raises Refused: `unit_name_taken`, `units_too_many`."""
    lock_log(session, desk)
    if _count(session, _UNIT, desk) >= MOST_UNITS:
        raise Refused("units_too_many", limit=MOST_UNITS)
    id_ = new_id()
    row = {"id": id_, "desk": desk, "call_sign": call_sign, "kind": kind, "in_service": True}
    if not insert_or_leave(session, _UNIT, row | {"dispatcher": leader, "at": now()}):
        raise Refused("unit_name_taken")
    _tell(session, desk, leader, "added", unit=id_)
    return id_


def rename(session: Session, desk: str, leader: str, unit: UUID, call_sign: str, kind: Kind) -> None:
    """Another call sign or kind. Raises Refused: `unit_unknown`, `unit_name_taken`."""
    before = _unit(session, desk, unit)
    if (before.call_sign, before.kind) == (call_sign, kind):
        return
    named = session.connection().execute(_NAMED, {"at_desk": desk, "name": call_sign}).scalar_one_or_none()
    if named not in {None, unit}:
        raise Refused("unit_name_taken")
    _change(session, desk, leader, unit, "renamed", call_sign=call_sign, kind=kind)


def set_service(session: Session, desk: str, leader: str, unit: UUID, in_service: bool) -> None:
    """In service, or not: then nobody sends it. What it is out for goes on. Raises Refused `unit_unknown`."""
    if _unit(session, desk, unit).in_service != in_service:
        deed = "in_service" if in_service else "out_of_service"
        _change(session, desk, leader, unit, deed, in_service=in_service)


def place(session: Session, desk: str, leader: str, unit: UUID, lat: float, lon: float, crs: Crs) -> None:
    """Where the unit is now, as somebody says. Raises Refused: `unit_unknown`, `position_invalid`."""
    here = to_wgs84(*validated(lat, lon), crs)
    if not in_china(here):
        raise PositionInvalid("out_of_range")
    _unit(session, desk, unit)
    values = {"lat": here.lat, "lon": here.lon, "came_lat": lat, "came_lon": lon, "crs": crs}
    known = {"position_source": "manual", "position_at": now()}
    _change(session, desk, leader, unit, "placed", **values, **known)


def remove(session: Session, desk: str, leader: str, unit: UUID) -> None:
    """There is no such unit any more; who was in it is in none. Raises Refused: `unit_unknown`, `unit_out`."""
    _unit(session, desk, unit)
    if session.connection().execute(_OUT, {"of": unit}).first() is not None:
        raise Refused("unit_out")
    session.connection().execute(_DISBAND, {"of": unit, "moment": now()})
    _change(session, desk, leader, unit, "removed", removed_at=now())


def enlist(session: Session, desk: str, leader: str, number: str, unit: UUID | None) -> UUID:
    """An officer by the police number, in a unit or in none yet.

    Raises Refused: `unit_unknown`, `officer_known`, `officers_too_many`.
    """
    lock_log(session, desk)
    if unit is not None:
        _unit(session, desk, unit)
    if _count(session, _OFFICER, desk) >= MOST_OFFICERS:
        raise Refused("officers_too_many", limit=MOST_OFFICERS)
    id_ = new_id()
    row = {"id": id_, "desk": desk, "number": number, "dispatcher": leader, "at": now()}
    if not insert_or_leave(session, _OFFICER, row):
        raise Refused("officer_known")
    if unit is not None:
        _join(session, id_, unit)
    _tell(session, desk, leader, "enlisted", officer=id_, unit=unit)
    return id_


def assign(session: Session, desk: str, leader: str, officer: UUID, unit: UUID | None) -> None:
    """The officer is in this unit from now on, or in none. Raises Refused: `officer_unknown`, `unit_unknown`."""
    _officer(session, desk, officer)
    if unit is not None:
        _unit(session, desk, unit)
    session.connection().execute(_LEAVE, {"who": officer, "moment": now()})
    if unit is not None:
        _join(session, officer, unit)
    _tell(session, desk, leader, "assigned", officer=officer, unit=unit)


def dismiss(session: Session, desk: str, leader: str, officer: UUID) -> None:
    """The officer is not of this desk any more. Raises Refused `officer_unknown`."""
    _officer(session, desk, officer)
    session.connection().execute(_LEAVE, {"who": officer, "moment": now()})
    values = {"removed_at": now(), "dispatcher": leader, "at": now()}
    session.connection().execute(update(_OFFICER).where(_OFFICER.c.id == officer).values(**values))
    _tell(session, desk, leader, "dismissed", officer=officer)


def _unit(session: Session, desk: str, unit: UUID) -> Row[Any, Any, Any]:
    """The unit as it stands, and stands still until this is done."""
    lock_log(session, desk)
    found = session.connection().execute(_THIS_UNIT, {"of": unit, "at_desk": desk}).one_or_none()
    if found is None:
        raise Refused("unit_unknown")
    return found


def _officer(session: Session, desk: str, officer: UUID) -> None:
    lock_log(session, desk)
    if session.connection().execute(_THIS_OFFICER, {"of": officer, "at_desk": desk}).first() is None:
        raise Refused("officer_unknown")


def _count(session: Session, table: Any, desk: str) -> int:
    standing = select(func.count()).where(table.c.desk == desk, table.c.removed_at.is_(None))
    return int(session.connection().execute(standing).scalar_one())


def _join(session: Session, officer: UUID, unit: UUID) -> None:
    row = {"id": new_id(), "unit": unit, "officer": officer, "began_at": now()}
    session.connection().execute(insert(_CREW), row)


def _change(session: Session, desk: str, leader: str, unit: UUID, deed: str, **values: Any) -> None:
    row = values | {"dispatcher": leader, "at": now()}
    session.connection().execute(update(_UNIT).where(_UNIT.c.id == unit).values(**row))
    _tell(session, desk, leader, deed, unit=unit)


def _tell(session: Session, desk: str, leader: str, deed: str, **rows: UUID | None) -> None:
    data = {"deed": deed} | {name: str(id_) for name, id_ in rows.items() if id_ is not None}
    record(session, desk, UNITS_CHANGED, actor=f"dispatcher:{leader}", data=data)
