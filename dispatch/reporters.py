"""Reporters (报警人): a phone proved by a code, a session, an identity verified.

Functions that take a Session and change something run as commands of the writer.
"""

import hashlib
import hmac
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import bindparam, delete, insert, select, update
from sqlmodel import Session

from dispatch.cipher import FieldCipher
from dispatch.clock import now
from dispatch.database import insert_or_leave
from dispatch.errors import Refused
from dispatch.events import (
    ACCOUNT_REOPENED,
    PREFERENCES_SET,
    SESSIONS_ENDED,
    WECHAT_UNLINKED,
    lock_log,
    record,
)
from dispatch.ids import new_id
from dispatch.models import TABLES
from dispatch.offering import seen_by, tell_offered
from dispatch.phones import mask
from dispatch.states import OPEN

_T = TABLES
_REPORTER, _SESSION, _CODE, _REPORT = _T["reporter"], _T["reporter_session"], _T["phone_code"], _T["report"]
_WECHAT = _T["wechat_account"]

_SIGNED_IN = (
    select(
        _REPORTER.c.id,
        _REPORTER.c.phone_masked,
        _REPORTER.c.identity,
        _REPORTER.c.name_masked,
        _REPORTER.c.hearing_speech_impaired,
        _REPORTER.c.language,
        _REPORTER.c.reports,
        _REPORTER.c.invalid_reports,
        _SESSION.c.token_digest,
        _SESSION.c.expires_at,
        _SESSION.c.seen_at,
        _REPORTER.c.exercise,
    )
    .join(_REPORTER, _REPORTER.c.id == _SESSION.c.reporter)
    .where(
        _SESSION.c.token_digest == bindparam("token"),
        _SESSION.c.revoked_at.is_(None),
        _SESSION.c.expires_at > bindparam("at"),
    )
)
_PREFERENCES = (
    select(_REPORTER.c.hearing_speech_impaired, _REPORTER.c.language)
    .where(_REPORTER.c.id == bindparam("of"))
    .with_for_update()
)
_OPEN_REPORTS = (
    select(_REPORT.c.id, _REPORT.c.desk, _REPORT.c.status, _REPORT.c.version)
    .where(_REPORT.c.reporter == bindparam("of"), _REPORT.c.status.in_(OPEN))
    .order_by(_REPORT.c.desk, _REPORT.c.id)
)

CODE_LIVES = timedelta(minutes=5)
# From one network address ten tries are taken in ten minutes (`sign_in_phone`), so that nobody uses up alone what a
# phone's owner has. All together have one chance in 65,000.
CODE_TRIES = 15
SESSION_LIVES = timedelta(days=30)
USE_NOTED_EVERY = timedelta(hours=1)

# What concerns a person and no desk stands in the province's log.
PROVINCE = "330000"


@dataclass(frozen=True, slots=True)
class SignedIn:
    """The reporter of a session, as far as a request needs to know."""

    id: UUID
    phone_masked: str
    identity: str
    name_masked: str | None
    hearing_speech_impaired: bool
    language: str
    reports: int
    invalid_reports: int
    token_digest: bytes
    expires_at: datetime
    seen_at: datetime | None = None  # the session's last use, to the hour
    exercise: bool = False  # plays in an exercise


def new_code() -> str:
    """Six digits from the system's randomness."""
    return f"{secrets.randbelow(1_000_000):06d}"


def code_digest(phone_index: bytes, code: str) -> bytes:
    """What is kept of a code: bound to its phone, so that a copied row is of no use for another."""
    return hmac.digest(phone_index, code.encode(), "sha256")


def new_token() -> str:
    """A session's token: 256 bits, URL-safe."""
    return secrets.token_urlsafe(32)


def token_digest(token: str) -> bytes:
    """What is kept of a token."""
    return hashlib.sha256(token.encode()).digest()


