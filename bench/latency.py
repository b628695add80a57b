"""Runs a and b: from the act to the screen, beside a bare relay and beside one that commits a row first."""

from typing import Any

from bench.accepting import Accepts
from bench.effort import Effort
from bench.figures import Aim, Figure
from bench.jobs import Steady
from bench.people import add_reporters, close_reports
from bench.record import Record
from bench.scene import Scene, marks
from bench.wire import HOST

RELAY = "bare relay"
KEEPING = "bare relay that commits a row first"


class Lines:
    """The lines of the table that both runs have."""

    def __init__(self, record: Record, run: str, title: str, act: str, aim: Aim | None) -> None:
        def line(name: str, unit: str, floor: str, aim: Aim | None = None) -> Figure:
            return record.figure(Figure(run, name, unit, floor_name=floor, aim=aim))

        self.p50 = line(f"{title}: p50", "ms", RELAY, aim)
        self.p99 = line(f"{title}: p99", "ms", RELAY)
        self.p50_keeping = line("the same beside a relay that syncs a row: p50", "ms", KEEPING)
        self.p99_keeping = line("the same beside a relay that syncs a row: p99", "ms", KEEPING)
        self.cost = line(f"citizen and console process, {act}", "µs CPU", RELAY)

    def add(self, ours: dict[str, Any], relay: dict[str, Any], keeping: dict[str, Any]) -> None:
        """One round of each."""
        for figure, floor, which in (
            (self.p50, relay, "p50"),
            (self.p99, relay, "p99"),
            (self.p50_keeping, keeping, "p50"),
            (self.p99_keeping, keeping, "p99"),
        ):
            figure.ours.append(ours["frame"][which])
            figure.floor.append(floor["frame"][which])
            figure.n += ours["frame"]["n"]
        # Processor time depends little on who else is busy: on a shared machine it tells more than times do.
        for values, told in ((self.cost.ours, ours), (self.cost.floor, relay)):
            values.append(told["cpu_us"]["citizen"] + told["cpu_us"]["console"])
        self.cost.n += ours["all"]


def filed_to_frame(scene: Scene, effort: Effort, record: Record) -> None:
    """a: reports filed at a rate, each timed from its POST until every console has its card."""
    title = f"filed → frame on {effort.consoles} consoles, {effort.rate:g}/s"
    lines = Lines(record, "a", title, "a report", None)
    answer = record.figure(Figure("a", "POST → 201 meanwhile: p50", "ms", floor_name=RELAY))

    def steady(frame_bytes: int = 0, *, keeps: bool = False) -> Steady:
        count = effort.consoles
        return Steady(
            scene.relaying(frame_bytes, keeps=keeps) if frame_bytes else scene.filing(),
            scene.bare_sockets(scene.bare_console, count) if frame_bytes else scene.console_sockets(count),
            marks(),
            effort.rate,
            effort.warm_s,
            effort.steady_s,
        )

    for _ in range(effort.rounds):
        ours = record.measured("a", steady(), scene.pids)
        size = max(1, int(ours["frame_bytes"]))
        relay = record.measured("a relay", steady(size), scene.bare_pids)
        keeping = record.measured("a keeping relay", steady(size, keeps=True), scene.bare_pids)
        lines.add(ours, relay, keeping)
        answer.ours.append(ours["answer"]["p50"])
        answer.floor.append(relay["answer"]["p50"])
        answer.n += ours["n"]
        close_reports(scene.ours.database)


def accept_to_reporter(scene: Scene, effort: Effort, record: Record) -> None:
    """b: reports accepted at a rate, each timed from the POST of its acceptance until its reporter's socket says so.

    One console is open meanwhile: that of the dispatcher who accepts.
    """
    title = f"accept → reporter, {effort.accept_rate:g}/s"
    lines = Lines(record, "b", title, "an acceptance", Aim("ratio", "≤", 2.0))
    tokens = add_reporters(scene.ours.database, scene.ours.keys, effort.reporters)
    for _ in range(effort.rounds):
        ours = record.measured("b", acceptances(scene, effort, tokens), scene.pids)
        size = max(1, int(ours["frame_bytes"]))
        relay = record.measured("b relay", _relayed(scene, effort, size), scene.bare_pids)
        keeping = record.measured(
            "b keeping relay", _relayed(scene, effort, size, keeps=True), scene.bare_pids
        )
        lines.add(ours, relay, keeping)
        close_reports(scene.ours.database)


def acceptances(scene: Scene, effort: Effort, tokens: list[str], *, opening: bool = False) -> Accepts:
    """Reports of these reporters, accepted while one console is open; `opening`: one more comes amid it."""
    token, csrf = scene.consoles[0]
    request = (
        f"POST /console/reports/REPORT/acknowledgement HTTP/1.1\r\nhost: {HOST}:{scene.console.port}\r\n"
        f"cookie: desk110_console={token}\r\norigin: {scene.console.url}\r\nx-csrf-token: {csrf}\r\n"
        "content-length: 0\r\n\r\n"
    )
    return Accepts(
        scene.filing(tokens),
        marks(),
        request,
        scene.console.port,
        scene.reporter_sockets(tokens),
        scene.console_sockets(1),
        effort.accept_rate,
        effort.warm_s,
        effort.accept_s,
        opening=scene.console_sockets(2).some(1, 2) if opening else None,
    )


def _relayed(scene: Scene, effort: Effort, frame_bytes: int, *, keeps: bool = False) -> Accepts:
    body = '{"type":"report","report":{"id":"REPORT","status":"received"}}'
    length = len(body) - len("REPORT") + 36
    path = f"/relay?bytes={frame_bytes}&to=REPORTER{'&keeps=1' if keeps else ''}"
    request = (
        f"POST {path} HTTP/1.1\r\nhost: {HOST}:{scene.bare_console.port}\r\n"
        f"content-length: {length}\r\n\r\n{body}"
    )
    return Accepts(
        None,
        marks(),
        request,
        scene.bare_console.port,
        scene.bare_sockets(scene.bare_citizen, effort.reporters, each_its_own=True),
        scene.bare_sockets(scene.bare_citizen, 1),
        effort.accept_rate,
        effort.warm_s,
        effort.accept_s,
    )
