"""Where a report goes and how it ends: transfers between desks, outcomes that want a second person, closures."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import Index, text
from sqlmodel import Field

from dispatch.database import Count, UTCDateTime
from dispatch.models.base import Record

_OPEN = text("ended_at IS NULL")
_STANDING = text("reopened_at IS NULL")


class Transfer(Record, table=True):
    """That a desk asks another one to take a report over (移交), and what came of it. One open at a time."""

    __table_args__ = (
        Index("ix_transfer_open", "report", unique=True, sqlite_where=_OPEN, postgresql_where=_OPEN),
        Index("ix_transfer_coming", "to_desk", sqlite_where=_OPEN, postgresql_where=_OPEN),
    )

    id: UUID = Field(primary_key=True)
    report: UUID = Field(foreign_key="report.id", index=True)
    from_desk: str = Field(foreign_key="desk.adcode", max_length=6)
    to_desk: str = Field(foreign_key="desk.adcode", max_length=6)
    dispatcher: str = Field(foreign_key="dispatcher.number")  # who asked
    reason: str  # in their words
    asked_at: datetime = Field(sa_type=UTCDateTime)
    seq: int = Field(sa_type=Count)  # the event of the other desk's log by which its screens show the report
    told: int = Field(default=0)  # how far it was escalated for want of an answer
    ended_at: datetime | None = Field(default=None, sa_type=UTCDateTime)
    ended_by: str | None = None  # accepted | returned | recalled | closed
    answered_by: str | None = Field(default=None, foreign_key="dispatcher.number")  # who ended it
    answer: str | None = None  # why it was returned, in their words


class Proposal(Record, table=True):
    """That a dispatcher would close a report as a false report or as harassment. A second person decides."""

    __table_args__ = (
        Index("ix_proposal_open", "report", unique=True, sqlite_where=_OPEN, postgresql_where=_OPEN),
    )

    id: UUID = Field(primary_key=True)
    report: UUID = Field(foreign_key="report.id", index=True)
    outcome: str  # false_report | harassment
    reason: str
    dispatcher: str = Field(foreign_key="dispatcher.number")
    at: datetime = Field(sa_type=UTCDateTime)
    ended_at: datetime | None = Field(default=None, sa_type=UTCDateTime)
    ended_by: str | None = None  # confirmed | refused | withdrawn | closed
    decided_by: str | None = Field(default=None, foreign_key="dispatcher.number")
    answer: str | None = None  # why it was refused


class Closure(Record, table=True):
    """How a report ended, by whom, why and with what; it stands until the report is opened again."""

    __table_args__ = (
        Index(
            "ix_closure_standing", "report", unique=True, sqlite_where=_STANDING, postgresql_where=_STANDING
        ),
    )

    id: UUID = Field(primary_key=True)
    report: UUID = Field(foreign_key="report.id", index=True)
    outcome: str  # handled | referred | withdrawn | invalid | false_report | harassment
    reason: str | None = None
    dispatcher: str = Field(foreign_key="dispatcher.number")
    second: str | None = Field(default=None, foreign_key="dispatcher.number")  # who confirmed it
    referred_to: str | None = None  # the number that takes it: 12345, or another place's 110
    referred_where: str | None = None  # that place, in words
    caught: int | None = None  # suspects caught (抓获)
    rescued: int | None = None  # injured rescued (救助伤者)
    helped: int | None = None  # people helped (帮助群众)
    at: datetime = Field(sa_type=UTCDateTime)
    reopened_at: datetime | None = Field(default=None, sa_type=UTCDateTime)
