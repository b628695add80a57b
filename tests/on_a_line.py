"""Fixtures for phones that find the server at the other end of a line, which a test cuts and slows.

A module takes them by name (`line = on_a_line.line`) and opens its phones at `line.url`.
"""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from playwright.async_api import Playwright, async_playwright

from tests.server import free_port
from tests.servers import Valkey
from tests.slow_line import SlowLine
from tests.stack import Stack
from tests.stack import stack as running_stack


@pytest.fixture(scope="module")
def port() -> int:
    """Where the phones find the server."""
    return free_port()


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory, valkey_of_session: Valkey, port: int) -> Iterator[Stack]:
    """A desk110 whose page's address is the line's."""
    valkey_of_session.flushall()
    folder = Path(tmp_path_factory.mktemp("on-a-line"))
    origin = f"http://127.0.0.1:{port}"
    with running_stack(
        folder, valkey_of_session, DESK110_CITIZEN_ORIGIN=origin, DESK110_IDENTITY_REQUIRED="never"
    ) as running:
        yield running


@pytest.fixture(scope="module")
async def playwright() -> AsyncIterator[Playwright]:
    """What starts a phone's browser, again and again."""
    async with async_playwright() as started:
        yield started


@pytest.fixture
async def line(stack: Stack, port: int) -> AsyncIterator[SlowLine]:
    """Open and fast when a test begins."""
    found = SlowLine(port, stack.citizens[0].port)
    await found.open()
    yield found
    await found.close()
