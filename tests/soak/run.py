"""A soak: stretch after stretch, in each of which people file and accept while one fault follows the other."""

import asyncio
import random
import resource
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Final

from sqlalchemy import update
from sqlmodel import Session

from dispatch.models import TABLES
from dispatch.verifying import walk
from tests.places import Place, places
from tests.servers import Postgres, postgres, valkey
from tests.soak.faults import NotFired, faults, wants_all
from tests.soak.ground import STORED_WITHIN_S, Ground, sorts
from tests.stack import NEVER_S, Stack, stack
from tests.truth import assert_whole

# A stretch ends at whichever comes first. A console's page holds five hundred cards, and a desk gets no more by then.
STRETCH_S: Final = 75.0
REPORTS_A_DESK: Final = 350
# So many are under way at most: a server that is slow is not buried.
UNDER_WAY: Final = 300
REPORTERS_A_DESK: Final = 12
# Of one county each, far from one another, so that no report is offered to a neighbour.
EVERY: Final = 7
CALM_S: Final = (0.3, 1.5)
# Up to so many reports, every one is held against all its events; the chains of the logs are in any case.
HELD_ONE_BY_ONE: Final = 10_000


@dataclass(frozen=True)
class Effort:
    """How much of it. `only` names faults; all when empty. `most`: no more faults than that."""

    minutes: float
    rate: float = 50
    desks: int = 10
    consoles: int = 30
    on_postgresql: bool = False
    seed: int = 110
    only: tuple[str, ...] = ()
    most: int = 0


@dataclass
class Result:
    """What came of it. `gaps` are seconds by fault; `sorts` are violations by what they count as."""

    stretches: int = 0
    filed: int = 0
    acknowledged: int = 0
    took_s: float = 0.0
    gaps: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    not_fired: Counter[str] = field(default_factory=Counter)
    sorts: Counter[str] = field(default_factory=Counter)
    first: list[str] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    memory_mib: float = 0.0

    @property
    def faults(self) -> int:
        """How many were injected."""
        return sum(len(gaps) for gaps in self.gaps.values())

    @property
    def held(self) -> bool:
        """Whether nothing was broken."""
        return not self.sorts and not self.problems


def soak(effort: Effort, folder: Path, say: Callable[[str], None]) -> Result:
    """Runs it on processes of its own, in `folder`."""
    with ExitStack() as ending:
        server: Postgres | None = ending.enter_context(postgres()) if effort.on_postgresql else None
        whole = ending.enter_context(
            stack(
                folder,
                ending.enter_context(valkey()),
                server.database() if server else "",
                citizens=2,
                consoles=2,
                worker=True,
                module="tests.faults.at_each_step",
                DESK110_LIMITS="off",
                DESK110_IDENTITY_REQUIRED="never",
            )
        )
        _hurry(whole)
        return asyncio.run(_Soak(effort, whole, server, say).run())


def _hurry(whole: Stack) -> None:
    """The desks are told soon of what waits, so that the worker has to write; the desk above never is."""
    with Session(whole.database.writing) as session:
        times = {"tell_desk_s": 1, "tell_leader_s": 3, "tell_parent_s": NEVER_S}
        session.connection().execute(update(TABLES["desk"]).values(times))
        session.commit()


