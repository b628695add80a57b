"""Times that the product promises. Tests print what they measured, and fail only where no busy machine explains it."""

import asyncio
import time
from typing import Any

SLACK = 10
# What is waited for may take this long on a crowded machine, however little a test allows: only its coming counts.
PATIENCE_S = 60


class PromiseBroken(AssertionError):
    """An invariant was seen broken: however busy the machine, a second run does not make it well."""


def promised(what: str, took_s: float, promise_s: float, slack: float = SLACK) -> None:
    """Something took so long; the promise is `promise_s`, and a crowded machine gets `slack` times that."""
    print(f"{what}: {took_s:.3f} s (promised {promise_s} s)")
    assert took_s <= slack * promise_s, f"{what}: {took_s:.3f} s, promised {promise_s} s"


async def eventually(true: Any, within_s: float, what: str) -> Any:
    """What `true()` (which may be a coroutine function) gives, as soon as it is truthy; fails with `what`."""
    end = time.monotonic() + max(within_s, PATIENCE_S)
    while True:
        value = true()
        if asyncio.iscoroutine(value):
            value = await value
        if value:
            return value
        assert time.monotonic() < end, f"not within {max(within_s, PATIENCE_S)} s: {what}"
        await asyncio.sleep(0.01)
