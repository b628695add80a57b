"""Who a reporter is, proved and corrected: a name with its identity number, and the phone.

What was proved once is not written over. A correction puts what stood there aside (`former_identity`), and reports
that were filed before go on being told by it: `formers` says by which names and phones.
These functions run as commands of the writer.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, bindparam, insert, select, update
from sqlmodel import Session

from dispatch.cipher import FieldCipher
from dispatch.clock import now
from dispatch.errors import Refused
from dispatch.events import IDENTITY_CORRECTED, IDENTITY_VERIFIED, PHONE_CHANGED
from dispatch.identity import IdentityNumber, mask_name
from dispatch.ids import new_id
from dispatch.models import TABLES
from dispatch.phones import mask
from dispatch.reporters import code_fits, end_sessions, tell_desks

_REPORTER, _FORMER = TABLES["reporter"], TABLES["former_identity"]

_LOCKED = select(_REPORTER).where(_REPORTER.c.id == bindparam("of")).with_for_update()
_FORMERS = (
    select(
        _FORMER.c.reporter,
        _FORMER.c.phone_masked,
        _FORMER.c.name_masked,
        _FORMER.c.verified_at,
        _FORMER.c.replaced_at,
    )
    .where(_FORMER.c.reporter.in_(bindparam("ids", expanding=True)))
    .order_by(_FORMER.c.replaced_at, _FORMER.c.id)
)


@dataclass(frozen=True, slots=True)
class Former:
    """What a reporter was known by until then, masked: a name or a phone, the other is None."""

    phone_masked: str | None
    name_masked: str | None
    verified_at: datetime | None
    replaced_at: datetime


def locked_reporter(session: Session, reporter: UUID) -> Row[Any]:
    """The reporter's row, held until the transaction ends: nobody else changes it meanwhile."""
    return session.connection().execute(_LOCKED, {"of": reporter}).one()


def verify_identity(
    session: Session, cipher: FieldCipher, reporter: UUID, name: str, number: IdentityNumber
) -> None:
    """Keep a name and an identity number that a verifier has confirmed, sealed. The same again changes nothing.
    Desks that have an open report of this reporter are told.

    Raises Refused `identity_fixed` when another person's number stands there: that is a correction. The same
    number under another confirmed name is the same person.
    """
    row = locked_reporter(session, reporter)
    if row.identity == "verified":
        if row.id_number_index != cipher.index("id_number", number.value):
            raise Refused("identity_fixed")
        if _name(cipher, row) != name:
            _replace_identity(session, cipher, row, name, number)
        return
    _write_identity(session, cipher, reporter, name, number)
    tell_desks(session, IDENTITY_VERIFIED, reporter)


def correct_identity(
    session: Session, cipher: FieldCipher, reporter: UUID, name: str, number: IdentityNumber
) -> None:
    """Put another confirmed name and number in the place of those that stand there, which are put aside.

    Desks that have an open report of this reporter are told. Without an identity so far, it is the first.
    """
    row = locked_reporter(session, reporter)
    if row.identity != "verified":
        verify_identity(session, cipher, reporter, name, number)
    elif row.id_number_index != cipher.index("id_number", number.value) or _name(cipher, row) != name:
        _replace_identity(session, cipher, row, name, number)


def change_phone(
    session: Session, cipher: FieldCipher, reporter: UUID, phone: str, code: str, keep: bytes
) -> list[bytes] | None:
    """Put another phone (E.164), proved by a code that was sent to it, in the place of the reporter's.

    All sessions but `keep` (a token's digest) end, for they were opened by the other phone; gives their digests.
    None when the code is wrong, old or tried too often: a wrong try is counted, so it must be committed. Raises
    Refused `phone_taken` when somebody else has this phone.
    """
    row = locked_reporter(session, reporter)
    index = cipher.index("phone", phone)
    if row.phone_index == index:
        return []  # also when the writer runs it again: the code is used up by now
    if not code_fits(session, index, code):
        return None
    whose = select(_REPORTER.c.id).where(_REPORTER.c.phone_index == index)
    if session.connection().execute(whose).one_or_none() is not None:
        raise Refused("phone_taken")
    _put_aside(session, cipher, row, ("phone",), {"phone_masked": row.phone_masked})
    _change(
        session,
        reporter,
        phone=cipher.seal("reporter", "phone", reporter, phone),
        phone_index=index,
        phone_masked=mask(phone),
    )
    tell_desks(session, PHONE_CHANGED, reporter)
    return end_sessions(session, reporter, keep)


def formers(session: Session, reporters: Iterable[UUID]) -> dict[UUID, list[Former]]:
    """What these reporters were known by before their corrections, oldest first."""
    found: dict[UUID, list[Former]] = {}
    for row in session.connection().execute(_FORMERS, {"ids": list(reporters)}):
        found.setdefault(row.reporter, []).append(Former(*tuple(row)[1:]))
    return found


def _replace_identity(
    session: Session, cipher: FieldCipher, row: Row[Any], name: str, number: IdentityNumber
) -> None:
    told = {name: getattr(row, name) for name in ("name_masked", "id_number_index", "verified_at")}
    _put_aside(session, cipher, row, ("name", "id_number"), told)
    _write_identity(session, cipher, row.id, name, number)
    tell_desks(session, IDENTITY_CORRECTED, row.id)


def _write_identity(
    session: Session, cipher: FieldCipher, reporter: UUID, name: str, number: IdentityNumber
) -> None:
    _change(
        session,
        reporter,
        identity="verified",
        name=cipher.seal("reporter", "name", reporter, name),
        name_masked=mask_name(name),
        id_number=cipher.seal("reporter", "id_number", reporter, number.value),
        id_number_index=cipher.index("id_number", number.value),
        verified_at=now(),
    )


def _put_aside(
    session: Session, cipher: FieldCipher, row: Row[Any], sealed: Iterable[str], told: dict[str, Any]
) -> None:
    """Keep what is about to be replaced, sealed anew: a sealed value opens only where it belongs."""
    id_, at = new_id(), now()
    values: dict[str, Any] = {"id": id_, "reporter": row.id, "replaced_at": at, **told}
    for column in sealed:
        plain = cipher.open("reporter", column, row.id, getattr(row, column))
        values[column] = cipher.seal("former_identity", column, id_, plain)
    session.connection().execute(insert(_FORMER), values)
    _change(session, row.id, corrected_at=at)


def _name(cipher: FieldCipher, row: Row[Any]) -> str:
    return cipher.open("reporter", "name", row.id, row.name)


def _change(session: Session, reporter: UUID, **values: Any) -> None:
    session.connection().execute(update(_REPORTER).where(_REPORTER.c.id == reporter).values(**values))
