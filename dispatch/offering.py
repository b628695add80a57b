"""Offering a waiting report to another desk too: near a border, and when nobody at its own desk accepts it.

The report keeps its desk until somebody accepts it; then it is the accepting desk's, and the others' cards leave.
A desk learns of all this from its own log, in which an offered report has events of its own kinds: they hold no
person, since they are not what happened to the report, but what this desk has to do with it.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import Literal
from uuid import UUID

from sqlalchemy import ColumnElement, bindparam, delete, exists, insert, or_, select, union
from sqlmodel import Session

from dispatch.clock import now
from dispatch.database import insert_or_leave
from dispatch.events import (
    OFFERED_CHANGED,
    OFFERING_ENDED,
    REPORT_OFFERED,
    insert_with_batch,
    lock_log,
    record,
)
from dispatch.exercises import alike, is_exercise
from dispatch.models import TABLES

Why = Literal["border", "escalation"]

# Of a circle that crosses several counties the two nearest are asked: more would ring at desks for nothing.
BORDER_DESKS = 2

_REPORT, _OFFERING, _TRANSFER = TABLES["report"], TABLES["offering"], TABLES["transfer"]

# Statements are built once: building one costs three times as much as running it.
_TO = select(_OFFERING.c.desk).where(_OFFERING.c.report == bindparam("of")).order_by(_OFFERING.c.desk)
_ASKED = select(_TRANSFER.c.to_desk).where(
    _TRANSFER.c.report == bindparam("of"), _TRANSFER.c.ended_at.is_(None)
)
_SEEN_BY = union(select(_OFFERING.c.desk).where(_OFFERING.c.report == bindparam("of")), _ASKED)
# Of the report in a statement: whether `seen_by` gives any. Most are at their own desk alone.
SEEN_ELSEWHERE = or_(
    exists().where(_OFFERING.c.report == _REPORT.c.id),
    exists().where(_TRANSFER.c.report == _REPORT.c.id, _TRANSFER.c.ended_at.is_(None)),
)
_INSERT = insert(_OFFERING)
_END = delete(_OFFERING).where(_OFFERING.c.report == bindparam("of"))


def offered_at(desk: ColumnElement[str]) -> ColumnElement[bool]:
    """The condition on `report` that it is the desk's, or is offered to it now."""
    offered = exists().where(_OFFERING.c.report == _REPORT.c.id, _OFFERING.c.desk == desk)
    return or_(_REPORT.c.desk == desk, offered)


def concerns(desk: ColumnElement[str]) -> ColumnElement[bool]:
    """The condition on `report` that the desk may look at it: it is its own or offered to it, or the desk is asked to
    take it over (`dispatch.transfers`)."""
    asked = exists().where(
        _TRANSFER.c.report == _REPORT.c.id, _TRANSFER.c.to_desk == desk, _TRANSFER.c.ended_at.is_(None)
    )
    return or_(offered_at(desk), asked)


def offered_to(session: Session, report: UUID) -> list[str]:
    """The desks that a report is offered to now, by code."""
    return list(session.connection().execute(_TO, {"of": report}).scalars())


def seen_by(session: Session, report: UUID) -> list[str]:
    """The other desks on whose screens a report is, by code: it is offered to them, or they are to take it over."""
    return sorted(session.connection().execute(_SEEN_BY, {"of": report}).scalars())


def offer(session: Session, report: UUID, desk: str, others: Iterable[str], why: Why) -> list[str]:
    """Offer a waiting report of `desk` to others too; gives those for whom it is new."""
    wanted = sorted(other for other in set(others) if other != desk)
    lock_log(session, desk, *wanted)
    # What is practised is offered among those who practise, and what is real among the others.
    wanted = alike(session, wanted, exercise=is_exercise(session, report))
    at = now()
    added = [
        other
        for other in wanted
        if insert_or_leave(session, _OFFERING, {"report": report, "desk": other, "why": why, "at": at})
    ]
    for other in added:
        record(session, other, REPORT_OFFERED, actor="system", report=report, data={"from": desk, "why": why})
    return added


def offer_new(session: Session, report: UUID, desk: str, others: Iterable[str], at: datetime) -> None:
    """Offer a report that is being filed, whose row is written with the batch, to the desks across the border."""
    for other in sorted(others):
        insert_with_batch(session, _INSERT, {"report": report, "desk": other, "why": "border", "at": at})
        record(
            session,
            other,
            REPORT_OFFERED,
            actor="system",
            report=report,
            data={"from": desk, "why": "border"},
        )


def tell_offered(session: Session, report: UUID, desks: Iterable[str], version: int) -> None:
    """The report has something new: the other desks on whose screens it is show it."""
    for desk in desks:
        record(session, desk, OFFERED_CHANGED, actor="system", report=report, data={"version": version})


def end(session: Session, report: UUID, desks: Iterable[str], version: int) -> None:
    """Nobody else is offered the report any more: from these desks' screens it leaves."""
    session.connection().execute(_END, {"of": report})
    for desk in desks:
        record(session, desk, OFFERING_ENDED, actor="system", report=report, data={"version": version})
