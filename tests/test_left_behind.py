"""What a phone without a network has left to be done: sent when it is back, by the page or by its worker, once; a clock
that is set meanwhile makes no wait longer or shorter; and what there is to read can be read."""

import asyncio
import itertools
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from typing import Any

import pytest
from playwright.async_api import Page, Playwright, expect
from sqlalchemy import select

from dispatch.models import TABLES
from tests import on_a_line
from tests.people import Dispatcher, People
from tests.phones import LastingPhone, lasting_phone
from tests.places import Place
from tests.promises import eventually
from tests.slow_line import SlowLine
from tests.stack import Stack

pytestmark = [pytest.mark.anyio, pytest.mark.browser]

_numbers = itertools.count(13_610_000_000)

# A clock that a test sets; what cannot be set goes on as it does.
CLOCK = """(() => {
    const Real = Date;
    let by = Number(sessionStorage.getItem("clock") ?? 0);
    window.setClock = (ms) => { by += ms; sessionStorage.setItem("clock", by); };
    window.Date = class extends Real {
        constructor(...given) { if (given.length) super(...given); else super(Real.now() + by); }
        static now() { return Real.now() + by; }
    };
})()"""
HOUR = 3_600_000


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
            # A test's browser refuses what it is not told to grant; this one is granted to everybody.
            await found.context.grant_permissions(["geolocation", "background-sync"])
            return found

        yield open_phone


@pytest.fixture
async def dispatcher(stack: Stack, place: Place, people: People) -> Dispatcher:
    """On duty at the desk of the test's county."""
    return await people.dispatcher(stack.consoles[0], place.number())


def filed(stack: Stack, text: str) -> list[Any]:
    """The reports with this text, as the database has them."""
    report, reporter = TABLES["report"], TABLES["reporter"]
    wanted = (
        select(report.c.id, reporter.c.phone_masked, report.c.written_at, report.c.filed_at)
        .join(reporter, reporter.c.id == report.c.reporter)
        .where(report.c.text == text)
    )
    with stack.database.read() as session:
        return list(session.connection().execute(wanted))


async def write_offline(held: LastingPhone, line: SlowLine, text: str) -> None:
    """Signed in a while ago; then the line goes, the page is opened without it, and a report is written."""
    await held.sign_in()
    await held.kept()
    await line.cut()
    await held.page.goto("/")
    await held.page.fill("#first-words", text)
    await held.page.tap("#quick")
    await expect(held.rung("saved")).to_contain_text("手机已保存")


async def wake_worker(page: Page, origin: str) -> None:
    """What Chromium does once the network is back: it wakes the worker for what the page had left."""
    tools = await page.context.new_cdp_session(page)
    found: asyncio.Future[str] = asyncio.get_running_loop().create_future()

    def registered(said: dict[str, Any]) -> None:
        for registration in said["registrations"]:
            if registration["scopeURL"].startswith(origin) and not found.done():
                found.set_result(registration["registrationId"])

    tools.on("ServiceWorker.workerRegistrationUpdated", registered)
    await tools.send("ServiceWorker.enable")
    wanted = {"origin": origin, "registrationId": await found, "tag": "outbox", "lastChance": False}
    await tools.send("ServiceWorker.dispatchSyncEvent", wanted)
    await tools.detach()


async def leave(held: LastingPhone) -> Page:
    """The page is closed, and the browser stays open."""
    gone = held.page
    blank = await held.context.new_page()
    await gone.close()
    return blank


async def test_a_report_that_was_left_is_sent_after_the_page_was_closed_and_once(
    phone: OpenPhone, line: SlowLine, stack: Stack, dispatcher: Dispatcher
) -> None:
    held = await phone()
    await write_offline(held, line, "关了页面也要送到")
    tags = "self.registration.sync.getTags().then((tags) => tags.includes('outbox'))"
    await eventually(lambda: held.worker_evaluate(tags), 20, "it is left to the worker")
    blank = await leave(held)
    line.good()
    for _ in range(2):
        await wake_worker(blank, line.url)
        await eventually(lambda: dispatcher.cards, 20, "the desk has it")
    (report,) = dispatcher.cards
    assert "关了页面也要送到" in dispatcher.words[report]
    assert len(filed(stack, "关了页面也要送到")) == 1
    await dispatcher.accept(report)
    await held.page.goto("/reports")
    await expect(held.page.locator("#mine")).to_contain_text("已接收")
    await held.page.goto("/")
    await expect(held.page.locator("#notices")).not_to_contain_text("还没有送达")


async def test_what_was_left_by_one_is_not_sent_in_the_name_of_another(
    phone: OpenPhone, line: SlowLine, stack: Stack, dispatcher: Dispatcher
) -> None:
    held = await phone()
    await write_offline(held, line, "不能算在别人名下")
    own = {cookie["name"]: cookie["value"] for cookie in await held.context.cookies()}["desk110_session"]
    blank = await leave(held)
    line.good()
    await held.context.clear_cookies()
    other = str(next(_numbers))
    await sign_in(held, other)
    before = line.up
    await wake_worker(blank, line.url)
    await eventually(lambda: line.up > before, 20, "the worker has asked who is there")
    await held.context.clear_cookies()
    await held.context.add_cookies([{"name": "desk110_session", "value": own, "url": held.url}])
    await wake_worker(blank, line.url)
    await eventually(lambda: dispatcher.cards, 20, "the desk has it")
    ((_, phone_masked, _, _),) = filed(stack, "不能算在别人名下")
    assert phone_masked.endswith(held.number[-4:])


