"""The desk's own work: who handles a report, shifts, notes, the scene, and the words that a desk has ready."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import Column, Index, UniqueConstraint, text
from sqlmodel import Field

from dispatch.database import JSONText, UTCDateTime
from dispatch.models.base import Record

_OPEN = text("ended_at IS NULL")


class Handling(Record, table=True):
    """That a dispatcher had a report in hand, from when until when, and how it came and went. One at a time."""

    __table_args__ = (
        Index("ix_handling_open", "report", unique=True, sqlite_where=_OPEN, postgresql_where=_OPEN),
        Index("ix_handling_dispatcher", "dispatcher", "ended_at"),
    )

    id: UUID = Field(primary_key=True)
    report: UUID = Field(foreign_key="report.id", index=True)
    dispatcher: str = Field(foreign_key="dispatcher.number")
    began_at: datetime = Field(sa_type=UTCDateTime)
    began_by: str  # accepted | taken_over | handed_over | picked_up | transferred | reopened
    began_reason: str | None = None  # why it was opened again, in the dispatcher's words
    ended_at: datetime | None = Field(default=None, sa_type=UTCDateTime)
    ended_by: str | None = None  # released | taken_over | offline | idle | handed_over | transferred | closed
    reason: str | None = None  # why it was released, taken over or closed, in the dispatcher's words


class Shift(Record, table=True):
    """A dispatcher is on duty (值班) at a desk, from the press of a key to the press of a key."""

    __table_args__ = (
        Index("ix_shift_open", "dispatcher", unique=True, sqlite_where=_OPEN, postgresql_where=_OPEN),
    )

    id: UUID = Field(primary_key=True)
    dispatcher: str = Field(foreign_key="dispatcher.number")
    desk: str = Field(foreign_key="desk.adcode", max_length=6, index=True)
    began_at: datetime = Field(sa_type=UTCDateTime)
    ended_at: datetime | None = Field(default=None, sa_type=UTCDateTime)


class Note(Record, table=True):
    """What dispatchers write for each other, about a report or about the shift. No reporter ever sees it."""

    id: UUID = Field(primary_key=True)
    client_id: str = Field(unique=True)
    desk: str = Field(foreign_key="desk.adcode", max_length=6, index=True)
    report: UUID | None = Field(default=None, foreign_key="report.id", index=True)
    dispatcher: str = Field(foreign_key="dispatcher.number")
    text: str
    at: datetime = Field(sa_type=UTCDateTime)
    done_at: datetime | None = Field(default=None, sa_type=UTCDateTime)  # a note of a shift: taken care of


class Scene(Record, table=True):
    """Where a dispatcher put the scene (现场) on the map: the one of the highest `n` counts, none is overwritten."""

    __table_args__ = (
        UniqueConstraint("report", "client_id"),
        UniqueConstraint("report", "n", name="uq_scene_report_n"),
    )

    id: UUID = Field(primary_key=True)
    report: UUID = Field(foreign_key="report.id")
    n: int  # 1 for the first of its report
    client_id: str
    lat: float  # WGS-84
    lon: float
    came_lat: float  # as it came, in `crs`
    came_lon: float
    crs: str
    accuracy_m: float | None = None  # as fine as the map could be pointed at
    dispatcher: str = Field(foreign_key="dispatcher.number")
    at: datetime = Field(sa_type=UTCDateTime)


class DangerWord(Record, table=True):
    """A word in a report that lifts it in the queue. `desk` null: of the province, for every desk."""

    __tablename__ = "danger_word"

    id: UUID = Field(primary_key=True)
    desk: str | None = Field(default=None, foreign_key="desk.adcode", max_length=6, index=True)
    word: str
    weight: int  # minutes of waiting that it counts for
    dispatcher: str | None = Field(
        default=None, foreign_key="dispatcher.number"
    )  # who wrote it; none: came with us
    at: datetime = Field(sa_type=UTCDateTime)
    removed_at: datetime | None = Field(default=None, sa_type=UTCDateTime)


class QuickReply(Record, table=True):
    """A sentence that a desk has ready, in the reporter's language. `category` null: for every report."""

    __tablename__ = "quick_reply"

    id: UUID = Field(primary_key=True)
    desk: str | None = Field(default=None, foreign_key="desk.adcode", max_length=6, index=True)
    replaces: UUID | None = None  # a desk's own in place of the province's, or, removed, its absence
    name: str | None = None  # of the catalogue, as long as its words are those that came with us
    category: str | None = None
    text_zh: str
    text_en: str
    covert: bool = False  # gives nothing away on a screen that others see
    place: int = 0  # in its list
    dispatcher: str | None = Field(default=None, foreign_key="dispatcher.number")
    at: datetime = Field(sa_type=UTCDateTime)
    removed_at: datetime | None = Field(default=None, sa_type=UTCDateTime)


class ReadyQuestion(Record, table=True):
    """A question with one-tap answers that a desk has ready. `category` null: for every report."""

    __tablename__ = "ready_question"

    id: UUID = Field(primary_key=True)
    desk: str | None = Field(default=None, foreign_key="desk.adcode", max_length=6, index=True)
    replaces: UUID | None = None  # as with a quick reply
    name: str | None = None
    key: str | None = None  # that asks it, whatever the report: fingers learn it
    topic: str = "scene"  # reporter | other | scene
    category: str | None = None
    text_zh: str
    text_en: str
    answers_zh: list[str] = Field(sa_column=Column(JSONText, nullable=False))
    answers_en: list[str] = Field(sa_column=Column(JSONText, nullable=False))
    covert: bool = False  # yes or no, and gives nothing away
    place: int = 0
    dispatcher: str | None = Field(default=None, foreign_key="dispatcher.number")
    at: datetime = Field(sa_type=UTCDateTime)
    removed_at: datetime | None = Field(default=None, sa_type=UTCDateTime)
