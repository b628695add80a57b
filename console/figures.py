"""The figures page (`/console/figures`), and its tables as files: for the shift leader of the desk and of those above
it, for auditor and administrator.

A form chooses the desk and the time, and the address says both, so that a page can be kept and sent. Nothing is
written: the page is read in one snapshot and drawn off the loop, and works without a script.
"""

import asyncio
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from functools import partial
from typing import Final

from sqlmodel import Session
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response, StreamingResponse
from starlette.routing import Route

from console import charts, figures_tables, heat_map, sheets
from console.figures_tables import Table
from console.parts import parts_of
from console.sign_in import LEADER, on_duty
from dispatch import moment, shifts, tally_reading
from dispatch.clock import now
from dispatch.desks import DESKS, level
from dispatch.dispatchers import OnDuty
from dispatch.errors import Refused
from dispatch.jurisdiction import name_of_area
from dispatch.scales import SCALES
from dispatch.spans import BEIJING, beginning, day_of, neighbour, on
from dispatch.tally_reading import EVER, Figures
from dispatch.words import Words
from web.languages import page_language, remember

BY: Final = ("day", "month", "year", "ever")
CALENDAR: Final = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
SEE_ALL: Final = ("auditor", "admin")
# What is counted a moment later is nobody's concern; what is older than this, the page says.
BEHIND: Final = timedelta(seconds=10)


def routes() -> list[Route]:
    return [
        Route("/console/figures", show, methods=["GET"]),
        Route("/console/figures.csv", export_csv, methods=["GET"]),
        Route("/console/figures.xlsx", export_xlsx, methods=["GET"]),
    ]


