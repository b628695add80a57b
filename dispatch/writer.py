"""The one thread of a process that writes.

Commands are plain synchronous functions on a Session. The thread takes whatever waits, runs it all in one
transaction, assigns the events' numbers, commits once for the whole batch with the disk synced, and only then
answers everybody in it. Where a command raises, everything is undone and run again with a savepoint to each,
so that it is undone alone and its neighbours are not. So a command may run more than once before it counts.
"""

import asyncio
import fcntl
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable
from concurrent.futures import Future
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar

from sqlalchemy.exc import DBAPIError, IntegrityError, OperationalError
from sqlmodel import Session

from dispatch import figures
from dispatch.database import PATIENCE_S, Database
from dispatch.errors import Overloaded, Refused
from dispatch.events import CANARY, Batch, Recorded, batch_of

T = TypeVar("T")
Command = Callable[[Session], T]

BATCH = 256
WAITING = 20_000
RETRIES = 3


@dataclass(slots=True)
class _Waiting:
    command: Command[Any]
    desks: tuple[str, ...]
    answer: "Future[Any] | asyncio.Future[Any]"
    outcome: Any = None
    error: BaseException | None = None


class _OneFailed(Exception):
    """A command raised and its neighbours are undone with it: they must run again."""


class Writer:
    """Runs commands one batch at a time; `on_commit` gets each batch's events after their commit.

    `on_commit` is called in the writer's thread, before the answers are given: it must not block.
    """

    def __init__(self, database: Database, on_commit: Callable[[list[Recorded]], None]) -> None:
        self._database = database
        self._on_commit = on_commit
        self._turn = _Turn(database.url) if database.sqlite else nullcontext()
        self._waiting: deque[_Waiting] = deque()
        self._condition = threading.Condition()
        self._stopping = False
        self._thread = threading.Thread(target=self._work, name="writer", daemon=True)

    def start(self) -> None:
        """Begin to take commands."""
        self._thread.start()

    def stop(self) -> None:
        """Write what already waits, then end. Returns when the last answer is given."""
        with self._condition:
            self._stopping = True
            self._condition.notify()
        if self._thread.is_alive():
            self._thread.join()
        if isinstance(self._turn, _Turn):
            self._turn.close()

    def submit(self, command: Command[T], desks: Iterable[str] = ()) -> Future[T]:
        """Queue a command; the future is answered after its commit.

        `desks` are the desks whose logs it will write to, as far as known: their heads are locked in one
        order, so that two processes cannot wait for each other. Raises `Overloaded` when too much waits.
        """
        answer: Future[T] = Future()
        self._queue(_Waiting(command, tuple(desks), answer))
        return answer

    async def do(self, command: Command[T], *desks: str) -> T:
        """Run a command and wait for its commit; as `submit`, on the event loop. Raises what the command raises.

        A caller that is cancelled stops waiting; the command runs all the same. So it does for a caller whose
        patience is over (another process holds the database up): Refused `database_unavailable`.
        """
        answer: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        self._queue(_Waiting(command, desks, answer))
        try:
            async with asyncio.timeout(PATIENCE_S):
                return await answer
        except TimeoutError:
            raise Refused("database_unavailable") from None

    def _queue(self, waiting: _Waiting) -> None:
        with self._condition:
            if self._stopping or len(self._waiting) >= WAITING:
                raise Overloaded
            self._waiting.append(waiting)
            self._condition.notify()

    def _work(self) -> None:
        while batch := self._take():
            self._write(batch)
            _answer(batch)

    def _take(self) -> list[_Waiting]:
        with self._condition:
            while not self._waiting and not self._stopping:
                self._condition.wait()
            return [self._waiting.popleft() for _ in range(min(BATCH, len(self._waiting)))]

    def _write(self, waiting: list[_Waiting]) -> None:
        """Commit all in one transaction; where that fails as a whole, each in its own.

        A lost connection or a deadlock undid everything, so all can run again. When only the answer to a
        commit was lost, the keys that every command carries make its second run harmless. Whoever ran into a key
        that another process has just committed finds it there at the second run, and says what there is to say.
        """
        failure: BaseException
        desks = {desk for one in waiting for desk in one.desks}
        for attempt in range(RETRIES):
            try:
                try:
                    self._write_together(waiting, desks, guarded=False)
                except _OneFailed:
                    self._write_together(waiting, desks, guarded=True)
                return
            except DBAPIError as error:
                failure = error
                if error.connection_invalidated or error.statement is None:  # lost, or not to be had
                    time.sleep(0.05 * attempt)
                elif isinstance(error, OperationalError) and attempt == 0:
                    continue  # a deadlock: now it is known what to lock beforehand, in the one order
                elif len(waiting) > 1:
                    for one in waiting:
                        self._write([one])
                    return
                elif not isinstance(error, OperationalError | IntegrityError):
                    break
            except Exception as error:  # noqa: BLE001 - answered below: the thread outlives any command
                failure = error
                break
        for one in waiting:
            one.error = failure

    def _write_together(self, waiting: list[_Waiting], desks: set[str], guarded: bool) -> None:
        """One transaction of them all. `desks` are locked first; those found needed beyond them are added."""
        with self._turn, Session(self._database.writing, expire_on_commit=False) as session:
            batch = Batch(session, desks)
            batch.lock(sorted(desks))
            for one in waiting:
                if guarded:
                    self._run_guarded(session, one)
                elif not _run(session, one):
                    if len(waiting) > 1:
                        raise _OneFailed
                    return  # alone: nothing is committed, and the session's end undoes it
            recorded = batch.flush()
            session.commit()
        figures.COMMITS.inc()
        figures.BATCH.observe(len(waiting))
        if recorded:
            for event in recorded:
                if event.kind != CANARY:
                    figures.EVENTS.labels(event.kind).inc()
            self._on_commit(recorded)

    def _run_guarded(self, session: Session, one: _Waiting) -> None:
        batch = batch_of(session)
        mark = batch.mark()
        connection = session.connection()
        connection.exec_driver_sql("SAVEPOINT command")
        if _run(session, one):
            connection.exec_driver_sql("RELEASE SAVEPOINT command")
            return
        session.expunge_all()
        batch.rewind(mark)
        connection.exec_driver_sql("ROLLBACK TO SAVEPOINT command")
        connection.exec_driver_sql("RELEASE SAVEPOINT command")


