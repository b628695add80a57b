"""Transfer (移交): a desk asks another one to take over a report that it has received.

Until the other desk accepts, the report is in the hands of the first, which answers for it; the other one may look at
it. Accepted, it is the other desk's, in the hands of who accepted; state, acknowledgement and receipt stay as they
are. Returned, recalled or closed, the other desk has nothing to do with it any more.

Every function runs as a command of the writer. Who is first is decided by the logs of both desks, which each locks
before it looks, and by the index that lets a report have one open transfer. The log of a desk tells of another desk's
report without a person in it (`dispatch.offering`).
"""

from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from sqlalchemy import Row, bindparam, select, update
from sqlmodel import Session

from dispatch import handling
from dispatch.clock import now
from dispatch.database import insert_or_leave
from dispatch.desks import DESKS
from dispatch.errors import Refused
from dispatch.events import (
    REPORT_TRANSFERRED,
    TRANSFER_ASKED,
    TRANSFER_ENDED,
    TRANSFER_OFFERED,
    TRANSFER_RECALLED,
    TRANSFER_RETURNED,
    lock_log,
    record,
)
from dispatch.exercises import is_exercise
from dispatch.ids import new_id
from dispatch.models import TABLES
from dispatch.openings import open_desks
from dispatch.reports import change

Ended = Literal["accepted", "returned", "recalled", "closed"]

_TRANSFER, _PROPOSAL, _REPORT = TABLES["transfer"], TABLES["proposal"], TABLES["report"]

# Statements are built once: building one costs three times as much as running it.
_LAST = (
    select(_TRANSFER)
    .where(_TRANSFER.c.report == bindparam("of"))
    .order_by(_TRANSFER.c.asked_at.desc(), _TRANSFER.c.id.desc())
    .limit(1)
)
_LAST_TO = _LAST.where(_TRANSFER.c.to_desk == bindparam("at_desk"))
_LAST_FROM = _LAST.where(_TRANSFER.c.from_desk == bindparam("at_desk"))
_OPEN = _LAST.where(_TRANSFER.c.ended_at.is_(None))
_PROPOSED = select(_PROPOSAL.c.id).where(
    _PROPOSAL.c.report == bindparam("of"), _PROPOSAL.c.ended_at.is_(None)
)
_HANDLER = select(_REPORT.c.handler).where(_REPORT.c.id == bindparam("of"))
_END = (
    update(_TRANSFER)
    .where(_TRANSFER.c.id == bindparam("transfer"))
    .values(
        ended_at=bindparam("moment"),
        ended_by=bindparam("how"),
        answered_by=bindparam("who"),
        answer=bindparam("why"),
    )
)
_MOVED = update(_REPORT).where(_REPORT.c.id == bindparam("of")).values(handled=_REPORT.c.handled + 1)


def ask(session: Session, report: UUID, desk: str, dispatcher: str, to: str, reason: str) -> None:
    """Ask another desk to take over a report that the dispatcher has in hand. The same again changes nothing.

    Raises Refused: `report_unknown`, `not_received`, `report_closed`, `not_in_hand`, `handled_by_another` with the
    `dispatcher`, `desk_unknown`, `desk_not_open` (nobody would see it there), `transfer_pending`, `proposal_pending`.
    """
    if to == desk or to not in DESKS:
        raise Refused("desk_unknown", desk=to)
    lock_log(session, desk, to)
    stands = handling.received_at(session, report, desk)
    _in_hand(stands.handler, dispatcher)
    standing = session.connection().execute(_OPEN, {"of": report}).one_or_none()
    if standing is not None:
        if (standing.to_desk, standing.dispatcher) == (to, dispatcher):
            return
        raise Refused("transfer_pending")
    if session.connection().execute(_PROPOSED, {"of": report}).first() is not None:
        raise Refused("proposal_pending")
    if to not in open_desks(session, exercise=is_exercise(session, report)):
        raise Refused("desk_not_open", desk=to)
    id_ = new_id()
    data = {"transfer": str(id_)}
    seq = record(session, to, TRANSFER_OFFERED, actor="system", report=report, data={**data, "from": desk})
    row = {
        "id": id_,
        "report": report,
        "from_desk": desk,
        "to_desk": to,
        "dispatcher": dispatcher,
        "reason": reason,
        "asked_at": now(),
        "seq": seq,
        "told": 0,
    }
    if not insert_or_leave(session, _TRANSFER, row):
        raise Refused("transfer_pending")
    session.connection().execute(_MOVED, {"of": report})
    actor = f"dispatcher:{dispatcher}"
    record(session, desk, TRANSFER_ASKED, actor=actor, report=report, data={**data, "to": to})


