"""A false report (谎报) and harassment (骚扰) are held against somebody: one dispatcher proposes, a second person of
the same desk decides.

Until then the report stays open and in hand, marked, and nothing counts against its reporter, who sees nothing of it.
Every function runs as a command of the writer. Who is first is decided by the desk's log, which each locks before it
looks, and by the index that lets a report have one open proposal.
"""

from typing import Any, Literal, get_args
from uuid import UUID

from sqlalchemy import Row, bindparam, select, update
from sqlmodel import Session

from dispatch import closures, handling, transfers
from dispatch.clock import now
from dispatch.closures import Ending
from dispatch.database import insert_or_leave
from dispatch.errors import Refused
from dispatch.events import OUTCOME_PROPOSED, PROPOSAL_REFUSED, PROPOSAL_WITHDRAWN, lock_log, record
from dispatch.ids import new_id
from dispatch.models import TABLES
from dispatch.sendings import none_out

Proposed = Literal["false_report", "harassment"]
Ended = Literal["confirmed", "refused", "withdrawn", "closed"]

PROPOSED = get_args(Proposed)

_PROPOSAL, _REPORT = TABLES["proposal"], TABLES["report"]

# Statements are built once: building one costs three times as much as running it.
_LAST = (
    select(_PROPOSAL, _REPORT.c.reporter)
    .join(_REPORT, _REPORT.c.id == _PROPOSAL.c.report)
    .where(_PROPOSAL.c.report == bindparam("of"), _REPORT.c.desk == bindparam("at_desk"))
    .order_by(_PROPOSAL.c.at.desc(), _PROPOSAL.c.id.desc())
    .limit(1)
)
_OPEN = select(_PROPOSAL).where(_PROPOSAL.c.report == bindparam("of"), _PROPOSAL.c.ended_at.is_(None))
_END = (
    update(_PROPOSAL)
    .where(_PROPOSAL.c.id == bindparam("proposal"))
    .values(
        ended_at=bindparam("moment"),
        ended_by=bindparam("how"),
        decided_by=bindparam("who"),
        answer=bindparam("why"),
    )
)
_MOVED = update(_REPORT).where(_REPORT.c.id == bindparam("of")).values(handled=_REPORT.c.handled + 1)


def propose(
    session: Session, report: UUID, desk: str, dispatcher: str, outcome: Proposed, reason: str
) -> None:
    """Propose to close a received report so, which the dispatcher has in hand, or nobody. The same again changes
    nothing.

    Raises Refused: `report_unknown`, `not_received`, `report_closed`, `handled_by_another` with the `dispatcher`,
    `proposal_pending`, `transfer_pending`, `units_out`.
    """
    handling.pick_up(session, report, desk, dispatcher)
    none_out(session, report)
    standing = session.connection().execute(_OPEN, {"of": report}).one_or_none()
    if standing is not None:
        if (standing.outcome, standing.dispatcher) == (outcome, dispatcher):
            return
        raise Refused("proposal_pending")
    if transfers.is_asked(session, report):
        raise Refused("transfer_pending")
    id_ = new_id()
    row = {
        "id": id_,
        "report": report,
        "outcome": outcome,
        "reason": reason,
        "dispatcher": dispatcher,
        "at": now(),
    }
    if not insert_or_leave(session, _PROPOSAL, row):
        raise Refused("proposal_pending")
    session.connection().execute(_MOVED, {"of": report})
    data = {"proposal": str(id_), "outcome": outcome}
    record(session, desk, OUTCOME_PROPOSED, actor=f"dispatcher:{dispatcher}", report=report, data=data)


def confirm(session: Session, report: UUID, desk: str, dispatcher: str) -> None:
    """The second person agrees: the report is closed so, whoever has it in hand, and counts against its reporter.
    Twice is once.

    Raises Refused: `report_unknown` (nothing was proposed), `second_person_needed`, `units_out`, `proposal_ended` with
    `how` and the `dispatcher`.
    """
    proposal = _held(session, report, desk)
    if _is_done(proposal, "confirmed", dispatcher):
        return
    _only_another(proposal, dispatcher)
    none_out(session, report)
    _end(session, proposal, "confirmed", dispatcher)
    handling.conclude(session, report, proposal.reason)
    ending = Ending(proposal.outcome, proposal.dispatcher, proposal.reason, second=dispatcher)
    closures.close_as(session, report, proposal.reporter, ending)


def refuse(session: Session, report: UUID, desk: str, dispatcher: str, answer: str) -> None:
    """The second person does not agree, and says why: the report stays open. Twice is once. Raises Refused as
    `confirm`."""
    proposal = _held(session, report, desk)
    if _is_done(proposal, "refused", dispatcher):
        return
    _only_another(proposal, dispatcher)
    _end(session, proposal, "refused", dispatcher, answer)
    _leave_open(session, proposal, desk, dispatcher, PROPOSAL_REFUSED)


def withdraw(session: Session, report: UUID, desk: str, dispatcher: str) -> None:
    """Who proposed it takes it back. Twice is once.

    Raises Refused: `report_unknown`, `proposal_ended`, `handled_by_another` with the `dispatcher` whose it is.
    """
    proposal = _held(session, report, desk)
    if _is_done(proposal, "withdrawn", dispatcher):
        return
    if proposal.dispatcher != dispatcher:
        raise Refused("handled_by_another", dispatcher=proposal.dispatcher)
    _end(session, proposal, "withdrawn", dispatcher)
    _leave_open(session, proposal, desk, dispatcher, PROPOSAL_WITHDRAWN)


def drop(session: Session, report: UUID, dispatcher: str) -> None:
    """The report is being closed with another outcome: nothing is to be decided any more."""
    proposal = session.connection().execute(_OPEN, {"of": report}).one_or_none()
    if proposal is not None:
        _end(session, proposal, "closed", dispatcher)


def _held(session: Session, report: UUID, desk: str) -> Row[Any]:
    """The last proposal about a report of this desk; nothing of the desk moves until this transaction ends."""
    lock_log(session, desk)
    found = session.connection().execute(_LAST, {"of": report, "at_desk": desk}).one_or_none()
    if found is None:
        raise Refused("report_unknown")
    return found


def _is_done(proposal: Row[Any], how: Ended, dispatcher: str) -> bool:
    """Whether this dispatcher has done just that before. Raises Refused `proposal_ended` for what else came of it."""
    if proposal.ended_at is None:
        return False
    if (proposal.ended_by, proposal.decided_by) != (how, dispatcher):
        raise Refused("proposal_ended", how=proposal.ended_by, dispatcher=proposal.decided_by)
    return True


def _only_another(proposal: Row[Any], dispatcher: str) -> None:
    if proposal.dispatcher == dispatcher:
        raise Refused("second_person_needed")


def _end(session: Session, proposal: Row[Any], how: Ended, dispatcher: str, why: str | None = None) -> None:
    values = {"proposal": proposal.id, "moment": now(), "how": how, "who": dispatcher, "why": why}
    session.connection().execute(_END, values)


def _leave_open(session: Session, proposal: Row[Any], desk: str, dispatcher: str, kind: str) -> None:
    session.connection().execute(_MOVED, {"of": proposal.report})
    actor, data = f"dispatcher:{dispatcher}", {"proposal": str(proposal.id)}
    record(session, desk, kind, actor=actor, report=proposal.report, data=data)
