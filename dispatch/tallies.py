"""Tallies: how many reports of a span there are, by what is told of them. Counted from the reports as they stand.

A report belongs to the hour in which it was filed, at the desk that it is at now. So whatever becomes of it later moves
counts of that hour, and a tally is always what a plain count of the reports gives.
"""

from collections.abc import Mapping
from datetime import datetime
from functools import cache
from typing import Any, Final

import orjson
from sqlalchemy import Row, Select, bindparam, case, exists, false, func, select, tuple_
from sqlmodel import Session

from dispatch.desks import PROVINCE, level
from dispatch.exercises import is_real
from dispatch.models import TABLES
from dispatch.scales import ACCEPTED, ARRIVED, CLOSED, Scale
from dispatch.spans import hour_of

# Measure → key → how many. A key is a code, or the edge of a duration (`dispatch.scales`).
Tally = dict[str, dict[str, int]]

# What a report is counted by. Each report has one key of each of the first four; the others only where it has come so
# far. `county`: where it was filed, which its number begins with, wherever it is by now.
KIND, CATEGORY, OUTCOME, COUNTY = "kind", "category", "outcome", "county"
DISPATCHER = "dispatcher"  # who accepted it; of desks alone, not of areas
# `LATER`: not the first of its incident's reports. What is no such counts as an event.
INCIDENT = "incident"
# What came of it, in people, as far as somebody said so when it was closed.
RESULTS: Final = "results"
PEOPLE: Final = ("caught", "rescued", "helped")
# The key of what has none: no category, no outcome yet.
NONE, OPEN, LATER = "none", "open", "later"

_REPORT, _ACKNOWLEDGEMENT, _SENDING = TABLES["report"], TABLES["acknowledgement"], TABLES["sending"]
_CLOSURE = TABLES["closure"]


@cache
def facts() -> Select[Any]:
    """Of the real reports of desk `of`, filed from `since` until before `until`: all that they are counted by."""
    # The first unit that ever came: opening a report again takes nothing of that back.
    arrived = (
        select(func.min(_SENDING.c.on_scene_at)).where(_SENDING.c.report == _REPORT.c.id).scalar_subquery()
    )
    other = _REPORT.alias("other")
    earlier = exists().where(
        other.c.incident == _REPORT.c.incident,
        tuple_(other.c.filed_at, other.c.id) < tuple_(_REPORT.c.filed_at, _REPORT.c.id),
    )
    return (
        select(
            _REPORT.c.filed_at,
            _REPORT.c.kind,
            _REPORT.c.category,
            _REPORT.c.outcome,
            _REPORT.c.number,
            _REPORT.c.closed_at,
            _ACKNOWLEDGEMENT.c.at.label("accepted_at"),
            _ACKNOWLEDGEMENT.c.dispatcher,
            arrived.label("arrived_at"),
            *(_CLOSURE.c[people] for people in PEOPLE),
            case((_REPORT.c.incident.is_(None), false()), else_=earlier).label("later"),
        )
        .outerjoin(_ACKNOWLEDGEMENT, _ACKNOWLEDGEMENT.c.report == _REPORT.c.id)
        .outerjoin(_CLOSURE, (_CLOSURE.c.report == _REPORT.c.id) & _CLOSURE.c.reopened_at.is_(None))
        .where(
            _REPORT.c.desk == bindparam("of"),
            _REPORT.c.filed_at >= bindparam("since"),
            _REPORT.c.filed_at < bindparam("until"),
            is_real(_REPORT),
        )
    )


def count(session: Session, desk: str, since: datetime, until: datetime) -> dict[int, Tally]:
    """The desk's reports that were filed from `since` until before `until`, by the hour of their filing."""
    found: dict[int, Tally] = {}
    values = {"of": desk, "since": since, "until": until}
    for row in session.connection().execute(facts(), values):
        _count_one(found.setdefault(hour_of(row.filed_at), {}), row)
    return found


def _count_one(into: Tally, row: Row[Any]) -> None:
    _one(into, KIND, row.kind)
    _one(into, CATEGORY, row.category or NONE)
    _one(into, OUTCOME, row.outcome or OPEN)
    _one(into, COUNTY, row.number[:6])
    for people in PEOPLE:
        if n := getattr(row, people):
            _one(into, RESULTS, people, n)
    if row.later:
        _one(into, INCIDENT, LATER)
    if row.dispatcher is not None:
        _one(into, DISPATCHER, row.dispatcher)
    _lasted(into, ACCEPTED, row.filed_at, row.accepted_at)
    _lasted(into, ARRIVED, row.filed_at, row.arrived_at)
    _lasted(into, CLOSED, row.filed_at, row.closed_at)


def _one(into: Tally, measure: str, key: str, n: int = 1) -> None:
    counts = into.setdefault(measure, {})
    counts[key] = counts.get(key, 0) + n


def _lasted(into: Tally, scale: Scale, begun: datetime, ended: datetime | None) -> None:
    if ended is not None:
        _one(into, scale.name, str(scale.edge((ended - begun).total_seconds())))


def add(into: Tally, other: Mapping[str, Mapping[str, int]], sign: int = 1) -> Tally:
    """Add a tally to another, or take it away (`sign` -1). What comes to nothing is left out."""
    for measure, keys in other.items():
        counts = into.setdefault(measure, {})
        for key, n in keys.items():
            if total := counts.get(key, 0) + sign * n:
                counts[key] = total
            else:
                counts.pop(key, None)
        if not counts:
            del into[measure]
    return into


def areas_of(desk: str) -> tuple[str, ...]:
    """The areas that a desk's reports are counted in besides its own row: its city's and the province's."""
    return (
        (area_below(PROVINCE),)
        if level(desk) == "province"
        else (area_below(desk[:4] + "00"), area_below(PROVINCE))
    )


def area_below(desk: str) -> str:
    """The area of a desk with all desks below it. A county's is the county."""
    match level(desk):
        case "province":
            return desk[:2]
        case "city":
            return desk[:4]
        case "county":
            return desk


def of_area(tally: Mapping[str, dict[str, int]]) -> Tally:
    """What of a desk's tally counts in its areas: all but who accepted, which grows with every desk and is nobody's."""
    return {measure: keys for measure, keys in tally.items() if measure != DISPATCHER}


def pack(tally: Tally) -> str:
    """As it is kept: the same tally gives the same text."""
    return orjson.dumps(tally, option=orjson.OPT_SORT_KEYS).decode()


def unpack(counts: str) -> Tally:
    """As it was kept."""
    found: Tally = orjson.loads(counts)
    return found
