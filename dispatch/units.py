"""A desk's units (警力): who can be sent, who is out and where, and who is nearest."""

import math
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Literal, get_args
from uuid import UUID

from sqlalchemy import Row, bindparam, select
from sqlmodel import Session

from dispatch.coordinates import LatLon, distance_m
from dispatch.events import UNIT_ARRIVED, UNIT_CLEARED, UNIT_SENT, UNITS_CHANGED
from dispatch.models import TABLES

Kind = Literal["car", "foot", "traffic", "station"]
KINDS: Final[tuple[Kind, ...]] = get_args(Kind)

# By these events anything of a desk's units has changed.
CHANGES: Final = frozenset({UNIT_SENT, UNIT_ARRIVED, UNIT_CLEARED, UNITS_CHANGED})

_UNIT, _OFFICER, _CREW = TABLES["unit"], TABLES["officer"], TABLES["crew"]
_SENDING, _REPORT = TABLES["sending"], TABLES["report"]

# Statements are built once: building one costs three times as much as running it.
_AT_DESK = (
    select(
        _UNIT,
        _SENDING.c.id.label("sending"),
        _SENDING.c.report,
        _SENDING.c.dispatcher.label("sent_by"),
        _SENDING.c.sent_at,
        _SENDING.c.on_scene_at,
        _REPORT.c.number.label("report_number"),
        _REPORT.c.desk.label("report_desk"),
    )
    .outerjoin(_SENDING, (_SENDING.c.unit == _UNIT.c.id) & _SENDING.c.cleared_at.is_(None))
    .outerjoin(_REPORT, _REPORT.c.id == _SENDING.c.report)
    .where(_UNIT.c.desk == bindparam("of"), _UNIT.c.removed_at.is_(None))
    .order_by(_UNIT.c.call_sign, _UNIT.c.id)
)
_CREWS = (
    select(_CREW.c.unit, _OFFICER.c.number)
    .join(_OFFICER, _OFFICER.c.id == _CREW.c.officer)
    .where(_OFFICER.c.desk == bindparam("of"), _OFFICER.c.removed_at.is_(None), _CREW.c.ended_at.is_(None))
    .order_by(_OFFICER.c.number)
)
_OFFICERS = (
    select(_OFFICER.c.id, _OFFICER.c.number, _CREW.c.unit)
    .outerjoin(_CREW, (_CREW.c.officer == _OFFICER.c.id) & _CREW.c.ended_at.is_(None))
    .where(_OFFICER.c.desk == bindparam("of"), _OFFICER.c.removed_at.is_(None))
    .order_by(_OFFICER.c.number)
)


@dataclass(frozen=True, slots=True)
class Known:
    """Where a unit was last known to be (WGS-84), how that was known, and when."""

    place: LatLon
    source: str  # manual | scene
    at: datetime


@dataclass(frozen=True, slots=True)
class Out:
    """That a unit is out: for which report, of which desk, by whom, since when."""

    sending: UUID
    report: UUID
    number: str
    desk: str
    dispatcher: str
    sent_at: datetime
    on_scene_at: datetime | None

    @property
    def state(self) -> str:
        """`dispatched` or `on_scene`."""
        return "dispatched" if self.on_scene_at is None else "on_scene"

    @property
    def since(self) -> datetime:
        """When that state began."""
        return self.on_scene_at or self.sent_at


@dataclass(frozen=True, slots=True)
class Unit:
    """A unit as its desk sees it. `officers`: the police numbers of who is in it."""

    id: UUID
    call_sign: str
    kind: str  # car | foot | traffic | station
    in_service: bool
    known: Known | None
    officers: tuple[str, ...]
    out: Out | None

    @property
    def free(self) -> bool:
        """Whether it can be sent."""
        return self.in_service and self.out is None


@dataclass(frozen=True, slots=True)
class Officer:
    """An officer of a desk, and the unit that they are in."""

    id: UUID
    number: str
    unit: UUID | None


@dataclass(frozen=True, slots=True)
class Near:
    """A unit, and how far its last known position is from where it is wanted (metres; None: nobody knows)."""

    unit: Unit
    metres: float | None


def at_desk(session: Session, desk: str) -> tuple[Unit, ...]:
    """The desk's units, by call sign."""
    crews: dict[UUID, list[str]] = defaultdict(list)
    for unit, number in session.connection().execute(_CREWS, {"of": desk}):
        crews[unit].append(number)
    rows = session.connection().execute(_AT_DESK, {"of": desk})
    return tuple(_unit(row, tuple(crews.get(row.id, ()))) for row in rows)


def officers_at(session: Session, desk: str) -> tuple[Officer, ...]:
    """The desk's officers, by number."""
    return tuple(Officer(*row) for row in session.connection().execute(_OFFICERS, {"of": desk}))


def nearest_first(units: Iterable[Unit], wanted: LatLon | None) -> list[Near]:
    """Units in the order of their distance from where they are wanted; those of which nobody knows where last."""

    def near(unit: Unit) -> Near:
        if unit.known is None or wanted is None:
            return Near(unit, None)
        return Near(unit, distance_m(unit.known.place, wanted))

    found = (near(unit) for unit in units)
    return sorted(found, key=lambda one: (math.inf if one.metres is None else one.metres, one.unit.call_sign))


def next_free(units: Sequence[Unit], wanted: LatLon | None) -> Unit | None:
    """The nearest unit that can be sent."""
    return next((one.unit for one in nearest_first(units, wanted) if one.unit.free), None)


def _unit(row: Row[Any], officers: tuple[str, ...]) -> Unit:
    known = None if row.lat is None else Known(LatLon(row.lat, row.lon), row.position_source, row.position_at)
    out = None
    if row.sending is not None:
        out = Out(
            row.sending,
            row.report,
            row.report_number,
            row.report_desk,
            row.sent_by,
            row.sent_at,
            row.on_scene_at,
        )
    return Unit(row.id, row.call_sign, row.kind, row.in_service, known, officers, out)
