"""What the shift leader's console has and no other: who waits too long, who has how much in hand, and that it is heard;
and the word outside of the browser for everybody."""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from functools import partial
from uuid import UUID

import pytest
from playwright.async_api import Browser, Page, async_playwright, expect

from dispatch.escalation import OFFERED_PARENT, TOLD_DESK, TOLD_LEADER, Due, escalate
from tests.both_screens import FLAGS
from tests.domain import done, writing
from tests.people import Dispatcher, People, eventually
from tests.places import Place
from tests.servers import chromium
from tests.stack import PASSWORD, Stack

pytestmark = [pytest.mark.anyio, pytest.mark.browser]

# Every tone that is begun, by its pitch; and every notification, with what it says and whether it is still there.
LISTEN = """
  window.tones = [];
  const begin = OscillatorNode.prototype.start;
  OscillatorNode.prototype.start = function (...when) {
    window.tones.push(this.frequency.value);
    return begin.apply(this, when);
  };
  window.words = [];
  window.Notification = class extends EventTarget {
    static permission = "default";
    static asked = 0;
    static requestPermission() { this.asked += 1; this.permission = "granted"; return Promise.resolve("granted"); }
    constructor(title, options) {
      super();
      Object.assign(this, { title, body: options.body, tag: options.tag, anew: options.renotify, open: true });
      window.words.push(this);
    }
    close() { this.open = false; }
  };
"""
HIDE = "hidden => { Object.defineProperty(document, 'hidden', { configurable: true, get: () => hidden }); }"
TOLD = 523


@pytest.fixture(scope="module")
async def browser() -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        launched = await playwright.chromium.launch(executable_path=chromium(), args=FLAGS)
        yield launched
        await launched.close()


@pytest.fixture
def place(places_left: Iterator[Place]) -> Place:
    """A county of the test's own."""
    return next(places_left)


@asynccontextmanager
async def console(stack: Stack, browser: Browser, number: str) -> AsyncIterator[Page]:
    """A desk's page on which a key has been pressed: browsers let no page be heard before."""
    context = await browser.new_context(base_url=stack.consoles[0].url, locale="zh-CN")
    page = await context.new_page()
    await page.add_init_script(LISTEN)
    await page.goto("/console/sign-in")
    await page.fill("[name=number]", number)
    await page.fill("[name=password]", PASSWORD)
    await page.press("[name=password]", "Enter")
    await expect(page.locator("#live")).to_have_attribute("data-state", "live")
    await page.keyboard.press("Escape")
    await expect(page.locator("#sound")).to_have_attribute("data-state", "running")
    yield page
    await context.close()


def reach(stack: Stack, report: str, place: Place, step: int) -> None:
    """Take a waiting report to a step of its escalation, as the worker would."""
    parent = f"{place.desk[:4]}00" if step == OFFERED_PARENT else None
    due = Due(UUID(report), place.desk, parent, step)
    with writing(stack.database) as writer:
        assert done(writer, partial(escalate, late=due), *filter(None, (place.desk, parent)))


async def holds(page: Page, what: str) -> bool:
    return bool(await page.evaluate(what))


async def has_told(page: Page) -> bool:
    return bool(await page.evaluate("pitch => window.tones.includes(pitch)", TOLD))


