"""Marking a person as a nuisance (标记滋扰): their reports stand lower and take fewer media, for some days.

Nothing of theirs is refused, and a danger sign in a report outweighs the mark. It is an act of the shift leader with a
reason, ends by itself, and may be appealed once; the person is told of it in the words of a category alone. Every
function that changes anything runs as a command of the writer.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final, Literal
from uuid import UUID

from sqlalchemy import ColumnElement, Row, bindparam, exists, or_, select, update
from sqlmodel import Session

from dispatch.clock import now
from dispatch.database import insert_or_leave
from dispatch.errors import Refused
from dispatch.events import (
    DESK_SET,
    MARK_APPEALED,
    MARK_EXPIRED,
    MARK_FOLLOWED,
    MARK_LIFTED,
    MARK_REMOVED,
    MARK_UPHELD,
    REPORTER_MARKED,
    lock_log,
    record,
)
from dispatch.ids import new_id
from dispatch.models import TABLES
from dispatch.offering import seen_by, tell_offered
from dispatch.states import OPEN, MarkState

Category = Literal["harassment", "false_report", "empty"]

CATEGORIES: Final[tuple[Category, ...]] = ("harassment", "false_report", "empty")
# How long a mark may stand, in days: nobody is marked for good.
DAYS: Final = (7, 30, 90)
# How long somebody reads that their appeal was heard, after the mark was lifted by it.
TOLD_FOR: Final = timedelta(days=30)
LONGEST_APPEAL: Final = 1000
AT_ONCE: Final = 200

_MARK, _REPORT, _DESK = TABLES["mark"], TABLES["report"], TABLES["desk"]

# Statements are built once: building one costs three times as much as running it.
_OF_REPORT = select(_REPORT.c.reporter, _REPORT.c.desk).where(_REPORT.c.id == bindparam("of"))
_STANDING = select(_MARK).where(_MARK.c.reporter == bindparam("of"), _MARK.c.ended_at.is_(None))
_LAST = (
    select(_MARK)
    .where(_MARK.c.reporter == bindparam("of"))
    .order_by(_MARK.c.at.desc(), _MARK.c.id.desc())
    .limit(1)
)
_OF_MANY = select(_MARK).where(
    _MARK.c.reporter.in_(bindparam("ids", expanding=True)),
    _MARK.c.ended_at.is_(None),
    _MARK.c.until > bindparam("moment"),
)
_EXPIRED = (
    select(_MARK)
    .where(_MARK.c.ended_at.is_(None), _MARK.c.until <= bindparam("moment"))
    .order_by(_MARK.c.until)
    .limit(AT_ONCE)
)
_APPEALS = (
    select(_MARK, _REPORT.c.number)
    .join(_REPORT, _REPORT.c.id == _MARK.c.report)
    .where(
        _MARK.c.desk == bindparam("at"),
        _MARK.c.appealed_at.is_not(None),
        _MARK.c.answered_at.is_(None),
        _MARK.c.ended_at.is_(None),
        _MARK.c.until > bindparam("moment"),
    )
    .order_by(_MARK.c.appealed_at)
    .limit(AT_ONCE)
)
_OPEN = (
    select(_REPORT.c.id, _REPORT.c.desk, _REPORT.c.version)
    .where(_REPORT.c.reporter == bindparam("of"), _REPORT.c.status.in_(OPEN))
    .order_by(_REPORT.c.desk, _REPORT.c.id)
)
_GUARDED = select(
    exists().where(
        _REPORT.c.reporter == bindparam("of"),
        _REPORT.c.status.in_(OPEN),
        or_(_REPORT.c.covert, _REPORT.c.duress_said > 0),
    )
)
_DAYS = select(_DESK.c.mark_days).where(_DESK.c.adcode == bindparam("at"))


@dataclass(frozen=True, slots=True)
class Appeal:
    """An appeal that waits for the shift leader; `number`: of the report from which the person was marked."""

    report: UUID
    number: str
    mark: MarkState


def marked(at: ColumnElement[Any], reporter: ColumnElement[Any]) -> ColumnElement[bool]:
    """The condition that this reporter is marked at a moment."""
    return exists().where(_MARK.c.reporter == reporter, _MARK.c.ended_at.is_(None), _MARK.c.until > at)


def marks_of(session: Session, reporters: Collection[UUID]) -> dict[UUID, MarkState]:
    """The marks that stand now, by reporter."""
    if not reporters:
        return {}
    values = {"ids": list(set(reporters)), "moment": now()}
    return {row.reporter: _state(row) for row in session.connection().execute(_OF_MANY, values)}


def mark(
    session: Session,
    report: UUID,
    desk: str,
    leader: str,
    category: Category,
    reason: str,
    days: int | None = None,
) -> None:
    """Mark who filed this report; `days` None: as many as the desk has set. The same again changes nothing.

    Raises Refused: `report_unknown`, `field_invalid` (of `DAYS`), `mark_standing` when somebody was faster.
    """
    of = _reporter_at(session, report, desk)
    days = days_of(session, desk) if days is None else days
    if days not in DAYS:
        raise Refused("field_invalid", fields=["days"])
    at = now()
    _hold(session, of, desk)
    before = session.connection().execute(_STANDING, {"of": of}).one_or_none()
    if before is not None and before.until <= at:
        _end(session, before, "expired", MARK_EXPIRED, "system")
    elif before is not None:
        if (before.dispatcher, before.category, before.reason) == (leader, category, reason):
            return
        raise Refused("mark_standing", dispatcher=before.dispatcher)
    id_ = new_id()
    row = {
        "id": id_,
        "reporter": of,
        "report": report,
        "desk": desk,
        "dispatcher": leader,
        "category": category,
        "reason": reason,
        "at": at,
        "until": at + timedelta(days=days),
    }
    if not insert_or_leave(session, _MARK, row):
        raise Refused("mark_standing", dispatcher="")
    data = {"mark": str(id_), "category": category, "days": days}
    _tell(session, of, report, desk, REPORTER_MARKED, f"dispatcher:{leader}", data)


def remove(session: Session, report: UUID, desk: str, leader: str, reason: str) -> None:
    """Take the mark of this report's person away, with a reason. Twice is once.

    Raises Refused: `report_unknown`, `mark_unknown`.
    """
    of = _reporter_at(session, report, desk)
    _hold(session, of, desk)
    last = session.connection().execute(_LAST, {"of": of}).one_or_none()
    if last is None:
        raise Refused("mark_unknown")
    if last.ended_at is not None:
        if (last.ended_by, last.removed_by) == ("removed", leader):
            return
        raise Refused("mark_unknown")
    _end(session, last, "removed", MARK_REMOVED, f"dispatcher:{leader}", removed_by=leader, end_reason=reason)


def appeal(session: Session, reporter: UUID, text: str) -> None:
    """The marked person says why it is wrong, once a mark. The same words again change nothing.

    Raises Refused: `mark_unknown` (none stands, or nothing may be told of it now), `already_appealed`.
    """
    last = told_of(session, reporter)
    if last is None or last.ended_by is not None:
        raise Refused("mark_unknown")
    _hold(session, reporter, last.desk)
    row = session.connection().execute(_STANDING, {"of": reporter}).one_or_none()
    if row is None or row.id != last.id:
        raise Refused("mark_unknown")
    if row.appealed_at is not None:
        if row.appeal == text:
            return
        raise Refused("already_appealed")
    _change(session, row.id, appealed_at=now(), appeal=text)
    actor = f"reporter:{reporter}"
    _tell(session, reporter, row.report, row.desk, MARK_APPEALED, actor, {"mark": str(row.id)})


def answer(session: Session, mark_: UUID, desk: str, leader: str, upheld: bool, reason: str) -> None:
    """The shift leader of the desk that marked upholds the mark or lifts it, with a reason. Twice is once.

    Raises Refused: `mark_unknown`, `appeal_answered` with the `dispatcher` who was first.
    """
    statement = select(_MARK).where(_MARK.c.id == mark_, _MARK.c.desk == desk)
    row = session.connection().execute(statement).one_or_none()
    if row is None or row.appealed_at is None:
        raise Refused("mark_unknown")
    _hold(session, row.reporter, desk)
    row = session.connection().execute(statement).one()
    if row.answered_at is not None:
        if (row.answered_by, row.upheld) == (leader, upheld):
            return
        raise Refused("appeal_answered", dispatcher=row.answered_by)
    if row.ended_at is not None:
        raise Refused("mark_unknown")
    said = {"answered_at": now(), "answered_by": leader, "answer": reason, "upheld": upheld}
    actor = f"dispatcher:{leader}"
    if upheld:
        _change(session, row.id, **said)
        _tell(session, row.reporter, row.report, desk, MARK_UPHELD, actor, {"mark": str(row.id)})
    else:
        _end(session, row, "lifted", MARK_LIFTED, actor, **said)


def expire(session: Session) -> int:
    """End the marks whose time is over; gives how many."""
    rows = session.connection().execute(_EXPIRED, {"moment": now()}).all()
    for row in rows:
        _hold(session, row.reporter, row.desk)
        standing = session.connection().execute(_STANDING, {"of": row.reporter}).one_or_none()
        if standing is not None and standing.id == row.id:
            _end(session, row, "expired", MARK_EXPIRED, "system")
    return len(rows)


def appeals(session: Session, desk: str) -> list[Appeal]:
    """What the desk's shift leader has to answer, the oldest first."""
    rows = session.connection().execute(_APPEALS, {"at": desk, "moment": now()})
    return [Appeal(row.report, row.number, _state(row)) for row in rows]


