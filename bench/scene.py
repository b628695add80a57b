"""What is measured and what beside it: a desk110 and a bare relay, each of as many processes, on one Valkey."""

import itertools
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import orjson

from bench.load import MARKS, Posts, Sockets
from bench.people import add_consoles, add_reporters
from dispatch.database import Database
from tests.servers import Valkey
from tests.stack import XIHU, App, Stack, stack

REPORTERS = 200  # who file; a person has a session


def body_at(location: dict[str, Any]) -> str:
    """A report of this place."""
    return orjson.dumps(
        {
            "kind": "quick",
            "text": "两个人在打架,有人受伤,请快来 MARK",
            "category": None,
            "covert": False,
            "place_text": "文三路近学院路口",
            "location": location,
            "media_expected": 0,
            "fraud": None,
        }
    ).decode()


BODY = body_at(XIHU)

_marks = itertools.count(1)


def marks() -> int:
    """The first of a million marks that no other job of this run uses."""
    return next(_marks) * MARKS


@dataclass(slots=True)
class Scene:
    """Both, running; and who uses ours."""

    ours: Stack
    valkey: Valkey
    tokens: list[str]
    consoles: list[tuple[str, str]]  # token and CSRF token
    bare: list[App] = field(default_factory=list)

    @property
    def citizen(self) -> App:
        return self.ours.citizens[0]

    @property
    def console(self) -> App:
        return self.ours.consoles[0]

    @property
    def bare_citizen(self) -> App:
        return self.bare[0]

    @property
    def bare_console(self) -> App:
        return self.bare[1]

    @property
    def pids(self) -> dict[str, int]:
        """Of ours."""
        return {"citizen": self.citizen.pid, "console": self.console.pid, "valkey": self.valkey.pid}

    @property
    def bare_pids(self) -> dict[str, int]:
        """Of the relay."""
        return {
            "citizen": self.bare_citizen.pid,
            "console": self.bare_console.pid,
            "valkey": self.valkey.pid,
        }

    def filing(self, tokens: list[str] | None = None, at: App | None = None) -> Posts:
        """Reports to our citizen process, or to another one."""
        at = at or self.citizen
        return Posts(at.port, "/api/v1/reports", [BODY], tokens or self.tokens, host_of(at))

    def relaying(self, frame_bytes: int, *, keeps: bool = False) -> Posts:
        """The same requests to the relay's citizen process, for frames of that length; `keeps`: commits a row first."""
        path = f"/relay?bytes={frame_bytes}{'&keeps=1' if keeps else ''}"
        return Posts(self.bare_citizen.port, path, [BODY], self.tokens)

    def console_sockets(self, count: int, at: App | None = None) -> Sockets:
        """Consoles of the desk, at our console process or at another one."""
        at = at or self.console
        headers = [
            {"cookie": f"desk110_console={token}", "origin": at.url} for token, _ in self.consoles[:count]
        ]
        return Sockets(at.port, ["/console/live"] * count, headers, [""] * count, shows=True)

    def reporter_sockets(self, tokens: list[str], at: App | None = None) -> Sockets:
        """Reporters' sockets, one for each token, at our citizen process or at another one."""
        at = at or self.citizen
        hellos = [f'{{"type":"hello","token":"{token}","known":{{}}}}' for token in tokens]
        count = len(tokens)
        return Sockets(at.port, ["/api/v1/live"] * count, [{}] * count, hellos, host=host_of(at))

    def bare_sockets(self, app: App, count: int, *, each_its_own: bool = False) -> Sockets:
        """Sockets of the relay: all hear everything, or each what is meant for its number."""
        paths = [f"/live?key={number}" if each_its_own else "/live" for number in range(count)]
        return Sockets(app.port, paths, [{}] * count, [""] * count)


def host_of(app: App) -> str:
    """The address of its host."""
    return urlsplit(app.url).hostname or ""


@contextmanager
def scene(
    folder: Path,
    valkey: Valkey,
    database_url: str = "",
    *,
    consoles: int = 50,
    relay: bool = True,
    filled: Callable[[Database], None] | None = None,
    limits: str = "off",
) -> Iterator[Scene]:
    """A scene of its own home and database; `database_url` empty: SQLite in the folder. `relay`: the floor too.
    `filled` puts into the database what is there already. `limits`: `off` is refused beyond loopback."""
    folder.mkdir(parents=True, exist_ok=True)
    with stack(folder, valkey, database_url, DESK110_LIMITS=limits, DESK110_LOG_LEVEL="warning") as ours:
        if filled is not None:
            for app in ours.apps:
                app.stop()
            filled(ours.database)
            for app in ours.apps:
                app.start()
        tokens = add_reporters(ours.database, ours.keys, REPORTERS)
        found = Scene(ours, valkey, tokens, add_consoles(ours.database, consoles))
        if relay:
            found.bare = [
                App(name, ours.environment, folder / f"bare-{name}.log", module="bench.bare")
                for name in ("citizen", "console")
            ]
        try:
            for app in found.bare:
                app.start()
            ours.wait_ready()
            yield found
        finally:
            for app in found.bare:
                app.kill()
