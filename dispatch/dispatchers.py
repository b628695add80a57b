"""Dispatchers (接警员) and the others with an account at a console: sign-in, session, rights.

Functions that take a Session and change something run as commands of the writer.
"""

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import NAMESPACE_OID, UUID, uuid5

import pyotp
from pwdlib import PasswordHash
from sqlalchemy import bindparam, insert, select, update
from sqlmodel import Session

from dispatch.clock import now
from dispatch.events import (
    DISPATCHER_MUTED,
    DISPATCHER_SIGNED_IN,
    DISPATCHER_SIGNED_OUT,
    DISPATCHER_UNMUTED,
    record,
)
from dispatch.models import TABLES
from dispatch.reporters import PROVINCE, token_digest

_T = TABLES
_DISPATCHER, _SESSION, _DESK = _T["dispatcher"], _T["console_session"], _T["desk"]

_ON_DUTY = (
    select(
        _DISPATCHER.c.number,
        _DISPATCHER.c.role,
        _DISPATCHER.c.desk,
        _DESK.c.name,
        _DESK.c.name_en,
        _SESSION.c.csrf,
        _SESSION.c.token_digest,
        _SESSION.c.expires_at,
    )
    .join(_DISPATCHER, _DISPATCHER.c.number == _SESSION.c.dispatcher)
    .outerjoin(_DESK, _DESK.c.adcode == _DISPATCHER.c.desk)
    .where(
        _SESSION.c.token_digest == bindparam("token"),
        _SESSION.c.revoked_at.is_(None),
        _SESSION.c.expires_at > bindparam("at"),
        _DISPATCHER.c.disabled_at.is_(None),
    )
)

SHIFT = timedelta(hours=12)

# argon2id at the library's recommended cost (OWASP Password Storage Cheat Sheet: m ≥ 19 MiB, t ≥ 2).
_passwords = PasswordHash.recommended()
# Verified when there is no such account, so that an answer's time does not tell which numbers exist.
_NOBODY = _passwords.hash(secrets.token_urlsafe(16))


@dataclass(frozen=True, slots=True)
class OnDuty:
    """Who is signed in at a console, and at which desk. `desk` is None for an auditor and an administrator."""

    number: str
    role: str  # dispatcher | shift_leader | auditor | admin
    desk: str | None
    desk_name: str | None
    desk_name_en: str | None
    csrf: str
    token_digest: bytes
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Account:
    """An account as sign-in needs it, read before the slow check of the password."""

    number: str
    desk: str | None
    password: str
    totp_secret: bytes | None


def hash_password(password: str) -> str:
    """argon2id, in its own encoding. Slow by design: never on the event loop, never in the writer."""
    return _passwords.hash(password)


def account(session: Session, number: str) -> Account | None:
    """The account under this number, unless it is disabled."""
    row = (
        session.connection()
        .execute(
            select(
                _DISPATCHER.c.number, _DISPATCHER.c.desk, _DISPATCHER.c.password, _DISPATCHER.c.totp_secret
            ).where(_DISPATCHER.c.number == number, _DISPATCHER.c.disabled_at.is_(None))
        )
        .one_or_none()
    )
    return None if row is None else Account(*row)


def password_fits(found: Account | None, password: str) -> bool:
    """Whether this is the account's password; takes as long when there is no such account."""
    if found is None:
        _passwords.verify(password, _NOBODY)
        return False
    return _passwords.verify(password, found.password)


def totp_step(secret: str, code: str, at: datetime) -> int | None:
    """The 30-second step (RFC 6238) whose code this is, one step early or late allowed; None when it is none."""
    totp = pyotp.TOTP(secret)
    for step in (-1, 0, 1):
        moment = at + timedelta(seconds=30 * step)
        if secrets.compare_digest(totp.at(moment).encode(), code.encode()):
            return totp.timecode(moment)
    return None


def sign_in(session: Session, number: str, token: str, totp: int | None = None) -> bool:
    """Open a session for an account whose password was checked; False when its one-time code was used before."""
    row = (
        session.connection()
        .execute(
            select(_DISPATCHER.c.desk, _DISPATCHER.c.totp_used).where(
                _DISPATCHER.c.number == number, _DISPATCHER.c.disabled_at.is_(None)
            )
        )
        .one_or_none()
    )
    if row is None or (totp is not None and totp <= row.totp_used):
        return False
    if totp is not None:
        session.connection().execute(
            update(_DISPATCHER).where(_DISPATCHER.c.number == number).values(totp_used=totp)
        )
    at = now()
    session.connection().execute(
        insert(_SESSION),
        {
            "token_digest": token_digest(token),
            "dispatcher": number,
            "csrf": secrets.token_urlsafe(24),
            "made_at": at,
            "expires_at": at + SHIFT,
        },
    )
    record(session, row.desk or PROVINCE, DISPATCHER_SIGNED_IN, actor=f"dispatcher:{number}")
    return True


def on_duty(session: Session, digest: bytes) -> OnDuty | None:
    """Who has the session with this token's digest, unless it is revoked, over, or the account disabled."""
    row = session.connection().execute(_ON_DUTY, {"token": digest, "at": now()}).one_or_none()
    return None if row is None else OnDuty(*row)


def sign_out(session: Session, who: OnDuty) -> None:
    """Revoke the session. Twice is once."""
    revoked = session.connection().execute(
        update(_SESSION)
        .where(_SESSION.c.token_digest == who.token_digest, _SESSION.c.revoked_at.is_(None))
        .values(revoked_at=now())
    )
    if revoked.rowcount:
        record(session, who.desk or PROVINCE, DISPATCHER_SIGNED_OUT, actor=f"dispatcher:{who.number}")


def mute(session: Session, number: str, desk: str, *, muted: bool) -> None:
    """Record that a dispatcher no longer wants to hear the console, or does again."""
    record(session, desk, DISPATCHER_MUTED if muted else DISPATCHER_UNMUTED, actor=f"dispatcher:{number}")


def standing(session: Session, digests: list[bytes]) -> dict[bytes, str | None]:
    """Of these sessions, those that still stand, with their dispatcher's present desk."""
    rows = session.connection().execute(
        select(_SESSION.c.token_digest, _DISPATCHER.c.desk)
        .join(_DISPATCHER, _DISPATCHER.c.number == _SESSION.c.dispatcher)
        .where(
            _SESSION.c.token_digest.in_(digests),
            _SESSION.c.revoked_at.is_(None),
            _SESSION.c.expires_at > now(),
            _DISPATCHER.c.disabled_at.is_(None),
        )
    )
    return {row.token_digest: row.desk for row in rows}


def row_of(number: str) -> UUID:
    """What stands for the account's row where a sealed value is bound to one: its number as a name-based UUID."""
    return uuid5(NAMESPACE_OID, f"desk110 dispatcher {number}")
