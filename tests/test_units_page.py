"""Units by keyboard at a real console: sent in three keys, marked, clear; the reporters' pages follow, or must not."""

import re
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest
from playwright.async_api import Browser, Page, expect

from tests import test_console_page as console
from tests.both_screens import PHONE, WEST_LAKE, sign_in_reporter
from tests.people import Dispatcher, People, Reporter, eventually
from tests.stack import DESK, Stack
from tests.test_console_page import Desk
from tests.truth import assert_whole
from tests.unit_work import all_clear, send, sendings_of, units_at

pytestmark = [pytest.mark.anyio, pytest.mark.browser]

browser = console.browser
at_desk = console.at_desk
reporter = console.reporter
OpenDesk = Callable[..., Awaitable[Desk]]

NUMBER, COLLEAGUE = f"{DESK}01", f"{DESK}02"
# What has the ground that 已接收 has.
GREEN = """() => {
  const ground = (one) => getComputedStyle(one).backgroundColor;
  const green = ground(document.querySelector("[data-rung=received]"));
  const seen = [...document.querySelectorAll("#report-body *")].filter((one) => one.getClientRects().length);
  return seen.filter((one) => ground(one) === green).map((one) => one.dataset.rung ?? one.id);
}"""


@pytest.fixture(autouse=True)
async def everybody_is_free(stack: Stack) -> AsyncIterator[None]:
    """What a test has sent is clear again for the next one."""
    yield
    someone = await Dispatcher.signed_in(stack.consoles[0], f"{DESK}90")
    for report in {str(unit.out.report) for unit in units_at(stack.database) if unit.out}:
        await all_clear(someone, stack.database, report)
    await someone.leave()


@asynccontextmanager
async def phone_of(browser: Browser, stack: Stack, number: str) -> AsyncIterator[Page]:
    """Somebody's phone, signed in, with its page open."""
    context = await browser.new_context(
        viewport=PHONE,  # type: ignore[arg-type]  # its stub wants its own TypedDict
        is_mobile=True,
        has_touch=True,
        locale="zh-CN",
        timezone_id="Asia/Shanghai",
        geolocation=WEST_LAKE,  # type: ignore[arg-type]  # likewise
        permissions=["geolocation"],
    )
    page = await context.new_page()
    await sign_in_reporter(page, stack, number)
    yield page
    await context.close()


async def in_hand(desk: Desk, report: str) -> None:
    """The report is accepted by its key, and in hand."""
    card = desk.page.locator(desk.card(report))
    await expect(card).to_be_visible()
    await card.click()
    await desk.page.keyboard.press("a")
    await expect(card).to_have_attribute("data-status", "received")
    await expect(desk.page.locator("#send-units")).to_be_visible()


async def choosing(desk: Desk) -> None:
    """The list of units is open, and read."""
    await desk.page.keyboard.press("u")
    await expect(desk.page.locator("#units-choice #units-panel[data-report]")).to_be_visible()


async def step(desk: Desk, letter: str) -> None:
    """The next step of a unit that is out for the report in hand."""
    await choosing(desk)
    await desk.page.keyboard.press(letter)