def remember_code(session: Session, phone_index: bytes, digest: bytes, resend_s: int) -> None:
    """Keep the code that is about to be sent; it replaces the one before.

    Raises Refused `code_too_soon` with `resend_in` seconds when one was sent less than `resend_s` ago.
    """
    at = now()
    row = {
        "phone_index": phone_index,
        "code_digest": digest,
        "sent_at": at,
        "expires_at": at + CODE_LIVES,
        "tries": 0,
    }
    if insert_or_leave(session, _CODE, row):
        return
    sent_at = (
        session.connection()
        .execute(select(_CODE.c.sent_at).where(_CODE.c.phone_index == phone_index))
        .scalar_one()
    )
    wait = resend_s - (at - sent_at).total_seconds()
    if wait > 0:
        raise Refused("code_too_soon", resend_in=int(wait) + 1)
    session.connection().execute(update(_CODE).where(_CODE.c.phone_index == phone_index).values(row))


def sign_in(
    session: Session,
    cipher: FieldCipher,
    phone: str,
    code: str,
    token: str,
    language: str,
    device: str = "",
) -> SignedIn | None:
    """Open a session for the phone (E.164) whose code this is; the reporter is made at the first time.

    A closed account of which something must still be kept is opened again: its reports, and what is known of
    nuisances, are this phone's. One that was erased is not found, so its phone is a new reporter's.

    `device` is the system and the browser, a word each. None when the code is wrong, too old or tried too often: a
    wrong try is counted, so it must be committed.
    """
    if (again := signed_in(session, token_digest(token))) is not None:
        return again  # the writer runs a command twice when the answer to its commit was lost
    index = cipher.index("phone", phone)
    if not code_fits(session, index, code):
        return None
    open_session(session, reporter_of_phone(session, cipher, phone, language), token, device)
    return signed_in(session, token_digest(token))


def open_session(session: Session, reporter: UUID, token: str, device: str) -> None:
    """A session of thirty days for this reporter, who has just proved to be them."""
    at = now()
    session.connection().execute(
        insert(_SESSION),
        {
            "token_digest": token_digest(token),
            "reporter": reporter,
            "made_at": at,
            "expires_at": at + SESSION_LIVES,
            "device": device,
            "seen_at": at,
        },
    )


def code_fits(session: Session, index: bytes, code: str) -> bool:
    """Whether this is the code that was sent to the phone of this index. A right one is used up, a wrong counted."""
    row = session.connection().execute(select(_CODE).where(_CODE.c.phone_index == index)).one_or_none()
    if row is None or row.expires_at <= now() or row.tries >= CODE_TRIES:
        return False
    fits = hmac.compare_digest(row.code_digest, code_digest(index, code))
    # A code that was used is used up.
    tries = CODE_TRIES if fits else row.tries + 1
    session.connection().execute(update(_CODE).where(_CODE.c.phone_index == index).values(tries=tries))
    return fits


def reporter_of_phone(session: Session, cipher: FieldCipher, phone: str, language: str) -> UUID:
    """The reporter of a phone (E.164) that has just been proved, made at the first time.

    A closed account of which something must still be kept is opened again.
    """
    reporter, index = new_id(), cipher.index("phone", phone)
    made = insert_or_leave(
        session,
        _REPORTER,
        {
            "id": reporter,
            "phone": cipher.seal("reporter", "phone", reporter, phone),
            "phone_index": index,
            "phone_masked": mask(phone),
            "identity": "none",
            "hearing_speech_impaired": False,
            "language": language,
            "reports": 0,
            "invalid_reports": 0,
            "made_at": now(),
        },
    )
    if made:
        return reporter
    found = (
        session.connection()
        .execute(
            select(_REPORTER.c.id, _REPORTER.c.closed_at)
            .where(_REPORTER.c.phone_index == index)
            .with_for_update()
        )
        .one()
    )
    if found.closed_at is not None:
        session.connection().execute(
            update(_REPORTER).where(_REPORTER.c.id == found.id).values(closed_at=None)
        )
        record(session, PROVINCE, ACCOUNT_REOPENED, actor=f"reporter:{found.id}", reporter=found.id)
    return UUID(str(found.id))


def signed_in(session: Session, digest: bytes) -> SignedIn | None:
    """The reporter of the session with this token's digest, unless it is revoked or over."""
    row = session.connection().execute(_SIGNED_IN, {"token": digest, "at": now()}).one_or_none()
    return None if row is None else SignedIn(*tuple(row))


