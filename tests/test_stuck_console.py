"""A console that stops reading costs the others nothing, and reads the newest states when it reads again (I2)."""

import asyncio
import re
import socket
import time
from collections.abc import Iterator

import pytest
from websockets.asyncio.client import ClientConnection, connect

from tests.people import CARD, Dispatcher, People, card_attributes, eventually
from tests.places import Place
from tests.promises import promised
from tests.stack import App, Stack
from tests.truth import assert_whole

pytestmark = pytest.mark.anyio

SOON_S = 20
AT_ONCE = 5
ROUNDS = 40


@pytest.fixture
def narrow(whole: Stack) -> Iterator[App]:
    """A console process for whose clients the kernel holds kilobytes, not megabytes."""
    with whole.another("console", "tests.faults.narrow_lines") as app:
        yield app


async def test_a_console_that_stops_reading_delays_no_other_and_catches_up_with_the_newest_states(
    whole: Stack, place: Place, people: People, narrow: App
) -> None:
    neighbour = await people.dispatcher(narrow, place.number("01"))
    phones = [await people.reporter(whole.citizens[0], place.location) for _ in range(AT_ONCE)]
    stuck = await _stuck(neighbour)
    frames_before = len(neighbour.seqs)
    slowest = 0.0
    filed: list[str] = []
    for _ in range(ROUNDS):
        began = time.monotonic()
        ids = [report["id"] for report in await asyncio.gather(*(phone.filed() for phone in phones))]
        await eventually(
            lambda ids=ids: all(id_ in neighbour.cards for id_ in ids), SOON_S, "the neighbour sees them"
        )
        slowest = max(slowest, max(neighbour.first_seen[id_] - began for id_ in ids))
        filed += ids
    assert (await neighbour.accept(filed[0])).status_code == 200
    await eventually(lambda: neighbour.status(filed[0]) == "received", SOON_S, "and the acceptance")
    promised("filed, then seen beside a stuck console", slowest, 1.0)

    frames, cards = await _read_on(stuck, neighbour.cursor)
    sent = len(neighbour.seqs) - frames_before
    print(f"{sent} frames to the neighbour, {frames} to the stuck one")
    assert frames < sent, "its backlog was collapsed into the newest states"
    assert set(cards) == set(filed)
    assert cards[filed[0]] == "received", "the newest state, not the one it missed"
    assert_whole(whole.database, place.desk)


async def _stuck(neighbour: Dispatcher) -> ClientConnection:
    """A second window of the same dispatcher, whose network takes a few kilobytes and no more."""
    narrow = socket.socket()
    narrow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    narrow.connect(("127.0.0.1", neighbour.app.port))
    narrow.setblocking(False)
    cookies = "; ".join(f"{name}={value}" for name, value in neighbour.http.cookies.items())
    return await connect(
        neighbour.app.url.replace("http", "ws", 1) + f"/console/live?after={neighbour.cursor}",
        sock=narrow,
        origin=neighbour.app.url,  # type: ignore[arg-type]  # a NewType of str
        additional_headers={"cookie": cookies},
        max_queue=1,
        max_size=None,
        proxy=None,
    )


async def _read_on(stuck: ClientConnection, upto: str) -> tuple[int, dict[str, str]]:
    """It reads again, until it is where the others are: how many frames that took, and each report's last status."""
    frames, cards = 0, {}
    async with asyncio.timeout(SOON_S):
        async for text in stuck:
            assert isinstance(text, str)
            if text.startswith("{"):
                continue
            frames += 1
            for card in CARD.finditer(text):
                attributes = card_attributes(card[0])
                cards[attributes["report"]] = attributes["status"]
            if re.search(re.escape(f'value="{upto}"'), text):
                break
    await stuck.close()
    return frames, cards