async def test_two_units_are_sent_and_taken_to_clear_by_keys_and_the_reporters_page_follows(
    stack: Stack, browser: Browser, at_desk: OpenDesk
) -> None:
    desk = await at_desk(NUMBER)
    page = desk.page
    async with phone_of(browser, stack, "13900110221") as phone:
        await phone.fill("#first-words", "路口两车相撞，有人受伤")
        await phone.tap("#quick")
        await expect(phone.locator("[data-rung=shown][data-state=now]")).to_be_visible()
        report = phone.url.rpartition("/")[2]
        await in_hand(desk, report)
        await expect(phone.locator("[data-rung=received][data-state=now]")).to_be_visible()
        await expect(phone.locator("#after")).to_be_hidden()

        # Three keys: the list, a digit, Enter. The nearest stands first.
        await choosing(desk)
        distances = await page.locator("#units-free .unit-way").all_inner_texts()
        metres = [float(re.sub(r"[^\d.]", "", each)) for each in distances]
        assert metres == sorted(metres)
        await page.keyboard.press("1")
        await page.keyboard.press("Enter")
        await expect(page.locator("#units-choice")).to_be_hidden()
        await expect(page.locator("#in-hand")).to_have_attribute("data-report", report)
        await expect(page.locator("#units-out [data-state=dispatched]")).to_have_count(1)
        await expect(phone.locator("#after")).to_contain_text("已派警，警察正在赶来")
        sent = sendings_of(stack.database, report)[0].sent_at.astimezone().strftime("%M:%S")
        await expect(phone.locator("#after")).to_contain_text(f"{sent} 派警")
        # Nothing but 已接收 turns green.
        assert await phone.evaluate(GREEN) == ["received"]

        # Another, after all; the first key of the list is now the next nearest.
        await choosing(desk)
        await page.keyboard.press("2")
        await page.keyboard.press("Enter")
        chips = page.locator("#units-out [data-state=dispatched]")
        await expect(chips).to_have_count(2)
        since = chips.first.locator(".unit-since")
        before = await since.inner_text()
        await expect(since).not_to_have_text(before)  # it ticks

        await step(desk, "b")
        await expect(page.locator("#units-out [data-state=on_scene]")).to_have_count(1)
        await expect(phone.locator("#after")).to_contain_text("警察已到场")
        await expect(page.locator("#in-hand")).to_have_attribute("data-status", "on_scene")
        await step(desk, "a")
        await expect(page.locator("#units-out [data-state=on_scene]")).to_have_count(2)

        # A report is not closed while somebody is out, and the dispatcher reads who.
        name = await page.locator("#units-out .unit-name").first.inner_text()
        await page.keyboard.press("z")
        await page.keyboard.press("Enter")
        await expect(page.locator("#outcome-fault")).to_contain_text(name)
        await page.keyboard.press("Escape")

        await step(desk, "a")
        await expect(page.locator("#clearing-text")).to_be_focused()
        await page.keyboard.press("Enter")
        await expect(page.locator("#clearing-fault")).not_to_be_empty()
        await page.keyboard.press("2")
        await expect(page.locator("#units-out [data-state=clear]")).to_have_count(1)
        await expect(page.locator("#lines")).to_contain_text("已调解，双方离开")
        await step(desk, "a")
        await page.keyboard.type("伤者已送医")
        await page.keyboard.press("Enter")
        await expect(page.locator("#units-out [data-state=clear]")).to_have_count(2)
        await expect(page.locator("#lines")).to_contain_text("伤者已送医")
        await expect(phone.locator("#after")).to_contain_text("警察已到场")  # so it stays
        assert "伤者已送医" not in await phone.inner_text("body")

        await phone.goto(f"{stack.citizens[0].url}/reports")
        await expect(phone.locator("#mine-list .row").first).to_contain_text("已到场")
        await phone.goto(f"{stack.citizens[0].url}/plain/reports/{report}")
        await expect(phone.locator("main")).to_contain_text("警察已到场")

        await page.keyboard.press("z")
        await page.keyboard.press("Enter")
        await expect(page.locator(desk.card(report))).to_have_count(0)
    assert_whole(stack.database, DESK)


