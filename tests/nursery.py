"""Processes of desk110 that need not read two thousand modules first: each is forked off one that has read them.

What comes of it is a process like any other: of its own session, to be killed, frozen and looked at by its number, and
gone with the test process, whatever ends that. It saves the better part of two seconds of processor a start, of which
there are some hundred. `tests/test_start.py` starts it as people do.

Run as a module it is the one that has read them: it takes what is asked for from its standard input, a line of JSON
each, and answers on its standard output.
"""

import ctypes
import faulthandler
import gc
import importlib
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import IO, Any

from dispatch.settings import CHECKOUT
from processes.tether import PR_SET_PDEATHSIG, tethered

READ_BEFORE = (
    "asgi",
    "processes.serve",
    "uvicorn.protocols.websockets.websockets_sansio_impl",
    "uvloop",
    "worker",
)
# What only counts when a program begins.
AT_THE_BEGINNING = ("FAKETIME", "LD_", "MALLOC", "OPENBLAS", "PYTHON", "TZ")
LOOK_S = 0.02
WHERE = signal.SIGUSR2  # a process writes down where it stands, for whoever waits for it in vain


def forks(module: str, environment: Mapping[str, str]) -> bool:
    """Whether a process of this module can come from here: the command line itself, with nothing done to it before."""
    whole = module == "cli" and sys.platform == "linux"
    return whole and not any(name.startswith(AT_THE_BEGINNING) for name in environment)


class Forked:
    """A process that was forked off; what `subprocess.Popen` offers of it."""

    def __init__(self, nursery: "Nursery", pid: int) -> None:
        self.pid = pid
        self.returncode: int | None = None
        self._nursery = nursery

    def poll(self) -> int | None:
        """The exit status, below nought for a signal; None as long as it runs."""
        if self.returncode is None:
            self.returncode = self._nursery.ended(self.pid)
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        """The exit status, once it has ended. Raises `subprocess.TimeoutExpired`."""
        end = None if timeout is None else time.monotonic() + timeout
        while (status := self.poll()) is None:
            if end is not None and time.monotonic() > end:
                raise subprocess.TimeoutExpired(f"pid {self.pid}", timeout or 0)
            time.sleep(LOOK_S)
        return status

    def send_signal(self, number: signal.Signals) -> None:
        """A signal, if it still runs."""
        if self.poll() is None:
            os.kill(self.pid, number)


class Nursery:
    """The process that has read everything, from this side. Its calls may come from any thread."""

    def __init__(self) -> None:
        self._turn = threading.Lock()
        self._process = subprocess.Popen(
            tethered([sys.executable, "-m", "tests.nursery"]),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            cwd=CHECKOUT,
            start_new_session=True,
        )

    def start(
        self,
        words: Sequence[str],
        environment: Mapping[str, str],
        log: Path,
        *,
        complaints: Path | None = None,
        typed: Path | None = None,
    ) -> Forked:
        """`words` are those behind `desk110`; what it prints goes to the end of `log`, and its complaints too."""
        streams = (typed or Path(os.devnull), log, complaints or log)
        asked = {
            "words": list(words),
            "environment": dict(environment),
            "streams": [str(path.absolute()) for path in streams],
        }
        return Forked(self, self._ask(asked))

    def ended(self, pid: int) -> int | None:
        """The exit status of one of its processes; None as long as that runs."""
        found: int | None = self._ask({"ended": pid})
        return found

    def _ask(self, asked: dict[str, Any]) -> Any:
        with self._turn:
            assert self._process.stdin is not None
            assert self._process.stdout is not None
            self._process.stdin.write(json.dumps(asked).encode() + b"\n")
            self._process.stdin.flush()
            return json.loads(self._process.stdout.readline())


@cache
def nursery() -> Nursery:
    """The one of this test process, started at its first use: from the main thread, like all that is tethered."""
    return Nursery()


def main() -> None:
    """Reads everything, then forks as it is asked to. What it forks off returns from here as `desk110`."""
    for name in ("cli", *READ_BEFORE):
        importlib.import_module(name)
    gc.collect()
    gc.freeze()
    answers = os.fdopen(os.dup(1), "wb")
    statuses: dict[int, int] = {}
    for line in sys.stdin.buffer:
        wanted = json.loads(line)
        answer: int | None
        if "ended" in wanted:
            answer = _ended(wanted["ended"], statuses)
        else:
            parent, (stands, tell) = os.getpid(), os.pipe()
            answer = os.fork()
            if answer == 0:
                _become(wanted, parent, answers)
                os.close(stands)
                os.close(tell)
                return
            os.close(tell)
            statuses.pop(answer, None)  # of an earlier process: numbers come round again
            # Which is the end of it: the process has a session of its own now, and its name.
            os.read(stands, 1)
            os.close(stands)
        answers.write(json.dumps(answer).encode() + b"\n")
        answers.flush()
    sys.exit()


def _ended(pid: int, statuses: dict[int, int]) -> int | None:
    if pid not in statuses:
        found, status = os.waitpid(pid, os.WNOHANG)
        if found:
            statuses[pid] = os.waitstatus_to_exitcode(status)
    return statuses.get(pid)


def _become(wanted: dict[str, Any], parent: int, answers: IO[bytes]) -> None:
    """The new process, as if the shell had started it."""
    os.setsid()
    ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != parent:
        os._exit(1)
    for stream, path in enumerate(wanted["streams"]):
        how = os.O_WRONLY | os.O_CREAT | os.O_APPEND if stream else os.O_RDONLY
        opened = os.open(path, how, 0o600)
        os.dup2(opened, stream)
        os.close(opened)
    with suppress(OSError):
        answers.close()
    os.environ.clear()
    os.environ.update(wanted["environment"])
    sys.argv = ["desk110", *wanted["words"]]
    faulthandler.register(WHERE, all_threads=True)


if __name__ == "__main__":
    main()
    cli = importlib.import_module("cli")
    cli.main()
