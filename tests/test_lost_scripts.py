"""A script does not come, as when the network changes amid it: the page loads itself again, and loses nothing."""

import asyncio
import re
from collections.abc import Awaitable, Callable

import pytest
from playwright.async_api import Page, Route, expect

from tests import test_citizen_page as citizen
from tests import test_console_page as console
from tests.dispatcher import Dispatcher
from tests.promises import eventually
from tests.stack import Stack
from tests.test_citizen_page import OpenPhone
from tests.test_console_page import Desk
from tests.test_slow_first_load import with_a_session

pytestmark = [pytest.mark.anyio, pytest.mark.browser]

browser = console.browser
at_desk = console.at_desk
phone = citizen.phone
dispatcher = citizen.dispatcher
SOON_S = 30
LOADS = 5
OpenDesk = Callable[..., Awaitable[Desk]]

# What a browser says of a file that did not come, and of scripts that miss it.
FAILED = re.compile("Failed to load resource|net::ERR_|htmx")


async def fails(page: Page, address: str, times: int) -> list[str]:
    """So many times in a row the file cannot be had; gives what was asked for in vain."""
    failed: list[str] = []

    async def fail(route: Route) -> None:
        if len(failed) < times:
            failed.append(route.request.url)
            await route.abort("internetdisconnected")
        else:
            await route.continue_()

    await page.route(address, fail)
    return failed


@pytest.mark.parametrize("file", ["line.js", "htmx.min.js", "console.css"])
async def test_a_desk_says_that_it_is_cut_off_and_comes_again_by_itself(at_desk: OpenDesk, file: str) -> None:
    desk = await at_desk()

    failed = await fails(desk.page, f"**/{file}", 2)
    await desk.page.reload(wait_until="commit")
    if file.endswith(".js"):  # else the scripts run, and say how it stands
        await expect(desk.page.locator("#gone")).to_be_visible()
        await expect(desk.page.locator("#live")).to_have_attribute("data-state", "offline")
        await expect(desk.page.locator(".lamp-word")).to_have_text("断线")
    await eventually(lambda: len(failed) == 2, SOON_S, "it has come again once, in vain")
    await desk.lamp("live")
    await expect(desk.page.locator("#gone")).to_be_hidden()
    await desk.page.wait_for_function("() => document.readyState === 'complete' && !sessionStorage.length")
    desk.complaints[:] = [one for one in desk.complaints if not FAILED.search(one)]


async def test_while_the_server_is_away_the_page_stays_that_says_so(at_desk: OpenDesk) -> None:
    desk = await at_desk()
    await fails(desk.page, "**/line.js", 1)
    heads: list[str] = []

    async def away(route: Route) -> None:
        if route.request.method == "HEAD" and len(heads) < 2:
            heads.append(route.request.url)
            await route.abort("internetdisconnected")
        else:
            await route.continue_()

    await desk.page.route("**/console", away)
    await desk.page.reload(wait_until="commit")
    await desk.lamp("live")
    assert len(heads) == 2
    desk.complaints[:] = [one for one in desk.complaints if not FAILED.search(one)]


async def test_what_was_written_and_pressed_before_is_filed_once_the_scripts_have_come(
    stack: Stack, phone: OpenPhone, dispatcher: Dispatcher
) -> None:
    held = await phone()
    await with_a_session(held, stack.citizens[0].url)
    failed = await fails(held.page, "**/citizen/kept.js", 2)
    await held.page.goto("/", wait_until="commit")
    await held.page.fill("#first-words", "有人在砸门")
    await held.tap()
    await expect(held.rung("shown")).to_be_visible()
    assert len(failed) == 2
    assert len(dispatcher.cards) == 1
    await expect(held.page.locator("#text-police")).to_have_attribute(
        "href", re.compile("%E7%A0%B8%E9%97%A8")
    )
    assert await held.page.evaluate("sessionStorage.getItem('again')") is None


async def test_what_never_comes_is_not_asked_for_for_ever_and_the_page_says_whom_to_call(
    phone: OpenPhone,
) -> None:
    held = await phone()
    loads: list[Page] = []
    held.page.on("domcontentloaded", lambda page: loads.append(page))
    await fails(held.page, "**/citizen/kept.js", 1000)
    await held.page.goto("/", wait_until="commit")
    await expect(held.page.locator(".quick-broken")).to_be_visible(timeout=60_000)
    await eventually(lambda: len(loads) == LOADS, SOON_S, "it was tried several times")
    await asyncio.sleep(5)
    assert len(loads) == LOADS
    await expect(held.page.locator('#lifeline a[href^="tel:"]')).to_be_in_viewport()
