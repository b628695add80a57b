"""Presence: which screens of a desk are open, whose they are, and how far each has shown the desk's log.

A screen says which event's state it has painted. So a report is on as many screens as there are open ones
that have shown the event of its filing. Presence lives in Redis alone: where that is away, it is unknown, and
nothing but this figure depends on it.
"""

import asyncio
import time
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import orjson
import structlog
from redis.asyncio import Redis
from redis.exceptions import RedisError

from realtime.channels import presence_key
from realtime.doorbell import PATIENCE_S, Doorbell

log = structlog.get_logger()

REFRESH_S = 2.0
FORGOTTEN_S = 7.0
AT_MOST_EVERY_S = 0.1


@dataclass(frozen=True, slots=True)
class Screen:
    """An open console: its dispatcher's number, and the last event of the desk whose state it shows."""

    dispatcher: str
    shown: int


class Presence:
    """The screens that this process has open, told to Redis; and everybody's, as Redis knows them."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis
        self._mine: dict[str, dict[str, Screen]] = {}
        self._gone: dict[str, set[str]] = {}
        self._moved: set[str] = set()
        self._wake = asyncio.Event()

    def arrived(self, desk: str, dispatcher: str) -> str:
        """A screen opened; gives the key to speak of it by."""
        key = uuid4().hex
        self._mine.setdefault(desk, {})[key] = Screen(dispatcher, 0)
        self._note(desk)
        return key

    def shown(self, desk: str, key: str, seq: int) -> None:
        """The screen has painted the states up to event `seq`."""
        screen = self._mine.get(desk, {}).get(key)
        if screen is not None and seq > screen.shown:
            self._mine[desk][key] = Screen(screen.dispatcher, seq)
            self._note(desk)

    def left(self, desk: str, key: str) -> None:
        """The screen closed."""
        if self._mine.get(desk, {}).pop(key, None) is not None:
            self._gone.setdefault(desk, set()).add(key)
            self._note(desk)

    def _note(self, desk: str) -> None:
        self._moved.add(desk)
        self._wake.set()

    async def tell(self, doorbell: Doorbell) -> None:
        """Keep Redis informed, for ever: soon after a move, and every two seconds, lest they be forgotten."""
        told = 0.0
        while True:
            try:
                async with asyncio.timeout(REFRESH_S):
                    await self._wake.wait()
            except TimeoutError:
                pass
            self._wake.clear()
            moved, self._moved = self._moved, set()
            everything = time.monotonic() - told >= REFRESH_S
            if everything:
                told = time.monotonic()
            try:
                await self._write(set(self._mine) | set(self._gone) if everything else moved)
            except (RedisError, OSError, TimeoutError) as error:
                log.info("presence_not_told", error=type(error).__name__)
                self._moved |= moved
            else:
                for desk in moved:
                    doorbell.ring_screens(desk)
            await asyncio.sleep(AT_MOST_EVERY_S)

    async def _write(self, desks: set[str]) -> None:
        at = time.time()
        pipeline = self._redis.pipeline(transaction=False)
        for desk in desks:
            name = presence_key(desk)
            if gone := self._gone.pop(desk, None):
                pipeline.hdel(name, *gone)
            screens: dict[Any, Any] = {
                key: orjson.dumps([screen.dispatcher, screen.shown, at])
                for key, screen in self._mine.get(desk, {}).items()
            }
            if screens:
                pipeline.hset(name, mapping=screens)
                pipeline.expire(name, 60)
        async with asyncio.timeout(PATIENCE_S):
            await pipeline.execute()

    async def screens(self, desk: str) -> list[Screen] | None:
        """The desk's open screens on every process; None when Redis does not say."""
        try:
            async with asyncio.timeout(PATIENCE_S):
                found = await self._redis.hgetall(presence_key(desk))
        except (RedisError, OSError, TimeoutError):
            return None
        since = time.time() - FORGOTTEN_S
        screens = []
        for value in found.values():
            try:
                dispatcher, shown, at = orjson.loads(value)
                if float(at) >= since:
                    screens.append(Screen(str(dispatcher), int(shown)))
            except (ValueError, TypeError):
                log.warning("presence_not_understood")
        return screens
