"""Desks and their event logs; which database this is."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Column, Index, LargeBinary, false, true
from sqlmodel import Field

from dispatch.database import Count, JSONText, UTCDateTime
from dispatch.models.base import Record


class Installation(Record, table=True):
    """One row: which database this is. Another epoch means that cursors of old mean nothing here."""

    id: int = Field(default=1, primary_key=True)
    epoch: UUID
    made_at: datetime = Field(sa_type=UTCDateTime)


class Desk(Record, table=True):
    """A local call desk (110报警服务台), by its six-digit administrative code."""

    adcode: str = Field(primary_key=True, max_length=6)
    level: str  # province | city | county
    parent: str | None = Field(default=None, foreign_key="desk.adcode")
    name: str
    name_en: str
    open: bool = False
    open_since: datetime | None = Field(
        default=None, sa_type=UTCDateTime
    )  # when it was last opened or closed
    # Minutes since midnight in China between which an open desk takes reports; null: day and night.
    hours_from: int | None = None
    hours_until: int | None = None
    sms: str = "12110"
    # Seconds that a report may wait before the whole desk, the shift leader, the desk above are told of it.
    tell_desk_s: int = Field(default=15, sa_column_kwargs={"server_default": "15"})
    tell_leader_s: int = Field(default=30, sa_column_kwargs={"server_default": "30"})
    tell_parent_s: int = Field(default=60, sa_column_kwargs={"server_default": "60"})
    # Seconds of waiting at which a card's time changes its look (look.md; NENA-STA-020: 15 s and 20 s).
    late_1_s: int = Field(default=15, sa_column_kwargs={"server_default": "15"})
    late_2_s: int = Field(default=20, sa_column_kwargs={"server_default": "20"})
    late_3_s: int = Field(default=60, sa_column_kwargs={"server_default": "60"})
    # Seconds after which a report is offered again: its dispatcher is offline, or does nothing. 0: never.
    again_offline_s: int = Field(default=60, sa_column_kwargs={"server_default": "60"})
    again_idle_s: int = Field(default=600, sa_column_kwargs={"server_default": "600"})
    # Whether reporters read that somebody was sent and has arrived; of those who may be watched.
    show_units: bool = Field(default=True, sa_column_kwargs={"server_default": true()})
    show_units_covert: bool = Field(default=False, sa_column_kwargs={"server_default": false()})
    # For how many days a person is marked as a nuisance, unless the shift leader says otherwise.
    mark_days: int = Field(default=30, sa_column_kwargs={"server_default": "30"})
    # It practises (演练): no real report comes here, and what is practised here goes nowhere else.
    exercise: bool = Field(default=False, sa_column_kwargs={"server_default": false()})


class DeskHead(Record, table=True):
    """Where a desk's event log ends. Raised in the transaction of the event, so it has no gaps.

    Apart from `Desk`, since this row is written with every event and that one hardly ever.
    """

    __tablename__ = "desk_head"

    desk: str = Field(primary_key=True, foreign_key="desk.adcode", max_length=6)
    seq: int = Field(default=0, sa_type=Count)
    hash: bytes = Field(default=b"\0" * 32, sa_type=LargeBinary)
    numbered_on: str = ""  # the local day, YYYYMMDD, that `numbered` counts reports of
    numbered: int = 0


class Event(Record, table=True):
    """What changed, who changed it. Outbox, audit and replay in one; holds references, never personal words."""

    # For who looks back (dispatch/looking_back.py): all by time, and what one person did.
    __table_args__ = (Index("ix_event_at", "at", "desk", "seq"), Index("ix_event_actor", "actor", "at"))

    desk: str = Field(primary_key=True, foreign_key="desk.adcode", max_length=6)
    seq: int = Field(primary_key=True, sa_type=Count)
    at: datetime = Field(sa_type=UTCDateTime)
    kind: str
    report: UUID | None = Field(default=None, index=True)
    reporter: UUID | None = None
    actor: str
    data: dict[str, Any] = Field(sa_column=Column(JSONText, nullable=False))
    hash: bytes = Field(sa_type=LargeBinary)
