"""The job of run `cluster`: rings that several processes hear."""

import asyncio
import itertools
from contextlib import suppress
from dataclasses import dataclass

import orjson

from bench.load import clock
from bench.pace import Go, Told, until
from dispatch.desks import DESKS
from realtime.channels import desk_channel
from realtime.lines import line_to
from realtime.redis_at import connect

LISTENERS = 4  # as many processes of ours
TOGETHER = 20  # rings that one process sends at once when it is busy
BODY = orjson.dumps({"seq": 123_456, "report": "00000000-0000-7000-8000-000000000000", "kind": "ReportFiled"})


class _Ear:
    """A process that listens."""

    def __init__(self) -> None:
        self.whole = False
        self.heard = 0

    def made(self, *, whole: bool) -> None:
        self.whole = whole

    def broken(self) -> None:
        self.whole = False

    def rung(self, _channel: str, _body: bytes) -> None:
        self.heard += 1


@dataclass(frozen=True, slots=True)
class Rings:
    """So many rings, for all desks in turn, sent to the first of these addresses and heard by processes at each in
    turn: those of nodes alone are told by `PUBLISH`."""

    urls: list[str]
    count: int

    async def run(self, go: Go) -> Told:
        ears = [_Ear() for _ in range(LISTENERS)]
        clients = [connect(url) for url in self.urls]
        lines = [
            line_to(self.urls[number % len(self.urls)], clients[number % len(self.urls)], ear)
            for number, ear in enumerate(ears)
        ]
        listening = [asyncio.create_task(line.listen()) for line in lines]
        await until(lambda: all(ear.whole for ear in ears), 20)
        channels = itertools.cycle(map(desk_channel, DESKS))
        await go()
        begin = clock()
        for _ in range(0, self.count, TOGETHER):
            await lines[0].send([(next(channels), BODY) for _ in range(TOGETHER)])
        await until(lambda: all(ear.heard >= self.count for ear in ears), 20)
        took = clock() - begin
        for task in listening:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task
        for line in lines:
            await line.aclose()
        for client in clients:
            await client.aclose()
        return {
            "n": self.count,
            "all": self.count,
            "per_s": self.count / took,
            "missing": sum(self.count - ear.heard for ear in ears),
        }
