"""How long reports are kept, what was removed of them, and what may not be removed."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Column, Index, UniqueConstraint, text
from sqlmodel import Field

from dispatch.database import JSONText, UTCDateTime
from dispatch.models.base import Record

_STANDS = text("ended_at IS NULL")
_PENDING = text("files_gone_at IS NULL")
_HOLDS = text("lifted_at IS NULL")


class RetentionRule(Record, table=True):
    """How many days a closed report is kept (保存期限); of a kind or an outcome, or, both null, of any."""

    __tablename__ = "retention_rule"
    __table_args__ = (
        Index("ix_retention_rule_stands", "kind", "outcome", sqlite_where=_STANDS, postgresql_where=_STANDS),
    )

    id: UUID = Field(primary_key=True)
    kind: str | None = None  # quick | location | fraud | tip; exercise: of whatever kind, but practised
    outcome: str | None = None
    days: int  # since it was closed
    actor: str | None = None  # who set it, as in the event; none: came with us
    at: datetime = Field(sa_type=UTCDateTime)
    ended_at: datetime | None = Field(default=None, sa_type=UTCDateTime)


class Removal(Record, table=True):
    """That the content of a report was removed: by which rule, when, by whom, how much. Nothing of what it was."""

    __table_args__ = (
        UniqueConstraint("report"),
        Index("ix_removal_pending", "at", sqlite_where=_PENDING, postgresql_where=_PENDING),
    )

    id: UUID = Field(primary_key=True)
    report: UUID = Field(foreign_key="report.id")
    number: str = Field(index=True)
    desk: str = Field(foreign_key="desk.adcode", max_length=6, index=True)
    rule: str  # "*" | "kind" | "*/outcome" | "kind/outcome"
    days: int
    closed_at: datetime = Field(sa_type=UTCDateTime)  # from when they were counted
    actor: str  # system | operator:<login>
    counts: dict[str, Any] = Field(sa_column=Column(JSONText, nullable=False))  # by table, and bytes of media
    at: datetime = Field(sa_type=UTCDateTime, index=True)
    files_gone_at: datetime | None = Field(
        default=None, sa_type=UTCDateTime
    )  # the media store has nothing of it


class Hold(Record, table=True):
    """A legal hold (证据保全): nothing of a report, an incident or a person is removed until it is lifted."""

    __table_args__ = (
        Index("ix_hold_of_report", "report", sqlite_where=_HOLDS, postgresql_where=_HOLDS),
        Index("ix_hold_of_incident", "incident", sqlite_where=_HOLDS, postgresql_where=_HOLDS),
        Index("ix_hold_of_reporter", "reporter", sqlite_where=_HOLDS, postgresql_where=_HOLDS),
    )

    id: UUID = Field(primary_key=True)
    on: str  # report | incident | person
    report: UUID = Field(foreign_key="report.id", index=True)  # by which it was put
    incident: UUID | None = Field(default=None, foreign_key="incident.id")
    reporter: UUID | None = Field(default=None, foreign_key="reporter.id")
    desk: str = Field(foreign_key="desk.adcode", max_length=6)  # in whose log it stands
    actor: str
    reason: str
    at: datetime = Field(sa_type=UTCDateTime)
    lifted_at: datetime | None = Field(default=None, sa_type=UTCDateTime)
    lifted_by: str | None = None
    answer: str | None = None  # why it was lifted
