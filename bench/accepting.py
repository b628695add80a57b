"""The job of run b: reports that wait are accepted, and their reporters' sockets watched."""

import asyncio
import re
from collections import Counter
from dataclasses import dataclass

from bench.figures import summary
from bench.load import Lines, Posts, Sockets, Watcher, clock
from bench.pace import Go, Told, close, pace, until

QUIET_S = 1.5
OPENED_WITHIN_S = 60.0

ID = re.compile(rb'"id":"([0-9a-f-]{36})"')


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
    opening: Sockets | None = None  # consoles that are opened while it is measured

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
        asked = 0

        def heard(frame: bytes) -> None:
            if b'"status":"received"' in frame and (found := ID.search(frame)):
                sent = due.pop(found[1], None)
                if sent is not None:
                    times.append(clock() - sent)
                    sizes.append(len(frame))

        for listener in listeners:
            listener.also = heard
        opened_s = await _quiet(consoles)
        await go()

        def accept(counts: bool) -> None:
            nonlocal asked
            report, reporter = next(waiting, (b"", 0))
            if not report:
                return
            asked += 1
            text = self.accept.replace("REPORTER", str(reporter)).replace("REPORT", report.decode())
            if counts:
                due[report] = clock()
            lines.ask(text.encode(), lambda status, _data: statuses.update([status]))

        more = asyncio.create_task(self._open_more())
        late = await pace(self.rate, self.warm_s, self.seconds, accept)
        await until(lambda: not due and statuses.total() == asked)
        close(lines, [*listeners, *consoles, *await more])
        return {
            "n": len(times),
            "all": statuses.total(),
            "frame": summary(times),
            "missing": len(due),
            "statuses": statuses,
            "frame_bytes": sum(sizes) / max(1, len(sizes)),
            "late": summary(late),
            "opened_s": opened_s,
        }

    async def _open_more(self) -> list[Watcher]:
        await asyncio.sleep(self.warm_s)
        return await self.opening.open() if self.opening else []

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
        lines = await Lines.open(self.filing.port, self.connections, self.filing.host)
        ids: list[bytes] = []

        def then(status: int, data: bytes) -> None:
            found = ID.search(data)
            ids.append(found[1] if status == 201 and found else b"")

        for _ in range(wanted):
            lines.ask(next(requests)[1], then)
        await until(lambda: len(ids) == wanted, 30)
        lines.close()
        return [(id_, 0) for id_ in ids if id_]


async def _quiet(consoles: list[Watcher]) -> float:
    """Waits until the consoles have all that is there, and the news of the filing: nothing but ticks comes for a while.
    Gives how long that took; seconds."""
    began = last = clock()

    def heard(frame: bytes) -> None:
        nonlocal last
        if b'"type":"tick"' not in frame:
            last = clock()

    for console in consoles:
        console.also = heard
    await until(lambda: clock() - last > QUIET_S, OPENED_WITHIN_S)
    return last - began
