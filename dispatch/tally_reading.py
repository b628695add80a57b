"""Reading the figures: what is kept of a desk, or of a desk with all below it, in a span of time."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import bindparam, func, select
from sqlmodel import Session

from dispatch import repeats, tallies
from dispatch.desks import CITIES, DESKS, PROVINCE, level
from dispatch.models import TABLES
from dispatch.spans import FIRST_YEAR, LAST_YEAR, beginning, end, inside
from dispatch.tallies import Tally

# All years together.
EVER: Final = 0

_TALLY, _CURSOR, _ROUND = TABLES["tally"], TABLES["tally_cursor"], TABLES["tally_round"]
_HEAD, _EVENT = TABLES["desk_head"], TABLES["event"]

_ROWS = select(_TALLY.c.area, _TALLY.c.span, _TALLY.c.counts).where(
    _TALLY.c.generation == func.coalesce(select(_ROUND.c.generation).scalar_subquery(), 0),
    _TALLY.c.area.in_(bindparam("areas", expanding=True)),
    _TALLY.c.span >= bindparam("first"),
    _TALLY.c.span <= bindparam("last"),
)
_COUNTED = func.coalesce(_CURSOR.c.seq, 0)
_BEHIND = (
    select(func.min(_EVENT.c.at))
    .select_from(_HEAD)
    .outerjoin(_CURSOR, _CURSOR.c.desk == _HEAD.c.desk)
    .join(_EVENT, (_EVENT.c.desk == _HEAD.c.desk) & (_EVENT.c.seq == _COUNTED + 1))
    .where(_HEAD.c.desk.in_(bindparam("desks", expanding=True)), _HEAD.c.seq > _COUNTED)
)


@dataclass(frozen=True, slots=True)
class Figures:
    """What is kept of a desk in a span. `parts`: of the next shorter spans; `desks`: of each desk and city in it."""

    desk: str
    below: bool
    span: int
    whole: Tally
    parts: Mapping[int, Tally]
    areas: Mapping[str, Tally]
    own: Tally  # of the desk alone
    often: int  # people who harassed ten times or more
    behind: datetime | None  # what has happened since is not in it yet


def read(session: Session, desk: str, span: int, *, below: bool) -> Figures:
    """The figures of a desk, with all desks below it or alone. `span`: a year, a month or a day, or `EVER`."""
    area = tallies.area_below(desk) if below else desk
    spans = inside(span) if span else range(FIRST_YEAR, LAST_YEAR + 1)
    parts = {row_span: tally for (_, row_span), tally in _rows(session, [area], spans[0], spans[-1]).items()}
    within = areas_in(desk) if below else ()
    areas = _totals(session, dict.fromkeys((area, desk, *within)), span)
    desks = None if area == tallies.area_below(PROVINCE) else desks_in(desk) if below else [desk]
    since, until = (beginning(span), end(span)) if span else (None, None)
    return Figures(
        desk=desk,
        below=below,
        span=span,
        whole=areas[area],
        parts={part: parts.get(part, {}) for part in (spans if span else _reached(parts))},
        areas={name: areas[name] for name in within},
        own=areas[desk],
        often=repeats.people(session, desks, since, until),
        behind=behind(session, desks or list(DESKS)),
    )


def hours(session: Session, desk: str, first_day: int, last_day: int) -> dict[int, Tally]:
    """What is kept of the hours of some days at a desk alone; those without a report are left out."""
    found = _rows(session, [desk], first_day * 100, last_day * 100 + 23)
    # Between the hours of the first and the last day lie no shorter spans.
    return {span: tally for (_, span), tally in found.items()}


def day(session: Session, desk: str, of: int) -> Tally:
    """What is kept of a day at a desk alone."""
    return _rows(session, [desk], of, of).get((desk, of), {})


def days(session: Session, first: int, last: int) -> dict[str, Tally]:
    """What is kept of some days together, by desk and by area of a city; what has nothing is left out."""
    areas = [*DESKS, *(tallies.area_below(city) for city in CITIES)]
    found: dict[str, Tally] = {}
    # Between the first and the last day lie no shorter spans.
    for (area, _), tally in _rows(session, areas, first, last).items():
        tallies.add(found.setdefault(area, {}), tally)
    return found


def behind(session: Session, desks: Sequence[str]) -> datetime | None:
    """Since when something has happened at these desks that is not counted yet; None when all is."""
    found: datetime | None = session.connection().execute(_BEHIND, {"desks": list(desks)}).scalar_one()
    return found


def desks_in(desk: str) -> list[str]:
    """The desk and all below it, by code."""
    area = tallies.area_below(desk)
    return [adcode for adcode in DESKS if adcode.startswith(area)]


def areas_in(desk: str) -> tuple[str, ...]:
    """What a desk's figures are made of, in the order of the codes: the desk itself, and each one below; in the
    province before a city's desks the city as a whole."""
    if level(desk) == "county":
        return ()
    if level(desk) == "city":
        return tuple(desks_in(desk))
    found = [desk]
    for city in CITIES:
        found += [tallies.area_below(city), *desks_in(city)]
    return tuple(found)


def _reached(parts: Mapping[int, Tally]) -> Iterable[int]:
    """The years from the first with a report to the last."""
    return range(min(parts), max(parts) + 1) if parts else ()


def _totals(session: Session, areas: Iterable[str], span: int) -> dict[str, Tally]:
    found: dict[str, Tally] = {area: {} for area in areas}
    first, last = (span, span) if span else (FIRST_YEAR, LAST_YEAR)
    for (area, _), tally in _rows(session, list(found), first, last).items():
        tallies.add(found[area], tally)
    return found


def _rows(session: Session, areas: Sequence[str], first: int, last: int) -> dict[tuple[str, int], Tally]:
    values = {"areas": list(areas), "first": first, "last": last}
    rows = session.connection().execute(_ROWS, values)
    return {(row.area, row.span): tallies.unpack(row.counts) for row in rows}
