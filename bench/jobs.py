"""What a generator process can be told to do. Each job prepares, waits for `go`, and gives what it has counted.

`n` is how many acts were timed, `all` how many there were with those of the warming up.
"""

import asyncio
from collections import Counter
from dataclasses import dataclass
from itertools import islice

from bench.accepting import Accepts
from bench.figures import summary
from bench.load import MARKS, Lines, Posts, Sockets, Tally, Watcher, clock
from bench.pace import Go, Told, close, pace, until
from bench.returning import Returns
from bench.rings import Rings


@dataclass(frozen=True, slots=True)
class Flood:
    """Every connection asks again as soon as it is answered; `most` ends it after so many requests."""

    posts: Posts
    first: int
    connections: int
    warm_s: float
    seconds: float
    most: int = MARKS

    async def run(self, go: Go) -> Told:
        requests = islice(self.posts.requests(self.first), self.most)
        lines = await Lines.open(self.posts.port, self.connections, self.posts.host)
        statuses: Counter[int] = Counter()
        times: list[float] = []
        everything = 0
        last = 0.0
        await go()
        begin = clock() + self.warm_s
        end = begin + self.seconds
        done = asyncio.Semaphore(0)

        def ask() -> None:
            _, request = next(requests, (b"", b""))
            if not request:
                done.release()
                return
            sent = clock()

            def then(status: int, _data: bytes) -> None:
                nonlocal everything, last
                last = at = clock()
                everything += 1
                if begin <= at < end:
                    statuses[status] += 1
                    times.append(at - sent)
                if at < end and status:
                    ask()
                else:
                    done.release()

            lines.ask(request, then)

        for _ in lines.all:
            ask()
        for _ in lines.all:
            await done.acquire()
        lines.close()
        taken = sum(count for status, count in statuses.items() if status in {200, 201})
        return {
            "n": taken,
            "all": everything,
            "per_s": taken / (min(last, end) - begin),
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
    frozen: Sockets | None = None  # open beside them, and never read from
    seen_by: int | None = None  # so many sockets see each report; None: all of them

    async def run(self, go: Go) -> Told:
        requests = self.posts.requests(self.first)
        lines = await Lines.open(self.posts.port, self.connections, self.posts.host)
        watchers, tally = await _watching(self.sockets)
        stuck = await self.frozen.open() if self.frozen else []
        for one in stuck:
            one.socket.freeze()
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
        late = await pace(self.rate, self.warm_s, self.seconds, post)
        wanted = len(tally.due) * (self.seen_by or len(watchers))
        await until(lambda: len(tally.times) >= wanted and len(answers) >= len(tally.due))
        close(lines, watchers)
        for one in stuck:
            one.socket.break_off()
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
        lines = await Lines.open(self.posts.port, self.connections, self.posts.host)
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
        await until(lambda: len(tally.times) >= wanted and statuses.total() == self.count, 60)
        close(lines, watchers)
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


Job = Flood | Steady | Burst | Accepts | Idle | Returns | Rings


async def _watching(sockets: Sockets) -> tuple[list[Watcher], Tally]:
    watchers, tally = await sockets.open(), Tally()
    await asyncio.sleep(0.3)  # snapshots have come by then
    for watcher in watchers:
        watcher.tally = tally
    return watchers, tally


JOBS: dict[str, type[Job]] = {
    job.__name__: job for job in (Flood, Steady, Burst, Accepts, Idle, Returns, Rings)
}
