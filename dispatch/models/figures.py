"""Figures: what was counted of the reports, and how far in each desk's log."""

from sqlalchemy import Index, Text, text
from sqlmodel import Field

from dispatch.database import Count
from dispatch.models.base import Record
from dispatch.models.reporters import Reporter
from dispatch.models.reports import Report


class Tally(Record, table=True):
    """The counts of one span of time at a desk, or in an area with all its desks (`dispatch.tallies`).

    One row a span and not one a count: an hour of a desk has some fifty different counts, and a year would have more
    rows of them than reports.
    """

    generation: int = Field(primary_key=True, sa_type=Count)
    area: str = Field(
        primary_key=True, max_length=6
    )  # a desk's adcode; of an area, what its adcodes begin with
    span: int = Field(primary_key=True, sa_type=Count)  # `dispatch.spans`
    counts: str = Field(sa_type=Text)


class TallyCursor(Record, table=True):
    """How far a desk's log is counted."""

    __tablename__ = "tally_cursor"

    desk: str = Field(primary_key=True, foreign_key="desk.adcode", max_length=6)
    seq: int = Field(default=0, sa_type=Count)


class TallyRound(Record, table=True):
    """One row: how often the counts have moved, by which two who count know of each other; and which rows hold now."""

    __tablename__ = "tally_round"

    id: int = Field(default=1, primary_key=True)
    n: int = Field(default=0, sa_type=Count)
    generation: int = Field(default=0, sa_type=Count)


# Who harasses again and again is looked for among few people and few reports (`dispatch.repeats`).
_HARASSMENT, _MANY = text("outcome = 'harassment'"), text("invalid_reports >= 10")
Index(
    "ix_report_harassment",
    *(Report.__table__.c[name] for name in ("reporter", "filed_at", "desk")),  # type: ignore[attr-defined]  # SQLModel's
    sqlite_where=_HARASSMENT,
    postgresql_where=_HARASSMENT,
)
Index(
    "ix_reporter_often_invalid",
    Reporter.__table__.c.id,  # type: ignore[attr-defined]  # SQLModel's
    sqlite_where=_MANY,
    postgresql_where=_MANY,
)
