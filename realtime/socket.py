"""One open socket: what waits to be sent to it, who sends, who reads, whether its client still lives.

A socket that cannot keep up costs nobody else anything: what waits for it collapses into the newest state of
each thing, and its sender is a task of its own that exists only while something waits.
"""

import asyncio
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass

import structlog
from starlette.websockets import WebSocket, WebSocketDisconnect, WebSocketState

log = structlog.get_logger()

BACKLOG = 2000
SEND_PATIENCE_S = 30.0

Compose = Callable[[int, Iterable[str]], list[str]]


@dataclass(frozen=True, slots=True)
class Update:
    """New states, up to the log's number `seq`: one part a thing, and the frames that carry all of them."""

    seq: int
    parts: Mapping[Hashable, str]
    frames: tuple[str, ...]


class LiveSocket:
    """A socket after its acceptance. `compose(seq, parts)` makes frames of parts that were gathered."""

    __slots__ = (
        "_backlog",
        "_compose",
        "_frames",
        "_held",
        "_sender",
        "_seq",
        "_single",
        "_snapshot",
        "closed",
        "heard_at",
        "overflowed",
        "sent",
        "websocket",
    )

    def __init__(self, websocket: WebSocket, compose: Compose) -> None:
        self.websocket = websocket
        self._compose = compose
        self._single: Update | None = None
        self._backlog: dict[Hashable, str] | None = None
        self._frames: list[str] = []  # frames that are no state: a tick, a ping, an error
        self._seq = 0
        self._held = True
        self._snapshot = -1  # what the snapshot holds, the feed may bring once more a little later
        self.sent = 0  # the log's number up to which states were handed to the client
        self._sender: asyncio.Task[None] | None = None
        self.overflowed = False
        self.closed = False
        self.heard_at = asyncio.get_running_loop().time()

    def offer(self, update: Update) -> None:
        """New states to send, when the client is ready for them."""
        if self.closed or self.overflowed or update.seq <= self._snapshot:
            return
        if self._single is None and self._backlog is None:
            self._single = update
        else:
            self._collapse(update)
        self._seq = update.seq
        self._wake()

    def _collapse(self, update: Update) -> None:
        backlog = self._backlog
        if backlog is None:
            backlog = dict(self._single.parts) if self._single is not None else {}
            self._single, self._backlog = None, backlog
        for key, part in update.parts.items():
            backlog.pop(key, None)  # the newest goes to the end: order is that of the latest change
            backlog[key] = part
        if len(backlog) > BACKLOG:
            # Too much to hold: the client is let go, and reads everything anew when it returns.
            self.overflowed = True
            self._backlog = None

    def say(self, frame: str) -> None:
        """A frame that is no state. Dropped while older ones of its sort still wait: the next will come."""
        if not self.closed and len(self._frames) < 8:
            self._frames.append(frame)
            self._wake()

    def begin(self, frames: Sequence[str], seq: int) -> None:
        """Send the snapshot that holds everything up to `seq` (-1: nothing of one log alone); then whatever came
        meanwhile or comes later and is newer."""
        if self._seq <= seq:
            self._single = self._backlog = None
        self._snapshot = seq
        self._drop_what_stands_in(frames)
        self._frames[:0] = frames
        self._held = False
        self.sent = max(self.sent, seq)
        self._wake()

    def _drop_what_stands_in(self, frames: Sequence[str]) -> None:
        """An update that reaches past the snapshot may begin before it: what both hold is sent once."""
        parts = self._single.parts if self._single is not None else self._backlog
        known = [key for key, part in (parts or {}).items() if any(part in frame for frame in frames)]
        if known and parts is not None:
            # Even an empty one is kept: its frame carries the cursor on.
            self._backlog = {key: part for key, part in parts.items() if key not in known}
            self._single = None

    def holds(self, key: Hashable) -> bool:
        """Whether a state of this thing waits to be sent."""
        single = self._single is not None and key in self._single.parts
        return single or (self._backlog is not None and key in self._backlog)

    def hold(self) -> None:
        """Keep what is offered until `begin`."""
        self._held = True

    def _wake(self) -> None:
        if self._sender is None and not self._held and not self.closed:
            self._sender = asyncio.create_task(self._send_waiting())

    def _take(self) -> list[str]:
        frames, self._frames = self._frames, []
        if self._single is not None:
            frames.extend(self._single.frames)
            self._single = None
            self.sent = self._seq
        elif self._backlog is not None:
            frames.extend(self._compose(self._seq, self._backlog.values()))
            self._backlog = None
            self.sent = self._seq
        return frames

    async def _send_waiting(self) -> None:
        try:
            while not self._held and (frames := self._take()):
                for frame in frames:
                    async with asyncio.timeout(SEND_PATIENCE_S):
                        await self.websocket.send_text(frame)
            if self.overflowed:
                await self.close(1013)
        except TimeoutError:
            await self.close(1013)
        except (WebSocketDisconnect, RuntimeError, OSError):
            self.closed = True
        finally:
            self._sender = None

    async def receive(self) -> str | None:
        """The next text frame of the client; None when it has left. A binary frame is an empty string."""
        message = await self.websocket.receive()
        self.heard_at = asyncio.get_running_loop().time()
        if message["type"] == "websocket.disconnect":
            self.closed = True
            return None
        return message.get("text") or ""

    async def close(self, code: int, reason: str = "") -> None:
        """Close with a code of the protocol. A client that does not answer is not waited for long."""
        if self.closed:
            return
        self.closed = True
        if self.websocket.application_state is not WebSocketState.CONNECTED:
            return
        try:
            async with asyncio.timeout(1.0):
                await self.websocket.close(code, reason)
        except (TimeoutError, RuntimeError, WebSocketDisconnect, OSError):
            log.info("socket_abandoned", code=code)
