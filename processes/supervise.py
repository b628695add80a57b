"""Keeps commands running: starts them, starts again what dies, and stops all in order.

honcho stops everything when one part dies; a desk must not close because one process did.
"""

import asyncio
import os
import signal
import time
from asyncio.subprocess import DEVNULL, STDOUT, Process
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from processes.tether import tethered

FIRST_WAIT_S = 0.2
LONGEST_WAIT_S = 10.0
STEADY_S = 30.0  # who has run so long starts again at once when it dies
TRIES_TO_START = 3
LOG_BYTES = 8 * 1024 * 1024
TAIL_LINES = 20

Say = Callable[[str], None]


class NotStarted(Exception):
    """A child ended again and again before it was ready; the message is its name and the end of its log."""


@dataclass(frozen=True)
class Program:
    """What is to run. `ready` is asked until it says true; `grace_s` lies between SIGTERM and SIGKILL."""

    name: str
    command: Sequence[str]
    ready: Callable[[], Awaitable[bool]]
    environment: Mapping[str, str] = field(default_factory=dict)
    grace_s: float = 5.0


class Child:
    """One program kept running, its output in `<logs>/<name>.log`."""

    def __init__(self, program: Program, logs: Path, say: Say) -> None:
        self.program = program
        self.log = logs / f"{program.name}.log"
        self._say = say
        self._process: Process | None = None
        self._keeper: asyncio.Task[None] | None = None
        self._endings = 0

    async def start(self, within_s: float) -> None:
        """Returns when it is ready. Raises `NotStarted` when it keeps ending, or is not ready in time."""
        _rotate(self.log)
        self._keeper = asyncio.create_task(self._keep(), name=self.program.name)
        until = time.monotonic() + within_s
        while not await self.program.ready():
            if self._endings >= TRIES_TO_START or time.monotonic() > until or self._keeper.done():
                raise NotStarted(
                    f"{self.program.name} does not start. The end of {self.log}:\n{_tail(self.log)}"
                )
            await asyncio.sleep(0.05)

    async def stop(self) -> None:
        """SIGTERM, then SIGKILL for who does not listen. Returns when nothing of it runs."""
        if self._keeper is not None:
            self._keeper.cancel()
            await asyncio.wait([self._keeper])
        process = self._process
        if process is None or process.returncode is not None:
            return
        _send(process, signal.SIGTERM)
        try:
            await asyncio.wait_for(process.wait(), self.program.grace_s)
        except TimeoutError:
            self.kill()
            await process.wait()

    def kill(self) -> None:
        """SIGKILL to it and to all that it started."""
        process = self._process
        if process is not None and process.returncode is None:
            try:
                os.killpg(process.pid, signal.SIGKILL)
            except ProcessLookupError:
                _send(process, signal.SIGKILL)

    async def _keep(self) -> None:
        wait_s = FIRST_WAIT_S
        while True:
            began = time.monotonic()
            self._process = await self._spawn()
            code = await self._process.wait()
            self._endings += 1
            if time.monotonic() - began > STEADY_S:
                wait_s = FIRST_WAIT_S
            self._say(
                f"{self.program.name} {_ending(code)}; it starts again in {wait_s:.1f} s. Its log: {self.log}"
            )
            await asyncio.sleep(wait_s)
            wait_s = min(wait_s * 2, LONGEST_WAIT_S)

    async def _spawn(self) -> Process:
        # A file, not a pipe: a terminal that is held (Ctrl-S) must not hold the program.
        descriptor = os.open(self.log, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        try:
            return await asyncio.create_subprocess_exec(
                *tethered(self.program.command),
                stdin=DEVNULL,
                stdout=descriptor,
                stderr=STDOUT,
                env={**os.environ, **self.program.environment},
                start_new_session=True,  # Ctrl-C is for us alone: the order of the end is ours
            )
        finally:
            os.close(descriptor)


class Supervisor:
    """Programs in groups: a group starts together when the one before is ready, and the last group stops first."""

    def __init__(self, groups: Sequence[Sequence[Program]], logs: Path, say: Say) -> None:
        logs.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._groups = [[Child(program, logs, say) for program in group] for group in groups]
        self._told_to_stop = asyncio.Event()

    async def run(self, ready: Callable[[], None], start_within_s: float = 60.0) -> None:
        """Starts all, calls `ready`, and returns when a signal has stopped all. Raises `NotStarted`."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            if (
                number is not signal.SIGHUP or signal.getsignal(number) is not signal.SIG_IGN
            ):  # nohup means it
                loop.add_signal_handler(number, self._stop)
        try:
            if await self._start(start_within_s):
                ready()
                await self._told_to_stop.wait()
        finally:
            for group in reversed(self._groups):
                await _together(child.stop() for child in group)

    async def _start(self, within_s: float) -> bool:
        """Whether all are ready; false when it was told to stop before."""
        for group in self._groups:
            starting = asyncio.create_task(_together(child.start(within_s) for child in group))
            stopping = asyncio.create_task(self._told_to_stop.wait())
            await asyncio.wait({starting, stopping}, return_when=asyncio.FIRST_COMPLETED)
            stopping.cancel()
            if self._told_to_stop.is_set():
                starting.cancel()
                await asyncio.wait({starting})
                return False
            await starting
        return True

    def _stop(self) -> None:
        if self._told_to_stop.is_set():  # told twice: at once
            for group in self._groups:
                for child in group:
                    child.kill()
        self._told_to_stop.set()


async def _together(works: Iterable[Awaitable[None]]) -> None:
    await asyncio.gather(*works)


def _send(process: Process, number: signal.Signals) -> None:
    with suppress(ProcessLookupError):
        process.send_signal(number)


def _ending(code: int) -> str:
    return f"was ended by {signal.Signals(-code).name}" if code < 0 else f"ended with status {code}"


def _rotate(log: Path) -> None:
    if log.exists() and log.stat().st_size > LOG_BYTES:
        log.replace(log.with_suffix(".log.1"))


def _tail(log: Path) -> str:
    if not log.exists():
        return ""
    with log.open("rb") as file:
        file.seek(max(0, log.stat().st_size - 16_384))
        lines = file.read().decode(errors="replace").splitlines()
    return "\n".join(lines[-TAIL_LINES:])
