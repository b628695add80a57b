"""What a dispatcher hears: a new report once, waiting ones more and more urgently, and what muting covers."""

import re
from collections.abc import AsyncIterator
from typing import Any

import pytest
from playwright.async_api import Browser, Page, async_playwright, expect

from dispatch.events import read_since
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
