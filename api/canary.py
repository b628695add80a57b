"""The canary on the reporters' side: sent as a report is filed, and told as 已接收 is, to nobody."""

import asyncio
import random
from functools import partial

import structlog

from api.views import frame, report_view
from dispatch import canary
from dispatch.canary import CanaryState
from dispatch.words import DEFAULT
from dispatch.writer import Writer
from realtime.canary import Flight
from realtime.canary_watch import LOOK_EVERY_S, Watch

log = structlog.get_logger()


class Reporters:
    """What a citizen process does with canaries. `flight` is for its feed."""

    def __init__(self, watch: Watch, every_s: float) -> None:
        self._watch = watch
        self._every_s = every_s
        self._waits: dict[str, float] = {}
        self.flight = Flight(lambda state: state.received_at is not None, _render, watch.arrived)

    async def send(self, writer: Writer) -> None:
        """Send each open desk's next one when it is time, for ever. Several processes take turns by chance."""
        while True:
            due = [desk for desk in self._watch.states if self._is_due(desk)]
            failed = [
                error
                for error in await asyncio.gather(*(_sent(writer, self._watch.states[desk]) for desk in due))
                if error
            ]
            for desk in due:
                self._waits[desk] = self._every_s * random.uniform(0.9, 1.0)  # noqa: S311 - no secret
            if failed:
                log.warning("canaries_not_sent", count=len(failed), error=failed[0])
            await asyncio.sleep(LOOK_EVERY_S)

    def _is_due(self, desk: str) -> bool:
        # The first comes at any time within the first round, so that the desks' are spread over it for good.
        wait = self._waits.setdefault(desk, random.uniform(0, self._every_s))  # noqa: S311 - no secret
        return self._watch.sent_ago(desk) >= wait


async def _sent(writer: Writer, state: CanaryState) -> str | None:
    """Send the next one; what kept it from being sent."""
    try:
        await writer.do(partial(canary.send, desk=state.desk, seen=state.seq), state.desk)
    except Exception as error:  # noqa: BLE001 - whatever it is: the alarm says that none is sent
        return type(error).__name__
    return None


def _render(state: CanaryState) -> str:
    """What its reporter would be told."""
    return frame({"type": "report", "report": report_view(canary.as_report(state), 0, DEFAULT)})
