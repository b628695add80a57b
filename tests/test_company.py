"""Who looks at a report, and what its reporter's phone does, as colleagues see it: and nothing of it anywhere else."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
from playwright.async_api import Browser, Page, async_playwright, expect

from tests.people import Dispatcher, People, Reporter, eventually
from tests.servers import chromium
from tests.stack import DESK, PASSWORD, Stack
from tests.truth import log_of
from tests.witness import nothing_written

pytestmark = pytest.mark.anyio

FIRST, SECOND = f"{DESK}01", f"{DESK}02"
NEIGHBOUR = "33010801"
SOON_S = 30


@pytest.fixture(scope="module")
async def browser() -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        found = await playwright.chromium.launch(
            executable_path=chromium(),
            args=["--no-sandbox", "--disable-gpu", "--disable-quic", "--mute-audio"],
        )
        yield found
        await found.close()


@pytest.fixture
async def page(stack: Stack, browser: Browser) -> AsyncIterator[Page]:
    """The desk's page of `SECOND`."""
    context = await browser.new_context(base_url=stack.consoles[0].url, locale="zh-CN")
    page = await context.new_page()
    await page.goto("/console/sign-in")
    await page.fill("[name=number]", SECOND)
    await page.fill("[name=password]", PASSWORD)
    await page.press("[name=password]", "Enter")
    await expect(page.locator("#live")).to_have_attribute("data-state", "live", timeout=15_000)
    yield page
    await context.close()


async def tell(dispatcher: Dispatcher, **frame: Any) -> None:
    assert dispatcher.socket is not None
    await dispatcher.socket.send(json.dumps(frame))


def looking(dispatcher: Dispatcher) -> dict[str, list[str]]:
    """What this console was last told of who looks at what."""
    return dispatcher.told[-1]["looking"] if dispatcher.told else {}


async def test_colleagues_read_who_looks_at_a_report_and_no_log_has_it(
    stack: Stack, page: Page, people: People
) -> None:
    phone = await people.reporter(stack.citizens[0])
    report = (await phone.filed("有人敲门"))["id"]
    colleague = await people.dispatcher(stack.consoles[0], FIRST)
    await eventually(lambda: report in colleague.cards, SOON_S, "the card")
    card = page.locator(f"#report-{report}")
    await expect(card).to_be_visible()
    seen = len(log_of(stack.database, DESK))
    await tell(colleague, type="looking", report=report)
    await expect(card).to_have_attribute("data-page-looking", f"{FIRST} 正在看")
    await card.click()
    await expect(page.locator("#looking")).to_have_text(f"{FIRST} 正在看")
    await eventually(
        lambda: looking(colleague).get(report) == [FIRST, SECOND], SOON_S, "the page is seen too"
    )
    await tell(colleague, type="looking", report=None)
    await expect(card).not_to_have_attribute("data-page-looking", f"{FIRST} 正在看")
    await expect(page.locator("#looking")).to_be_empty()
    # One tick of the page's own, that it has the report in hand, and that it was opened; nothing of any glance.
    told = {event.kind for event in log_of(stack.database, DESK)[seen:]}
    assert told <= {"ReportSeen", "ReportLookedAt"}
    # Whoever leaves looks at nothing.
    await tell(colleague, type="looking", report=report)
    await expect(card).to_have_attribute("data-page-looking", f"{FIRST} 正在看")
    await colleague.hang_up()
    await expect(page.locator("#looking")).to_be_empty()


async def test_another_desk_is_told_nothing_and_can_look_at_nothing_of_it(
    stack: Stack, people: People
) -> None:
    phone = await people.reporter(stack.citizens[0])
    report = (await phone.filed("只给西湖区"))["id"]
    own = await people.dispatcher(stack.consoles[0], FIRST)
    other = await people.dispatcher(stack.consoles[0], NEIGHBOUR)
    await tell(other, type="looking", report=report)
    await tell(own, type="looking", report=report)
    await eventually(lambda: looking(own).get(report) == [FIRST], SOON_S, "its own desk is told")
    other.told.clear()
    await eventually(lambda: other.told, SOON_S, "a word to the other")
    assert report not in str(other.told)
    assert NEIGHBOUR not in str(looking(own))


