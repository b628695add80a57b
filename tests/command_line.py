"""The real command `desk110`, run as an operator does."""

import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from typer.testing import CliRunner

import cli
from dispatch.keys import KeyPaths, set_up
from dispatch.settings import CHECKOUT
from tests.nursery import forks, nursery
from tests.servers import make_home

PATIENCE_S = 120
# What the machine that tests has set must not decide.
SETTINGS = re.compile(r"DESK110_(?!TEST_)|DATABASE_URL$|REDIS_URL$")


@dataclass(frozen=True, slots=True)
class Said:
    """How a command ended."""

    status: int
    output: str
    complaints: str


@dataclass(frozen=True, slots=True)
class Installation:
    """A home with keys, and a database: what a command is run for."""

    home: Path
    environment: dict[str, str]

    def run(self, *arguments: str, typed: str = "", **settings: str) -> Said:
        """The command with these arguments; `typed` is what stands on its standard input."""
        environment = {**self.environment, **settings}
        if forks("cli", {**settings}):
            return _forked(arguments, environment, typed)
        done = subprocess.run(
            [sys.executable, str(CHECKOUT / "cli.py"), *arguments],
            env=environment,
            input=typed,
            capture_output=True,
            text=True,
            timeout=PATIENCE_S,
            check=False,
        )
        return Said(done.returncode, done.stdout, done.stderr)

    def ask(self, *arguments: str) -> Said:
        """The same in this process, some seconds sooner on a busy machine: for a test that asks for much."""
        done = CliRunner().invoke(cli.app, list(arguments), env=self.environment)
        return Said(done.exit_code, done.stdout, done.stderr)


def _forked(arguments: Sequence[str], environment: Mapping[str, str], typed: str) -> Said:
    with tempfile.TemporaryDirectory(prefix="desk110-command-") as folder:
        into, output, complaints = (Path(folder) / name for name in ("typed", "output", "complaints"))
        into.write_text(typed, encoding="utf-8")
        started = nursery().start(arguments, environment, output, complaints=complaints, typed=into)
        status = started.wait(PATIENCE_S)
        return Said(status, *(path.read_text(encoding="utf-8") for path in (output, complaints)))


def installation(folder: Path, database_url: str, **settings: str) -> Installation:
    """An installation of its own on this database, in a demo's settings."""
    home = make_home(folder / "home")
    set_up(KeyPaths.under(home), old_data=False)
    kept = {name: value for name, value in os.environ.items() if not SETTINGS.match(name)}
    own = {
        "DESK110_ENV_FILE": os.devnull,
        "DESK110_HOME": str(home),
        "DATABASE_URL": database_url,
        "DESK110_DEMO": "1",
        "DESK110_LIMITS": "demo",
        "LANG": "C.UTF-8",
    }
    return Installation(home, kept | own | settings)
