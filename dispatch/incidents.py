"""Incidents (事件): several reports of one event, linked and unlinked by hand, answered together.

Each reporter keeps their own session, their own conversation and their own 已接收: linking accepts nothing, and no
reporter sees it. So the events here name no reporter and no version moves. Every function that changes something runs
as a command of the writer; who is first is decided by the desk's log, which each locks before it looks.
"""

from collections.abc import Iterable, Sequence
from datetime import timedelta
from typing import Any, Literal
from uuid import UUID

from sqlalchemy import Row, bindparam, func, insert, select, update
from sqlmodel import Session

from dispatch import holds, messages
from dispatch.clock import now
from dispatch.errors import Refused
from dispatch.events import LOCAL, REPORT_LINKED, REPORT_UNLINKED, lock_log, record
from dispatch.ids import new_id
from dispatch.models import TABLES
from dispatch.states import LinkedState

# Why one of an incident's reporters is not answered together with the others.
Left = Literal["closed", "not_received", "guarded"]

_REPORT, _INCIDENT, _ACKNOWLEDGEMENT = TABLES["report"], TABLES["incident"], TABLES["acknowledgement"]

# Statements are built once: building one costs three times as much as running it.
_STANDS = select(
    _REPORT.c.id, _REPORT.c.number, _REPORT.c.filed_at, _REPORT.c.incident, _REPORT.c.exercise
).where(_REPORT.c.id.in_(bindparam("ids", expanding=True)), _REPORT.c.desk == bindparam("at_desk"))
_NUMBERED = select(_REPORT.c.id).where(
    _REPORT.c.desk == bindparam("at_desk"), _REPORT.c.number == bindparam("number")
)
_OLDER = (
    select(_INCIDENT.c.id)
    .where(_INCIDENT.c.id.in_(bindparam("ids", expanding=True)))
    .order_by(_INCIDENT.c.at, _INCIDENT.c.id)
)
_OF = select(_REPORT.c.id).where(_REPORT.c.incident == bindparam("of")).order_by(_REPORT.c.filed_at)
_JOIN = (
    update(_REPORT)
    .where(_REPORT.c.id.in_(bindparam("ids", expanding=True)))
    .values(incident=bindparam("into"))
)
_LEAVE = update(_REPORT).where(_REPORT.c.id == bindparam("of")).values(incident=None)
_END = update(_INCIDENT).where(_INCIDENT.c.id == bindparam("of")).values(ended_at=bindparam("moment"))
_LINKED = (
    select(
        _REPORT.c.id,
        _REPORT.c.number,
        _REPORT.c.desk,
        _REPORT.c.status,
        _REPORT.c.covert,
        _REPORT.c.duress_said,
        _REPORT.c.text,
        _REPORT.c.filed_at,
        _ACKNOWLEDGEMENT.c.at.label("received_at"),
    )
    .outerjoin(_ACKNOWLEDGEMENT, _ACKNOWLEDGEMENT.c.report == _REPORT.c.id)
    .where(_REPORT.c.incident == bindparam("of"), _REPORT.c.desk == bindparam("at_desk"))
    .order_by(_REPORT.c.filed_at, _REPORT.c.id)
)
_COUNT = (
    select(func.count())
    .select_from(_REPORT)
    .where(_REPORT.c.incident == bindparam("of"), _REPORT.c.desk != bindparam("at_desk"))
)
_INCIDENT_OF = select(_REPORT.c.incident).where(
    _REPORT.c.id == bindparam("of"), _REPORT.c.desk == bindparam("at_desk")
)


def link(session: Session, report: UUID, other: UUID, desk: str, dispatcher: str) -> None:
    """Two reports of this desk are of one event. The same again changes nothing; two incidents become the older one.

    Raises Refused: `report_unknown` (one of them is not this desk's), `field_invalid` (a report with itself),
    `not_practised` (only one of them is an exercise).
    """
    lock_log(session, desk)
    found: list[Row[Any]] = list(
        session.connection().execute(_STANDS, {"ids": [report, other], "at_desk": desk})
    )
    if len(found) < len({report, other}):
        raise Refused("report_unknown")
    if report == other:
        raise Refused("field_invalid", fields=["with"])
    if len({row.exercise for row in found}) > 1:
        raise Refused("not_practised")
    of = {row.incident for row in found}
    if len(of) == 1 and None not in of:
        return
    incident = _older(session, of) or _begin(
        session, min(found, key=lambda row: (row.filed_at, row.id)), desk, dispatcher
    )
    joining = [row.id for row in found if row.incident is None]
    for ended in of - {None, incident}:
        joining += session.connection().execute(_OF, {"of": ended}).scalars()
        if ended is not None and incident is not None:
            holds.moved(session, ended, incident)
        session.connection().execute(_END, {"of": ended, "moment": now()})
    session.connection().execute(_JOIN, {"ids": joining, "into": incident})
    _tell(session, desk, REPORT_LINKED, joining, incident, dispatcher)


