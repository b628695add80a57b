"""A false report with its second person, at two consoles; and what else an outcome can hold."""

from collections.abc import AsyncIterator

import pytest
from playwright.async_api import Browser, async_playwright, expect

from tests.both_screens import FLAGS
from tests.interception import intercept
from tests.people import Dispatcher, People, Reporter
from tests.servers import chromium
from tests.stack import DESK, Stack
from tests.test_hands import press
from tests.test_transfer_page import a_phone, accepted_from, at_desks
from tests.truth import assert_whole
from tests.witness import assert_problem, nothing_written

pytestmark = [pytest.mark.anyio, pytest.mark.browser]

FIRST, SECOND, THIRD, LEADER = f"{DESK}01", f"{DESK}02", f"{DESK}03", f"{DESK}90"
WHY = "现场没有人，监控里只有他自己"


@pytest.fixture(scope="module")
async def browser() -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        launched = await playwright.chromium.launch(executable_path=chromium(), args=[*FLAGS, "--mute-audio"])
        yield launched
        await launched.close()


async def test_a_false_report_is_closed_when_a_second_person_agrees_and_its_reporter_reads_how_to_object(
    stack: Stack, browser: Browser
) -> None:
    async with (
        at_desks(stack, browser, FIRST, LEADER) as (first, leader),
        a_phone(stack, browser, "13900440101") as phone,
    ):
        report = await accepted_from(phone, first, "银行里有炸弹")
        await first.keyboard.press("z")
        await first.keyboard.press("5")
        await expect(first.locator("#outcome-send")).to_contain_text("提请复核")
        await first.keyboard.press("Enter")
        await expect(first.locator("#outcome-fault")).not_to_be_empty()
        await first.keyboard.type(WHY)
        await first.keyboard.press("Enter")
        await expect(first.locator("#outcome")).to_be_hidden()
        card = first.locator(f"#taken #report-{report}")
        await expect(card.locator(".sign-proposal")).to_contain_text("谎报")
        await expect(card).to_have_attribute("data-status", "received")
        # Who proposed it cannot decide.
        await first.keyboard.press("z")
        await expect(first.locator("#proposal-choices li:visible")).to_have_count(1)
        await expect(first.locator("#proposal-choices li:visible")).to_contain_text("收回提议")
        await first.keyboard.press("Escape")
        # The shift leader sees that somebody is to decide, reads why, and does not agree at first.
        asked = leader.locator(f"#leader-asked-list [data-of='{report}'] button")
        await expect(asked).to_contain_text(f"谎报待复核（{FIRST}）")
        await asked.click()
        await expect(leader.locator("#proposal-banner")).to_contain_text(WHY)
        await leader.keyboard.press("z")
        await leader.keyboard.press("2")
        await expect(leader.locator("#proposal-answer")).to_be_focused()
        await leader.keyboard.type("先问一下银行")
        await leader.keyboard.press("Enter")
        await expect(first.locator("#notices")).to_contain_text(f"{LEADER} 不同意您的提议：先问一下银行")
        await expect(card.locator(".sign-proposal")).to_have_count(0)
        await expect(first.locator("#lines")).to_contain_text(f"{LEADER} 不同意按谎报办结: 先问一下银行")
        await expect(phone.locator("#after")).to_be_hidden()
        # Proposed again, and this time the shift leader agrees.
        await first.keyboard.press("z")
        await first.keyboard.press("5")
        await first.keyboard.type("银行确认没有异常")
        await first.keyboard.press("Enter")
        await expect(leader.locator("#proposal-banner")).to_contain_text("银行确认没有异常")
        await leader.keyboard.press("z")
        await expect(leader.locator("#proposal-asked")).to_contain_text(FIRST)
        await leader.keyboard.press("Enter")
        await expect(card).to_have_count(0)
        await expect(first.locator("#notices")).to_contain_text(f"已由 {LEADER} 复核办结")
        await expect(first.locator("#lines")).to_contain_text(
            f"{FIRST} 办结：谎报（{LEADER} 复核）: 银行确认没有异常"
        )
        after = phone.locator("#after")
        await expect(after).to_contain_text("谎报")
        await expect(after).to_contain_text("如有异议，可以带上证件到西湖区110报警服务台提出")
        # Nothing of who said what reaches the phone.
        assert WHY not in await phone.inner_text("body")
    assert_whole(stack.database, DESK)


