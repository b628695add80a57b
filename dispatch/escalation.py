"""Escalation (超时升级): what happens when nobody accepts a report in time.

Three steps, at times that each desk can set: the whole desk is told, then its shift leader, then the desk above is
offered the report too. The step reached stands on the report, so a worker that died goes on where it was, two
workers do nothing twice, and a step that was missed is passed over in favour of the one that is due.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import bindparam, case, or_, select
from sqlmodel import Session

from dispatch.events import REPORT_ESCALATED, lock_log
from dispatch.models import TABLES
from dispatch.offering import offer
from dispatch.reports import change

TOLD_DESK: Final = 1
TOLD_LEADER: Final = 2
OFFERED_PARENT: Final = 3

# What is no emergency may wait longer: a fraud is written down after the fact, a tip-off is read when there is time.
PATIENCE: Final = {"quick": 1, "location": 1, "fraud": 4, "tip": 20}
# Nobody is told of what was taken back before anybody had it. Its card waits on, and becomes late this much later.
TAKEN_BACK_PATIENCE: Final = 4

AT_ONCE = 500
# No desk is told sooner than this (seconds): whatever is younger need not be looked at.
SOONEST_S = 1

_REPORT, _DESK = TABLES["report"], TABLES["desk"]
_PARENT, _BEYOND = _DESK.alias("above"), _DESK.alias("beyond")
# The desk above, where it is open. What is practised goes up to who practises, and what is real passes such a desk by.
_ABOVE = case(
    (_PARENT.c.exercise == _REPORT.c.exercise, case((_PARENT.c.open, _PARENT.c.adcode))),
    else_=case((_BEYOND.c.open & (_BEYOND.c.exercise == _REPORT.c.exercise), _BEYOND.c.adcode)),
)
_OVERDUE = (
    select(
        _REPORT.c.id,
        _REPORT.c.kind,
        _REPORT.c.desk,
        _REPORT.c.filed_at,
        _REPORT.c.escalation,
        _ABOVE.label("parent"),
        _DESK.c.tell_desk_s,
        _DESK.c.tell_leader_s,
        _DESK.c.tell_parent_s,
    )
    .join(_DESK, _DESK.c.adcode == _REPORT.c.desk)
    .outerjoin(_PARENT, _PARENT.c.adcode == _DESK.c.parent)
    .outerjoin(_BEYOND, _BEYOND.c.adcode == _PARENT.c.parent)
    .where(
        _REPORT.c.status == "filed",
        _REPORT.c.escalation < OFFERED_PARENT,
        # Where there is no desk above, the second step is the last: it must not crowd out those that have one to go.
        or_(_REPORT.c.escalation < TOLD_LEADER, _ABOVE.is_not(None)),
        _REPORT.c.filed_at <= bindparam("before"),
    )
    .order_by(_REPORT.c.kind.in_(["fraud", "tip"]), _REPORT.c.filed_at)
    .limit(AT_ONCE)
)
_STANDS = select(_REPORT.c.status, _REPORT.c.escalation).where(_REPORT.c.id == bindparam("of"))


@dataclass(frozen=True, slots=True)
class Due:
    """A report that has waited too long, and the step that it has come to."""

    report: UUID
    desk: str
    parent: str | None
    step: int


def patience(kind: str, *, taken_back: bool = False) -> int:
    """By how much longer than an emergency a report may wait."""
    return max(PATIENCE.get(kind, 1), TAKEN_BACK_PATIENCE if taken_back else 1)


def due(session: Session, at: datetime) -> list[Due]:
    """The reports whose next step is due: emergencies before what can wait, those that wait longest first."""
    rows = session.connection().execute(_OVERDUE, {"before": at - timedelta(seconds=SOONEST_S)})
    found = []
    for row in rows:
        waited_s = (at - row.filed_at).total_seconds() / patience(row.kind)
        times = (row.tell_desk_s, row.tell_leader_s, *([row.tell_parent_s] if row.parent else []))
        step = sum(waited_s >= time for time in times)
        if step > row.escalation:
            found.append(Due(row.id, row.desk, row.parent, step))
    return found


def escalate(session: Session, late: Due) -> bool:
    """Take a report to the step that is due; whether it still had to be. Runs as a command of the writer."""
    lock_log(session, late.desk, *([late.parent] if late.parent else []))
    stands = session.connection().execute(_STANDS, {"of": late.report}).one()
    if stands.status != "filed" or stands.escalation >= late.step:
        return False
    if late.step == OFFERED_PARENT and late.parent:
        offer(session, late.report, late.desk, [late.parent], "escalation")
    told = {"step": late.step}
    change(session, late.report, REPORT_ESCALATED, actor="system", data=told, escalation=late.step)
    return True
