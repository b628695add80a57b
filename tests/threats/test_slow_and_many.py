"""Lines held open, bodies that never end, floods: whoever has something to say is let in all the same."""

import asyncio
import resource
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress

import httpx2
import pytest
from limits import parse
from limits.storage import RedisStorage
from limits.strategies import FixedWindowRateLimiter

from tests.people import Reporter, eventually
from tests.servers import LOOPBACK
from tests.stack import App, Stack
from tests.witness import assert_problem
from web.limits import RATES

pytestmark = pytest.mark.anyio

Line = tuple[asyncio.StreamReader, asyncio.StreamWriter]
FILES = 120


@asynccontextmanager
async def line(app: App, address: str = LOOPBACK) -> AsyncIterator[Line]:
    reading, writing = await asyncio.open_connection(LOOPBACK, app.port, local_addr=(address, 0))
    try:
        yield reading, writing
    finally:
        writing.close()
        with suppress(OSError):  # hung up upon
            await writing.wait_closed()


async def hung_up(lines: Line, patience_s: float = 60) -> bytes:
    """All that is said until the other side hangs up."""
    try:
        return await asyncio.wait_for(lines[0].read(), patience_s)
    except ConnectionError:
        return b""


async def test_a_line_on_which_nothing_is_said_is_hung_up(stack: Stack) -> None:
    app = stack.citizens[0]
    async with line(app) as silent, line(app) as slow, line(app) as blank:
        slow[1].write(b"GET /healthz HTTP/1.1\r\nhost: x\r\nx-slow: ")
        blank[1].write(b"GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n")
        dripping = [asyncio.create_task(drip(slow, b"a")), asyncio.create_task(drip(blank, b"\r\n"))]
        try:
            assert await hung_up(silent) == b""
            assert await hung_up(slow) == b""
            assert (await hung_up(blank)).startswith(b"HTTP/1.1 200 ")
        finally:
            for task in dripping:
                task.cancel()


async def drip(lines: Line, what: bytes) -> None:
    """A little, again and again: enough for any time-out that begins anew with each byte."""
    while True:
        await asyncio.sleep(0.5)
        lines[1].write(what)


async def test_a_body_that_nobody_reads_any_more_does_not_hold_the_line(stack: Stack) -> None:
    async with line(stack.citizens[0]) as held:
        held[1].write(b"POST /absent HTTP/1.1\r\nhost: x\r\ncontent-length: 1000000\r\n\r\n")
        dripping = asyncio.create_task(drip(held, b"a"))
        try:
            assert (await hung_up(held)).startswith(b"HTTP/1.1 404 ")
        finally:
            dripping.cancel()


async def test_a_flood_of_lines_keeps_nobody_out(stack: Stack) -> None:
    """Where a process may open no more files, whoever holds most lines and says nothing loses one."""
    with stack.another("citizen") as app:
        reporter = await Reporter.signed_in(app)
        resource.prlimit(app.pid, resource.RLIMIT_NOFILE, (FILES, FILES))
        async with AsyncExitStack() as flood:
            for _ in range(2 * FILES):
                await flood.enter_async_context(line(app))
            assert (await reporter.file()).status_code == 201
            transport = httpx2.AsyncHTTPTransport(local_address="127.0.0.77")
            async with httpx2.AsyncClient(base_url=app.url, transport=transport, timeout=30) as elsewhere:
                assert (await elsewhere.get("/healthz")).status_code == 200
        await reporter.leave()


async def test_a_report_is_taken_however_much_comes_from_its_address(
    stack: Stack, field: dict[str, App]
) -> None:
    """Thousands of phones may share one address, and one of them be an attacker's."""
    reporter = await Reporter.signed_in(field["citizen"])
    # As the app itself counts (`web.limits`).
    counted = FixedWindowRateLimiter(RedisStorage(stack.environment["REDIS_URL"]))
    counted.hit(parse(RATES["report_address"][0]), "report_address", LOOPBACK, cost=600)
    answers = [await reporter.file() for _ in range(4)]
    taken = int(RATES["report_always"][0].partition("/")[0])
    assert [answer.status_code for answer in answers[:taken]] == [201] * taken
    assert_problem(answers[taken], "too_many_requests", call=True)
    await reporter.leave()


async def test_one_person_has_so_many_sockets_and_the_newest_stay(stack: Stack) -> None:
    first = await Reporter.signed_in(stack.citizens[0])
    devices = [first, *(first.at(first.app) for _ in range(16))]
    for device in devices:
        await device.listen()
    await eventually(lambda: first.closed_with == 1008, 20, "the oldest socket is let go")
    assert [device.closed_with for device in devices[1:]] == [None] * 16
    for device in devices:
        await device.leave()
