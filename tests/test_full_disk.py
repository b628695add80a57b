"""The disk is full: who files is told so (I6), nothing is half-stored (I8), and it goes on as soon as there is room."""

import asyncio
import os
import resource
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest

from tests.people import Dispatcher, People, Reporter, eventually
from tests.places import Place
from tests.servers import Valkey
from tests.stack import Stack
from tests.stack import stack as running_stack
from tests.truth import assert_whole, filed_under
from tests.witness import CALL

pytestmark = [
    pytest.mark.anyio,
    pytest.mark.skipif(
        sys.platform != "linux", reason="a disk can be filled, and room taken, on Linux alone"
    ),
]

SOON_S = 20
DISK = "160m"
MOST = 3000
LONG = "一楼有人砸门,带着刀。" * 40


@pytest.fixture(scope="module")
def disk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A small disk of its own, where a test may mount one; elsewhere a folder."""
    folder = Path(tmp_path_factory.mktemp("disk"))
    mounted = os.geteuid() == 0 and not subprocess.call(
        ["mount", "-t", "tmpfs", "-o", f"size={DISK}", "tmpfs", str(folder)], stderr=subprocess.DEVNULL
    )
    yield folder
    if mounted:
        subprocess.call(["umount", "--lazy", str(folder)])


@pytest.fixture(scope="module")
def mounted(disk: Path) -> bool:
    """Whether it is a disk."""
    return disk.is_mount()


@pytest.fixture(scope="module")
def stack(disk: Path, valkey_of_session: Valkey) -> Iterator[Stack]:
    valkey_of_session.flushall()
    with running_stack(
        disk, valkey_of_session, DESK110_IDENTITY_REQUIRED="never", DESK110_LIMITS="off"
    ) as running:
        yield running


class _Filled:
    """No room is left on the disk until it ends."""

    def __init__(self, disk: Path) -> None:
        self._filler = disk / "filler"

    def __enter__(self) -> None:
        with self._filler.open("wb", buffering=0) as filler:
            for size in (1 << 20, 1 << 12, 1):
                try:
                    while filler.write(bytes(size)) == size:
                        pass
                except OSError:
                    continue

    def __exit__(self, *_: object) -> None:
        self._filler.unlink()


class _Limited:
    """No file of the processes grows any more until it ends: a write past its end is refused, as on a failing disk."""

    def __init__(self, stack: Stack) -> None:
        self._stack = stack
        self._log = stack.home / "desk110.db-wal"

    def __enter__(self) -> None:
        self._before = [_limit(app.pid, self._log.stat().st_size) for app in self._stack.apps]

    def __exit__(self, *_: object) -> None:
        for app, before in zip(self._stack.apps, self._before, strict=True):
            _limit(app.pid, before)


def _limit(pid: int, size: int) -> int:
    """The longest file that a process may write, in bytes; gives what it was."""
    before, hard = resource.prlimit(pid, resource.RLIMIT_FSIZE)
    resource.prlimit(pid, resource.RLIMIT_FSIZE, (size, hard))
    return before


@pytest.mark.parametrize("how", ["full", "refusing to grow"])
async def test_on_a_disk_without_room_reports_are_refused_out_loud_and_taken_again_once_there_is_room(
    stack: Stack, disk: Path, place: Place, people: People, mounted: bool, how: str
) -> None:
    if how == "full" and not mounted:
        pytest.skip("not tested on this machine: no disk of its own may be mounted here")
    console = await people.dispatcher(stack.consoles[0], place.number())
    phone = await people.reporter(stack.citizens[0], place.location)
    await phone.listen()
    first = (await phone.filed("之前"))["id"]
    await eventually(lambda: first in console.cards, SOON_S, "all is well")
    pids = [app.pid for app in stack.apps]

    with _Filled(disk) if how == "full" else _Limited(stack):
        taken, refused = await _filed_until_refused(phone)
        # What is there can still be read, on both sides; and what would write says that it did not.
        assert (await phone.report(first))["status"] == "filed"
        assert (await console.http.get("/console/queue")).status_code == 200
        await _said_aloud(console, first)
        assert filed_under(stack.database, refused) == 0
        assert_whole(stack.database, place.desk)

    again = await _taken(phone, refused)
    assert filed_under(stack.database, refused) == 1
    everything = {first, *taken, again}
    await eventually(lambda: everything <= console.cards.keys(), SOON_S, "all that was taken is shown")
    await eventually(lambda: _accepted(console, first), SOON_S, "what waited can be accepted")
    await eventually(lambda: phone.status(first) == "received", SOON_S, "已接收")
    assert len(set(console.history)) == len(console.history), "none twice"
    assert [app.pid for app in stack.apps] == pids, "no process had to be started again"
    assert_whole(stack.database, place.desk)


async def _filed_until_refused(phone: Reporter) -> tuple[set[str], str]:
    """The log of SQLite may have some room left: files until that is used up. Gives what was taken, and the key of
    what was refused."""
    taken = set()
    for _ in range(MOST):
        key = str(uuid4())
        answer = await phone.file(LONG, key=key)
        if answer.status_code == 201:
            taken.add(answer.json()["id"])
            continue
        problem = answer.json()
        assert (answer.status_code, problem["code"]) == (503, "database_unavailable"), answer.text
        assert problem["call"] == CALL
        return taken, key
    raise AssertionError("there is always room")


async def _said_aloud(console: Dispatcher, report: str) -> None:
    answer = await console.accept(report)
    assert answer.status_code in {200, 503}, answer.text


async def _taken(phone: Reporter, key: str) -> str:
    """As the page does: again under its key."""

    async def take() -> str:
        answer = await phone.file(LONG, key=key)
        assert answer.status_code in {200, 201, 503}, answer.text
        return "" if answer.status_code == 503 else str(answer.json()["id"])

    return str(await eventually(take, SOON_S, "it is taken"))


async def _accepted(console: Dispatcher, report: str) -> bool:
    await asyncio.sleep(0.1)
    answer = await console.accept(report)
    assert answer.status_code in {200, 503}, answer.text
    return answer.status_code == 200
