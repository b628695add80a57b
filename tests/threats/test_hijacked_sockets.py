"""Cross-site WebSocket hijacking: another page opens a socket in the browser of somebody who is signed in.

A browser sends the cookie along and cannot be kept from naming the page's origin. So the origin is compared letter by
letter, and before the socket is accepted.
"""

import asyncio
from base64 import b64encode
from collections.abc import AsyncIterator
from secrets import token_bytes
from urllib.parse import urlsplit

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

from tests.people import Dispatcher, Reporter
from tests.servers import LOOPBACK
from tests.stack import App, Stack

pytestmark = pytest.mark.anyio

NO_HELLO, SIGN_IN_AGAIN = 4408, 4401
HELLO = '{"type":"hello"}'


def lookalikes(own: str) -> dict[str, str]:
    """Origins that are not this one, however near."""
    parts = urlsplit(own)
    host, port = parts.hostname or "", parts.port or 0
    return {
        "another site": "https://evil.example",
        "null": "null",
        "empty": "",
        "another scheme": f"https://{host}:{port}",
        "a socket's scheme": f"ws://{host}:{port}",
        "no scheme": f"{host}:{port}",
        "another port": f"http://{host}:{port + 1}",
        "no port": f"http://{host}",
        "a longer port": f"{own}0",
        "a suffix": f"{own}.evil.example",
        "a prefix": f"http://evil-{host}:{port}",
        "ours as a name": f"http://{host}:{port}@evil.example",
        "ours as a path": f"http://evil.example/{own}",
        "with a path": f"{own}/",
        "a subdomain": f"http://x.{host}:{port}",
        "in capitals": own.upper(),
        "the scheme in capitals": own.replace("http", "HTTP"),
        "a blank within": f"{own} {own}",
        "two of them": f"{own}, https://evil.example",
        "a dot behind": f"http://{host}.:{port}",
        "another writing of the address": f"http://2130706433:{port}",
    }


NAMES = list(lookalikes("http://127.0.0.1:1"))


@pytest.fixture(scope="module")
async def dispatcher(stack: Stack) -> AsyncIterator[Dispatcher]:
    someone = await Dispatcher.signed_in(stack.consoles[0], "33010801")
    yield someone
    await someone.leave()


@pytest.fixture(scope="module")
async def reporter(stack: Stack) -> AsyncIterator[Reporter]:
    someone = await Reporter.signed_in(stack.citizens[0])
    yield someone
    await someone.leave()


async def opened(app: App, path: str, cookie: str, *headers: str) -> int:
    """The status that a handshake with these headers is answered with, written as it is here."""
    lines = [
        f"GET {path} HTTP/1.1",
        *("connection: Upgrade", "upgrade: websocket", "sec-websocket-version: 13"),
        *(f"sec-websocket-key: {b64encode(token_bytes(16)).decode()}", f"cookie: {cookie}", *headers),
    ]
    if not any(header.startswith("host:") for header in headers):
        lines.append(f"host: {LOOPBACK}:{app.port}")
    reading, writing = await asyncio.open_connection(LOOPBACK, app.port)
    try:
        writing.write("\r\n".join([*lines, "", ""]).encode())
        return int((await reading.readline()).split()[1])
    finally:
        writing.close()
        await writing.wait_closed()


@pytest.mark.parametrize("name", NAMES)
async def test_a_page_of_another_origin_is_refused_a_consoles_socket_before_it_is_one(
    dispatcher: Dispatcher, name: str
) -> None:
    cookie = f"desk110_console={dispatcher.http.cookies['desk110_console']}"
    origin = lookalikes(dispatcher.app.url)[name]
    assert await opened(dispatcher.app, "/console/live", cookie, f"origin: {origin}") == 403


async def test_a_consoles_socket_names_its_origin(dispatcher: Dispatcher) -> None:
    cookie = f"desk110_console={dispatcher.http.cookies['desk110_console']}"
    assert await opened(dispatcher.app, "/console/live", cookie) == 403
    assert await opened(dispatcher.app, "/console/live", cookie, f"origin: {dispatcher.app.url}") == 101


@pytest.mark.parametrize("name", NAMES)
async def test_a_page_of_another_origin_is_refused_a_reporters_socket_before_it_is_one(
    reporter: Reporter, name: str
) -> None:
    origin = lookalikes(reporter.app.url)[name]
    assert (
        await opened(reporter.app, "/api/v1/live", f"desk110_session={reporter.token}", f"origin: {origin}")
        == 403
    )


async def test_without_an_origin_a_reporters_cookie_is_nobodys(reporter: Reporter) -> None:
    """What is no browser names no origin; it has no cookie that somebody else's page could use, so none counts."""
    url = reporter.app.url.replace("http", "ws", 1) + "/api/v1/live"
    cookie = {"cookie": f"desk110_session={reporter.token}"}
    async with connect(url, additional_headers=cookie, proxy=None) as line:
        await line.send(HELLO)
        with pytest.raises(ConnectionClosed):
            await line.recv()
        assert line.close_code in {SIGN_IN_AGAIN, NO_HELLO}
    ours = {**cookie, "origin": reporter.app.url}
    async with connect(url, additional_headers=ours, proxy=None) as line:
        await line.send(HELLO)
        assert '"welcome"' in str(await line.recv())


async def test_the_host_of_a_request_makes_no_origin_ours(dispatcher: Dispatcher) -> None:
    """Whoever is reached under another name (DNS rebinding) has that name as the page's origin."""
    cookie = f"desk110_console={dispatcher.http.cookies['desk110_console']}"
    headers = ("origin: http://evil.example", "host: evil.example")
    assert await opened(dispatcher.app, "/console/live", cookie, *headers) == 403


async def test_two_origins_are_none(dispatcher: Dispatcher) -> None:
    cookie = f"desk110_console={dispatcher.http.cookies['desk110_console']}"
    for first, second in (
        (dispatcher.app.url, "https://evil.example"),
        ("https://evil.example", dispatcher.app.url),
    ):
        answered = await opened(
            dispatcher.app, "/console/live", cookie, f"origin: {first}", f"origin: {second}"
        )
        assert answered in {400, 403}, (first, second)
