"""Counting: the roll-ups follow the desks' event logs, so that figures of a year are ready when somebody asks.

A round reads, in one snapshot, the events past each desk's cursor, counts the hours anew in which the reports that they
name were filed, and carries the differences into the days, months and years, and into the areas. What it found is
written in one short transaction with the cursors, and only if nobody else has moved them: so a process may die at any
moment, two may count at once, and nothing is counted twice or left out.

An hour is counted from the reports and not from what an event says, so no event has to be understood: it only says
where to look. A report that changes its desk leaves an event in both desks' logs. What joins or leaves an incident can
make another of its reports the first, so all of them are looked at.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final, TypeVar
from uuid import UUID

from sqlalchemy import and_, bindparam, delete, select, tuple_, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import Session

from dispatch import tallies
from dispatch.database import insert_or_leave
from dispatch.events import (
    LOCATION_SHARED,
    LOOKS,
    MEDIA_BEGUN,
    MEDIA_REJECTED,
    MEDIA_REMOVED,
    MEDIA_STORED,
    MESSAGE_SENT,
    NOTE_WRITTEN,
    RECEIPT_SHOWN,
    REPORT_LINKED,
    REPORT_SEEN,
    REPORT_SHOWN,
    REPORT_UNLINKED,
    REQUEST_ANSWERED,
    REQUEST_SENT,
)
from dispatch.models import TABLES
from dispatch.spans import around, beginning, end, hour_of
from dispatch.tallies import Tally

# A round reads about so many events: what is written of them must not hold up the filing of a report.
EVENTS: Final = 4000
AT_ONCE: Final = 400

# What leaves every count as it is. Whatever is not named here is looked at, so a new kind is never missed.
_ASIDE: Final = LOOKS | frozenset(
    {
        MESSAGE_SENT,
        REQUEST_SENT,
        REQUEST_ANSWERED,
        REPORT_SEEN,
        REPORT_SHOWN,
        RECEIPT_SHOWN,
        LOCATION_SHARED,
        NOTE_WRITTEN,
        MEDIA_BEGUN,
        MEDIA_STORED,
        MEDIA_REJECTED,
        MEDIA_REMOVED,
    }
)

_TALLY, _CURSOR, _ROUND = TABLES["tally"], TABLES["tally_cursor"], TABLES["tally_round"]
_HEAD, _EVENT, _REPORT = TABLES["desk_head"], TABLES["event"], TABLES["report"]

_STANDS = select(_ROUND.c.n, _ROUND.c.generation)
_BEHIND = (
    select(_HEAD.c.desk, _HEAD.c.seq.label("head"), _CURSOR.c.seq.label("cursor"))
    .outerjoin(_CURSOR, _CURSOR.c.desk == _HEAD.c.desk)
    .order_by(_HEAD.c.desk)
)
_EVENTS = (
    select(_EVENT.c.seq, _EVENT.c.kind, _EVENT.c.report, _EVENT.c.data)
    .where(_EVENT.c.desk == bindparam("of"), _EVENT.c.seq > bindparam("after"))
    .order_by(_EVENT.c.seq)
    .limit(bindparam("most"))
)
_FILED = select(_REPORT.c.desk, _REPORT.c.filed_at).where(_REPORT.c.id.in_(bindparam("ids", expanding=True)))
_OF_INCIDENTS = select(_REPORT.c.desk, _REPORT.c.filed_at).where(
    _REPORT.c.incident.in_(bindparam("ids", expanding=True))
)
_MOVE = (
    update(_ROUND)
    .where(_ROUND.c.id == 1, _ROUND.c.n == bindparam("seen"))
    .values(n=_ROUND.c.n + 1)
    .returning(_ROUND.c.n)
)
_REMOVE = delete(_TALLY).where(
    and_(
        _TALLY.c.generation == bindparam("of_generation"),
        _TALLY.c.area == bindparam("of_area"),
        _TALLY.c.span == bindparam("of_span"),
    )
)

T = TypeVar("T")
Place = tuple[str, int]  # an area and a span


@dataclass(frozen=True, slots=True)
class Round:
    """What a round has found. `n`: the rounds before it, by which it sees whether another came between."""

    n: int
    generation: int
    cursors: Mapping[str, int]
    rows: Mapping[Place, Tally]
    more: bool  # there is more to read


def look(session: Session, most: int = EVENTS) -> Round | None:
    """What has happened since the last round, counted; None when nothing has."""
    connection = session.connection()
    stands = connection.execute(_STANDS).one_or_none()
    n, generation = (stands.n, stands.generation) if stands else (0, 0)
    behind = [
        (row.head - (row.cursor or 0), row.desk, row.cursor or 0)
        for row in connection.execute(_BEHIND)
        if row.head > (row.cursor or 0)
    ]
    cursors: dict[str, int] = {}
    hours: set[Place] = set()
    # Those first who are least behind: one desk's storm must not keep the others' figures back.
    for lag, desk, cursor in sorted(behind):
        if most <= 0:
            break
        touched, cursors[desk] = _touched(session, desk, cursor, most)
        hours |= touched
        most -= min(lag, most)
    if not cursors:
        return None
    moved = _differences(session, generation, hours)
    rows = _kept(session, generation, moved)
    for place, difference in moved.items():
        tallies.add(rows.setdefault(place, {}), difference)
    heads = {desk: cursor + lag for lag, desk, cursor in behind}
    return Round(n, generation, cursors, rows, more=any(cursors.get(desk) != heads[desk] for desk in heads))


def _touched(session: Session, desk: str, cursor: int, most: int) -> tuple[set[Place], int]:
    """The desks' hours that the next events of a log are about, and how far these reach."""
    reports: set[UUID] = set()
    incidents: set[UUID] = set()
    seq = cursor
    for event in session.connection().execute(_EVENTS, {"of": desk, "after": cursor, "most": most}):
        seq = event.seq
        if event.report is not None and event.kind not in _ASIDE:
            reports.add(event.report)
        if event.kind in (REPORT_LINKED, REPORT_UNLINKED):
            incidents.add(UUID(event.data["incident"]))
    hours: set[Place] = set()
    for statement, ids in ((_FILED, reports), (_OF_INCIDENTS, incidents)):
        for some in _in_parts(sorted(ids)):
            for here, filed_at in session.connection().execute(statement, {"ids": some}):
                # Where it is now, and here, where it may have been.
                hours |= {(here, hour_of(filed_at)), (desk, hour_of(filed_at))}
    return hours, seq


