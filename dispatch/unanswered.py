"""Transfers that nobody answers. The times of the desk that is asked hold, as for a report that nobody accepts: the
whole desk is told, then its shift leader, and then the desk that asked, which has the report in hand all the while.

The step reached stands on the transfer, in the transaction of its events: a worker that died goes on where it was, and
two workers do nothing twice.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy import bindparam, select, update
from sqlmodel import Session

from dispatch.escalation import AT_ONCE, PATIENCE
from dispatch.events import TRANSFER_UNANSWERED, lock_log, record
from dispatch.models import TABLES

TOLD_ASKER: Final = 3

_TRANSFER, _REPORT, _DESK = TABLES["transfer"], TABLES["report"], TABLES["desk"]

# Statements are built once: building one costs three times as much as running it.
_OPEN = (
    select(
        _TRANSFER.c.id,
        _TRANSFER.c.report,
        _TRANSFER.c.from_desk,
        _TRANSFER.c.to_desk,
        _TRANSFER.c.asked_at,
        _TRANSFER.c.told,
        _REPORT.c.kind,
        _DESK.c.tell_desk_s,
        _DESK.c.tell_leader_s,
        _DESK.c.tell_parent_s,
    )
    .join(_REPORT, _REPORT.c.id == _TRANSFER.c.report)
    .join(_DESK, _DESK.c.adcode == _TRANSFER.c.to_desk)
    .where(_TRANSFER.c.ended_at.is_(None), _TRANSFER.c.told < TOLD_ASKER)
    .order_by(_TRANSFER.c.asked_at)
    .limit(AT_ONCE)
)
_TELL = (
    update(_TRANSFER)
    .where(
        _TRANSFER.c.id == bindparam("transfer"),
        _TRANSFER.c.ended_at.is_(None),
        _TRANSFER.c.told < bindparam("step"),
    )
    .values(told=bindparam("step"))
    .returning(_TRANSFER.c.id)
)
_MOVED = update(_REPORT).where(_REPORT.c.id == bindparam("of")).values(handled=_REPORT.c.handled + 1)


@dataclass(frozen=True, slots=True)
class Unanswered:
    """A transfer that has waited too long, and the step that it has come to."""

    transfer: UUID
    report: UUID
    from_desk: str
    to_desk: str
    step: int


def due(session: Session, at: datetime) -> list[Unanswered]:
    """The transfers whose next step is due, those that wait longest first."""
    found = []
    for row in session.connection().execute(_OPEN):
        waited_s = (at - row.asked_at).total_seconds() / PATIENCE.get(row.kind, 1)
        step = sum(waited_s >= time for time in (row.tell_desk_s, row.tell_leader_s, row.tell_parent_s))
        if step > row.told:
            found.append(Unanswered(row.id, row.report, row.from_desk, row.to_desk, step))
    return found


def tell(session: Session, late: Unanswered) -> bool:
    """Take a transfer to the step that is due; whether it still had to be. Runs as a command of the writer."""
    lock_log(session, late.from_desk, late.to_desk)
    reached = {"transfer": late.transfer, "step": late.step}
    if session.connection().execute(_TELL, reached).first() is None:
        return False
    session.connection().execute(_MOVED, {"of": late.report})
    data = {"transfer": str(late.transfer), "step": late.step}
    for desk in sorted((late.from_desk, late.to_desk)):
        record(session, desk, TRANSFER_UNANSWERED, actor="system", report=late.report, data=data)
    return True
