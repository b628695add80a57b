"""How fast a desk accepts."""

import statistics

from sqlalchemy import select
from sqlmodel import Session

from dispatch.exercises import is_real
from dispatch.models import TABLES

_ACKNOWLEDGEMENT, _REPORT = TABLES["acknowledgement"], TABLES["report"]

SAMPLE = 50


def usual_acceptance_s(session: Session, desk: str) -> float | None:
    """The median time from filing to acceptance of the desk's latest reports, in seconds; None when it has none."""
    rows = session.connection().execute(
        select(_ACKNOWLEDGEMENT.c.at, _REPORT.c.filed_at)
        .join(_REPORT, _REPORT.c.id == _ACKNOWLEDGEMENT.c.report)
        .where(_REPORT.c.desk == desk, _ACKNOWLEDGEMENT.c.desk == desk, is_real(_REPORT))
        .order_by(_REPORT.c.filed_at.desc())
        .limit(SAMPLE)
    )
    times = [(row.at - row.filed_at).total_seconds() for row in rows]
    return round(statistics.median(times), 1) if times else None
