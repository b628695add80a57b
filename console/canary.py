"""The canary at the desk: shown on a screen that nobody has, and received as a report is, by nobody."""

import asyncio
import random
from functools import partial

import structlog

from console.hub import Hub
from console.rendering import Rendering
from dispatch import canary
from dispatch.canary import CanaryState
from dispatch.words import DEFAULT
from dispatch.writer import Writer
from realtime.canary import Flight
from realtime.canary_watch import Watch

log = structlog.get_logger()

# Of several console processes one receives it; the others mostly see that before they try.
TURN_S = 0.5


class Desks:
    """What a console process does with canaries. `flight` is for its feed; `writer` comes when there is one."""

    def __init__(self, hub: Hub, rendering: Rendering, watch: Watch) -> None:
        self._hub = hub
        self._rendering = rendering
        self._watch = watch
        self.writer: Writer | None = None
        self._receiving: set[asyncio.Task[None]] = set()
        self.flight = Flight(lambda _state: True, self._render, self._arrived)

    def _render(self, state: CanaryState) -> str:
        """Its card in each language of the desk's open consoles."""
        report = canary.as_report(state)
        languages = self._hub.languages(state.desk) or {DEFAULT}
        cards = [self._rendering.card_at(state.desk, report, language) for language in sorted(languages)]
        return self._rendering.frame(self._hub.cursor(state.seq), cards)

    def _arrived(self, state: CanaryState) -> None:
        self._watch.arrived(state)
        if state.received_at is None:
            task = asyncio.create_task(self._receive(state), name=f"canary {state.desk}")
            self._receiving.add(task)
            task.add_done_callback(self._receiving.discard)

    async def _receive(self, state: CanaryState) -> None:
        await asyncio.sleep(random.uniform(0, TURN_S))  # noqa: S311 - a turn is no secret
        newest = self.flight.carried.get(state.desk)
        if self.writer is None or state.id is None or (newest and newest.received_at is not None):
            return
        try:
            await self.writer.do(partial(canary.receive, desk=state.desk, id_=state.id), state.desk)
        except Exception as error:  # noqa: BLE001 - whatever it is: the alarm says that it is not received
            log.warning("canary_not_received", desk=state.desk, error=type(error).__name__)
