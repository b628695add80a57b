"""Location codes (位置码): what someone on the telephone with 110 reads out so that the call-taker finds the position.

Six digits, one report of the whole province while they live. A code is given in the transaction of its report, and one
that has expired may be given again. Its first digit is 2 to 8, so that none begins like a number that people call
(110, 119, 120, 122, 12110, 12345, 95110, 96110), nor with a nought that is lost on the way.
"""

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import bindparam, delete, insert, select
from sqlmodel import Session

from dispatch.clock import now
from dispatch.errors import Overloaded
from dispatch.events import LOCATION_CODE_LOOKED_UP, insert_with_batch, record
from dispatch.models import TABLES
from dispatch.offering import concerns

_CODE, _REPORT, _DESK = TABLES["location_code"], TABLES["report"], TABLES["desk"]

LIVES: Final = timedelta(hours=2)
DIGITS: Final = 6
TRIES: Final = 50

_STANDING = select(_CODE.c.expires_at).where(_CODE.c.code == bindparam("wanted"))
_TAKE_OVER = delete(_CODE).where(_CODE.c.code == bindparam("wanted"), _CODE.c.expires_at <= bindparam("at"))
_INSERT = insert(_CODE)
_FIND = (
    select(_REPORT.c.id, _REPORT.c.desk, _REPORT.c.number)
    .join(_CODE, _CODE.c.report == _REPORT.c.id)
    # A code that is practised means nothing to who does not, and the other way round.
    .join(_DESK, (_DESK.c.adcode == bindparam("of")) & (_DESK.c.exercise == _REPORT.c.exercise))
    .where(_CODE.c.code == bindparam("wanted"), _CODE.c.expires_at > bindparam("at"))
)
_CONCERNED = select(_REPORT.c.id).where(_REPORT.c.id == bindparam("report"), concerns(bindparam("of")))


@dataclass(frozen=True, slots=True)
class Code:
    """A code, and until when it finds its report."""

    code: str
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Found:
    """What a desk is told of a code: its own report, or which desk has it and nothing else."""

    desk: str
    report: UUID | None = None
    number: str = ""


def drawn() -> str:
    """Six digits by chance, of which none can be reckoned from another."""
    return f"{secrets.choice('2345678')}{secrets.randbelow(10 ** (DIGITS - 1)):05d}"


def give(session: Session, report: UUID, at: datetime, draw: Callable[[], str] | None = None) -> Code:
    """Give a report a code of its own, in the transaction that files it.

    Two who draw the same at once meet at the table's key: the writer then runs them again, each by itself.
    Raises `Overloaded` when so many codes live that none is found.
    """
    connection = session.connection()
    for _ in range(TRIES):
        code = (draw or drawn)()
        expires_at = connection.execute(_STANDING, {"wanted": code}).scalar_one_or_none()
        if expires_at is not None and expires_at > at:
            continue
        if expires_at is not None:
            connection.execute(_TAKE_OVER, {"wanted": code, "at": at})
        # With the batch, since the report that it points to is written with it.
        given = Code(code, at + LIVES)
        row = {"code": given.code, "report": report, "expires_at": given.expires_at}
        insert_with_batch(session, _INSERT, row)
        return given
    raise Overloaded


def look_up(session: Session, code: str, desk: str, dispatcher: str) -> Found | None:
    """What a code means to a dispatcher of a desk; None for one that is unknown or has expired.

    Each look is an event of the looker's desk. It names neither the code nor another desk's report.
    """
    at = now()
    row = session.connection().execute(_FIND, {"wanted": code, "at": at, "of": desk}).one_or_none()
    actor = f"dispatcher:{dispatcher}"
    if row is None:
        record(session, desk, LOCATION_CODE_LOOKED_UP, actor=actor, data={"found": "none"})
        return None
    own = session.connection().execute(_CONCERNED, {"report": row.id, "of": desk}).first() is not None
    if not own:
        data = {"found": "elsewhere", "desk": row.desk}
        record(session, desk, LOCATION_CODE_LOOKED_UP, actor=actor, data=data)
        return Found(row.desk)
    record(session, desk, LOCATION_CODE_LOOKED_UP, actor=actor, report=row.id, data={"found": "own"})
    return Found(row.desk, row.id, row.number)
