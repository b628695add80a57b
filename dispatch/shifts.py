"""Shifts (值班): a dispatcher is on duty from the press of a key to the press of a key.

Nothing depends on it that a report depends on: who is not on shift reads and accepts all the same. A shift ends with
nothing left in hand: each report goes to a colleague who is on, or back to where anybody picks it up.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import bindparam, func, select, update
from sqlmodel import Session

from dispatch import handling, notes
from dispatch.clock import now
from dispatch.database import insert_or_leave
from dispatch.errors import Refused
from dispatch.events import SHIFT_BEGAN, SHIFT_ENDED, lock_log, record
from dispatch.ids import new_id
from dispatch.models import TABLES

_SHIFT, _HANDLING, _REPORT = TABLES["shift"], TABLES["handling"], TABLES["report"]

# Statements are built once: building one costs three times as much as running it.
_OPEN = select(_SHIFT.c.id, _SHIFT.c.desk, _SHIFT.c.began_at).where(
    _SHIFT.c.dispatcher == bindparam("who"), _SHIFT.c.ended_at.is_(None)
)
_END = (
    update(_SHIFT)
    .where(_SHIFT.c.dispatcher == bindparam("who"), _SHIFT.c.ended_at.is_(None))
    .values(ended_at=bindparam("moment"))
)
_IN_HAND = (
    select(_HANDLING.c.report)
    .join(_REPORT, _REPORT.c.id == _HANDLING.c.report)
    .where(
        _HANDLING.c.dispatcher == bindparam("who"),
        _HANDLING.c.ended_at.is_(None),
        _REPORT.c.desk == bindparam("at_desk"),
        _REPORT.c.status != "closed",
    )
    .order_by(_HANDLING.c.began_at, _HANDLING.c.id)
)
_ON = (
    select(_SHIFT.c.dispatcher, _SHIFT.c.began_at)
    .where(_SHIFT.c.desk == bindparam("at_desk"), _SHIFT.c.ended_at.is_(None))
    .order_by(_SHIFT.c.began_at, _SHIFT.c.dispatcher)
)
_COUNTS = (
    select(_HANDLING.c.dispatcher, func.count().label("held"))
    .join(_REPORT, _REPORT.c.id == _HANDLING.c.report)
    .where(
        _HANDLING.c.ended_at.is_(None), _REPORT.c.desk == bindparam("at_desk"), _REPORT.c.status != "closed"
    )
    .group_by(_HANDLING.c.dispatcher)
)


@dataclass(frozen=True, slots=True)
class HandOver:
    """Where a report goes when its dispatcher's shift ends: to a colleague, or (None) to whoever picks it up."""

    report: UUID
    to: str | None
    note: str = ""


@dataclass(frozen=True, slots=True)
class OnShift:
    """Who is on, and since when."""

    dispatcher: str
    began_at: datetime


def begin(session: Session, dispatcher: str, desk: str) -> None:
    """Begin the dispatcher's shift. Twice is once."""
    row = {"id": new_id(), "dispatcher": dispatcher, "desk": desk, "began_at": now()}
    if insert_or_leave(session, _SHIFT, row):
        record(session, desk, SHIFT_BEGAN, actor=f"dispatcher:{dispatcher}", data={"shift": str(row["id"])})


def end(session: Session, dispatcher: str, desk: str, handed: Sequence[HandOver], note: str) -> None:
    """End the shift; what is in hand goes where `handed` says, all or nothing. Twice is once.

    Raises Refused: `reports_in_hand` when one of them is not among `handed`, `not_on_shift` with the `dispatcher` to
    whom nothing can be handed over.
    """
    lock_log(session, desk)
    shift = session.connection().execute(_OPEN, {"who": dispatcher}).one_or_none()
    if shift is None:
        return
    held = in_hand(session, dispatcher, desk)
    given = {one.report: one for one in handed}
    if not given.keys() >= set(held):
        raise Refused("reports_in_hand")
    on_shift = {one.dispatcher for one in on(session, desk)} - {dispatcher}
    for report in held:
        _hand_over(session, dispatcher, desk, given[report], shift.id, on_shift)
    if note:
        notes.write(session, desk, dispatcher, str(shift.id), note)
    session.connection().execute(_END, {"who": dispatcher, "moment": now()})
    record(session, desk, SHIFT_ENDED, actor=f"dispatcher:{dispatcher}", data={"shift": str(shift.id)})


def cut(session: Session, dispatcher: str, desk: str, actor: str) -> None:
    """The dispatcher does not work at the desk any more (`dispatch.accounts`): the shift ends, and whatever is in hand
    goes back to where anybody picks it up."""
    lock_log(session, desk)
    for report in in_hand(session, dispatcher, desk):
        handling.lay_down(session, report, desk, "offline")
    shift = session.connection().execute(_OPEN, {"who": dispatcher}).one_or_none()
    if shift is not None:
        session.connection().execute(_END, {"who": dispatcher, "moment": now()})
        record(session, shift.desk, SHIFT_ENDED, actor=actor, data={"shift": str(shift.id)})


def _hand_over(
    session: Session, dispatcher: str, desk: str, one: HandOver, shift: UUID, on_shift: set[str]
) -> None:
    if one.to is None:
        handling.release(session, one.report, desk, dispatcher, one.note or None)
    elif one.to in on_shift:
        handling.hand_over(session, one.report, desk, dispatcher, one.to)
    else:
        raise Refused("not_on_shift", dispatcher=one.to)
    if one.note:
        notes.write(session, desk, dispatcher, f"{shift} {one.report}", one.note, one.report)


def in_hand(session: Session, dispatcher: str, desk: str) -> list[UUID]:
    """The desk's open reports that a dispatcher has in hand, in the order in which they came."""
    values = {"who": dispatcher, "at_desk": desk}
    return list(session.connection().execute(_IN_HAND, values).scalars())


def since(session: Session, dispatcher: str) -> datetime | None:
    """When the dispatcher's shift began; None when there is none."""
    shift = session.connection().execute(_OPEN, {"who": dispatcher}).one_or_none()
    return shift.began_at if shift else None


def on(session: Session, desk: str) -> list[OnShift]:
    """Who is on at a desk, the longest first."""
    return [OnShift(*row) for row in session.connection().execute(_ON, {"at_desk": desk})]


def counts(session: Session, desk: str) -> dict[str, int]:
    """How many open reports of a desk each dispatcher has in hand; who has none is left out."""
    rows = session.connection().execute(_COUNTS, {"at_desk": desk})
    return {row.dispatcher: row.held for row in rows}
