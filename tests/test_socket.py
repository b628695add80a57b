"""A socket's queue: held until the snapshot, collapsed when the client is slow, let go when it is hopeless."""

import asyncio
from collections.abc import Hashable, Iterable

import pytest
from starlette.types import Message
from starlette.websockets import WebSocket

from realtime import socket as socket_module
from realtime.socket import BACKLOG, LiveSocket, Update
from tests.people import eventually

pytestmark = pytest.mark.anyio

SOON_S = 10


class Client:
    """The other end: takes what is sent at once, until it stops reading."""

    def __init__(self) -> None:
        self.got: list[str] = []
        self.closed_with: int | None = None
        self.reads = asyncio.Event()
        self.reads.set()
        self._says: asyncio.Queue[Message] = asyncio.Queue()

    async def accepted(self) -> LiveSocket:
        """The server's socket to this client."""
        websocket = WebSocket({"type": "websocket"}, self._says.get, self._send)
        await self._says.put({"type": "websocket.connect"})
        await websocket.accept()
        return LiveSocket(websocket, compose)

    async def say(self, **message: str | bytes) -> None:
        await self._says.put({"type": "websocket.receive", **message})

    async def leave(self) -> None:
        await self._says.put({"type": "websocket.disconnect", "code": 1001})

    async def _send(self, message: Message) -> None:
        if message["type"] == "websocket.close":
            self.closed_with = message["code"]
        elif message["type"] == "websocket.send":
            await self.reads.wait()
            self.got.append(message["text"])

    async def has(self, *frames: str) -> None:
        """Returns when exactly these frames came."""
        await eventually(lambda: len(self.got) >= len(frames), SOON_S, f"{frames} came")
        await asyncio.sleep(0.01)
        assert self.got == list(frames)


def compose(seq: int, parts: Iterable[str]) -> list[str]:
    return [f"{seq}: {' '.join(parts)}"]


def update(seq: int, **states: str) -> Update:
    parts: dict[Hashable, str] = {name: states[name] for name in states}
    return Update(seq, parts, tuple(compose(seq, parts.values())))


async def test_what_comes_before_the_snapshot_waits_behind_it() -> None:
    client = Client()
    socket = await client.accepted()
    socket.offer(update(5, a="a5"))
    await client.has()
    socket.begin(["snapshot of 4"], 4)
    await client.has("snapshot of 4", "5: a5")
    assert socket.sent == 5


async def test_what_the_snapshot_holds_already_is_not_sent_again() -> None:
    """I2: none twice."""
    client = Client()
    socket = await client.accepted()
    socket.offer(update(4, a="a4"))
    socket.begin(["snapshot of 4"], 4)
    await client.has("snapshot of 4")
    socket.offer(update(4, a="a4"))  # the feed read it later than the snapshot did
    socket.offer(update(5, a="a5"))
    await client.has("snapshot of 4", "5: a5")


async def test_what_came_in_several_pieces_before_the_snapshot_is_dropped_or_sent_whole() -> None:
    client = Client()
    socket = await client.accepted()
    socket.offer(update(3, a="a3"))
    socket.offer(update(4, b="b4"))
    socket.begin(["snapshot of 4"], 4)
    await client.has("snapshot of 4")
    other = Client()
    socket = await other.accepted()
    socket.offer(update(4, a="a4"))
    socket.offer(update(5, b="b5"))
    socket.begin(["snapshot of 4"], 4)
    await other.has("snapshot of 4", "5: a4 b5")


async def test_an_update_that_begins_in_the_snapshot_and_reaches_past_it_brings_what_is_new_alone() -> None:
    """I2: none twice. The feed reads by its own steps, and a snapshot ends in the middle of one."""
    client = Client()
    socket = await client.accepted()
    socket.offer(update(6, a="<a5>", b="<b6>"))
    socket.begin(["snapshot of 5: <a5>"], 5)
    await client.has("snapshot of 5: <a5>", "6: <b6>")
    assert socket.sent == 6
    # Where nothing of it is new, the cursor goes on all the same.
    other = Client()
    socket = await other.accepted()
    socket.offer(update(6, a="<a5>"))
    socket.begin(["snapshot of 5: <a5>"], 5)
    await other.has("snapshot of 5: <a5>", "6: ")


async def test_a_client_that_keeps_up_gets_every_update_as_it_is() -> None:
    client = Client()
    socket = await client.accepted()
    socket.begin([], 0)
    for seq in range(1, 6):
        socket.offer(update(seq, a=f"a{seq}"))
        await client.has(*(f"{n}: a{n}" for n in range(1, seq + 1)))


