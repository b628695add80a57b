"""The feed: from a desk's log to whoever watches it, in order, each event once.

A desk has a cursor, the number of the last event delivered here. Whenever the log may have grown (a ring, a
new line to Redis, the heads asked every second) the events past the cursor are read together with the newest
state of what they are about, in one snapshot, and handed on. Many events of a report become one state.

The canary of a desk (`realtime.canary`) goes the same way: by the same task, in the same snapshot, behind the events.
So it does not come where they would not, and it comes at desks that nobody here watches too.
"""

import asyncio
import math
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Generic, Protocol, TypeVar

import structlog
from sqlmodel import Session

from dispatch import figures
from dispatch.events import Recorded, epoch, heads, read_since
from dispatch.logs import place_of
from dispatch.reads import Reads

log = structlog.get_logger()

T = TypeVar("T")

HEADS_EVERY_S = 1.0
AT_ONCE = 1000


class Canaries(Protocol):
    """What the feed carries besides events."""

    def heads(self, session: Session) -> Mapping[str, int]:
        """How far each desk's has come. Runs off the loop."""

    def moved(self, desk: str, seq: int) -> bool:
        """Whether that is not what was carried last."""

    def load(self, session: Session, desk: str) -> Any:
        """What is to be handed to `deliver`; None: nothing. Runs off the loop."""

    def deliver(self, desk: str, loaded: Any) -> None:
        """As the feed's own: on the loop, without blocking."""


class Feed(Generic[T]):
    """Delivers the logs of the desks it follows.

    `load(session, desk, events)` runs off the loop, in the snapshot in which the events were read;
    `deliver(desk, seq, loaded)` runs on the loop and must not block. `resync(desk)` is called when the log is
    no longer the one that the cursor was of.
    """

    def __init__(
        self,
        reads: Reads,
        load: Callable[[Session, str, list[Recorded]], T],
        deliver: Callable[[str, int, T], None],
        resync: Callable[[str], None],
        canaries: Canaries | None = None,
    ) -> None:
        self._reads = reads
        self._load = load
        self._deliver = deliver
        self._resync = resync
        self._canaries = canaries
        self._canary_rung: set[str] = set()
        self._cursors: dict[str, int] = {}
        self._reading: dict[str, asyncio.Task[None]] = {}
        self._rung: dict[str, float] = {}  # how far a desk's log reaches, as heard while it was being read
        self.epoch = ""
        self.heads_at: float = 0.0  # loop time of the last answer to the question for the heads

    async def follow(self, desks: Iterable[str] | None = None) -> None:
        """Deliver what these desks (all desks when none are named) record from now on."""
        wanted = None if desks is None else [desk for desk in desks if desk not in self._cursors]
        if wanted == []:
            return
        self.epoch, found = await self._reads(lambda session: (epoch(session), heads(session, wanted)))
        for desk, seq in found.items():
            self._cursors.setdefault(desk, seq)

    def unfollow(self, desk: str) -> None:
        """Deliver nothing more of this desk."""
        self._cursors.pop(desk, None)

    def cursor(self, desk: str) -> int | None:
        """The number of the desk's last event that was delivered; None when it is not followed."""
        return self._cursors.get(desk)

    def heard(self, desk: str, seq: int) -> None:
        """A ring: the desk's log may reach `seq`. Harmless when it is not true."""
        if seq > self._cursors.get(desk, seq):
            self._read_on(desk, seq)

    def heard_canary(self, desk: str, seq: int) -> None:
        """A ring: the desk's canary may have come to `seq`."""
        if self._canaries is not None and self._canaries.moved(desk, seq):
            self._canary_rung.add(desk)
            self._begin(desk)

    def missed(self) -> None:
        """Rings may have been lost: look at every desk."""
        for desk in list(self._cursors):
            self._read_on(desk, math.inf)

    async def watch_heads(self) -> None:
        """Ask once a second how far the logs reach, for ever, and read on where one has grown."""
        while True:
            try:
                await self._look_at_heads()
            except Exception as error:  # noqa: BLE001 - the database is away: say so, ask again
                log.warning("heads_unknown", error=type(error).__name__)
            await asyncio.sleep(HEADS_EVERY_S)

    async def _look_at_heads(self) -> None:
        before, canaries = dict(self._cursors), self._canaries

        def read(session: Session) -> tuple[str, dict[str, int], Mapping[str, int]]:
            return epoch(session), heads(session, before), canaries.heads(session) if canaries else {}

        known, found, flown = await self._reads(read)
        self.heads_at = asyncio.get_running_loop().time()
        for desk, seq in found.items():
            # Compared with the cursor of before the question: it may have moved on while the answer came.
            if known != self.epoch or seq < before[desk]:
                self._cursors[desk] = seq
                self._resync(desk)
            elif seq > self._cursors.get(desk, seq):
                self._read_on(desk, seq)
        self.epoch = known
        for desk, seq in flown.items():
            self.heard_canary(desk, seq)

    def _read_on(self, desk: str, seq: float) -> None:
        if desk in self._reading:
            self._rung[desk] = max(seq, self._rung.get(desk, 0))
        self._begin(desk)

    def _begin(self, desk: str) -> None:
        if desk in self._reading:
            return
        self._reading[desk] = asyncio.create_task(self._read(desk), name=f"feed {desk}")

    async def _read(self, desk: str) -> None:
        try:
            while desk in self._cursors or desk in self._canary_rung:
                # What was rung before a read begins is in its snapshot: a ring comes after its commit.
                self._rung.pop(desk, None)
                more = await self._read_some(desk)
                if not more and not self._reaches_on(desk):
                    break
        except Exception as error:  # noqa: BLE001 - the cursor stands; the next look at the heads goes on
            log.warning("feed_stopped", desk=desk, error=type(error).__name__)
        finally:
            self._reading.pop(desk, None)
            if self._reaches_on(desk):
                self._rung.pop(desk, None)
                self._begin(desk)

    def _reaches_on(self, desk: str) -> bool:
        """Whether a ring told of more than was read."""
        further = desk in self._cursors and self._rung.get(desk, 0) > self._cursors[desk]
        return further or desk in self._canary_rung

    async def _read_some(self, desk: str) -> bool:
        """Deliver the next events; whether there may be more."""
        after = self._cursors.get(desk)
        canaries = self._canaries if desk in self._canary_rung else None
        self._canary_rung.discard(desk)

        def read(session: Session) -> tuple[list[Recorded], T | None, Any]:
            events = [] if after is None else read_since(session, desk, after, AT_ONCE)
            loaded = self._load(session, desk, events) if events else None
            return events, loaded, canaries.load(session, desk) if canaries else None

        events, loaded, flown = await self._reads(read)
        if self._cursors.get(desk) != after:
            return True  # followed anew, or resynced, meanwhile
        whole = self._hand_on(desk, events, loaded)
        if canaries and flown is not None and whole:
            canaries.deliver(desk, flown)
        return len(events) == AT_ONCE

    def _hand_on(self, desk: str, events: list[Recorded], loaded: T | None) -> bool:
        """Deliver these events; whether that went well."""
        if not events or loaded is None:
            return True
        upto = events[-1].seq
        self._cursors[desk] = upto
        try:
            self._deliver(desk, upto, loaded)
            figures.FEED_BATCHES.inc()
        except Exception as error:  # noqa: BLE001 - a defect: whoever may have missed it reads everything anew
            log.error("delivery_failed", desk=desk, error=type(error).__name__, where=place_of(error))
            self._resync(desk)
            return False
        return True
