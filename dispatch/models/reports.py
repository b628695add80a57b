"""Reports, and who has to do with them."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Column, ForeignKey, Index, LargeBinary, UniqueConstraint, false, text
from sqlmodel import Field

from dispatch.database import Count, JSONText, UTCDateTime
from dispatch.models.base import Record


class Report(Record, table=True):
    """What one reporter sends (警情). It has one current desk; `version` grows with what the reporter may see."""

    __table_args__ = (
        UniqueConstraint("reporter", "idempotency_key"),
        Index("ix_report_desk_status", "desk", "status", "filed_at"),
        Index("ix_report_reporter_filed_at", "reporter", "filed_at"),
        Index("ix_report_desk_filed_at", "desk", "filed_at", "id"),
        Index(
            "ix_report_waiting",
            "filed_at",
            sqlite_where=text("status = 'filed'"),
            postgresql_where=text("status = 'filed'"),
        ),
        Index(
            "ix_report_incident",
            "incident",
            sqlite_where=text("incident IS NOT NULL"),
            postgresql_where=text("incident IS NOT NULL"),
        ),
        Index(
            "ix_report_kept",
            "closed_at",
            sqlite_where=text("status = 'closed' AND removed_at IS NULL"),
            postgresql_where=text("status = 'closed' AND removed_at IS NULL"),
        ),
    )

    id: UUID = Field(primary_key=True)
    number: str = Field(unique=True)
    desk: str = Field(foreign_key="desk.adcode", max_length=6)
    reporter: UUID = Field(foreign_key="reporter.id")
    idempotency_key: UUID
    body_digest: bytes = Field(sa_type=LargeBinary)
    version: int = 1
    status: str = "filed"
    kind: str
    category: str | None = None
    text: str
    covert: bool = False
    place_text: str | None = None
    lat: float | None = None  # WGS-84
    lon: float | None = None
    came_lat: float | None = None  # as it came, in `crs`
    came_lon: float | None = None
    crs: str | None = None
    accuracy_m: float | None = None
    position_source: str | None = None
    position_at: datetime | None = Field(default=None, sa_type=UTCDateTime)
    notes: list[str] = Field(sa_column=Column(JSONText, nullable=False))
    media_expected: int = 0
    fraud: dict[str, Any] | None = Field(default=None, sa_column=Column(JSONText, nullable=True))
    deed: dict[str, Any] | None = Field(
        default=None, sa_column=Column(JSONText, nullable=True)
    )  # when and where it happened, apart from the reporter's own time and place
    written_at: datetime | None = Field(
        default=None, sa_type=UTCDateTime
    )  # on the phone, in the server's time; where it is known
    filed_at: datetime = Field(sa_type=UTCDateTime)
    filed_seq: int = Field(sa_type=Count)
    handler: str | None = None  # the number of the dispatcher who has it in hand now, as `handling` says
    handled: int = Field(default=0, sa_column_kwargs={"server_default": "0"})  # how often that changed
    incident: UUID | None = Field(
        default=None, foreign_key="incident.id"
    )  # the event that it is one of several of
    sent: int = Field(
        default=0, sa_column_kwargs={"server_default": "0"}
    )  # how often a unit was sent to it, arrived or became clear
    dispatched_at: datetime | None = Field(default=None, sa_type=UTCDateTime)  # the first unit was sent
    on_scene_at: datetime | None = Field(default=None, sa_type=UTCDateTime)  # the first arrived
    units_told: str | None = None  # how far its reporter may read of that: dispatched | on_scene
    escalation: int = 0
    outcome: str | None = None  # of a closed one
    closed_at: datetime | None = Field(default=None, sa_type=UTCDateTime)
    withdrawn_at: datetime | None = Field(default=None, sa_type=UTCDateTime)
    withdrawn_reason: str | None = None
    reporter_saw: int = Field(
        default=0, sa_column_kwargs={"server_default": "0"}
    )  # the newest version that the reporter's screen has shown
    desk_saw: int = Field(
        default=0, sa_column_kwargs={"server_default": "0"}
    )  # the newest version that a dispatcher had in hand on a screen
    duress_at: datetime | None = Field(default=None, sa_type=UTCDateTime)  # a duress word was first said
    duress_said: int = Field(default=0, sa_column_kwargs={"server_default": "0"})  # how often it was said
    duress_heard: int = Field(
        default=0, sa_column_kwargs={"server_default": "0"}
    )  # how many of these a dispatcher has acknowledged
    exercise: bool = Field(
        default=False, sa_column_kwargs={"server_default": false()}
    )  # practised, at a desk that practises: no word of it is true
    removed_at: datetime | None = Field(
        default=None, sa_type=UTCDateTime
    )  # its time was over: the content is gone (`dispatch.removing`)


class LocationCode(Record, table=True):
    """What someone on the telephone with 110 reads out so that the call-taker finds the position they sent."""

    __tablename__ = "location_code"

    code: str = Field(primary_key=True, max_length=8)
    report: UUID = Field(foreign_key="report.id", unique=True)
    expires_at: datetime = Field(sa_type=UTCDateTime)


class Offering(Record, table=True):
    """A waiting report that another desk is offered too; gone once anybody accepts it or it is taken back."""

    report: UUID = Field(sa_column=Column(ForeignKey("report.id"), primary_key=True))
    desk: str = Field(primary_key=True, foreign_key="desk.adcode", max_length=6, index=True)
    why: str  # border | escalation
    at: datetime = Field(sa_type=UTCDateTime)


class Acknowledgement(Record, table=True):
    """The dispatcher's acceptance (接收). The report is its primary key: at most one, and the database decides."""

    report: UUID = Field(sa_column=Column(ForeignKey("report.id"), primary_key=True))
    desk: str = Field(foreign_key="desk.adcode", max_length=6)
    dispatcher: str = Field(foreign_key="dispatcher.number")
    at: datetime = Field(sa_type=UTCDateTime)
    version: int  # the report's version that first showed it
    receipt: str
    shown_at: datetime | None = Field(default=None, sa_type=UTCDateTime)  # the reporter's screen showed it


class Location(Record, table=True):
    """A position the reporter sent after filing; the one filed with stays on the report, never overwritten."""

    id: UUID = Field(primary_key=True)
    report: UUID = Field(foreign_key="report.id", index=True)
    lat: float
    lon: float
    came_lat: float
    came_lon: float
    crs: str
    accuracy_m: float | None = None
    source: str
    at: datetime = Field(sa_type=UTCDateTime)
    stored_at: datetime = Field(sa_type=UTCDateTime)
