"""The conversation on the phone: long, read out once, with ticks that are true on both sides, after a reload too."""

from typing import Any
from uuid import uuid4

import pytest
from playwright.async_api import Page, expect

from tests import test_citizen_page as citizen
from tests.people import Dispatcher, eventually
from tests.test_citizen_page import OpenPhone, Phone

pytestmark = [pytest.mark.anyio, pytest.mark.browser]

browser = citizen.browser
phone = citizen.phone
dispatcher = citizen.dispatcher

LINES = 300
# Every change of the conversation, by row, and everything that the live region is given to read.
WATCH = """() => {
  window.touched = [];
  window.spoken = [];
  const all = { subtree: true, childList: true, characterData: true, attributes: true };
  new MutationObserver(records => {
    for (const { target, addedNodes } of records) {
      const row = (target.nodeType === 1 ? target : target.parentElement).closest("[data-key]");
      touched.push(row ? row.dataset.key : "list:" + addedNodes.length);
    }
  }).observe(document.getElementById("talk"), all);
  new MutationObserver(() => spoken.push(document.getElementById("announcer").textContent))
    .observe(document.getElementById("announcer"), all);
}"""


async def talking(held: Phone, dispatcher: Dispatcher) -> tuple[Page, str]:
    """A report that the dispatcher has received, on the reporter's screen."""
    await held.sign_in()
    await held.tap()
    await expect(held.rung("shown")).to_be_visible()
    report = await held.report()
    await dispatcher.accept(report)
    await expect(held.rung("received")).to_be_visible()
    return held.page, report


async def said(page: Page, report: str) -> dict[str, Any]:
    answer = await page.request.get(f"/api/v1/reports/{report}")
    found: dict[str, Any] = await answer.json()
    return found


async def say(page: Page, report: str, text: str) -> None:
    """Another device of the same person says something."""
    origin = page.url.partition("/reports")[0]
    sent = await page.request.post(
        f"/api/v1/reports/{report}/messages",
        data={"client_id": str(uuid4()), "text": text},
        headers={"origin": origin},
    )
    assert sent.status == 201, await sent.text()


async def test_a_long_conversation_rebuilds_nothing_that_did_not_change(
    phone: OpenPhone, dispatcher: Dispatcher
) -> None:
    held = await phone()
    page, report = await talking(held, dispatcher)
    for number in range(LINES):
        await say(page, report, f"第 {number} 句")
    rows = page.locator("#talk > li")
    await expect(rows).to_have_count(LINES, timeout=30_000)
    await page.evaluate("document.querySelector('#talk > li').dataset.mark = 'first'")
    await page.wait_for_timeout(1_500)  # what the last of them still moved
    await page.evaluate(WATCH)
    await page.wait_for_timeout(2_500)  # more than two ticks of the page's own clock
    assert await page.evaluate("touched") == []
    await dispatcher.answer(report, "看到了")
    await expect(rows).to_have_count(LINES + 1)
    touched = await page.evaluate("touched")
    new = await rows.last.get_attribute("data-key")
    assert {key for key in touched if key != "list:1"} <= {new}
    assert await rows.first.get_attribute("data-mark") == "first"  # the same element as before


async def test_each_new_line_is_read_out_once_also_when_one_types_at_that_moment(
    phone: OpenPhone, dispatcher: Dispatcher
) -> None:
    held = await phone()
    page, report = await talking(held, dispatcher)
    await dispatcher.answer(report, "第一句")
    await expect(page.locator("#talk")).to_contain_text("第一句")
    await page.evaluate(WATCH)
    await page.fill("#say", "我在楼上")
    await dispatcher.answer(report, "您在几楼")
    await page.locator("#composer [type=submit]").tap()
    await dispatcher.answer(report, "马上到")
    await expect(page.locator("#talk")).to_contain_text("马上到")
    await page.wait_for_timeout(2_500)
    spoken = "\n".join(await page.evaluate("spoken"))
    assert [spoken.count(text) for text in ("第一句", "您在几楼", "马上到", "我在楼上")] == [0, 1, 1, 0]
    # What was there before the page was opened is not read out anew.
    await page.reload()
    await expect(page.locator("#talk")).to_contain_text("马上到")
    await page.evaluate(WATCH)
    await page.wait_for_timeout(1_500)
    assert "马上到" not in "".join(await page.evaluate("spoken"))


async def test_who_reads_further_up_is_not_moved_and_one_tap_jumps_to_what_is_new(
    phone: OpenPhone, dispatcher: Dispatcher
) -> None:
    held = await phone()
    page, report = await talking(held, dispatcher)
    for number in range(40):
        await say(page, report, f"第 {number} 句")
    await expect(page.locator("#talk > li")).to_have_count(40, timeout=20_000)
    await page.evaluate("scrollTo(0, 0)")
    await page.wait_for_timeout(300)
    await dispatcher.answer(report, "新的一句")
    jump = page.locator("#new-message")
    await expect(jump).to_be_visible()
    assert await page.evaluate("scrollY") == 0
    await jump.tap()
    await expect(page.locator("#talk > li").last).to_be_in_viewport()
    await expect(jump).to_be_hidden()
    # Reading on by oneself takes the sign away as well.
    await page.evaluate("scrollTo(0, 0)")
    await page.wait_for_timeout(300)
    await dispatcher.answer(report, "还有一句")
    await expect(jump).to_be_visible()
    await page.locator("#talk > li").last.scroll_into_view_if_needed()
    await page.evaluate("document.querySelector('#talk > li:last-child').scrollIntoView({ block: 'center' })")
    await expect(jump).to_be_hidden()


async def test_sent_stored_and_seen_are_true_in_both_directions_also_after_a_reload(
    phone: OpenPhone, dispatcher: Dispatcher
) -> None:
    held = await phone()
    page, report = await talking(held, dispatcher)
    await page.fill("#say", "他在门外")
    await page.locator("#composer [type=submit]").tap()
    own = page.locator("#talk > li", has_text="他在门外")
    await expect(own.locator(".bubble-state")).to_contain_text("已送达")
    await page.reload()
    await expect(own.locator(".bubble-state")).to_contain_text("已送达")
    assert not (await said(page, report))["messages"][0]["seen"]
    version = (await said(page, report))["version"]
    assert dispatcher.socket is not None
    await dispatcher.socket.send(f'{{"type":"seen","report":"{report}","version":{version}}}')
    await expect(own.locator(".bubble-state")).to_contain_text("接警台已看到")
    await page.reload()
    await expect(own.locator(".bubble-state")).to_contain_text("接警台已看到")

    await dispatcher.answer(report, "好的")
    await expect(page.locator("#talk")).to_contain_text("好的")

    async def delivered() -> bool:
        hand = await dispatcher.http.get(f"/console/reports/{report}")
        line = hand.text.partition("好的")[0].rpartition("<li")[2]
        return "已送达" in line

    await eventually(delivered, 20, "the desk sees that it was shown")
    await page.reload()
    await expect(page.locator("#talk")).to_contain_text("好的")
    assert await delivered()
