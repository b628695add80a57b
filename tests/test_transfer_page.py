"""A report goes to another desk and comes back, on the screens of both desks and of its reporter."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from functools import partial
from uuid import UUID

import pytest
from playwright.async_api import Browser, Page, async_playwright, expect

from dispatch import unanswered
from dispatch.clock import now
from tests.both_screens import FLAGS, PHONE, WEST_LAKE, sign_in_reporter
from tests.domain import done, writing
from tests.interception import intercept
from tests.people import Dispatcher, People, Reporter
from tests.servers import chromium
from tests.stack import DESK, Stack
from tests.test_hands import press, sit_down
from tests.truth import assert_whole
from tests.witness import assert_problem, nothing_written

pytestmark = [pytest.mark.anyio, pytest.mark.browser]

OTHER = "330102"
FIRST, SECOND = f"{DESK}01", f"{DESK}02"
THERE, THERE_TOO = f"{OTHER}01", f"{OTHER}02"

# Notes each moment at which the phone does not say 已接收 on its last rung.
WATCH = """() => {
  window.lapses = 0;
  const look = () => {
    const rung = document.querySelector("[data-rung=received]");
    if (rung?.dataset.state !== "now" || !rung.textContent.includes("已接收")) window.lapses += 1;
  };
  const all = { subtree: true, childList: true, characterData: true, attributes: true };
  new MutationObserver(look).observe(document.body, all);
  look();
}"""


@pytest.fixture(scope="module")
async def browser() -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        launched = await playwright.chromium.launch(executable_path=chromium(), args=[*FLAGS, "--mute-audio"])
        yield launched
        await launched.close()


@asynccontextmanager
async def at_desks(stack: Stack, browser: Browser, *numbers: str) -> AsyncIterator[list[Page]]:
    """The desks' pages of these dispatchers; no error on any of them."""
    async with AsyncExitStack() as leaving:
        pages = []
        complaints: list[str] = []
        for number in numbers:
            page = await sit_down(stack, browser, number)
            page.on("pageerror", lambda error: complaints.append(str(error)))
            leaving.push_async_callback(page.context.close)
            pages.append(page)
        yield pages
        assert complaints == []


@asynccontextmanager
async def a_phone(stack: Stack, browser: Browser, number: str) -> AsyncIterator[Page]:
    """A reporter's page near the West Lake, signed in."""
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


async def accepted_from(phone: Page, desk: Page, words: str) -> str:
    """The phone files, the desk's page accepts by the key; gives the report's id."""
    await phone.fill("#first-words", words)
    await phone.tap("#quick")
    await expect(phone.locator("[data-rung=shown][data-state=now]")).to_be_visible()
    report = phone.url.rpartition("/")[2]
    await expect(desk.locator(f"#waiting #report-{report}")).to_be_visible()
    await desk.locator(f"#report-{report}").click()
    await desk.keyboard.press("a")
    await expect(desk.locator(f"#taken #report-{report}[data-page-mine]")).to_be_visible()
    await expect(phone.locator("[data-rung=received][data-state=now]")).to_be_visible()
    return report


async def asked_by_keys(desk: Page, report: str) -> None:
    """The report in hand is transferred: the key, two letters, Enter, a digit."""
    await expect(desk.locator("#in-hand")).to_have_attribute("data-report", report)
    await desk.keyboard.press("2")
    await expect(desk.locator("#transfer-list li").first).to_be_visible()
    await desk.keyboard.type("sc")
    await expect(desk.locator("#transfer-list [aria-selected=true]")).to_contain_text("上城区")
    await desk.keyboard.press("Enter")
    await expect(desk.locator("#transfer-reason")).to_be_focused()
    await desk.keyboard.press("1")
    await expect(desk.locator("#transfer")).to_be_hidden()
    await expect(desk.locator(f"#taken #report-{report}")).to_have_attribute("data-going", OTHER)