class _Soak:
    def __init__(
        self, effort: Effort, whole: Stack, server: Postgres | None, say: Callable[[str], None]
    ) -> None:
        self._effort = effort
        self._say = say
        self._result = Result()
        chance = random.Random(effort.seed)
        self._ground = Ground(whole, server, _places(effort.desks), chance)
        known = faults(effort.on_postgresql)
        self._known = {name: known[name] for name in effort.only} if effort.only else known
        self._next = rounds(list(self._known), random.Random(effort.seed))

    async def run(self) -> Result:
        ground, result, began = self._ground, self._result, time.monotonic()
        try:
            await ground.open_consoles(self._effort.consoles)
            end = time.monotonic() + self._effort.minutes * 60
            while time.monotonic() < end and not self._enough():
                await self._stretch(min(STRETCH_S, end - time.monotonic()))
            result.problems += ground.problems
            await ground.closed()
            await asyncio.to_thread(self._whole)
        finally:
            await ground.leave()
            result.took_s = time.monotonic() - began
            unit = 1 if sys.platform == "darwin" else 1024
            result.memory_mib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 2**20
        return result

    def _enough(self) -> bool:
        return 0 < self._effort.most <= self._result.faults + self._result.not_fired.total()

    async def _stretch(self, seconds: float) -> None:
        ground, result = self._ground, self._result
        await ground.begin(REPORTERS_A_DESK * self._effort.desks)
        over = time.monotonic() + seconds
        filing = asyncio.create_task(self._keep_filing(over))
        while time.monotonic() < over and not filing.done() and not self._enough():
            await self._inject(next(self._next))
            await asyncio.sleep(ground.chance.uniform(*CALM_S))
        if self._enough():
            self._effort_over = True
        await filing
        await ground.mended()
        found, record = await ground.end()
        result.stretches += 1
        result.filed += len(record.reports)
        result.acknowledged += len(record.received)
        result.sorts += sorts(found)
        result.first += [f"{at.invariant}: {at.sentence}" for at in found[: 10 - len(result.first)]]
        self._say(
            f"stretch {result.stretches}: {len(record.reports)} reports, {result.faults} faults so far, "
            f"{len(found)} violations"
        )

    async def _keep_filing(self, over: float) -> None:
        """As the rate says, whoever is chosen, until the stretch is over; returns when the last is answered."""
        ground, tasks = self._ground, set[asyncio.Task[None]]()
        due = time.monotonic()
        most = REPORTS_A_DESK * self._effort.desks
        while (due := due + ground.chance.expovariate(self._effort.rate)) < over and len(ground.filed) < most:
            if self._enough():
                break
            await asyncio.sleep(max(0.0, due - time.monotonic()))
            if len(tasks) >= UNDER_WAY:
                await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
                due = time.monotonic()  # who could not file in time does not file all at once later
            task = asyncio.create_task(self._file())
            tasks.add(task)
            task.add_done_callback(tasks.discard)
        await asyncio.gather(*tasks)

    async def _file(self) -> None:
        ground = self._ground
        try:
            report = await ground.chance.choice(ground.reporters).file_until_stored(
                "有人打架", STORED_WITHIN_S
            )
        except TimeoutError:
            ground.problems.append(f"a report was not taken in {STORED_WITHIN_S:.0f} s")
        else:
            ground.filed.append(report)

    async def _inject(self, name: str) -> None:
        ground, result = self._ground, self._result
        if wants_all(name):
            await ground.mended()
        try:
            ended = await self._known[name](ground)
            gap = await ground.gap(ended)
        except NotFired:
            result.not_fired[name] += 1
        except TimeoutError:
            ground.problems.append(f"after {name!r} no report came through in {STORED_WITHIN_S:.0f} s")
        else:
            result.gaps[name].append(gap)
            self._say(f"  {name}: {gap:.2f} s")
        ground.mend()

    def _whole(self) -> None:
        """I8: each change has its event, and the logs are unbroken."""
        database, problems = self._ground.whole.database, self._result.problems
        for place in self._ground.places:
            if wrong := walk(database, place.desk).wrong:
                problems.append(f"I8: the log of {place.desk} breaks at {wrong.seq}: {wrong.what}")
        if self._result.filed <= HELD_ONE_BY_ONE:
            try:
                assert_whole(database, *(place.desk for place in self._ground.places))
            except AssertionError as broken:
                problems.append(f"I8: {str(broken)[:500]}")


def _places(count: int) -> Sequence[Place]:
    found = list(islice(places(), 0, None, EVERY))[:count]
    assert len(found) == count, f"there are {len(found)} desks at most"
    return found


def rounds(names: Sequence[str], chance: random.Random) -> Iterator[str]:
    """All of them in an order of chance, then all again in another."""
    while True:
        yield from chance.sample(names, len(names))
