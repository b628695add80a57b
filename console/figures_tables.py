"""The figures as tables: what the page shows under each chart, and what is exported. One form for all three."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from dispatch.scales import ACCEPTED, ARRIVED, BEYOND, CLOSED, Scale, percentile, within
from dispatch.spans import grain_of
from dispatch.tallies import (
    CATEGORY,
    COUNTY,
    DISPATCHER,
    INCIDENT,
    KIND,
    LATER,
    NONE,
    OPEN,
    OUTCOME,
    PEOPLE,
    RESULTS,
    Tally,
)
from dispatch.tally_reading import Figures
from dispatch.words import Words

# What counts against whoever filed it (无效警情): the share of these is told as invalid.
INVALID: Final = ("invalid", "false_report", "harassment")
KINDS: Final = ("quick", "location", "fraud", "tip")
CATEGORIES: Final = (
    *("crime", "public_order", "traffic", "dispute", "help", "tip_off", "fraud", "fire", "other", "invalid"),
    NONE,
)
OUTCOMES: Final = ("handled", "referred", "withdrawn", *INVALID, OPEN)
# The columns of whatever is told desk by desk or span by span.
LINE: Final = (
    *("filed", "events", "open", "invalid", "invalid_share"),
    *(f"within_{seconds}" for seconds in ACCEPTED.within),
    *("accepted_p50", "accepted_p90", "arrived_p50", "arrived_p90", "closed_p50", "closed_p90"),
)

# Bands are told in the first unit that reaches as far: (as far as, seconds in it, name).
UNITS: Final = ((180, 1, "seconds"), (3600, 60, "minutes"), (BEYOND, 3600, "hours"))


@dataclass(frozen=True, slots=True)
class Cell:
    """A figure: a count; a share of `of`; or how long something took, by an edge of `scale`. None: there is none."""

    kind: Literal["count", "share", "took"]
    n: int | None
    of: int = 0
    scale: Scale | None = None

    @property
    def share(self) -> float | None:
        """As a part of one; None of nothing."""
        return None if self.n is None or not self.of else self.n / self.of


@dataclass(frozen=True, slots=True)
class Row:
    """`key` is what the row is of: a code, a span, a number. `stressed`: a sum of others."""

    key: str
    label: str
    cells: tuple[Cell, ...]
    stressed: bool = False


@dataclass(frozen=True, slots=True)
class Table:
    """`name` has its title, and `columns` their heads, in the catalogue."""

    name: str
    columns: tuple[str, ...]
    rows: tuple[Row, ...]


def filed(tally: Tally) -> int:
    """How many reports there are: each has one kind."""
    return sum(tally.get(KIND, {}).values())


def events(tally: Tally) -> int:
    """How many events they are of: of an incident's reports the first alone counts."""
    return filed(tally) - tally.get(INCIDENT, {}).get(LATER, 0)


def invalid(tally: Tally) -> int:
    """How many of them count against whoever filed them."""
    return sum(tally.get(OUTCOME, {}).get(outcome, 0) for outcome in INVALID)


def durations(tally: Tally, scale: Scale) -> dict[int, int]:
    """How many took how long, by the edges of the scale."""
    return {int(edge): n for edge, n in tally.get(scale.name, {}).items()}


def tables(
    figures: Figures,
    words: Words,
    area_name: Callable[[str], str],
    open_now: Mapping[str, int],
    held: Mapping[str, int],
) -> list[Table]:
    """All tables of the page, in its order; those that a desk has nothing for are left out.

    `open_now`: how many reports are open at each desk now. `held`: how many each dispatcher of the desk has in hand.
    """
    found = [
        _lines(
            "parts",
            ((str(span), label_of(span), tally) for span, tally in figures.parts.items()),
            figures.whole,
            words,
        ),
        *(_bands(figures.whole, scale, words) for scale in (ACCEPTED, ARRIVED, CLOSED)),
        _by(figures.whole, "category", CATEGORY, CATEGORIES, words),
        _by(figures.whole, "kind", KIND, KINDS, words),
        _by(figures.whole, "outcome", OUTCOME, OUTCOMES, words),
        _results(figures.whole, words),
    ]
    if figures.areas:
        found.append(_of_desks(figures, words, area_name, open_now))
        found.append(_of_counties(figures, area_name))
    found.append(_of_dispatchers(figures, held))
    return found


def label_of(span: int) -> str:
    """A span as people read it: `2026-11-23`, `10:00`, `2026-11`, `2026`."""
    digits = str(span)
    match grain_of(span):
        case "hour":
            return f"{digits[8:]}:00"
        case "day":
            return f"{digits[:4]}-{digits[4:6]}-{digits[6:]}"
        case "month":
            return f"{digits[:4]}-{digits[4:]}"
        case "year":
            return digits


def line(tally: Tally) -> tuple[Cell, ...]:
    """The cells of `LINE`."""
    n, against = filed(tally), invalid(tally)
    accepted = durations(tally, ACCEPTED)
    received = sum(accepted.values())
    return (
        Cell("count", n),
        Cell("count", events(tally)),
        Cell("count", tally.get(OUTCOME, {}).get(OPEN, 0)),
        Cell("count", against),
        Cell("share", against, n),
        *(Cell("share", within(accepted, seconds), received) for seconds in ACCEPTED.within),
        *(
            Cell("took", percentile(durations(tally, scale), percent), scale=scale)
            for scale in (ACCEPTED, ARRIVED, CLOSED)
            for percent in (50, 90)
        ),
    )


def _lines(name: str, parts: Iterable[tuple[str, str, Tally]], whole: Tally, words: Words) -> Table:
    rows = [Row(key, label, line(tally)) for key, label, tally in parts]
    whole_row = Row("", words("console.figures.whole"), line(whole), stressed=True)
    return Table(name, LINE, (*rows, whole_row))