def told_of(session: Session, reporter: UUID) -> MarkState | None:
    """What the person is told of: the mark that stands, or, for a while, that the last one was lifted.

    Nothing as long as a report of theirs must not be noticed: whoever stands beside them reads along.
    """
    row = session.connection().execute(_LAST, {"of": reporter}).one_or_none()
    if row is None or session.connection().execute(_GUARDED, {"of": reporter}).scalar_one():
        return None
    at = now()
    if row.ended_at is None:
        return _state(row) if row.until > at else None
    lifted = row.ended_by == "lifted" and row.ended_at > at - TOLD_FOR
    return _state(row) if lifted else None


def all_of(session: Session, reporter: UUID) -> list[MarkState]:
    """Every mark there ever was of a person, the newest first, for themselves; none where nothing may be told."""
    if session.connection().execute(_GUARDED, {"of": reporter}).scalar_one():
        return []
    statement = select(_MARK).where(_MARK.c.reporter == reporter).order_by(_MARK.c.at.desc(), _MARK.c.id)
    return [_state(row) for row in session.connection().execute(statement)]


def days_of(session: Session, desk: str) -> int:
    """For how many days the desk marks somebody. Raises Refused `desk_unknown`."""
    days = session.connection().execute(_DAYS, {"at": desk}).scalar_one_or_none()
    if days is None:
        raise Refused("desk_unknown", desk=desk)
    return int(days)


