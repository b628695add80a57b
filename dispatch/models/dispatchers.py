"""Dispatchers: accounts, what they sign in with, and signed-in sessions."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import LargeBinary, false
from sqlmodel import Field

from dispatch.database import Count, UTCDateTime
from dispatch.models.base import Record


class Dispatcher(Record, table=True):
    """Someone with an account at a desk. `desk` is null for an auditor and an administrator."""

    number: str = Field(primary_key=True, max_length=16)
    role: str  # dispatcher | shift_leader | auditor | admin
    desk: str | None = Field(default=None, foreign_key="desk.adcode")
    holder: str | None = Field(default=None, max_length=16, index=True)  # whose it is; null: its own number's
    subject: str | None = Field(
        default=None, max_length=255, index=True, unique=True
    )  # as the identity provider knows them
    password: str
    password_until: datetime | None = Field(
        default=None, sa_type=UTCDateTime
    )  # of one to be changed at first
    totp_secret: bytes | None = Field(default=None, sa_type=LargeBinary)
    totp_offered: bytes | None = Field(
        default=None, sa_type=LargeBinary
    )  # shown, and not yet confirmed by a code
    totp_used: int = 0
    disabled_at: datetime | None = Field(default=None, sa_type=UTCDateTime)


class ConsoleSession(Record, table=True):
    """A dispatcher's signed-in session, server-side, with its CSRF token."""

    __tablename__ = "console_session"

    token_digest: bytes = Field(primary_key=True, sa_type=LargeBinary)
    dispatcher: str = Field(foreign_key="dispatcher.number", index=True)
    csrf: str
    address: str = Field(default="", sa_column_kwargs={"server_default": ""})  # where it was signed in from
    made_at: datetime = Field(sa_type=UTCDateTime)
    expires_at: datetime = Field(sa_type=UTCDateTime)
    revoked_at: datetime | None = Field(default=None, sa_type=UTCDateTime)
    # The password was right, and something is still to be set up: it counts nowhere but there.
    pending: bool = Field(default=False, sa_column_kwargs={"server_default": false()})


class RecoveryCode(Record, table=True):
    """What opens once in place of a second factor, as a keyed digest."""

    __tablename__ = "recovery_code"

    digest: bytes = Field(primary_key=True, sa_type=LargeBinary)
    dispatcher: str = Field(foreign_key="dispatcher.number", index=True)
    made_at: datetime = Field(sa_type=UTCDateTime)
    used_at: datetime | None = Field(default=None, sa_type=UTCDateTime)


class Passkey(Record, table=True):
    """A key of WebAuthn by which somebody signs in; `id` is the credential's."""

    id: bytes = Field(primary_key=True, sa_type=LargeBinary)
    dispatcher: str = Field(foreign_key="dispatcher.number", index=True)
    name: str
    public_key: bytes = Field(sa_type=LargeBinary)
    signed: int = Field(default=0, sa_type=Count)  # the authenticator's own counter
    made_at: datetime = Field(sa_type=UTCDateTime)
    used_at: datetime | None = Field(default=None, sa_type=UTCDateTime)


class Spent(Record, table=True):
    """A challenge or a state that has opened a door, by its digest: it opens none again while it would still hold."""

    digest: bytes = Field(primary_key=True, sa_type=LargeBinary)
    until: datetime = Field(sa_type=UTCDateTime)


class Administration(Record, table=True):
    """Why an administrator did something to desks or to an account; the event of it names the row."""

    id: UUID = Field(primary_key=True)
    actor: str
    reason: str
    at: datetime = Field(sa_type=UTCDateTime)
