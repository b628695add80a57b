"""The roll-out (试点推广): city by city, what a desk still lacks before it is opened, and what came of those that are.

A desk lacks what makes reports wait: nobody who could accept, nobody who leads. What else is missing is said and is the
administrator's to judge.
"""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Literal

from sqlalchemy import func, select
from sqlmodel import Session

from dispatch import openings, tallies, tally_reading
from dispatch.accounts import AT_A_DESK, DISPATCHER, LEADER
from dispatch.desks import CITIES, SMS, city_of
from dispatch.errors import Refused
from dispatch.models import TABLES
from dispatch.openings import Opening
from dispatch.spans import day_of
from dispatch.tallies import Tally

Gap = Literal["no_leader", "no_dispatcher", "one_factor", "common_number", "no_figures"]

GAPS: Final[tuple[Gap, ...]] = ("no_leader", "no_dispatcher", "one_factor", "common_number", "no_figures")
# With these nobody would accept, or nobody would be told that somebody waits.
GRAVE: Final[frozenset[Gap]] = frozenset({"no_leader", "no_dispatcher"})
DAYS: Final = 7

_DISPATCHER, _PASSKEY, _SHIFT = TABLES["dispatcher"], TABLES["passkey"], TABLES["shift"]
_STAFF = select(
    _DISPATCHER.c.desk,
    _DISPATCHER.c.role,
    _DISPATCHER.c.totp_secret.is_not(None).label("two"),
    select(func.count()).where(_PASSKEY.c.dispatcher == _DISPATCHER.c.number).scalar_subquery().label("keys"),
).where(_DISPATCHER.c.disabled_at.is_(None), _DISPATCHER.c.role.in_(AT_A_DESK))
_ON = (
    select(_SHIFT.c.desk, func.count().label("n")).where(_SHIFT.c.ended_at.is_(None)).group_by(_SHIFT.c.desk)
)


@dataclass(frozen=True, slots=True)
class Readiness:
    """Of one desk: how it stands, and what it lacks."""

    opening: Opening
    gaps: tuple[Gap, ...]

    @property
    def grave(self) -> bool:
        """Whether reports would lie there."""
        return not GRAVE.isdisjoint(self.gaps)


@dataclass(frozen=True, slots=True)
class City:
    """A city with all its desks, its own first, and its figures of the last days: of today and the six before."""

    adcode: str
    desks: tuple[Readiness, ...]
    week: Tally

    @property
    def opened(self) -> int:
        """How many of its desks are open."""
        return sum(one.opening.open for one in self.desks)

    @property
    def gaps(self) -> Mapping[Gap, tuple[str, ...]]:
        """Which desks lack what; what none lacks is left out."""
        found: dict[Gap, list[str]] = defaultdict(list)
        for one in self.desks:
            for gap in one.gaps:
                found[gap].append(one.opening.desk)
        return {gap: tuple(found[gap]) for gap in GAPS if gap in found}

    @property
    def seen(self) -> str:
        """What whoever opens or closes it had before their eyes, to be sent back."""
        return "|".join(f"{one.opening.desk} {one.opening.seen}" for one in self.desks)


def cities(session: Session, at: datetime) -> list[City]:
    """All cities, in the order of their codes."""
    stand, staff = openings.all_openings(session), _staff(session)
    weeks = week_of(session, at)
    return [_city(adcode, stand, staff, weeks) for adcode in CITIES]


def city(session: Session, adcode: str, at: datetime) -> City:
    """One of them. Raises Refused `desk_unknown` for what is no city's code."""
    if adcode not in CITIES:
        raise Refused("desk_unknown", desk=adcode)
    return _city(adcode, openings.all_openings(session), _staff(session), week_of(session, at))


def readiness(session: Session, desk: str, at: datetime) -> Readiness:
    """One desk, the province's too. Raises Refused `desk_unknown`."""
    week = week_of(session, at)
    return _ready(openings.opening_of(session, desk), _staff(session), week)


def turn(
    session: Session, adcode: str, actor: str, reason: str, seen: str, *, opened: bool, despite: bool
) -> bool:
    """Open or close all desks of a city in one act. `despite`: also those at which reports would lie. `seen`: how the
    city stood before the eyes of whoever acts (`City.seen`): gives False, and changes nothing, when it stands otherwise
    meanwhile.

    Raises Refused: `desk_unknown`, `desks_not_ready`, `reason_required`.
    """
    if adcode not in CITIES:
        raise Refused("desk_unknown", desk=adcode)
    named = dict(part.split(" ", 1) for part in seen.split("|") if " " in part)
    if set(named) != set(tally_reading.desks_in(adcode)):
        return False
    if opened and not despite:
        staff = _staff(session)
        if any(GRAVE & set(_lacks(desk, staff)) for desk in named):
            raise Refused("desks_not_ready")
    return openings.turn_all(session, named, actor, reason, opened=opened)


def on_shift(session: Session) -> Mapping[str, int]:
    """How many are on at each desk; one with nobody is left out."""
    return {row.desk: row.n for row in session.connection().execute(_ON)}


def week_of(session: Session, at: datetime) -> Mapping[str, Tally]:
    """The figures of the last days, by desk and by area of a city."""
    return tally_reading.days(session, day_of(at - timedelta(days=DAYS - 1)), day_of(at))


@dataclass(slots=True)
class _Staff:
    """Who could work at a desk."""

    dispatchers: int = 0
    leaders: int = 0
    leaders_with_two: int = 0


def _staff(session: Session) -> Mapping[str, _Staff]:
    found: dict[str, _Staff] = defaultdict(_Staff)
    for row in session.connection().execute(_STAFF):
        of = found[row.desk]
        of.dispatchers += row.role == DISPATCHER
        if row.role == LEADER:
            of.leaders += 1
            of.leaders_with_two += bool(row.two or row.keys)
    return found


def _lacks(desk: str, staff: Mapping[str, _Staff]) -> list[Gap]:
    found: list[Gap] = []
    of = staff.get(desk, _Staff())
    if not of.leaders:
        found.append("no_leader")
    # Whoever leads can accept as well, so that a small desk of leaders alone lacks nobody.
    if not of.dispatchers and not of.leaders:
        found.append("no_dispatcher")
    if of.leaders > of.leaders_with_two:
        found.append("one_factor")
    return found


def _ready(opening: Opening, staff: Mapping[str, _Staff], week: Mapping[str, Tally]) -> Readiness:
    gaps = _lacks(opening.desk, staff)
    if opening.sms == SMS:
        gaps.append("common_number")
    if not week.get(opening.desk):
        gaps.append("no_figures")
    return Readiness(opening, tuple(gaps))


def _city(
    adcode: str, stand: Mapping[str, Opening], staff: Mapping[str, _Staff], weeks: Mapping[str, Tally]
) -> City:
    desks = tuple(
        _ready(opening, staff, weeks)
        for desk, opening in stand.items()
        if desk[:4] == adcode[:4] and city_of(desk) == adcode
    )
    return City(adcode, desks, weeks.get(tallies.area_below(adcode), {}))
