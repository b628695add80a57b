"""Presence: which screens of a desk are open, whose they are, and how far each has shown the desk's log.

A screen says which event's state it has painted. So a report is on as many screens as there are open ones
that have shown the event of its filing. Presence lives in Redis alone: where that is away, it is unknown, and
nothing but this figure depends on it.
"""

import asyncio
import time
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any
from uuid import uuid4

import orjson
import structlog
from redis.asyncio import Redis

from realtime.away import AWAY
from realtime.channels import CONSOLES, presence_key
from realtime.doorbell import Doorbell
from realtime.redis_at import PATIENCE_S

log = structlog.get_logger()

REFRESH_S = 2.0
FORGOTTEN_S = 7.0
AT_MOST_EVERY_S = 0.1
# One answer that does not come is a busy moment; none for so long is Redis away, or frozen with its connections open.
SILENT_S = 3.0


@dataclass(frozen=True, slots=True)
class Screen:
    """An open console: its dispatcher's number, the last event of the desk whose state it shows, and the report that
    is in hand on it."""

    dispatcher: str
    shown: int
    looking: str = ""


@dataclass(frozen=True, slots=True)
class Attendance:
    """Who has a console open, by desk, and the console processes that say so."""

    processes: frozenset[str]
    on: Mapping[str, frozenset[str]]


class Presence:
    """The screens that this process has open, told to Redis; and everybody's, as Redis knows them."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis
        self._mine: dict[str, dict[str, Screen]] = {}
        self._gone: dict[str, set[str]] = {}
        self._moved: set[str] = set()
        self._polled: dict[tuple[str, str], float] = {}
        self._process = uuid4().hex
        self._wake = asyncio.Event()
        self._unanswered_since: float | None = None

    @property
    def answered(self) -> bool:
        """Whether Redis has not been silent for long, as far as it was asked."""
        since = self._unanswered_since
        return since is None or time.monotonic() - since < SILENT_S

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
            self._mine[desk][key] = replace(screen, shown=seq)
            self._note(desk)

    def looking(self, desk: str, key: str, report: str) -> None:
        """The report that is in hand on the screen; empty: none."""
        screen = self._mine.get(desk, {}).get(key)
        if screen is not None and report != screen.looking:
            self._mine[desk][key] = replace(screen, looking=report)
            self._note(desk)

    def left(self, desk: str, key: str) -> None:
        """The screen closed."""
        if self._mine.get(desk, {}).pop(key, None) is not None:
            self._gone.setdefault(desk, set()).add(key)
            self._note(desk)

    def polled(self, desk: str, dispatcher: str) -> None:
        """A console asked by HTTP for what its socket should bring: somebody is there, on no screen that is counted."""
        self._polled[desk, dispatcher] = time.time()
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
                await self._write(self._all() if everything else moved, everything=everything)
            except AWAY as error:
                log.info("presence_not_told", error=type(error).__name__)
                self._note_answer(came=False)
                self._moved |= moved
            else:
                self._note_answer(came=True)
                for desk in moved:
                    doorbell.ring_screens(desk)
            await asyncio.sleep(AT_MOST_EVERY_S)

    def _all(self) -> set[str]:
        since = time.time() - FORGOTTEN_S
        self._polled = {who: at for who, at in self._polled.items() if at >= since}
        return set(self._mine) | set(self._gone) | {desk for desk, _ in self._polled}

    async def _write(self, desks: set[str], *, everything: bool) -> None:
        at = time.time()
        pipeline = self._redis.pipeline(transaction=False)
        for desk in desks:
            name = presence_key(desk)
            if gone := self._gone.pop(desk, None):
                pipeline.hdel(name, *gone)
            screens: dict[Any, Any] = {
                key: orjson.dumps([screen.dispatcher, screen.shown, at, screen.looking])
                for key, screen in self._mine.get(desk, {}).items()
            }
            screens |= {
                f"polled {dispatcher}": orjson.dumps([dispatcher, 0, asked_at, ""])
                for (of, dispatcher), asked_at in self._polled.items()
                if of == desk
            }
            if screens:
                pipeline.hset(name, mapping=screens)
                pipeline.expire(name, 60)
        async with asyncio.timeout(PATIENCE_S):
            await pipeline.execute()
        if everything:
            await self._say_that_it_is_told(at)

    async def _say_that_it_is_told(self, at: float) -> None:
        """Said last, when the rest was taken: whoever reads it finds all that this process has open. In a cluster what
        is sent together has no order."""
        pipeline = self._redis.pipeline(transaction=False)
        pipeline.zadd(CONSOLES, {self._process: at})
        pipeline.zremrangebyscore(CONSOLES, 0, at - 60)
        async with asyncio.timeout(PATIENCE_S):
            await pipeline.execute()

    async def screens(self, desk: str) -> list[Screen] | None:
        """The desk's open screens on every process; None when Redis does not say."""
        try:
            async with asyncio.timeout(PATIENCE_S):
                found = await self._redis.hgetall(presence_key(desk))
        except AWAY:
            self._note_answer(came=False)
            return None
        self._note_answer(came=True)
        return _understood(found.values())

    def _note_answer(self, *, came: bool) -> None:
        if came:
            self._unanswered_since = None
        elif self._unanswered_since is None:
            self._unanswered_since = time.monotonic()

    async def attendance(self, desks: Collection[str]) -> Attendance | None:
        """Who has a console of these desks open, on any process; None when Redis does not say."""
        order = sorted(desks)
        pipeline = self._redis.pipeline(transaction=False)
        for desk in order:
            pipeline.hgetall(presence_key(desk))
        try:
            async with asyncio.timeout(PATIENCE_S):  # first who tells, then what they told before
                tells: Any = await self._redis.zrangebyscore(CONSOLES, time.time() - FORGOTTEN_S, "+inf")
                found = await pipeline.execute()
        except AWAY:
            return None
        on = {
            desk: frozenset(screen.dispatcher for screen in _understood(values.values()))
            for desk, values in zip(order, found, strict=True)
        }
        return Attendance(frozenset(process.decode() for process in tells), on)


def _understood(values: Iterable[bytes | str]) -> list[Screen]:
    since = time.time() - FORGOTTEN_S
    screens = []
    for value in values:
        try:
            dispatcher, shown, at, *looking = orjson.loads(value)
            if float(at) >= since:
                screens.append(Screen(str(dispatcher), int(shown), str(*looking)))
        except (ValueError, TypeError):
            log.warning("presence_not_understood")
    return screens
