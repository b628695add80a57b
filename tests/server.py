"""A process that tests start, stop and hurt; ports for it, and patience with it.

It dies with the test process, whatever ends that, and is started from the main thread (see `processes.tether`): start
and stop it from fixtures and tests themselves, not from `to_thread.run_sync`.
"""

import fcntl
import os
import secrets
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import pytest

from processes.tether import tethered
from tests.nursery import WHERE, Forked

LOOPBACK = "127.0.0.1"
# Below what systems give to outgoing connections, so that a port stays free between a stop and a start.
PORTS = range(20_000, 32_000)
START_S = 90.0  # on a busy machine


def free_port() -> int:
    """A port of loopback that nothing has now, and that no outgoing connection and no other test will take."""
    folder = Path(tempfile.gettempdir()) / "desk110-test-ports"
    folder.mkdir(exist_ok=True)
    while True:
        port = secrets.choice(PORTS)
        # Whoever chooses a port binds it seconds later. The lock goes with this process, however it ends.
        reserved = os.open(folder / str(port), os.O_CREAT | os.O_RDWR)
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                fcntl.flock(reserved, fcntl.LOCK_EX | fcntl.LOCK_NB)
                probe.bind((LOOPBACK, port))
            except OSError:
                os.close(reserved)
                continue
            return port


def gone(pid: int) -> bool:
    """Whether no process of that number runs (one that has ended and is not yet reaped does not run)."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    except PermissionError:
        return False
    state = subprocess.run(
        ["ps", "-o", "stat=", "-p", str(pid)], capture_output=True, text=True, check=False
    ).stdout
    return not state.strip() or state.strip().startswith("Z")


def until(true: Callable[[], bool], within_s: float, what: str) -> None:
    """Returns as soon as `true()`; fails the test with `what` when that takes longer."""
    end = time.monotonic() + within_s
    while not true():
        if time.monotonic() > end:
            pytest.fail(f"not within {within_s} s: {what}")
        time.sleep(0.02)


class Server:
    """A process that tests start, stop and hurt. Its output goes to `log`."""

    def __init__(
        self,
        command: Sequence[str],
        log: Path,
        *,
        environment: Mapping[str, str] | None = None,
        cwd: Path | None = None,
        death_signal: signal.Signals = signal.SIGKILL,
        user: str = "",
    ) -> None:
        self.command = list(command)
        self.log = log
        self._environment = environment
        self._cwd = cwd
        self._death_signal = death_signal
        self._user = user
        self._process: subprocess.Popen[bytes] | Forked | None = None

    @property
    def pid(self) -> int:
        """Of the running process. Fails when it does not run."""
        assert self.running, f"it does not run: {self.command[0]}\n{self.output()}"
        assert self._process is not None
        return self._process.pid

    @property
    def running(self) -> bool:
        """Whether it was started and has not ended; a frozen one runs."""
        return self._process is not None and self._process.poll() is None

    def ready(self) -> bool:
        """Whether it does its work; `start` waits for it."""
        return self.running

    def state(self) -> str:
        """What it last said of itself, for whoever waits for it in vain."""
        return ""

    def start(self, within_s: float = START_S) -> None:
        """Starts it and returns when it is ready. Fails with the end of its output when it is not in time."""
        self.launch()
        self.wait(within_s)

    def launch(self) -> None:
        """Starts it and returns at once: several can then get ready side by side."""
        assert self._process is None or self._process.poll() is not None, "it runs already"
        self._process = self._start()

    def _start(self) -> subprocess.Popen[bytes] | Forked:
        with self.log.open("ab") as log:
            return subprocess.Popen(
                tethered(self.command, signal_number=self._death_signal, user=self._user),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                env={**os.environ, **(self._environment or {})},
                cwd=self._cwd,
                start_new_session=True,
            )

    def wait(self, within_s: float = START_S) -> None:
        """Returns when it is ready. Fails with the end of its output when it is not in time."""
        end = time.monotonic() + within_s
        while not self.ready():
            if not self.running or time.monotonic() > end:
                ended = (
                    "it runs" if self.running else f"it ended with {self._process and self._process.poll()}"
                )
                if isinstance(self._process, Forked):
                    self._process.send_signal(WHERE)
                    time.sleep(1)
                self.kill()
                pytest.fail(f"does not start: {self.command}\n{ended} {self.state()}\n{self.output(80)}")
            time.sleep(0.02)

    def stop(self, number: signal.Signals = signal.SIGTERM, within_s: float = 15.0) -> int:
        """Asks it to end and returns its exit status; kills it when that takes too long."""
        process = self._process
        if process is None:
            return 0
        if process.poll() is None:
            process.send_signal(signal.SIGCONT)
            process.send_signal(number)
        try:
            return process.wait(within_s)
        except subprocess.TimeoutExpired:
            return self.kill()

    def kill(self) -> int:
        """SIGKILL, to all of its session. Returns the exit status."""
        process = self._process
        if process is None:
            return 0
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
        return process.wait()

    def freeze(self) -> None:
        """SIGSTOP: it takes connections (the kernel does) and answers nothing."""
        os.kill(self.pid, signal.SIGSTOP)

    def thaw(self) -> None:
        """SIGCONT: it goes on where it was."""
        os.kill(self.pid, signal.SIGCONT)

    def output(self, lines: int = 40) -> str:
        """The end of what it has printed."""
        if not self.log.exists():
            return ""
        return "\n".join(self.log.read_text(encoding="utf-8", errors="replace").splitlines()[-lines:])
