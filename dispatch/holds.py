"""Legal hold (证据保全): a report, an incident with all its reports, or a person with all of theirs is not removed
until the hold is lifted. Put and lifted with a reason in words; the log names the row of it.

A hold is put by way of a report, and stands in the log of that report's desk. Whoever it is about learns nothing of
it: no version moves. Functions that change something run as commands of the writer.
"""

from typing import Any, Final, Literal
from uuid import UUID

from sqlalchemy import ColumnElement, Table, and_, exists, insert, or_, select, update
from sqlmodel import Session

from dispatch.clock import now
from dispatch.dispatchers import mark_of
from dispatch.errors import Refused
from dispatch.events import HOLD_LIFTED, HOLD_PUT, lock_log, record
from dispatch.ids import new_id
from dispatch.models import TABLES
from dispatch.states import HoldState

On = Literal["report", "incident", "person"]

ON: Final = ("report", "incident", "person")
LONGEST_REASON: Final = 500

_REPORT, _HOLD, _MARK = TABLES["report"], TABLES["hold"], TABLES["mark"]


def held(report: Table) -> ColumnElement[bool]:
    """The condition on `report` that a hold is on it, on its incident or on its reporter."""
    return exists().where(_HOLD.c.lifted_at.is_(None), _concerns(report))


def appealed(report: Table) -> ColumnElement[bool]:
    """The condition on `report` that its reporter has appealed against a mark, and nobody has answered yet: whatever
    they reported may speak for them."""
    open_appeal = (_MARK.c.appealed_at.is_not(None), _MARK.c.answered_at.is_(None))
    return exists().where(_MARK.c.reporter == report.c.reporter, *open_appeal)


def _concerns(report: Table) -> ColumnElement[bool]:
    return or_(
        and_(_HOLD.c.on == "report", _HOLD.c.report == report.c.id),
        _HOLD.c.incident == report.c.incident,
        _HOLD.c.reporter == report.c.reporter,
    )


def put(
    session: Session,
    report: UUID,
    on: str,
    actor: str,
    reason: str,
    *,
    desk: str | None = None,
    token_digest: bytes | None = None,
) -> UUID:
    """Hold a report, the incident that it is of, or its reporter; `desk`: only if it is this desk's report. What the
    same hold is on already stays as it is; gives the identifier of the one that stands.

    Raises Refused: `report_unknown`, `field_invalid`, `incident_unknown`, `reason_required`, `report_removed`.
    """
    words = _words(reason)
    if on not in ON:
        raise Refused("field_invalid", fields=["on"])
    row = _locked(session, report)
    if desk not in {None, row.desk}:
        raise Refused("report_unknown")
    if on == "report" and row.removed_at is not None:
        raise Refused("report_removed")
    if on == "incident" and row.incident is None:
        raise Refused("incident_unknown")
    values: dict[str, Any] = {
        "on": on,
        "report": report,
        "incident": row.incident if on == "incident" else None,
        "reporter": row.reporter if on == "person" else None,
    }
    by = {"report": "report", "incident": "incident", "person": "reporter"}[on]
    standing = (
        session.connection()
        .execute(
            select(_HOLD.c.id).where(_HOLD.c.lifted_at.is_(None), _HOLD.c.on == on, _HOLD.c[by] == values[by])
        )
        .scalars()
        .first()
    )
    if standing is not None:
        return UUID(str(standing))
    id_ = new_id()
    said = {"id": id_, "desk": row.desk, "actor": actor, "reason": words, "at": now()}
    session.connection().execute(insert(_HOLD), {**values, **said})
    _tell(session, row.desk, HOLD_PUT, report, id_, on, actor, token_digest)
    return id_


