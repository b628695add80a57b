"""Personal fields sealed anew with the current key: the step of a rotation after which the old key may go.

It walks every sealed column in stretches, each a transaction of its own, while the desks go on. Nothing remembers how
far it came: what is sealed with the current key is passed over, so whoever is killed amid it begins again and goes on
where the other ended. Blind indexes have a key of their own and stay as they are; every look-up finds what it found.
"""

from collections import Counter
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from dataclasses import dataclass
from functools import partial
from typing import Any, Final, Protocol, TypeVar
from uuid import UUID

from sqlalchemy import Column, and_, func, or_, select, update
from sqlmodel import Session

from dispatch.cipher import HEAD_BYTES, VERSION, FieldCipher, Unopenable
from dispatch.database import Database
from dispatch.dispatchers import row_of
from dispatch.events import FIELDS_RESEALED, record
from dispatch.models import TABLES
from dispatch.reporters import PROVINCE

T = TypeVar("T")
# A report that is filed meanwhile waits for a stretch at most: some ten milliseconds.
STRETCH: Final = 100
WITHIN_S: Final = 60.0


def _itself(key: UUID) -> UUID:
    return key


# Whose value is sealed: table, its key, what it was bound to, and the columns. tests/test_key_rotation.py holds this
# against what a full database has.
SEALED: Final[Mapping[str, tuple[str, Callable[[Any], UUID], tuple[str, ...]]]] = {
    "reporter": ("id", _itself, ("phone", "name", "id_number", "duress_word")),
    "former_identity": ("id", _itself, ("phone", "name", "id_number")),
    "dispatcher": ("number", row_of, ("totp_secret", "totp_offered")),
    "wechat_notice": ("report", _itself, ("openid",)),
}


class Submit(Protocol):
    """What a writer takes a command by."""

    def __call__(self, command: Callable[[Session], T], /) -> Future[T]: ...


@dataclass(frozen=True, slots=True)
class Ended:
    """How many values were sealed anew, and how many could not be opened and stay as they are."""

    values: int
    unopenable: int


def counted(session: Session) -> Counter[str]:
    """How many values are sealed with each key, by its id in hex; empty ones (of who was erased) count for none."""
    found: Counter[str] = Counter()
    for table, (_, _, columns) in SEALED.items():
        for name in columns:
            column = TABLES[table].c[name]
            head = func.substr(column, 1, HEAD_BYTES)
            rows = session.connection().execute(
                select(head, func.count()).where(func.length(column) > 0).group_by(head)
            )
            for sealed_with, count in rows:
                found[bytes(sealed_with)[len(VERSION) :].hex()] += count
    return found


def reseal(
    database: Database,
    submit: Submit,
    cipher: FieldCipher,
    actor: str,
    progress: Callable[[int], None] = lambda _: None,
) -> Ended:
    """Seal everything anew that is not sealed with the current key; `progress` gets the count so far. When it ends,
    an event in the province's log says by whom and how much."""
    values = unopenable = 0
    for table in SEALED:
        after = None
        while True:
            with database.read() as session:
                keys = _old_ones(session, cipher, table, after)
            if not keys:
                break
            done = submit(partial(_stretch, cipher=cipher, table=table, keys=keys)).result(WITHIN_S)
            values, unopenable, after = values + done.values, unopenable + done.unopenable, keys[-1]
            progress(values)
    if values:
        data = {"key": cipher.current, "count": values}
        submit(lambda session: record(session, PROVINCE, FIELDS_RESEALED, actor=actor, data=data)).result(
            WITHIN_S
        )
    return Ended(values, unopenable)


def _old_ones(session: Session, cipher: FieldCipher, table: str, after: Any) -> list[Any]:
    """The keys of the next rows that hold anything under another key, in their order."""
    name, _, columns = SEALED[table]
    rows = TABLES[table]
    old = or_(*(_old(rows.c[column], cipher) for column in columns))
    statement = select(rows.c[name]).where(old).order_by(rows.c[name]).limit(STRETCH)
    if after is not None:
        statement = statement.where(rows.c[name] > after)
    return list(session.connection().execute(statement).scalars())


def _old(column: Column[Any], cipher: FieldCipher) -> Any:
    return and_(func.length(column) > 0, func.substr(column, 1, HEAD_BYTES) != cipher.head)


def _stretch(session: Session, *, cipher: FieldCipher, table: str, keys: list[Any]) -> Ended:
    name, row, columns = SEALED[table]
    rows = TABLES[table]
    values = unopenable = 0
    # Read within the transaction, and locked: a correction that comes meanwhile is neither lost nor undone.
    found = session.connection().execute(
        select(rows.c[name], *(rows.c[column] for column in columns))
        .where(rows.c[name].in_(keys))
        .with_for_update()
    )
    for key, *blobs in found.all():
        changed: dict[str, bytes] = {}
        for column, blob in zip(columns, blobs, strict=True):
            if not blob:
                continue
            try:
                anew = cipher.resealed(table, column, row(key), bytes(blob))
            except Unopenable:
                unopenable += 1
                continue
            if anew is not None:
                changed[column] = anew
        if changed:
            session.connection().execute(update(rows).where(rows.c[name] == key).values(changed))
            values += len(changed)
    return Ended(values, unopenable)
