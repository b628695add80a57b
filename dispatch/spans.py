"""Spans of time as figures are counted by: an hour, a day, a month or a year in China, each a number.

`2026112310` is the hour that begins at ten on 23 November 2026, `20261123` its day, `202611` its month, `2026` its
year: a number says how long its span is, and the spans inside one another sort together.
"""

from datetime import date, datetime, timedelta, timezone
from typing import Final, Literal

Grain = Literal["hour", "day", "month", "year"]

# China has one time zone and no daylight saving: an hour of one is an hour of the other.
BEIJING: Final = timezone(timedelta(hours=8))
# Of what was ever filed here, and of what anybody may ask for.
FIRST_YEAR, LAST_YEAR = 2000, 2099

_GRAINS: Final[dict[int, Grain]] = {4: "year", 6: "month", 8: "day", 10: "hour"}


def hour_of(moment: datetime) -> int:
    """The hour that a moment lies in."""
    here = moment.astimezone(BEIJING)
    return ((here.year * 100 + here.month) * 100 + here.day) * 100 + here.hour


def day_of(moment: datetime) -> int:
    """The day that a moment lies in."""
    return hour_of(moment) // 100


def around(hour: int) -> tuple[int, int, int, int]:
    """The hour with its day, month and year."""
    return hour, hour // 100, hour // 10_000, hour // 1_000_000


def grain_of(span: int) -> Grain:
    """How long a span is. Raises ValueError for a number that names none."""
    beginning(span)
    return _GRAINS[len(str(span))]


def beginning(span: int) -> datetime:
    """When a span begins. Raises ValueError for a number that names none."""
    digits = str(span)
    if len(digits) not in _GRAINS:
        raise ValueError(f"no span: {span}")
    parts = [int(digits[:4]), *(int(digits[at : at + 2]) for at in range(4, len(digits), 2))]
    year, month, day, hour = [*parts, *(1, 1, 0)[len(parts) - 1 :]]
    if not FIRST_YEAR <= year <= LAST_YEAR:
        raise ValueError(f"no year: {year}")
    return datetime(year, month, day, hour, tzinfo=BEIJING)


def end(span: int) -> datetime:
    """When a span is over: the next begins at that moment."""
    begins = beginning(span)
    match grain_of(span):
        case "hour":
            return begins + timedelta(hours=1)
        case "day":
            return begins + timedelta(days=1)
        case "month":
            return (begins + timedelta(days=31)).replace(day=1)
        case "year":
            return begins.replace(year=begins.year + 1)


def inside(span: int) -> range:
    """The next shorter spans that a span is made of: months, days, hours; of an hour none."""
    first = span * 100
    match grain_of(span):
        case "year":
            return range(first + 1, first + 13)
        case "month":
            return range(first + 1, first + (end(span) - timedelta(days=1)).day + 1)
        case "day":
            return range(first, first + 24)
        case "hour":
            return range(0)


def neighbour(span: int, steps: int) -> int | None:
    """The span of the same length so many before or after; None beyond what can be asked for."""
    grain = grain_of(span)
    if grain in ("year", "month"):
        months = (span * 12 if grain == "year" else span // 100 * 12 + span % 100 - 1) + (
            steps * 12 if grain == "year" else steps
        )
        year, month = divmod(months, 12)
        found = year if grain == "year" else year * 100 + month + 1
    else:
        moved = beginning(span) + steps * (timedelta(days=1) if grain == "day" else timedelta(hours=1))
        found = day_of(moved) if grain == "day" else hour_of(moved)
        year = moved.year
    return found if FIRST_YEAR <= year <= LAST_YEAR else None


def on(day: date) -> int:
    """The span of a calendar day."""
    return (day.year * 100 + day.month) * 100 + day.day