async def test_what_counted_is_on_the_next_card_and_off_again_when_the_report_is_opened_again(
    stack: Stack, browser: Browser, people: People
) -> None:
    phone = people.also(await Reporter.signed_in(stack.citizens[0], verified=True))
    first = people.also(await Dispatcher.signed_in(stack.consoles[0], FIRST))
    second = people.also(await Dispatcher.signed_in(stack.consoles[0], SECOND))
    report = (await phone.filed("喂喂喂"))["id"]
    await first.accept(report)
    assert (
        await press(first, report, "proposal", outcome="harassment", reason="反复空报")
    ).status_code == 200
    assert (await press(second, report, "proposal-confirmation")).status_code == 200
    assert (await phone.report(report))["outcome"] == "harassment"
    again = (await phone.filed("真的有事"))["id"]
    async with at_desks(stack, browser, THIRD) as (third,):
        history = third.locator(f"#report-{again} .sign-history")
        await expect(history).to_contain_text("1/1")
        reopened = await press(first, report, "reopening", reason="证人来了")
        assert reopened.status_code == 200
        await third.reload()
        await expect(history).to_contain_text("1/0")
    assert (await phone.report(report))["outcome"] is None


async def test_of_two_who_decide_one_is_told_who_was_first(
    stack: Stack, browser: Browser, people: People
) -> None:
    phone = people.also(await Reporter.signed_in(stack.citizens[0]))
    first = people.also(await Dispatcher.signed_in(stack.consoles[0], FIRST))
    third = people.also(await Dispatcher.signed_in(stack.consoles[0], THIRD))
    report = (await phone.filed("没有人的房子着火了"))["id"]
    await first.accept(report)
    await press(first, report, "proposal", outcome="false_report", reason=WHY)
    async with at_desks(stack, browser, SECOND) as (second,):
        await second.locator(f"#taken #report-{report}").click()
        await expect(second.locator("#proposal-banner")).to_be_visible()
        await second.keyboard.press("z")

        async def be_late(route: object) -> None:
            """A colleague decides a moment earlier."""
            refused = await press(third, report, "proposal-refusal", reason="还没问邻居")
            assert refused.status_code == 200
            await route.continue_()  # type: ignore[attr-defined]

        await intercept(second, f"**/console/reports/{report}/proposal-confirmation", be_late)
        await second.keyboard.press("Enter")
        await expect(second.locator("#notices")).to_contain_text(f"{THIRD} 已先复核：不同意")
        await expect(second.locator(f"#taken #report-{report}")).to_be_visible()


async def test_handled_holds_how_many_were_caught_rescued_and_helped(
    stack: Stack, browser: Browser, people: People
) -> None:
    phone = people.also(await Reporter.signed_in(stack.citizens[0]))
    report = (await phone.filed("有人落水"))["id"]
    async with at_desks(stack, browser, FIRST) as (own,):
        await own.locator(f"#report-{report}").click()
        await own.keyboard.press("a")
        await expect(own.locator(f"#taken #report-{report}[data-page-mine]")).to_be_visible()
        await own.keyboard.press("z")
        await own.locator("#outcome-rescued").focus()
        await own.keyboard.type("1")
        await own.keyboard.press("Tab")
        await own.keyboard.type("12")
        await own.keyboard.press("Enter")
        await expect(own.locator(f"#report-{report}")).to_have_count(0)
        await expect(own.locator("#lines")).to_contain_text("救助伤者 1 人，帮助群众 12 人")
    # The numbers are the desk's.
    assert "救助" not in str(await phone.report(report))


@pytest.mark.parametrize(
    ("act", "form", "code"),
    [
        ("proposal", {}, "field_invalid"),
        ("proposal", {"outcome": "invalid", "reason": "空报"}, "field_invalid"),
        ("proposal", {"outcome": "false_report"}, "field_invalid"),
        ("proposal", {"outcome": "false_report", "reason": "空" * 201}, "text_too_long"),
        ("proposal-confirmation", {}, "report_unknown"),
        ("proposal-refusal", {}, "field_invalid"),
        ("proposal-refusal", {"reason": "不是"}, "report_unknown"),
        ("proposal-withdrawal", {}, "report_unknown"),
        ("closing", {"outcome": "false_report", "reason": "空报"}, "field_invalid"),
        ("closing", {"outcome": "handled", "caught": "-1"}, "field_invalid"),
        ("closing", {"outcome": "handled", "helped": "12345"}, "field_invalid"),
        ("closing", {"outcome": "handled", "rescued": "两"}, "field_invalid"),
    ],
)
async def test_what_makes_no_sense_is_refused_and_changes_nothing(
    stack: Stack, people: People, act: str, form: dict[str, str], code: str
) -> None:
    phone = people.also(await Reporter.signed_in(stack.citizens[0]))
    dispatcher = people.also(await Dispatcher.signed_in(stack.consoles[0], SECOND))
    report = (await phone.filed())["id"]
    await dispatcher.accept(report)
    with nothing_written(stack):
        assert_problem(await press(dispatcher, report, act, **form), code)
