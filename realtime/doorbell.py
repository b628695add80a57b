"""The doorbell: a ring says that a desk's log has grown. It may be lost, late or forged, and nothing is.

Rings carry identifiers only. Whoever hears one reads the database; whoever hears none asks the database for
the heads once a second (`realtime.feed`). So Redis down, frozen or restarted costs at most that second.
"""

import asyncio
import random
from collections import deque
from collections.abc import Callable, Iterable

import orjson
import structlog
from redis.asyncio import Redis

from dispatch import figures
from dispatch.events import CANARY, Recorded
from realtime.away import AWAY
from realtime.channels import desk_channel, desk_of
from realtime.lines import line_to
from realtime.redis_at import PATIENCE_S

log = structlog.get_logger()

UNRUNG = 4096
SCREENS = "screens"


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
        self._line = line_to(url, redis, self)
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
                    await self._line.send(batch)
            except AWAY as error:
                figures.RINGS_LOST.inc(len(batch))
                log.warning("rings_lost", count=len(batch), error=type(error).__name__)

    async def listen(self) -> None:
        """Hear rings, for ever, making the line again whenever it breaks."""
        while True:
            try:
                await self._line.listen()
            except AWAY as error:
                if self.connected:
                    log.warning("doorbell_lost", error=type(error).__name__)
            self.broken()
            await asyncio.sleep(random.uniform(0.1, 0.5))  # noqa: S311 - jitter is no secret

    async def aclose(self) -> None:
        """Nothing is rung any more."""
        await self._line.aclose()

    def made(self, *, whole: bool) -> None:
        """The line was made."""
        self.connected = whole
        self._missed()

    def broken(self) -> None:
        """The line has broken."""
        self.connected = False

    def rung(self, channel: str, body: bytes) -> None:
        """A ring came, from whomever."""
        try:
            desk, ring = desk_of(channel), orjson.loads(body)
            if ring["kind"] == SCREENS:
                self._screens_moved(desk)
            elif ring["kind"] == CANARY:
                self._canary(desk, int(ring["seq"]))
            else:
                self._heard(desk, int(ring["seq"]))
        except (ValueError, KeyError, TypeError):
            log.warning("ring_not_understood")
