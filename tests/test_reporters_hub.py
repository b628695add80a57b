"""What a reporter's socket is told: never an older state after a newer one, however the moments fall."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import orjson
import pytest
from starlette.types import Message
from starlette.websockets import WebSocket

from api.hub import Hub, Listener
from api.known import KnownSessions
from dispatch.database import Database
from dispatch.events import REPORT_RECEIVED, Recorded
from dispatch.reads import Reads
from dispatch.writer import Writer
from realtime.presence import Screen
from realtime.socket import LiveSocket
from tests.domain import DESK, acknowledge, add_reporter, done, file, filing, writing
from tests.people import eventually

pytestmark = pytest.mark.anyio

SOON_S = 10


class SlowPresence:
    """Redis, when it takes its time to say which screens are open."""

    def __init__(self) -> None:
        self.answers = asyncio.Event()
        self.asked = 0
        self.found = [Screen("01", 10**6)]

    async def screens(self, _desk: str) -> list[Screen]:
        self.asked += 1
        await self.answers.wait()
        return list(self.found)


@dataclass
class Scene:
    """A hub, a reporter with a report that waits, and the reporter's socket, not yet greeted."""

    hub: Hub
    presence: SlowPresence
    writer: Writer
    reads: Reads
    listener: Listener
    report: UUID
    frames: list[dict[str, Any]]

    async def accepted_by(self, dispatcher: str) -> None:
        """The report is received, and the feed brings it."""
        await asyncio.to_thread(done, self.writer, acknowledge(self.report, dispatcher), DESK)
        event = Recorded(DESK, 2, REPORT_RECEIVED, self.report, self.listener.reporter)
        loaded = await self.reads(lambda session: self.hub.load(session, DESK, [event]))
        self.hub.deliver(DESK, 2, loaded)

    def told(self) -> list[tuple[int, str, int]]:
        """Version, status and screens of the report, as the client was told one after the other."""
        reports = [
            report
            for frame in self.frames
            for report in frame.get("reports", []) or [frame.get("report")]
            if report
        ]
        return [(report["version"], report["status"], report["screens"]) for report in reports]


@pytest.fixture
async def scene(database: Database) -> AsyncIterator[Scene]:
    presence, reads = SlowPresence(), Reads(database, 2)
    frames: list[dict[str, Any]] = []
    hub = Hub(reads, presence, KnownSessions())  # type: ignore[arg-type]  # it stands for Redis
    websocket = WebSocket({"type": "websocket"}, _connecting(), _into(frames))
    await websocket.accept()
    with writing(database) as writer:
        reporter = await asyncio.to_thread(done, writer, add_reporter)
        filed = await asyncio.to_thread(done, writer, file(filing(reporter)), DESK)
        listener = Listener(
            LiveSocket(websocket, lambda _seq, parts: list(parts)), reporter, b"session", "zh-CN"
        )
        yield Scene(hub, presence, writer, reads, listener, filed.id, frames)
    reads.close()


async def test_what_comes_amid_the_greeting_follows_it_and_nothing_older_comes_after(scene: Scene) -> None:
    """I4: 已接收 is not taken back by a count of screens that was on its way."""
    greeting = asyncio.create_task(scene.hub.listen(scene.listener, {}))
    await eventually(lambda: scene.presence.asked, SOON_S, "it has read, and asks for the screens")
    await scene.accepted_by(f"{DESK}01")
    scene.presence.answers.set()
    await greeting
    await eventually(lambda: len(scene.told()) == 2, SOON_S, "greeting and news")
    scene.presence.found = []
    scene.hub.screens_moved(DESK)
    await asyncio.sleep(0.1)
    told = [(version, status) for version, status, _ in scene.told()]
    assert told == sorted(told)
    assert set(told) == {(1, "filed"), (2, "received")}


async def test_while_a_report_waits_its_count_of_screens_is_told_whenever_it_moves(scene: Scene) -> None:
    scene.presence.answers.set()
    await scene.hub.listen(scene.listener, {})
    for found in ([], [Screen("01", 10**6), Screen("02", 10**6)], [Screen("01", 0), Screen("02", 10**6)]):
        scene.presence.found = found
        scene.hub.screens_moved(DESK)
        await asyncio.sleep(0.05)
    assert [screens for _, _, screens in scene.told()] == [1, 0, 2, 1]


async def test_a_received_report_of_which_no_screen_is_known_is_told_the_first_that_is(scene: Scene) -> None:
    scene.presence.answers.set()
    scene.presence.found = []
    await scene.hub.listen(scene.listener, {})
    await scene.accepted_by(f"{DESK}01")
    await eventually(lambda: (2, "received", 0) in scene.told(), SOON_S, "it is received, on no screen")
    scene.presence.found = [Screen("01", 10**6)]
    scene.hub.screens_moved(DESK)
    await eventually(lambda: scene.told()[-1] == (2, "received", 1), SOON_S, "it is on one")
    # From then on it is not counted any more: what moves is the business of who waits.
    scene.presence.found = []
    scene.hub.screens_moved(DESK)
    await asyncio.sleep(0.1)
    assert scene.told()[-1] == (2, "received", 1)


async def test_a_screen_that_vanished_without_a_word_is_missed_soon(scene: Scene) -> None:
    scene.presence.answers.set()
    await scene.hub.listen(scene.listener, {})
    await eventually(lambda: scene.told(), SOON_S, "the greeting")
    recounting = asyncio.create_task(scene.hub.recount_screens())
    scene.presence.found = []
    await eventually(lambda: scene.told()[-1][2] == 0, SOON_S, "it counts no more")
    recounting.cancel()


def _connecting() -> Any:
    async def receive() -> Message:
        return {"type": "websocket.connect"}

    return receive


def _into(frames: list[dict[str, Any]]) -> Any:
    async def send(message: Message) -> None:
        if message["type"] == "websocket.send":
            frames.append(orjson.loads(message["text"]))

    return send
