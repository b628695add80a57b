"""Work that goes on for as long as a process lives."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Collection, Coroutine
from contextlib import asynccontextmanager
from typing import Any

import structlog

from dispatch.logs import place_of

log = structlog.get_logger()


@asynccontextmanager
async def in_background(**works: Coroutine[Any, Any, None]) -> AsyncIterator[None]:
    """Runs the works until the block ends.

    Each guards itself against what it expects. One that ends all the same would leave the process half alive,
    answering and delivering nothing: so the process asks to be stopped, and whoever looks after it starts it anew.
    """
    tasks = [asyncio.create_task(_watched(name, work), name=name) for name, work in works.items()]
    try:
        yield
    finally:
        await end(tasks)


async def end(tasks: Collection[asyncio.Task[None]]) -> None:
    """Cancel the tasks until they have ended: a time-out amid a library can swallow the first asking."""
    while pending := [task for task in tasks if not task.done()]:
        for task in pending:
            task.cancel()
        await asyncio.wait(pending, timeout=0.5)


async def _watched(name: str, work: Coroutine[Any, Any, None]) -> None:
    try:
        await work
    except asyncio.CancelledError:
        raise
    except Exception as error:  # noqa: BLE001 - whatever it was, this process is no longer whole
        log.critical("background_ended", kind=name, error=type(error).__name__, where=place_of(error))
        os.kill(os.getpid(), signal.SIGTERM)
