"""The darkroom: photos are developed in processes of their own, a few at a time.

A process a photo costs 50 ms and is worth it: a decoder that a crafted file breaks has seen one photo, can open
nothing, and is gone. `dispatch.developing` is what runs there.
"""

import asyncio
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import IO

from dispatch.developed import Developed, unpacked
from dispatch.errors import Refused

ROOMS = 2
WAITING = 64
PATIENCE_S = 40.0  # the child ends itself after 30
RESULT_BYTES = 8 * 1024 * 1024

_ROOT = Path(__file__).resolve().parent.parent
# Isolated: neither the caller's environment nor its folder can bring other modules in.
_COMMAND = (
    sys.executable,
    "-I",
    "-c",
    "import sys; sys.path.insert(0, sys.argv[1]); from dispatch.developing import main; main()",
    str(_ROOT),
)
# What a decoder dies of when the file is to blame, rather than the machine.
_FAULTS = {-signal.SIGXCPU, -signal.SIGSEGV, -signal.SIGBUS, -signal.SIGABRT, -signal.SIGILL, -signal.SIGFPE}


class Delayed(Exception):
    """This photo could not be developed just now, through no fault of its own; it can be tried again."""


class Darkroom:
    """Develops photos, `rooms` at a time; more wait their turn."""

    def __init__(self, rooms: int = ROOMS) -> None:
        self.command: Sequence[str] = _COMMAND
        self._threads = ThreadPoolExecutor(rooms, thread_name_prefix="darkroom")
        self._children: set[subprocess.Popen[bytes]] = set()
        self._lock = threading.Lock()
        self._waiting = 0
        self._closed = False

    async def develop(self, source: Path) -> Developed:
        """Make what may be shown of the photo in this file.

        Raises Refused: `photo_unreadable`, `photo_too_many_pixels`, `photo_animated`; `Delayed` when too many
        wait, or the machine did not let it be finished; FileNotFoundError.
        """
        if self._waiting >= WAITING or self._closed:
            raise Delayed
        self._waiting += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._threads, self.develop_here, source)
        finally:
            self._waiting -= 1

    def develop_here(self, source: Path) -> Developed:
        """The same, in the calling thread."""
        with source.open("rb") as photo:
            result, code = self._run(photo)
        if code in _FAULTS:
            raise Refused("photo_unreadable")
        try:
            developed = unpacked(result)
        except (ValueError, KeyError, TypeError):
            raise Delayed from None
        if isinstance(developed, Refused):
            raise developed
        return developed

    def close(self) -> None:
        """End what runs and take nothing more."""
        with self._lock:
            self._closed = True
            for child in self._children:
                child.kill()
        self._threads.shutdown(wait=True, cancel_futures=True)

    def _run(self, photo: IO[bytes]) -> tuple[bytes, int]:
        """What the child wrote, and what it ended with."""
        child = self._start(photo)
        # It has its own alarm; this is for one that no longer obeys.
        timer = threading.Timer(PATIENCE_S, child.kill)
        timer.start()
        try:
            with child:
                assert child.stdout is not None  # noqa: S101 - it is a pipe
                result = child.stdout.read(RESULT_BYTES)
                if len(result) == RESULT_BYTES:
                    child.kill()
            return result, child.returncode
        finally:
            timer.cancel()
            with self._lock:
                self._children.discard(child)

    def _start(self, photo: IO[bytes]) -> subprocess.Popen[bytes]:
        with self._lock:
            if self._closed:
                raise Delayed
            try:
                child = subprocess.Popen(
                    self.command,
                    stdin=photo,
                    stdout=subprocess.PIPE,
                    stderr=subprocess.DEVNULL,
                    cwd="/",
                    env={name: os.environ[name] for name in ("LD_LIBRARY_PATH",) if name in os.environ},
                )
            except OSError:
                raise Delayed from None
            self._children.add(child)
            return child