async def sign_in(held: LastingPhone, number: str) -> None:
    """Somebody else, without the page."""
    api, headers = held.context.request, {"origin": held.url}
    sent = await (await api.post("/api/v1/phone-codes", data={"phone": number}, headers=headers)).json()
    opened = await api.post(
        "/api/v1/sessions", data={"phone": number, "code": sent["demo_code"]}, headers=headers
    )
    assert opened.status == 201


async def test_the_page_and_the_worker_together_send_it_once(
    phone: OpenPhone, line: SlowLine, stack: Stack, dispatcher: Dispatcher
) -> None:
    held = await phone()
    await write_offline(held, line, "两边都在送")
    # Nobody looks at the page, as far as the worker knows: both are at it.
    await held.worker_evaluate("self.clients.matchAll = async () => []")
    line.good()
    await wake_worker(held.page, line.url)
    await held.page.evaluate("dispatchEvent(new Event('online'))")
    await expect(held.rung("shown")).to_be_visible(timeout=30_000)
    (report,) = dispatcher.cards
    await dispatcher.accept(report)
    await expect(held.rung("received")).to_be_visible()
    assert len(filed(stack, "两边都在送")) == 1


async def test_what_came_late_says_on_the_phone_when_it_was_written(
    phone: OpenPhone, line: SlowLine, stack: Stack, dispatcher: Dispatcher
) -> None:
    held = await phone()
    await held.page.add_init_script(CLOCK)
    await write_offline(held, line, "早就写好的")
    # The page is opened again, some forty minutes later as it seems.
    await held.page.evaluate(f"setClock({HOUR * 2 // 3})")
    await held.page.reload()
    await expect(held.page.locator("#alarm")).to_contain_text("未送达")
    line.good()
    await expect(held.rung("shown")).to_be_visible(timeout=30_000)
    await expect(held.page.locator("[data-rung=stored]")).to_contain_text("写好，40 分")
    ((_, _, written_at, filed_at),) = filed(stack, "早就写好的")
    assert HOUR * 2 / 3 <= (filed_at - written_at).total_seconds() * 1000 < HOUR
    (report,) = dispatcher.cards
    in_hand = await dispatcher.http.get(f"/console/reports/{report}")
    assert "迟到 4" in in_hand.text


async def test_a_clock_that_is_set_moves_no_wait_of_an_open_page(
    phone: OpenPhone, line: SlowLine, stack: Stack, dispatcher: Dispatcher
) -> None:
    held = await phone()
    await held.page.add_init_script(CLOCK)
    await write_offline(held, line, "钟拨来拨去")
    await held.page.evaluate(f"setClock({-8 * HOUR})")
    await expect(held.page.locator("#alarm")).to_contain_text("未送达", timeout=15_000)
    await expect(held.page.locator("#alarm .counter")).to_have_text(re.compile(r"^\d+ 秒$"))
    line.good()
    await expect(held.rung("shown")).to_be_visible(timeout=30_000)
    # Nobody accepts: it is said after fifteen seconds, and neither at once nor after so many hours.
    await held.page.evaluate(f"setClock({16 * HOUR})")
    await expect(held.page.locator("#wait .counter")).to_have_text(re.compile(r"^\d+ 秒$"))
    await expect(held.page.locator("#alarm")).to_contain_text("还没有人接收", timeout=25_000)
    await expect(held.page.locator("#alarm .counter")).to_have_text(re.compile(r"^\d+ 秒$"))
    ((_, _, written_at, filed_at),) = filed(stack, "钟拨来拨去")
    assert 0 <= (filed_at - written_at).total_seconds() < 600


async def test_a_clock_that_was_set_back_before_the_page_is_opened_again_makes_no_wait_without_end(
    phone: OpenPhone, line: SlowLine, stack: Stack, dispatcher: Dispatcher
) -> None:
    held = await phone()
    await held.page.add_init_script(CLOCK)
    await write_offline(held, line, "钟往回拨了")
    await held.page.evaluate(f"setClock({-8 * HOUR})")
    await held.page.reload()
    await expect(held.page.locator("#alarm")).to_contain_text("未送达", timeout=15_000)
    line.good()
    await expect(held.rung("shown")).to_be_visible(timeout=30_000)
    ((_, _, written_at, _),) = filed(stack, "钟往回拨了")
    assert written_at is None
    (report,) = dispatcher.cards
    assert "手机时钟不准" in (await dispatcher.http.get(f"/console/reports/{report}")).text


@pytest.mark.parametrize("language", ["zh-CN", "en"])
async def test_the_rules_are_read_whole_without_a_network(
    phone: OpenPhone, line: SlowLine, language: str
) -> None:
    held = await phone(language=language)
    await held.page.goto("/")
    await held.kept()
    await held.page.goto("/law")
    there = await held.page.locator("#law .paper-text").inner_text()
    await line.cut()
    await held.page.goto("/law")
    await expect(held.page.locator("#law .paper-text")).to_have_text(there, use_inner_text=True)
    await held.page.goto("/")
    await held.page.tap(".rules a")
    await expect(held.page.locator("#law .paper-text")).to_have_text(there, use_inner_text=True)


async def test_the_position_is_said_to_go_with_the_report_until_that_is_stored(
    phone: OpenPhone, line: SlowLine, dispatcher: Dispatcher
) -> None:
    held = await phone()
    await write_offline(held, line, "位置跟着走")
    await expect(held.page.locator("#sharing")).to_contain_text("位置随报警一起发送")
    await expect(held.page.locator("#sharing-switch")).to_be_hidden()
    line.good()
    await expect(held.rung("shown")).to_be_visible(timeout=30_000)
    await expect(held.page.locator("#sharing")).to_contain_text("位置正在发送")
    await expect(held.page.locator("#sharing-switch")).to_be_visible()
