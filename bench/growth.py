"""Run `growth`: the way of a report with nothing stored and with a year of reports, with more and more consoles, and
among more and more desks; and more and more idle sockets.

Installations with few and with many stored reports stand beside each other and take turns within a round: what slows
the machine for a while slows all. The floor of each is the first of them.
"""

import resource
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final

from bench import idle
from bench.accepting import Accepts
from bench.effort import Effort
from bench.figures import Figure
from bench.jobs import Job, Steady
from bench.latency import acceptances
from bench.people import add_consoles, add_reporters, close_reports
from bench.record import Record
from bench.scene import Scene, body_at, marks, scene
from bench.throughput import burst
from bench.year import Year, fill
from dispatch.database import Database
from tests.places import places
from tests.servers import Valkey

ROUNDS: Final = 3  # at most
SLOWER: Final = (
    4  # so much less than in runs a and b: with many consoles it must not be the rate that is measured
)


@dataclass(slots=True)
class Grown:
    """One size of what grows, and its lines of the table."""

    size: int
    scene: Scene
    job: Callable[[], Job]
    figures: dict[str, Figure] = field(default_factory=dict)


def stored(effort: Effort, folder: Path, server: Valkey, record: Record) -> None:
    """Runs a and b on installations that have more and more reports already, each with the event of its filing."""
    with ExitStack() as opened:
        scenes = []
        for reports in effort.grown:
            found = opened.enter_context(
                scene(
                    folder / f"stored-{reports}",
                    server,
                    consoles=effort.consoles,
                    relay=False,
                    filled=_year(reports),
                )
            )
            scenes.append((reports, found))
        rate = effort.rate / SLOWER
        filing = [
            Grown(reports, found, lambda found=found: _filing(found, effort, effort.consoles, rate))  # type: ignore[misc]
            for reports, found in scenes
        ]
        _take_turns("filed → frame", "reports stored", filing, effort, record)
        accepting = [
            Grown(
                reports,
                found,
                _accepting(
                    found, replace(effort, accept_rate=effort.accept_rate / 2, accept_s=effort.grown_s)
                ),
            )
            for reports, found in scenes
        ]
        _take_turns("accept → reporter", "reports stored", accepting, effort, record)


def most(effort: Effort, folder: Path, server: Valkey, record: Record) -> None:
    """The same once with more reports than a province has in several months, beside none."""
    stored(replace(effort, grown=(0, effort.most), rounds=1), folder / "most", server, record)


def screens(effort: Effort, folder: Path, server: Valkey, record: Record) -> None:
    """Run a with more and more consoles of the desk."""
    most = max(effort.screens)
    with scene(folder / "screens", server, consoles=most, relay=False) as found:
        # A thousand of them are more than two cores carry at a higher rate.
        rate, longer = max(2.0, effort.rate / SLOWER**3), replace(effort, grown_s=3 * effort.grown_s)
        grown = [
            Grown(count, found, lambda count=count: _filing(found, longer, count, rate))  # type: ignore[misc]
            for count in effort.screens
        ]
        _take_turns("filed → frame", "consoles", grown, effort, record)


def crowd(effort: Effort, folder: Path, server: Valkey, record: Record) -> None:
    """Run d with many consoles, and as many fewer reports."""
    fewer = max(1, effort.burst * effort.consoles // effort.crowd)
    wide = replace(effort, consoles=effort.crowd, burst=fewer, rounds=min(3, effort.rounds))
    with scene(folder / "crowd", server, consoles=effort.crowd) as found:
        burst(found, wide, record, "crowd")


def desks(effort: Effort, folder: Path, server: Valkey, record: Record) -> None:
    """Run a at the same rate, its reports spread among more and more desks, each with one console."""
    there = places()[: max(effort.desks)]
    with scene(folder / "desks", server, consoles=1, relay=False) as found:
        found.consoles = add_consoles(found.ours.database, len(there), [place.number() for place in there])
        bodies = [body_at(place.location) for place in there]
        rate = effort.rate / SLOWER
        grown = [
            Grown(count, found, lambda count=count: _spread(found, bodies[:count], effort, rate))  # type: ignore[misc]
            for count in effort.desks
        ]
        _take_turns("filed → frame", "desks", grown, effort, record)


def sockets(effort: Effort, folder: Path, server: Valkey, record: Record) -> None:
    """Run e, without its floor, with more and more sockets. Of few, what a process makes once counts for much."""
    with scene(folder / "sockets", server, consoles=1, relay=False) as found:
        # Of all files that a process may open, it leaves some to others (`processes/bounded_http.py`).
        most = int(0.7 * resource.getrlimit(resource.RLIMIT_NOFILE)[1])
        counts = sorted({min(count, most) for count in effort.lines})
        tokens = add_reporters(found.ours.database, found.ours.keys, counts[-1])
        for count in counts:
            name = f"{count:,} idle sockets"
            each = record.figure(Figure("growth", f"memory, {name}: each", "KiB", n=count, size=count))
            busy = record.figure(
                Figure("growth", f"at rest, {name}: a process", "% of a core", n=count, size=count)
            )
            these = found.reporter_sockets(tokens[:count])
            kib, used = idle.each(found.citizen, these, effort, record, "growth")
            each.ours.append(kib)
            busy.ours.append(used * 100)


# By what grows; all on SQLite.
GROWTHS: Final[dict[str, Callable[[Effort, Path, Valkey, Record], None]]] = {
    "stored": stored,
    "screens": screens,
    "desks": desks,
    "sockets": sockets,
}


def _year(reports: int) -> Callable[[Database], None] | None:
    if not reports:
        return None
    return lambda database: fill(database, Year(reports=reports, told=True))


def _filing(found: Scene, effort: Effort, consoles: int, rate: float) -> Steady:
    return Steady(
        found.filing(),
        found.console_sockets(consoles),
        marks(),
        rate,
        effort.warm_s,
        effort.grown_s,
        # A line on which nothing comes for ten seconds is closed.
        connections=max(4, min(48, int(rate * 4))),
    )


def _spread(found: Scene, bodies: list[str], effort: Effort, rate: float) -> Steady:
    return Steady(
        replace(found.filing(), bodies=bodies),
        found.console_sockets(len(bodies)),
        marks(),
        rate,
        effort.warm_s,
        effort.grown_s,
        seen_by=1,
    )


def _accepting(found: Scene, effort: Effort) -> Callable[[], Accepts]:
    tokens = add_reporters(found.ours.database, found.ours.keys, effort.reporters)
    return lambda: acceptances(found, effort, tokens)


def _take_turns(act: str, what: str, all_: Sequence[Grown], effort: Effort, record: Record) -> None:
    first = all_[0]
    for one in all_:
        for part in ("p50", "p99", "CPU"):
            unit = "µs CPU" if part == "CPU" else "ms"
            floor = "" if one is first else f"{first.size:,} {what}"
            name = f"{act}, {one.size:,} {what}: {part}"
            one.figures[part] = record.figure(Figure("growth", name, unit, floor_name=floor, size=one.size))
    for _ in range(min(ROUNDS, effort.rounds)):
        values = []
        for one in all_:
            told = record.measured(f"growth {act} {one.size} {what}", one.job(), one.scene.pids)
            close_reports(one.scene.ours.database)
            cost = told["cpu_us"]["citizen"] + told["cpu_us"]["console"]
            values.append({"p50": told["frame"]["p50"], "p99": told["frame"]["p99"], "CPU": cost})
            for part, figure in one.figures.items():
                figure.ours.append(values[-1][part])
                figure.n += told["frame"]["n"]
                if one is not first:
                    figure.floor.append(values[0][part])
