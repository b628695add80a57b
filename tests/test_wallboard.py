"""The wallboard: live by itself, loud when it is old, readable from far, and without a control."""

import re
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from datetime import timedelta
from functools import partial

import httpx2
import pytest
from playwright.async_api import Browser, Page, async_playwright, expect
from sqlalchemy import update
from sqlmodel import Session

from console import wallboard
from dispatch.clock import now
from dispatch.database import Database
from dispatch.models import TABLES
from dispatch.recounting import rebuild
from dispatch.spans import day_of, neighbour
from dispatch.writer import Writer
from tests.both_screens import FLAGS
from tests.domain import DESK, OTHER_DESK, acknowledge, add_reporter, done, file, filing, writing
from tests.people import Dispatcher, People, eventually
from tests.places import Place
from tests.server import Server
from tests.servers import chromium
from tests.stack import PASSWORD, Stack
from tests.witness import assert_problem, nothing_written

pytestmark = pytest.mark.anyio

BIG_SCREEN = {"width": 1920, "height": 1080}


# --- what is on it


@pytest.fixture
def writer(database: Database) -> Iterator[Writer]:
    with writing(database) as found:
        yield found


def test_it_shows_the_desk_alone_and_today_alone(database: Database, writer: Writer) -> None:
    reports = [filing(done(writer, add_reporter), desk) for desk in (DESK, DESK, DESK, DESK, OTHER_DESK)]
    for report in reports:
        done(writer, file(report), report.desk)
    for report in reports[:3]:
        done(writer, acknowledge(report.id, f"{DESK}01"), DESK)
    table = TABLES["report"]
    with Session(database.writing) as session:
        connection = session.connection()
        for report, waited_s in zip(reports[:3], (10, 17, 40), strict=True):
            ack = TABLES["acknowledgement"]
            at = now() if waited_s < 40 else now() - timedelta(days=1)
            connection.execute(
                update(table).where(table.c.id == report.id).values(filed_at=at - timedelta(seconds=waited_s))
            )
            connection.execute(update(ack).where(ack.c.report == report.id).values(at=at))
        session.commit()
    rebuild(database, partial(done, writer))
    at = now()
    with database.read() as session:
        board = wallboard.read(session, DESK, at)
        usual = wallboard.usual_hours(session, DESK, day_of(at))
    # Around midnight one of the three may be yesterday's: what is asked is the two clocks' agreement.
    assert (board.moment.waiting, board.moment.in_progress) == (1, 3)
    assert board.received == 2
    assert board.shares == (1, 2, 2)
    assert sum(filed for filed, _ in board.hours) == 3
    assert sum(usual) == 1, "yesterday's, of one day that had any"
    assert board.behind is None
    assert neighbour(day_of(at), -1) is not None


# --- in a browser


@pytest.fixture(scope="module")
async def browser() -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        launched = await playwright.chromium.launch(executable_path=chromium(), args=FLAGS)
        yield launched
        await launched.close()


@pytest.fixture(scope="module")
def worker(stack: Stack) -> Iterator[Server]:
    """What counts."""
    running = stack.another_worker()
    running.start()
    yield running
    running.kill()


@pytest.fixture
def place(places_left: Iterator[Place]) -> Place:
    """A county of the test's own."""
    return next(places_left)


@asynccontextmanager
async def on_the_wall(stack: Stack, browser: Browser, number: str) -> AsyncIterator[Page]:
    context = await browser.new_context(
        base_url=stack.consoles[0].url,
        locale="zh-CN",
        viewport=BIG_SCREEN,  # type: ignore[arg-type]  # its stub wants its own TypedDict
    )
    page = await context.new_page()
    await page.goto("/console/sign-in")
    await page.fill("#number", number)
    await page.fill("#password", PASSWORD)
    await page.keyboard.press("Enter")
    await page.wait_for_url("**/console")
    await page.goto("/console/wallboard")
    yield page
    await context.close()


@pytest.mark.browser
async def test_it_follows_what_happens_by_itself(
    stack: Stack, worker: Server, browser: Browser, people: People, place: Place
) -> None:
    async with on_the_wall(stack, browser, place.number()) as page:
        waiting, oldest = page.locator(".board-waiting dd"), page.locator(".board-oldest dd")
        await expect(waiting).to_have_text("0")
        await expect(oldest).to_have_text("–")
        dispatcher = await people.dispatcher(stack.consoles[0], place.number("02"))
        await expect(page.locator(".board-on dd")).to_have_text("1")
        phone = await people.reporter(stack.citizens[0], place.location)
        report = await phone.filed()
        await expect(waiting).to_have_text("1")
        await expect(oldest).to_have_text(re.compile(r"^\d+ 秒$"))
        assert (await dispatcher.accept(report["id"])).status_code == 200
        await expect(waiting).to_have_text("0")
        await expect(page.locator(".board-open dd")).to_have_text("1")
        await expect(page.locator(".board-within dt")).to_contain_text("1 条")
        await expect(page.locator(".board-within b").last).to_have_text("100 %")
        await expect(page.locator("#board rect.chart-bar:not([height='0.0'])")).to_have_count(1)
        assert await page.locator("body").get_attribute("data-line") == "live"