@dataclass(frozen=True, slots=True)
class Choice:
    """Whose figures, of which time: `span` as `dispatch.spans` writes it, `EVER` for all years."""

    desk: str
    below: bool
    by: str
    day: date

    @property
    def span(self) -> int:
        day = on(self.day)
        return {"day": day, "month": day // 100, "year": day // 10_000, "ever": EVER}[self.by]

    def query(self, **other: object) -> str:
        """The same, or with something `other`, as an address says it."""
        values = {
            "desk": self.desk,
            "below": int(self.below),
            "by": self.by,
            "on": self.day.isoformat(),
        } | other
        return "&".join(f"{name}={value}" for name, value in values.items())


@dataclass(frozen=True, slots=True)
class Found:
    """What was read in one snapshot."""

    figures: Figures
    open_now: Mapping[str, int]
    held: Mapping[str, int]


async def show(request: Request) -> Response:
    """The page; signing in comes first."""
    parts, language = parts_of(request), page_language(request)
    who = await on_duty(request)
    if who is None:
        return RedirectResponse("/console/sign-in", 303)
    desks = desks_of(who)
    if not desks:
        sentence = Words.of(language)("problems.role_refused")
        return HTMLResponse(parts.rendering.problem(language, sentence=sentence, csrf_token=who.csrf), 403)
    choice = chosen(request, desks)
    found = await parts.read(partial(read, choice=choice))
    outlines = (
        await heat_map.outlines(request.app.state, parts.settings.home) if found.figures.areas else None
    )
    page = await asyncio.to_thread(_drawn, request, language, who, desks, choice, found, outlines)
    answer = HTMLResponse(page)
    remember(request, answer)
    return answer


async def export_csv(request: Request) -> Response:
    """Every table of the page, a figure on each line. Raises Refused as `_exported` says."""
    choice, found, words = await _exported(request)
    lines = sheets.as_csv(_tables(found, words), words, _about(choice, words))
    return StreamingResponse(lines, headers=_named(choice, "csv"), media_type=sheets.CSV)


async def export_xlsx(request: Request) -> Response:
    """Every table of the page as a sheet. Raises Refused as `_exported` says."""
    choice, found, words = await _exported(request)
    tables = _tables(found, words)
    book = await asyncio.to_thread(sheets.as_xlsx, tables, words, _about(choice, words))
    return Response(book, headers=_named(choice, "xlsx"), media_type=sheets.XLSX)


async def _exported(request: Request) -> tuple[Choice, Found, Words]:
    """What is to be exported. Raises Refused: `sign_in_required`, `role_refused`, and as `chosen` says."""
    who = await on_duty(request)
    if who is None:
        raise Refused("sign_in_required")
    desks = desks_of(who)
    if not desks:
        raise Refused("role_refused")
    choice = chosen(request, desks)
    return (
        choice,
        await parts_of(request).read(partial(read, choice=choice)),
        Words.of(page_language(request)),
    )


def desks_of(who: OnDuty) -> list[str]:
    """Whose figures somebody may see: a shift leader one's own and those below, who watches over all, all."""
    if who.role in SEE_ALL:
        return list(DESKS)
    return tally_reading.desks_in(who.desk) if who.role == LEADER and who.desk else []


def chosen(request: Request, desks: list[str]) -> Choice:
    """What the address asks for: without a word of it, today at one's own desk and all below.

    Raises Refused: `desk_unknown` for a desk that is not among these, `field_invalid`.
    """
    asked = request.query_params
    desk = asked.get("desk", desks[0])
    if desk not in desks:
        raise Refused("desk_unknown", desk=desk if desk in DESKS else "")
    by, below = asked.get("by", "day"), asked.get("below", "1")
    wrong = [
        name for name, value, known in (("by", by, BY), ("below", below, ("0", "1"))) if value not in known
    ]
    day = _day(asked.get("on", ""))
    if day is None:
        wrong.append("on")
    if wrong or day is None:
        raise Refused("field_invalid", fields=wrong)
    # A county has nobody below it: there is one page of it, not two.
    return Choice(desk, below == "1" or level(desk) == "county", by, day)


def _day(written: str) -> date | None:
    """A calendar day as `2026-11-23`, today where nothing is written; None for what is none."""
    if not written:
        return beginning(day_of(now())).date()
    if not CALENDAR.fullmatch(written):  # the standard library takes weeks for dates too
        return None
    try:
        return beginning(on(date.fromisoformat(written))).date()
    except ValueError:
        return None


def read(session: Session, choice: Choice) -> Found:
    """All that the page shows, in one snapshot."""
    figures = tally_reading.read(session, choice.desk, choice.span, below=choice.below)
    desks = tally_reading.desks_in(choice.desk) if figures.areas else [choice.desk]
    return Found(figures, moment.open_at(session, desks), shifts.counts(session, choice.desk))


def _tables(found: Found, words: Words) -> list[Table]:
    return figures_tables.tables(
        found.figures, words, partial(name_of_area, language=words.language), found.open_now, found.held
    )


def _drawn(
    request: Request,
    language: str,
    who: OnDuty,
    desks: list[str],
    choice: Choice,
    found: Found,
    outlines: Mapping[str, heat_map.Outline] | None,
) -> str:
    """The page, rendered: some ten milliseconds, so not on the loop."""
    words = Words.of(language)
    tables = {table.name: table for table in _tables(found, words)}
    figures, at = found.figures, now()
    return parts_of(request).rendering.page(
        language,
        "console/figures.html",
        csrf_token=who.csrf,
        at=at,
        desks=[(desk, name_of_area(desk, language)) for desk in desks],
        choice=choice,
        by=BY,
        name=name_of_area(choice.desk, language),
        back=who.desk is not None,
        has_below=level(choice.desk) != "county",
        title=figures_tables.label_of(choice.span) if choice.span else words("console.figures.by.ever"),
        earlier=_stepped(choice, -1),
        later=_stepped(choice, 1),
        whole=figures_tables.line(figures.whole),
        often=figures.often,
        line=figures_tables.LINE,
        tables=tables,
        took=partial(figures_tables.took, words),
        parts_chart=_parts_chart(figures),
        lying={
            name: _lying(tables[name])
            for name in ("accepted", "arrived", "closed", "category", "kind", "outcome", "results")
        },
        heat=_heat(tables, outlines, language),
        links={"parts": partial(_deeper, choice), "desks": partial(_elsewhere, choice)},
        behind=figures.behind if figures.behind and at - figures.behind > BEHIND else None,
    )


def _stepped(choice: Choice, steps: int) -> Choice | None:
    """The same of the time before or after."""
    span = neighbour(choice.span, steps) if choice.span else None
    return Choice(choice.desk, choice.below, choice.by, beginning(span).date()) if span else None


def _deeper(choice: Choice, span: str) -> str | None:
    """The address of a part of the time; hours have none of their own."""
    by = {"ever": "year", "year": "month", "month": "day"}.get(choice.by)
    return choice.query(by=by, on=beginning(int(span)).date().isoformat()) if by else None


def _elsewhere(choice: Choice, area: str) -> str:
    """The address of one of the desks, or of a city with all of its."""
    return choice.query(desk=area.ljust(6, "0"), below=int(len(area) < 6))


def _parts_chart(figures: Figures) -> charts.Upright:
    """How many were filed when, and how many of them count against whoever filed them."""
    return charts.upright(
        [
            (
                _short(figures_tables.label_of(part)),
                figures_tables.filed(tally),
                figures_tables.invalid(tally),
            )
            for part, tally in figures.parts.items()
        ]
    )


def _short(label: str) -> str:
    """Under a bar: the hour, the day of the month, the month or the year."""
    return label.removesuffix(":00") if label.endswith(":00") else label[-2:] if len(label) > 4 else label


def _lying(table: Table) -> charts.Lying:
    """A bar a row; what has not come yet is no band of it."""
    banded = table.name in {scale.name for scale in SCALES}
    rows = table.rows[:-1] if banded else table.rows
    return charts.lying([(row.label, row.cells[0].n or 0) for row in rows])


def _heat(
    tables: Mapping[str, Table], outlines: Mapping[str, heat_map.Outline] | None, language: str
) -> heat_map.HeatMap | None:
    if outlines is None or "counties" not in tables:
        return None
    counts = {row.key: row.cells[0].n or 0 for row in tables["counties"].rows}
    return heat_map.heat_map(outlines, counts, partial(name_of_area, language=language))


def _about(choice: Choice, words: Words) -> list[tuple[str, str]]:
    """What an exported file says of itself."""
    span = figures_tables.label_of(choice.span) if choice.span else words("console.figures.by.ever")
    name = name_of_area(choice.desk, words.language)
    return [
        (words("console.figures.desk"), f"{choice.desk} {name}"),
        (words("console.figures.below"), words(f"console.figures.{'yes' if choice.below else 'no'}")),
        (words("console.figures.time"), span),
        (words("console.figures.made_at"), now().astimezone(BEIJING).strftime("%Y-%m-%d %H:%M:%S")),
    ]


def _named(choice: Choice, ending: str) -> dict[str, str]:
    span = figures_tables.label_of(choice.span) if choice.span else "all"
    name = f"desk110-{choice.desk}{'' if choice.below else '-alone'}-{span}.{ending}"
    return {"content-disposition": f'attachment; filename="{name}"'}
