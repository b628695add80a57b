"""When things are asked, and how long one waits for what comes of them."""

import asyncio
import random
from collections.abc import Awaitable, Callable
from typing import Any

from bench.load import Lines, Watcher, clock

Go = Callable[[], Awaitable[None]]
Told = dict[str, Any]

LATE_S = 10.0  # what has not come so long after the last POST is missing
SEED = 110  # the same moments for ours and for the floor


async def pace(rate: float, warm_s: float, seconds: float, post: Callable[[bool], None]) -> list[float]:
    """Call `post` at its moments, with whether it counts; gives how late each was."""
    moments = random.Random(SEED)  # noqa: S311 - no secret
    begin = clock()
    due, late = 0.0, []
    while (due := due + moments.expovariate(rate)) < warm_s + seconds:
        wait = begin + due - clock()
        if wait > 0:
            await asyncio.sleep(wait)
        counts = due >= warm_s
        if counts:
            late.append(max(0.0, clock() - begin - due))
        post(counts)
    return late


async def until(true: Callable[[], bool], within_s: float = LATE_S) -> None:
    """Returns when `true()`, or when it has had its time."""
    end = clock() + within_s
    while not true() and clock() < end:  # noqa: ASYNC110 - an event a frame would cost what is measured
        await asyncio.sleep(0.02)


def close(lines: Lines, watchers: list[Watcher]) -> None:
    lines.close()
    for watcher in watchers:
        watcher.socket.close()
