"""A report is closed at the desk with a key and a digit, and opened again; the phone reads how it ended."""

from collections.abc import AsyncIterator

import pytest
from playwright.async_api import Page, async_playwright, expect

from tests.both_screens import FLAGS
from tests.people import Dispatcher, People, Reporter, eventually
from tests.servers import chromium
from tests.stack import DESK, PASSWORD, Stack
from tests.truth import assert_whole
from tests.witness import assert_problem, nothing_written

pytestmark = [pytest.mark.anyio, pytest.mark.browser]

NUMBER = f"{DESK}01"


@pytest.fixture
async def page(stack: Stack) -> AsyncIterator[Page]:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=chromium(), args=FLAGS)
        context = await browser.new_context(base_url=stack.consoles[0].url, locale="zh-CN")
        opened = await context.new_page()
        await opened.goto("/console/sign-in")
        await opened.fill("#number", NUMBER)
        await opened.fill("#password", PASSWORD)
        await opened.keyboard.press("Enter")
        await expect(opened.locator("#live")).to_have_attribute("data-state", "live")
        yield opened
        await browser.close()


async def test_two_keys_close_a_report_and_the_phone_reads_how_it_ended(
    stack: Stack, page: Page, people: People
) -> None:
    phone = people.also(await Reporter.signed_in(stack.citizens[0]))
    await phone.listen()
    report = (await phone.filed("有人打架"))["id"]
    card = page.locator(f"#report-{report}")
    await expect(card).to_be_visible()
    await page.keyboard.press("z")
    await expect(page.locator("#notices")).to_contain_text("不在您手上")
    await page.keyboard.press("a")
    await expect(card).to_have_attribute("data-status", "received")
    await page.keyboard.press("z")
    await expect(page.locator("#outcome")).to_be_visible()
    await page.keyboard.press("Enter")
    await expect(card).to_have_count(0)
    await expect(page.locator("#outcome")).to_be_hidden()
    await eventually(lambda: phone.status(report) == "closed", 10, "the phone knows")
    assert phone.reports[report]["outcome"] == "handled"
    assert phone.reports[report]["received"]["dispatcher_number"] == NUMBER

    # The report is still in hand: it is opened again with a reason, and is in progress as before.
    await page.locator("#reopen").click()
    await page.keyboard.press("1")
    await expect(card).to_have_attribute("data-status", "received")
    await expect(page.locator("#lines")).to_contain_text("重开")
    await eventually(lambda: phone.status(report) == "received", 10, "the phone knows")
    assert phone.reports[report]["outcome"] is None
    assert_whole(stack.database, DESK)


async def test_what_is_held_against_somebody_wants_a_reason(stack: Stack, page: Page, people: People) -> None:
    phone = people.also(await Reporter.signed_in(stack.citizens[0], verified=True))
    report = (await phone.filed("喂喂喂"))["id"]
    card = page.locator(f"#report-{report}")
    await expect(card).to_be_visible()
    await card.click()
    await page.keyboard.press("a")
    await expect(card).to_have_attribute("data-status", "received")
    await page.keyboard.press("z")
    await page.keyboard.press("2")
    await page.keyboard.press("Enter")
    await expect(page.locator("#outcome-fault")).not_to_be_empty()
    await page.keyboard.type("反复空报")
    await page.keyboard.press("Enter")
    await expect(card).to_have_count(0)
    again = (await phone.filed("真的有事"))["id"]
    await expect(page.locator(f"#report-{again} .sign-history")).to_contain_text("1/1")


@pytest.mark.parametrize(
    ("act", "form", "code"),
    [
        ("closing", {}, "field_invalid"),
        ("closing", {"outcome": "harassment"}, "field_invalid"),
        ("closing", {"outcome": "invalid"}, "field_invalid"),
        ("closing", {"outcome": "invalid", "reason": "空" * 201}, "text_too_long"),
        ("closing", {"outcome": "withdrawn"}, "field_invalid"),
        ("closing", {"outcome": "handled"}, "not_received"),
        ("reopening", {}, "field_invalid"),
    ],
)
async def test_what_makes_no_sense_is_refused_and_changes_nothing(
    stack: Stack, people: People, act: str, form: dict[str, str], code: str
) -> None:
    phone = people.also(await Reporter.signed_in(stack.citizens[0]))
    dispatcher: Dispatcher = await people.dispatcher(stack.consoles[0], NUMBER)
    report = (await phone.filed())["id"]
    headers = {"x-csrf-token": dispatcher.csrf}
    with nothing_written(stack):
        answer = await dispatcher.http.post(f"/console/reports/{report}/{act}", headers=headers, data=form)
        assert_problem(answer, code)