async def test_transferred_and_returned_by_keys_and_the_shift_leader_sees_why(
    stack: Stack, browser: Browser
) -> None:
    async with (
        at_desks(stack, browser, FIRST, f"{DESK}90", THERE) as (own, leader, other),
        a_phone(stack, browser, "13900220101") as phone,
    ):
        report = await accepted_from(phone, own, "河边有人打架")
        await expect(leader.locator("#leader-asked")).to_be_hidden()
        await asked_by_keys(own, report)
        card = other.locator(f"#waiting #report-{report}")
        await expect(card.locator(".sign-transfer")).to_contain_text("西湖区移交")
        await expect(card.locator(".card-reason")).to_contain_text("现场在对方辖区")
        await expect(card.locator(".accept")).to_be_visible()
        await expect(other.locator("#figure-waiting dd")).to_have_text("1")
        # The other desk reads all of it before it decides, and can write nothing yet.
        await card.click()
        await expect(other.locator("#lines")).to_contain_text("河边有人打架")
        await expect(other.locator("#lines")).to_contain_text(f"{FIRST} 请上城区接手")
        await expect(other.locator("#reply-text")).to_be_disabled()
        await other.keyboard.press("b")
        await expect(other.locator("#reason-title")).to_contain_text("退回")
        await other.keyboard.press("1")
        await expect(card).to_have_count(0)
        await expect(own.locator("#notices")).to_contain_text(f"被上城区 {THERE} 退回：现场不在本台辖区")
        mine = own.locator(f"#taken #report-{report}[data-page-mine]")
        await expect(mine.locator(".sign-going")).to_contain_text("上城区退回移交")
        await expect(own.locator("#lines")).to_contain_text(f"上城区 {THERE} 退回移交: 现场不在本台辖区")
        asked = leader.locator(f"#leader-asked-list [data-of='{report}']")
        await expect(asked).to_contain_text("上城区退回移交：现场不在本台辖区")
        await asked.locator("button").click()
        await expect(leader.locator("#in-hand")).to_have_attribute("data-report", report)
        # It is still the first dispatcher's, who asks again and takes that back.
        await asked_by_keys(own, report)
        await expect(leader.locator("#leader-asked")).to_be_hidden()
        await expect(card).to_have_count(1)
        await own.keyboard.press("2")
        await expect(card).to_have_count(0)
        await expect(own.locator(f"#taken #report-{report}")).not_to_have_attribute("data-going", OTHER)
        await expect(phone.locator("[data-rung=received][data-state=now]")).to_contain_text(FIRST)
    assert_whole(stack.database, DESK, OTHER)


async def test_accepted_by_the_other_desk_the_phone_shows_received_all_the_time(
    stack: Stack, browser: Browser
) -> None:
    async with (
        at_desks(stack, browser, FIRST, THERE) as (own, other),
        a_phone(stack, browser, "13900220102") as phone,
    ):
        report = await accepted_from(phone, own, "桥头两车相撞")
        receipt = phone.locator("[data-rung=received]")
        await expect(receipt).to_contain_text(FIRST)
        await phone.evaluate(WATCH)
        await asked_by_keys(own, report)
        await expect(other.locator(f"#waiting #report-{report}")).to_be_visible()
        await other.locator(f"#report-{report}").click()
        await other.keyboard.press("a")
        await expect(other.locator(f"#taken #report-{report}[data-page-mine]")).to_be_visible()
        await expect(own.locator("#notices")).to_contain_text(f"已由上城区 {THERE} 接收移交")
        await expect(own.locator(f"#report-{report}")).to_have_count(0)
        await expect(own.locator("#in-hand")).to_contain_text("这条警情已不在本台")
        # The same 已接收, by whom it was received; and who has it now.
        await expect(receipt).to_contain_text("现由上城区110报警服务台处理")
        await expect(receipt).to_contain_text(FIRST)
        await expect(other.locator("#reply-text")).to_be_enabled()
        await other.keyboard.press("r")
        await other.keyboard.type("我们接着处理，请别走开")
        await other.keyboard.press("Enter")
        await expect(phone.locator("#talk")).to_contain_text("我们接着处理，请别走开")
        assert await phone.evaluate("window.lapses") == 0
        await phone.reload()
        await expect(phone.locator("[data-rung=received][data-state=now]")).to_contain_text("现由上城区")
    assert_whole(stack.database, DESK, OTHER)


async def test_of_two_at_the_other_desk_who_accept_one_is_told_who_was_first(
    stack: Stack, browser: Browser, people: People
) -> None:
    phone = people.also(await Reporter.signed_in(stack.citizens[0]))
    report = (await phone.filed("巷子里有人喊救命"))["id"]
    asker = people.also(await Dispatcher.signed_in(stack.consoles[0], SECOND))
    colleague = people.also(await Dispatcher.signed_in(stack.consoles[0], THERE_TOO))
    assert (await asker.accept(report)).status_code == 200
    async with at_desks(stack, browser, THERE) as (other,):
        assert (await press(asker, report, "transfer", desk=OTHER, reason="在上城")).status_code == 200
        card = other.locator(f"#waiting #report-{report}")
        await expect(card).to_be_visible()

        async def be_late(route: object) -> None:
            """A colleague presses a moment earlier."""
            assert (await press(colleague, report, "transfer-acceptance")).status_code == 200
            await route.continue_()  # type: ignore[attr-defined]

        await intercept(other, f"**/console/reports/{report}/transfer-acceptance", be_late)
        await other.keyboard.press("a")
        await expect(other.locator("#notices")).to_contain_text(f"{THERE_TOO} 已先接收移交")
        await expect(other.locator(f"#taken #report-{report}")).to_contain_text(THERE_TOO)
    again = await press(asker, report, "transfer-recall")
    assert again.status_code == 409
    assert f"{THERE_TOO} 已先接收移交" in again.text
    assert 'data-status="left"' in again.text
    assert (await asker.http.get(f"/console/reports/{report}")).status_code == 404


