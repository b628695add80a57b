"""People who harass again and again: how many, never who.

No sum of hours gives it: somebody with six reports in spring and six in autumn is one person with twelve. So it is
counted over the reports themselves, and only over those of the few who can be among them: whoever has so many reports
of one outcome has as many that count against them (`reporter.invalid_reports`), and indexes hold just these.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from sqlalchemy import case, func, select, text, true
from sqlmodel import Session

from dispatch.exercises import is_real
from dispatch.models import TABLES

OFTEN: Final = 10

_REPORT, _REPORTER = TABLES["report"], TABLES["reporter"]
# Literals, as the indexes have them: a database takes a partial index only for the very same words.
_HARASSING = text("report.outcome = 'harassment'")
_CAN_BE = text(f"reporter.invalid_reports >= {OFTEN}")


def people(
    session: Session,
    desks: Sequence[str] | None,
    since: datetime | None = None,
    until: datetime | None = None,
) -> int:
    """How many people have `OFTEN` or more reports that ended as harassment, at these desks (None: anywhere), filed in
    that time."""
    # Which desk is asked of what was found: asked before, a database would walk along all reports of the desks.
    counts = func.sum(case((true() if desks is None else _REPORT.c.desk.in_(desks), 1), else_=0))
    often = (
        select(_REPORT.c.reporter)
        .join(_REPORTER, _REPORTER.c.id == _REPORT.c.reporter)
        .where(
            _HARASSING,
            _CAN_BE,
            is_real(_REPORT),
            true() if since is None else _REPORT.c.filed_at >= since,
            true() if until is None else _REPORT.c.filed_at < until,
        )
        .group_by(_REPORT.c.reporter)
        .having(counts >= OFTEN)
        .subquery()
    )
    return int(session.connection().execute(select(func.count()).select_from(often)).scalar_one())
