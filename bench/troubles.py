"""Runs f, g and h: everybody comes again at once, a console that stops reading, a flood of one person."""

from bench.effort import Effort
from bench.figures import Aim, Figure
from bench.jobs import Flood, Steady
from bench.latency import acceptances
from bench.people import add_reporters, close_reports
from bench.record import Record
from bench.returning import Returns
from bench.scene import Scene, marks

FILED_MEANWHILE = 20.0  # reports/s


def everybody_returns(scene: Scene, effort: Effort, record: Record) -> None:
    """f: the lines of so many reporters break together; until the last is in step again, and what filing costs then."""
    count = effort.sockets
    aim = Aim("value", "≤", 30.0) if count >= 10_000 else None
    title = f"{count} reporters' lines break at once: until all are in step again"
    last = record.figure(Figure("f", title, "s", floor_name="bare ASGI sockets", aim=aim))
    half = record.figure(Figure("f", "the same: until half are", "s", floor_name="bare ASGI sockets"))
    filed = record.figure(Figure("f", "POST → 201 meanwhile: p99", "ms", floor_name="bare ASGI sockets"))
    tokens = add_reporters(scene.ours.database, scene.ours.keys, count)
    for _ in range(effort.socket_rounds):
        ours = record.measured(
            "f",
            Returns(scene.filing(), scene.reporter_sockets(tokens), marks(), FILED_MEANWHILE, 1),
            scene.pids,
        )
        sink = scene.relaying(100)
        bare = scene.bare_sockets(scene.bare_citizen, count, each_its_own=True)
        floor = record.measured("f floor", Returns(sink, bare, marks(), FILED_MEANWHILE, 1), scene.bare_pids)
        for values, told in ((0, ours), (1, floor)):
            for figure, value in (
                (last, told["seconds"]),
                (half, told["back"]["p50"] / 1000),
                (filed, told["answer"]["p99"]),
            ):
                (figure.floor if values else figure.ours).append(value)
        last.n = half.n = last.n + ours["n"]
        filed.n += ours["answer"]["n"]
        close_reports(scene.ours.database)


def frozen_console(scene: Scene, effort: Effort, record: Record) -> None:
    """g: one of the consoles reads nothing any more; how long the others wait, beside the same with none frozen."""
    count = effort.consoles - 1
    title = f"filed → frame on {count} consoles while one more is frozen, {effort.rate:g}/s"
    p50 = record.figure(Figure("g", f"{title}: p50", "ms", floor_name="none frozen"))
    p99 = record.figure(Figure("g", f"{title}: p99", "ms", floor_name="none frozen"))
    consoles = scene.console_sockets(effort.consoles)

    def steady(*, frozen: bool) -> Steady:
        return Steady(
            scene.filing(),
            consoles.some(0, count),
            marks(),
            effort.rate,
            effort.warm_s,
            effort.steady_s,
            frozen=consoles.some(count, count + 1) if frozen else None,
        )

    for _ in range(effort.rounds):
        for values, frozen in ((0, True), (1, False)):
            told = record.measured("g" if frozen else "g none", steady(frozen=frozen), scene.pids)
            for figure, which in ((p50, "p50"), (p99, "p99")):
                (figure.floor if values else figure.ours).append(told["frame"][which])
                figure.n += told["frame"]["n"] if frozen else 0
            close_reports(scene.ours.database)


def one_persons_flood(scene: Scene, effort: Effort, record: Record) -> None:
    """h: others' acceptances while thousands of one person's reports wait at the same desk, and without these."""
    title = (
        f"accept → reporter with {effort.flood} reports of one other person waiting, {effort.accept_rate:g}/s"
    )
    p50 = record.figure(Figure("h", f"{title}: p50", "ms", floor_name="none waiting"))
    p99 = record.figure(
        Figure("h", f"{title}: p99", "ms", floor_name="none waiting", aim=Aim("ratio", "≤", 1.1))
    )
    amid = record.figure(
        Figure("h", "the same while one more console opens: p99", "ms", floor_name="none waiting")
    )
    cost = record.figure(
        Figure("h", "citizen and console process, an acceptance", "µs CPU", floor_name="none waiting")
    )
    rate = record.figure(Figure("h", "the flood as it came: durable reports", "/s"))
    tokens = add_reporters(scene.ours.database, scene.ours.keys, effort.reporters)
    (flooder,) = add_reporters(scene.ours.database, scene.ours.keys, 1)
    for _ in range(effort.rounds):
        close_reports(scene.ours.database)
        for waiting in (0, effort.flood):
            if waiting:
                rate.ours.append(_flood(scene, effort, flooder, waiting, record))
                rate.n += waiting
            name = "h" if waiting else "h none"
            told = record.measured(name, acceptances(scene, effort, tokens), scene.pids)
            opening = record.measured(
                f"{name}, opening", acceptances(scene, effort, tokens, opening=True), scene.pids
            )
            for figure, value in (
                (p50, told["frame"]["p50"]),
                (p99, told["frame"]["p99"]),
                (amid, opening["frame"]["p99"]),
                (cost, told["cpu_us"]["citizen"] + told["cpu_us"]["console"]),
            ):
                (figure.ours if waiting else figure.floor).append(value)
                figure.n += told["n"] if waiting else 0
    close_reports(scene.ours.database)


def _flood(scene: Scene, effort: Effort, token: str, count: int, record: Record) -> float:
    """So many reports of one person, as fast as they are answered; reports/s."""
    posts = scene.filing([token])
    told = record.measured(
        "h flood", Flood(posts, marks(), effort.connections, 0.0, 600.0, count), scene.pids
    )
    if told["n"] < count:
        record.problems.append(f"h: {told['n']} of {count} reports of the flood were taken")
    return float(told["per_s"])
