"""Whether the event logs are what was written: every desk's chain walked from its first event to its head, and the
first row that is wrong named.

A chain alone cannot tell that its end was cut off together with the head, or that all of it was computed anew: for that
there are the heads that were published outside (`dispatch/published.py`).

The walk reads in steps, each a short transaction, up to the head of its beginning: the desks go on meanwhile, and a
million events take no more memory than a thousand.
"""

from array import array
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import pairwise, zip_longest
from typing import Any, Final, Literal

from sqlalchemy import bindparam, func, select
from sqlmodel import Session

from dispatch.database import Database
from dispatch.events import chain
from dispatch.models import TABLES
from dispatch.published import Fault, Line

_DESK, _HEAD, _EVENT = TABLES["desk"], TABLES["desk_head"], TABLES["event"]

STEP: Final = 5_000
BEFORE_ALL: Final = -(2**62)
FIRST: Final = bytes(32)  # what the first event of a desk follows

_BEGIN = (
    select(
        _HEAD.c.seq,
        _HEAD.c.hash,
        select(func.max(_EVENT.c.seq))
        .where(_EVENT.c.desk == bindparam("of"))
        .scalar_subquery()
        .label("last"),
    )
    .select_from(_DESK.outerjoin(_HEAD, _HEAD.c.desk == _DESK.c.adcode))
    .where(_DESK.c.adcode == bindparam("of"))
)
_NEXT = (
    select(_EVENT)
    .where(
        _EVENT.c.desk == bindparam("of"), _EVENT.c.seq > bindparam("after"), _EVENT.c.seq <= bindparam("upto")
    )
    .order_by(_EVENT.c.seq)
    .limit(bindparam("most"))
)

What = Literal[
    "changed",  # the row's own content: what follows still follows what was written there
    "broken",  # the row does not follow the one before: changed, inserted or moved
    "missing",  # the row, or those up to `upto`, were taken out
    "cut_off",  # the end is missing, and the head says so
    "beyond",  # the row stands behind the head
    "head",  # the head is not that of the last row
    "head_missing",
    "unreadable",
    "rebuilt",  # all follows, but what was published is something else
    "cut_off_with_head",  # all follows, but more was published
]


@dataclass(frozen=True, slots=True)
class Known:
    """A head that was published: number, hash, when."""

    seq: int
    hash: bytes
    at: datetime


class Heads:
    """A desk's published heads in the order of their numbers. A year of them is millions: they are kept packed."""

    HASH = 32

    def __init__(self) -> None:
        self._seqs, self._at = array("q"), array("d")
        self._hashes = bytearray()

    def add(self, seq: int, digest: bytes, at: datetime) -> None:
        """One that was published; what says nothing new is left out."""
        if self._seqs and self._seqs[-1] == seq and self._hashes[-self.HASH :] == digest:
            return
        self._seqs.append(seq)
        self._at.append(at.timestamp())
        self._hashes += digest.ljust(self.HASH, b"\0")[: self.HASH]

    def __len__(self) -> int:
        return len(self._seqs)

    def ordered(self) -> Sequence[int]:
        """Which come one after the other: as they were published, unless a log once began anew."""
        seqs = self._seqs
        if all(seqs[index] <= seqs[index + 1] for index in range(len(seqs) - 1)):
            return range(len(seqs))
        return sorted(range(len(seqs)), key=seqs.__getitem__)

    def known(self, index: int) -> Known:
        """One of them."""
        digest = bytes(self._hashes[index * self.HASH : (index + 1) * self.HASH])
        return Known(self._seqs[index], digest, datetime.fromtimestamp(self._at[index], UTC))


@dataclass(slots=True)
class Publications:
    """All that was published, as far as it is of the database of today, and what is wrong with the files themselves."""

    heads: dict[str, Heads] = field(default_factory=lambda: defaultdict(Heads))
    lines: int = 0
    last: datetime | None = None
    faults: list[Fault] = field(default_factory=list)
    others: dict[str, datetime] = field(
        default_factory=dict
    )  # epochs that are not today's, and when last seen


def gather(lines: Iterable[Line | Fault], epoch: str, desks: Collection[str]) -> Publications:
    """The published heads of these desks, of this epoch."""
    found = Publications()
    for line in lines:
        if isinstance(line, Fault):
            found.faults.append(line)
            continue
        found.lines += 1
        found.last = line.at
        if line.epoch != epoch:
            found.others[line.epoch] = line.at
            continue
        for desk, (seq, digest) in line.heads.items():
            if desk in desks:
                found.heads[desk].add(seq, digest, line.at)
    return found


@dataclass(frozen=True, slots=True)
class Wrong:
    """The first row of a desk's log that is wrong, and what is wrong with it."""

    desk: str
    seq: int
    what: What
    upto: int = 0
    known: Known | None = None  # the published head that says so
    fits: int = 0  # the last published number before it that still fits


@dataclass(slots=True)
class Walked:
    """What the walk through one desk's log found."""

    desk: str
    events: int = 0
    last: int = 0
    wrong: Wrong | None = None
    held: int = 0  # against how many published heads it was held


