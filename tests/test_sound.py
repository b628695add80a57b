"""What a dispatcher hears: a new report once, waiting ones more and more urgently, and what muting covers."""

import re
from collections.abc import AsyncIterator
from dataclasses import replace
from functools import partial
from typing import Any
from uuid import UUID

import pytest
from playwright.async_api import Browser, Page, async_playwright, expect

from dispatch.desk_times import faults_in, set_times, times_of
from dispatch.escalation import OFFERED_PARENT, TOLD_DESK, Due, escalate
from dispatch.events import read_since
from tests.domain import done, writing
from tests.interception import intercept
from tests.people import Dispatcher, Reporter, eventually
from tests.servers import chromium
from tests.stack import DESK, PASSWORD, Stack
from tests.witness import assert_problem, change

pytestmark = pytest.mark.anyio

# Every tone that is begun, by its pitch: what would be heard.
LISTEN = """
  window.tones = [];
  const begin = OscillatorNode.prototype.start;
  OscillatorNode.prototype.start = function (...when) {
    window.tones.push(this.frequency.value);
    return begin.apply(this, when);
  };
"""
NEW, URGENT = 740, 1040
# The page counts from what a card says: let it have waited so long already.
WAITS_S = "(card, s) => { card.dataset.filedAt = new Date(Date.now() - s * 1000).toISOString(); }"


@pytest.fixture(scope="module")
async def browser() -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        found = await playwright.chromium.launch(
            executable_path=chromium(),
            args=["--no-sandbox", "--disable-gpu", "--disable-quic", "--disable-audio-output"],
        )
        yield found
        await found.close()


@pytest.fixture
async def desk(stack: Stack, browser: Browser) -> AsyncIterator[Page]:
    """The desk's page, with a key pressed on it: browsers let no page be heard before."""
    context = await browser.new_context(base_url=stack.consoles[0].url, locale="zh-CN")
    page = await context.new_page()
    await page.add_init_script(LISTEN)
    await page.goto("/console/sign-in")
    await page.fill("[name=number]", f"{DESK}01")
    await page.fill("[name=password]", PASSWORD)
    await page.press("[name=password]", "Enter")
    await expect(page.locator("#live")).to_have_attribute("data-state", "live", timeout=15_000)
    await page.keyboard.press("Escape")
    await expect(page.locator("#sound")).to_have_attribute("data-state", "running", timeout=10_000)
    yield page
    await context.close()


@pytest.fixture
async def reporter(stack: Stack) -> AsyncIterator[Reporter]:
    person = await Reporter.signed_in(stack.citizens[0], verified=True)
    yield person
    await person.leave()


@pytest.fixture(autouse=True)
async def empty_desk(stack: Stack) -> AsyncIterator[None]:
    """No report waits when a test begins."""
    yield
    sweeper = await Dispatcher.signed_in(stack.consoles[0], f"{DESK}90")
    for report, card in list(sweeper.cards.items()):
        if card["status"] == "filed":
            await sweeper.accept(report)
    await sweeper.leave()


async def heard(page: Page) -> list[int]:
    tones: list[int] = await page.evaluate("window.tones.splice(0)")
    return tones


def kinds(stack: Stack) -> list[str]:
    with stack.database.read() as session:
        return [event.kind for event in read_since(session, DESK, 0, 10_000)]


async def test_a_new_report_is_heard_once_and_accepting_it_is_silent(desk: Page, reporter: Reporter) -> None:
    report = await reporter.filed("敲门声")
    await expect(desk.locator(f"#report-{report['id']}")).to_be_visible()
    await eventually(lambda: _any(desk), 5, "it is heard")
    await heard(desk)
    await desk.keyboard.press("a")
    await expect(desk.locator(f"#taken #report-{report['id']}")).to_be_visible()
    await desk.wait_for_timeout(1_500)
    assert await heard(desk) == []


async def _any(page: Page) -> bool:
    return bool(await page.evaluate("window.tones.length"))


async def test_the_longer_somebody_waits_the_more_urgent_it_sounds(desk: Page, reporter: Reporter) -> None:
    report = await reporter.filed("还在等")
    card = desk.locator(f"#report-{report['id']}")
    await expect(card).to_be_visible()
    await heard(desk)
    # The page counts from what the card says: let it have waited a minute already.
    await card.evaluate("card => card.dataset.filedAt = new Date(Date.now() - 61_000).toISOString()")
    await eventually(lambda: _has(desk, URGENT), 10, "the most urgent sound")


@pytest.mark.parametrize(("kind", "times"), [("fraud", 4), ("tip", 20)])
async def test_what_is_no_emergency_is_late_as_many_times_later_as_it_may_wait(
    desk: Page, reporter: Reporter, kind: str, times: int
) -> None:
    report = await reporter.filed("不急", kind=kind)
    card = desk.locator(f"#report-{report['id']}")
    oldest = desk.locator("#figure-oldest")
    await expect(card).to_be_visible()
    await eventually(lambda: _any(desk), 5, "it is heard that it came")
    await card.evaluate(WAITS_S, 14 * times)
    await expect(card.locator(".card-time")).to_have_text(re.compile(r"^5\d 秒$" if times == 4 else "^4 分"))
    await expect(card).to_have_attribute("data-page-late", "0")
    await heard(desk)
    await desk.wait_for_timeout(1_500)
    assert await heard(desk) == []
    await card.evaluate(WAITS_S, 16 * times)
    for late in (card, oldest):
        await expect(late).to_have_attribute("data-page-late", "1")
    await card.evaluate(WAITS_S, 61 * times)
    for late in (card, oldest, desk.locator("#figure-waiting")):
        await expect(late).to_have_attribute("data-page-late", "3")
    await eventually(lambda: _has(desk, URGENT), 10, "the most urgent sound")


