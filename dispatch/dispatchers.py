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

from dispatch import recovery_codes
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
        _SESSION.c.pending == bindparam("unfinished"),
        _DISPATCHER.c.disabled_at.is_(None),
    )
)

SHIFT = timedelta(hours=12)
# How long whoever had the right password may take to set up what is still missing.
FIRST = timedelta(minutes=15)
MARK_BYTES = 8

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
    role: str
    desk: str | None
    password: str
    password_until: datetime | None  # of one that must be changed at the first sign-in
    totp_secret: bytes | None


def hash_password(password: str) -> str:
    """argon2id, in its own encoding. Slow by design: never on the event loop, never in the writer."""
    return _passwords.hash(password)


_ACCOUNT = select(*(_DISPATCHER.c[name] for name in Account.__dataclass_fields__)).where(
    _DISPATCHER.c.number == bindparam("of"), _DISPATCHER.c.disabled_at.is_(None)
)


def account(session: Session, number: str) -> Account | None:
    """The account under this number, unless it is disabled."""
    row = session.connection().execute(_ACCOUNT, {"of": number}).one_or_none()
    return None if row is None else Account(*row)


def password_fits(found: Account | None, password: str) -> bool:
    """Whether this is the account's password, and one that still holds; takes as long when there is no such account."""
    if found is None:
        _passwords.verify(password, _NOBODY)
        return False
    holds = found.password_until is None or found.password_until > now()
    return _passwords.verify(password, found.password) and holds


def totp_step(secret: str, code: str, at: datetime) -> int | None:
    """The 30-second step (RFC 6238) whose code this is, one step early or late allowed; None when it is none."""
    totp = pyotp.TOTP(secret)
    for step in (-1, 0, 1):
        moment = at + timedelta(seconds=30 * step)
        if secrets.compare_digest(totp.at(moment).encode(), code.encode()):
            return totp.timecode(moment)
    return None


def sign_in(
    session: Session,
    number: str,
    token: str,
    totp: int | None = None,
    address: str = "",
    *,
    recovery: bytes | None = None,
    by: str = "",
    pending: bool = False,
) -> bool:
    """Open a session for an account whose password was checked; False when its one-time code was used before.

    `address`: where they sit; it stands with the session, and the log tells the session by its mark. `recovery`: the
    digest of a code that takes the place of the second factor. `by`: what was shown in place of a password. `pending`:
    something is still to be set up (`first`), and the session counts nowhere else.
    """
    row = (
        session.connection()
        .execute(
            select(_DISPATCHER.c.desk).where(
                _DISPATCHER.c.number == number, _DISPATCHER.c.disabled_at.is_(None)
            )
        )
        .one_or_none()
    )
    if row is None:
        return False
    actor = f"dispatcher:{number}"
    if recovery is not None and not recovery_codes.spend(session, number, row.desk or PROVINCE, recovery):
        return False
    if totp is not None and not _use_up(session, number, totp):
        return False
    digest = _open(session, number, token, address, pending=pending)
    if not pending:
        data = {"session": mark_of(digest)} | ({"by": by} if by else {})
        record(session, row.desk or PROVINCE, DISPATCHER_SIGNED_IN, actor=actor, data=data)
    return True


def _use_up(session: Session, number: str, totp: int) -> bool:
    """Take the step of a one-time code; False when it or a later one was taken before, by whichever process."""
    taken = session.connection().execute(
        update(_DISPATCHER)
        .where(_DISPATCHER.c.number == number, _DISPATCHER.c.totp_used < totp)
        .values(totp_used=totp)
    )
    return bool(taken.rowcount)


def first(session: Session, digest: bytes) -> OnDuty | None:
    """Who has the session with this token's digest and has something to set up before it counts."""
    values = {"token": digest, "at": now(), "unfinished": True}
    row = session.connection().execute(_ON_DUTY, values).one_or_none()
    return None if row is None else OnDuty(*row)


def finish(session: Session, who: OnDuty, token: str, address: str) -> bool:
    """All is set up: a session that counts, under another token, takes the place of the one of `first`. False when
    that ended meanwhile."""
    if first(session, who.token_digest) is None:
        return False
    _revoke(session, who.token_digest)
    digest = _open(session, who.number, token, address, pending=False)
    data = {"session": mark_of(digest)}
    record(session, who.desk or PROVINCE, DISPATCHER_SIGNED_IN, actor=f"dispatcher:{who.number}", data=data)
    return True


def _open(session: Session, number: str, token: str, address: str, *, pending: bool) -> bytes:
    at, digest = now(), token_digest(token)
    row = {
        "token_digest": digest,
        "dispatcher": number,
        "address": address,
        "csrf": secrets.token_urlsafe(24),
        "made_at": at,
        "expires_at": at + (FIRST if pending else SHIFT),
        "pending": pending,
    }
    session.connection().execute(insert(_SESSION), row)
    return digest


def _revoke(session: Session, digest: bytes) -> bool:
    """End the session; whether it stood."""
    revoked = session.connection().execute(
        update(_SESSION)
        .where(_SESSION.c.token_digest == digest, _SESSION.c.revoked_at.is_(None))
        .values(revoked_at=now())
    )
    return bool(revoked.rowcount)


def on_duty(session: Session, digest: bytes) -> OnDuty | None:
    """Who has the session with this token's digest, unless it is revoked, over, or the account disabled."""
    values = {"token": digest, "at": now(), "unfinished": False}
    row = session.connection().execute(_ON_DUTY, values).one_or_none()
    return None if row is None else OnDuty(*row)


def sign_out(session: Session, who: OnDuty) -> None:
    """Revoke the session. Twice is once."""
    if _revoke(session, who.token_digest):
        data = {"session": mark_of(who.token_digest)}
        actor = f"dispatcher:{who.number}"
        record(session, who.desk or PROVINCE, DISPATCHER_SIGNED_OUT, actor=actor, data=data)


def mark_of(digest: bytes) -> str:
    """By what the log tells a session: enough of its token's digest to find it again."""
    return digest[:MARK_BYTES].hex()


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
            _SESSION.c.pending.is_(False),
            _DISPATCHER.c.disabled_at.is_(None),
        )
    )
    return {row.token_digest: row.desk for row in rows}


def row_of(number: str) -> UUID:
    """What stands for the account's row where a sealed value is bound to one: its number as a name-based UUID."""
    return uuid5(NAMESPACE_OID, f"desk110 dispatcher {number}")
