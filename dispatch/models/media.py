"""What reporters send besides words."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import LargeBinary, UniqueConstraint
from sqlmodel import Field

from dispatch.database import Count, UTCDateTime
from dispatch.models.base import Record


class Media(Record, table=True):
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
    likeness: bytes | None = Field(
        default=None, sa_type=LargeBinary
    )  # of a photo: 64 bits that look-alikes share (dispatch/likeness.py)
    taken_at: datetime | None = Field(default=None, sa_type=UTCDateTime)  # what the camera wrote into it
    taken_lat: float | None = None  # WGS-84
    taken_lon: float | None = None
    begun_at: datetime = Field(sa_type=UTCDateTime)
    stored_at: datetime | None = Field(default=None, sa_type=UTCDateTime)


class MediaView(Record, table=True):
    """A dispatcher has looked at a medium in this session of theirs; its event stands in the log."""

    __tablename__ = "media_view"

    media: UUID = Field(primary_key=True)
    session: bytes = Field(primary_key=True, sa_type=LargeBinary)  # the digest of the console session's token
    at: datetime = Field(sa_type=UTCDateTime)