async def test_a_covert_reporters_page_follows_nothing_of_it(
    stack: Stack, browser: Browser, at_desk: OpenDesk
) -> None:
    desk = await at_desk(NUMBER)
    async with phone_of(browser, stack, "13900110222") as phone:
        await phone.tap("#to-covert")
        await expect(phone.locator("#covert")).to_be_visible()
        await phone.tap("#covert-act")
        await expect(phone.locator("#covert[data-sign=waiting]")).to_be_visible()
        card = desk.page.locator('.card[data-status="filed"]')
        report = await card.get_attribute("data-report") or ""
        await in_hand(desk, report)
        sign = phone.locator("#covert[data-sign=received]")
        await expect(sign).to_be_visible()
        looked = await phone.inner_text("body")
        for keys, reached in ((("1", "Enter"), "dispatched"), (("a",), "on_scene"), (("a", "1"), "clear")):
            await choosing(desk)
            for key in keys:
                await desk.page.keyboard.press(key)
                if key == "a" and len(keys) > 1:
                    await expect(desk.page.locator("#clearing-text")).to_be_focused()
            await expect(desk.page.locator(f"#units-out [data-state={reached}]")).to_have_count(1)
            await expect(desk.page.locator("dialog:modal")).to_have_count(0)
        await expect(desk.page.locator("#in-hand")).to_have_attribute("data-status", "on_scene")
        # What the phone is told next, of something else, is the first thing that it learns since.
        someone = await Dispatcher.signed_in(stack.consoles[0], COLLEAGUE)
        await someone.answer(report, "好的，收到了。")
        await someone.leave()
        await expect(phone.locator("#covert-lines li").last).to_be_visible()
        await expect(sign).to_be_visible()
        for word in ("东南风", "空气优", "派警", "到场"):
            assert word not in looked + await phone.inner_text("body")
    assert_whole(stack.database, DESK)


async def test_who_comes_second_reads_who_was_first_and_enter_sends_the_next_nearest(
    stack: Stack, at_desk: OpenDesk, reporter: Reporter, people: People
) -> None:
    desk = await at_desk(NUMBER)
    page = desk.page
    colleague = await people.dispatcher(stack.consoles[0], COLLEAGUE)
    filed = [await reporter.filed(text) for text in ("有人打架", "老人走失")]
    assert (await colleague.accept(filed[1]["id"])).status_code == 200
    await in_hand(desk, filed[0]["id"])
    await choosing(desk)
    rows = page.locator("#units-free [data-unit]")
    first, second = [await rows.nth(n).get_attribute("data-unit") for n in (0, 1)]
    wanted = next(unit for unit in units_at(stack.database) if str(unit.id) == first)
    # The list on the screen is older than the colleague's key: the server is what says no.
    await page.route("**/units", lambda route: route.abort())
    assert (await send(colleague, filed[1]["id"], wanted)).status_code == 200
    await page.keyboard.press("1")
    await page.keyboard.press("Enter")
    lost = page.locator(".units-lost")
    await expect(lost).to_contain_text(f"{wanted.call_sign} 已由 {COLLEAGUE} 先派出")
    await expect(lost).to_contain_text(filed[1]["number"])
    offered = page.locator('#units-free [aria-pressed="true"]')
    await expect(offered).to_have_attribute("data-unit", second or "")
    await expect(offered).to_be_focused()
    await expect(page.locator("#units-busy")).to_contain_text(filed[1]["number"])
    await page.keyboard.press("Enter")
    await expect(page.locator("#units-choice")).to_be_hidden()
    assert [str(sent.unit) for sent in sendings_of(stack.database, filed[0]["id"])] == [second]
    await page.unroute("**/units")


async def test_who_is_sent_meanwhile_leaves_no_digit_to_another(
    stack: Stack, at_desk: OpenDesk, reporter: Reporter, people: People
) -> None:
    desk = await at_desk(NUMBER)
    page = desk.page
    colleague = await people.dispatcher(stack.consoles[0], COLLEAGUE)
    filed = [await reporter.filed(text) for text in ("有人打架", "老人走失")]
    assert (await colleague.accept(filed[1]["id"])).status_code == 200
    await in_hand(desk, filed[0]["id"])
    await choosing(desk)
    rows = page.locator("#units-free [data-unit]")
    before = [await rows.nth(n).get_attribute("data-unit") for n in range(await rows.count())]
    await page.keyboard.press("1")
    first = next(unit for unit in units_at(stack.database) if str(unit.id) == before[0])
    assert (await send(colleague, filed[1]["id"], first)).status_code == 200
    await expect(rows.first).to_be_disabled()
    await expect(page.locator("#units-fault")).to_contain_text(first.call_sign)
    assert [await rows.nth(n).get_attribute("data-unit") for n in range(await rows.count())] == before
    await page.keyboard.press("1")  # nobody
    await page.keyboard.press("2")
    await page.keyboard.press("Enter")
    await expect(page.locator("#units-choice")).to_be_hidden()
    assert [str(sent.unit) for sent in sendings_of(stack.database, filed[0]["id"])] == [before[1]]
    # Clear again, it comes back at the end of an open list.
    await choosing(desk)
    free = await rows.count()
    await all_clear(colleague, stack.database, filed[1]["id"])
    await expect(rows).to_have_count(free + 1)
    await expect(rows.last).to_have_attribute("data-unit", before[0] or "")


