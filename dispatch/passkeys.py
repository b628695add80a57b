"""Passkeys (WebAuthn): what is kept of them, and the acts on them. What a browser proves is verified in the console.

Functions that change something run as commands of the writer.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import delete, func, select, update
from sqlmodel import Session

from dispatch.clock import now
from dispatch.database import insert_or_leave
from dispatch.errors import Refused
from dispatch.events import PASSKEY_ADDED, PASSKEY_NAMED, PASSKEY_REMOVED, record
from dispatch.models import TABLES

MOST: Final = 10
LONGEST_NAME: Final = 40

_PASSKEY, _DISPATCHER = TABLES["passkey"], TABLES["dispatcher"]


@dataclass(frozen=True, slots=True)
class PasskeyState:
    """A passkey as its owner sees it."""

    id: bytes
    name: str
    made_at: datetime
    used_at: datetime | None

    @property
    def hex(self) -> str:
        """How an address names it."""
        return self.id.hex()


@dataclass(frozen=True, slots=True)
class Known:
    """What an assertion is verified against."""

    number: str
    desk: str | None
    public_key: bytes
    signed: int


def of(session: Session, number: str) -> Sequence[PasskeyState]:
    """The account's passkeys, in the order in which they came."""
    statement = (
        select(_PASSKEY.c.id, _PASSKEY.c.name, _PASSKEY.c.made_at, _PASSKEY.c.used_at)
        .where(_PASSKEY.c.dispatcher == number)
        .order_by(_PASSKEY.c.made_at, _PASSKEY.c.id)
    )
    return [PasskeyState(bytes(row.id), *row[1:]) for row in session.connection().execute(statement)]


def known(session: Session, id_: bytes) -> Known | None:
    """The passkey of this identifier, of an account that is in use."""
    statement = (
        select(_DISPATCHER.c.number, _DISPATCHER.c.desk, _PASSKEY.c.public_key, _PASSKEY.c.signed)
        .join(_DISPATCHER, _DISPATCHER.c.number == _PASSKEY.c.dispatcher)
        .where(_PASSKEY.c.id == id_, _DISPATCHER.c.disabled_at.is_(None))
    )
    row = session.connection().execute(statement).one_or_none()
    return None if row is None else Known(*row)


def add(
    session: Session, number: str, desk: str, id_: bytes, public_key: bytes, signed: int, name: str
) -> None:
    """A new passkey of the account. Raises Refused: `passkey_known`, `passkeys_too_many`, `field_invalid`."""
    statement = select(func.count()).where(_PASSKEY.c.dispatcher == number)
    if session.connection().execute(statement).scalar_one() >= MOST:
        raise Refused("passkeys_too_many", limit=MOST)
    row = {
        "id": id_,
        "dispatcher": number,
        "name": _named(name),
        "public_key": public_key,
        "signed": signed,
        "made_at": now(),
        "used_at": None,
    }
    if not insert_or_leave(session, _PASSKEY, row):
        raise Refused("passkey_known")
    _record(session, PASSKEY_ADDED, number, desk, id_)


def rename(session: Session, number: str, desk: str, id_: bytes, name: str) -> None:
    """Call it otherwise. Raises Refused: `passkey_unknown`, `field_invalid`."""
    changed = session.connection().execute(
        update(_PASSKEY)
        .where(_PASSKEY.c.id == id_, _PASSKEY.c.dispatcher == number)
        .values(name=_named(name))
    )
    if not changed.rowcount:
        raise Refused("passkey_unknown")
    _record(session, PASSKEY_NAMED, number, desk, id_)


def remove(session: Session, number: str, desk: str, id_: bytes) -> None:
    """It opens nothing any more. Raises Refused `passkey_unknown`."""
    statement = delete(_PASSKEY).where(_PASSKEY.c.id == id_, _PASSKEY.c.dispatcher == number)
    if not session.connection().execute(statement).rowcount:
        raise Refused("passkey_unknown")
    _record(session, PASSKEY_REMOVED, number, desk, id_)


def used(session: Session, id_: bytes, signed: int) -> None:
    """It has just signed, as its own counter says."""
    values = {"signed": signed, "used_at": now()}
    session.connection().execute(update(_PASSKEY).where(_PASSKEY.c.id == id_).values(**values))


def spend(session: Session, digest: bytes, until: datetime) -> bool:
    """Use up a challenge or a state; False when it was used before."""
    return insert_or_leave(session, TABLES["spent"], {"digest": digest, "until": until})


def _named(name: str) -> str:
    words = " ".join(name.replace("\0", "").split())
    if not 0 < len(words) <= LONGEST_NAME or not words.isprintable():
        raise Refused("field_invalid", fields=["name"])
    return words


def _record(session: Session, kind: str, number: str, desk: str, id_: bytes) -> None:
    data = {"account": number, "passkey": id_[:8].hex()}
    record(session, desk, kind, actor=f"dispatcher:{number}", data=data)
