"""Run e: what an open socket of a reporter holds in memory, and what keeping it alive costs."""

import time

from bench.effort import Effort
from bench.figures import Aim, Figure
from bench.generator import Generator, run
from bench.jobs import Idle
from bench.load import Sockets
from bench.machine import cpu_s, resident_bytes
from bench.people import add_reporters
from bench.record import Record
from bench.scene import Scene
from tests.stack import App

WARMING = 100  # sockets opened and closed before, so that what is made once is there


def idle_sockets(scene: Scene, effort: Effort, record: Record) -> None:
    """e: KiB of resident memory for each open socket; each process is new, and has settled before and after."""
    count = effort.sockets
    title = f"an idle reporter's socket, of {count}"
    aim = Aim("value", "≤", 32.0)
    figure = record.figure(Figure("e", title, "KiB", floor_name="bare ASGI socket", aim=aim, n=count))
    busy = record.figure(Figure("e", f"a process with {count} of them at rest", "% of a core", n=count))
    tokens = add_reporters(scene.ours.database, scene.ours.keys, count)
    for _ in range(effort.socket_rounds):
        ours, used = each(scene.citizen, scene.reporter_sockets(tokens), effort, record)
        bare = scene.bare_citizen
        floor, _ = each(bare, scene.bare_sockets(bare, count, each_its_own=True), effort, record)
        busy.ours.append(used * 100)
        figure.ours.append(ours)
        figure.floor.append(floor)


def each(
    app: App, sockets: Sockets, effort: Effort, record: Record, run_of: str = "e"
) -> tuple[float, float]:
    """KiB of each, and the share of a core that the process takes while nothing happens but heartbeats."""
    app.stop()
    app.start()
    run(Idle(sockets.some(0, WARMING)))
    time.sleep(effort.settle_s / 5)
    before = resident_bytes(app.pid)
    with Generator(Idle(sockets)) as generator:
        used = cpu_s(app.pid)
        time.sleep(effort.settle_s)
        used = (cpu_s(app.pid) - used) / effort.settle_s
        after = resident_bytes(app.pid)
        told = generator.run()
    count = len(sockets.paths)
    if told["n"] != count:
        record.problems.append(f"{run_of}: {count - told['n']} of {count} sockets were lost")
    record.rounds.append({"run": run_of, "app": app.command[-2], "before": before, "after": after, **told})
    return (after - before) / 1024 / count, used
