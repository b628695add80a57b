"""Rooms: where bytes from outside are decoded, in processes of their own, a few at a time.

A process a file costs 50 ms and more and is worth it: a decoder that a crafted file breaks has seen one file, can
open nothing, and is gone.
"""

import asyncio
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import IO, Generic, TypeVar

from dispatch.errors import Refused

ROOT = Path(__file__).resolve().parent.parent
# What a decoder dies of when the file is to blame, rather than the machine.
_FAULTS = {-signal.SIGXCPU, -signal.SIGSEGV, -signal.SIGBUS, -signal.SIGABRT, -signal.SIGILL, -signal.SIGFPE}

Made = TypeVar("Made")


class Delayed(Exception):
    """This file could not be developed just now, through no fault of its own; it can be tried again."""


class Room(Generic[Made]):
    """Develops files, `rooms` at a time; more wait their turn, up to `waiting`."""

    waiting = 64
    patience_s = 40.0  # the child ends itself before
    result_bytes = 8 * 1024 * 1024

    def __init__(
        self,
        module: str,
        argument: str,
        unpacked: Callable[[bytes], Made | Refused],
        unreadable: str,
        rooms: int,
    ) -> None:
        """`module` has the `main` that the child runs, with `argument`; `unpacked` reads what it wrote.

        `unreadable` is the code for a file that the child died of.
        """
        self.command: Sequence[str] = _command(module, argument)
        self._unpacked = unpacked
        self._unreadable = unreadable
        self._threads = ThreadPoolExecutor(rooms, thread_name_prefix="room")
        self._children: set[subprocess.Popen[bytes]] = set()
        self._lock = threading.Lock()
        self._here = 0
        self._closed = False

    async def develop(self, source: Path) -> Made:
        """Make what may be shown of this file.

        Raises Refused as the child does; `Delayed` when too many wait, or the machine did not let it be finished;
        FileNotFoundError.
        """
        if self._here >= self.waiting or self._closed:
            raise Delayed
        self._here += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._threads, self.develop_here, source)
        finally:
            self._here -= 1

    def develop_here(self, source: Path) -> Made:
        """The same, in the calling thread."""
        with source.open("rb") as file:
            result, code = self._run(file)
        if code in _FAULTS:
            raise Refused(self._unreadable)
        try:
            made = self._unpacked(result)
        except (ValueError, KeyError, TypeError):
            raise Delayed from None
        if isinstance(made, Refused):
            raise made
        return made

    def close(self) -> None:
        """End what runs and take nothing more."""
        with self._lock:
            self._closed = True
            for child in self._children:
                child.kill()
        self._threads.shutdown(wait=True, cancel_futures=True)

    def _run(self, file: IO[bytes]) -> tuple[bytes, int]:
        """What the child wrote, and what it ended with."""
        child = self._start(file)
        # It has its own alarm; this is for one that no longer obeys.
        timer = threading.Timer(self.patience_s, child.kill)
        timer.start()
        try:
            with child:
                assert child.stdout is not None  # noqa: S101 - it is a pipe
                result = child.stdout.read(self.result_bytes)
                if len(result) == self.result_bytes:
                    child.kill()
            return result, child.returncode
        finally:
            timer.cancel()
            with self._lock:
                self._children.discard(child)

    def _start(self, file: IO[bytes]) -> subprocess.Popen[bytes]:
        with self._lock:
            if self._closed:
                raise Delayed
            try:
                child = subprocess.Popen(
                    self.command,
                    stdin=file,
                    stdout=subprocess.PIPE,
                    stderr=subprocess.DEVNULL,
                    cwd="/",
                    env={name: os.environ[name] for name in ("LD_LIBRARY_PATH",) if name in os.environ},
                )
            except OSError:
                raise Delayed from None
            self._children.add(child)
            return child


def _command(module: str, argument: str) -> Sequence[str]:
    # Isolated: neither the caller's environment nor its folder can bring other modules in.
    deed = f"import sys; sys.path.insert(0, sys.argv[1]); from {module} import main; main()"
    return (sys.executable, "-I", "-c", deed, str(ROOT), *([argument] if argument else []))
