"""Runs `processes` and `hosts`: several processes of each kind on one database, and the citizens' side on another
host."""

import statistics
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from bench.effort import Effort
from bench.figures import Figure
from bench.jobs import Flood, Steady
from bench.latency import acceptances
from bench.people import add_reporters, close_reports
from bench.record import Record
from bench.scene import Scene, marks, scene
from tests.far_host import FarApp, FarHost, far_host
from tests.servers import LOOPBACK, Postgres, Valkey, postgres, until
from tests.stack import App

ROUNDS = 3  # at most
SLOWER = 4  # so much less than in run a: with many processes it must not be the rate that is measured
START_S = 30


def processes(effort: Effort, folder: Path, server: Valkey, record: Record) -> None:
    """Citizen, console and worker, each as one process, as two and more, on PostgreSQL. The floor is one of each."""
    with (
        postgres() as databases,
        scene(
            folder / "processes", server, databases.database(), consoles=effort.consoles, relay=False
        ) as found,
    ):
        figures = {count: _figures(record, count) for count in effort.processes}
        for _ in range(min(ROUNDS, effort.rounds)):
            first: Mapping[str, float] = {}
            for count in effort.processes:
                with _several(found, count) as all_:
                    values = _filed(found, all_, effort, record) | _flooded(found, all_, effort, record)
                close_reports(found.ours.database)
                first = first or values
                for part, figure in figures[count].items():
                    figure.ours.append(values[part])
                    if figure.floor_name:
                        figure.floor.append(first[part])


def _figures(record: Record, count: int) -> dict[str, Figure]:
    kind = f"{count} processes of each kind"
    floor = "" if count == 1 else "1 of each"

    def figure(name: str, unit: str) -> Figure:
        return record.figure(Figure("processes", name, unit, floor_name=floor, size=count))

    return {
        "p50": figure(f"filed → frame, {kind}: p50", "ms"),
        "p99": figure(f"filed → frame, {kind}: p99", "ms"),
        "cost": figure(f"a report with its cards, {kind}: all together", "µs CPU"),
        "durable": figure(f"durable reports, {kind}", "/s"),
    }


@dataclass(frozen=True, slots=True)
class _Several:
    """So many of each kind, running."""

    citizens: list[App]
    consoles: list[App]
    pids: dict[str, int]


@contextmanager
def _several(found: Scene, count: int) -> Iterator[_Several]:
    ours = found.ours
    with ExitStack() as ending:
        for _ in range(count - 1):
            ending.enter_context(ours.another("citizen"))
            ending.enter_context(ours.another("console"))
        workers = [ours.another_worker() for _ in range(count)]
        for worker in workers:
            ending.callback(worker.kill)
            worker.start()
        ours.wait_ready()
        pids = {f"{app.name} {number}": app.pid for number, app in enumerate(ours.apps)}
        pids |= {f"worker {number}": worker.pid for number, worker in enumerate(workers)}
        yield _Several(list(ours.citizens), list(ours.consoles), pids)


def _filed(found: Scene, all_: _Several, effort: Effort, record: Record) -> dict[str, float]:
    """Each citizen process takes its share of the reports, each console process its share of the consoles; a report is
    timed until the consoles of one process have it."""
    count = len(all_.citizens)
    jobs = [
        Steady(
            found.filing(at=citizen),
            found.console_sockets(effort.consoles, at=console).some(
                effort.consoles * number // count, effort.consoles * (number + 1) // count
            ),
            marks(),
            effort.rate / SLOWER / count,
            effort.warm_s,
            effort.grown_s,
        )
        for number, (citizen, console) in enumerate(zip(all_.citizens, all_.consoles, strict=True))
    ]
    told = record.together(f"processes {count}", jobs, all_.pids)
    return {
        "p50": statistics.median(one["frame"]["p50"] for one in told),
        "p99": max(one["frame"]["p99"] for one in told),
        "cost": sum(told[0]["cpu_us"].values()),
    }


def _flooded(found: Scene, all_: _Several, effort: Effort, record: Record) -> dict[str, float]:
    jobs = [
        Flood(found.filing(at=citizen), marks(), effort.connections, effort.warm_s, effort.flood_s)
        for citizen in all_.citizens
    ]
    told = record.together(f"processes {len(jobs)} flood", jobs, all_.pids)
    return {"durable": sum(one["per_s"] for one in told)}


def hosts(effort: Effort, folder: Path, server: Valkey, record: Record) -> None:
    """The citizens' side on another host, a network namespace behind a router: runs a and b by way of it. The floor is
    the same with the citizens' side on this host."""
    there = "the citizens' side on another host"
    acts = {"filed → frame": _filing, "accept → reporter": _accepting}
    with (
        far_host() as host,
        postgres() as databases,
        _reachable(host, databases, server),
        scene(
            folder / "hosts",
            server,
            databases.database(),
            consoles=effort.consoles,
            relay=False,
            limits="demo",
        ) as found,
        _far(host, found) as far,
    ):
        tokens = add_reporters(found.ours.database, found.ours.keys, effort.reporters)
        for act, job in acts.items():
            figures = {
                part: record.figure(
                    Figure("hosts", f"{act}, {there}: {part}", "ms", floor_name="on the same host")
                )
                for part in ("p50", "p99")
            }
            for _ in range(min(ROUNDS, effort.rounds)):
                told = []
                for at in (far, found.citizen):
                    pids = {"citizen": at.pid, "console": found.console.pid}
                    told.append(record.measured(f"hosts {act}", job(found, at, tokens, effort), pids))
                    close_reports(found.ours.database)
                for part, figure in figures.items():
                    figure.ours.append(told[0]["frame"][part])
                    figure.floor.append(told[1]["frame"][part])
                    figure.n += told[0]["frame"]["n"]


@contextmanager
def _reachable(host: FarHost, databases: Postgres, server: Valkey) -> Iterator[None]:
    """Database and Redis, from there."""
    databases.also_at(host.here)
    with server.client() as client:
        client.config_set("bind", f"{LOOPBACK} {host.here}")
        client.config_set("protected-mode", "no")
        try:
            yield
        finally:
            client.config_set("bind", LOOPBACK)


@contextmanager
def _far(host: FarHost, found: Scene) -> Iterator[FarApp]:
    """The citizen process there."""
    own = found.ours.environment
    urls = {name: own[name].replace(LOOPBACK, host.here) for name in ("DATABASE_URL", "REDIS_URL")}
    far = FarApp("citizen", own | urls, host, found.ours.home / "far.log")
    try:
        far.launch()
        until(far.ready, START_S, "the citizens' side on the other host")
        yield far
    finally:
        far.kill()


def _filing(found: Scene, at: App, _tokens: list[str], effort: Effort) -> Steady:
    return Steady(
        found.filing(at=at),
        found.console_sockets(effort.consoles),
        marks(),
        effort.rate / SLOWER,
        effort.warm_s,
        effort.grown_s,
    )


def _accepting(found: Scene, at: App, tokens: list[str], effort: Effort) -> Any:
    gentle = replace(effort, accept_rate=effort.accept_rate / 2, accept_s=effort.grown_s)
    return replace(
        acceptances(found, gentle, tokens),
        filing=found.filing(tokens, at=at),
        sockets=found.reporter_sockets(tokens, at=at),
    )
