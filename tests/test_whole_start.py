"""What `scripts/run` starts, as whoever has just cloned it finds it: a report goes all the way, and nothing dies."""

from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from tests.people import People, eventually
from tests.servers import LOOPBACK
from tests.test_start import PARTS, Start

pytestmark = pytest.mark.anyio


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    server = Start(tmp_path / "home")
    server.start(60)
    yield server
    server.kill()


async def test_a_report_goes_all_the_way_and_no_part_is_started_twice(start: Start, people: People) -> None:
    parts = start.parts()
    assert set(parts) == set(PARTS)
    citizen, console = (_app(port) for port in start.ports)
    dispatcher = await people.dispatcher(console)
    phone = await people.reporter(citizen)
    await phone.listen()
    report = (await phone.filed("有人砸门"))["id"]
    await eventually(lambda: report in dispatcher.cards, 15, "the card")
    # How many screens show it is known by the embedded Valkey alone.
    await eventually(lambda: phone.reports.get(report, {}).get("screens", 0) > 0, 15, "it is on a screen")
    assert (await dispatcher.accept(report)).status_code == 200
    await eventually(lambda: phone.status(report) == "received", 15, "已接收")
    assert "starts again" not in start.output(400)
    assert start.parts() == parts


def _app(port: int) -> Any:
    """What the people of the tests need to know of an app."""
    return SimpleNamespace(url=f"http://{LOOPBACK}:{port}", port=port)