async def test_the_oldest_is_who_has_waited_longest_for_their_kind(
    desk: Page, reporter: Reporter, stack: Stack
) -> None:
    tip = await reporter.filed("不急", kind="tip")
    emergency = await reporter.filed("急")
    await desk.locator(f"#report-{tip['id']}").evaluate(WAITS_S, 200)
    await desk.locator(f"#report-{emergency['id']}").evaluate(WAITS_S, 21)
    oldest = desk.locator("#figure-oldest")
    await expect(oldest.locator("dd")).to_have_text(re.compile(r"^\d+ 秒$"))
    await expect(oldest).to_have_attribute("data-page-late", "2")
    await desk.locator(f"#report-{tip['id']}").evaluate(WAITS_S, 2_000)
    await expect(oldest.locator("dd")).to_have_text(re.compile("33 分"))
    await expect(oldest).to_have_attribute("data-page-late", "3")


async def test_what_is_escalated_is_heard_however_late_the_desk_lets_its_colours_begin(
    desk: Page, reporter: Reporter, stack: Stack
) -> None:
    with stack.database.read() as session:
        before = times_of(session, DESK)
    late = replace(before, late_1_s=120, late_2_s=200, late_3_s=300)
    assert faults_in(late) == {}
    with writing(stack.database) as writer:
        done(writer, lambda session: set_times(session, DESK, f"{DESK}90", late), DESK)
        try:
            report = await reporter.filed("没有人接")
            card = desk.locator(f"#report-{report['id']}")
            await expect(card).to_be_visible()
            await eventually(lambda: _any(desk), 5, "it is heard that it came")
            await card.evaluate(WAITS_S, 70)
            await expect(card).to_have_attribute("data-page-late", "0")
            await expect(card.locator(".card-time")).to_contain_text("1 分")

            async def silent() -> bool:
                await heard(desk)
                await desk.wait_for_timeout(1_500)
                return await heard(desk) == []

            await eventually(silent, 20, "what was heard of its coming has ended")
            due = Due(UUID(report["id"]), DESK, None, TOLD_DESK)
            assert done(writer, partial(escalate, late=due), DESK)
            await eventually(lambda: _any(desk), 15, "it is heard")
            due = replace(due, step=OFFERED_PARENT)
            assert done(writer, partial(escalate, late=due), DESK)
            await eventually(lambda: _has(desk, URGENT), 15, "the further it goes, the more urgent it sounds")
            await expect(card).to_have_attribute("data-page-late", "0")
        finally:
            done(writer, lambda session: set_times(session, DESK, f"{DESK}90", before), DESK)


async def _has(page: Page, pitch: int) -> bool:
    return bool(await page.evaluate("pitch => window.tones.includes(pitch)", pitch))


async def test_muting_is_recorded_outlives_a_reload_and_never_covers_an_escalation(
    desk: Page, reporter: Reporter, stack: Stack
) -> None:
    sound = desk.locator("#sound")
    await desk.keyboard.press("m")
    await expect(sound).to_have_attribute("data-state", "muted")
    await expect(sound).to_have_text(re.compile("已静音"))
    assert kinds(stack)[-1] == "DispatcherMuted"
    await desk.reload()
    await expect(desk.locator("#live")).to_have_attribute("data-state", "live", timeout=15_000)
    await expect(sound).to_have_attribute("data-state", "muted")
    await desk.keyboard.press("Escape")
    report = await reporter.filed("静音时来的")
    card = desk.locator(f"#report-{report['id']}")
    await expect(card).to_be_visible()
    await card.evaluate("card => card.dataset.filedAt = new Date(Date.now() - 30_000).toISOString()")
    await desk.wait_for_timeout(1_500)
    assert await heard(desk) == []
    change(stack, "report", {"number": report["number"]}, escalation=1)
    await card.evaluate("card => card.dataset.escalation = '1'")
    await eventually(lambda: _any(desk), 10, "what is escalated is heard all the same")
    await desk.keyboard.press("m")
    await expect(sound).to_have_attribute("data-state", "running")
    assert "DispatcherUnmuted" in kinds(stack)


async def test_what_the_log_has_not_taken_is_not_muted(desk: Page, stack: Stack) -> None:
    async def refuse(route: Any) -> None:
        await route.fulfill(status=503)

    before = kinds(stack)
    await intercept(desk, "**/console/sound", refuse)
    await desk.keyboard.press("m")
    await expect(desk.locator("#notices")).to_contain_text("没有记下")
    await expect(desk.locator("#sound")).to_have_attribute("data-state", "running")
    assert kinds(stack) == before


@pytest.mark.parametrize("form", [{}, {"muted": ""}, {"muted": "yes"}, {"muted": "2"}])
async def test_muting_wants_a_clear_word(stack: Stack, form: dict[str, str]) -> None:
    dispatcher = await Dispatcher.signed_in(stack.consoles[0], f"{DESK}02")
    answer = await dispatcher.http.post(
        "/console/sound", headers={"x-csrf-token": dispatcher.csrf}, data=form
    )
    assert assert_problem(answer, "field_invalid")["fields"] == ["muted"]
    unsigned = await dispatcher.http.post("/console/sound", data={"muted": "1"})
    assert_problem(unsigned, "csrf_refused")
    await dispatcher.leave()
