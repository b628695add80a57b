"""The number that the page offers to text: everybody's 12110, and the desk's own once the desk is known."""

import json
import re

import pytest
from playwright.async_api import Page, Route, expect

from tests import test_citizen_page as citizen
from tests.interception import intercept
from tests.people import Dispatcher
from tests.places import Place
from tests.stack import Stack
from tests.test_citizen_page import FILING, OpenPhone
from tests.witness import change

pytestmark = [pytest.mark.anyio, pytest.mark.browser]

browser = citizen.browser
phone = citizen.phone
dispatcher = citizen.dispatcher

OWN = "12110571"


@pytest.fixture(autouse=True)
def of_its_own(stack: Stack, place: Place) -> None:
    """The desk of the test's county has a number of its own."""
    change(stack, "desk", {"adcode": place.desk}, sms=OWN)


async def offers(page: Page, number: str) -> None:
    """The bar names the number and texts it, with the words in the message."""
    link = page.locator("#text-police")
    await expect(link).to_have_attribute("href", re.compile(rf"^sms:{number}\?body=%"))
    await expect(link).to_have_text(f"短信 {number}")


async def test_the_bar_texts_the_desk_for_where_one_is_and_everybodys_number_before(phone: OpenPhone) -> None:
    held = await phone(at=None)
    await held.page.goto("/")
    await expect(held.page.locator("#where:not([data-state=asking])")).to_be_visible()
    await offers(held.page, "12110")
    there = await phone()
    await there.page.goto("/")
    await offers(there.page, OWN)


async def test_on_a_report_it_is_that_reports_desk_wherever_one_is(
    phone: OpenPhone, dispatcher: Dispatcher
) -> None:
    held = await phone()

    async def lose(route: Route) -> None:
        await route.abort()

    await held.page.route("**/api/v1/desks/nearest*", lose)
    await held.sign_in()
    await offers(held.page, "12110")
    await held.tap()
    await expect(held.rung("shown")).to_be_visible()
    await offers(held.page, OWN)
    await dispatcher.accept(await held.report())
    await expect(held.rung("received")).to_be_visible()
    await offers(held.page, OWN)
    await held.page.tap("#back")
    await offers(held.page, "12110")


async def test_a_number_that_changes_reaches_an_open_report(
    phone: OpenPhone, dispatcher: Dispatcher, stack: Stack, place: Place
) -> None:
    held = await phone()
    await held.sign_in()
    await held.tap()
    await expect(held.rung("shown")).to_be_visible()
    change(stack, "desk", {"adcode": place.desk}, sms="12110572")
    await dispatcher.accept(await held.report())
    await expect(held.rung("received")).to_be_visible()
    await offers(held.page, "12110572")


async def test_what_a_refusal_names_is_offered_in_its_list_and_in_the_bar(phone: OpenPhone) -> None:
    held = await phone()
    problem = {
        "code": "idempotency_conflict",
        "status": 409,
        "detail": "x",
        "call": ["tel:110", f"sms:{OWN}"],
    }

    async def refuse(route: Route) -> None:
        await route.fulfill(status=409, body=json.dumps(problem), content_type="application/problem+json")

    await held.page.route("**/api/v1/desks/nearest*", lambda route: route.abort())
    await held.sign_in()
    await intercept(held.page, FILING, refuse)
    await held.tap()
    refusal = held.page.locator("#refusal")
    await expect(refusal).to_be_visible()
    calls = [await link.get_attribute("href") for link in await refusal.locator(".call").all()]
    assert calls == problem["call"]
    await expect(refusal.locator(".call").last).to_have_text(f"短信 {OWN}")
    await offers(held.page, OWN)


async def test_behind_a_look_the_ways_out_lead_there_too(phone: OpenPhone, dispatcher: Dispatcher) -> None:
    held = await phone()
    await held.sign_in()
    await held.page.tap("#to-covert")
    await held.page.tap("#covert-act")
    await expect(held.page.locator("#covert[data-sign=waiting]")).to_be_visible()
    await held.page.tap("#covert-sign")
    await expect(held.page.locator("#covert-words")).to_have_attribute("href", re.compile(f"^sms:{OWN}"))
