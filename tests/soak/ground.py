"""What a soak stands on: the processes, the desks, the people, and the history of the stretch that runs."""

import asyncio
import math
import random
import time
from collections import Counter
from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from functools import partial
from typing import Final
from uuid import UUID, uuid4

from sqlalchemy import select
from sqlalchemy.exc import DBAPIError

from dispatch.models import TABLES
from dispatch.outcomes import close
from tests.domain import writing
from tests.history.checker import Violation, violations
from tests.history.record import Record
from tests.history.sightings import History
from tests.places import Place
from tests.server import START_S, Server
from tests.servers import Postgres
from tests.soak.people import SoakDispatcher, SoakReporter
from tests.stack import Stack

SETTLED_S: Final = 120.0
SETTLED_EVERY_S: Final = 0.5
STORED_WITHIN_S: Final = 120.0
COME_TOGETHER: Final = 10  # reporters who sign in at a time


@dataclass
class Ground:
    """A soak as it runs. `idle` are desks at which nobody accepts; `problems` is what is no violation and not well."""

    whole: Stack
    postgres: Postgres | None
    places: Sequence[Place]
    chance: random.Random
    dispatchers: list[SoakDispatcher] = field(default_factory=list)
    reporters: list[SoakReporter] = field(default_factory=list)
    probes: list[SoakReporter] = field(default_factory=list)
    history: History = field(default_factory=History)
    after: dict[str, int] = field(default_factory=dict)
    filed: list[str] = field(default_factory=list)
    idle: set[str] = field(default_factory=set)
    problems: list[str] = field(default_factory=list)
    _tasks: list[asyncio.Task[None]] = field(default_factory=list)
    _coming: list[asyncio.Task[None]] = field(default_factory=list)
    _present: AsyncExitStack = field(default_factory=AsyncExitStack)
    _closing: asyncio.Task[None] | None = None

    # --- its processes

    def servers(self, role: str) -> Sequence[Server]:
        """The processes of a kind."""
        assert self.whole.worker is not None
        kinds: dict[str, Sequence[Server]] = {
            "citizen": self.whole.citizens,
            "console": self.whole.consoles,
            "worker": [self.whole.worker],
        }
        return kinds[role]

    def mend(self) -> None:
        """Whatever is away comes back; `mended` waits for it."""
        for role in ("citizen", "console", "worker"):
            for server in self.servers(role):
                if not server.running:
                    server.launch()
                    self._coming.append(asyncio.create_task(self.until_ready(server)))

    async def mended(self) -> None:
        """Returns when every process does its work."""
        await asyncio.gather(*self._coming)
        self._coming.clear()

    async def until_ready(self, server: Server) -> None:
        """Returns when it does its work."""
        end = time.monotonic() + START_S
        while not await asyncio.to_thread(server.ready):
            if (
                not server.running
            ):  # what it needs at its start was away: again, as whoever looks after it would
                server.launch()
            assert time.monotonic() < end, f"not ready\n{server.output()}"
            await asyncio.sleep(0.02)

    def closed_with(self, code: int) -> int:
        """How often a console's socket was closed with it."""
        return sum(dispatcher.closings[code] for dispatcher in self.dispatchers)

    def some_report(self) -> str:
        """One that was filed, if any was."""
        return self.chance.choice(self.filed) if self.filed else str(uuid4())

    # --- its people

    async def open_consoles(self, count: int) -> None:
        """So many, three at each desk at most, each at the next of the processes."""
        for n in range(count):
            place, suffix = self.places[n % len(self.places)], n // len(self.places) + 1
            app = self.whole.consoles[n % len(self.whole.consoles)]
            dispatcher = await SoakDispatcher.watched(self.history, app, place.number(f"0{suffix}"))
            dispatcher.settle(self.whole.consoles)
            self.dispatchers.append(dispatcher)
            self._tasks.append(asyncio.create_task(dispatcher.watch_for_ever()))
            accepting = dispatcher.keep_accepting(self.chance, self.idle, time.monotonic())
            self._tasks.append(asyncio.create_task(accepting))

    async def begin(self, reporters: int) -> None:
        """A stretch: a history of its own, from here on, and reporters of its own."""
        self.history = History()
        come = [*range(reporters), *range(len(self.whole.citizens))]
        phones = []
        for first in range(0, len(come), COME_TOGETHER):
            phones += await asyncio.gather(*map(self._reporter, come[first : first + COME_TOGETHER]))
        self.reporters, self.probes = phones[:reporters], phones[reporters:]
        await self.closed()
        self.after = await asyncio.to_thread(self._heads)
        for dispatcher in self.dispatchers:
            dispatcher.diary = self.history

    async def _reporter(self, n: int) -> SoakReporter:
        app = self.whole.citizens[n % len(self.whole.citizens)]
        place = self.places[n % len(self.places)]
        reporter = await SoakReporter.watched(self.history, app, place.location)
        reporter.settle(self.whole.citizens)
        listening = asyncio.create_task(reporter.listen_for_ever())
        self._present.push_async_callback(_see_off, reporter, listening)
        return reporter

    async def end(self) -> tuple[list[Violation], Record]:
        """Wait until all is well, not for ever; everything that was broken in the stretch, and what was stored in it.

        Its reports are closed and its reporters leave, so that the next begins as this one did.
        """
        await self._settle()
        for phone in (*self.reporters, *self.probes):
            phone.attentive()
        for dispatcher in self.dispatchers:
            dispatcher.attentive()
        # What is seen while the record is read may be newer than the record.
        seen = self.history.until_now()
        record = await asyncio.to_thread(Record.of, self.whole.database, self.after)
        found = violations(seen, record)
        await self._present.aclose()
        self.reporters, self.probes, self.filed = [], [], []
        self._closing = asyncio.create_task(self._end_of(record))
        return found, record

    async def _end_of(self, record: Record) -> None:
        """Its reports are closed; the next stretch's reporters come meanwhile."""
        await asyncio.to_thread(self._close, record)
        for dispatcher in self.dispatchers:
            dispatcher.forget(set(record.reports))

    async def closed(self) -> None:
        """Returns when what the last stretch left is closed."""
        if self._closing is not None:
            await self._closing
            self._closing = None

    async def _settle(self) -> None:
        """Wait until all is stored, shown, accepted and told: as long as there is less to wait for than before."""
        least, end = math.inf, time.monotonic() + SETTLED_S
        while left := await asyncio.to_thread(self._unsettled):
            if left < least:
                least, end = left, time.monotonic() + SETTLED_S
            if time.monotonic() > end:
                self.problems.append(f"{left} things never came, {SETTLED_S:.0f} s after anything last did")
                return
            await asyncio.sleep(SETTLED_EVERY_S)

    async def leave(self) -> None:
        """Everybody goes."""
        await self.closed()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._present.aclose()
        for dispatcher in self.dispatchers:
            await dispatcher.leave()

    # --- what is measured

    async def gap(self, since: float) -> float:
        """Seconds from then until what is filed afterwards is stored, and on all screens of its desk; at each citizen
        process, whichever takes longer."""
        return max(await asyncio.gather(*(self._probe(probe, since) for probe in self.probes)))

    async def _probe(self, probe: SoakReporter, since: float) -> float:
        place = self.chance.choice(self.places)
        probe.location = place.location
        report = await probe.file_until_stored("探测", STORED_WITHIN_S)
        self.filed.append(report)
        screens = [at for at in self.dispatchers if at.number[:6] == place.desk]
        async with asyncio.timeout(STORED_WITHIN_S):
            for screen in screens:
                await screen.shows_it(report)
        return max(screen.first_seen[report] for screen in screens) - since

    # --- what is stored

    def _heads(self) -> dict[str, int]:
        head = TABLES["desk_head"]
        desks = [place.desk for place in self.places]
        with self.whole.database.read() as session:
            rows = session.connection().execute(select(head.c.desk, head.c.seq).where(head.c.desk.in_(desks)))
            return {row.desk: row.seq for row in rows}

    def _unsettled(self) -> float:
        """How many reports are not stored, not accepted, not shown on a screen or not told to a phone."""
        try:
            record = Record.of(self.whole.database, self.after)
        except DBAPIError:  # a fault's end: look again
            return math.inf
        screens: dict[str, list[SoakDispatcher]] = {place.desk: [] for place in self.places}
        for dispatcher in self.dispatchers:
            screens[dispatcher.number[:6]].append(dispatcher)
        phones = {phone.id: phone for phone in (*self.reporters, *self.probes)}
        left = sum(report not in record.reports for report in list(self.filed))
        for report in record.reports.values():
            left += report.id not in record.received
            told = phones[report.reporter].reports.get(report.id, {})
            left += told.get("version", 0) < report.version
            for screen in screens[report.desk]:
                left += int(screen.cards.get(report.id, {}).get("version", 0)) < report.version
        return left

    def _close(self, record: Record) -> None:
        """As their dispatchers would, many at a time."""
        with writing(self.whole.database) as writer:
            futures = [
                writer.submit(
                    partial(
                        close,
                        report=UUID(report),
                        desk=received.desk,
                        dispatcher=received.dispatcher,
                        outcome="handled",
                        reason=None,
                    ),
                    [received.desk],
                )
                for report, received in record.received.items()
            ]
            for future in futures:
                future.result(STORED_WITHIN_S)


async def _see_off(reporter: SoakReporter, listening: asyncio.Task[None]) -> None:
    listening.cancel()
    await asyncio.gather(listening, return_exceptions=True)
    await reporter.leave()


def sorts(found: Sequence[Violation]) -> Counter[str]:
    """How many of each sort."""
    return Counter(violation.sort for violation in found)
