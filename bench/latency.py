"""Runs a and b: from the act to the screen."""

from typing import Any

from bench.effort import Effort
from bench.figures import Aim, Figure
from bench.jobs import Accepts, Steady
from bench.people import add_reporters, close_reports
from bench.record import Record
from bench.scene import Scene, marks
from bench.wire import HOST

RELAY = "bare relay"


def filed_to_frame(scene: Scene, effort: Effort, record: Record) -> None:
    """a: reports filed at a rate, each timed from its POST until every console has its card."""
    title = f"filed → frame on {effort.consoles} consoles, {effort.rate:g}/s"
    p50 = record.figure(Figure("a", f"{title}: p50", "ms", floor_name=RELAY))
    p99 = record.figure(Figure("a", f"{title}: p99", "ms", floor_name=RELAY))
    answer = record.figure(Figure("a", "its POST → 201: p50", "ms", floor_name=RELAY))
    cost = record.figure(Figure("a", "citizen and console process a report", "µs CPU", floor_name=RELAY))

    def steady(bare: bool, frame_bytes: int = 0) -> Steady:
        count = effort.consoles
        return Steady(
            scene.relaying(frame_bytes) if bare else scene.filing(),
            scene.bare_sockets(scene.bare_console, count) if bare else scene.console_sockets(count),
            marks(),
            effort.rate,
            effort.warm_s,
            effort.steady_s,
        )

    for _ in range(effort.rounds):
        ours = record.measured("a", steady(bare=False), scene.pids)
        floor = record.measured(
            "a floor", steady(bare=True, frame_bytes=int(ours["frame_bytes"])), scene.bare_pids
        )
        for figure, what, which in ((p50, "frame", "p50"), (p99, "frame", "p99"), (answer, "answer", "p50")):
            figure.ours.append(ours[what][which])
            figure.floor.append(floor[what][which])
            figure.n += ours[what]["n"]
        _add_cost(cost, ours, floor)
        close_reports(scene.ours.database)


def accept_to_reporter(scene: Scene, effort: Effort, record: Record) -> None:
    """b: reports accepted at a rate, each timed from the POST of its acceptance until its reporter's socket says so.

    One console is open meanwhile: that of the dispatcher who accepts.
    """
    title = f"accept → reporter, {effort.accept_rate:g}/s"
    aim = Aim("ratio", "≤", 2.0)
    p50 = record.figure(Figure("b", f"{title}: p50", "ms", floor_name=RELAY, aim=aim))
    p99 = record.figure(Figure("b", f"{title}: p99", "ms", floor_name=RELAY))
    cost = record.figure(Figure("b", "citizen and console process an acceptance", "µs CPU", floor_name=RELAY))
    tokens = add_reporters(scene.ours.database, scene.ours.keys, effort.reporters)
    for _ in range(effort.rounds):
        ours = record.measured("b", _accepts(scene, effort, tokens), scene.pids)
        floor = record.measured("b floor", _relayed(scene, effort, int(ours["frame_bytes"])), scene.bare_pids)
        for figure, which in ((p50, "p50"), (p99, "p99")):
            figure.ours.append(ours["frame"][which])
            figure.floor.append(floor["frame"][which])
            figure.n += ours["frame"]["n"]
        _add_cost(cost, ours, floor)
        close_reports(scene.ours.database)


def _add_cost(cost: Figure, ours: dict[str, Any], floor: dict[str, Any]) -> None:
    """Processor time depends little on who else is busy, so it tells more than times do on a shared machine."""
    for values, told in ((cost.ours, ours), (cost.floor, floor)):
        values.append(told["cpu_us"]["citizen"] + told["cpu_us"]["console"])
    cost.n += ours["all"]


def _accepts(scene: Scene, effort: Effort, tokens: list[str]) -> Accepts:
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
    )


def _relayed(scene: Scene, effort: Effort, frame_bytes: int) -> Accepts:
    body = '{"type":"report","report":{"id":"REPORT","status":"received"}}'
    length = len(body) - len("REPORT") + 36
    request = (
        f"POST /relay?bytes={frame_bytes}&to=REPORTER HTTP/1.1\r\nhost: {HOST}:{scene.bare_console.port}\r\n"
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
