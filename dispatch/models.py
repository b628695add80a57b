"""The tables. A row is a record of something that was, is or was done; rules stand in the modules beside."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Column, ForeignKey, Index, LargeBinary, Table, UniqueConstraint, text
from sqlmodel import Field, SQLModel

from dispatch.database import Count, JSONText, UTCDateTime

NAMES = {
    "ix": "ix_%(table_name)s_%(column_0_name)s",
    "uq": "uq_%(table_name)s_%(column_0_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s",
    "pk": "pk_%(table_name)s",
}
SQLModel.metadata.naming_convention = NAMES


class Installation(SQLModel, table=True):
    """One row: which database this is. Another epoch means that cursors of old mean nothing here."""

    id: int = Field(default=1, primary_key=True)
    epoch: UUID
    made_at: datetime = Field(sa_type=UTCDateTime)


class Desk(SQLModel, table=True):
    """A local call desk (110报警服务台), by its six-digit administrative code."""

    adcode: str = Field(primary_key=True, max_length=6)
    level: str  # province | city | county
    parent: str | None = Field(default=None, foreign_key="desk.adcode")
    name: str
    name_en: str
    open: bool = False
    sms: str = "12110"
    # Seconds that a report may wait before the whole desk, the shift leader, the desk above are told of it.
    tell_desk_s: int = Field(default=15, sa_column_kwargs={"server_default": "15"})
    tell_leader_s: int = Field(default=30, sa_column_kwargs={"server_default": "30"})
    tell_parent_s: int = Field(default=60, sa_column_kwargs={"server_default": "60"})


class DeskHead(SQLModel, table=True):
    """Where a desk's event log ends. Raised in the transaction of the event, so it has no gaps.

    Apart from `Desk`, since this row is written with every event and that one hardly ever.
    """

    __tablename__ = "desk_head"

    desk: str = Field(primary_key=True, foreign_key="desk.adcode", max_length=6)
    seq: int = Field(default=0, sa_type=Count)
    hash: bytes = Field(default=b"\0" * 32, sa_type=LargeBinary)
    numbered_on: str = ""  # the local day, YYYYMMDD, that `numbered` counts reports of
    numbered: int = 0


class Event(SQLModel, table=True):
    """What changed, who changed it. Outbox, audit and replay in one; holds references, never personal words."""

    desk: str = Field(primary_key=True, foreign_key="desk.adcode", max_length=6)
    seq: int = Field(primary_key=True, sa_type=Count)
    at: datetime = Field(sa_type=UTCDateTime)
    kind: str
    report: UUID | None = Field(default=None, index=True)
    reporter: UUID | None = None
    actor: str
    data: dict[str, Any] = Field(sa_column=Column(JSONText, nullable=False))
    hash: bytes = Field(sa_type=LargeBinary)


class Reporter(SQLModel, table=True):
    """A person who reports (报警人). Phone, name and identity number are sealed; indexes are keyed digests."""

    id: UUID = Field(primary_key=True)
    phone: bytes = Field(sa_type=LargeBinary)
    phone_index: bytes = Field(sa_type=LargeBinary, unique=True)
    phone_masked: str
    identity: str = "none"  # none | verified
    name: bytes | None = Field(default=None, sa_type=LargeBinary)
    name_masked: str | None = None
    id_number: bytes | None = Field(default=None, sa_type=LargeBinary)
    id_number_index: bytes | None = Field(default=None, sa_type=LargeBinary, index=True)
    verified_at: datetime | None = Field(default=None, sa_type=UTCDateTime)
    hearing_speech_impaired: bool = False
    language: str = "zh-CN"
    reports: int = 0
    invalid_reports: int = 0
    made_at: datetime = Field(sa_type=UTCDateTime)
    duress_word: bytes | None = Field(default=None, sa_type=LargeBinary)  # sealed; the reporter's own
    closed_at: datetime | None = Field(
        default=None, sa_type=UTCDateTime
    )  # the reporter wants no account any more
    erased_at: datetime | None = Field(default=None, sa_type=UTCDateTime)  # and nothing sealed is left
    corrected_at: datetime | None = Field(
        default=None, sa_type=UTCDateTime
    )  # the latest `FormerIdentity` was replaced


class FormerIdentity(SQLModel, table=True):
    """What a reporter was known by until they corrected it: a phone, or a name with its number. Reports filed before
    are told by it."""

    __tablename__ = "former_identity"

    id: UUID = Field(primary_key=True)
    reporter: UUID = Field(foreign_key="reporter.id", index=True)
    phone: bytes | None = Field(default=None, sa_type=LargeBinary)
    phone_masked: str | None = None
    name: bytes | None = Field(default=None, sa_type=LargeBinary)
    name_masked: str | None = None
    id_number: bytes | None = Field(default=None, sa_type=LargeBinary)
    id_number_index: bytes | None = Field(default=None, sa_type=LargeBinary, index=True)
    verified_at: datetime | None = Field(default=None, sa_type=UTCDateTime)
    replaced_at: datetime = Field(sa_type=UTCDateTime)


class Consent(SQLModel, table=True):
    """That a reporter agreed to one purpose of processing, or took that back: a row each time, none ever changed."""

    id: UUID = Field(primary_key=True)
    reporter: UUID = Field(foreign_key="reporter.id", index=True)
    purpose: str
    wording: str  # which edition of the notice was read
    given: bool
    at: datetime = Field(sa_type=UTCDateTime)


class PhoneCode(SQLModel, table=True):
    """The latest code sent to a phone; one a phone, digested, with few tries."""

    __tablename__ = "phone_code"

    phone_index: bytes = Field(primary_key=True, sa_type=LargeBinary)
    code_digest: bytes = Field(sa_type=LargeBinary)
    sent_at: datetime = Field(sa_type=UTCDateTime)
    expires_at: datetime = Field(sa_type=UTCDateTime)
    tries: int = 0


class ReporterSession(SQLModel, table=True):
    """A reporter's session: only the digest of its token is kept, and it can be revoked."""

    __tablename__ = "reporter_session"

    token_digest: bytes = Field(primary_key=True, sa_type=LargeBinary)
    reporter: UUID = Field(foreign_key="reporter.id", index=True)
    made_at: datetime = Field(sa_type=UTCDateTime)
    expires_at: datetime = Field(sa_type=UTCDateTime, index=True)
    revoked_at: datetime | None = Field(default=None, sa_type=UTCDateTime, index=True)
    device: str = Field(
        default="", sa_column_kwargs={"server_default": ""}
    )  # system and browser, a word each: "android wechat"
    seen_at: datetime | None = Field(default=None, sa_type=UTCDateTime)  # its last use, to the hour