def numbered(session: Session, desk: str, number: str) -> UUID:
    """The report of this desk with that number, or with that end of one of today or yesterday. Raises Refused
    `report_unknown`."""
    today = now().astimezone(LOCAL)
    days = [(today - timedelta(days=ago)).strftime("%Y%m%d") for ago in range(2)]
    whole = [number] if "-" in number else [f"{desk}-{day}-{int(number):06d}" for day in days]
    for one in whole:
        found: UUID | None = (
            session.connection().execute(_NUMBERED, {"at_desk": desk, "number": one}).scalar_one_or_none()
        )
        if found is not None:
            return found
    raise Refused("report_unknown")


def _older(session: Session, incidents: Iterable[UUID | None]) -> UUID | None:
    ids = [incident for incident in incidents if incident is not None]
    return session.connection().execute(_OLDER, {"ids": ids}).scalars().first() if ids else None


def _begin(session: Session, first: Row[Any], desk: str, dispatcher: str) -> UUID:
    id_ = new_id()
    # A report that has left an incident may begin another: the number tells them apart.
    earlier = session.connection().execute(
        select(func.count()).where(_INCIDENT.c.number.startswith(f"E{first.number}", autoescape=True))
    )
    times = earlier.scalar_one()
    number = f"E{first.number}" + (f"-{times + 1}" if times else "")
    row = {"id": id_, "desk": desk, "number": number, "dispatcher": dispatcher, "at": now()}
    session.connection().execute(insert(_INCIDENT), row)
    return id_


def unlink(session: Session, report: UUID, desk: str, dispatcher: str) -> None:
    """The report is not of that event. Of an incident that one report alone would be left of, nothing is left. Twice
    is once. Raises Refused: `report_unknown`, `incident_held` (a hold is on it: nothing leaves it)."""
    lock_log(session, desk)
    found = session.connection().execute(_STANDS, {"ids": [report], "at_desk": desk}).one_or_none()
    if found is None:
        raise Refused("report_unknown")
    if found.incident is None:
        return
    if holds.incident_held(session, found.incident):
        raise Refused("incident_held")
    leaving = [report]
    left = [
        id_ for id_ in session.connection().execute(_OF, {"of": found.incident}).scalars() if id_ != report
    ]
    if len(left) == 1:
        leaving += left
        session.connection().execute(_END, {"of": found.incident, "moment": now()})
    for id_ in leaving:
        session.connection().execute(_LEAVE, {"of": id_})
    _tell(session, desk, REPORT_UNLINKED, leaving, found.incident, dispatcher)


def _tell(
    session: Session, desk: str, kind: str, reports: Sequence[UUID], incident: UUID, dispatcher: str
) -> None:
    for report in reports:
        data = {"incident": str(incident)}
        record(session, desk, kind, actor=f"dispatcher:{dispatcher}", report=report, data=data)


def say_to_all(
    session: Session, report: UUID, desk: str, dispatcher: str, client_id: str, text: str
) -> tuple[UUID, ...]:
    """Say the same to all reporters of the incident that this report is of, as far as they may be written to
    (`left_out`); gives the reports whose reporters are told. The same `client_id` is once.

    All or nothing: what one of them cannot be sent, none is. Raises Refused: `report_unknown`, `incident_unknown`.
    """
    lock_log(session, desk)
    found = session.connection().execute(_INCIDENT_OF, {"of": report, "at_desk": desk}).one_or_none()
    if found is None:
        raise Refused("report_unknown")
    if found.incident is None:
        raise Refused("incident_unknown")
    told = [row.id for row in _linked(session, found.incident, desk) if left_out(row) is None]
    for id_ in told:
        messages.send_from_dispatcher(session, id_, desk, dispatcher, client_id, text)
    return tuple(told)


def left_out(row: Row[Any]) -> Left | None:
    """Why the reporter of one of an incident's reports is not told what all are told.

    Whoever is watched is written to by hand and with care; whoever was not received must not read words of the desk
    before 已接收.
    """
    if row.status == "closed":
        return "closed"
    if row.received_at is None:
        return "not_received"
    return "guarded" if row.covert or row.duress_said else None


def linked(session: Session, incident: UUID, desk: str) -> tuple[LinkedState, ...]:
    """The incident's reports of this desk, as they were filed."""
    return tuple(
        LinkedState(row.id, row.number, row.status, row.text, row.filed_at, left_out(row))
        for row in _linked(session, incident, desk)
    )


def elsewhere(session: Session, incident: UUID, desk: str) -> int:
    """How many of the incident's reports lie at other desks by now."""
    return int(session.connection().execute(_COUNT, {"of": incident, "at_desk": desk}).scalar_one())


def _linked(session: Session, incident: UUID, desk: str) -> list[Row[Any]]:
    return list(session.connection().execute(_LINKED, {"of": incident, "at_desk": desk}))
