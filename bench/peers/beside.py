"""Run `peers`: what runs a to d ask of ours, asked of other people's ways too, one after the other in a round."""

import json
import os
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bench.accepting import Accepts
from bench.effort import Effort
from bench.figures import Aim, Figure
from bench.jobs import Burst, Flood, Steady
from bench.latency import acceptances
from bench.load import Posts, Sockets
from bench.people import add_reporters, close_reports
from bench.record import Record
from bench.scene import BODY, Scene, marks
from bench.wire import HOST
from dispatch.settings import CHECKOUT
from tests.server import Server, free_port

HOME = CHECKOUT / "var" / "peers"
"""Where `scripts/bench` puts their environments."""


@dataclass(frozen=True, slots=True)
class Peer:
    """One of them: how it is started, and how its sockets are opened (`live` ends where the key begins)."""

    name: str
    command: list[str]
    live: str
    hello: str
    floods: float
    """Our durable reports a second should be so many times its own."""


ENGINE_IO = "/socket.io/?EIO=4&transport=websocket&key="
PYTHON = str(HOME / "venv" / "bin" / "python")
PEERS = (
    Peer("python-socketio", [PYTHON, "-m", "bench.peers.python_socketio"], ENGINE_IO, "40", 5),
    Peer("Django Channels", [PYTHON, "-m", "bench.peers.django_channels"], "/live?key=", "", 5),
    Peer("broadcaster", [PYTHON, "-m", "bench.peers.broadcaster_channels"], "/live?key=", "", 5),
    Peer("Socket.IO on Node", [], ENGINE_IO, "40", 2),
)


class Process(Server):
    """One process of a peer; it has both faces."""

    def __init__(self, peer: Peer, redis_url: str, folder: Path, name: str) -> None:
        self.peer = peer
        self.port = free_port()
        file = folder / f"{peer.name.replace(' ', '-')}-{name}"
        super().__init__(
            peer.command or _on_node(),
            file.with_suffix(".log"),
            environment={
                "PORT": str(self.port),
                "REDIS_URL": redis_url,
                "KEPT": str(file.with_suffix(".rows")),
            },
            cwd=CHECKOUT,
        )

    def ready(self) -> bool:
        if not self.running:
            return False
        try:
            with urllib.request.urlopen(f"http://{HOST}:{self.port}/sink", timeout=2) as answer:
                return bool(answer.status == 200)
        except (urllib.error.URLError, OSError):
            return False

    def posts(self, frame_bytes: int) -> Posts:
        """Reports to this process, for frames of that length to everybody."""
        return Posts(self.port, f"/relay?bytes={frame_bytes}", [BODY], ["nobody"])

    def sockets(self, count: int, *, each_its_own: bool = False) -> Sockets:
        """All hear everything, or each what is meant for its number."""
        paths = [f"{self.peer.live}{number if each_its_own else ''}" for number in range(count)]
        return Sockets(self.port, paths, [{}] * count, [self.peer.hello] * count)


@dataclass(slots=True)
class Pair:
    """A peer as two processes, as ours are a citizen's and a console's."""

    peer: Peer
    citizen: Process
    console: Process
    figures: dict[str, Figure] = field(default_factory=dict)

    @property
    def pids(self) -> dict[str, int]:
        return {"citizen": self.citizen.pid, "console": self.console.pid}


@contextmanager
def pairs(redis_url: str, folder: Path) -> Iterator[list[Pair]]:
    """All peers, running."""
    folder.mkdir(parents=True, exist_ok=True)
    found = [
        Pair(
            peer,
            Process(peer, redis_url, folder, "citizen"),
            Process(peer, redis_url, folder, "console"),
        )
        for peer in PEERS
    ]
    processes = [process for pair in found for process in (pair.citizen, pair.console)]
    try:
        for process in processes:
            process.launch()
        for process in processes:
            process.wait()
        yield found
    finally:
        for process in processes:
            process.kill()


def beside(scene: Scene, effort: Effort, folder: Path, record: Record) -> None:
    """Filed → frame, accept → reporter, durable reports a second, a burst: ours, then each of them."""
    tokens = add_reporters(scene.ours.database, scene.ours.keys, effort.reporters)
    with pairs(scene.valkey.url, folder) as found:
        for pair in found:
            _lines(pair, record)
        for _ in range(effort.rounds):
            _filed(scene, effort, record, found)
            _accepted(scene, effort, record, found, tokens)
            _flooded(scene, effort, record, found)
            _burst(scene, effort, record, found)