def lift(
    session: Session,
    hold: UUID,
    actor: str,
    reason: str,
    *,
    desk: str | None = None,
    token_digest: bytes | None = None,
) -> bool:
    """End a hold; `desk`: only if it was put by a report of this desk. Gives whether that is news.

    Raises Refused: `hold_unknown`, `reason_required`.
    """
    words = _words(reason)
    found = session.connection().execute(select(_HOLD).where(_HOLD.c.id == hold)).one_or_none()
    if found is None or desk not in {None, found.desk}:
        raise Refused("hold_unknown")
    lock_log(session, found.desk)
    ended = session.connection().execute(
        update(_HOLD)
        .where(_HOLD.c.id == hold, _HOLD.c.lifted_at.is_(None))
        .values(lifted_at=now(), lifted_by=actor, answer=words)
    )
    if not ended.rowcount:
        return False
    _tell(session, found.desk, HOLD_LIFTED, found.report, hold, found.on, actor, token_digest)
    return True


def on_report(session: Session, report: UUID) -> tuple[HoldState, ...]:
    """The holds that keep a report, the oldest first."""
    statement = (
        select(_HOLD)
        .join(_REPORT, _concerns(_REPORT))
        .where(_REPORT.c.id == report, _HOLD.c.lifted_at.is_(None))
        .order_by(_HOLD.c.at, _HOLD.c.id)
    )
    rows = session.connection().execute(statement)
    return tuple(
        HoldState(row.id, row.on, row.report, row.desk, row.actor, row.reason, row.at) for row in rows
    )


def standing(session: Session) -> list[tuple[HoldState, str]]:
    """All holds that stand, the oldest first, each with the number of the report that it was put by."""
    statement = (
        select(_HOLD, _REPORT.c.number)
        .join(_REPORT, _REPORT.c.id == _HOLD.c.report)
        .where(_HOLD.c.lifted_at.is_(None))
        .order_by(_HOLD.c.at, _HOLD.c.id)
    )
    return [
        (HoldState(row.id, row.on, row.report, row.desk, row.actor, row.reason, row.at), row.number)
        for row in session.connection().execute(statement)
    ]


def moved(session: Session, incident: UUID, into: UUID) -> None:
    """Two incidents become one: a hold on the one that ends is on the other from now on."""
    session.connection().execute(
        update(_HOLD).where(_HOLD.c.incident == incident, _HOLD.c.lifted_at.is_(None)).values(incident=into)
    )


def incident_held(session: Session, incident: UUID) -> bool:
    """Whether a hold is on an incident: then nothing leaves it."""
    statement = select(_HOLD.c.id).where(_HOLD.c.incident == incident, _HOLD.c.lifted_at.is_(None)).limit(1)
    return session.connection().execute(statement).first() is not None


def person_held(session: Session, reporter: UUID) -> bool:
    """Whether a hold is on a person: then nothing of who they are is erased."""
    statement = select(_HOLD.c.id).where(_HOLD.c.reporter == reporter, _HOLD.c.lifted_at.is_(None)).limit(1)
    return session.connection().execute(statement).first() is not None


def _locked(session: Session, report: UUID) -> Any:
    """The report, with its desk's log held: it is neither transferred nor removed meanwhile."""
    statement = select(_REPORT.c.desk, _REPORT.c.incident, _REPORT.c.reporter, _REPORT.c.removed_at).where(
        _REPORT.c.id == report
    )
    while True:
        found: Any = session.connection().execute(statement).one_or_none()
        if found is None:
            raise Refused("report_unknown")
        if not lock_log(session, found.desk):
            return found


def _tell(
    session: Session,
    desk: str,
    kind: str,
    report: UUID,
    hold: UUID,
    on: str,
    actor: str,
    token_digest: bytes | None,
) -> None:
    data = {"hold": str(hold), "on": on}
    if token_digest is not None:
        data["session"] = mark_of(token_digest)
    # Without the reporter: it is no news for their screen.
    record(session, desk, kind, actor=actor, report=report, data=data)


def _words(reason: str) -> str:
    words = " ".join(reason.replace("\0", "").split())[:LONGEST_REASON]
    if not words:
        raise Refused("reason_required")
    return words