def sign_out(session: Session, digest: bytes) -> None:
    """Revoke the session. Twice is once."""
    session.connection().execute(
        update(_SESSION)
        .where(_SESSION.c.token_digest == digest, _SESSION.c.revoked_at.is_(None))
        .values(revoked_at=now())
    )


def end_sessions(session: Session, reporter: UUID, keep: bytes | None = None) -> list[bytes]:
    """Revoke the reporter's sessions, all but `keep` (a token's digest); gives the digests of those that were open.

    No WeChat account opens a new one: it signs in again by the phone.
    """
    unlinked = session.connection().execute(delete(_WECHAT).where(_WECHAT.c.reporter == reporter)).rowcount
    if unlinked:
        record(session, PROVINCE, WECHAT_UNLINKED, actor=f"reporter:{reporter}", reporter=reporter)
    ended = list(
        session.connection()
        .execute(
            update(_SESSION)
            .where(
                _SESSION.c.reporter == reporter,
                _SESSION.c.revoked_at.is_(None),
                _SESSION.c.expires_at > now(),
                _SESSION.c.token_digest != (keep or b""),
            )
            .values(revoked_at=now())
            .returning(_SESSION.c.token_digest)
        )
        .scalars()
    )
    if ended:
        data = {"sessions": len(ended)}
        record(session, PROVINCE, SESSIONS_ENDED, actor=f"reporter:{reporter}", reporter=reporter, data=data)
    return ended


def note_use(session: Session, digest: bytes) -> None:
    """The session is in use, to the hour: more is nobody's business, and every use would be a write."""
    at = now()
    session.connection().execute(
        update(_SESSION)
        .where(
            _SESSION.c.token_digest == digest,
            (_SESSION.c.seen_at.is_(None)) | (_SESSION.c.seen_at < at - USE_NOTED_EVERY),
        )
        .values(seen_at=at)
    )


def ended_since(session: Session, since: datetime) -> set[bytes]:
    """The digests of sessions revoked or run out since then: their sockets must close."""
    return set(
        session.connection()
        .execute(
            select(_SESSION.c.token_digest).where(
                (_SESSION.c.revoked_at >= since) | _SESSION.c.expires_at.between(since, now())
            )
        )
        .scalars()
    )


def set_preferences(
    session: Session, reporter: UUID, hearing_speech_impaired: bool | None, language: str | None
) -> None:
    """What the reporter says of themselves; None leaves a thing as it is. The same again changes nothing.

    Desks that have an open report of theirs are told: who turns out to be deaf while waiting is ranked by it, and not
    called. The event says what was set and not to what: that somebody is deaf is nothing for a log.
    """
    row = session.connection().execute(_PREFERENCES, {"of": reporter}).one()
    said = {"hearing_speech_impaired": hearing_speech_impaired, "language": language}
    values = {
        name: value for name, value in said.items() if value is not None and value != getattr(row, name)
    }
    if values:
        session.connection().execute(update(_REPORTER).where(_REPORTER.c.id == reporter).values(**values))
        tell_desks(session, PREFERENCES_SET, reporter, {"set": sorted(values)})


def tell_desks(session: Session, kind: str, reporter: UUID, data: dict[str, list[str]] | None = None) -> None:
    """The event of what changed of a reporter, in the province's log and in that of every desk that has an open
    report of theirs. Other desks on whose screens such a report is show it anew."""
    while True:
        reports = session.connection().execute(_OPEN_REPORTS, {"of": reporter}).all()
        elsewhere = {row.id: seen_by(session, row.id) for row in reports}
        desks = {row.desk for row in reports}.union(*elsewhere.values())
        # Until the logs are held, one may be accepted at another desk, or offered to one more.
        if not lock_log(session, PROVINCE, *desks):
            break
    actor = f"reporter:{reporter}"
    for row in reports:
        record(session, row.desk, kind, actor=actor, report=row.id, reporter=reporter, data=data)
        tell_offered(session, row.id, elsewhere[row.id], row.version)
    record(session, PROVINCE, kind, actor=actor, reporter=reporter, data=data)
