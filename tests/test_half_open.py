"""A line that died without a word: the other end is gone, and no packet says so."""

import asyncio
from collections.abc import AsyncIterator, Iterator

import pytest
from websockets.asyncio.client import connect

from tests.people import Dispatcher, People, Reporter, eventually
from tests.places import Place
from tests.server import free_port
from tests.slow_line import SlowLine
from tests.stack import App, Stack
from tests.truth import assert_whole

pytestmark = pytest.mark.anyio

SOON_S = 20


@pytest.fixture
def app(stack: Stack) -> Iterator[App]:
    """A console process that soon asks whether somebody is still there."""
    with stack.another("console", "tests.faults.quick_pings") as found:
        yield found


@pytest.fixture
async def line(app: App) -> AsyncIterator[SlowLine]:
    found = SlowLine(free_port(), app.port)
    await found.open()
    yield found
    await found.close()


async def test_a_dead_console_counts_as_no_screen_and_a_dead_phone_reads_what_it_missed(
    stack: Stack, app: App, place: Place, people: People, line: SlowLine
) -> None:
    """I2, I4: what is shown on no living screen is not said to be shown."""
    alive = await people.dispatcher(app, place.number("01"))
    dead = people.also(await Dispatcher.signed_in(app, place.number("02")))
    await _watch_over(line, dead)
    phone = people.also(await Reporter.signed_in(stack.citizens[0], verified=True, location=place.location))
    await phone.listen()
    first = (await phone.filed("之前"))["id"]
    await eventually(lambda: phone.screens(first) == 2, SOON_S, "two screens show it")

    line.silence()
    second = (await phone.filed("之后"))["id"]
    await eventually(lambda: phone.screens(second) == 1, SOON_S, "one screen shows it")
    assert second not in dead.cards
    assert (await alive.accept(second)).status_code == 200
    await eventually(lambda: phone.status(second) == "received", SOON_S, "已接收")
    await eventually(lambda: phone.screens(first) == 1, SOON_S, "the dead one counts no more")

    # It comes again, by a line that lives, with the cursor that it had.
    assert dead.socket is not None
    dead.socket.transport.abort()
    await dead.watch()
    await eventually(lambda: dead.status(second) == "received", SOON_S, "what it missed has come")
    await eventually(lambda: phone.screens(first) == 2, SOON_S, "two screens again")
    assert_whole(stack.database, place.desk)


async def _watch_over(line: SlowLine, dispatcher: Dispatcher) -> None:
    """As `Dispatcher.watch`, but by the line."""
    cookies = "; ".join(f"{name}={value}" for name, value in dispatcher.http.cookies.items())
    dispatcher.socket = await connect(
        line.url.replace("http", "ws", 1) + f"/console/live?after={dispatcher.cursor}",
        origin=dispatcher.app.url,  # type: ignore[arg-type]  # a NewType of str
        additional_headers={"cookie": cookies},
        max_size=None,
        proxy=None,
        ping_interval=None,
    )
    dispatcher._reading = asyncio.create_task(dispatcher._read(dispatcher.socket))
