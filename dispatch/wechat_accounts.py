"""Signing in by a WeChat account: the first time with the phone that WeChat has proved, later by the account alone.

These functions run as commands of the writer.
"""

from datetime import datetime
from uuid import UUID

from sqlalchemy import bindparam, select, update
from sqlmodel import Session

from dispatch.cipher import FieldCipher
from dispatch.clock import now
from dispatch.database import insert_or_leave
from dispatch.events import WECHAT_LINKED, record
from dispatch.models import TABLES
from dispatch.reporters import PROVINCE, SignedIn, open_session, reporter_of_phone, signed_in, token_digest

_ACCOUNT = TABLES["wechat_account"]
_WHOSE = select(_ACCOUNT.c.reporter).where(_ACCOUNT.c.openid_index == bindparam("of")).with_for_update()


def index_of(cipher: FieldCipher, openid: str) -> bytes:
    """What stands for an openid in the tables."""
    return cipher.index("openid", openid.encode().hex())


def sign_in(
    session: Session,
    cipher: FieldCipher,
    openid: str,
    phone: str | None,
    token: str,
    language: str,
    device: str = "",
) -> SignedIn | None:
    """Open a session for the reporter of this account; with a `phone` (E.164, proved by WeChat) for that phone's, and
    the account signs in that one from now on.

    None for an account that is nobody's, without a phone to go by.
    """
    if (again := signed_in(session, token_digest(token))) is not None:
        return again  # the writer runs a command twice when the answer to its commit was lost
    index = index_of(cipher, openid)
    reporter = session.connection().execute(_WHOSE, {"of": index}).scalar_one_or_none()
    if phone is not None:
        proved = reporter_of_phone(session, cipher, phone, language)
        if proved != reporter:
            _link(session, index, proved)
        reporter = proved
    if reporter is None:
        return None
    open_session(session, UUID(str(reporter)), token, device)
    return signed_in(session, token_digest(token))


def _link(session: Session, index: bytes, reporter: UUID) -> None:
    row = {"openid_index": index, "reporter": reporter, "linked_at": now()}
    if not insert_or_leave(session, _ACCOUNT, row):
        session.connection().execute(update(_ACCOUNT).where(_ACCOUNT.c.openid_index == index).values(row))
    record(session, PROVINCE, WECHAT_LINKED, actor=f"reporter:{reporter}", reporter=reporter)


def linked_since(session: Session, reporter: UUID) -> list[datetime]:
    """When each WeChat account was linked that signs this reporter in."""
    chosen = select(_ACCOUNT.c.linked_at).where(_ACCOUNT.c.reporter == reporter)
    return [*session.connection().execute(chosen.order_by(_ACCOUNT.c.linked_at)).scalars()]
