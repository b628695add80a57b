"""More wait than a page holds: nobody urgent is left out, what is on the screen stays on it, and a figure says how many
more there are."""

from collections.abc import Awaitable, Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from playwright.async_api import Request
from sqlalchemy import update
from sqlmodel import Session

from console.hub import CARDS
from dispatch.clock import now
from dispatch.models import TABLES
from tests import test_console_page as console
from tests.domain import acknowledge, add_reporter, done, file, filing, writing
from tests.people import People, eventually
from tests.places import Place
from tests.stack import Stack
from tests.test_console_page import Desk

pytestmark = [pytest.mark.anyio, pytest.mark.browser]

browser = console.browser
at_desk = console.at_desk
OpenDesk = Callable[..., Awaitable[Desk]]

BESIDES = 12
# Asked of the page at once: an expectation that is not met yet reads the whole page each time, and this one is long.
COUNTED = """() => [
  document.querySelectorAll("#waiting .card").length,
  document.getElementById("waiting-count").textContent,
  document.querySelector("#figure-waiting dd").textContent,
]"""
TICKS = 8  # more than make the page doubt
# Whatever calls for the dispatcher from now on.
FRESH = """() => {
  window.fresh = [];
  document.addEventListener("desk:cards", ({ detail: { changes } }) => {
    fresh.push(...changes.filter((change) => change.fresh).map((change) => change.report));
  });
}"""


@pytest.fixture
def place(places_left: Iterator[Place]) -> Place:
    """A county of the test's own."""
    return next(places_left)


@pytest.fixture
def waiting(stack: Stack, place: Place) -> list[Any]:
    """Plain reports that wait for twenty minutes, the longest first: more of them than a page holds."""
    with writing(stack.database, start=False) as writer:
        # One each: many of one person's would fold.
        people = [writer.submit(add_reporter, ()) for _ in range(CARDS + BESIDES)]
        writer.start()
        filed = [
            filing(person.result(60), place.desk, text=f"普通的事 {n}") for n, person in enumerate(people)
        ]
        for report in [writer.submit(file(one), [place.desk]) for one in filed]:
            report.result(60)
    columns = TABLES["report"].c
    with Session(stack.database.writing) as session:
        for n, one in enumerate(filed):
            ago = timedelta(minutes=20) - timedelta(milliseconds=n)
            values = {"filed_at": now() - ago}
            session.connection().execute(update(TABLES["report"]).where(columns.id == one.id).values(values))
        session.commit()
    return [one.id for one in filed]


async def shown(desk: Desk, count: int, more: int) -> None:
    """So many cards wait on the page, and a figure says how many more there are."""
    expected = [count, f"{count} + {more}", str(count + more)]

    async def is_so() -> bool:
        return bool(await desk.page.evaluate(COUNTED) == expected)

    await eventually(is_so, 60, f"{expected}")


async def first(desk: Desk, *reports: str, after: int = 0) -> None:
    """These stand first of those who wait, or after so many, in this order."""

    async def are() -> bool:
        return (await desk.cards())[after : after + len(reports)] == list(reports)

    await eventually(are, 60, "the order")


async def urgent(people: People, stack: Stack, place: Place) -> list[str]:
    """Two who come last of all, of whom a word and the reporter say that they come first."""
    deaf = await people.reporter(stack.citizens[0], place.location)
    await deaf.http.patch("/api/v1/me", json={"hearing_speech_impaired": True})
    threatened = await people.reporter(stack.citizens[0], place.location)
    # Of those who have waited twenty minutes more, ten and thirty minutes bring them before some and before all.
    return [
        (await person.filed(text))["id"]
        for person, text in ((threatened, "他手里有刀"), (deaf, "有刀，听不见"))
    ]


async def ticks(desk: Desk, count: int = TICKS) -> None:
    """So many more ticks have come."""
    heard = len(_ticks(desk))
    await eventually(lambda: len(_ticks(desk)) >= heard + count, 60, "ticks")


def _ticks(desk: Desk) -> list[str]:
    return [frame for frame in desk.line.frames if frame.startswith('{"type":"tick"')]


async def test_a_knife_and_a_deaf_reporter_among_the_newest_stand_first_and_stay_through_everything(
    stack: Stack, at_desk: OpenDesk, place: Place, people: People, waiting: list[Any]
) -> None:
    desk = await at_desk(place.number())
    await shown(desk, CARDS, BESIDES)
    await desk.page.evaluate(FRESH)
    knife, deaf = await urgent(people, stack, place)
    top = (deaf, knife)
    await first(desk, *top)
    await shown(desk, CARDS + 2, BESIDES)
    plain = await (await people.reporter(stack.citizens[0], place.location)).filed("最后来的，普通的事")
    await first(desk, plain["id"], after=CARDS + 2)

    # A snapshot by the socket, as after anything that could not be shown.
    before = len(desk.line.sockets)
    desk.line.inject('<hx-partial hx-target="#queue" hx-swap="no-such-style"><p>x</p></hx-partial>')
    await eventually(lambda: len(desk.line.sockets) > before, 20, "a new line")
    await eventually(lambda: any('class="beyond"' in frame for frame in desk.line.frames), 20, "the snapshot")
    await desk.lamp("live")
    await first(desk, *top)
    await first(desk, plain["id"], after=CARDS + 2)
    await shown(desk, CARDS + 3, BESIDES)

    # Asked for by HTTP, while there is no line.
    desk.line.cut = True
    await desk.line.hang_up()
    await desk.lamp("polling")
    await first(desk, *top)
    await shown(desk, CARDS + 3, BESIDES)
    desk.line.cut = False
    await desk.lamp("live")
    assert await desk.page.evaluate("fresh.length") == 3, "each was new once"

    # Loaded anew, the page holds those that stand first.
    await desk.page.reload()
    await desk.lamp("live")
    await first(desk, *top)
    await shown(desk, CARDS, BESIDES + 3)


async def test_a_page_that_is_full_has_no_doubts_and_one_that_has_room_is_given_more(
    stack: Stack, at_desk: OpenDesk, place: Place, waiting: list[Any]
) -> None:
    desk = await at_desk(place.number())
    asked: list[str] = []

    def note(request: Request) -> None:
        if "/console/queue" in request.url:
            asked.append(request.url)

    desk.page.on("request", note)
    await shown(desk, CARDS, BESIDES)
    await ticks(desk)
    assert asked == []
    # Somebody accepts one that lies beyond: the figure follows, and it is on no list of those who wait.
    with writing(stack.database) as writer:
        done(writer, acknowledge(waiting[-1], place.number("02"), place.desk), place.desk)
    await shown(desk, CARDS, BESIDES - 1)
    assert await desk.cards("taken") == [str(waiting[-1])]
    await ticks(desk)
    assert asked == []
    # Others accept what stands first: those that lay beyond come in their place, and are not new.
    await desk.page.evaluate(FRESH)
    with writing(stack.database) as writer:
        for report in waiting[:3]:
            done(writer, acknowledge(report, place.number("02"), place.desk), place.desk)
    await eventually(lambda: asked, 60, "the page asks for more")
    await shown(desk, CARDS, BESIDES - 4)
    assert await desk.page.evaluate("fresh") == []
    assert await desk.page.locator("#waiting .card[data-page-new]").count() == 0
    assert (await desk.cards()) == [str(id_) for id_ in waiting[3 : CARDS + 3]]
