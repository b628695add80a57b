"""The lamp tells the truth about the line: live, a second late without the doorbell, silent, polling, lost."""

import re
from collections.abc import Awaitable, Callable, Iterator
from functools import partial
from pathlib import Path

import pytest
from playwright.async_api import Page, expect

from tests import test_console_page as console
from tests.people import People, Reporter, eventually
from tests.servers import valkey as running_valkey
from tests.stack import Stack
from tests.stack import stack as running_stack
from tests.test_console_page import Desk

pytestmark = [pytest.mark.anyio, pytest.mark.browser]

browser = console.browser
at_desk = console.at_desk
reporter = console.reporter
OpenDesk = Callable[..., Awaitable[Desk]]

SOON_S = 30
LATE = {"zh-CN": "实时（慢一秒）", "en": "Live, 1 s late"}
LIVE = {"zh-CN": "实时", "en": "Live"}


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """With a Valkey of its own: these tests stop it."""
    folder = Path(tmp_path_factory.mktemp("lamp"))
    with running_valkey() as server, running_stack(folder, server) as running:
        yield running


# --- without the doorbell


@pytest.mark.parametrize("language", ["zh-CN", "en"])
async def test_with_redis_stopped_the_lamp_says_live_and_a_second_late_and_no_alarm(
    stack: Stack, at_desk: OpenDesk, people: People, language: str
) -> None:
    desk = await at_desk(language=language, height=768)
    word = desk.page.locator("#live .lamp-word")
    await expect(word).to_have_text(LIVE[language])
    reporter = await people.reporter(stack.citizens[0])
    stack.valkey.kill()
    try:
        await expect(word).to_have_text(LATE[language])
        await desk.lamp("live")
        await expect(desk.page.locator("#live")).to_have_attribute("title", re.compile("Redis"))
        report = (await reporter.filed("没有门铃"))["id"]
        await expect(desk.page.locator(desk.card(report))).to_be_visible()
        await expect(word).to_have_text(LATE[language])
        assert await desk.page.locator("#notices .notice[data-kind=fault], #gone:visible").count() == 0
    finally:
        stack.valkey.start()
    await expect(word).to_have_text(LIVE[language])
    await expect(desk.page.locator("#live")).not_to_have_attribute("title", re.compile("Redis"))


async def test_with_redis_frozen_whose_connections_stay_open_the_lamp_says_the_same(
    stack: Stack, at_desk: OpenDesk
) -> None:
    desk = await at_desk()
    word = desk.page.locator("#live .lamp-word")
    stack.valkey.freeze()
    try:
        await expect(word).to_have_text(LATE["zh-CN"])
        await desk.lamp("live")
    finally:
        stack.valkey.thaw()
    await expect(word).to_have_text(LIVE["zh-CN"])


async def test_the_word_of_life_says_whether_the_doorbell_is_there(stack: Stack, people: People) -> None:
    someone = await people.dispatcher(stack.consoles[0])
    await eventually(lambda: someone.ticks and someone.ticks[-1]["doorbell"] is True, SOON_S, "it is there")
    stack.valkey.kill()
    try:
        await eventually(lambda: someone.ticks[-1]["doorbell"] is False, SOON_S, "it is away")
    finally:
        stack.valkey.start()
    await eventually(lambda: someone.ticks[-1]["doorbell"] is True, SOON_S, "it is back")


# --- a line that says nothing


async def test_a_socket_that_stays_open_and_says_nothing_is_given_up_and_nothing_is_missed(
    at_desk: OpenDesk, reporter: Reporter
) -> None:
    desk = await at_desk()
    assert len(desk.line.sockets) == 1
    desk.line.hush()
    await desk.lamp("catching-up")
    report = await reporter.filed("线路没有断，也没有声音")
    await desk.lamp("polling")
    await expect(desk.page.locator(desk.card(report["id"]))).to_be_visible()
    await eventually(lambda: len(desk.line.sockets) == 2, SOON_S, "another socket, though no close came")
    await desk.lamp("live")
    later = await reporter.filed("新的线路")
    await expect(desk.page.locator(desk.card(later["id"]))).to_be_visible()
    assert later["id"] in "".join(desk.line.frames), "it came by the new socket"
    assert len(desk.line.sockets) == 2


# --- how old the news is, and the greying


async def _grey(page: Page) -> str:
    found: str = await page.evaluate("getComputedStyle(document.querySelector('main')).filter")
    return found


async def _age(page: Page) -> int:
    text = await page.inner_text("#live .lamp-age")
    (seconds,) = re.findall(r"^(\d+) 秒前$", text)
    return int(seconds)


async def _is_older(page: Page, than: int) -> bool:
    return await _age(page) > than


async def test_the_lamp_counts_how_old_the_last_word_is_and_the_page_greys_out_when_it_is_too_old(
    stack: Stack, at_desk: OpenDesk
) -> None:
    desk = await at_desk()
    body = desk.page.locator("body")
    await expect(body).to_have_attribute("data-line", "live")
    assert await _age(desk.page) <= 2
    assert await _grey(desk.page) == "none"
    stack.consoles[0].kill()
    try:
        for seconds in (2, 5, 8):
            await eventually(partial(_is_older, desk.page, seconds), SOON_S, f"older than {seconds} s")
        await expect(body).to_have_attribute("data-line", "offline")
        assert "grayscale(1)" in await _grey(desk.page)
        await eventually(partial(_is_older, desk.page, await _age(desk.page)), SOON_S, "it goes on counting")
        # The lamp itself stays as it is: what is true is not greyed.
        assert await desk.page.evaluate("getComputedStyle(document.querySelector('.top')).filter") == "none"
    finally:
        stack.consoles[0].start()
    await desk.lamp("live")
    await expect(body).to_have_attribute("data-line", "live")
    assert await _grey(desk.page) == "none"
    assert await _age(desk.page) <= 2


async def test_a_page_that_asks_by_http_is_not_grey_and_says_how_old_its_answer_is(at_desk: OpenDesk) -> None:
    desk = await at_desk()
    desk.line.cut = True
    await desk.line.hang_up()
    await desk.lamp("polling")
    await expect(desk.page.locator("body")).to_have_attribute("data-line", "polling")
    assert await _grey(desk.page) == "none"
    await expect(desk.page.locator("#live .lamp-age")).to_have_text(re.compile(r"^[0-5] 秒前$"))
    desk.line.cut = False
    await desk.lamp("live")