@dataclass(slots=True)
class _Walk:
    desk: str
    head: int
    head_hash: bytes
    known: Heads
    order: Sequence[int] = ()
    before: bytes = FIRST
    at: int = 0
    next_known: int = 0
    found: Walked = field(init=False)

    def __post_init__(self) -> None:
        self.found = Walked(self.desk)
        self.order = self.known.ordered()


def desks_of(database: Database) -> list[str]:
    """The desks that have a log."""
    with database.read() as session:
        return list(session.connection().execute(select(_DESK.c.adcode).order_by(_DESK.c.adcode)).scalars())


def walk(
    database: Database, desk: str, known: Heads | None = None, on_step: Callable[[int], None] = lambda _: None
) -> Walked:
    """Walk one desk's log. `known` are its published heads, read before this begins; `on_step` hears how many events
    each step took."""
    with database.read() as session:
        begin = session.connection().execute(_BEGIN, {"of": desk}).one()
    if begin.seq is None:
        return Walked(desk, wrong=Wrong(desk, 1, "head_missing"))
    on = _Walk(desk, begin.seq, bytes(begin.hash), known or Heads())
    for pairs in _steps(database, on):
        if isinstance(pairs, int):
            on.found.wrong = Wrong(desk, pairs, "unreadable")
            return on.found
        count = on.found.events
        for row, after in pairs:
            on.found.wrong = _look(on, row, after)
            if on.found.wrong:
                return on.found
        on_step(on.found.events - count)
    on.found.wrong = _at_the_end(on, begin.last or 0)
    return on.found


def _steps(database: Database, on: _Walk) -> Iterator[Iterable[tuple[Any, Any]] | int]:
    """The rows, a step at a time, each with the one after it; so the last of a step comes again as the first of the
    next. The number of a row instead, when it cannot be read."""
    after = BEFORE_ALL
    while True:
        with database.read() as session:
            try:
                rows = _rows(session, on.desk, after, on.head, STEP)
            except (ValueError, TypeError):
                yield from _up_to_the_unreadable(session, on, after)
                return
        whole = len(rows) < STEP
        yield zip_longest(rows, rows[1:]) if whole else pairwise(rows)
        if whole:
            return
        after = rows[-2].seq


def _rows(session: Session, desk: str, after: int, upto: int, most: int) -> Sequence[Any]:
    wanted = {"of": desk, "after": after, "upto": upto, "most": most}
    return session.connection().execute(_NEXT, wanted).all()


def _up_to_the_unreadable(
    session: Session, on: _Walk, after: int
) -> Iterator[Iterable[tuple[Any, Any]] | int]:
    """The rows one by one, and then the number of the one that holds what no column of its kind can."""
    numbers = session.connection().execute(
        select(_EVENT.c.seq)
        .where(_EVENT.c.desk == on.desk, _EVENT.c.seq > after)
        .order_by(_EVENT.c.seq)
        .limit(STEP)
    )
    rows: list[Any] = []
    for seq in numbers.scalars().all():
        try:
            rows += _rows(session, on.desk, seq - 1, seq, 1)
        except (ValueError, TypeError):
            yield zip_longest(rows, rows[1:])
            yield seq
            return


def _look(on: _Walk, row: Any, after: Any) -> Wrong | None:
    if row.seq <= on.at:
        return Wrong(on.desk, row.seq, "broken")  # a number that none was given
    if row.seq != on.at + 1:
        return Wrong(on.desk, on.at + 1, "missing", upto=row.seq - 1)
    stored = bytes(row.hash)
    if _chained(on.before, row) != stored:
        follows = _chained(stored, after) == bytes(after.hash) if after else stored == on.head_hash
        return Wrong(on.desk, row.seq, "changed" if follows else "broken")
    on.before, on.at = stored, row.seq
    on.found.events += 1
    on.found.last = row.seq
    return _as_published(on)


def _chained(before: bytes, row: Any) -> bytes:
    """What the row's hash must be; nothing when it holds what no event holds."""
    try:
        return chain(before, row._mapping)
    except (ValueError, TypeError, AttributeError, OverflowError):
        return b""


def _as_published(on: _Walk) -> Wrong | None:
    while on.next_known < len(on.order):
        known = on.known.known(on.order[on.next_known])
        if known.seq > on.at:
            break
        if known.hash != on.before:
            fits = on.known.known(on.order[on.next_known - 1]).seq if on.next_known else 0
            return Wrong(on.desk, on.at, "rebuilt", known=known, fits=fits)
        on.next_known += 1
        on.found.held += 1
    return None


def _at_the_end(on: _Walk, last: int) -> Wrong | None:
    if on.at < on.head:
        return Wrong(on.desk, on.at + 1, "cut_off", upto=on.head)
    if last > on.head:
        return Wrong(on.desk, on.head + 1, "beyond", upto=last)
    if on.head_hash != on.before:
        return Wrong(on.desk, on.head, "head")
    if on.next_known < len(on.order):
        known = on.known.known(on.order[-1])
        return Wrong(on.desk, on.head + 1, "cut_off_with_head", upto=known.seq, known=known)
    return None