@pytest.mark.browser
async def test_it_waits_as_loudly_as_every_console(
    stack: Stack, browser: Browser, people: People, place: Place
) -> None:
    phone = await people.reporter(stack.citizens[0], place.location)
    report = await phone.filed()
    async with on_the_wall(stack, browser, place.number()) as page:
        oldest = page.locator(".board-oldest")
        await expect(oldest).to_have_attribute("data-page-late", "0")
        table = TABLES["report"]
        with Session(stack.database.writing) as session:
            session.connection().execute(
                update(table)
                .where(table.c.number == report["number"])
                .values(filed_at=now() - timedelta(seconds=75))
            )
            session.commit()
        await expect(oldest).to_have_attribute("data-page-late", "3")
        await expect(oldest.locator("dd")).to_have_text(re.compile(r"^1 分 \d\d 秒$"))


@pytest.mark.browser
async def test_it_says_that_it_is_old_when_no_answer_comes_and_goes_on_by_itself(
    stack: Stack, browser: Browser, place: Place
) -> None:
    async with on_the_wall(stack, browser, place.number()) as page:
        stack.consoles[0].freeze()
        try:
            await expect(page.locator("#stale")).to_contain_text("起没有新消息")
            await expect(page.locator("body")).to_have_attribute("data-line", "stale")
        finally:
            stack.consoles[0].thaw()
        await expect(page.locator("body")).to_have_attribute("data-line", "live")
        await expect(page.locator("#stale")).to_be_empty()


@pytest.mark.browser
async def test_it_says_that_somebody_must_sign_in_when_the_session_has_ended(
    stack: Stack, browser: Browser, place: Place
) -> None:
    async with on_the_wall(stack, browser, place.number()) as page:
        table = TABLES["console_session"]
        with Session(stack.database.writing) as session:
            session.connection().execute(
                update(table).where(table.c.dispatcher == place.number()).values(revoked_at=now())
            )
            session.commit()
        await expect(page.locator("#stale")).to_contain_text("请在这台电脑上重新登录")
        await expect(page.locator("body")).to_have_attribute("data-line", "door")


@pytest.mark.browser
async def test_it_says_when_nobody_counts(
    stack: Stack, browser: Browser, people: People, place: Place, worker: Server
) -> None:
    """The figures of the moment are right without a worker; those of the day are old, and say so."""
    worker.kill()
    try:
        phone = await people.reporter(stack.citizens[0], place.location)
        await phone.filed()
        event = TABLES["event"]
        with Session(stack.database.writing) as session:
            session.connection().execute(
                update(event).where(event.c.desk == place.desk).values(at=now() - timedelta(seconds=20))
            )
            session.commit()
        async with on_the_wall(stack, browser, place.number()) as page:
            await expect(page.locator(".board-waiting dd")).to_have_text("1")
            await expect(page.locator(".board-behind")).to_contain_text("还没有计入")
    finally:
        worker.start()


@pytest.mark.browser
async def test_every_figure_is_read_from_eight_metres_and_nothing_can_be_pressed(
    stack: Stack, browser: Browser, place: Place
) -> None:
    async with on_the_wall(stack, browser, place.number()) as page:
        sizes = await page.evaluate(
            "() => [...document.querySelectorAll('.board dl dd, .board-within b')]"
            ".map(one => parseFloat(getComputedStyle(one).fontSize))"
        )
        words = await page.evaluate(
            "() => [...document.querySelectorAll('.board dt, .board-within span, .board h2')]"
            ".map(one => parseFloat(getComputedStyle(one).fontSize))"
        )
        heights = [size for size in sizes if size >= 90]
        assert len(heights) >= 7, sizes  # waiting, oldest, three shares, in progress, on duty
        assert min(words) >= 30
        assert await page.locator("a, button, input, select, textarea, [tabindex]").count() == 0
        assert await page.evaluate("() => document.documentElement.scrollHeight <= innerHeight")


# --- who may look


async def test_it_is_for_those_of_a_desk(stack: Stack) -> None:
    app = stack.consoles[0]
    async with httpx2.AsyncClient(base_url=app.url, headers={"origin": app.url}, timeout=60) as http:
        assert (await http.get("/console/wallboard")).headers["location"] == "/console/sign-in"
        assert_problem(await http.get("/console/wallboard/board"), "sign_in_required")
        someone = Dispatcher(app, "auditor", http)
        await someone.sign_in()
        assert (await http.get("/console/wallboard")).status_code == 403
        assert_problem(await http.get("/console/wallboard/board"), "role_refused")


async def test_looking_writes_nothing(stack: Stack, people: People, place: Place) -> None:
    dispatcher = await people.dispatcher(stack.consoles[0], place.number())
    await eventually(lambda: dispatcher.ticks, 20, "the console is open")
    with nothing_written(stack, "tally", "tally_cursor", "tally_round"):
        for path in ("/console/wallboard", "/console/wallboard/board"):
            assert (await dispatcher.http.get(path)).status_code == 200
