"""What a generator process can be told to do. Each job prepares, waits for `go`, and gives what it has counted.

`n` is how many acts were timed, `all` how many there were with those of the warming up.
"""

import asyncio
import random
import re
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from bench.figures import summary
from bench.load import Lines, Posts, Sockets, Tally, Watcher, clock

Go = Callable[[], Awaitable[None]]
Told = dict[str, Any]

LATE_S = 10.0  # what has not come so long after the last POST is missing
ID = re.compile(rb'"id":"([0-9a-f-]{36})"')
SEED = 110  # the same moments for ours and for the floor


@dataclass(frozen=True, slots=True)
class Flood:
    """Every connection asks again as soon as it is answered."""

    posts: Posts
    first: int
    connections: int
    warm_s: float
    seconds: float

    async def run(self, go: Go) -> Told:
        requests = self.posts.requests(self.first)
        lines = await Lines.open(self.posts.port, self.connections)
        statuses: Counter[int] = Counter()
        times: list[float] = []
        everything = 0
        await go()
        begin = clock() + self.warm_s
        end = begin + self.seconds
        done = asyncio.Semaphore(0)

        def ask() -> None:
            sent = clock()

            def then(status: int, _data: bytes) -> None:
                nonlocal everything
                at = clock()
                everything += 1
                if begin <= at < end:
                    statuses[status] += 1
                    times.append(at - sent)
                if at < end and status:
                    ask()
                else:
                    done.release()

            lines.ask(next(requests)[1], then)

        for _ in lines.all:
            ask()
        for _ in lines.all:
            await done.acquire()
        lines.close()
        taken = sum(count for status, count in statuses.items() if status in {200, 201})
        return {
            "n": taken,
            "all": everything,
            "per_s": taken / self.seconds,
            "answer": summary(times),
            "statuses": statuses,
        }


@dataclass(frozen=True, slots=True)
class Steady:
    """POSTs at random moments (Poisson) at a rate, and sockets that see each of them."""

    posts: Posts
    sockets: Sockets
    first: int
    rate: float
    warm_s: float
    seconds: float
    connections: int = 48

    async def run(self, go: Go) -> Told:
        requests = self.posts.requests(self.first)
        lines = await Lines.open(self.posts.port, self.connections)
        watchers, tally = await _watching(self.sockets)
        answers: list[float] = []
        statuses: Counter[int] = Counter()

        def post(counts: bool) -> None:
            mark, request = next(requests)
            sent = clock()
            if counts:
                tally.due[mark] = sent

            def then(status: int, _data: bytes) -> None:
                statuses[status] += 1
                if counts:
                    answers.append(clock() - sent)

            lines.ask(request, then)

        await go()
        late = await _pace(self.rate, self.warm_s, self.seconds, post)
        wanted = len(tally.due) * len(watchers)
        await _until(lambda: len(tally.times) >= wanted and len(answers) >= len(tally.due))
        _close(lines, watchers)
        return {
            "n": len(tally.due),
            "all": statuses.total(),
            "frame": summary(tally.times),
            "answer": summary(answers),
            "statuses": statuses,
            "missing": wanted - len(tally.times),
            "frame_bytes": tally.bytes / max(1, tally.frames),
            "late": summary(late),
        }


@dataclass(frozen=True, slots=True)
class Burst:
    """So many POSTs as fast as they are answered, until every socket has seen each of them."""

    posts: Posts
    sockets: Sockets
    first: int
    count: int
    connections: int

    async def run(self, go: Go) -> Told:
        requests = self.posts.requests(self.first)
        lines = await Lines.open(self.posts.port, self.connections)
        watchers, tally = await _watching(self.sockets)
        statuses: Counter[int] = Counter()
        answered_at = 0.0

        def then(status: int, _data: bytes) -> None:
            nonlocal answered_at
            answered_at = clock()
            statuses[status] += 1

        await go()
        begin = clock()
        for _ in range(self.count):
            mark, request = next(requests)
            tally.due[mark] = begin
            lines.ask(request, then)
        wanted = self.count * len(watchers)
        await _until(lambda: len(tally.times) >= wanted, 60)
        _close(lines, watchers)
        seconds = tally.last - begin
        each = len(watchers) * seconds
        return {
            "n": self.count,
            "all": self.count,
            "seconds": seconds,
            "posted_s": answered_at - begin,
            "frames_per_s": tally.frames / seconds,
            "updates_per_s": len(tally.times) / seconds,
            "frames_per_s_each": tally.frames / each,
            "updates_per_s_each": len(tally.times) / each,
            "statuses": statuses,
            "missing": wanted - len(tally.times),
            "megabytes": tally.bytes / 1e6,
        }