@pytest.mark.parametrize(
    ("act", "form", "code"),
    [
        ("transfer", {"desk": OTHER}, "field_invalid"),
        ("transfer", {"reason": "在上城"}, "field_invalid"),
        ("transfer", {"desk": "310101", "reason": "在上海"}, "field_invalid"),
        ("transfer", {"desk": DESK, "reason": "自己"}, "desk_unknown"),
        ("transfer", {"desk": OTHER, "reason": "空" * 201}, "text_too_long"),
        ("transfer", {"desk": OTHER, "reason": "在上城"}, "not_received"),
        ("transfer-acceptance", {}, "report_unknown"),
        ("transfer-return", {"reason": "不是我们的"}, "report_unknown"),
        ("transfer-return", {}, "field_invalid"),
        ("transfer-recall", {}, "report_unknown"),
    ],
)
async def test_what_makes_no_sense_is_refused_and_changes_nothing(
    stack: Stack, people: People, act: str, form: dict[str, str], code: str
) -> None:
    phone = people.also(await Reporter.signed_in(stack.citizens[0]))
    dispatcher = people.also(await Dispatcher.signed_in(stack.consoles[0], SECOND))
    report = (await phone.filed())["id"]
    with nothing_written(stack):
        assert_problem(await press(dispatcher, report, act, **form), code)


async def test_the_desks_around_the_place_come_first_and_are_found_by_code_name_and_initials(
    stack: Stack, browser: Browser, people: People
) -> None:
    phone = people.also(await Reporter.signed_in(stack.citizens[0]))
    report = (await phone.filed("湖边"))["id"]
    async with at_desks(stack, browser, FIRST) as (own,):
        await own.locator(f"#report-{report}").click()
        await own.keyboard.press("a")
        await expect(own.locator(f"#taken #report-{report}[data-page-mine]")).to_be_visible()
        await own.keyboard.press("2")
        rows = own.locator("#transfer-list li")
        await expect(rows).to_have_count(101)
        near = own.locator("#transfer-list li:has(.transfer-near)")
        assert await near.count() == 5
        assert set(await near.evaluate_all("rows => rows.map(row => row.dataset.desk)")) <= {
            "330102",
            "330105",
            "330108",
            "330109",
            "330110",
            "330111",
            "330113",
        }
        assert await rows.first.locator(".transfer-near").count() == 1
        for words, found in (("330782", "义乌市"), ("义乌", "义乌市"), ("yw", "义乌市"), ("yiwu", "义乌市")):
            await own.fill("#transfer-desk", words)
            await expect(own.locator("#transfer-list [aria-selected=true]")).to_contain_text(found)
        await own.fill("#transfer-desk", "上海")
        await expect(own.locator("#transfer-said")).to_contain_text("没有这个服务台")
        await own.keyboard.press("Escape")
        await expect(own.locator("#transfer")).to_be_hidden()


def reach(stack: Stack, report: str, step: int) -> None:
    """Take a transfer to a step for want of an answer, as the worker would."""
    with stack.database.read() as session:
        due = unanswered.due(session, now() + timedelta(days=1))
    (late,) = [replace(one, step=step) for one in due if one.report == UUID(report)]
    with writing(stack.database) as writer:
        assert done(writer, partial(unanswered.tell, late=late))


async def test_nobody_answers_and_the_first_desk_is_told(
    stack: Stack, browser: Browser, people: People
) -> None:
    """As the worker does it; that it does is tested with real processes in test_both_desks.py."""
    phone = people.also(await Reporter.signed_in(stack.citizens[0]))
    report = (await phone.filed("没有人答"))["id"]
    async with at_desks(stack, browser, FIRST, f"{OTHER}90") as (own, leader):
        await own.locator(f"#report-{report}").click()
        await own.keyboard.press("a")
        await expect(own.locator(f"#taken #report-{report}[data-page-mine]")).to_be_visible()
        await asked_by_keys(own, report)
        told = leader.locator(f"#leader-late [data-of='{report}']")
        reach(stack, report, 1)
        await expect(leader.locator(f"#report-{report} .sign-late")).to_be_visible()
        await expect(told).to_have_count(0)
        reach(stack, report, 2)
        await expect(told).to_contain_text("西湖区")
        reach(stack, report, 3)
        await expect(own.locator("#notices")).to_contain_text("上城区一直没有接收移交，仍由您处理")
        await expect(own.locator(f"#report-{report} .sign-going")).to_contain_text("上城区一直没有接收移交")