async def test_who_waits_too_long_is_seen_and_heard_by_the_shift_leader_alone(
    stack: Stack, browser: Browser, place: Place, people: People
) -> None:
    reporter = await people.reporter(stack.citizens[0], place.location)
    async with (
        console(stack, browser, place.number("90")) as leader,
        console(stack, browser, place.number("01")) as dispatcher,
    ):
        await expect(leader.locator("#leader")).to_contain_text("没有等得太久的警情")
        assert await dispatcher.locator("#leader").count() == 0
        report = (await reporter.filed("没有人接"))["id"]
        reach(stack, report, place, TOLD_DESK)
        await expect(leader.locator(f"#report-{report} .sign-late")).to_be_visible()
        assert await leader.locator("#leader-late li").count() == 0
        reach(stack, report, place, TOLD_LEADER)
        late = leader.locator("#leader-late button")
        await expect(late).to_contain_text("已报值班长")
        await expect(late).to_contain_text("秒")
        await eventually(partial(has_told, leader), 15, "it is heard at the shift leader's console")
        # Muting does not cover it.
        await leader.keyboard.press("m")
        await expect(leader.locator("#sound")).to_have_attribute("data-state", "muted")
        await leader.evaluate("window.tones.splice(0)")
        await eventually(partial(has_told, leader), 15, "it is heard all the same")
        assert not await has_told(dispatcher)
        await late.click()
        await expect(leader.locator(f"#report-{report}")).to_have_attribute("aria-current", "true")
        await dispatcher.keyboard.press("a")
        await expect(leader.locator("#leader-late li")).to_have_count(0)
        await expect(leader.locator("#leader")).not_to_have_attribute("data-page-late", "")
        load = leader.locator(f"#leader-load [data-of='{place.number('01')}']")
        await expect(load).to_have_text(f"{place.number('01')}1 件")
        await expect(leader.locator(f"#leader-load [data-of='{place.number('90')}']")).to_contain_text("0 件")


async def test_the_desk_above_sees_who_offered_it(
    stack: Stack, browser: Browser, place: Place, people: People
) -> None:
    reporter = await people.reporter(stack.citizens[0], place.location)
    async with console(stack, browser, f"{place.desk[:4]}0090") as above:
        report = (await reporter.filed("县里没有人接"))["id"]
        reach(stack, report, place, OFFERED_PARENT)
        late = above.locator(f"#leader-late [data-of='{report}']")
        await expect(late).to_contain_text("已报上级台")
        name = await above.locator(f"#report-{report} .sign-offered").get_attribute("data-from")
        assert name
        await expect(late).to_contain_text(name)
        county = people.also(await Dispatcher.signed_in(stack.consoles[0], place.number()))
        assert (await county.accept(report)).status_code == 200
        await expect(late).to_have_count(0)


async def test_a_hidden_console_calls_with_number_and_kind_and_nothing_else(
    stack: Stack, browser: Browser, place: Place, people: People
) -> None:
    first = await people.reporter(stack.citizens[0], place.location)
    second = await people.reporter(stack.citizens[0], place.location)
    async with console(stack, browser, place.number("01")) as page:
        assert await page.evaluate("Notification.asked") == 0
        await page.evaluate(HIDE, True)
        await first.filed("还没有人准许")
        await expect(page.locator("#waiting .card")).to_have_count(1)
        assert await page.evaluate("window.words.length") == 0
        await page.evaluate(HIDE, False)
        await page.keyboard.press("m")
        await expect(page.locator("#sound")).to_have_attribute("data-state", "muted")
        await page.keyboard.press("m")
        assert await page.evaluate("Notification.asked") == 1
        await page.evaluate(HIDE, True)
        report = (await second.filed("他拿着刀，别出声", covert=True))["id"]
        await eventually(partial(holds, page, "window.words.length === 1"), 15, "the call")
        said = await page.evaluate("(({title, body}) => [title, body])(window.words[0])")
        assert said[0].startswith("2 条警情等候")
        assert said[1] == "快速报警 2"
        assert "2" in await page.title()
        await page.evaluate("window.words[0].dispatchEvent(new Event('click'))")
        await expect(page.locator(f"#report-{report}")).to_be_focused()
        assert not await page.evaluate("window.words[0].open")


async def test_the_call_ends_when_somebody_has_accepted(
    stack: Stack, browser: Browser, place: Place, people: People
) -> None:
    reporter = await people.reporter(stack.citizens[0], place.location)
    colleague = await people.dispatcher(stack.consoles[0], place.number("02"))
    async with console(stack, browser, place.number("01")) as page:
        await page.evaluate("Notification.permission = 'granted'")
        await page.evaluate(HIDE, True)
        report = (await reporter.filed("有人接了"))["id"]
        await eventually(
            partial(holds, page, "window.words.length === 1 && window.words[0].open"), 15, "the call"
        )
        await colleague.accept(report)
        await eventually(partial(holds, page, "!window.words[0].open"), 15, "its end")
