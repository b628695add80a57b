"""The wallboard (`/console/wallboard`): the desk's five figures and its day as one chart, for the room's big screen.

It asks for its content every two seconds, which costs the server three short walks along indexes and two dozen small
rows; what is usual at an hour is read once an hour. It says so itself when no answer comes, or figures lag behind.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Final

from sqlmodel import Session
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from console import charts
from console.figures import BEHIND
from console.figures_tables import durations, filed, invalid
from console.parts import parts_of
from console.sign_in import AtDesk, on_duty, require_dispatcher
from dispatch import moment, tally_reading
from dispatch.clock import now
from dispatch.desk_times import times_of
from dispatch.desks import DESKS
from dispatch.moment import Moment
from dispatch.scales import ACCEPTED, within
from dispatch.spans import day_of, hour_of, neighbour
from dispatch.tallies import Tally
from dispatch.tongues import in_chinese
from dispatch.words import Words
from web.languages import page_language, remember

# What is usual at an hour is the mean of so many days before.
DAYS: Final = 7
CHART: Final[Mapping[str, int]] = {"width": 1840, "height": 390, "labels": 24, "words": 2}


def routes() -> list[Route]:
    return [
        Route("/console/wallboard", show, methods=["GET"]),
        Route("/console/wallboard/board", show_board, methods=["GET"]),
    ]


@dataclass(frozen=True, slots=True)
class Board:
    """What is on it. `shares`: of those received today, how many within 15, 20 and 60 seconds; `hours`: of today, each
    with how many were filed and how many of them count against whoever filed them."""

    moment: Moment
    late_s: tuple[int, ...]
    received: int
    shares: tuple[int, ...]
    hours: tuple[tuple[int, int], ...]
    behind: datetime | None


async def show(request: Request) -> Response:
    """The whole page; signing in comes first."""
    parts, language = parts_of(request), page_language(request)
    who = await on_duty(request)
    if who is None:
        return RedirectResponse("/console/sign-in", 303)
    if who.desk is None:
        sentence = Words.of(language)("problems.role_refused")
        return HTMLResponse(parts.rendering.problem(language, sentence=sentence, csrf_token=who.csrf), 403)
    answer = await _page(request, AtDesk(who), "console/wallboard.html")
    remember(request, answer)
    return answer


async def show_board(request: Request) -> Response:
    """What changes on it, as a partial."""
    return await _page(request, await require_dispatcher(request), "console/board.html")


async def _page(request: Request, who: AtDesk, template: str) -> Response:
    parts, language, at = parts_of(request), page_language(request), now()
    board = await parts.read(partial(read, desk=who.desk, at=at))
    usual = await _usual(request, who.desk, at)
    area = DESKS[who.desk]
    page = parts.rendering.page(
        language,
        template,
        csrf_token=who.csrf,
        adcode=who.desk,
        name=area.name_zh if in_chinese(language) else area.name_en,
        at=at,
        board=board,
        within=ACCEPTED.within,
        on=len(await parts.hub.colleagues(who.desk)),
        chart=charts.upright([(f"{h}", *counts) for h, counts in enumerate(board.hours)], usual, **CHART),
        behind=board.behind if board.behind and at - board.behind > BEHIND else None,
        script_words=_script_words(Words.of(language)),
    )
    return HTMLResponse(page)


def read(session: Session, desk: str, at: datetime) -> Board:
    """How it stands at the desk, in one snapshot."""
    today = day_of(at)
    whole = tally_reading.day(session, desk, today)
    hours = tally_reading.hours(session, desk, today, today)
    accepted = durations(whole, ACCEPTED)
    return Board(
        moment.at_desk(session, desk),
        times_of(session, desk).late_s,
        sum(accepted.values()),
        tuple(within(accepted, seconds) for seconds in ACCEPTED.within),
        tuple(_counts(hours.get(today * 100 + hour, {})) for hour in range(24)),
        tally_reading.behind(session, [desk]),
    )


def _counts(tally: Tally) -> tuple[int, int]:
    return filed(tally), invalid(tally)


async def _usual(request: Request, desk: str, at: datetime) -> list[float]:
    """How many are filed at each hour as a rule; nothing where there were no days. Kept with the app for an hour."""
    kept: dict[str, tuple[int, list[float]]] = request.app.state.__dict__.setdefault("usual_hours", {})
    hour, usual = kept.get(desk, (0, []))
    if hour != hour_of(at):
        usual = await parts_of(request).read(partial(usual_hours, desk=desk, today=day_of(at)))
        kept[desk] = hour_of(at), usual
    return usual


def usual_hours(session: Session, desk: str, today: int) -> list[float]:
    """The mean of each hour over the days before that had any report."""
    first, last = neighbour(today, -DAYS), neighbour(today, -1)
    if first is None or last is None:
        return []
    hours = tally_reading.hours(session, desk, first, last)
    days = {hour // 100 for hour in hours}
    sums = [0] * 24
    for hour, tally in hours.items():
        sums[hour % 100] += filed(tally)
    return [total / len(days) for total in sums] if days else []


def _script_words(words: Words) -> dict[str, str]:
    """What its script says: durations as the desk's page says them, and its own sentences."""
    found = words.under("console.script")
    return {key.rpartition(".")[2]: text for key, text in found.items()}
