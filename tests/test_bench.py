"""The benchmark runs, and its own parts count rightly. What it measures is nobody's test."""

import asyncio
import json
import subprocess
import sys
from pathlib import Path
from typing import Any, cast
from xml.etree import ElementTree

import orjson
import pytest

from bench.figures import Aim, Figure, percentile
from bench.load import Posts
from bench.peers.relaying import padded
from bench.plots import draw
from bench.wire import Line, Socket
from dispatch.settings import CHECKOUT
from tests.far_host import far_host


def run_bench(out: Path, *options: str) -> dict[str, Any]:
    done = subprocess.run(
        [sys.executable, "-m", "bench", "--tiny", "--out", str(out), *options],
        cwd=CHECKOUT,
        capture_output=True,
        text=True,
        check=False,
        timeout=170,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    told: dict[str, Any] = orjson.loads(out.read_bytes())
    return told


def test_every_run_gives_figures_beside_its_floor(tmp_path: Path) -> None:
    told = run_bench(tmp_path / "bench.json", "--no-postgres")
    assert told["problems"] == []
    assert [*dict.fromkeys(figure["run"] for figure in told["figures"])] == [*"abcdefgh"]
    for figure in told["figures"]:
        # Twenty sockets may fit into what a process has in hand, and cost it less than its clock can tell.
        if figure["run"] != "e":
            assert figure["ours"]["median"] > 0, figure
            # A relay that is hardly asked uses less processor time than the clock of it can tell.
            least = -1 if figure["unit"] == "µs CPU" else 0
            assert figure["floor"] is None or figure["floor"]["median"] > least, figure
    assert list(tmp_path.iterdir()) == [tmp_path / "bench.json"]


@pytest.mark.postgres
@pytest.mark.usefixtures("postgres_of_session")
def test_durable_reports_are_measured_on_postgres_too(tmp_path: Path) -> None:
    told = run_bench(tmp_path / "bench.json", "--only", "c")
    assert told["problems"] == []
    names = [figure["name"] for figure in told["figures"] if figure["floor"]]
    assert any("PostgreSQL" in name for name in names)


@pytest.mark.postgres
@pytest.mark.usefixtures("postgres_of_session")
def test_the_figures_of_few_and_of_many_reports_are_measured_when_they_are_named(tmp_path: Path) -> None:
    told = run_bench(tmp_path / "bench.json", "--only", "figures")
    assert told["problems"] == []
    pages = [figure for figure in told["figures"] if figure["floor"]]
    assert len(pages) == 2 * 9, "eight pages and a plain count, on each database"
    assert all(figure["floor"]["median"] > 0 for figure in pages)


def test_growth_is_measured_beside_nothing_stored_and_drawn(tmp_path: Path) -> None:
    told = run_bench(tmp_path / "bench.json", "--only", "growth")
    assert told["problems"] == []
    assert {figure["size"] for figure in told["figures"]} == {0, 200, 2, 4, 1, 3, 10, 20}
    beside = [figure for figure in told["figures"] if figure["floor"]]
    assert {figure["floor"]["what"] for figure in beside} == {"0 reports stored", "2 consoles", "1 desks"}
    # Of a few sockets the clock may tell nothing: then there is nothing to draw.
    drawn = sorted({path.name for path in (tmp_path / "bench").iterdir()} | {"at-rest-idle-sockets.svg"})
    assert drawn == [
        "accept-reporter-reports-stored-cpu.svg",
        "accept-reporter-reports-stored.svg",
        "at-rest-idle-sockets.svg",
        "filed-frame-consoles-cpu.svg",
        "filed-frame-consoles.svg",
        "filed-frame-desks-cpu.svg",
        "filed-frame-desks.svg",
        "filed-frame-reports-stored-cpu.svg",
        "filed-frame-reports-stored.svg",
        "memory-idle-sockets.svg",
    ]


@pytest.mark.postgres
@pytest.mark.usefixtures("postgres_of_session")
def test_many_consoles_more_processes_and_a_cluster_are_measured_when_they_are_named(tmp_path: Path) -> None:
    told = run_bench(tmp_path / "bench.json", "--only", "crowd,processes,cluster")
    assert told["problems"] == []
    floors = {figure["floor"]["what"] for figure in told["figures"] if figure["floor"]}
    assert floors == {"bare relay", "1 of each", "PUBLISH to all nodes"}


# Where a network comes or goes, every browser of the machine drops what it was loading.
@pytest.mark.alone
@pytest.mark.postgres
@pytest.mark.usefixtures("postgres_of_session")
def test_another_host_is_measured_when_it_is_named(tmp_path: Path) -> None:
    with far_host():  # skipped where there can be none
        pass
    told = run_bench(tmp_path / "bench.json", "--only", "hosts")
    assert told["problems"] == []
    assert {figure["floor"]["what"] for figure in told["figures"]} == {"on the same host"}
    assert all(figure["ours"]["median"] > 0 for figure in told["figures"])


def test_a_drawing_has_every_size_and_every_value(tmp_path: Path) -> None:
    figures = [
        Figure("growth", f"filed → frame, {size:,} reports stored: {part}", "ms", ours=[value], size=size)
        for part, values in {"p50": (4.5, 5.5, 60.0), "p99": (20.0, 22.0, 310.0)}.items()
        for size, value in zip((0, 10_000, 1_000_000), values, strict=True)
    ]
    (path,) = draw(figures, tmp_path)
    drawing = ElementTree.fromstring(path.read_text(encoding="utf-8"))  # noqa: S314 - our own
    said = {element.text for element in drawing.iter("{http://www.w3.org/2000/svg}text")}
    assert {"0", "10,000", "1,000,000", "4.5", "5.5", "60.0", "310", "p50", "p99"} <= said
    heights = {
        element.text: float(element.attrib["y"])
        for element in drawing.iter()
        if element.text in {"4.5", "310"}
    }
    assert heights["310"] < heights["4.5"]


def test_a_run_that_does_not_exist_is_refused(tmp_path: Path) -> None:
    with pytest.raises(AssertionError, match="no such run"):
        run_bench(tmp_path / "bench.json", "--only", "a,x")


def test_a_ratio_is_taken_round_by_round() -> None:
    figure = Figure("a", "x", "ms", ours=[2.0, 20.0, 6.0], floor=[1.0, 10.0, 2.0], aim=Aim("ratio", "≤", 2.0))
    assert figure.ratios == [2.0, 2.0, 3.0]
    assert figure.met


def test_an_aim_without_a_figure_is_not_met() -> None:
    assert Figure("a", "x", "ms", aim=Aim("ratio", "≤", 2.0)).met is None


def test_percentiles_are_by_nearest_rank() -> None:
    assert percentile(sorted(map(float, range(100))), 99) == 99
    assert percentile([1.0], 50) == 1


def test_what_a_peer_relays_is_as_long_as_ours() -> None:
    frame = padded(b'{"text":"~000000001~"}', 300)
    assert len(json.dumps(frame, separators=(",", ":"))) == 300
    assert frame["text"] == "~000000001~"
    assert padded(b'{"text":"long enough"}', 5) == {"text": "long enough", "pad": ""}


def test_every_request_has_its_own_mark_and_key() -> None:
    posts = Posts(1, "/x", ['{"text":"你好 MARK"}'], ["one", "two"])
    (first, request), (second, other) = (pair for pair, _ in zip(posts.requests(7), range(2), strict=False))
    assert (first, second) == (b"000000007", b"000000008")
    head, _, body = request.partition(b"\r\n\r\n")
    assert b"~000000007~" in body
    assert f"content-length: {len(body)}".encode() in head
    assert b"Bearer two" in request
    assert b"Bearer one" in other


class Wire:
    """A transport that keeps what is written."""

    def __init__(self) -> None:
        self.written = b""

    def write(self, data: bytes) -> None:
        self.written += data

    def is_closing(self) -> bool:
        return False


@pytest.mark.parametrize("piece", [1, 2, 7, 10_000])
def test_an_answer_is_understood_in_whatever_pieces_it_comes(piece: int) -> None:
    answer = b"HTTP/1.1 201 Created\r\nContent-Length: 5\r\nx: y\r\n\r\nhello"
    found: list[tuple[int, bytes]] = []
    line, wire = Line(), Wire()
    line.connection_made(cast(asyncio.BaseTransport, wire))
    for _ in range(2):
        line.ask(b"POST", lambda status, data: found.append((status, data)))
        for at in range(0, len(answer), piece):
            line.data_received(answer[at : at + piece])
    assert found == [(201, answer)] * 2
    assert wire.written == b"POSTPOST"


@pytest.mark.anyio
@pytest.mark.parametrize("piece", [1, 3, 100_000])
async def test_frames_are_understood_in_whatever_pieces_they_come(piece: int) -> None:
    texts = [b"a", b"b" * 125, b"c" * 126, b"d" * 70_000]
    stream = b"HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\n\r\n"
    for text in texts:
        size = len(text)
        length = (
            bytes([size])
            if size < 126
            else b"\x7e" + size.to_bytes(2)
            if size < 65_536
            else b"\x7f" + size.to_bytes(8)
        )
        stream += b"\x81" + length + text
    stream += b"\x89\x02hi" + b"\x88\x02\x03\xf4"
    heard: list[bytes] = []
    socket, wire = Socket(b"GET", heard.append), Wire()
    socket.connection_made(cast(asyncio.BaseTransport, wire))
    for at in range(0, len(stream), piece):
        socket.data_received(stream[at : at + piece])
    await socket.opened
    assert heard == texts
    assert socket.closed_with == 1012
    assert wire.written == b"GET" + b"\x8a\x82\0\0\0\0hi" + b"\x88\x82\0\0\0\0\x03\xf4"
