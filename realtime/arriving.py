"""Arriving: how much of a photo, a video or a voice note has come so far. For the desk's screens alone.

Lives in Redis alone and expires by itself: where Redis is away it is unknown, and nothing depends on it. No log and no
table has a word of it: an upload is told by events when it begins and when it is ready or refused.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Collection
from dataclasses import dataclass
from uuid import UUID

import structlog
from redis.asyncio import Redis

from realtime.away import AWAY
from realtime.channels import arriving_key
from realtime.redis_at import PATIENCE_S

log = structlog.get_logger()

AT_MOST_EVERY_S = 1.0
# Nothing of an upload has come for so long: it stands still. A phone sends pieces of some five seconds each.
STILL_S = 10.0
KEPT_S = 24 * 3600  # as long as an upload that nobody goes on with


@dataclass(frozen=True, slots=True)
class Came:
    """How much has come: whole percents, and since when it stands still (seconds since 1970; None: it does not)."""

    percent: int
    still_since: float | None


class Arriving:
    """What comes to this process, told to Redis; and what comes to any, as Redis knows it."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis
        self._moved: dict[tuple[UUID, UUID], str] = {}
        self._wake = asyncio.Event()

    async def watched(
        self, report: UUID, media: UUID, length: int, offset: int, body: AsyncIterator[bytes]
    ) -> AsyncIterator[bytes]:
        """The same body, piece by piece, from `offset` on; what has come of `length` bytes is told meanwhile."""
        async for piece in body:
            offset += len(piece)
            self._moved[report, media] = f"{offset} {length} {time.time():.3f}"
            self._wake.set()
            yield piece

    async def tell(self) -> None:
        """Keep Redis informed, for ever: of each upload at most once a second."""
        while True:
            await self._wake.wait()
            self._wake.clear()
            moved, self._moved = self._moved, {}
            try:
                await self._write(moved)
            except AWAY as error:
                # The next piece says more than this one did.
                log.info("arriving_not_told", error=type(error).__name__)
            await asyncio.sleep(AT_MOST_EVERY_S)

    async def _write(self, moved: dict[tuple[UUID, UUID], str]) -> None:
        pipeline = self._redis.pipeline(transaction=False)
        for (report, media), word in moved.items():
            pipeline.hset(arriving_key(report), str(media), word)
        for report in {report for report, _ in moved}:
            pipeline.expire(arriving_key(report), KEPT_S)
        async with asyncio.timeout(PATIENCE_S):
            await pipeline.execute()

    async def of(self, reports: Collection[UUID]) -> dict[UUID, dict[str, Came]]:
        """What has come of the uploads of these reports, by report and upload; what is unknown is left out.

        What came whole stays known for a while: whether it is ready, the report says.
        """
        if not reports:
            return {}
        order = list(reports)
        pipeline = self._redis.pipeline(transaction=False)
        for report in order:
            pipeline.hgetall(arriving_key(report))
        try:
            async with asyncio.timeout(PATIENCE_S):
                found = await pipeline.execute()
        except AWAY:
            return {}
        known = {
            report: {
                media.decode(): came
                for media, word in words.items()
                if (came := _understood(word.decode())) is not None
            }
            for report, words in zip(order, found, strict=True)
        }
        return {report: uploads for report, uploads in known.items() if uploads}


def _understood(word: str) -> Came | None:
    try:
        came, length, at = word.split()
        percent = min(100, int(came) * 100 // max(1, int(length)))
        moves = percent == 100 or time.time() - float(at) < STILL_S
        return Came(percent, None if moves else float(at))
    except ValueError:
        log.warning("arriving_not_understood")
        return None
