"""uvicorn's HTTP/1.1 with an end to everything that a client can draw out; upstream has none of these.

A request's head ends, in bytes and in time. A body goes on coming, and one that nobody reads any more does not hold the
line. An answer is taken. And where a process runs out of files, whoever holds most lines and says nothing on them loses
one: whoever comes to say something is let in.
"""

import asyncio
import resource
from collections import defaultdict
from typing import Final

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

HEAD_BYTES: Final = 32 * 1024  # request line and headers together
HEAD_S: Final = 10.0  # a head that is not whole by then is somebody holding the line
# A body brings so much in such a time. A phone at the edge of a network brings a hundred times as much.
BODY_S: Final = 30.0
BODY_BYTES: Final = 1024
LINGER_S: Final = 5.0  # of a body that nobody reads any more: so long, that the answer is not cut off
TAKE_S: Final = 60.0  # an answer of which nothing at all is taken for so long
# Of all files that the process may open; the rest is for the database, Redis and what is stored.
FULL: Final = 0.75
# What is no request is answered before any app sees it, and without an app's headers.
REFUSED: Final = [
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'"),
    (b"x-content-type-options", b"nosniff"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"cache-control", b"no-store"),
]


class Lines:
    """The lines of this process on which nothing is being said, by address, each since its last word."""

    def __init__(self) -> None:
        self._resting: dict[str, dict[BoundedHttp, None]] = defaultdict(dict)

    def rests(self, line: "BoundedHttp") -> None:
        """From now on it is waited for."""
        self._resting[line.address][line] = None

    def speaks(self, line: "BoundedHttp") -> None:
        """It says something, or has gone."""
        mine = self._resting.get(line.address)
        if mine is not None:
            mine.pop(line, None)
            if not mine:
                del self._resting[line.address]

    def make_room(self, but: "BoundedHttp") -> None:
        """Close the line that has rested longest, of the address that has most of them."""
        greedy = max(self._resting.values(), key=len, default={})
        if (oldest := next((line for line in greedy if line is not but), None)) is not None:
            self.speaks(oldest)
            oldest.transport.close()


_lines = Lines()


class BoundedHttp(HttpToolsProtocol):
    """One line."""

    address = ""
    _in_head = True
    _head_bytes = 0
    _body_bytes = 0
    _timer: asyncio.TimerHandle | None = None
    _taking: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as upstream has it
        super().connection_made(transport)
        self.address = self.client[0] if self.client else ""
        self._await_head()
        _lines.rests(self)
        # `connections` holds the sockets too.
        if len(self.connections) > FULL * resource.getrlimit(resource.RLIMIT_NOFILE)[0]:
            _lines.make_room(self)

    def connection_lost(self, exc: Exception | None) -> None:
        _lines.speaks(self)
        self._forget_timer()
        self._forget_taking()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        was_in_head = self._in_head
        self._body_bytes += len(data)
        super().data_received(data)
        if was_in_head and self._in_head:
            self._head_bytes += len(data)
            if self._head_bytes > HEAD_BYTES and not self.transport.is_closing():
                self.send_400_response("Request head too large.")
        if self._timer is None and self.timeout_keep_alive_task is None and self._answered():
            # Line ends between two requests are none, and yet upstream waits for the next one no longer.
            self._await_head()

    def handle_websocket_upgrade(self) -> None:
        _lines.speaks(self)
        self._forget_timer()
        super().handle_websocket_upgrade()

    def send_400_response(self, msg: str) -> None:
        usual = self.server_state.default_headers
        self.server_state.default_headers = [*REFUSED, *usual]
        try:
            super().send_400_response(msg)
        finally:
            self.server_state.default_headers = usual

    # --- the head

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._await_head()

    def on_headers_complete(self) -> None:
        self._in_head = False
        _lines.speaks(self)
        if len(self.url) + sum(len(name) + len(value) for name, value in self.headers) > HEAD_BYTES:
            raise ValueError("request head too large")  # the parser turns it into its 400
        self._await_body()
        super().on_headers_complete()

    def _await_head(self) -> None:
        self._in_head = True
        self._head_bytes = 0
        self._forget_timer()
        self._timer = self.loop.call_later(HEAD_S, self.transport.close)

    # --- the body

    def on_message_complete(self) -> None:
        if not self._answered():
            self._forget_timer()
        super().on_message_complete()

    def on_response_complete(self) -> None:
        goes_on = bool(self.pipeline)
        super().on_response_complete()
        if goes_on:
            return
        if self._timer is not None and not self._in_head:
            # What still comes of a body that was answered keeps upstream's own time-out from ever running out.
            self._forget_timer()
            self._timer = self.loop.call_later(LINGER_S, self.transport.close)
        elif not self.transport.is_closing():
            _lines.rests(self)

    def _answered(self) -> bool:
        cycle: RequestResponseCycle | None = self.cycle  # upstream says that there always is one
        return cycle is not None and cycle.response_complete and not self.transport.is_closing()

    def _await_body(self) -> None:
        self._forget_timer()
        self._body_bytes = 0
        self._timer = self.loop.call_later(BODY_S, self._check_body)

    def _check_body(self) -> None:
        # Where the app has not read what is here already, it is not the client that is slow.
        if self._body_bytes < BODY_BYTES and not self.flow.read_paused:
            self.transport.close()
        else:
            self._await_body()

    # --- the answer

    def pause_writing(self) -> None:
        super().pause_writing()
        self._await_taking(self.transport.get_write_buffer_size())

    def resume_writing(self) -> None:
        self._forget_taking()
        super().resume_writing()

    def _await_taking(self, left: int) -> None:
        self._forget_taking()
        self._taking = self.loop.call_later(TAKE_S, self._check_taking, left)

    def _check_taking(self, left: int) -> None:
        now = self.transport.get_write_buffer_size()
        if now >= left:
            self.transport.abort()
        else:
            self._await_taking(now)

    def _forget_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _forget_taking(self) -> None:
        if self._taking is not None:
            self._taking.cancel()
            self._taking = None
