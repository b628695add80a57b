"""What the figures page should say, counted the plain way (`tests/plain_counts.py`) for each of its cells."""

from collections.abc import Iterator

from sqlalchemy import text
from sqlmodel import Session

from console.figures_tables import CATEGORIES, KINDS, OUTCOMES, band_keys
from dispatch.scales import ACCEPTED, ARRIVED, CLOSED, SCALES, Scale
from dispatch.spans import inside
from dispatch.tally_reading import areas_in
from tests.plain_counts import INVALID as IS_INVALID
from tests.plain_counts import LATER, PlainCounts

# A cell: its kind, its number, and for a share of how many.
Plain = tuple[str, int | None, int]
Cells = dict[tuple[str, str, str], Plain]


def plain_cells(session: Session, desk: str, span: int, *, below: bool) -> Cells:
    """Every cell, by table, row and column. `span`: a year, a month, a day, or 0 for all years."""
    counts = PlainCounts(session)
    area = desk
    if below and desk.endswith("00"):
        area = "33" if desk == "330000" else desk[:4]
    whole = span or ""
    found: Cells = {}
    spans = [*inside(span)] if span else [int(year) for year in _years(counts, area)]
    for key, of in [*((str(part), part) for part in spans), ("", whole)]:
        found |= _line(counts, "parts", key, area, of)
    for scale in SCALES:
        found |= _bands(counts, scale, area, whole)
    found |= _by(counts, "category", "coalesce(r.category, 'none')", CATEGORIES, area, whole)
    found |= _by(counts, "kind", "r.kind", KINDS, area, whole)
    found |= _by(counts, "outcome", "coalesce(r.outcome, 'open')", OUTCOMES, area, whole)
    for people in ("caught", "rescued", "helped"):
        found["results", people, "people"] = ("count", counts.sum(area, whole, f"c.{people}"), 0)
    if below and desk.endswith("00"):
        for key in (*areas_in(desk), ""):
            found |= _line(counts, "desks", key, key or area, whole)
            found["desks", key, "open_now"] = (
                "count",
                counts.count(key or area, "", "r.status <> 'closed'"),
                0,
            )
        counties = tuple(one for one in areas_in(desk) if len(one) == 6 and not one.endswith("00"))
        found |= _by(counts, "counties", "substr(r.number, 1, 6)", counties, area, whole)
    accepted = counts.by(desk, whole, "a.dispatcher")
    held = _held(session, desk)
    for number in {*accepted, *held}:
        n, of = accepted.get(number, 0), sum(accepted.values())
        found["dispatchers", number, "received"] = ("count", n, 0)
        found["dispatchers", number, "share"] = ("share", n, of)
        found["dispatchers", number, "in_hand"] = ("count", held.get(number, 0), 0)
    return found


def _line(counts: PlainCounts, table: str, key: str, area: str, span: int | str) -> Cells:
    filed, received = counts.count(area, span), counts.count(area, span, "a.at IS NOT NULL")
    invalid = counts.count(area, span, IS_INVALID)
    cells: dict[str, Plain] = {
        "filed": ("count", filed, 0),
        "events": ("count", filed - counts.count(area, span, LATER), 0),
        "open": ("count", counts.count(area, span, "r.outcome IS NULL"), 0),
        "invalid": ("count", invalid, 0),
        "invalid_share": ("share", invalid, filed),
    }
    for seconds in (15, 20, 60):
        within = counts.between(area, span, ACCEPTED, 0, seconds)
        cells[f"within_{seconds}"] = ("share", within, received)
    for scale in (ACCEPTED, ARRIVED, CLOSED):
        for percent in (50, 90):
            took = counts.percentile(area, span, scale, percent)
            edge = None if took is None else scale.edge(took)
            cells[f"{scale.name}_p{percent}"] = ("took", edge, 0)
    return {(table, key, column): cell for column, cell in cells.items()}


def _bands(counts: PlainCounts, scale: Scale, area: str, span: int | str) -> Cells:
    edges = [0, *scale.bands, None]
    so_far = counts.between(area, span, scale, 0, None)
    found: Cells = {}
    for key, above, to in zip(band_keys(scale), edges, edges[1:], strict=False):
        n = counts.between(area, span, scale, above or 0, to)
        found[scale.name, key, "reports"] = ("count", n, 0)
        found[scale.name, key, "share"] = ("share", n, so_far)
    found[scale.name, "none", "reports"] = ("count", counts.count(area, span) - so_far, 0)
    found[scale.name, "none", "share"] = ("share", None, 0)
    return found


def _by(
    counts: PlainCounts, table: str, expression: str, keys: tuple[str, ...], area: str, span: int | str
) -> Cells:
    by, of = counts.by(area, span, expression), counts.count(area, span)
    found: Cells = {}
    for key in {*keys, *by}:
        found[table, key, "reports"] = ("count", by.get(key, 0), 0)
        found[table, key, "share"] = ("share", by.get(key, 0), of)
    return found


def _years(counts: PlainCounts, area: str) -> Iterator[str]:
    years = sorted(counts.by(area, "", "substr(r.number, 8, 4)"))
    # A report's number has the day of its filing in China.
    yield from (str(year) for year in range(int(years[0]), int(years[-1]) + 1)) if years else ()


def _held(session: Session, desk: str) -> dict[str, int]:
    held = text(
        "SELECT h.dispatcher, count(*) FROM handling h JOIN report r ON r.id = h.report "
        "WHERE h.ended_at IS NULL AND r.status <> 'closed' AND r.desk = :desk GROUP BY 1"
    )
    return {row[0]: row[1] for row in session.connection().execute(held, {"desk": desk})}