def _bands(whole: Tally, scale: Scale, words: Words) -> Table:
    """How long it took, band by band; of all that came so far, and how many did not yet."""
    counts = durations(whole, scale)
    so_far = sum(counts.values())
    rows = [
        Row(key, band_label(scale, at, words), (Cell("count", n), Cell("share", n, so_far)))
        for at, (key, n) in enumerate(zip(band_keys(scale), scale.in_bands(counts), strict=True))
    ]
    none_yet = filed(whole) - so_far
    rows.append(
        Row(
            "none",
            words(f"console.figures.{scale.name}_none"),
            (Cell("count", none_yet), Cell("share", None)),
        )
    )
    return Table(scale.name, ("reports", "share"), tuple(rows))


def band_keys(scale: Scale) -> list[str]:
    """What each band goes as far as, in seconds; the last goes on."""
    return [*(str(edge) for edge in scale.bands), "more"]


def band_label(scale: Scale, at: int, words: Words) -> str:
    """`0–30 秒`, `5–10 分`, `4 时以上`: in the unit that its upper edge is told in, the last one's lower."""
    lower = (0, *scale.bands)[at]
    upper = (*scale.bands, None)[at]
    unit_s, unit = next((size, name) for reach, size, name in UNITS if (upper or lower) <= reach)
    if upper is None:
        return words(f"console.figures.band_{unit}_more", n=lower // unit_s)
    return words(f"console.figures.band_{unit}", n=lower // unit_s, m=upper // unit_s)


def _by(whole: Tally, name: str, measure: str, keys: Sequence[str], words: Words) -> Table:
    """How many of each code, in the order of the codes; one that is unknown here stands by its own name."""
    counts = whole.get(measure, {})
    n = filed(whole)
    known = [*keys, *sorted(set(counts) - set(keys))]
    rows = [
        Row(
            key,
            _label(words, name, key),
            (Cell("count", counts.get(key, 0)), Cell("share", counts.get(key, 0), n)),
        )
        for key in known
    ]
    return Table(name, ("reports", "share"), tuple(rows))


def _results(whole: Tally, words: Words) -> Table:
    """What came of it, in people."""
    counts = whole.get(RESULTS, {})
    rows = [Row(key, _label(words, "results", key), (Cell("count", counts.get(key, 0)),)) for key in PEOPLE]
    return Table("results", ("people",), tuple(rows))


def _label(words: Words, name: str, key: str) -> str:
    for prefix in (f"console.figures.{name}", f"console.{name}", f"terms.{name}"):
        if found := words.get(f"{prefix}.{key}"):
            return found
    return key


def _of_desks(
    figures: Figures, words: Words, area_name: Callable[[str], str], open_now: Mapping[str, int]
) -> Table:
    rows = []
    for area, tally in figures.areas.items():
        desk = area.ljust(6, "0")
        together = len(area) < 6
        now = sum(n for adcode, n in open_now.items() if adcode.startswith(area))
        key = "together" if together else "alone" if desk.endswith("00") else ""
        label = words(f"console.figures.{key}", name=area_name(desk)) if key else area_name(desk)
        rows.append(Row(area, label, (*line(tally), Cell("count", now)), stressed=together))
    whole = (*line(figures.whole), Cell("count", sum(open_now.values())))
    rows.append(Row("", words("console.figures.whole"), whole, stressed=True))
    return Table("desks", (*LINE, "open_now"), tuple(rows))


def _of_counties(figures: Figures, area_name: Callable[[str], str]) -> Table:
    """Where reports were filed; of every county in the area, and of others whose reports have come here."""
    counts = figures.whole.get(COUNTY, {})
    here = [area for area in figures.areas if len(area) == 6 and not area.endswith("00")]
    known = [*here, *sorted(set(counts) - set(here))]
    n = filed(figures.whole)
    rows = [
        Row(key, area_name(key), (Cell("count", counts.get(key, 0)), Cell("share", counts.get(key, 0), n)))
        for key in known
    ]
    return Table("counties", ("reports", "share"), tuple(rows))


def _of_dispatchers(figures: Figures, held: Mapping[str, int]) -> Table:
    """Who accepted how many at the desk itself, and has how many in hand now."""
    counts = figures.own.get(DISPATCHER, {})
    accepted = sum(counts.values())
    rows = [
        Row(
            number,
            number,
            (
                Cell("count", counts.get(number, 0)),
                Cell("share", counts.get(number, 0), accepted),
                Cell("count", held.get(number, 0)),
            ),
        )
        for number in sorted({*counts, *held})
    ]
    return Table("dispatchers", ("received", "share", "in_hand"), tuple(rows))


def took(words: Words, edge: int, scale: Scale) -> str:
    """A duration in words, as fine as it is kept: `12 秒`, `3 分 05 秒`, `30 分`, `2 时 10 分`, `3 天 4 时`."""
    if edge > scale.reach:
        return words("console.figures.took_beyond", took=took(words, scale.reach, scale))
    minutes, seconds = divmod(edge, 60)
    hours, minutes_over = divmod(minutes, 60)
    days, hours_over = divmod(hours, 24)
    if edge < 60:
        return words("console.figures.took_seconds", s=seconds)
    if edge < 3600 and scale.step_at(edge) < 60:
        return words("console.figures.took_minutes", m=minutes, s=f"{seconds:02d}")
    if edge < 3600:
        return words("console.figures.took_whole_minutes", m=minutes)
    if edge < 86_400:
        return words("console.figures.took_hours", h=hours, m=f"{minutes_over:02d}")
    return words("console.figures.took_days", d=days, h=hours_over)
