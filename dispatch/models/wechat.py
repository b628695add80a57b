"""WeChat: which account is whose, and who wants to be told there."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import LargeBinary
from sqlmodel import Field

from dispatch.database import UTCDateTime
from dispatch.models.base import Record


class WechatAccount(Record, table=True):
    """That a WeChat account signs a reporter in. Only a keyed digest of its openid is kept."""

    __tablename__ = "wechat_account"

    openid_index: bytes = Field(primary_key=True, sa_type=LargeBinary)
    reporter: UUID = Field(foreign_key="reporter.id", index=True)
    linked_at: datetime = Field(sa_type=UTCDateTime)


class WechatNotice(Record, table=True):
    """That a reporter wants to read 已接收 in WeChat if they have left by then. Gone once that is settled."""

    __tablename__ = "wechat_notice"

    report: UUID = Field(primary_key=True, foreign_key="report.id")
    openid: bytes = Field(sa_type=LargeBinary)  # sealed
    language: str
    asked_at: datetime = Field(sa_type=UTCDateTime)
    taken_at: datetime | None = Field(default=None, sa_type=UTCDateTime)  # a worker is sending it