def _differences(session: Session, generation: int, hours: set[Place]) -> dict[Place, Tally]:
    """What these hours are now beside what was counted of them, carried into all that they are part of."""
    found: dict[Place, Tally] = {}
    kept = _kept(session, generation, hours)
    for desk, hour in sorted(hours):
        difference = tallies.count(session, desk, beginning(hour), end(hour)).get(hour, {})
        tallies.add(difference, kept.get((desk, hour), {}), -1)
        if not difference:
            continue
        for place, part in spread(desk, hour, difference):
            tallies.add(found.setdefault(place, {}), part)
    return found


def spread(desk: str, hour: int, tally: Tally) -> Iterable[tuple[Place, Tally]]:
    """Every row that a desk's hour counts in, with what of it counts there."""
    of_area = tallies.of_area(tally)
    for span in around(hour):
        yield (desk, span), tally
        for area in tallies.areas_of(desk):
            yield (area, span), of_area


def _kept(session: Session, generation: int, places: Iterable[Place]) -> dict[Place, Tally]:
    """The rows of these places, as far as there are any."""
    found: dict[Place, Tally] = {}
    for some in _in_parts(sorted(places)):
        chosen = select(_TALLY.c.area, _TALLY.c.span, _TALLY.c.counts).where(
            _TALLY.c.generation == generation, tuple_(_TALLY.c.area, _TALLY.c.span).in_(some)
        )
        for row in session.connection().execute(chosen):
            found[row.area, row.span] = tallies.unpack(row.counts)
    return found


def take(session: Session, found: Round) -> bool:
    """Write what a round has found, unless another round was written since it looked; whether it was written.

    Runs as a command of the writer.
    """
    insert_or_leave(session, _ROUND, {"id": 1, "n": 0, "generation": 0})
    connection = session.connection()
    if connection.execute(_MOVE, {"seen": found.n}).first() is None:
        return False
    put(session, found.generation, found.rows)
    move_cursors(session, found.cursors)
    return True


def put(session: Session, generation: int, rows: Mapping[Place, Tally]) -> None:
    """Write rows in the place of those that stand there; an empty one goes."""
    connection = session.connection()
    full = [
        {"generation": generation, "area": area, "span": span, "counts": tallies.pack(tally)}
        for (area, span), tally in sorted(rows.items(), key=lambda row: row[0])
        if tally
    ]
    if full:
        make = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
        statement = make(_TALLY)
        connection.execute(
            statement.on_conflict_do_update(
                index_elements=["generation", "area", "span"], set_={"counts": statement.excluded.counts}
            ),
            full,
        )
    empty = [
        {"of_generation": generation, "of_area": area, "of_span": span}
        for (area, span), tally in sorted(rows.items(), key=lambda row: row[0])
        if not tally
    ]
    if empty:
        connection.execute(_REMOVE, empty)


def move_cursors(session: Session, cursors: Mapping[str, int]) -> None:
    """From now on these desks' logs are counted as far as that."""
    connection = session.connection()
    make = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
    statement = make(_CURSOR)
    connection.execute(
        statement.on_conflict_do_update(index_elements=["desk"], set_={"seq": statement.excluded.seq}),
        [{"desk": desk, "seq": seq} for desk, seq in sorted(cursors.items())],
    )


def _in_parts(things: list[T]) -> Iterable[list[T]]:
    for first in range(0, len(things), AT_ONCE):
        yield things[first : first + AT_ONCE]
