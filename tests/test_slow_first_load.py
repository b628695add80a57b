"""The start page on a poor line: when its one button can be pressed, what that takes, and that no press is lost.

Times are printed and stand in docs/performance.md; what is asserted are round trips and bytes, which no busy machine
changes.
"""

import asyncio
import re
from urllib.parse import quote

import pytest
from playwright.async_api import Page, Route, expect

from tests import test_citizen_page as citizen
from tests.people import Dispatcher
from tests.stack import Stack
from tests.test_citizen_page import FIRST_LOAD_LIMIT, OpenPhone, Phone

pytestmark = [pytest.mark.anyio, pytest.mark.browser]

browser = citizen.browser
phone = citizen.phone
dispatcher = citizen.dispatcher

# Slow 3G as Chromium's own tools have it: bits a second each way, and the wait before each answer begins.
BITS_PER_S, LATENCY_MS = 400_000, 400
SCRIPTS = re.compile(r"/citizen/app\.js$")
# When it was painted, when the button did what it says, and all that had come by then, with its compressed bytes.
WATCH = """
  new MutationObserver((_, observer) => {
    if (!("ready" in (document.documentElement?.dataset ?? {}))) return;
    window.readyAt = performance.now();
    observer.disconnect();
  }).observe(document, { subtree: true, childList: true, attributes: true, attributeFilter: ["data-ready"] });
"""
LOADED = """() => {
  const entries = [...performance.getEntriesByType("navigation"), ...performance.getEntriesByType("resource")];
  return {
    painted: performance.getEntriesByName("first-contentful-paint")[0].startTime,
    ready: readyAt,
    came: entries.filter((one) => one.responseEnd && one.responseEnd < readyAt)
      .map((one) => [new URL(one.name).pathname, one.encodedBodySize]),
  };
}"""


async def with_a_session(held: Phone, address: str) -> None:
    """Signed in beforehand; the page itself was never opened."""
    request, headers = held.page.context.request, {"origin": address}
    phone = {"phone": held.number}
    code = await (await request.post("/api/v1/phone-codes", data=phone, headers=headers)).json()
    proof = {**phone, "code": code["demo_code"]}
    assert (await request.post("/api/v1/sessions", data=proof, headers=headers)).status == 201


async def opened_before_its_scripts(held: Phone, address: str) -> asyncio.Event:
    """The page on the screen and nothing under it yet, until the event is set."""
    await with_a_session(held, address)
    come = asyncio.Event()

    async def hold(route: Route) -> None:
        await come.wait()
        await route.continue_()

    await held.page.route(SCRIPTS, hold)
    await held.page.goto("/", wait_until="commit")
    await expect(held.page.locator(".quick-waiting")).to_be_visible()
    return come


async def test_a_press_before_the_scripts_is_said_to_be_kept_and_files_once_they_come(
    stack: Stack, phone: OpenPhone, dispatcher: Dispatcher
) -> None:
    held = await phone()
    scripts = await opened_before_its_scripts(held, stack.citizens[0].url)
    await held.page.fill("#first-words", "有人在砸门")
    for _ in range(3):
        await held.tap()
    await expect(held.page.locator(".quick-pressed")).to_be_visible()
    await expect(held.page.locator(".quick-waiting")).to_be_hidden()
    scripts.set()
    await expect(held.rung("shown")).to_be_visible()
    assert len(dispatcher.cards) == 1
    await expect(held.page.locator("#text-police")).to_have_attribute("href", re.compile(quote("有人在砸门")))


async def test_a_look_that_was_asked_for_before_the_scripts_comes_with_them(
    stack: Stack, phone: OpenPhone
) -> None:
    held = await phone()
    scripts = await opened_before_its_scripts(held, stack.citizens[0].url)
    await held.page.tap("#to-covert")
    await expect(held.page.locator(".quick-pressed")).to_be_hidden()
    scripts.set()
    await expect(held.page.locator("#covert")).to_be_visible()


async def test_behind_a_look_whose_script_is_still_on_its_way_the_one_press_files_too(
    stack: Stack, phone: OpenPhone, dispatcher: Dispatcher
) -> None:
    held = await phone()
    await with_a_session(held, stack.citizens[0].url)
    come = asyncio.Event()

    async def hold(route: Route) -> None:
        await come.wait()
        await route.continue_()

    await held.page.route("**/covert.js", hold)
    await held.page.goto("/")
    await expect(held.page.locator("html[data-ready]")).to_be_attached()
    await held.page.tap("#to-covert")
    await held.page.tap("#covert-act")
    await expect(held.page.locator("#covert")).to_have_attribute("data-sign", "idle")
    come.set()
    await expect(held.page.locator("#covert[data-sign=waiting]")).to_be_visible()
    assert len(dispatcher.cards) == 1


async def test_what_was_pressed_long_ago_is_not_done_behind_somebodys_back(
    stack: Stack, phone: OpenPhone, dispatcher: Dispatcher
) -> None:
    held = await phone()
    await held.page.clock.install()
    scripts = await opened_before_its_scripts(held, stack.citizens[0].url)
    await held.tap()
    await held.page.clock.fast_forward(61_000)
    scripts.set()
    await expect(held.page.locator("#home")).to_be_visible()
    await held.page.tap("#quick")
    await expect(held.rung("shown")).to_be_visible()
    assert len(dispatcher.cards) == 1


@pytest.mark.parametrize("known", [False, True], ids=["for the first time", "signed in"])
async def test_on_slow_3g_the_button_wants_what_the_document_names_and_less_than_100_kb(
    stack: Stack, phone: OpenPhone, dispatcher: Dispatcher, capsys: pytest.CaptureFixture[str], known: bool
) -> None:
    address = stack.citizens[0].url
    held = await phone()
    if known:
        await with_a_session(held, address)
    await held.page.add_init_script(WATCH)
    await slow_3g(held.page)
    await held.page.goto("/", wait_until="commit")
    await held.tap()  # as soon as there is anything to tap
    early = await held.page.evaluate("document.documentElement.dataset.pressed ?? null")
    # The press is not lost: it becomes a report, or one that waits for its reporter's phone.
    await expect(held.rung("shown" if known else "saved")).to_be_visible(timeout=90_000)
    loaded = await held.page.evaluate(LOADED)
    document = (await held.page.context.request.get("/")).text
    named = {"/", *re.findall(r'(?:href|src)="(/[^"#?]*)', await document())}
    came = [path for path, _ in loaded["came"] if not path.startswith("/api/")]
    weight = sum(size for _, size in loaded["came"])
    with capsys.disabled():
        print(
            f"\nSlow 3G ({BITS_PER_S // 1000} kbit/s, {LATENCY_MS} ms), {'signed in' if known else 'first visit'}: "
            f"painted after {loaded['painted'] / 1000:.1f} s, tapped {'before' if early else 'after'} the scripts, "
            f"ready after {loaded['ready'] / 1000:.1f} s; {len(loaded['came'])} answers, {weight / 1024:.1f} KB"
        )
    # Two rounds: the document, and what it names. No file is only found out about by another.
    assert set(came) <= named
    assert weight < FIRST_LOAD_LIMIT


async def slow_3g(page: Page) -> None:
    """The line of a phone at the edge of its network; nothing is on the phone yet."""
    line = await page.context.new_cdp_session(page)
    await line.send("Network.enable")
    await line.send("Network.setCacheDisabled", {"cacheDisabled": True})
    rate = BITS_PER_S / 8
    await line.send(
        "Network.emulateNetworkConditions",
        {"offline": False, "latency": LATENCY_MS, "downloadThroughput": rate, "uploadThroughput": rate},
    )
