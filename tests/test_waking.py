"""Called by the desktop while the console is in the background: asked for when the shift begins, said in words where
the browser does not allow it, and seen anew for each report and each step of its escalation."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from typing import Any

import pytest
from playwright.async_api import Browser, Page, expect

from dispatch.escalation import TOLD_DESK, TOLD_LEADER
from tests import test_leader_page as leader
from tests.people import People, eventually
from tests.places import Place
from tests.stack import PASSWORD, Stack
from tests.test_leader_page import HIDE, LISTEN, holds, reach

pytestmark = [pytest.mark.anyio, pytest.mark.browser]

browser = leader.browser
place = leader.place

DENIED = "Notification.requestPermission = async () => (Notification.permission = 'denied');"
SOON_S = 15


@asynccontextmanager
async def console(
    stack: Stack, browser: Browser, number: str, *, stands_in: str = LISTEN, language: str = "zh-CN"
) -> AsyncIterator[Page]:
    """A desk's page; `stands_in` is what the browser's own notifications are replaced by, if at all."""
    context = await browser.new_context(base_url=stack.consoles[0].url, locale=language)
    page = await context.new_page()
    if stands_in:
        await page.add_init_script(stands_in)
    await page.goto("/console/sign-in")
    await page.fill("[name=number]", number)
    await page.fill("[name=password]", PASSWORD)
    await page.press("[name=password]", "Enter")
    await expect(page.locator("#live")).to_have_attribute("data-state", "live")
    yield page
    await context.close()


async def calls(page: Page, count: int) -> list[list[Any]]:
    """Title, words and whether it is seen anew, of all that were made; there must be so many."""
    await eventually(partial(holds, page, f"window.words.length >= {count}"), SOON_S, f"{count} calls")
    found: list[list[Any]] = await page.evaluate(
        "window.words.map(({title, body, anew}) => [title, body, anew])"
    )
    assert len(found) == count
    return found


async def test_a_shift_that_begins_asks_whether_the_page_may_call(
    stack: Stack, browser: Browser, place: Place
) -> None:
    async with console(stack, browser, place.number("01")) as page:
        await expect(page.locator("#wake")).to_be_hidden()  # who is not on shift need not be called
        assert await page.evaluate("Notification.asked") == 0
        await page.keyboard.press("s")
        await expect(page.locator("#shift-open")).to_contain_text("值班中")
        assert await page.evaluate("Notification.asked") == 1
        await expect(page.locator("#wake")).to_be_hidden()
        # The end of it asks for nothing.
        await page.keyboard.press("s")
        await page.locator("#shift-end .primary").click()
        await expect(page.locator("#shift-open")).to_contain_text("未值班")
        assert await page.evaluate("Notification.asked") == 1


@pytest.mark.parametrize(
    ("language", "word", "how"),
    [("zh-CN", "通知被禁", "把“通知”改为“允许”"), ("en", "No alerts", "set “Notifications” to “Allow”")],
)
async def test_what_was_denied_is_said_in_words_with_the_way_back(
    stack: Stack, browser: Browser, place: Place, language: str, word: str, how: str
) -> None:
    stand_in = LISTEN + DENIED
    async with console(stack, browser, place.number("01"), stands_in=stand_in, language=language) as page:
        await page.keyboard.press("s")
        wake = page.locator("#wake")
        await expect(wake).to_have_text(word)
        await wake.click()
        await expect(page.locator("#notices")).to_contain_text(how)


async def test_what_was_only_put_aside_is_asked_for_again_by_its_words(
    stack: Stack, browser: Browser, place: Place
) -> None:
    aside = LISTEN + "Notification.requestPermission = async () => 'default';"
    async with console(stack, browser, place.number("01"), stands_in=aside) as page:
        await page.keyboard.press("s")
        await expect(page.locator("#wake")).to_have_text("通知没开")
        await page.evaluate(
            "Notification.requestPermission = async () => (Notification.permission = 'granted')"
        )
        await page.locator("#wake").click()
        await expect(page.locator("#notices")).to_contain_text("桌面通知已打开")
        await expect(page.locator("#wake")).to_be_hidden()


async def test_a_browser_that_lets_nothing_through_is_believed(
    stack: Stack, browser: Browser, place: Place
) -> None:
    async with console(stack, browser, place.number("01"), stands_in="") as page:
        await page.keyboard.press("s")
        await expect(page.locator("#wake")).to_have_text("通知被禁")  # nobody is there to allow it


async def test_what_is_allowed_in_the_browsers_settings_is_seen_at_once_or_when_somebody_comes_back(
    stack: Stack, browser: Browser, place: Place
) -> None:
    told = "navigator.permissions.query = async () => (window.told = new EventTarget());"
    async with console(stack, browser, place.number("01"), stands_in=LISTEN + DENIED + told) as page:
        await page.keyboard.press("s")
        await expect(page.locator("#wake")).to_be_visible()
        await page.evaluate("Notification.permission = 'granted'")
        await page.evaluate("window.told.dispatchEvent(new Event('change'))")
        await expect(page.locator("#wake")).to_be_hidden()
        await page.evaluate("Notification.permission = 'denied'")
        await page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
        await expect(page.locator("#wake")).to_be_visible()


async def test_each_report_and_each_step_up_is_seen_anew_with_number_and_kind_alone(
    stack: Stack, browser: Browser, place: Place, people: People
) -> None:
    first = await people.reporter(stack.citizens[0], place.location)
    second = await people.reporter(stack.citizens[0], place.location)
    colleague = await people.dispatcher(stack.consoles[0], place.number("02"))
    async with console(stack, browser, place.number("01")) as page:
        await page.keyboard.press("s")
        await expect(page.locator("#shift-open")).to_contain_text("值班中")
        await page.evaluate(HIDE, True)
        waits = (await first.filed("他拿着刀", covert=True))["id"]
        name = await page.evaluate("document.querySelector('meta[name=desk-name]').content")
        assert await calls(page, 1) == [[f"1 条警情等候 · {name}", "快速报警 1", True]]
        other = (await second.filed("后来的"))["id"]
        assert (await calls(page, 2))[-1] == [f"2 条警情等候 · {name}", "快速报警 2", True]
        reach(stack, waits, place, TOLD_DESK)
        assert (await calls(page, 3))[-1] == [f"2 条警情等候，1 条等得太久 · {name}", "快速报警 2", True]
        reach(stack, waits, place, TOLD_LEADER)
        assert (await calls(page, 4))[-1][2] is True
        # The last that called is accepted: the call for the other stands, and nobody is called anew.
        assert (await colleague.accept(waits)).status_code == 200
        assert (await calls(page, 5))[-1] == [f"1 条警情等候 · {name}", "快速报警 1", False]
        assert await page.evaluate("window.words.every(word => word.tag === 'desk110.waiting')")
        assert (await colleague.accept(other)).status_code == 200
        await eventually(partial(holds, page, "!window.words.at(-1).open"), SOON_S, "its end")
        assert not await page.evaluate(
            "window.words.some(word => /刀|静默|covert/.test(word.title + word.body))"
        )


async def test_what_was_put_back_counts_in_the_title_and_calls(
    stack: Stack, browser: Browser, place: Place, people: People
) -> None:
    reporter = await people.reporter(stack.citizens[0], place.location)
    colleague = await people.dispatcher(stack.consoles[0], place.number("02"))
    report = (await reporter.filed("要换人"))["id"]
    assert (await colleague.accept(report)).status_code == 200
    async with console(stack, browser, place.number("01")) as page:
        await page.keyboard.press("s")
        await expect(page.locator(f"#taken #report-{report}")).to_be_visible()
        assert await _counts(page, "")
        await page.evaluate(HIDE, True)
        released = await colleague.http.post(
            f"/console/reports/{report}/release",
            headers={"x-csrf-token": colleague.csrf},
            data={"reason": "换岗"},
        )
        assert released.status_code == 200
        await calls(page, 1)
        await eventually(partial(_counts, page, "1"), SOON_S, "the title counts it")
        await page.evaluate(HIDE, False)
        await page.keyboard.press("a")
        await expect(page.locator(f"#taken #report-{report}")).to_be_visible()
        await eventually(partial(_counts, page, ""), SOON_S, "nobody waits")


async def _counts(page: Page, count: str) -> bool:
    return (await page.title()).partition("(")[2].partition(")")[0] == count
