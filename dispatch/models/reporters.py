"""Reporters: who they are, what they agreed to, how they are signed in."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import LargeBinary, false
from sqlmodel import Field

from dispatch.database import UTCDateTime
from dispatch.models.base import Record


class Reporter(Record, table=True):
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
    exercise: bool = Field(
        default=False, sa_column_kwargs={"server_default": false()}
    )  # plays in an exercise (`dispatch.exercises`); nobody becomes one by signing in


class FormerIdentity(Record, table=True):
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


class Consent(Record, table=True):
    """That a reporter agreed to one purpose of processing, or took that back: a row each time, none ever changed."""

    id: UUID = Field(primary_key=True)
    reporter: UUID = Field(foreign_key="reporter.id", index=True)
    purpose: str
    wording: str  # which edition of the notice was read
    given: bool
    at: datetime = Field(sa_type=UTCDateTime)


class PhoneCode(Record, table=True):
    """The latest code sent to a phone; one a phone, digested, with few tries."""

    __tablename__ = "phone_code"

    phone_index: bytes = Field(primary_key=True, sa_type=LargeBinary)
    code_digest: bytes = Field(sa_type=LargeBinary)
    sent_at: datetime = Field(sa_type=UTCDateTime)
    expires_at: datetime = Field(sa_type=UTCDateTime)
    tries: int = 0


class ReporterSession(Record, table=True):
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
