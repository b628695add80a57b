"""The figures of this moment: what waits, since when, and what is in progress. Read from the reports themselves."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import bindparam, func, select
from sqlmodel import Session

from dispatch.exercises import is_real
from dispatch.models import TABLES
from dispatch.states import OPEN

_REPORT, _OFFERING = TABLES["report"], TABLES["offering"]
_IN_PROGRESS = tuple(status for status in OPEN if status != "filed")

# Each is a walk along an index: however many reports are closed, only those that are open are looked at.
_OWN = select(func.count(), func.min(_REPORT.c.filed_at)).where(
    _REPORT.c.desk == bindparam("of"), _REPORT.c.status == "filed", is_real(_REPORT)
)
_OFFERED = (
    select(func.count(), func.min(_REPORT.c.filed_at))
    .select_from(_OFFERING)
    .join(_REPORT, _REPORT.c.id == _OFFERING.c.report)
    .where(_OFFERING.c.desk == bindparam("of"), is_real(_REPORT))
)
_OPEN = (
    select(_REPORT.c.desk, func.count().label("n"))
    .where(
        _REPORT.c.desk.in_(bindparam("desks", expanding=True)),
        _REPORT.c.status.in_(bindparam("states", expanding=True)),
        is_real(_REPORT),
    )
    .group_by(_REPORT.c.desk)
)
# Of all desks together.
_OWN_ALL = (
    select(_REPORT.c.desk, func.count().label("n"))
    .where(_REPORT.c.status == "filed", is_real(_REPORT))
    .group_by(_REPORT.c.desk)
)
_OFFERED_ALL = (
    select(_OFFERING.c.desk, func.count().label("n"))
    .select_from(_OFFERING)
    .join(_REPORT, _REPORT.c.id == _OFFERING.c.report)
    .where(is_real(_REPORT))
    .group_by(_OFFERING.c.desk)
)


@dataclass(frozen=True, slots=True)
class Moment:
    """Of one desk: what waits at it (its own, and what it is offered), since when the first does, what it works on."""

    waiting: int
    oldest: datetime | None
    in_progress: int


def at_desk(session: Session, desk: str) -> Moment:
    """How it stands at a desk now."""
    connection = session.connection()
    own, offered = (connection.execute(statement, {"of": desk}).one() for statement in (_OWN, _OFFERED))
    since = [first for _, first in (own, offered) if first is not None]
    in_progress = _open(session, [desk], _IN_PROGRESS).get(desk, 0)
    return Moment(own[0] + offered[0], min(since, default=None), in_progress)


def waiting_everywhere(session: Session) -> dict[str, int]:
    """How many wait at each desk now, its own and what it is offered; a desk with none is left out."""
    found: dict[str, int] = {}
    for statement in (_OWN_ALL, _OFFERED_ALL):
        for row in session.connection().execute(statement):
            found[row.desk] = found.get(row.desk, 0) + row.n
    return found


def open_at(session: Session, desks: Sequence[str]) -> dict[str, int]:
    """How many reports are open at each of these desks now; a desk with none is left out."""
    return _open(session, desks, OPEN)


def _open(session: Session, desks: Sequence[str], states: Sequence[str]) -> dict[str, int]:
    rows = session.connection().execute(_OPEN, {"desks": list(desks), "states": list(states)})
    return {row.desk: row.n for row in rows}
