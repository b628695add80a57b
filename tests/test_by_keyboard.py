"""A whole turn at the desk with the hands on the keyboard: nothing is clicked, from the sign-in to the report's end."""

from collections.abc import AsyncIterator

import pytest
from playwright.async_api import Page, async_playwright, expect

from tests.both_screens import FLAGS, photo
from tests.people import People, Reporter, eventually
from tests.servers import chromium
from tests.stack import DESK, PASSWORD, Stack
from tests.truth import assert_whole

pytestmark = [pytest.mark.anyio, pytest.mark.browser]

NUMBER = f"{DESK}01"
# Any pointer at all is written down, before the page hears of it.
POINTERS = """
globalThis.pointers = [];
for (const kind of ["pointerdown", "mousedown", "touchstart"]) {
  addEventListener(kind, (event) => pointers.push(event.type), true);
}
"""


@pytest.fixture
async def page(stack: Stack) -> AsyncIterator[Page]:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=chromium(), args=FLAGS)
        context = await browser.new_context(
            base_url=stack.consoles[0].url, locale="zh-CN", viewport={"width": 1920, "height": 1080}
        )
        opened = await context.new_page()
        await opened.add_init_script(POINTERS)
        yield opened
        await browser.close()


async def test_from_the_sign_in_to_the_end_of_a_report_nothing_is_clicked(
    stack: Stack, page: Page, people: People
) -> None:
    keys = page.keyboard
    await page.goto("/console")
    await expect(page.locator("#number")).to_be_focused()
    await keys.type(NUMBER)
    await keys.press("Tab")
    await keys.type(PASSWORD)
    await keys.press("Enter")
    await expect(page.locator("#live")).to_have_attribute("data-state", "live")
    await keys.press("s")
    await expect(page.locator("#shift-open")).to_contain_text("值班中")

    phones = [people.also(await Reporter.signed_in(stack.citizens[0])) for _ in range(3)]
    words = ("楼上一直有噪音", "有人持刀追人，有人流血", "路口堵车了")
    first, urgent, third = [
        (await phone.filed(said))["id"] for phone, said in zip(phones, words, strict=True)
    ]
    reporter = phones[1]
    await reporter.listen()
    for report in (first, urgent, third):
        await expect(page.locator(f"#waiting #report-{report}")).to_be_visible()
    await expect(page.locator("#waiting .card").first).to_have_attribute("data-report", urgent)

    # From arrival to accepted: one key. The urgent one stands first, so it is the one.
    await keys.press("a")
    await eventually(lambda: reporter.status(urgent) == "received", 20, "已接收")
    await expect(page.locator("#in-hand")).to_have_attribute("data-report", urgent)
    await expect(page.locator("#reply-text")).to_be_enabled()

    await keys.press("e")
    await expect(page.locator("#replies")).to_be_visible()
    await keys.press("1")
    await expect(page.locator("#reply-text")).to_be_focused()
    reply = await page.locator("#reply-text").input_value()
    assert reply
    await keys.press("Enter")
    await eventually(lambda: reply in _said(reporter, urgent), 20, "the phone reads the quick reply")
    await keys.press("Escape")

    await keys.press("q")
    await expect(page.locator("#questions")).to_be_visible()
    await keys.press("1")
    await eventually(lambda: reporter.reports[urgent]["requests"], 20, "the phone is asked")
    asked = reporter.reports[urgent]["requests"][0]
    await reporter.say(
        type="answer", report_id=urgent, request_id=asked["id"], answer=(asked["answers"] or ["是"])[0]
    )
    await expect(page.locator('.line[data-request="answer"]')).to_contain_text("已回答")

    files = {"file": ("刀.jpg", photo(), "image/jpeg")}
    sent = await reporter.http.post(f"/api/v1/reports/{urgent}/media/form", files=files)
    assert sent.status_code == 201
    await expect(page.locator("#in-hand .media img").first).to_be_visible()
    await keys.press("i")
    await expect(page.locator("#viewer img")).to_have_js_property("naturalWidth", 1600)
    await keys.press("Escape")
    await expect(page.locator("#viewer")).to_be_hidden()

    await keys.press("l")
    await expect(page.locator("#map-said")).to_contain_text("从报警人位置开始")
    for _ in range(3):
        await keys.press("Shift+ArrowRight")
    await keys.press("Enter")
    await expect(page.locator("#spot-scene")).to_contain_text(NUMBER)
    await keys.press("Escape")

    await keys.press("z")
    await expect(page.locator("#outcome")).to_be_visible()
    await keys.press("Enter")
    await eventually(lambda: reporter.status(urgent) == "closed", 20, "the report is closed")
    await expect(page.locator(f"#report-{urgent}")).to_have_count(0)
    assert await page.evaluate("pointers") == []
    assert_whole(stack.database, DESK)


def _said(reporter: Reporter, report: str) -> list[str]:
    return [message["text"] for message in reporter.reports[report]["messages"]]
