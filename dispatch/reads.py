"""Reading from the event loop: a few threads, each with a read-only session on one snapshot."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from sqlmodel import Session

from dispatch.database import PATIENCE_S, Database
from dispatch.errors import Refused

R = TypeVar("R")


class Reads:
    """Runs functions on read-only sessions, off the event loop, a few at a time."""

    def __init__(self, database: Database, threads: int) -> None:
        self._database = database
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="read")

    async def __call__(self, function: Callable[[Session], R]) -> R:
        """What `function` gives for a session on one snapshot of the database.

        Raises what `function` raises, and Refused `database_unavailable` when the database does not answer in time.
        """
        return await self._in_time(self._read, function)

    async def ask(self, function: Callable[[Session], R]) -> R:
        """The same for a function that says one statement, without the two that begin and end a transaction: at each of
        them the thread gives its turn away and waits for the next."""
        return await self._in_time(self._ask, function)

    async def _in_time(
        self, run: Callable[[Callable[[Session], R]], R], function: Callable[[Session], R]
    ) -> R:
        try:
            async with asyncio.timeout(PATIENCE_S):
                return await asyncio.get_running_loop().run_in_executor(self._pool, run, function)
        except TimeoutError:
            raise Refused("database_unavailable") from None

    def _read(self, function: Callable[[Session], R]) -> R:
        with self._database.read() as session:
            return function(session)

    def _ask(self, function: Callable[[Session], R]) -> R:
        with self._database.ask() as session:
            return function(session)

    def close(self) -> None:
        """End the pool; what runs is finished first."""
        self._pool.shutdown()
