"""What a load is made of: requests that differ by a mark, connections that share them, sockets that look for marks."""

import asyncio
import re
import time
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from functools import partial

from bench.wire import HOST, Answered, Heard, Line, Socket, line, socket

MARK = re.compile(rb"~(\d{9})~")
MARKS = 1_000_000  # as many as one job may use
SHOWN_S = 0.25  # as often as the console's page tells how far its screen is
OPENING = 50  # connections made at a time
CURSOR = b'id="cursor" value="'
PING, PONG = b'{"type":"ping"}', b'{"type":"pong"}'

clock = time.perf_counter  # CLOCK_MONOTONIC, the same for every process of the machine


@dataclass(frozen=True, slots=True)
class Posts:
    """POSTs to one path. A body holds `MARK` where each has its own; bodies and tokens are used in turn."""

    port: int
    path: str
    bodies: list[str]
    tokens: list[str]
    host: str = HOST

    def requests(self, first: int) -> Iterator[tuple[bytes, bytes]]:
        """Mark and whole request, for ever."""
        common = f"POST {self.path} HTTP/1.1\r\nhost: {self.host}:{self.port}\r\ncontent-type: application/json\r\n"
        heads = [f"{common}authorization: Bearer {token}\r\n".encode() for token in self.tokens]
        rests = [_rest(body.replace("MARK", "~%09d~")) for body in self.bodies]
        for number in range(first, first + MARKS):
            rest = rests[number % len(rests)] % (number, number)
            yield b"%09d" % number, heads[number % len(heads)] + rest


def _rest(body: str) -> bytes:
    length = len((body % 0).encode())
    key = "idempotency-key: 00000000-0000-7000-8000-000%09d"
    return f"{key}\r\ncontent-length: {length}\r\n\r\n{body}".encode()


@dataclass(frozen=True, slots=True)
class Sockets:
    """WebSockets to open, one for each path; a `hello` that is not empty is the first frame of its socket."""

    port: int
    paths: list[str]
    headers: list[dict[str, str]]
    hellos: list[str]
    shows: bool = False  # tells, as the console's page does, how far its screen is
    host: str = HOST

    def some(self, first: int, last: int) -> "Sockets":
        """Those from `first` on, and before `last`."""
        these = slice(first, last)
        return replace(self, paths=self.paths[these], headers=self.headers[these], hellos=self.hellos[these])

    async def open(self) -> "list[Watcher]":
        """All of them, welcomed where a hello was said. Raises ConnectionError."""
        watchers: list[Watcher] = []
        for first in range(0, len(self.paths), OPENING):
            some = range(first, min(first + OPENING, len(self.paths)))
            watchers += await asyncio.gather(*map(self.open_one, some))
        return watchers

    async def open_one(self, number: int) -> "Watcher":
        """The one of this number, welcomed where a hello is said. Raises ConnectionError, TimeoutError."""
        path, headers, hello = self.paths[number], self.headers[number], self.hellos[number]
        watcher = Watcher(self.shows)
        watcher.socket = await socket(self.port, path, headers, watcher.heard, self.host)
        if hello:
            watcher.socket.say(hello.encode())
            async with asyncio.timeout(10):
                await watcher.first.wait()
        return watcher


@dataclass(slots=True)
class Tally:
    """What the sockets of a job have seen of the marks that are due."""

    due: dict[bytes, float] = field(default_factory=dict)  # when it was sent
    times: list[float] = field(default_factory=list)
    frames: int = 0
    bytes: int = 0
    last: float = 0.0


class Watcher:
    """One socket and the marks it has seen. Until it has a tally it only listens."""

    def __init__(self, shows: bool) -> None:
        self.socket: Socket
        self.first = asyncio.Event()
        self.tally: Tally | None = None
        self.also: Heard | None = None  # gets every frame too
        self.seen: set[bytes] = set()
        self._shows = shows
        self._shown_at = 0.0
        self._seq = b""
        self._telling: asyncio.TimerHandle | None = None

    def heard(self, frame: bytes) -> None:
        if frame == PING:  # who does not answer is taken for gone
            self.socket.say(PONG)
            return
        at = clock()
        self.first.set()
        if self._shows:
            self._show(frame, at)
        if self.also is not None:
            self.also(frame)
        tally = self.tally
        if tally is None or not (marks := MARK.findall(frame)):
            return
        new = False
        for mark in marks:
            sent = tally.due.get(mark)
            if sent is not None and mark not in self.seen:
                self.seen.add(mark)
                tally.times.append(at - sent)
                new = True
        if new:
            tally.frames += 1
            tally.bytes += len(frame)
            tally.last = at

    def _show(self, frame: bytes, at: float) -> None:
        begin = frame.find(CURSOR)
        if begin < 0:
            return
        cursor = frame[begin + len(CURSOR) : frame.index(b'"', begin + len(CURSOR))]
        self._seq = cursor.rpartition(b":")[2]
        if self._telling is None:
            wait = max(0.0, self._shown_at + SHOWN_S - at)
            self._telling = asyncio.get_running_loop().call_later(wait, self._tell)

    def _tell(self) -> None:
        self._telling, self._shown_at = None, clock()
        self.socket.say(b'{"type":"shown","seq":%s}' % self._seq)


class Lines:
    """Connections that share what is to be asked; what finds none free waits for the next."""

    def __init__(self, lines: list[Line]) -> None:
        self.all = lines
        self._free = deque(lines)
        self._waiting: deque[tuple[bytes, Answered]] = deque()

    @classmethod
    async def open(cls, port: int, count: int, host: str = HOST) -> "Lines":
        return cls([await line(port, host) for _ in range(count)])

    def ask(self, request: bytes, then: Answered) -> None:
        """Send it as soon as a connection is free."""
        if self._free:
            free = self._free.popleft()
            free.ask(request, partial(self._answered, free, then))
        else:
            self._waiting.append((request, then))

    def _answered(self, free: Line, then: Answered, status: int, data: bytes) -> None:
        if not free.lost:
            self._free.append(free)
        then(status, data)
        if self._waiting and self._free:
            self.ask(*self._waiting.popleft())

    def close(self) -> None:
        for one in self.all:
            one.close()
