"""A drill: reporters file, dispatchers race to accept, everything that anybody sees is written down."""

import asyncio
import random
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from uuid import uuid4

import httpx2

from tests.history.checker import Violation, first_violation
from tests.history.record import Record
from tests.history.sightings import History
from tests.history.watched import WatchedDispatcher, WatchedReporter
from tests.places import Place
from tests.promises import PromiseBroken
from tests.stack import App, Stack

SETTLED_S = 60.0
LOOK_EVERY_S = 0.1
SETTLED_EVERY_S = 0.5  # all that is stored is read


@dataclass
class Drill:
    """The people of a drill. A reporter whose process is gone goes on at the next, with the same key."""

    whole: Stack
    history: History
    citizens: Sequence[App]
    reporters: list[WatchedReporter] = field(default_factory=list)
    dispatchers: list[WatchedDispatcher] = field(default_factory=list)
    filed: list[str] = field(default_factory=list)
    chance: random.Random = field(default_factory=lambda: random.Random(110))  # the same each time

    async def file(self, reporter: WatchedReporter) -> None:
        """File one report, again and again under its key until it is answered."""
        key = str(uuid4())
        while True:
            try:
                answer = await reporter.file(f"第{len(self.filed)}件", key=key)
                if answer.status_code in {200, 201}:
                    self.filed.append(answer.json()["id"])
                    return
            except httpx2.TransportError:
                await reporter.go_to(self.chance.choice(self.citizens))
            await asyncio.sleep(LOOK_EVERY_S)

    async def keep_filing(self, reporter: WatchedReporter, count: int, every_s: float) -> None:
        for _ in range(count):
            await asyncio.sleep(self.chance.expovariate(1 / every_s))
            await self.file(reporter)

    async def keep_accepting(self, dispatcher: WatchedDispatcher) -> None:
        """Accept, for ever, whatever waits on the screen, as soon as it is there."""
        while True:
            for report, card in list(dispatcher.cards.items()):
                if card["status"] == "filed":
                    try:
                        await dispatcher.accept(report)
                    except httpx2.TransportError:
                        break  # the process is away; the card still waits
            await asyncio.sleep(self.chance.uniform(0, LOOK_EVERY_S))

    async def run(self, count: int, every_s: float) -> None:
        """Every reporter files so many, about `every_s` apart."""
        async with asyncio.TaskGroup() as everybody:
            for reporter in self.reporters:
                everybody.create_task(self.keep_filing(reporter, count, every_s))

    async def kept(self) -> None:
        """Every promise held. Raises PromiseBroken with the first that did not."""
        if (found := await self.verdict()) is not None:
            raise PromiseBroken(f"{found.invariant} at {found.at}: {found.sentence}")

    async def verdict(self, within_s: float = SETTLED_S) -> Violation | None:
        """Wait until all is well, not for ever; then everybody counts as attentive, and the checker speaks."""
        end = time.monotonic() + within_s
        while time.monotonic() < end:
            # In a thread: the people of the drill go on meanwhile.
            if await asyncio.to_thread(self._settled):
                break
            await asyncio.sleep(SETTLED_EVERY_S)
        for reporter in self.reporters:
            reporter.attentive()
        for dispatcher in self.dispatchers:
            dispatcher.attentive()
        # What is seen while the record is read may be newer than the record.
        seen = self.history.until_now()
        record = await asyncio.to_thread(Record.of, self.whole.database)
        return first_violation(seen, record)

    def _settled(self) -> bool:
        record = Record.of(self.whole.database)
        told = all(
            reporter.reports.get(report.id, {}).get("version", 0) >= report.version
            for reporter in self.reporters
            for report in record.reports.values()
            if report.reporter == reporter.id
        )
        shown = all(
            int(dispatcher.cards.get(report.id, {}).get("version", 0)) >= report.version
            for dispatcher in self.dispatchers
            for report in record.reports.values()
            if report.desk == dispatcher.number[:6]
        )
        return told and shown and all(report in record.received for report in self.filed)


@asynccontextmanager
async def drill(
    whole: Stack, places: Sequence[Place], citizens: Sequence[App], consoles: Sequence[App]
) -> AsyncIterator[Drill]:
    """Two dispatchers and two reporters for each place, each at the next of the processes, all with open sockets."""
    found = Drill(whole, History(), citizens)
    async with AsyncExitStack() as ending:
        tasks: list[asyncio.Task[None]] = []
        for n, place in enumerate(places):
            for m, suffix in enumerate(("01", "02")):
                app = consoles[(n + m) % len(consoles)]
                dispatcher = await WatchedDispatcher.watched(found.history, app, place.number(suffix))
                ending.push_async_callback(dispatcher.leave)
                found.dispatchers.append(dispatcher)
                tasks.append(asyncio.create_task(dispatcher.watch_for_ever()))
                tasks.append(asyncio.create_task(found.keep_accepting(dispatcher)))
                phone = citizens[(n + m) % len(citizens)]
                reporter = await WatchedReporter.watched(found.history, phone, place.location)
                ending.push_async_callback(reporter.leave)
                found.reporters.append(reporter)
                tasks.append(asyncio.create_task(reporter.listen_for_ever()))
        try:
            yield found
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
