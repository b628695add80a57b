"""Runs c and d: how much, when everybody pushes."""

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from bench import inserts
from bench.effort import Effort
from bench.figures import Aim, Figure
from bench.jobs import Burst, Flood
from bench.load import Posts
from bench.people import close_reports
from bench.record import Record
from bench.scene import BODY, Scene, marks
from bench.writing import written
from dispatch.database import Database

Insert = Callable[[float], float]

GROUP_COMMIT = f"bare group commit of {inserts.TOGETHER}"


def durable_on_sqlite(scene: Scene, alone: Database, effort: Effort, record: Record) -> None:
    """c: reports/s that one citizen process answers after their commit. `alone`: a database for the writer alone."""
    path = Path(alone.url.removeprefix("sqlite:///"))
    _durable("SQLite", scene, alone, lambda seconds: inserts.in_sqlite(path, seconds), effort, record)


def durable_on_postgres(scene: Scene, alone: Database, effort: Effort, record: Record) -> None:
    """c: the same on PostgreSQL, three rounds at most."""
    effort = replace(effort, rounds=min(3, effort.rounds))
    _durable("PostgreSQL", scene, alone, partial(inserts.in_postgres, alone.url), effort, record)


def _durable(
    name: str, scene: Scene, alone: Database, insert: Insert, effort: Effort, record: Record
) -> None:
    aim = Aim("value", "≥", 2000) if name == "SQLite" else None
    http = record.figure(Figure("c", f"durable reports on {name}", "/s", floor_name=GROUP_COMMIT, aim=aim))
    writer = record.figure(Figure("c", f"the writer alone on {name}", "/s", floor_name=GROUP_COMMIT))
    both = record.figure(
        Figure("c", f"by two citizen processes, two generators, {name}", "/s", floor_name=GROUP_COMMIT)
    )
    cost = record.figure(Figure("c", f"citizen process a report, {name}", "µs CPU"))
    latency = record.figure(Figure("c", f"POST → 201 meanwhile, {name}: p50", "ms"))
    ceiling = record.figure(Figure("c", "generator's ceiling: answers of a bare app", "/s"))
    for _ in range(effort.rounds):
        ours = record.measured("c", _flood(scene.filing(), effort), scene.pids)
        sink = Posts(scene.bare_citizen.port, "/sink", [BODY], scene.tokens)
        most = record.measured("c ceiling", _flood(sink, effort), scene.bare_pids)
        by_two = _by_two(scene, effort, record)
        by_writer = written(alone, effort.insert_s, effort.connections)
        bare = insert(effort.insert_s)
        http.ours.append(ours["per_s"])
        http.floor.append(bare)
        http.n += ours["n"]
        both.ours.append(sum(told["per_s"] for told in by_two))
        both.floor.append(bare)
        both.n += sum(told["n"] for told in by_two)
        writer.ours.append(by_writer)
        writer.floor.append(bare)
        cost.ours.append(ours["cpu_us"]["citizen"])
        latency.ours.append(ours["answer"]["p50"])
        ceiling.ours.append(most["per_s"])
        close_reports(scene.ours.database)
        close_reports(alone)


def _by_two(scene: Scene, effort: Effort, record: Record) -> list[dict[str, Any]]:
    """Two processes at a time, each asked by a generator of its own."""
    with scene.ours.another("citizen") as second:
        jobs = [_flood(scene.filing(), effort), _flood(scene.filing(at=second), effort)]
        return record.together("c two", jobs, scene.pids | {"second": second.pid})


def _flood(posts: Posts, effort: Effort) -> Flood:
    return Flood(posts, marks(), effort.connections, effort.warm_s, effort.flood_s)


def burst(scene: Scene, effort: Effort, record: Record, run: str = "d") -> None:
    """d: reports filed as fast as they are answered, until each console has every card."""
    title = f"burst of {effort.burst} to {effort.consoles} consoles"

    def line(name: str, unit: str) -> Figure:
        return record.figure(Figure(run, name, unit, floor_name="bare relay"))

    updates = line(f"{title}: cards", "/s/console")
    frames = line("frames that carried them", "/s/console")
    whole = line("until the last console has the last", "s")
    count = effort.consoles
    for _ in range(effort.rounds):
        job = Burst(scene.filing(), scene.console_sockets(count), marks(), effort.burst, effort.connections)
        ours = record.measured(run, job, scene.pids)
        size = int(ours["megabytes"] * 1e6 / max(1, ours["updates_per_s"] * ours["seconds"]))
        job = Burst(
            scene.relaying(size),
            scene.bare_sockets(scene.bare_console, count),
            marks(),
            effort.burst,
            effort.connections,
        )
        floor = record.measured(f"{run} floor", job, scene.bare_pids)
        for figure, what in (
            (updates, "updates_per_s_each"),
            (frames, "frames_per_s_each"),
            (whole, "seconds"),
        ):
            figure.ours.append(ours[what])
            figure.floor.append(floor[what])
            figure.n += ours["n"]
        close_reports(scene.ours.database)
