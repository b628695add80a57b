"""Clients that cost little: HTTP/1.1 kept alive and a WebSocket, by callbacks straight from the transport.

They understand what our own servers say and no more: answers with a length, frames in one piece.
"""

import asyncio
import re
from collections.abc import Callable
from typing import cast

HOST = "127.0.0.1"

Answered = Callable[[int, bytes], None]
"""Called with the status and with head and body in one."""

Heard = Callable[[bytes], None]
"""Called with the bytes of a text frame."""

_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
_PING, _PONG, _CLOSE = 0x9, 0xA, 0x8


class Line(asyncio.Protocol):
    """One connection that carries a request at a time."""

    __slots__ = ("_held", "_then", "_transport", "_whole", "lost")

    def __init__(self) -> None:
        self._transport: asyncio.Transport | None = None
        self._then: Answered | None = None
        self._held = b""
        self._whole = 0
        self.lost = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)

    def connection_lost(self, exc: Exception | None) -> None:
        self.lost = True
        if self._then is not None:
            self._answer(0, b"")

    def ask(self, request: bytes, then: Answered) -> None:
        """Send a whole request; `then` gets its answer, with status 0 when the line is lost."""
        self._then = then
        if self.lost or self._transport is None:
            self._answer(0, b"")
            return
        self._transport.write(request)

    def data_received(self, data: bytes) -> None:
        if self._held:
            data = self._held + data
        if not self._whole:
            end = data.find(b"\r\n\r\n")
            if end < 0:
                self._held = data
                return
            length = _LENGTH.search(data, 0, end)
            self._whole = end + 4 + (int(length[1]) if length else 0)
        if len(data) < self._whole:
            self._held = data
            return
        self._held, self._whole = b"", 0
        self._answer(int(data[9:12]), data)

    def _answer(self, status: int, data: bytes) -> None:
        then, self._then = self._then, None
        if then is not None:
            then(status, data)

    def close(self) -> None:
        if self._transport is not None:
            self._transport.close()


async def line(port: int, host: str = HOST) -> Line:
    """A new connection."""
    _, protocol = await asyncio.get_running_loop().create_connection(Line, host, port)
    return protocol


class Socket(asyncio.Protocol):
    """One WebSocket: `heard` gets each text frame. Pings are answered, a close is noted."""

    __slots__ = ("_data", "_heard", "_request", "_transport", "closed_with", "opened")

    def __init__(self, request: bytes, heard: Heard) -> None:
        self._request = request
        self._heard = heard
        self._data = b""
        self._transport: asyncio.Transport | None = None
        self.opened: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.closed_with: int | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self._transport.write(self._request)

    def connection_lost(self, exc: Exception | None) -> None:
        if self.closed_with is None:
            self.closed_with = 1006
        if not self.opened.done():
            self.opened.set_exception(ConnectionError("the socket was not accepted"))

    def data_received(self, data: bytes) -> None:
        if self._data:
            data = self._data + data
        if not self.opened.done():
            head, end, data = data.partition(b"\r\n\r\n")
            if not end:
                self._data = head
                return
            if not head.startswith(b"HTTP/1.1 101"):
                self.opened.set_exception(ConnectionError(head.split(b"\r\n")[0].decode("latin-1")))
                return
            self.opened.set_result(None)
        self._data = data[self._take(data) :]

    def _take(self, data: bytes) -> int:
        """Hand on the whole frames; the number of bytes they were."""
        at, size = 0, len(data)
        while size - at >= 2:
            begin, length = at + 2, data[at + 1]
            if length == 126:
                begin = at + 4
                length = int.from_bytes(data[at + 2 : begin])
            elif length == 127:
                begin = at + 10
                length = int.from_bytes(data[at + 2 : begin])
            if size < begin + length:
                break
            self._frame(data[at] & 0x0F, data[begin : begin + length])
            at = begin + length
        return at

    def _frame(self, opcode: int, payload: bytes) -> None:
        if opcode == 0x1:
            self._heard(payload)
        elif opcode == _PING:
            self._send(_PONG, payload)
        elif opcode == _CLOSE:
            self.closed_with = int.from_bytes(payload[:2]) if payload else 1005
            self._send(_CLOSE, payload[:2])

    def say(self, text: bytes) -> None:
        """Send a text frame of less than 64 KiB."""
        self._send(0x1, text)

    def _send(self, opcode: int, payload: bytes) -> None:
        if self._transport is None or self._transport.is_closing():
            return
        length = len(payload)
        head = bytes((0x80 | opcode, 0x80 | min(length, 126)))
        if length >= 126:
            head += length.to_bytes(2)
        # Masked, as a client must, with the key that changes nothing.
        self._transport.write(head + b"\0\0\0\0" + payload)

    def freeze(self) -> None:
        """Read nothing more, and stay open: what is sent to it piles up at the other end."""
        if self._transport is not None:
            self._transport.pause_reading()

    def break_off(self) -> None:
        """Gone without a word, as when a phone loses its network."""
        if self._transport is not None:
            self._transport.abort()

    def close(self) -> None:
        if self._transport is not None:
            self._send(_CLOSE, b"\x03\xe8")
            self._transport.close()


async def socket(port: int, path: str, headers: dict[str, str], heard: Heard, host: str = HOST) -> Socket:
    """A new WebSocket. Raises ConnectionError with the status line when the server does not accept it."""
    lines = [
        f"GET {path} HTTP/1.1",
        f"host: {host}:{port}",
        "connection: Upgrade",
        "upgrade: websocket",
        "sec-websocket-version: 13",
        "sec-websocket-key: AAAAAAAAAAAAAAAAAAAAAA==",
        *(f"{name}: {value}" for name, value in headers.items()),
    ]
    request = ("\r\n".join(lines) + "\r\n\r\n").encode()
    _, protocol = await asyncio.get_running_loop().create_connection(
        lambda: Socket(request, heard), host, port
    )
    await protocol.opened
    return protocol