def accept(session: Session, report: UUID, desk: str, dispatcher: str) -> None:
    """Take over a report that this desk is asked to: it is the desk's, and in the dispatcher's hands. One wins; the
    winner may press again.

    Raises Refused: `report_unknown` (the desk was never asked), `transfer_ended` with `how` and the `dispatcher`.
    """
    transfer = _held(session, report, desk, _LAST_TO)
    if _is_done(transfer, "accepted", dispatcher):
        return
    at = now()
    _end(session, transfer, "accepted", dispatcher, at)
    handling.move(session, report, dispatcher, at)
    change(
        session,
        report,
        REPORT_TRANSFERRED,
        actor=f"dispatcher:{dispatcher}",
        data={"transfer": str(transfer.id), "from": transfer.from_desk},
        desk=desk,
        handler=dispatcher,
        handled=_REPORT.c.handled + 1,
    )
    _tell(session, transfer, transfer.from_desk, "accepted")


def give_back(session: Session, report: UUID, desk: str, dispatcher: str, reason: str) -> None:
    """Return (退回) a report that this desk is asked to take over: it stays the first desk's. Twice is once.

    Raises Refused as `accept`.
    """
    transfer = _held(session, report, desk, _LAST_TO)
    if _is_done(transfer, "returned", dispatcher):
        return
    _end(session, transfer, "returned", dispatcher, now(), reason)
    session.connection().execute(_MOVED, {"of": report})
    actor, data = f"dispatcher:{dispatcher}", {"transfer": str(transfer.id)}
    record(session, desk, TRANSFER_RETURNED, actor=actor, report=report, data=data)
    _tell(session, transfer, transfer.from_desk, "returned")


def recall(session: Session, report: UUID, desk: str, dispatcher: str) -> None:
    """Take back what another desk was asked for: by who asked, or by who has the report in hand. Twice is once.

    Raises Refused as `accept`, and as `ask` for somebody else.
    """
    transfer = _held(session, report, desk, _LAST_FROM)
    if _is_done(transfer, "recalled", dispatcher):
        return
    if transfer.dispatcher != dispatcher:
        _in_hand(session.connection().execute(_HANDLER, {"of": report}).scalar_one(), dispatcher)
    _end(session, transfer, "recalled", dispatcher, now())
    session.connection().execute(_MOVED, {"of": report})
    actor, data = f"dispatcher:{dispatcher}", {"transfer": str(transfer.id)}
    record(session, desk, TRANSFER_RECALLED, actor=actor, report=report, data=data)
    _tell(session, transfer, transfer.to_desk, "recalled")


def drop(session: Session, report: UUID, dispatcher: str) -> None:
    """The report is being closed at its desk: nobody else is asked to take it over any more."""
    transfer = session.connection().execute(_OPEN, {"of": report}).one_or_none()
    if transfer is not None:
        _end(session, transfer, "closed", dispatcher, now())
        _tell(session, transfer, transfer.to_desk, "closed")


def is_asked(session: Session, report: UUID) -> bool:
    """Whether another desk is asked to take the report over now."""
    return session.connection().execute(_OPEN, {"of": report}).first() is not None


def _held(session: Session, report: UUID, desk: str, last: Any) -> Row[Any]:
    """The desk's last transfer of a report, once the logs of both desks are held: nobody comes between."""
    while True:
        found = session.connection().execute(last, {"of": report, "at_desk": desk}).one_or_none()
        if found is None:
            raise Refused("report_unknown")
        if not lock_log(session, found.from_desk, found.to_desk):
            return found


def _is_done(transfer: Row[Any], how: Ended, dispatcher: str) -> bool:
    """Whether this dispatcher has done just that before. Raises Refused `transfer_ended` for what else came of it."""
    if transfer.ended_at is None:
        return False
    if (transfer.ended_by, transfer.answered_by) != (how, dispatcher):
        raise Refused("transfer_ended", how=transfer.ended_by, dispatcher=transfer.answered_by)
    return True


def _in_hand(handler: str | None, dispatcher: str) -> None:
    if handler is None:
        raise Refused("not_in_hand")
    if handler != dispatcher:
        raise Refused("handled_by_another", dispatcher=handler)


def _end(
    session: Session, transfer: Row[Any], how: Ended, dispatcher: str, at: datetime, why: str | None = None
) -> None:
    values = {"transfer": transfer.id, "moment": at, "how": how, "who": dispatcher, "why": why}
    session.connection().execute(_END, values)


def _tell(session: Session, transfer: Row[Any], desk: str, how: Ended) -> None:
    """What came of it, in the log of the desk that did not do it."""
    data = {"transfer": str(transfer.id), "how": how}
    record(session, desk, TRANSFER_ENDED, actor="system", report=transfer.report, data=data)
