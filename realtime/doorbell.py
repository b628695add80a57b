"""The doorbell: a ring says that a desk's log has grown. It may be lost, late or forged, and nothing is.

Rings carry identifiers only. Whoever hears one reads the database; whoever hears none asks the database for
the heads once a second (`realtime.feed`). So Redis down, frozen or restarted costs at most that second.
"""

import asyncio
import random
from collections import deque
from collections.abc import Callable, Iterable
from typing import Any

import orjson
import structlog
from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff

from dispatch import figures
from dispatch.events import CANARY, Recorded
from realtime.away import AWAY
from realtime.channels import ANY_DESK, desk_channel, desk_of

log = structlog.get_logger()

PATIENCE_S = 0.25
UNRUNG = 4096
SCREENS = "screens"


def connect(url: str, patience_s: float = PATIENCE_S) -> Redis:
    """A client that gives up at once: nothing that matters may wait for Redis."""
    return Redis.from_url(
        url,
        socket_timeout=patience_s,
        socket_connect_timeout=patience_s,
        retry=Retry(NoBackoff(), 0),
    )


class Doorbell:
    """Rings and listens. `heard(desk, seq)`, `screens_moved(desk)`, `canary(desk, seq)` are called on the event loop.

    `missed()` is called whenever the line was (re)made: rings may have been lost before.
    """

    def __init__(
        self,
        redis: Redis,
        url: str,
        heard: Callable[[str, int], None],
        missed: Callable[[], None],
        screens_moved: Callable[[str], None],
        canary: Callable[[str, int], None] = lambda _desk, _seq: None,
        *,
        hears_itself: bool = False,
    ) -> None:
        """`hears_itself`: what this process has committed it reads at once, and not by way of Redis."""
        self._redis = redis
        self._url = url
        self._heard = heard
        self._missed = missed
        self._screens_moved = screens_moved
        self._canary = canary
        self._hears_itself = hears_itself
        self._unrung: deque[tuple[str, bytes]] = deque(maxlen=UNRUNG)
        self._something = asyncio.Event()
        self.connected = False

    def ring(self, events: Iterable[Recorded]) -> None:
        """Ring for events that are committed. Returns at once; call it on the event loop."""
        for event in events:
            if self._hears_itself and event.kind != CANARY:  # a canary takes the whole way
                self._heard(event.desk, event.seq)
            body = {
                "seq": event.seq,
                "report": None if event.report is None else str(event.report),
                "kind": event.kind,
            }
            self._unrung.append((desk_channel(event.desk), orjson.dumps(body)))
        self._something.set()

    def ring_screens(self, desk: str) -> None:
        """Ring that what the desk's screens show has moved."""
        self._unrung.append((desk_channel(desk), orjson.dumps({"kind": SCREENS})))
        self._something.set()

    async def ring_all(self) -> None:
        """Send what is to be rung, for ever. One attempt each, since the log is read on without it."""
        while True:
            await self._something.wait()
            self._something.clear()
            batch, self._unrung = self._unrung, deque(maxlen=UNRUNG)
            if not batch:
                continue
            try:
                async with asyncio.timeout(PATIENCE_S):
                    pipeline = self._redis.pipeline(transaction=False)
                    for channel, body in batch:
                        pipeline.publish(channel, body)
                    await pipeline.execute()
            except AWAY as error:
                figures.RINGS_LOST.inc(len(batch))
                log.warning("rings_lost", count=len(batch), error=type(error).__name__)

    async def listen(self) -> None:
        """Hear rings, for ever, making the line again whenever it breaks."""
        while True:
            try:
                await self._listen_once()
            except AWAY as error:
                if self.connected:
                    log.warning("doorbell_lost", error=type(error).__name__)
            self.connected = False
            await asyncio.sleep(random.uniform(0.1, 0.5))  # noqa: S311 - jitter is no secret

    async def _listen_once(self) -> None:
        # Its own connection, without a time-out for reading: silence is normal on this line.
        client = Redis.from_url(
            self._url, socket_timeout=None, socket_connect_timeout=1.0, retry=Retry(NoBackoff(), 0)
        )
        try:
            async with client.pubsub() as line:
                await line.psubscribe(ANY_DESK)
                async for message in line.listen():
                    self._take(message)
        finally:
            await client.aclose()

    def _take(self, message: dict[str, Any]) -> None:
        if message["type"] == "psubscribe":
            # Every confirmation is a line made anew, also one that the library made without a word.
            self.connected = True
            self._missed()
            return
        if message["type"] != "pmessage":
            return
        try:
            desk = desk_of(message["channel"].decode())
            body = orjson.loads(message["data"])
            if body["kind"] == SCREENS:
                self._screens_moved(desk)
            elif body["kind"] == CANARY:
                self._canary(desk, int(body["seq"]))
            else:
                self._heard(desk, int(body["seq"]))
        except (ValueError, KeyError, TypeError):
            log.warning("ring_not_understood")
