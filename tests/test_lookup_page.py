"""A location code at the desk: one key, six digits, Enter, and the report is in hand."""

import re
from collections.abc import Awaitable, Callable

import pytest
from playwright.async_api import expect

from tests import test_console_page as console
from tests.people import Reporter
from tests.places import places
from tests.stack import Stack
from tests.test_console_page import Desk

pytestmark = [pytest.mark.anyio, pytest.mark.browser]

browser = console.browser
at_desk = console.at_desk
reporter = console.reporter


async def test_a_code_read_out_takes_the_report_in_hand_and_anothers_names_its_desk(
    at_desk: Callable[..., Awaitable[Desk]], reporter: Reporter, stack: Stack
) -> None:
    desk = await at_desk(height=768)
    filed = await reporter.filed("", kind="location")
    code = filed["location_code"]
    card = desk.page.locator(desk.card(filed["id"]))
    await expect(card.locator(".sign-code")).to_contain_text(f"{code[:3]} {code[3:]}")
    await expect(card.locator(".card-kind")).to_have_text("位置上传")
    await desk.page.keyboard.press("g")
    field = desk.page.locator("#lookup-code")
    await expect(field).to_be_focused()
    await desk.page.keyboard.type(f"{code[:3]} {code[3:]}")
    await desk.page.keyboard.press("Enter")
    await expect(desk.page.locator("#in-hand")).to_have_attribute("data-report", filed["id"])
    await expect(desk.page.locator(".code-digits")).to_have_text(f"{code[:3]} {code[3:]}")
    await expect(card).to_have_attribute("aria-current", "true")
    await expect(field).to_have_value("")

    elsewhere = next(one for one in places() if one.desk == "330108")
    reporter.location = elsewhere.location
    other = await reporter.filed("别台的", kind="location")
    await field.fill(other["location_code"])
    await field.press("Enter")
    await expect(desk.page.locator("#notices")).to_contain_text("滨江区110报警服务台")
    await expect(desk.page.locator("#in-hand")).to_have_attribute("data-report", filed["id"])

    await field.fill("899999")
    await field.press("Enter")
    await expect(desk.page.locator("#notices")).to_contain_text("没有这个位置码")
    await field.fill("12")
    await field.press("Enter")
    await expect(desk.page.locator("#notices")).to_contain_text("六位数字")
    width = await desk.page.evaluate("document.querySelector('.top').scrollWidth - innerWidth")
    assert width <= 0, "the top line keeps to its screen"


async def test_a_code_stands_on_the_desks_page_no_longer_than_it_is_good_for(
    at_desk: Callable[..., Awaitable[Desk]], reporter: Reporter
) -> None:
    """No news of the report comes meanwhile: the page itself minds the time."""
    desk = await at_desk()
    filed = await reporter.filed("", kind="location")
    card = desk.page.locator(desk.card(filed["id"]))
    await expect(card.locator(".sign-code")).to_have_attribute("data-code-until", re.compile(r"T.*Z$"))
    await card.click()
    in_hand = desk.page.locator("#in-hand .facts-code")
    await expect(in_hand.locator(".code-digits")).to_be_visible()
    await desk.page.wait_for_timeout(2_200)
    await expect(card.locator(".sign-code")).to_be_visible()
    expire = """() => document.querySelectorAll("[data-code-until]").forEach(
        (shown) => { shown.dataset.codeUntil = new Date(Date.now() - 1000).toISOString(); })"""
    await desk.page.evaluate(expire)
    await expect(card.locator(".sign-code")).to_have_count(0)
    await expect(in_hand.locator(".code-digits")).to_have_count(0)
    await expect(in_hand).to_contain_text("已过期")
    assert filed["location_code"][:3] not in await in_hand.inner_text()
