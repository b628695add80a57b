"""The conversation about a report."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import Column, UniqueConstraint
from sqlmodel import Field

from dispatch.database import JSONText, UTCDateTime
from dispatch.models.base import Record


class Message(Record, table=True):
    """One line of the conversation about a report."""

    __table_args__ = (UniqueConstraint("report", "author", "client_id"),)

    id: UUID = Field(primary_key=True)
    report: UUID = Field(foreign_key="report.id")
    client_id: str
    author: str  # reporter | dispatcher | system
    dispatcher: str | None = Field(default=None, foreign_key="dispatcher.number")
    text: str
    version: int = Field(
        default=0, sa_column_kwargs={"server_default": "0"}
    )  # the report's that first showed it
    at: datetime = Field(sa_type=UTCDateTime)


class Request(Record, table=True):
    """What a dispatcher asks of the reporter: a position, a photo, a video, or an answer to a question."""

    __table_args__ = (UniqueConstraint("report", "client_id"),)

    id: UUID = Field(primary_key=True)
    report: UUID = Field(foreign_key="report.id")
    client_id: str
    dispatcher: str = Field(foreign_key="dispatcher.number")
    kind: str  # location | photo | video | answer
    text: str
    answers: list[str] = Field(sa_column=Column(JSONText, nullable=False))  # to be tapped; none: free words
    version: int  # the report's version that first showed it
    at: datetime = Field(sa_type=UTCDateTime)
    answer: str | None = None
    answered_at: datetime | None = Field(default=None, sa_type=UTCDateTime)
