"""The canary's way through this process: carried by the feed as reports are, put on a screen that nobody has.

A console process carries what was sent and proves that it would have shown a card; a citizen process carries what was
received and proves that it would have told a reporter. The screen is a socket like any other (`realtime.socket`), whose
other end only looks whether what comes out of it names the canary.
"""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlmodel import Session
from starlette.websockets import WebSocket, WebSocketState

from dispatch import canary
from dispatch.canary import CanaryState
from realtime.socket import LiveSocket, Update

Render = Callable[[CanaryState], str]


@dataclass(frozen=True, slots=True)
class Flown:
    """What the feed read of a desk's canary: how far it has come, and the frame that carries it; none, where nothing of
    this step is shown on this side."""

    state: CanaryState
    frame: str | None


class Flight:
    """What the feed carries (`realtime.feed.Canaries`). `shows(state)`: whether this side shows it at that step;
    `render` makes its frame, off the loop; `arrived` is called on the loop when the frame has left the socket, and
    `followed` with whatever the feed brought."""

    def __init__(
        self, shows: Callable[[CanaryState], bool], render: Render, arrived: Callable[[CanaryState], None]
    ) -> None:
        self._shows = shows
        self._render = render
        self._arrived = arrived
        self._screens: dict[str, _Screen] = {}
        self.carried: dict[str, CanaryState] = {}

    def heads(self, session: Session) -> Mapping[str, int]:
        return canary.heads(session)

    def moved(self, desk: str, seq: int) -> bool:
        known = self.carried.get(desk)
        # Another number, not a higher one: the database may have been restored.
        return seq != (known.seq if known else 0)

    def load(self, session: Session, desk: str) -> Flown | None:
        found = canary.state(session, desk)
        if found is None or found.id is None:
            return None
        return Flown(found, self._render(found) if self._shows(found) else None)

    def deliver(self, desk: str, loaded: Any) -> None:
        flown: Flown = loaded
        known = self.carried.get(desk)
        self.carried[desk] = flown.state
        if flown.frame is None or (known and known.id == flown.state.id and self._shows(known)):
            return
        if desk not in self._screens:
            self._screens[desk] = _Screen(self._arrived)
        self._screens[desk].show(flown.state, flown.frame)


class _Screen:
    """A screen that nobody has: what is offered to its socket is looked at where it leaves."""

    def __init__(self, arrived: Callable[[CanaryState], None]) -> None:
        self._arrived = arrived
        self._awaited: CanaryState | None = None
        websocket = WebSocket({"type": "websocket", "headers": []}, self._silence, self._take)
        websocket.client_state = websocket.application_state = WebSocketState.CONNECTED
        self._socket = LiveSocket(websocket, lambda _seq, parts: list(parts))
        self._socket.begin([], -1)

    def show(self, state: CanaryState, frame: str) -> None:
        self._awaited = state
        self._socket.offer(Update(state.seq, {state.desk: frame}, (frame,)))

    async def _silence(self) -> dict[str, Any]:
        return await asyncio.get_running_loop().create_future()  # type: ignore[no-any-return]  # it never comes

    async def _take(self, message: Any) -> None:
        awaited = self._awaited
        if awaited is not None and str(awaited.id) in message.get("text", ""):
            self._awaited = None
            self._arrived(awaited)