async def test_the_command_line_and_the_button_open_the_list_and_without_a_report_the_key_says_so(
    at_desk: OpenDesk, reporter: Reporter
) -> None:
    desk = await at_desk(NUMBER)
    page = desk.page
    await page.keyboard.press("u")
    await expect(page.locator("#notices")).to_contain_text("先选一条警情")
    report = (await reporter.filed("有人打架"))["id"]
    await expect(page.locator(desk.card(report))).to_be_visible()
    await page.locator(desk.card(report)).click()
    await expect(page.locator("#in-hand")).to_have_attribute("data-report", report)
    await choosing(desk)
    await expect(page.locator("#units-panel")).to_contain_text("还没有接收")
    await page.keyboard.press("Escape")
    await page.keyboard.press("a")
    await expect(page.locator("#send-units")).to_be_visible()
    await page.keyboard.press("/")
    await page.keyboard.type("pj")
    await page.keyboard.press("Enter")
    await expect(page.locator("#units-choice")).to_be_visible()
    await page.keyboard.press("Escape")
    await page.locator("#send-units").click()
    await expect(page.locator("#units-free [data-unit]").first).to_be_focused()
    await page.keyboard.press("Enter")  # the nearest, which the focus is on
    await expect(page.locator("#units-out [data-state=dispatched]")).to_have_count(1)
    await reporter.http.post(f"/api/v1/reports/{report}/withdrawal", json={"reason": "不用了"})
    await expect(page.locator("#in-hand")).to_have_attribute("data-status", "withdrawn")
    await choosing(desk)
    await expect(page.locator("#units-panel")).to_contain_text("不能再派警")
    await page.keyboard.press("a")
    await expect(page.locator("#units-out [data-state=on_scene]")).to_have_count(1)
    assert (await reporter.report(report))["status"] == "withdrawn"


async def test_units_stand_on_the_map_by_shape_and_word_free_or_out(
    stack: Stack, at_desk: OpenDesk, reporter: Reporter
) -> None:
    desk = await at_desk(NUMBER)
    page = desk.page
    known = units_at(stack.database)
    await expect(page.locator("#map .map-unit")).to_have_count(len(known))
    await expect(page.locator('#map .map-unit [data-state="free"]')).to_have_count(len(known))
    report = (await reporter.filed("有人打架"))["id"]
    await in_hand(desk, report)
    await choosing(desk)
    await page.keyboard.press("1")
    await page.keyboard.press("Enter")
    out = page.locator('#map .map-unit:has([data-state="dispatched"])')
    await expect(out).to_have_count(1)
    await expect(out).to_contain_text("已派警")
    # At the scene it stands where that is.
    await step(desk, "a")
    there = page.locator('#map .map-unit:has([data-state="on_scene"])')
    await expect(there).to_have_count(1)
    await expect(there.locator(".map-spot-word")).to_be_visible()

    reporters = page.locator("#map-surface [data-spot=reporter]")
    marks = (there.locator(".unit-mark"), reporters)

    async def stands_there() -> bool:
        one, other = [await mark.bounding_box() for mark in marks]
        if one is None or other is None:
            return False
        middles = [box["x"] + box["width"] / 2 for box in (one, other)]
        return abs(middles[0] - middles[1]) < 3 and one["y"] >= other["y"]

    await eventually(stands_there, 10, "the unit is at the reporter's position")