@pytest.mark.parametrize("report", ["", "x", 7, [], {}, "'; drop"])
async def test_what_is_no_report_is_passed_over_and_the_line_goes_on(
    stack: Stack, people: People, report: Any
) -> None:
    console = await people.dispatcher(stack.consoles[0], FIRST)
    with nothing_written(stack):
        await tell(console, type="looking", report=report)
        await tell(console, type="looking")
        console.ticks.clear()
        await eventually(lambda: console.ticks, SOON_S, "the line goes on")
    assert console.closed_with is None


def phone_of(dispatcher: Dispatcher, report: str) -> dict[str, Any]:
    return dispatcher.told[-1]["phones"].get(report, {}) if dispatcher.told else {}


async def test_writing_going_away_and_coming_back_are_seen_with_the_report_in_hand(
    stack: Stack, page: Page, people: People
) -> None:
    phone = await people.reporter(stack.citizens[0])
    report = (await phone.filed("线路不好"))["id"]
    await phone.listen()
    await page.locator(f"#report-{report}").click()
    state = page.locator("#phone-state")
    await expect(state).to_have_text("报警人的页面开着")

    async def writing() -> bool:
        await phone.say(
            type="typing", report_id=report
        )  # it is seen for six seconds, and a busy page may miss it
        with contextlib.suppress(AssertionError):
            await expect(state).to_have_text("报警人正在输入…", timeout=5_000)
            return True
        return False

    await eventually(writing, 40, "somebody writes")
    await expect(state).to_have_text("报警人的页面开着", timeout=30_000)
    await phone.hang_up()
    await expect(state).to_contain_text("报警人的页面已离线")
    await phone.listen()
    await expect(state).to_have_text("报警人的页面开着")


async def test_only_what_somebody_looks_at_is_told(stack: Stack, people: People) -> None:
    phone = await people.reporter(stack.citizens[0])
    report = (await phone.filed("没有人看"))["id"]
    await phone.listen()
    console = await people.dispatcher(stack.consoles[0], FIRST)
    console.told.clear()
    await eventually(lambda: console.told, SOON_S, "a word")
    assert phone_of(console, report) == {}
    await tell(console, type="looking", report=report)
    await eventually(lambda: phone_of(console, report).get("on") is True, SOON_S, "the phone")


async def test_typing_is_of_ones_own_report_and_writes_nothing(
    stack: Stack, people: People, page: Page
) -> None:
    owner, stranger = [await people.reporter(stack.citizens[0]) for _ in range(2)]
    report = (await owner.filed("别人的"))["id"]
    await owner.listen()
    await stranger.listen(known={})
    await eventually(lambda: report in owner.reports, SOON_S, "the report itself")
    with nothing_written(stack):
        await stranger.say(type="typing", report_id=report)
        refused = await eventually(
            lambda: [frame for frame in stranger.frames if frame["type"] == "error"], SOON_S, "an error frame"
        )
        assert refused[0]["code"] == "report_unknown"
        before = len(owner.frames)
        for _ in range(20):
            await owner.say(type="typing", report_id=report)
        await asyncio.sleep(0.5)
        assert [frame for frame in owner.frames[before:] if frame["type"] != "ping"] == []


async def test_the_page_says_that_somebody_writes(stack: Stack, browser: Browser, people: People) -> None:
    console = await people.dispatcher(stack.consoles[0], FIRST)
    reporter = await Reporter.signed_in(stack.citizens[0])
    report = (await reporter.filed("打字给你看"))["id"]
    assert (await console.accept(report)).status_code == 200
    await tell(console, type="looking", report=report)
    context = await browser.new_context(
        base_url=stack.citizens[0].url, viewport={"width": 390, "height": 844}
    )
    await context.add_cookies(
        [{"name": "desk110_session", "value": reporter.token, "url": stack.citizens[0].url, "httpOnly": True}]
    )
    phone = await context.new_page()
    await phone.goto(f"/reports/{report}")
    await eventually(lambda: phone_of(console, report).get("on") is True, SOON_S, "the page is open")
    await phone.locator("#say").press_sequentially("我在", delay=30)
    await eventually(lambda: phone_of(console, report).get("writing") is True, SOON_S, "somebody writes")
    await context.close()
    await eventually(lambda: phone_of(console, report).get("on") is False, SOON_S, "the page is closed")
    await reporter.leave()
