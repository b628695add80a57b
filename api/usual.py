"""How fast each desk accepts, as it was read a moment ago.

Every open first screen asks for its desk twice a minute, and the answer is a median of fifty reports: some seconds of
age change nothing of it. An answer is of its own desk only, and one that failed is not kept.
"""

import time
from collections.abc import Callable

from dispatch.acceptance import usual_acceptance_s
from dispatch.reads import Reads

KEPT_S = 10.0
# A desk's first acceptance is news.
KEPT_NONE_S = 1.0


class UsualTimes:
    """By desk, for some seconds."""

    def __init__(self, read: Reads, clock: Callable[[], float] = time.monotonic) -> None:
        self._read = read
        self._clock = clock
        self._known: dict[str, tuple[float, float | None]] = {}

    async def of(self, desk: str) -> float | None:
        """Seconds from filing to acceptance; None of a desk that has accepted nothing yet."""
        asked_at = self._clock()
        kept = self._known.get(desk)
        if kept is not None and asked_at - kept[0] < (KEPT_S if kept[1] is not None else KEPT_NONE_S):
            return kept[1]
        usual = await self._read(lambda session: usual_acceptance_s(session, desk))
        self._known[desk] = (asked_at, usual)
        return usual