async def test_what_waits_for_a_slow_client_collapses_into_the_newest_state_of_each_thing() -> None:
    client = Client()
    socket = await client.accepted()
    socket.begin([], 0)
    client.reads.clear()
    socket.offer(update(1, a="a1"))
    await asyncio.sleep(0.01)
    for seq in range(2, 500):
        socket.offer(update(seq, **{"ab"[seq % 2]: f"{'ab'[seq % 2]}{seq}"}))
    socket.offer(update(500, c="c500"))
    client.reads.set()
    await client.has("1: a1", "500: a498 b499 c500")
    assert socket.sent == 500


async def test_what_was_not_handed_over_does_not_count_as_sent() -> None:
    """A screen cannot have shown it."""
    client = Client()
    socket = await client.accepted()
    socket.begin([], 0)
    client.reads.clear()
    socket.offer(update(1, a="a1"))
    await asyncio.sleep(0.01)
    socket.offer(update(2, a="a2"))
    assert socket.sent == 1
    client.reads.set()
    await client.has("1: a1", "2: a2")
    assert socket.sent == 2


async def test_a_stuck_client_costs_the_others_nothing() -> None:
    stuck, other = Client(), Client()
    sockets = [await stuck.accepted(), await other.accepted()]
    for socket in sockets:
        socket.begin([], 0)
    stuck.reads.clear()
    for seq in range(1, 200):
        for socket in sockets:
            socket.offer(update(seq, a=f"a{seq}"))
        await eventually(lambda at=seq: len(other.got) == at, SOON_S, "the other has it")
    assert stuck.got == []


async def test_a_client_with_too_much_waiting_is_let_go_and_holds_nothing_any_more() -> None:
    client = Client()
    socket = await client.accepted()
    socket.begin([], 0)
    client.reads.clear()
    socket.offer(update(1, a="a1"))
    await asyncio.sleep(0.01)
    for seq in range(2, BACKLOG + 10):
        socket.offer(update(seq, **{f"r{seq}": f"{seq}"}))
    assert socket.overflowed
    client.reads.set()
    await eventually(
        lambda: client.closed_with == 1013, SOON_S, "it is let go: come again and read everything"
    )
    assert client.got == ["1: a1"], "no half of a backlog"


async def test_a_client_that_takes_nothing_for_long_is_let_go(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket_module, "SEND_PATIENCE_S", 0.05)
    client = Client()
    socket = await client.accepted()
    socket.begin([], 0)
    client.reads.clear()
    socket.offer(update(1, a="a1"))
    await eventually(lambda: client.closed_with == 1013, SOON_S, "it is let go")
    assert socket.closed
    socket.offer(update(2, a="a2"))
    socket.say("tick")
    client.reads.set()
    await asyncio.sleep(0.02)
    assert client.got == [], "nothing is kept for one that is gone"


async def test_words_of_life_do_not_pile_up_for_a_slow_client() -> None:
    client = Client()
    socket = await client.accepted()
    socket.begin([], 0)
    client.reads.clear()
    for second in range(100):
        socket.say(f"tick {second}")
        await asyncio.sleep(0)
    client.reads.set()
    await eventually(lambda: client.got, SOON_S, "it reads again")
    await asyncio.sleep(0.02)
    assert len(client.got) <= 16


async def test_states_and_other_frames_leave_in_the_order_in_which_they_came_after_a_snapshot() -> None:
    client = Client()
    socket = await client.accepted()
    socket.say("tick")
    socket.begin(["snapshot"], 1)
    await client.has("snapshot", "tick")
    socket.offer(update(2, a="a2"))
    await client.has("snapshot", "tick", "2: a2")


async def test_it_knows_whether_a_state_of_a_thing_still_waits() -> None:
    client = Client()
    socket = await client.accepted()
    assert not socket.holds("a")
    socket.offer(update(1, a="a1"))
    assert socket.holds("a")
    assert not socket.holds("b")
    socket.offer(update(2, b="b2"))
    assert socket.holds("a")
    assert socket.holds("b")
    socket.begin([], 0)
    await eventually(lambda: client.got, SOON_S, "it is sent")
    assert not socket.holds("a")


async def test_what_a_client_says_is_read_and_its_leaving_noticed() -> None:
    client = Client()
    socket = await client.accepted()
    await client.say(text="words")
    await client.say(bytes=b"\x00")
    await client.leave()
    assert [await socket.receive() for _ in range(3)] == ["words", "", None]
    assert socket.closed
    await socket.close(1001)
    assert client.closed_with is None, "it has left by itself"


async def test_it_is_closed_once() -> None:
    client = Client()
    socket = await client.accepted()
    await socket.close(4401)
    await socket.close(1012)
    assert client.closed_with == 4401