class Dispatcher(SQLModel, table=True):
    """Someone with an account at a desk. `desk` is null for an auditor and an administrator."""

    number: str = Field(primary_key=True, max_length=16)
    role: str  # dispatcher | shift_leader | auditor | admin
    desk: str | None = Field(default=None, foreign_key="desk.adcode")
    password: str
    totp_secret: bytes | None = Field(default=None, sa_type=LargeBinary)
    totp_used: int = 0
    disabled_at: datetime | None = Field(default=None, sa_type=UTCDateTime)


class ConsoleSession(SQLModel, table=True):
    """A dispatcher's signed-in session, server-side, with its CSRF token."""

    __tablename__ = "console_session"

    token_digest: bytes = Field(primary_key=True, sa_type=LargeBinary)
    dispatcher: str = Field(foreign_key="dispatcher.number", index=True)
    csrf: str
    made_at: datetime = Field(sa_type=UTCDateTime)
    expires_at: datetime = Field(sa_type=UTCDateTime)
    revoked_at: datetime | None = Field(default=None, sa_type=UTCDateTime)


class Report(SQLModel, table=True):
    """What one reporter sends (警情). It has one current desk; `version` grows with what the reporter may see."""

    __table_args__ = (
        UniqueConstraint("reporter", "idempotency_key"),
        Index("ix_report_desk_status", "desk", "status", "filed_at"),
        Index("ix_report_reporter_filed_at", "reporter", "filed_at"),
        Index(
            "ix_report_waiting",
            "filed_at",
            sqlite_where=text("status = 'filed'"),
            postgresql_where=text("status = 'filed'"),
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
    written_at: datetime | None = Field(default=None, sa_type=UTCDateTime)  # by the phone's clock
    filed_at: datetime = Field(sa_type=UTCDateTime)
    filed_seq: int = Field(sa_type=Count)
    escalation: int = 0
    outcome: str | None = None
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


class LocationCode(SQLModel, table=True):
    """What someone on the telephone with 110 reads out so that the call-taker finds the position they sent."""

    __tablename__ = "location_code"

    code: str = Field(primary_key=True, max_length=8)
    report: UUID = Field(foreign_key="report.id", unique=True)
    expires_at: datetime = Field(sa_type=UTCDateTime)


class Offering(SQLModel, table=True):
    """A waiting report that another desk is offered too; gone once anybody accepts it or it is taken back."""

    report: UUID = Field(sa_column=Column(ForeignKey("report.id"), primary_key=True))
    desk: str = Field(primary_key=True, foreign_key="desk.adcode", max_length=6, index=True)
    why: str  # border | escalation
    at: datetime = Field(sa_type=UTCDateTime)


class Acknowledgement(SQLModel, table=True):
    """The dispatcher's acceptance (接收). The report is its primary key: at most one, and the database decides."""

    report: UUID = Field(sa_column=Column(ForeignKey("report.id"), primary_key=True))
    desk: str = Field(foreign_key="desk.adcode", max_length=6)
    dispatcher: str = Field(foreign_key="dispatcher.number")
    at: datetime = Field(sa_type=UTCDateTime)
    version: int  # the report's version that first showed it
    receipt: str
    shown_at: datetime | None = Field(default=None, sa_type=UTCDateTime)  # the reporter's screen showed it


class Location(SQLModel, table=True):
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


class Message(SQLModel, table=True):
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


class Request(SQLModel, table=True):
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


class Media(SQLModel, table=True):
    """A photo, video or voice note of a report; the bytes stand in the store under its id."""

    __table_args__ = (UniqueConstraint("report", "client_id"),)

    id: UUID = Field(primary_key=True)
    report: UUID = Field(foreign_key="report.id")
    client_id: str
    kind: str  # photo | video | voice
    filename: str
    content_type: str
    length: int = Field(sa_type=Count)
    state: str = "uploading"  # uploading | ready | rejected | removed
    sha256: bytes | None = Field(default=None, sa_type=LargeBinary)
    width: int | None = None
    height: int | None = None
    refused: str | None = None  # the problem code of a rejected one
    duration_ms: int | None = None  # of a video or a voice note
    waveform: bytes | None = Field(default=None, sa_type=LargeBinary)  # of a voice note: how loud, 0 to 255
    taken_at: datetime | None = Field(default=None, sa_type=UTCDateTime)  # what the camera wrote into it
    taken_lat: float | None = None  # WGS-84
    taken_lon: float | None = None
    begun_at: datetime = Field(sa_type=UTCDateTime)
    stored_at: datetime | None = Field(default=None, sa_type=UTCDateTime)


class MediaView(SQLModel, table=True):
    """A dispatcher has looked at a medium in this session of theirs; its event stands in the log."""

    __tablename__ = "media_view"

    media: UUID = Field(primary_key=True)
    session: bytes = Field(primary_key=True, sa_type=LargeBinary)  # the digest of the console session's token
    at: datetime = Field(sa_type=UTCDateTime)


TABLES: Mapping[str, Table] = SQLModel.metadata.tables
"""The tables by name, for statements that do without the ORM: the hot ways of a report do."""
