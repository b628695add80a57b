"""A desk's units, who is in them, and where they were sent."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import Index, text
from sqlmodel import Field

from dispatch.database import UTCDateTime
from dispatch.models.base import Record

_STANDS = text("removed_at IS NULL")
_OPEN = text("ended_at IS NULL")
_OUT = text("cleared_at IS NULL")


class Unit(Record, table=True):
    """A unit (警力) of a desk, and where it was last known to be."""

    __table_args__ = (
        Index(
            "ix_unit_call_sign",
            "desk",
            "call_sign",
            unique=True,
            sqlite_where=_STANDS,
            postgresql_where=_STANDS,
        ),
    )

    id: UUID = Field(primary_key=True)
    desk: str = Field(foreign_key="desk.adcode", max_length=6)
    call_sign: str
    kind: str  # car | foot | traffic | station
    in_service: bool = True
    lat: float | None = None  # WGS-84
    lon: float | None = None
    came_lat: float | None = None  # as it came, in `crs`
    came_lon: float | None = None
    crs: str | None = None
    position_source: str | None = None  # manual | scene
    position_at: datetime | None = Field(default=None, sa_type=UTCDateTime)
    dispatcher: str | None = Field(default=None, foreign_key="dispatcher.number")  # who last changed it
    at: datetime = Field(sa_type=UTCDateTime)
    removed_at: datetime | None = Field(default=None, sa_type=UTCDateTime)


class Officer(Record, table=True):
    """A police officer of a desk, known by the police number (警号) alone: no name is kept."""

    __table_args__ = (
        Index(
            "ix_officer_number",
            "desk",
            "number",
            unique=True,
            sqlite_where=_STANDS,
            postgresql_where=_STANDS,
        ),
    )

    id: UUID = Field(primary_key=True)
    desk: str = Field(foreign_key="desk.adcode", max_length=6)
    number: str
    dispatcher: str | None = Field(default=None, foreign_key="dispatcher.number")
    at: datetime = Field(sa_type=UTCDateTime)
    removed_at: datetime | None = Field(default=None, sa_type=UTCDateTime)


class Crew(Record, table=True):
    """That an officer was in a unit, from when until when. One unit at a time."""

    __table_args__ = (
        Index("ix_crew_open", "officer", unique=True, sqlite_where=_OPEN, postgresql_where=_OPEN),
        Index("ix_crew_unit", "unit", "ended_at"),
    )

    id: UUID = Field(primary_key=True)
    unit: UUID = Field(foreign_key="unit.id")
    officer: UUID = Field(foreign_key="officer.id")
    began_at: datetime = Field(sa_type=UTCDateTime)
    ended_at: datetime | None = Field(default=None, sa_type=UTCDateTime)


class Sending(Record, table=True):
    """That a unit was sent (派警) to a report. Out for one at a time, and the database decides."""

    __table_args__ = (
        Index("ix_sending_out", "unit", unique=True, sqlite_where=_OUT, postgresql_where=_OUT),
        Index("ix_sending_report", "report", "sent_at"),
    )

    id: UUID = Field(primary_key=True)
    report: UUID = Field(foreign_key="report.id")
    unit: UUID = Field(foreign_key="unit.id", index=True)
    dispatcher: str = Field(foreign_key="dispatcher.number")
    sent_at: datetime = Field(sa_type=UTCDateTime)
    on_scene_at: datetime | None = Field(default=None, sa_type=UTCDateTime)
    on_scene_by: str | None = Field(default=None, foreign_key="dispatcher.number")
    cleared_at: datetime | None = Field(default=None, sa_type=UTCDateTime)
    cleared_by: str | None = Field(default=None, foreign_key="dispatcher.number")
    feedback: str | None = None  # what the unit said was done, in the dispatcher's words
