"""Phones: which reporters have the page open now, and who is just writing. For the desk's screens alone.

Lives in Redis alone and expires by itself: where Redis is away it is unknown, and nothing depends on it.
"""

import asyncio
import time
from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

import structlog
from redis.asyncio import Redis

from realtime.away import AWAY
from realtime.channels import phone_key, writing_key
from realtime.redis_at import PATIENCE_S

log = structlog.get_logger()

REFRESH_S = 20.0
# An open page is told of every twenty seconds; whose process died says no more.
FORGOTTEN_S = 50.0
KEPT_S = 24 * 3600
WRITING_S = 6.0
AT_MOST_EVERY_S = 0.1


@dataclass(frozen=True, slots=True)
class Phone:
    """A reporter's side as the desk sees it: whether a page is open, since when that is so (seconds since 1970; None:
    not known), and whether somebody is writing."""

    on: bool
    since: float | None
    writing: bool


class Phones:
    """The reporters whose page is open on this process, told to Redis; and anybody's, as Redis knows them."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis
        self._here: dict[UUID, tuple[int, float]] = {}
        self._left: dict[UUID, float] = {}
        self._moved: set[UUID] = set()
        self._writing: set[UUID] = set()
        self._wake = asyncio.Event()

    def arrived(self, reporter: UUID) -> None:
        """A page of the reporter's opened."""
        count, since = self._here.get(reporter, (0, time.time()))
        self._here[reporter] = (count + 1, since)
        self._left.pop(reporter, None)
        self._note(reporter)

    def left(self, reporter: UUID) -> None:
        """A page of the reporter's closed."""
        count, since = self._here.pop(reporter, (0, 0.0))
        if count > 1:
            self._here[reporter] = (count - 1, since)
        elif count:
            self._left[reporter] = time.time()
            self._note(reporter)

    def writes(self, report: UUID) -> None:
        """The reporter is writing about a report."""
        self._writing.add(report)
        self._wake.set()

    def _note(self, reporter: UUID) -> None:
        self._moved.add(reporter)
        self._wake.set()

    async def tell(self) -> None:
        """Keep Redis informed, for ever: soon after a move, and now and then, lest they be forgotten."""
        told = 0.0
        while True:
            try:
                async with asyncio.timeout(REFRESH_S):
                    await self._wake.wait()
            except TimeoutError:
                pass
            self._wake.clear()
            moved, self._moved = self._moved, set()
            writing, self._writing = self._writing, set()
            if time.monotonic() - told >= REFRESH_S:
                told = time.monotonic()
                moved |= set(self._here)
            try:
                await self._write(moved, writing)
            except AWAY as error:
                log.info("phones_not_told", error=type(error).__name__)
                self._moved |= moved
            await asyncio.sleep(AT_MOST_EVERY_S)

    async def _write(self, moved: set[UUID], writing: set[UUID]) -> None:
        at = time.time()
        pipeline = self._redis.pipeline(transaction=False)
        for reporter in moved:
            if reporter in self._here:
                word = f"on {self._here[reporter][1]:.3f} {at:.3f}"
            else:
                word = f"off {self._left.get(reporter, at):.3f} {at:.3f}"
            pipeline.set(phone_key(reporter), word, ex=KEPT_S)
        for report in writing:
            pipeline.set(writing_key(report), "1", px=int(WRITING_S * 1000))
        async with asyncio.timeout(PATIENCE_S):
            await pipeline.execute()
        for reporter in moved:
            self._left.pop(reporter, None)

    async def of(self, reporters: Mapping[UUID, UUID]) -> dict[UUID, Phone]:
        """The phones behind these reports (by report; the values are their reporters); what is unknown is left out."""
        if not reporters:
            return {}
        reports = list(reporters)
        keys = [phone_key(reporters[report]) for report in reports] + [
            writing_key(report) for report in reports
        ]
        pipeline = self._redis.pipeline(transaction=False)  # in a cluster one command asks one node
        for key in keys:
            pipeline.get(key)
        try:
            async with asyncio.timeout(PATIENCE_S):
                found = await pipeline.execute()
        except AWAY:
            return {}
        words, writing = found[: len(reports)], found[len(reports) :]
        phones = {}
        for report, word, writes in zip(reports, words, writing, strict=True):
            if (phone := _understood(word, writing=writes is not None)) is not None:
                phones[report] = phone
        return phones


def _understood(word: bytes | str | None, *, writing: bool) -> Phone | None:
    try:
        state, since, told = (word.decode() if isinstance(word, bytes) else word or "").split()
        if state == "on" and time.time() - float(told) > FORGOTTEN_S:
            return Phone(on=False, since=float(told), writing=False)
        return Phone(on=state == "on", since=float(since), writing=writing and state == "on")
    except ValueError:
        return None