def _lines(pair: Pair, record: Record) -> None:
    """The lines of the table for one of them."""
    below, updates = Aim("ratio", "≤", 1.0), Aim("ratio", "≥", 5.0)
    for key, name, unit, aim in (
        ("a p50", "filed → frame: p50", "ms", None),
        ("a p99", "filed → frame: p99", "ms", below),
        ("a cpu", "both processes, a report", "µs CPU", None),
        ("b p50", "accept → reporter: p50", "ms", None),
        ("b p99", "accept → reporter: p99", "ms", None),
        ("c", "durable reports, one process", "/s", Aim("ratio", "≥", pair.peer.floods)),
        ("d", "burst: states to a console", "/s", updates),
    ):
        line = Figure("peers", f"{pair.peer.name}: {name}", unit, floor_name=pair.peer.name, aim=aim)
        pair.figures[key] = record.figure(line)


def _add(pair: Pair, key: str, ours: float, theirs: float | None, n: int) -> None:
    if theirs is None:  # nothing came: it stands among the problems
        return
    figure = pair.figures[key]
    figure.ours.append(ours)
    figure.floor.append(theirs)
    figure.n += n


def _filed(scene: Scene, effort: Effort, record: Record, found: list[Pair]) -> None:
    def steady(posts: Posts, sockets: Sockets) -> Steady:
        return Steady(posts, sockets, marks(), effort.rate, effort.warm_s, effort.steady_s)

    ours = record.measured(
        "peers a", steady(scene.filing(), scene.console_sockets(effort.consoles)), scene.pids
    )
    size = max(1, int(ours["frame_bytes"]))
    for pair in found:
        job = steady(pair.citizen.posts(size), pair.console.sockets(effort.consoles))
        theirs = record.measured(f"peers a {pair.peer.name}", job, pair.pids)
        for which in ("p50", "p99"):
            _add(pair, f"a {which}", ours["frame"][which], theirs["frame"][which], ours["n"])
        _add(pair, "a cpu", _cpu(ours), _cpu(theirs), ours["n"])
    close_reports(scene.ours.database)


def _cpu(told: dict[str, Any]) -> float:
    return float(told["cpu_us"]["citizen"] + told["cpu_us"]["console"])


def _accepted(scene: Scene, effort: Effort, record: Record, found: list[Pair], tokens: list[str]) -> None:
    ours = record.measured("peers b", acceptances(scene, effort, tokens), scene.pids)
    size = max(1, int(ours["frame_bytes"]))
    for pair in found:
        theirs = record.measured(f"peers b {pair.peer.name}", _relayed(pair, effort, size), pair.pids)
        for which in ("p50", "p99"):
            _add(pair, f"b {which}", ours["frame"][which], theirs["frame"][which], ours["n"])
    close_reports(scene.ours.database)


def _relayed(pair: Pair, effort: Effort, frame_bytes: int) -> Accepts:
    body = json.dumps(
        {"type": "report", "report": {"id": "REPORT", "status": "received"}}, separators=(",", ":")
    )
    length = len(body) - len("REPORT") + 36
    request = (
        f"POST /relay?bytes={frame_bytes}&to=REPORTER HTTP/1.1\r\nhost: {HOST}:{pair.console.port}\r\n"
        f"content-length: {length}\r\n\r\n{body}"
    )
    return Accepts(
        None,
        marks(),
        request,
        pair.console.port,
        pair.citizen.sockets(effort.reporters, each_its_own=True),
        pair.citizen.sockets(1),
        effort.accept_rate,
        effort.warm_s,
        effort.accept_s,
    )


def _flooded(scene: Scene, effort: Effort, record: Record, found: list[Pair]) -> None:
    def flood(posts: Posts) -> Flood:
        return Flood(posts, marks(), effort.connections, effort.warm_s, effort.flood_s)

    ours = record.measured("peers c", flood(scene.filing()), scene.pids)
    close_reports(scene.ours.database)
    for pair in found:
        theirs = record.measured(f"peers c {pair.peer.name}", flood(pair.citizen.posts(1024)), pair.pids)
        _add(pair, "c", ours["per_s"], theirs["per_s"], ours["n"])


def _burst(scene: Scene, effort: Effort, record: Record, found: list[Pair]) -> None:
    def burst(posts: Posts, sockets: Sockets) -> Burst:
        return Burst(posts, sockets, marks(), effort.burst, effort.connections)

    ours = record.measured(
        "peers d", burst(scene.filing(), scene.console_sockets(effort.consoles)), scene.pids
    )
    close_reports(scene.ours.database)
    for pair in found:
        job = burst(pair.citizen.posts(1024), pair.console.sockets(effort.consoles))
        theirs = record.measured(f"peers d {pair.peer.name}", job, pair.pids)
        _add(pair, "d", ours["updates_per_s_each"], theirs["frames_per_s_each"], ours["n"])


def _on_node() -> list[str]:
    """Node looks for packages beside the program that it runs."""
    program = HOME / "node" / "socketio_node.mjs"
    return [os.environ["DESK110_BENCH_NODE"], str(program)]
