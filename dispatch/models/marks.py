"""That a person is marked as a nuisance (标记滋扰), and what they said to it."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import Index, text
from sqlmodel import Field

from dispatch.database import UTCDateTime
from dispatch.models.base import Record

_STANDING = text("ended_at IS NULL")


class Mark(Record, table=True):
    """A shift leader marked a person, from one of their reports on, until a day. One stands a person."""

    __table_args__ = (
        Index(
            "ix_mark_standing", "reporter", unique=True, sqlite_where=_STANDING, postgresql_where=_STANDING
        ),
        Index("ix_mark_desk", "desk", "appealed_at"),
    )

    id: UUID = Field(primary_key=True)
    reporter: UUID = Field(foreign_key="reporter.id", index=True)
    report: UUID = Field(foreign_key="report.id", index=True)
    desk: str = Field(foreign_key="desk.adcode", max_length=6)
    dispatcher: str = Field(foreign_key="dispatcher.number")
    category: str  # harassment | false_report | empty: what the person is told
    reason: str  # for the desk alone
    at: datetime = Field(sa_type=UTCDateTime)
    until: datetime = Field(sa_type=UTCDateTime)
    appealed_at: datetime | None = Field(default=None, sa_type=UTCDateTime)
    appeal: str | None = None  # in the reporter's words
    answered_at: datetime | None = Field(default=None, sa_type=UTCDateTime)
    answered_by: str | None = Field(default=None, foreign_key="dispatcher.number")
    answer: str | None = None  # why it was upheld or lifted; for the desk alone
    upheld: bool | None = None
    ended_at: datetime | None = Field(default=None, sa_type=UTCDateTime)
    ended_by: str | None = None  # expired | removed | lifted
    removed_by: str | None = Field(default=None, foreign_key="dispatcher.number")
    end_reason: str | None = None  # why it was taken away
