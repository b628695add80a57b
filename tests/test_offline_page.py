"""The page without a network, on a phone that is killed or sleeps: nothing is lost, and nothing given away."""

import itertools
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack

import pytest
from playwright.async_api import Playwright, expect

from tests import on_a_line
from tests.people import Dispatcher, People
from tests.phones import LastingPhone, lasting_phone
from tests.places import Place
from tests.slow_line import SlowLine
from tests.stack import Stack
from tests.test_covert import READABLE, TELLING, TITLES

pytestmark = [pytest.mark.anyio, pytest.mark.browser]

_numbers = itertools.count(13_600_000_000)


port = on_a_line.port
stack = on_a_line.stack
playwright = on_a_line.playwright
line = on_a_line.line
OpenPhone = Callable[..., Awaitable[LastingPhone]]


@pytest.fixture
async def phone(playwright: Playwright, line: SlowLine, place: Place) -> AsyncIterator[OpenPhone]:
    async with AsyncExitStack() as held:

        async def open_phone(**named: str) -> LastingPhone:
            number = str(next(_numbers))
            found: LastingPhone = await held.enter_async_context(
                lasting_phone(playwright, line.url, number, place.location, **named)
            )
            return found

        yield open_phone


@pytest.fixture
async def dispatcher(stack: Stack, place: Place, people: People) -> Dispatcher:
    """On duty at the desk of the test's county."""
    return await people.dispatcher(stack.consoles[0], place.number())


async def test_the_whole_page_opens_without_a_network_in_the_language_last_used(
    phone: OpenPhone, line: SlowLine
) -> None:
    held = await phone()
    await held.page.goto("/?lang=en")
    await held.kept()
    await line.cut()
    for address in ("/", "/reports", "/#account"):
        await held.page.goto(address)
        await expect(held.page.locator("html[data-ready]")).to_have_attribute("lang", "en")
    await held.page.goto("/")
    await expect(held.page.locator("#quick")).to_contain_text("Report now")
    await held.kill()
    await held.start()
    await held.page.goto("/")
    await expect(held.page.locator("html[data-ready]")).to_have_attribute("lang", "en")


async def test_what_was_written_without_a_network_outlives_the_browser_and_arrives_once(
    phone: OpenPhone, line: SlowLine, dispatcher: Dispatcher
) -> None:
    held = await phone()
    await held.sign_in()
    await held.settle()
    await line.cut()
    await held.page.goto("/")
    await held.page.fill("#first-words", "进水了，断网写的")
    await held.page.tap("#quick")
    await expect(held.rung("saved")).to_contain_text("手机已保存")
    await held.kill()

    await held.start()
    await held.page.goto("/")
    await expect(held.rung("saved")).to_contain_text("手机已保存")
    await expect(held.page.locator("#alarm")).to_contain_text("未送达", timeout=12_000)
    assert dispatcher.cards == {}

    line.good()
    await expect(held.rung("shown")).to_be_visible(timeout=30_000)
    (report,) = dispatcher.cards
    assert "断网写的" in dispatcher.words[report]
    await dispatcher.accept(report)
    await expect(held.rung("received")).to_be_visible()
    assert list(dispatcher.cards) == [report]


@pytest.mark.parametrize("cookies", ["the worker reads cookies", "the worker cannot"])
async def test_disguised_the_page_is_disguised_without_a_network_too(
    phone: OpenPhone, line: SlowLine, cookies: str
) -> None:
    held = await phone()
    await held.page.goto("/")
    await held.kept()
    if cookies == "the worker cannot":
        await held.worker_evaluate("Object.defineProperty(self, 'cookieStore', { value: undefined })")
    await held.page.tap("#to-covert")
    await expect(held.page.locator("#covert")).to_be_visible()
    await line.cut()
    for address in ("/", "/reports", "/#account", "/notes"):
        # What stands there before any script has run counts too.
        await held.page.goto(address, wait_until="commit")
        assert await held.page.title() in TITLES
        await expect(held.page.locator("html[data-ready]")).to_be_attached()
        await expect(held.page).to_have_url(re.compile(r"/(weather|notes|calculator)$"))
        assert TELLING.findall(await held.page.evaluate(READABLE)) == []
        assert await held.page.locator("link[rel=manifest]").count() == 0
    kept = await held.page.evaluate("fetch('/').then((answer) => answer.text()).catch(() => '')")
    assert "报警" not in kept


async def test_a_look_that_ended_with_its_browser_is_off_when_it_is_opened_again(
    phone: OpenPhone, line: SlowLine
) -> None:
    held = await phone()
    await held.page.goto("/")
    await held.kept()
    await held.page.tap("#to-covert")
    await expect(held.page.locator("#covert")).to_be_visible()
    await held.close()
    await held.start()
    await line.cut()
    await held.page.goto("/")
    await expect(held.page.locator("#quick")).to_be_visible()


async def test_a_page_that_was_frozen_shows_the_truth_as_soon_as_it_lives_again(
    phone: OpenPhone, dispatcher: Dispatcher
) -> None:
    held = await phone()
    await held.sign_in()
    await held.page.tap("#quick")
    await expect(held.rung("shown")).to_be_visible()
    tools = await held.session()
    await tools.send("Page.setWebLifecycleState", {"state": "frozen"})
    (report,) = dispatcher.cards
    await dispatcher.accept(report)
    await tools.send("Page.setWebLifecycleState", {"state": "active"})
    await expect(held.rung("received")).to_be_visible()


async def test_a_page_that_slept_without_a_network_says_at_once_that_it_does_not_know(
    phone: OpenPhone, line: SlowLine, dispatcher: Dispatcher
) -> None:
    held = await phone()
    await held.sign_in()
    await held.page.tap("#quick")
    await expect(held.rung("shown")).to_be_visible()
    tools = await held.session()
    await tools.send("Page.setWebLifecycleState", {"state": "frozen"})
    line.silence()
    await tools.send("Page.setWebLifecycleState", {"state": "active"})
    await expect(held.page.locator("#alarm")).to_contain_text("联系不上服务台", timeout=25_000)


async def test_the_page_can_be_installed_and_never_while_it_is_disguised(phone: OpenPhone) -> None:
    held = await phone()
    await held.page.goto("/")
    await held.kept()
    tools = await held.session()
    await tools.send("Page.enable")
    found = await tools.send("Page.getInstallabilityErrors")
    # A profile of a test's is off the record to Chromium; nothing else may be wrong.
    assert [error["errorId"] for error in found["installabilityErrors"]] in ([], ["in-incognito"])
    manifest = await tools.send("Page.getAppManifest")
    assert manifest["url"].endswith("/manifest.webmanifest")
    assert manifest["errors"] == []
    await held.page.tap("#to-covert")
    await expect(held.page.locator("#covert")).to_be_visible()
    for _ in range(2):
        assert await held.page.locator("link[rel=manifest], link[rel=apple-touch-icon]").count() == 0
        assert (await held.page.request.get("/manifest.webmanifest")).status == 404
        await held.page.reload()
        await expect(held.page.locator("html[data-ready]")).to_be_attached()