@dataclass(frozen=True, slots=True)
class Accepts:
    """Reports that wait, accepted at a rate, and the sockets of their reporters that see it.

    With `filing`, the reports are filed first, in turn by the reporters of the sockets; without, they are only
    names, and `accept` (a request with `REPORT` and `REPORTER` in it) says what the frame shall hold.
    """

    filing: Posts | None
    first: int
    accept: str
    port: int
    sockets: Sockets
    consoles: Sockets
    rate: float
    warm_s: float
    seconds: float
    connections: int = 24

    async def run(self, go: Go) -> Told:
        listeners = await self.sockets.open()
        consoles = await self.consoles.open()
        reports = await self._reports()
        waiting = iter(reports)
        lines = await Lines.open(self.port, self.connections)
        due: dict[bytes, float] = {}
        times: list[float] = []
        sizes: list[int] = []
        statuses: Counter[int] = Counter()

        def heard(frame: bytes) -> None:
            if b'"status":"received"' in frame and (found := ID.search(frame)):
                sent = due.pop(found[1], None)
                if sent is not None:
                    times.append(clock() - sent)
                    sizes.append(len(frame))

        for listener in listeners:
            listener.also = heard
        await asyncio.sleep(0.5)  # the news of the filing has come by then
        await go()

        def accept(counts: bool) -> None:
            report, reporter = next(waiting, (b"", 0))
            if not report:
                return
            text = self.accept.replace("REPORTER", str(reporter)).replace("REPORT", report.decode())
            if counts:
                due[report] = clock()
            lines.ask(text.encode(), lambda status, _data: statuses.update([status]))

        late = await _pace(self.rate, self.warm_s, self.seconds, accept)
        await _until(lambda: not due)
        _close(lines, [*listeners, *consoles])
        return {
            "n": len(times),
            "all": statuses.total(),
            "frame": summary(times),
            "missing": len(due),
            "statuses": statuses,
            "frame_bytes": sum(sizes) / max(1, len(sizes)),
            "late": summary(late),
        }

    async def _reports(self) -> list[tuple[bytes, int]]:
        """Identifier, and the number of the reporter among the sockets."""
        wanted = int(self.rate * (self.warm_s + self.seconds) * 1.3) + 50
        reporters = len(self.sockets.paths)
        if self.filing is None:
            return [
                (b"00000000-0000-7000-8000-000%09d" % (self.first + number), number % reporters)
                for number in range(wanted)
            ]
        requests = self.filing.requests(self.first)
        lines = await Lines.open(self.filing.port, self.connections)
        ids: list[bytes] = []

        def then(status: int, data: bytes) -> None:
            found = ID.search(data)
            ids.append(found[1] if status == 201 and found else b"")

        for _ in range(wanted):
            lines.ask(next(requests)[1], then)
        await _until(lambda: len(ids) == wanted, 30)
        lines.close()
        return [(id_, 0) for id_ in ids if id_]


@dataclass(frozen=True, slots=True)
class Idle:
    """Sockets that are open and nothing else; they stay so until told to go."""

    sockets: Sockets

    async def run(self, go: Go) -> Told:
        watchers = await self.sockets.open()
        await go()
        still = sum(watcher.socket.closed_with is None for watcher in watchers)
        for watcher in watchers:
            watcher.socket.close()
        return {"n": still}


Job = Flood | Steady | Burst | Accepts | Idle


async def _watching(sockets: Sockets) -> tuple[list[Watcher], Tally]:
    watchers, tally = await sockets.open(), Tally()
    await asyncio.sleep(0.3)  # snapshots have come by then
    for watcher in watchers:
        watcher.tally = tally
    return watchers, tally


async def _pace(rate: float, warm_s: float, seconds: float, post: Callable[[bool], None]) -> list[float]:
    """Call `post` at its moments, with whether it counts; gives how late each was."""
    moments = random.Random(SEED)  # noqa: S311 - no secret
    begin = clock()
    due, late = 0.0, []
    while (due := due + moments.expovariate(rate)) < warm_s + seconds:
        wait = begin + due - clock()
        if wait > 0:
            await asyncio.sleep(wait)
        counts = due >= warm_s
        if counts:
            late.append(max(0.0, clock() - begin - due))
        post(counts)
    return late


async def _until(true: Callable[[], bool], within_s: float = LATE_S) -> None:
    """Returns when `true()`, or when it has had its time."""
    end = clock() + within_s
    while not true() and clock() < end:  # noqa: ASYNC110 - an event a frame would cost what is measured
        await asyncio.sleep(0.02)


def _close(lines: Lines, watchers: list[Watcher]) -> None:
    lines.close()
    for watcher in watchers:
        watcher.socket.close()


JOBS: dict[str, type[Job]] = {job.__name__: job for job in (Flood, Steady, Burst, Accepts, Idle)}