def _run(session: Session, one: _Waiting) -> bool:
    """Run one command; whether it went well. What it raised is kept for its caller."""
    one.outcome, one.error = None, None
    try:
        one.outcome = one.command(session)
        session.flush()
    except DBAPIError as error:
        # A failed flush or a lost connection undid the neighbours too; who was in another's way runs again.
        again = isinstance(error, OperationalError | IntegrityError)
        if error.connection_invalidated or again or not session.is_active:
            raise
        one.error = error
    except Exception as error:  # noqa: BLE001 - carried to the caller
        one.error = error
    return one.error is None


def _answer(batch: list[_Waiting]) -> None:
    failed = sum(one.error is not None for one in batch)
    figures.COMMANDS.labels("well").inc(len(batch) - failed)
    figures.COMMANDS.labels("refused").inc(failed)
    loops: dict[asyncio.AbstractEventLoop, list[_Waiting]] = {}
    for one in batch:
        if isinstance(one.answer, asyncio.Future):
            loops.setdefault(one.answer.get_loop(), []).append(one)
        elif one.answer.set_running_or_notify_cancel():
            _resolve(one)
    for loop, answered in loops.items():
        # One call a batch wakes the loop once.
        loop.call_soon_threadsafe(_resolve_all, answered)


def _resolve_all(answered: list[_Waiting]) -> None:
    for one in answered:
        if not one.answer.done():
            _resolve(one)


def _resolve(one: _Waiting) -> None:
    if one.error is not None:
        one.answer.set_exception(one.error)
    else:
        one.answer.set_result(one.outcome)


class _Turn(AbstractContextManager["_Turn"]):
    """Processes take turns at writing to SQLite by a file lock.

    SQLite's own waiting sleeps and asks again, up to 100 ms a time, and is unfair; the kernel wakes the next
    one at once, and gives the lock back when its holder dies.
    """

    def __init__(self, url: str) -> None:
        path = Path(url.removeprefix("sqlite:///") + ".turn")
        self._file = path.open("a")

    def close(self) -> None:
        """Give the file back."""
        self._file.close()

    def __enter__(self) -> Self:
        fcntl.flock(self._file, fcntl.LOCK_EX)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        fcntl.flock(self._file, fcntl.LOCK_UN)
