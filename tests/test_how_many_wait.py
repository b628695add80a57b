"""How many wait: a tick says it of one moment, and counting them never takes the desk's time."""

import asyncio
import time
from types import SimpleNamespace
from typing import Any, cast

import orjson
import pytest
from sqlmodel import Session

from console import hub as hubs
from console.hub import Console, Hub, Loaded
from console.rendering import Rendering
from dispatch import waiting
from dispatch.database import Database
from dispatch.events import heads
from dispatch.reads import Reads
from realtime.presence import Presence
from realtime.socket import LiveSocket
from tests.domain import DESK, add_reporter, done, file, filing, writing
from tests.people import eventually

pytestmark = pytest.mark.anyio


class Screen:
    """What a console hears."""

    def __init__(self) -> None:
        self.words: list[dict[str, Any]] = []

    def say(self, word: str) -> None:
        self.words.append(orjson.loads(word))

    def offer(self, update: object) -> None: ...


def at(database: Database) -> tuple[Hub, Screen]:
    """A hub with one console of the desk."""

    presence = cast(Presence, SimpleNamespace(arrived=lambda *_: "key"))
    hub, screen = Hub(Reads(database, 1), presence, Rendering()), Screen()
    hub.arrive(Console(cast(LiveSocket, screen), DESK, f"{DESK}01", b"", "zh-CN"))
    return hub, screen


def loaded(hub: Hub, database: Database) -> tuple[int, Loaded]:
    with database.read() as session:
        return heads(session, [DESK])[DESK], hub.load(session, DESK, [])


async def test_a_count_that_took_long_is_not_made_again_at_once(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    at_s = 100.0
    monkeypatch.setattr(time, "monotonic", lambda: at_s)

    def slow(_session: Session, _desk: str) -> int:
        nonlocal at_s
        at_s += 0.010
        return 17_000

    monkeypatch.setattr(waiting, "count", slow)
    hub, _ = at(database)
    with database.read() as session:
        assert hub.load(session, DESK, []).waiting == 17_000
        at_s += 0.19
        assert hub.load(session, DESK, []).waiting is None
        at_s += 0.02
        assert hub.load(session, DESK, []).waiting == 17_000


async def test_a_tick_counts_who_waited_at_its_own_moment_and_else_says_nothing_of_it(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    hub, screen = at(database)
    monkeypatch.setattr(hubs, "TICK_S", 0.02)
    with writing(database) as writer:
        reporter = done(writer, add_reporter)
        done(writer, file(filing(reporter)), DESK)
        seq, first = loaded(hub, database)
        hub.deliver(DESK, seq, first)
        cursor = seq
        loop = asyncio.get_running_loop()
        ticking = loop.create_task(hub.tick(loop.time, lambda _desk: cursor, lambda: True))
        await eventually(lambda: screen.words, 20, "a tick")
        assert {word["waiting"] for word in screen.words} == {1}
        done(writer, file(filing(reporter)), DESK)
    # The feed brings it uncounted, for another count has just been made.
    cursor, second = loaded(hub, database)
    second.waiting = None
    hub.deliver(DESK, cursor, second)
    screen.words.clear()
    await eventually(lambda: screen.words, 20, "a tick")
    assert {word["waiting"] for word in screen.words} == {None}
    counting = loop.create_task(hub.count_again(lambda _desk: cursor))
    await eventually(lambda: screen.words[-1]["waiting"] == 2, 20, "a count")
    for task in (ticking, counting):
        task.cancel()
    with database.read() as session:
        assert waiting.count(session, DESK) == 2


async def test_after_the_log_began_anew_it_is_counted_anew(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A backup was restored: the log is shorter than what was counted last, be it by a count that comes too late."""
    monkeypatch.setattr(hubs, "TICK_S", 0.02)
    hub, screen = at(database)
    monkeypatch.setattr(Hub, "_close_soon", lambda *_: None)
    hub.resync(DESK)
    hub.set_known(DESK, 1000, 7, (60,))
    with writing(database) as writer:
        done(writer, file(filing(done(writer, add_reporter))), DESK)
    loop = asyncio.get_running_loop()
    tasks = [
        loop.create_task(hub.count_again(lambda _desk: 1)),
        loop.create_task(hub.tick(loop.time, lambda _desk: 1, lambda: True)),
    ]
    await eventually(lambda: screen.words and screen.words[-1]["waiting"] == 1, 20, "a count")
    for task in tasks:
        task.cancel()
