"""Somebody lost has begun to say what they see, and the page goes: it is there again, for as long as it can be true."""

import pytest
from playwright.async_api import Page, expect

from tests import test_citizen_page as citizen
from tests.phone_store import ITEMS
from tests.test_citizen_page import OpenPhone, Phone

pytestmark = [pytest.mark.anyio, pytest.mark.browser]

browser = citizen.browser
phone = citizen.phone

DRAFTS = f'async () => (await {ITEMS}).filter(({{ key }}) => key === "draft lost").length'


async def begun(held: Phone) -> Page:
    """The guide, with one thing written."""
    page = held.page
    await page.locator("[data-way=lost]:visible").tap()
    await page.get_by_role("button", name="店铺、招牌").tap()
    await page.get_by_label("店名，或招牌上的电话").fill("老王面馆")
    await expect(page.locator(".said")).to_contain_text("老王面馆")
    return page


async def test_what_was_written_is_there_again_after_a_reload_and_goes_with_the_report(
    phone: OpenPhone,
) -> None:
    held = await phone(at=None)
    await held.sign_in()
    await held.page.tap("#where")
    page = await begun(held)
    await page.reload()
    await expect(page.locator("#lost-shop")).to_have_value("老王面馆")
    await page.get_by_role("button", name="路牌、公里牌").tap()
    await page.get_by_label("路名、路号、公里数").fill("G25")
    await page.get_by_role("button", name="现在就报警").tap()
    await expect(held.reached("stored")).to_be_visible()
    filed = await (await page.request.get(f"/api/v1/reports/{await held.report()}")).json()
    assert filed["place_text"] == "路牌：G25；店铺：老王面馆"
    # It was for that report: the next who is lost begins anew.
    assert await page.evaluate(DRAFTS) == 0
    await page.goto("/#place")
    await expect(page.locator("[data-way=lost]:visible")).to_be_visible()


async def test_a_report_that_waits_for_its_place_keeps_it_over_a_reload_too(phone: OpenPhone) -> None:
    held = await phone(at=None)
    await held.sign_in()
    await held.tap()
    page = await begun(held)
    await page.reload()
    await expect(page.locator("#lost-shop")).to_have_value("老王面馆")
    await page.get_by_role("button", name="说不清，先发出去").tap()
    await expect(held.reached("stored")).to_be_visible()
    filed = await (await page.request.get(f"/api/v1/reports/{await held.report()}")).json()
    assert filed["place_text"] == "店铺：老王面馆"
    assert await page.evaluate(DRAFTS) == 0


async def test_back_leads_to_the_other_ways_and_what_is_cleared_or_an_hour_old_comes_no_more(
    phone: OpenPhone,
) -> None:
    held = await phone(at=None)
    await held.page.goto("/#place")
    page = await begun(held)
    await page.locator(".way-back").tap()
    await expect(page.locator("[data-way=picker]:visible")).to_be_visible()
    await page.reload()
    await expect(page.locator("#lost-shop")).to_have_value("老王面馆")
    later = "{ const now = Date.now; const ahead = 3_700_000; Date.now = () => now() + ahead; }"
    await page.add_init_script(later)
    await page.reload()
    await expect(page.locator("[data-way=lost]:visible")).to_be_visible()
    await page.wait_for_timeout(500)
    await expect(page.locator("#lost-shop")).to_have_count(0)
    await begun(held)
    await page.fill("#lost-shop", "")
    await page.reload()
    await expect(page.locator("[data-way=lost]:visible")).to_be_visible()
    await page.wait_for_timeout(500)
    await expect(page.locator("#lost-shop")).to_have_count(0)


async def test_disguised_nothing_of_it_is_seen(phone: OpenPhone) -> None:
    held = await phone(at=None)
    await held.page.goto("/#place")
    await begun(held)
    await held.page.goto("/weather")
    await expect(held.page.locator("#covert-bar")).to_be_visible()
    assert not await held.sees("老王面馆")
