"""A whole desk110 of real processes on one database and one Valkey, for tests to use and to hurt."""

import atexit
import os
import shutil
import subprocess
import sys
import tempfile
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from dispatch.database import Database
from dispatch.keys import KeyPaths
from dispatch.settings import CHECKOUT, Settings
from processes.prepare import prepare
from tests.nursery import Forked, forks, nursery
from tests.servers import LOOPBACK, Server, Valkey, free_port, make_home, until

# In 西湖区; its desk is 330106.
XIHU = {"lat": 30.2500, "lon": 120.1200, "crs": "wgs84", "accuracy_m": 15, "source": "gnss"}
DESK = "330106"
PASSWORD = "desk110-demo"
# Of a desk that tells nobody of what waits, so that a test sees only what it does.
NEVER_S = 100_000


class Process(Server):
    """One process of desk110, named as its command is."""

    def __init__(self, name: str, environment: dict[str, str], log: Path, module: str = "cli") -> None:
        self._module, self._own = module, environment
        self.name = name
        super().__init__([sys.executable, "-m", module, name], log, environment=environment, cwd=CHECKOUT)

    def _start(self) -> subprocess.Popen[bytes] | Forked:
        if not forks(self._module, self._own):
            return super()._start()
        return nursery().start([self.name], {**os.environ, **self._own}, self.log)


class App(Process):
    """One that listens. It keeps its port over restarts."""

    _said = ""

    def __init__(self, name: str, environment: dict[str, str], log: Path, module: str = "cli") -> None:
        self.port = free_port()
        setting = f"DESK110_{name.upper()}_PORT"
        super().__init__(name, {**environment, setting: str(self.port)}, log, module)

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://{LOOPBACK}:{self.port}"

    def ready(self) -> bool:
        if not self.running:
            return False
        try:
            with urllib.request.urlopen(f"{self.url}/readyz", timeout=2) as answer:  # noqa: S310 - our own loopback
                return bool(answer.status == 200)
        except urllib.error.HTTPError as refused:
            with refused:
                self._said = f"{refused.code} {refused.read(500)!r}"
        except (urllib.error.URLError, OSError) as error:
            self._said = type(error).__name__
        return False

    def state(self) -> str:
        return self._said


@dataclass
class Stack:
    """Processes, and what they share."""

    home: Path
    valkey: Valkey
    database: Database
    environment: dict[str, str]
    citizens: list[App] = field(default_factory=list)
    consoles: list[App] = field(default_factory=list)
    worker: Server | None = None

    @property
    def apps(self) -> list[App]:
        """All that listen."""
        return [*self.citizens, *self.consoles]

    @property
    def keys(self) -> KeyPaths:
        """The installation's keys."""
        return KeyPaths.under(self.home)

    def add(self, name: str, module: str = "cli") -> App:
        """A further process, not started; `module` stands in for the command line where a test wants faults."""
        apps = self.citizens if name == "citizen" else self.consoles
        app = App(name, self.environment, self.home / f"{name}-{len(apps)}.log", module)
        apps.append(app)
        return app

    @contextmanager
    def another(self, name: str, module: str = "cli") -> Iterator[App]:
        """A further process for a while; killed at the end, if it has not ended before."""
        app = self.add(name, module)
        try:
            app.start()
            yield app
        finally:
            app.kill()
            (self.citizens if name == "citizen" else self.consoles).remove(app)

    def another_worker(self, module: str = "cli") -> Server:
        """A worker, not started."""
        return Process("worker", self.environment, self.home / "worker.log", module)

    def wait_ready(self) -> None:
        """Returns when every process does its work again."""
        for app in self.apps:
            until(app.ready, 30, f"{app.name} ready")


def _installation(home: Path) -> dict[str, str]:
    return {
        "DESK110_HOME": str(home),
        "DATABASE_URL": f"sqlite:///{home}/desk110.db",
        "DESK110_DEMO": "1",
    }


@cache
def _prepared() -> Path:
    """A home with a database that nobody has used, made once for all that is to be copied from it."""
    folder = Path(tempfile.mkdtemp(prefix="desk110-prepared-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    home = make_home(folder / "home")
    prepare(Settings.model_validate(_installation(home)), print)
    return home


@contextmanager
def stack(
    folder: Path,
    valkey: Valkey,
    database_url: str = "",
    *,
    citizens: int = 1,
    consoles: int = 1,
    worker: bool = False,
    module: str = "cli",
    **settings: str,
) -> Iterator[Stack]:
    """A running desk110 with demo accounts, all desks open. `database_url` empty: SQLite in the folder.

    `module` stands in for the command line of all its processes.
    """
    home = folder / "home"
    environment = {
        **_installation(home),
        "REDIS_URL": f"redis://{LOOPBACK}:{valkey.port}/0",
        "DESK110_LIMITS": "demo",
        "DESK110_ENV_FILE": os.devnull,
        **settings,
    }
    if database_url:
        environment["DATABASE_URL"] = database_url
    if environment["DESK110_DEMO"] == "1" and not database_url:
        shutil.copytree(_prepared(), home)  # what is left to do takes a twentieth of the time
    else:
        make_home(home)
    prepare(Settings.model_validate(environment), print)
    database = Database(environment["DATABASE_URL"])
    found = Stack(home, valkey, database, environment)
    for _ in range(citizens):
        found.add("citizen", module)
    for _ in range(consoles):
        found.add("console", module)
    if worker:
        found.worker = found.another_worker(module)
    servers: list[Server] = [*found.apps, *([found.worker] if found.worker else [])]
    try:
        for server in servers:
            server.launch()
        for server in servers:
            server.wait()
        yield found
    finally:
        for server in [*found.apps, *([found.worker] if found.worker else [])]:
            server.kill()
        found.database.close()  # a test may have put another in its place
