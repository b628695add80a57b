"""Recovery codes: ten to an account, each opens once in place of the second factor.

A code is shown once, when it is made. What is kept is a digest under the installation's index key, which is no part of
the database: a code has 59 bits, and a stolen table tells nothing of it.
"""

import secrets
from typing import Final

from sqlalchemy import delete, func, insert, select, update
from sqlmodel import Session

from dispatch.cipher import FieldCipher
from dispatch.clock import now
from dispatch.events import RECOVERY_CODE_USED, RECOVERY_CODES_MADE, record
from dispatch.models import TABLES

MANY: Final = 10
LETTERS: Final = "abcdefghjkmnpqrstuvwxyz23456789"  # none that is read for another
GROUPS: Final = 3

_CODE = TABLES["recovery_code"]


def new_codes() -> list[str]:
    """So many codes, to be shown once: `k7mq-2hvx-p9dn`."""
    return [
        "-".join("".join(secrets.choice(LETTERS) for _ in range(4)) for _ in range(GROUPS))
        for _ in range(MANY)
    ]


def digest_of(cipher: FieldCipher, number: str, code: str) -> bytes:
    """What is kept of an account's code; hyphens, spaces, width and case do not matter."""
    return cipher.index("recovery", f"{number}\0{code.replace('-', '')}")


def make(session: Session, number: str, desk: str, digests: list[bytes], actor: str) -> None:
    """These are the account's codes from now on, in place of all it had."""
    forget(session, number)
    at = now()
    rows = [{"digest": digest, "dispatcher": number, "made_at": at} for digest in digests]
    session.connection().execute(insert(_CODE), rows)
    record(session, desk, RECOVERY_CODES_MADE, actor=actor, data={"account": number, "n": len(rows)})


def spend(session: Session, number: str, desk: str, digest: bytes) -> bool:
    """Use one up; False when it is none of the account's, or was used before."""
    used = session.connection().execute(
        update(_CODE)
        .where(_CODE.c.digest == digest, _CODE.c.dispatcher == number, _CODE.c.used_at.is_(None))
        .values(used_at=now())
    )
    if not used.rowcount:
        return False
    data = {"account": number, "left": left(session, number)}
    record(session, desk, RECOVERY_CODE_USED, actor=f"dispatcher:{number}", data=data)
    return True


def left(session: Session, number: str) -> int:
    """How many are not used yet."""
    statement = select(func.count()).where(_CODE.c.dispatcher == number, _CODE.c.used_at.is_(None))
    return int(session.connection().execute(statement).scalar_one())


def forget(session: Session, number: str) -> None:
    """The account has none any more."""
    session.connection().execute(delete(_CODE).where(_CODE.c.dispatcher == number))
