"""Which runs there are, and what each needs to be running."""

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import Final

import pytest

from bench.clusters import clustered
from bench.effort import Effort
from bench.growth import GROWTHS, crowd, most
from bench.idle import idle_sockets
from bench.latency import accept_to_reporter, filed_to_frame
from bench.peers.beside import beside
from bench.people import add_reporters
from bench.reckoning import reckoning
from bench.record import Record
from bench.scene import REPORTERS, Scene, scene
from bench.throughput import burst, durable_on_postgres, durable_on_sqlite
from bench.troubles import everybody_returns, frozen_console, one_persons_flood
from bench.wider import hosts, processes
from dispatch.database import Database
from dispatch.keys import KeyPaths
from dispatch.settings import Settings
from processes.prepare import prepare
from tests.servers import Valkey, make_home, postgres, valkey

RUNS = ("a", "b", "c", "d", "e", "f", "g", "h")
# Longer than all of these, or in need of what others built: only when named.
# `growth` is all of its parts.
# Only when named themselves.
WIDER: Final[dict[str, Callable[[Effort, Path, Valkey, Record], None]]] = {
    "most": most,
    "crowd": crowd,
    "processes": processes,
    "hosts": hosts,
    "cluster": lambda effort, folder, _server, record: clustered(effort, folder, record),
}
NAMED = ("figures", "growth", *GROWTHS, *WIDER, "peers")

Say = Callable[[str], None]


def measure(
    chosen: Sequence[str], effort: Effort, folder: Path, record: Record, *, on_postgres: bool, say: Say
) -> None:
    """Every chosen run; all that is started ends with it. A run that fails is a problem of the record."""
    with valkey() as server:
        if "figures" in chosen:
            _one("figures", lambda: reckoning(effort, folder, server, record, "SQLite", None), record, say)
        if "figures" in chosen and on_postgres:
            _one(
                "figures on PostgreSQL",
                lambda: _reckoning_on_postgres(server, effort, folder, record),
                record,
                say,
            )
        for part, grow in GROWTHS.items():
            if {"growth", part} & set(chosen):
                _one(f"growth: {part}", partial(grow, effort, folder / "growth", server, record), record, say)
        for part, run in WIDER.items():
            if part in chosen:
                _one(part, partial(run, effort, folder / "wider", server, record), record, say)
        if not set(chosen) & {*RUNS, "peers"}:
            return
        with scene(folder / "sqlite", server, consoles=effort.consoles) as found:
            runs: dict[str, Callable[[], None]] = {
                "a": lambda: filed_to_frame(found, effort, record),
                "b": lambda: accept_to_reporter(found, effort, record),
                "c": lambda: _on_sqlite(found, effort, folder, record),
                "d": lambda: burst(found, effort, record),
                "e": lambda: idle_sockets(found, effort, record),
                "f": lambda: everybody_returns(found, effort, record),
                "g": lambda: frozen_console(found, effort, record),
                "h": lambda: one_persons_flood(found, effort, record),
            }
            for name in RUNS:
                if name not in chosen:
                    continue
                _one(name, runs[name], record, say)
            if "peers" in chosen:
                _one("peers", lambda: beside(found, effort, folder / "peers", record), record, say)
        if "c" in chosen and on_postgres:
            _one("c on PostgreSQL", lambda: _on_postgres(server, effort, folder, record), record, say)


def _one(name: str, run: Callable[[], None], record: Record, say: Say) -> None:
    say(name)
    try:
        run()
    except (Exception, pytest.fail.Exception) as error:  # noqa: BLE001 - the other runs' figures are kept
        record.problems.append(f"{name}: {type(error).__name__}: {error}")
    except pytest.skip.Exception as skipped:
        record.problems.append(f"{name}: {skipped}")


def _on_sqlite(found: Scene, effort: Effort, folder: Path, record: Record) -> None:
    alone = _database(folder / "alone", "")
    try:
        durable_on_sqlite(found, alone, effort, record)
    finally:
        alone.close()


def _on_postgres(server: Valkey, effort: Effort, folder: Path, record: Record) -> None:
    with ExitStack() as stack:
        databases = stack.enter_context(postgres())
        found = stack.enter_context(scene(folder / "postgres", server, databases.database()))
        alone = _database(folder / "alone-postgres", databases.database())
        stack.callback(alone.close)
        durable_on_postgres(found, alone, effort, record)


def _reckoning_on_postgres(server: Valkey, effort: Effort, folder: Path, record: Record) -> None:
    with postgres() as databases:
        reckoning(effort, folder, server, record, "PostgreSQL", databases)


def _database(folder: Path, url: str) -> Database:
    """A database of ours with reporters in it, that no process has open."""
    home = make_home(folder)
    url = url or f"sqlite:///{home}/desk110.db"
    settings = Settings.model_validate({"DESK110_HOME": str(home), "DATABASE_URL": url, "DESK110_DEMO": "1"})
    prepare(settings, lambda _line: None)
    database = Database(url)
    add_reporters(database, KeyPaths.under(home), REPORTERS)
    return database
