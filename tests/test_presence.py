"""Presence: which screens are open and how far each has come, counted over processes, on a real Valkey."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import orjson
import pytest
from redis.asyncio import Redis

from realtime import presence as presence_module
from realtime.background import end
from realtime.channels import presence_key
from realtime.doorbell import Doorbell
from realtime.presence import Presence, Screen
from realtime.redis_at import connect
from tests.people import eventually
from tests.places import Place
from tests.servers import Valkey

pytestmark = pytest.mark.anyio

SOON_S = 20


class Process:
    """What a console process knows and tells of its screens; and what it hears of others' moves."""

    def __init__(self, redis: Redis, url: str) -> None:
        self.moved: list[str] = []
        self.presence = Presence(redis)
        self.doorbell = Doorbell(redis, url, lambda _desk, _seq: None, lambda: None, self.moved.append)
        self.telling: list[asyncio.Task[None]] = []

    async def begin(self) -> None:
        works = (self.presence.tell(self.doorbell), self.doorbell.ring_all(), self.doorbell.listen())
        self.telling = [asyncio.create_task(work) for work in works]
        await eventually(lambda: self.doorbell.connected, SOON_S, "it listens")

    def die(self) -> None:
        """As SIGKILL does: nothing more is told."""
        for task in self.telling:
            task.cancel()

    async def counts(self, desk: str) -> list[tuple[str, int]]:
        """Whose screens the desk has and how far each has shown, as this process would say."""
        found = await self.presence.screens(desk)
        assert found is not None
        return sorted((screen.dispatcher, screen.shown) for screen in found)


@asynccontextmanager
async def process(valkey: Valkey) -> AsyncIterator[Process]:
    """A console process, as far as presence goes."""
    redis = connect(valkey.url)
    running = Process(redis, valkey.url)
    await running.begin()
    try:
        yield running
    finally:
        running.die()
        await end(running.telling)
        await redis.aclose()


async def seen_by(watcher: Process, desk: str, *expected: tuple[str, int], within_s: float = SOON_S) -> None:
    """Returns when the desk's screens are these."""

    async def as_expected() -> bool:
        return await watcher.counts(desk) == sorted(expected)

    await eventually(as_expected, within_s, f"the screens are {expected}")


async def test_screens_are_counted_over_processes_with_what_each_has_shown(
    valkey_of_session: Valkey, place: Place
) -> None:
    async with process(valkey_of_session) as one, process(valkey_of_session) as other:
        first = one.presence.arrived(place.desk, "01")
        second = other.presence.arrived(place.desk, "02")
        again = other.presence.arrived(place.desk, "02")
        await seen_by(one, place.desk, ("01", 0), ("02", 0), ("02", 0))
        one.presence.shown(place.desk, first, 7)
        other.presence.shown(place.desk, again, 9)
        for watcher in (one, other):
            await seen_by(watcher, place.desk, ("01", 7), ("02", 0), ("02", 9))
        other.presence.left(place.desk, second)
        await seen_by(one, place.desk, ("01", 7), ("02", 9))
        assert await one.counts("999999") == []


async def test_a_screen_never_shows_less_than_it_has_shown(valkey_of_session: Valkey, place: Place) -> None:
    async with process(valkey_of_session) as one:
        key = one.presence.arrived(place.desk, "01")
        for seq in (5, 3, 9, 0, 8):
            one.presence.shown(place.desk, key, seq)
        await seen_by(one, place.desk, ("01", 9))


async def test_who_is_unknown_or_gone_shows_nothing(valkey_of_session: Valkey, place: Place) -> None:
    async with process(valkey_of_session) as one:
        key = one.presence.arrived(place.desk, "01")
        one.presence.left(place.desk, key)
        one.presence.left(place.desk, key)
        one.presence.shown(place.desk, key, 9)
        one.presence.shown(place.desk, "forged", 9)
        await asyncio.sleep(0.3)
        assert await one.counts(place.desk) == []


async def test_every_move_is_rung_to_everybody(valkey_of_session: Valkey, place: Place) -> None:
    async with process(valkey_of_session) as one, process(valkey_of_session) as other:
        moves: list[Callable[[], object]] = [
            lambda: one.presence.arrived(place.desk, "01"),
            lambda: one.presence.shown(place.desk, next(iter(one.presence._mine[place.desk])), 3),
            lambda: one.presence.left(place.desk, next(iter(one.presence._mine[place.desk]))),
        ]
        for move in moves:
            other.moved.clear()
            move()
            await eventually(lambda: place.desk in other.moved, SOON_S, "the others hear of it")


async def test_the_screens_of_a_process_that_died_are_forgotten(
    valkey_of_session: Valkey, place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(presence_module, "FORGOTTEN_S", 1.0)
    monkeypatch.setattr(presence_module, "REFRESH_S", 0.2)
    async with process(valkey_of_session) as one, process(valkey_of_session) as other:
        one.presence.arrived(place.desk, "01")
        other.presence.arrived(place.desk, "02")
        await seen_by(one, place.desk, ("01", 0), ("02", 0))
        other.die()
        await seen_by(one, place.desk, ("01", 0))
        await asyncio.sleep(1.5)
        assert await one.counts(place.desk) == [("01", 0)], "one that lives is never forgotten"


def test_a_living_process_tells_more_often_than_it_is_forgotten() -> None:
    assert 3 * presence_module.REFRESH_S < presence_module.FORGOTTEN_S


async def test_a_redis_that_forgot_everything_is_told_again(valkey_of_session: Valkey, place: Place) -> None:
    async with process(valkey_of_session) as one:
        key = one.presence.arrived(place.desk, "01")
        one.presence.shown(place.desk, key, 4)
        await seen_by(one, place.desk, ("01", 4))
        with valkey_of_session.client() as client:
            client.delete(presence_key(place.desk))
        await seen_by(one, place.desk, ("01", 4))


async def test_while_redis_is_away_screens_are_unknown_and_afterwards_told_again(
    valkey: Valkey, place: Place
) -> None:
    async with process(valkey) as one:
        one.presence.arrived(place.desk, "01")
        await seen_by(one, place.desk, ("01", 0))
        valkey.freeze()
        asked = time.monotonic()
        assert await one.presence.screens(place.desk) is None
        assert time.monotonic() - asked < 2, "nobody waits for Redis"
        one.presence.arrived(place.desk, "02")
        valkey.thaw()
        valkey.kill()
        assert await one.presence.screens(place.desk) is None
        valkey.launch()
        await eventually(lambda: asyncio.to_thread(valkey.ready), SOON_S, "Valkey is back")

        async def both() -> bool:
            return sorted(await one.presence.screens(place.desk) or [], key=str) == [
                Screen("01", 0),
                Screen("02", 0),
            ]

        await eventually(both, SOON_S, "both are told again")


async def test_what_nobody_of_us_wrote_is_no_screen(valkey_of_session: Valkey, place: Place) -> None:
    async with process(valkey_of_session) as one:
        one.presence.arrived(place.desk, "01")
        await seen_by(one, place.desk, ("01", 0))
        junk = [b"", b"\xff", b"null", b"[]", b"{}", b'["02"]', b'["02",1]', b'["02","x","y"]', b"[" * 2000]
        old = orjson.dumps(["03", 1, time.time() - 3600])
        values = {f"junk{n}": value for n, value in enumerate([*junk, old])}
        with valkey_of_session.client() as client:
            client.hset(presence_key(place.desk), mapping=values)
        assert await one.counts(place.desk) == [("01", 0)]
