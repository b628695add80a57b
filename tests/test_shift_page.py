"""A shift on the console's page, by the keyboard alone: begun, a note written, handed over, ended."""

from collections.abc import AsyncIterator

import pytest
from playwright.async_api import Browser, Page, async_playwright, expect

from tests.people import Dispatcher, People
from tests.servers import chromium
from tests.stack import DESK, PASSWORD, Stack
from tests.test_sound import LISTEN
from tests.truth import log_of

pytestmark = pytest.mark.anyio

FIRST, SECOND = f"{DESK}01", f"{DESK}02"


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
    """The desk's page of `FIRST`, who is not on shift."""
    context = await browser.new_context(base_url=stack.consoles[0].url, locale="zh-CN")
    page = await context.new_page()
    await page.add_init_script(LISTEN)
    await page.goto("/console/sign-in")
    await page.fill("[name=number]", FIRST)
    await page.fill("[name=password]", PASSWORD)
    await page.press("[name=password]", "Enter")
    await expect(page.locator("#live")).to_have_attribute("data-state", "live", timeout=15_000)
    yield page
    await context.close()


def kinds(stack: Stack) -> list[str]:
    return [event.kind for event in log_of(stack.database, DESK)]


async def test_from_the_first_key_of_a_shift_to_the_last(stack: Stack, desk: Page, people: People) -> None:
    colleague = await people.dispatcher(stack.consoles[0], SECOND)
    begun = await colleague.http.post("/console/shift", headers={"x-csrf-token": colleague.csrf})
    assert begun.status_code == 200
    await expect(desk.locator("#shift-open")).to_contain_text("未值班")
    await expect(desk.locator("#notices")).to_contain_text("按 S 开始")
    await desk.keyboard.press("s")
    await expect(desk.locator("#shift-open")).to_contain_text("值班中")
    await expect(desk.locator("#sound")).to_have_attribute("data-state", "running")
    await desk.wait_for_function("window.tones.length > 0")
    assert kinds(stack)[-1] == "ShiftBegan"

    phone = await people.reporter(stack.citizens[0])
    report = (await phone.filed("有人尾随"))["id"]
    await expect(desk.locator(f"#waiting #report-{report}")).to_be_visible()
    await desk.keyboard.press("a")
    await expect(desk.locator(f"#report-{report}[data-page-mine]")).to_be_visible()
    await expect(desk.locator("#note-text")).to_be_visible()
    await desk.keyboard.press("n")
    await desk.keyboard.type("穿红衣服，往北走")
    await desk.keyboard.press("Enter")
    await expect(desk.locator("#desk-notes")).to_contain_text("穿红衣服，往北走")
    await expect(desk.locator("#note-text")).to_have_value("")
    await desk.keyboard.press("Escape")

    await desk.keyboard.press("c")
    await expect(desk.locator("#colleagues tbody")).to_contain_text(SECOND)
    await desk.keyboard.press("Escape")

    # Signing out while on shift leads through the hand-over.
    await desk.locator(".top-out button").focus()
    await desk.keyboard.press("Enter")
    await expect(desk.locator("#shift-title")).to_contain_text("值班中")
    await expect(desk.locator(f"#to-{report}")).to_be_focused()
    await desk.keyboard.type(SECOND)
    await desk.keyboard.press("Tab")
    await desk.keyboard.type("等她到家")
    await desk.keyboard.press("Tab")
    await desk.keyboard.type("2 号机耳机坏了")
    await desk.keyboard.press("Tab")
    await desk.keyboard.press("Tab")
    await desk.keyboard.press("Enter")
    await expect(desk.locator("#shift")).to_be_hidden()
    await expect(desk.locator("#shift-open")).to_contain_text("未值班")
    await expect(desk.locator(f"#report-{report} .card-who")).to_contain_text(SECOND)
    assert kinds(stack)[-1] == "ShiftEnded"

    # The next shift reads what was left, until somebody has done it.
    await desk.keyboard.press("s")
    await expect(desk.locator("#shift-panel")).to_contain_text("2 号机耳机坏了")
    await desk.locator("[data-done]").click()
    await expect(desk.locator("[data-done]")).to_have_count(0)
    assert kinds(stack)[-1] == "NoteDone"


async def test_what_a_colleague_puts_back_is_heard_as_a_new_report_is(
    stack: Stack, desk: Page, people: People
) -> None:
    colleague = await people.dispatcher(stack.consoles[0], SECOND)
    report = await _in_hand(stack, people, colleague)
    await expect(desk.locator(f"#taken #report-{report}")).to_be_visible()
    await desk.keyboard.press("Escape")
    await expect(desk.locator("#sound")).to_have_attribute("data-state", "running", timeout=10_000)
    await desk.evaluate("window.tones.splice(0)")
    released = await colleague.http.post(
        f"/console/reports/{report}/release",
        headers={"x-csrf-token": colleague.csrf},
        data={"reason": "换岗"},
    )
    assert released.status_code == 200
    await expect(desk.locator(f"#released #report-{report}")).to_be_visible()
    await desk.wait_for_function("window.tones.includes(740)")


async def test_what_came_amid_the_hand_over_is_asked_for_and_nothing_written_is_lost(
    stack: Stack, desk: Page, people: People
) -> None:
    me = await people.dispatcher(stack.consoles[0], FIRST)
    await me.http.post("/console/shift", headers={"x-csrf-token": me.csrf})
    await desk.reload()
    await expect(desk.locator("#shift-open")).to_contain_text("值班中")
    await _in_hand(stack, people, me)
    await desk.keyboard.press("s")
    await expect(desk.locator(".shift-held li")).to_have_count(1)
    await desk.fill("#shift-note", "还没写完")
    later = await _in_hand(stack, people, me)
    await desk.locator("#shift-end .primary").click()
    await expect(desk.locator("#shift-fault")).to_contain_text("手上又有了新的警情")
    await expect(desk.locator(f"#to-{later}")).to_be_visible()
    await expect(desk.locator("#shift-note")).to_have_value("还没写完")
    await desk.locator("#shift-end .primary").click()
    await expect(desk.locator("#shift")).to_be_hidden()
    await expect(desk.locator(f"#released #report-{later}")).to_be_visible()


async def _in_hand(stack: Stack, people: People, dispatcher: Dispatcher) -> str:
    phone = await people.reporter(stack.citizens[0])
    report: str = (await phone.filed("还有一件"))["id"]
    assert (await dispatcher.accept(report)).status_code == 200
    return report
