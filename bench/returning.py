"""The job of run f: everybody's line breaks at once, and everybody comes again."""

import asyncio
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass

from bench.figures import summary
from bench.load import Lines, Posts, Sockets, Watcher, clock
from bench.pace import Go, Told, close, pace, until

AT_A_TIME = 500  # more connections than a listening queue takes are refused by the kernel, and tried again
WITHIN_S = 120.0


@dataclass(frozen=True, slots=True)
class Returns:
    """Sockets that are open, break off together, and are opened again until each is welcomed; reports are filed
    meanwhile at a rate, as long as it takes and `seconds` at least."""

    posts: Posts
    sockets: Sockets
    first: int
    rate: float
    seconds: float
    connections: int = 24

    async def run(self, go: Go) -> Told:
        watchers = await self.sockets.open()
        lines = await Lines.open(self.posts.port, self.connections, self.posts.host)
        statuses: Counter[int] = Counter()
        answers: list[float] = []
        asked = 0
        requests = self.posts.requests(self.first)

        def post(_counts: bool) -> None:
            nonlocal asked
            asked += 1
            sent = clock()

            def then(status: int, _data: bytes) -> None:
                statuses[status] += 1
                answers.append(clock() - sent)

            lines.ask(next(requests)[1], then)

        await go()
        begin = clock()
        filing = asyncio.create_task(pace(self.rate, 0.0, WITHIN_S, post))
        for watcher in watchers:
            watcher.socket.break_off()
        room = asyncio.Semaphore(AT_A_TIME)
        back: list[Watcher] = []
        times: list[float] = []
        tries = 0

        async def again(number: int) -> None:
            nonlocal tries
            async with room:
                while clock() - begin < WITHIN_S:
                    tries += 1
                    with suppress(OSError, TimeoutError):
                        back.append(await self.sockets.open_one(number))
                        times.append(clock() - begin)
                        return

        await asyncio.gather(*map(again, range(len(watchers))))
        took = clock() - begin
        await asyncio.sleep(max(0.0, self.seconds - took))
        filing.cancel()
        await until(lambda: statuses.total() == asked)
        close(lines, back)
        return {
            "n": len(times),
            "all": len(times),
            "seconds": max(times, default=float("nan")),
            "back": summary(times),
            "tries": tries,
            "answer": summary(answers),
            "statuses": statuses,
            "missing": len(watchers) - len(times),
        }
