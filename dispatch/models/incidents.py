"""Incidents: several reports of one event."""

from datetime import datetime
from uuid import UUID

from sqlmodel import Field

from dispatch.database import UTCDateTime
from dispatch.models.base import Record


class Incident(Record, table=True):
    """One event (事件) that several people have reported. Which reports are of it stands on the reports."""

    id: UUID = Field(primary_key=True)
    desk: str = Field(foreign_key="desk.adcode", max_length=6, index=True)
    number: str = Field(unique=True)  # that of the report it began with, with `E` before it
    dispatcher: str = Field(foreign_key="dispatcher.number")  # who linked the first two
    at: datetime = Field(sa_type=UTCDateTime)
    ended_at: datetime | None = Field(default=None, sa_type=UTCDateTime)  # no two reports are of it any more
