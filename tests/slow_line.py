"""A bad line between a phone and the server, for tests: thin, slow, cut, silent, or broken off amid a photo.

A TCP proxy on loopback. What it does to a connection is what a mobile network does: it loses no byte of one that
lives, and a connection that it breaks is broken for both sides. On a slow one a connection is there only once its
handshake has gone to and fro, and what one connection has put on the line goes before what others put there later.
"""

import asyncio
import contextlib
import socket
import struct
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import urlsplit, urlunsplit

from tests.server import LOOPBACK

SLICE: Final = 1_400  # bytes, as of a packet: so that a thin line is thin all the time
# Of a socket's buffers: what is sent stays near the sender, as it would on a mobile network. And of the line's own
# queue each way, which all connections share.
ROOM: Final = 16 * 1024


@dataclass
class SlowLine:
    """The line. `bits_per_s` each way (None: no bound), `delay_s` one way."""

    port: int
    target: int
    bits_per_s: float | None = None
    delay_s: float = 0.0
    host: str = LOOPBACK  # where it listens
    up: int = 0  # bytes that reached the server
    down: int = 0
    _cut: bool = False
    _silent: bool = False
    _break_at: int | None = None
    _pairs: "set[_Pair]" = field(default_factory=set)
    _server: asyncio.Server | None = None
    _free: dict[str, float] = field(default_factory=dict)

    @property
    def url(self) -> str:
        """What a browser opens."""
        return f"http://{LOOPBACK}:{self.port}"

    async def open(self) -> None:
        """Listens."""
        listening = socket.socket()
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, ROOM)
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, ROOM)
        listening.bind((self.host, self.port))
        self._server = await asyncio.start_server(self._take, sock=listening, limit=ROOM)

    async def close(self) -> None:
        """Ends everything."""
        if self._server is not None:
            self._server.close()
        await self._break_all()

    def good(self) -> None:
        """A line as one wishes it; what was silent stays broken."""
        self.bits_per_s, self.delay_s = None, 0.0
        self._cut = self._silent = False
        self._break_at = None

    def thin(self, bits_per_s: float, delay_s: float) -> None:
        """So many bits a second each way, and so long until the other end hears anything."""
        self.bits_per_s, self.delay_s = bits_per_s, delay_s

    async def cut(self) -> None:
        """No network: what is open breaks, and nothing new is taken."""
        self._cut = True
        await self._break_all()

    def silence(self) -> None:
        """A dead zone: connections stay open, or open even, and nobody ever answers."""
        self._silent = True
        for pair in self._pairs:
            pair.silent = True

    def break_after(self, up: int) -> None:
        """Once so many more bytes have reached the server, everything breaks off, and the line is good again."""
        self._break_at = self.up + up

    async def _take(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self._cut:
            _reset(writer)
            return
        pair = _Pair(writer, silent=self._silent)
        self._pairs.add(pair)
        await asyncio.sleep(2 * self.delay_s)
        try:
            there, to_server = await asyncio.open_connection(LOOPBACK, self.target, limit=ROOM)
        except OSError:
            _reset(writer)
            self._pairs.discard(pair)
            return
        pair.other = to_server
        if pair.broken:
            pair.break_off()
            self._pairs.discard(pair)
            return
        pair.tasks = [
            asyncio.create_task(self._carry(pair, reader, to_server, "up")),
            asyncio.create_task(self._carry(pair, there, writer, "down")),
        ]
        await asyncio.wait(pair.tasks)
        self._pairs.discard(pair)
        for one in (writer, to_server):
            one.close()

    async def _carry(
        self, pair: "_Pair", reader: asyncio.StreamReader, writer: asyncio.StreamWriter, way: str
    ) -> None:
        """Carries one direction: a slice is on the line as long as it is wide, and arrives a delay later."""
        under_way: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue(64)
        arriving = asyncio.create_task(self._arrive(pair, under_way, writer, way))
        loop = asyncio.get_running_loop()
        try:
            while data := await reader.read(SLICE):
                sent = loop.time()
                if self.bits_per_s:
                    sent = max(sent, self._free.get(way, 0.0)) + len(data) * 8 / self.bits_per_s
                    self._free[way] = sent
                await under_way.put((sent + self.delay_s, data))
                if self.bits_per_s:
                    await asyncio.sleep(max(0.0, sent - loop.time() - ROOM * 8 / self.bits_per_s))
            await under_way.put((loop.time() + self.delay_s, b""))
            await arriving
        except (OSError, asyncio.CancelledError):
            arriving.cancel()

    async def _arrive(
        self,
        pair: "_Pair",
        under_way: "asyncio.Queue[tuple[float, bytes]]",
        writer: asyncio.StreamWriter,
        way: str,
    ) -> None:
        loop = asyncio.get_running_loop()
        with contextlib.suppress(OSError):
            while True:
                due, data = await under_way.get()
                await asyncio.sleep(max(0.0, due - loop.time()))
                if pair.silent:
                    await asyncio.Event().wait()
                if not data:
                    if writer.can_write_eof():
                        writer.write_eof()
                    return
                writer.write(data)
                await writer.drain()
                self._count(way, len(data))

    def _count(self, way: str, size: int) -> None:
        if way == "down":
            self.down += size
            return
        self.up += size
        if self._break_at is not None and self.up >= self._break_at:
            self._break_at = None
            self._breaking = asyncio.create_task(self._break_all())

    async def _break_all(self) -> None:
        for pair in list(self._pairs):
            pair.break_off()
        await asyncio.sleep(0)


@dataclass(eq=False)
class _Pair:
    """A connection of the phone's, and the one to the server that it is carried on by."""

    phone: asyncio.StreamWriter
    silent: bool
    broken: bool = False
    other: asyncio.StreamWriter | None = None
    tasks: list[asyncio.Task[None]] = field(default_factory=list)

    def break_off(self) -> None:
        self.broken = True
        for task in self.tasks:
            task.cancel()
        _reset(self.phone)
        if self.other is not None:
            _reset(self.other)


def _reset(writer: asyncio.StreamWriter) -> None:
    """Closes with RST, as a line does that has lost its memory of the connection."""
    held = writer.get_extra_info("socket")
    if held is not None:
        with contextlib.suppress(OSError):
            held.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()


def by_way_of(environment: dict[str, str], database: SlowLine, redis: SlowLine) -> dict[str, str]:
    """The environment of a process that has PostgreSQL and Redis by these lines alone."""
    url = urlsplit(environment["DATABASE_URL"])
    user, _, _ = url.netloc.rpartition("@")
    return {
        **environment,
        "DATABASE_URL": urlunsplit(url._replace(netloc=f"{user}@{database.host}:{database.port}")),
        "REDIS_URL": f"redis://{redis.host}:{redis.port}/0",
    }