def set_days(session: Session, desk: str, leader: str, days: int) -> None:
    """For how many days the desk marks somebody from now on. Raises Refused `field_invalid`."""
    if days not in DAYS:
        raise Refused("field_invalid", fields=["mark_days"])
    lock_log(session, desk)
    before = days_of(session, desk)
    if before != days:
        session.connection().execute(update(_DESK).where(_DESK.c.adcode == desk).values(mark_days=days))
        data = {"set": {"mark_days": [before, days]}}
        record(session, desk, DESK_SET, actor=f"dispatcher:{leader}", data=data)


def _reporter_at(session: Session, report: UUID, desk: str) -> UUID:
    """Whose report of this desk it is."""
    found = session.connection().execute(_OF_REPORT, {"of": report}).one_or_none()
    if found is None or desk not in {found.desk, *seen_by(session, report)}:
        raise Refused("report_unknown")
    return UUID(str(found.reporter))


def _hold(session: Session, reporter: UUID, desk: str) -> None:
    """Lock the logs of the desk and of all that have an open report of the person on their screens."""
    while True:
        rows = session.connection().execute(_OPEN, {"of": reporter}).all()
        elsewhere = {other for row in rows for other in seen_by(session, row.id)}
        # Until the logs are held, one may be accepted at another desk, or offered to one more.
        if not lock_log(session, desk, *{row.desk for row in rows}, *elsewhere):
            return


def _end(session: Session, row: Row[Any], how: str, kind: str, actor: str, **values: Any) -> None:
    _change(session, row.id, ended_at=now(), ended_by=how, **values)
    _tell(session, row.reporter, row.report, row.desk, kind, actor, {"mark": str(row.id)})


def _change(session: Session, id_: UUID, **values: Any) -> None:
    session.connection().execute(update(_MARK).where(_MARK.c.id == id_).values(**values))


def _tell(
    session: Session, reporter: UUID, report: UUID, desk: str, kind: str, actor: str, data: dict[str, Any]
) -> None:
    """The event, at the report that it began with; and every other open report of the person is shown anew, on
    whichever screens. None of these names the person: nothing of it is pushed to their phone."""
    record(session, desk, kind, actor=actor, report=report, data=data)
    for row in session.connection().execute(_OPEN, {"of": reporter}).all():
        if row.id != report or row.desk != desk:
            record(session, row.desk, MARK_FOLLOWED, actor="system", report=row.id, data=data)
        tell_offered(session, row.id, seen_by(session, row.id), row.version)


def _state(row: Row[Any]) -> MarkState:
    return MarkState(
        row.id,
        row.report,
        row.desk,
        row.dispatcher,
        row.category,
        row.reason,
        row.at,
        row.until,
        row.appealed_at,
        row.appeal,
        row.answered_at,
        row.answered_by,
        row.answer,
        row.upheld,
        row.ended_by,
    )
