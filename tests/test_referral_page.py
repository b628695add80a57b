"""A report that is not for the police goes to 12345 with two keys; its reporter reads whom to call, on every page."""

import re
from collections.abc import AsyncIterator

import pytest
from playwright.async_api import Browser, async_playwright, expect

from tests.both_screens import FLAGS
from tests.people import Dispatcher, People, Reporter
from tests.servers import chromium
from tests.stack import DESK, Stack
from tests.test_hands import press
from tests.test_transfer_page import a_phone, accepted_from, at_desks
from tests.truth import assert_whole
from tests.witness import assert_problem, nothing_written

pytestmark = [pytest.mark.anyio, pytest.mark.browser]

FIRST, SECOND = f"{DESK}01", f"{DESK}02"


@pytest.fixture(scope="module")
async def browser() -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        launched = await playwright.chromium.launch(executable_path=chromium(), args=[*FLAGS, "--mute-audio"])
        yield launched
        await launched.close()


async def test_two_keys_refer_it_to_12345_and_the_phone_says_whom_to_call(
    stack: Stack, browser: Browser
) -> None:
    async with (
        at_desks(stack, browser, FIRST) as (own,),
        a_phone(stack, browser, "13900330101") as phone,
    ):
        report = await accepted_from(phone, own, "楼下广场舞太吵")
        await expect(own.locator("#in-hand")).to_have_attribute("data-report", report)
        await own.keyboard.press("5")
        await expect(own.locator("#referral-reason")).to_be_focused()
        await own.keyboard.press("1")
        await expect(own.locator(f"#report-{report}")).to_have_count(0)
        await expect(own.locator("#lines")).to_contain_text(f"{FIRST} 办结：转介 12345: 噪音、油烟、环境问题")
        # On the report's page: the outcome, what it means, a message of the system, and a number to tap.
        after = phone.locator("#after")
        await expect(after).to_contain_text("不归公安管，已转介 12345 政务热线")
        call = after.locator("a.call")
        await expect(call).to_have_attribute("href", "tel:12345")
        await expect(call).to_contain_text("拨打 12345 政务热线")
        await expect(phone.locator("#talk")).to_contain_text("由 12345 政务服务便民热线受理")
        await expect(phone.locator("[data-rung=received]")).to_contain_text("已接收")
        # Among one's reports.
        await phone.goto(f"{stack.citizens[0].url}/reports")
        row = phone.locator("#mine-list li", has_text="楼下广场舞太吵")
        await expect(row).to_contain_text("不归公安管，已转介 12345 政务热线")
        await expect(row.locator("a.call")).to_have_attribute("href", "tel:12345")
        # On the pages without scripts.
        for page in (f"/plain/reports/{report}", "/plain/reports"):
            await phone.goto(f"{stack.citizens[0].url}{page}")
            await expect(phone.locator("a[href='tel:12345']").first).to_contain_text("拨打 12345 政务热线")
    assert_whole(stack.database, DESK)


async def test_what_lies_outside_the_province_goes_to_the_110_of_that_place(
    stack: Stack, browser: Browser, people: People
) -> None:
    phone = people.also(await Reporter.signed_in(stack.citizens[0]))
    report = (await phone.filed("家里老人在上海走失"))["id"]
    asker = people.also(await Dispatcher.signed_in(stack.consoles[0], FIRST))
    assert (await asker.accept(report)).status_code == 200
    shanghai = {"client_id": "a", "lat": "31.2304", "lon": "121.4737", "crs": "wgs84"}
    assert (await press(asker, report, "scene", **shanghai)).status_code == 200
    async with at_desks(stack, browser, FIRST) as (own,):
        await own.locator(f"#report-{report}").click()
        await expect(own.locator("#in-hand")).to_have_attribute("data-report", report)
        await own.keyboard.press("z")
        await own.keyboard.press("4")
        await expect(own.locator("#referral-where")).to_have_value("上海市")
        await own.fill("#referral-number", "021110")
        await own.locator("#referral-reason").focus()
        await own.keyboard.press("1")
        await expect(own.locator(f"#report-{report}")).to_have_count(0)
    told = await phone.report(report)
    assert told["outcome"] == "referred"
    assert told["referral"] == {"number": "021110", "call": "tel:021110", "where": "上海市"}
    assert "上海市" in told["messages"][-1]["text"]
    assert told["messages"][-1]["author"] == "system"


async def test_who_is_covert_reads_the_sign_that_was_agreed_and_nothing_that_gives_them_away(
    stack: Stack, browser: Browser, people: People
) -> None:
    asker = await people.dispatcher(stack.consoles[0], SECOND)
    async with a_phone(stack, browser, "13900330102") as phone:
        before = set(asker.cards)
        await phone.click("#to-covert")
        await phone.click("#covert-act")
        await expect(phone.locator("#covert[data-sign=waiting]")).to_be_visible()
        (report,) = set(asker.cards) - before
        assert (await asker.accept(report)).status_code == 200
        await expect(phone.locator("#covert[data-sign=received]")).to_be_visible()
        closed = await press(asker, report, "closing", outcome="referred", reason="咨询")
        assert closed.status_code == 200
        await expect(phone.locator("#covert[data-sign=referred]")).to_contain_text("请换个城市查")
        await phone.locator("#covert-lines button").first.click()
        shown = await phone.inner_text("body")
        assert "这件事找 12345。" in shown
        assert not re.search(r"110|警|公安|转介|接收", shown)


@pytest.mark.parametrize(
    ("form", "fields"),
    [
        ({"reason": ""}, ["reason"]),
        ({"reason": "在外地", "number": "13800138000", "where": "上海"}, ["number"]),
        ({"reason": "在外地", "number": "110"}, ["where"]),
        ({"reason": "在外地", "number": "110", "where": "远" * 31}, ["where"]),
    ],
)
async def test_a_referral_to_nowhere_is_refused_and_changes_nothing(
    stack: Stack, people: People, form: dict[str, str], fields: list[str]
) -> None:
    phone = people.also(await Reporter.signed_in(stack.citizens[0]))
    asker = people.also(await Dispatcher.signed_in(stack.consoles[0], FIRST))
    report = (await phone.filed())["id"]
    await asker.accept(report)
    with nothing_written(stack):
        answer = await press(asker, report, "closing", outcome="referred", **form)
    assert assert_problem(answer, "field_invalid")["fields"] == fields
