"""Counting everything anew: the roll-ups made from the reports alone, whatever was counted before.

The new rows are a generation of their own beside those that hold, and take their place in one step when they are whole:
the figures stay as they were until then, a process that dies leaves them as they are, and the worker goes on meanwhile.
"""

from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from functools import partial
from typing import Final

from sqlalchemy import bindparam, delete, func, select, update
from sqlmodel import Session

from dispatch import tallies
from dispatch.counting import Place, move_cursors, put
from dispatch.database import Database, insert_or_leave
from dispatch.desks import CITIES, DESKS, PROVINCE
from dispatch.errors import Unfit
from dispatch.events import heads
from dispatch.models import TABLES
from dispatch.spans import beginning, end, hour_of, neighbour
from dispatch.tallies import Tally
from dispatch.writer import Command, Writer

Rows = dict[Place, Tally]
Write = Callable[[Command[None]], None]
Say = Callable[[str], None]

# So many rows are written together.
TOGETHER: Final = 2000

_TALLY, _ROUND, _REPORT = TABLES["tally"], TABLES["tally_round"], TABLES["report"]
_REACH = select(func.min(_REPORT.c.filed_at), func.max(_REPORT.c.filed_at)).where(
    _REPORT.c.desk == bindparam("of")
)
_NEWEST = select(func.max(_TALLY.c.generation))
_HOLDS = select(_ROUND.c.generation)
_ROWS = select(_TALLY.c.span, _TALLY.c.counts).where(
    _TALLY.c.generation == bindparam("of_generation"),
    _TALLY.c.area.in_(bindparam("areas", expanding=True)),
    _TALLY.c.span >= bindparam("first"),
    _TALLY.c.span <= bindparam("last"),
)
_MONTHS = (
    select(_TALLY.c.span)
    .where(
        _TALLY.c.generation == bindparam("of_generation"),
        _TALLY.c.area.in_(bindparam("areas", expanding=True)),
        _TALLY.c.span >= 200_000,
        _TALLY.c.span <= 999_999,
    )
    .distinct()
    .order_by(_TALLY.c.span)
)
_OTHERS = (
    select(_TALLY.c.generation, _TALLY.c.area).where(_TALLY.c.generation != bindparam("holds")).distinct()
)

# An area is summed from these: a city from its desks, then the province from its cities and its own desk.
AREAS: Final = {
    **{
        tallies.area_below(city): tuple(desk for desk in DESKS if desk.startswith(city[:4]))
        for city in CITIES
    },
    tallies.area_below(PROVINCE): (PROVINCE, *(tallies.area_below(city) for city in CITIES)),
}


def recount(url: str, say: Say) -> None:
    """Count all reports of the database anew, as `rebuild` does, by a writer of its own."""
    database = Database(url)
    writer = Writer(database, lambda _: None)
    writer.start()
    try:
        rebuild(database, lambda command: writer.submit(command).result(), say)
    finally:
        writer.stop()
        database.close()


def rebuild(database: Database, write: Write, say: Say = lambda _: None) -> None:
    """Count all reports anew and let that hold. `write` runs a command of the writer.

    Raises `Unfit` when somebody else has done so in the meantime: their figures hold.
    """
    with database.read() as session:
        holds = session.connection().execute(_HOLDS).scalar_one_or_none() or 0
        generation = max(session.connection().execute(_NEWEST).scalar_one() or 0, holds) + 1
    cursors: dict[str, int] = {}
    for rows in _gathered(_of_desks(database, cursors, say)):
        write(partial(put, generation=generation, rows=rows))
    for area, parts in AREAS.items():
        for rows in _gathered(_of_area(database, generation, area, parts)):
            write(partial(put, generation=generation, rows=rows))
    write(partial(_let_hold, held=holds, generation=generation, cursors=cursors))
    for old, area in _others(database, generation):
        write(partial(_remove, generation=old, area=area))


def _gathered(some: Iterable[Rows]) -> Iterator[Rows]:
    """The same rows, as many together as one short transaction holds."""
    gathered: Rows = {}
    for rows in some:
        gathered |= rows
        if len(gathered) >= TOGETHER:
            yield gathered
            gathered = {}
    yield gathered


def _of_desks(database: Database, cursors: dict[str, int], say: Say) -> Iterator[Rows]:
    """The rows of all desks; how far each desk's log is counted with them goes into `cursors`."""
    for desk in DESKS:
        with database.read() as session:
            # Read first: what happens while it is counted is looked at again, which changes nothing.
            cursors[desk] = heads(session, [desk]).get(desk, 0)
        yield from _of_desk(database, desk)
        say(desk)


def _of_desk(database: Database, desk: str) -> Iterator[Rows]:
    """A desk's rows, counted month by month."""
    years: Rows = {}
    with database.read() as session:
        first, last = session.connection().execute(_REACH, {"of": desk}).one()
    for month in _months(first, last):
        with database.read() as session:
            hours = tallies.count(session, desk, beginning(month), end(month))
        yield _summed(desk, hours, years)
    yield years


def _of_area(database: Database, generation: int, area: str, parts: tuple[str, ...]) -> Iterator[Rows]:
    """An area's rows, summed from those of its parts month by month."""
    years: Rows = {}
    of = {"of_generation": generation, "areas": parts}
    with database.read() as session:
        months = list(session.connection().execute(_MONTHS, of).scalars())
    for month in months:
        hours: dict[int, Tally] = {}
        with database.read() as session:
            within = {"first": month * 10_000, "last": month * 10_000 + 9_999}
            for row in session.connection().execute(_ROWS, of | within):
                tallies.add(hours.setdefault(row.span, {}), tallies.of_area(tallies.unpack(row.counts)))
        yield _summed(area, hours, years)
    yield years


def _summed(area: str, hours: dict[int, Tally], years: Rows) -> Rows:
    """The rows of a month's hours, with their days and the month; what they add to their year goes into `years`."""
    rows: Rows = {}
    for hour, tally in hours.items():
        rows[area, hour] = tally
        for span in (hour // 100, hour // 10_000):
            tallies.add(rows.setdefault((area, span), {}), tally)
        tallies.add(years.setdefault((area, hour // 1_000_000), {}), tally)
    return rows


def _months(first: datetime | None, last: datetime | None) -> Iterator[int]:
    if first is None or last is None:
        return
    month: int | None = hour_of(first) // 10_000
    while month is not None and month <= hour_of(last) // 10_000:
        yield month
        month = neighbour(month, 1)


def _let_hold(session: Session, held: int, generation: int, cursors: dict[str, int]) -> None:
    insert_or_leave(session, _ROUND, {"id": 1, "n": 0, "generation": 0})
    moved = session.connection().execute(
        update(_ROUND)
        .where(_ROUND.c.id == 1, _ROUND.c.generation == held)
        .values(n=_ROUND.c.n + 1, generation=generation)
        .returning(_ROUND.c.n)
    )
    if moved.first() is None:
        raise Unfit("The figures were counted anew by somebody else meanwhile; theirs hold.")
    move_cursors(session, cursors)


def _others(database: Database, generation: int) -> Iterable[tuple[int, str]]:
    """What does not hold any more, of whatever time."""
    with database.read() as session:
        return [
            (row.generation, row.area) for row in session.connection().execute(_OTHERS, {"holds": generation})
        ]


def _remove(session: Session, generation: int, area: str) -> None:
    session.connection().execute(
        delete(_TALLY).where(_TALLY.c.generation == generation, _TALLY.c.area == area)
    )
