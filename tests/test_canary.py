"""The canary comes a report's whole way, nobody sees it, and there is an alarm when it does not come."""

import re
import sqlite3
import urllib.request
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Row, func, select, update
from sqlmodel import Session

from dispatch.database import Database
from dispatch.models import TABLES
from dispatch.settings import Settings
from tests.faults.arming import Fault
from tests.people import Dispatcher, People, eventually
from tests.servers import free_port
from tests.servers import valkey as running_valkey
from tests.stack import DESK, App, Stack
from tests.stack import stack as running_stack
from tests.truth import assert_whole, rows

pytestmark = pytest.mark.anyio

# What is done to processes is the same whatever the database.
on_sqlite = pytest.mark.parametrize("flown", ["sqlite"], indirect=True)

SOON_S = 60
EVERY_S = 1
OPEN = (DESK, "330102", "330100")


@pytest.fixture(scope="module", params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def flown(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """One citizen, two consoles (the second may get a stuck feed), a worker; canaries at three desks every second."""
    url = ""
    if request.param == "postgresql":
        url = request.getfixturevalue("postgres_of_session").database()
    folder = Path(tmp_path_factory.mktemp("canary"))
    settings: dict[str, Any] = {
        "DESK110_CANARY_EVERY_S": str(EVERY_S),
        "DESK110_METRICS_PORT": str(free_port()),
    }
    with running_valkey() as server, running_stack(folder, server, url, worker=True, **settings) as running:
        desk = TABLES["desk"]
        with Session(running.database.writing) as session:
            session.connection().execute(update(desk).where(desk.c.adcode.not_in(OPEN)).values(open=False))
            session.commit()
        with running.another("console", "tests.faults.stuck_feed"):
            yield running


def metrics(url: str) -> dict[str, float]:
    """The canary's figures of a process."""
    with urllib.request.urlopen(f"{url}/metrics", timeout=5) as answer:  # noqa: S310 - our own loopback
        text = answer.read().decode()
    return {
        name: float(value) for name, value in re.findall(r"^desk110_canary_(\S+) (\S+)$", text, re.MULTILINE)
    }


def missing(url: str) -> set[str]:
    """What a process misses."""
    found = metrics(url)
    return {
        kind for name, count in found.items() if count for kind in re.findall(r'missing\{kind="(.*)"', name)
    }


def citizen_metrics(stack: Stack) -> str:
    return f"http://127.0.0.1:{stack.environment['DESK110_METRICS_PORT']}"


def logged(app: App, event: str) -> int:
    return app.log.read_text(encoding="utf-8").count(f'"event": "{event}"')


def ages(url: str) -> dict[str, float]:
    """By desk, how long ago the last canary came there."""
    return {
        desk: value
        for name, value in metrics(url).items()
        for desk in re.findall(r'age_seconds\{desk="(\d+)"', name)
    }


def everything_comes(stack: Stack) -> bool:
    """Whether no process misses anything, and each has something to say of."""
    urls = [citizen_metrics(stack), *(console.url for console in stack.consoles)]
    return all(not missing(url) and set(OPEN) <= set(ages(url)) for url in urls)


def all_tables(database: Database) -> dict[str, int]:
    """How many rows each table has, but for those of the canary and of sessions."""
    with database.read() as session:
        return {
            name: session.connection().execute(select(func.count()).select_from(table)).scalar_one()
            for name, table in TABLES.items()
            if name not in {"canary", "worker_look"}
        }


def _last(at: Dispatcher) -> str | None:
    """What the last tick says of the canary."""
    return at.ticks[-1]["canary"] if at.ticks else None


def _rows(stack: Stack, table: str) -> list[Row[Any]]:
    with stack.database.read() as session:
        return rows(session, table)


async def rounds(stack: Stack, count: int) -> None:
    """Returns when so many more canaries of every open desk were received."""

    def at() -> dict[str, int]:
        with stack.database.read() as session:
            return {row.desk: row.seq for row in rows(session, "canary") if row.desk in OPEN}

    before = at()
    await eventually(
        lambda: (
            all(seq >= before.get(desk, 0) + 2 * count for desk, seq in at().items())
            and len(at()) == len(OPEN)
        ),
        SOON_S,
        "canaries",
    )


async def test_it_comes_the_whole_way_in_every_process_and_leaves_no_trace_of_itself(
    flown: Stack, people: People
) -> None:
    watching = [await people.dispatcher(console) for console in flown.consoles]
    phone = await people.reporter(flown.citizens[0])
    await phone.listen()
    report = (await phone.filed("真的警情"))["id"]
    await eventually(lambda: all(report in at.first_seen for at in watching), SOON_S, "a real report is seen")
    await eventually(lambda: everything_comes(flown), SOON_S, "it comes everywhere")
    await eventually(lambda: len(_rows(flown, "tally")) > 0, SOON_S, "the real report is counted")
    before, seqs = all_tables(flown.database), [list(at.seqs) for at in watching]
    flying = len(_rows(flown, "canary"))
    heads = {row.desk: row for row in _rows(flown, "desk_head")}
    await rounds(flown, 3)
    assert all_tables(flown.database) == before
    assert {row.desk: row for row in _rows(flown, "desk_head")} == heads, "no log has moved"
    assert len(_rows(flown, "canary")) == flying, "it is written over"
    assert [at.seqs for at in watching] == seqs, "nothing was shown to a dispatcher"
    assert all(list(at.first_seen) == [report] for at in watching)
    assert all(at.ticks[-1]["canary"] == "" for at in watching)
    assert all(tick["waiting"] == 1 for at in watching for tick in at.ticks[-2:])
    assert_whole(flown.database, *OPEN)
    for url in (citizen_metrics(flown), *(console.url for console in flown.consoles)):
        assert all(age < 10 for desk, age in ages(url).items() if desk in OPEN)


@on_sqlite
async def test_a_console_process_whose_feed_is_stuck_says_so_to_its_own_desks_alone(
    flown: Stack, people: People
) -> None:
    stuck, well = flown.consoles[1], flown.consoles[0]
    here, there = await people.dispatcher(stuck), await people.dispatcher(well, "33010602")
    await eventually(lambda: everything_comes(flown), SOON_S, "all is well")
    lines = logged(well, "canary_missing")
    fault = Fault("stuck_feed", flown.home)
    fault.arm()
    await eventually(lambda: _last(here) == "not_carried", SOON_S, "its desk is told")
    await eventually(lambda: "not_carried" in missing(stuck.url), SOON_S, "and its figures")
    await eventually(lambda: _last(there) == "", SOON_S, "the other desk's way is whole")
    assert "not_carried" not in missing(well.url)
    assert stuck.ready(), "one desk's way is no reason to take the process from all others"
    fault.end()
    await eventually(lambda: _last(here) == "", SOON_S, "the alarm falls")
    assert logged(stuck, "canary_missing")
    assert logged(stuck, "canary_back")
    assert logged(well, "canary_missing") == lines


@on_sqlite
async def test_without_redis_it_still_comes_and_that_no_ring_comes_is_told(flown: Stack) -> None:
    url = flown.consoles[0].url
    await eventually(lambda: everything_comes(flown), SOON_S, "all is well")
    flown.valkey.kill()
    try:
        await eventually(lambda: missing(url) == {"not_rung"}, SOON_S, "no ring")
        await rounds(flown, 2)
        await eventually(lambda: missing(url) == {"not_rung"}, SOON_S, "it comes all the same")
        await eventually(lambda: missing(citizen_metrics(flown)) == {"not_rung"}, SOON_S, "on that side too")
    finally:
        flown.valkey.start()
    await eventually(lambda: everything_comes(flown), SOON_S, "rings come again")


@on_sqlite
async def test_a_worker_that_is_dead_is_missed_at_every_desk(flown: Stack, people: People) -> None:
    here = await people.dispatcher(flown.consoles[0])
    await eventually(lambda: everything_comes(flown), SOON_S, "all is well")
    assert flown.worker is not None
    flown.worker.kill()
    try:
        await eventually(lambda: _last(here) == "no_worker", SOON_S, "its desk is told")
        url = citizen_metrics(flown)
        await eventually(lambda: missing(url) == {"no_worker"}, SOON_S, "and so is the reporters' side")
    finally:
        flown.worker.start()
    await eventually(lambda: _last(here) == "", SOON_S, "the alarm falls")


@on_sqlite
async def test_without_a_citizen_process_the_desks_are_told_that_nothing_comes(
    flown: Stack, people: People
) -> None:
    here = await people.dispatcher(flown.consoles[0])
    await eventually(lambda: everything_comes(flown), SOON_S, "all is well")
    flown.citizens[0].freeze()
    try:
        await eventually(lambda: _last(here) == "not_sent", SOON_S, "its desk is told")
    finally:
        flown.citizens[0].thaw()
    await eventually(lambda: _last(here) == "", SOON_S, "the alarm falls")


@on_sqlite
async def test_without_a_console_process_the_reporters_side_says_that_nothing_is_received(
    flown: Stack,
) -> None:
    await eventually(lambda: everything_comes(flown), SOON_S, "all is well")
    for console in flown.consoles:
        console.freeze()
    try:
        await eventually(lambda: missing(citizen_metrics(flown)) == {"not_received"}, SOON_S, "not received")
    finally:
        for console in flown.consoles:
            console.thaw()
    await eventually(lambda: everything_comes(flown), SOON_S, "all is well again")


@on_sqlite
async def test_when_nothing_can_be_written_there_is_an_alarm_until_it_can_be_again(flown: Stack) -> None:
    await eventually(lambda: everything_comes(flown), SOON_S, "all is well")
    path = flown.database.url.removeprefix("sqlite:///")
    with closing(sqlite3.connect(path, isolation_level=None)) as holding:
        holding.execute("BEGIN IMMEDIATE")
        await eventually(lambda: "not_sent" in missing(flown.consoles[0].url), SOON_S, "none is sent")
        holding.execute("ROLLBACK")
    await eventually(lambda: everything_comes(flown), SOON_S, "all is well again")


def test_it_flies_by_itself_but_not_in_a_demo() -> None:
    url = {"DATABASE_URL": "sqlite:////tmp/x.db"}
    assert Settings.model_validate({**url, "DESK110_DEMO": "1"}).canary_every_s == 0
    assert (
        Settings.model_validate({**url, "DESK110_DEMO": "1", "DESK110_CANARY_EVERY_S": "5"}).canary_every_s
        == 5
    )
