"""The canary: how often it was sent from each desk's reporters' side, and how often the worker has looked."""

from datetime import datetime
from uuid import UUID

from sqlmodel import Field

from dispatch.database import Count, UTCDateTime
from dispatch.models.base import Record


class Canary(Record, table=True):
    """The newest canary of a desk. The one before is written over, so nothing grows."""

    desk: str = Field(foreign_key="desk.adcode", max_length=6, primary_key=True)
    seq: int = Field(sa_type=Count)  # raised when one is sent, and when it is received
    id: UUID  # of the newest
    sent_at: datetime = Field(sa_type=UTCDateTime)
    received_at: datetime | None = Field(default=None, sa_type=UTCDateTime)


class WorkerLook(Record, table=True):
    """One row: how often a worker has said that it is at work."""

    __tablename__ = "worker_look"

    id: int = Field(primary_key=True)
    n: int = Field(sa_type=Count)
    at: datetime = Field(sa_type=UTCDateTime)
