"""The citizens' side stands on another host, and the network between it and the rest loses every packet."""

import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import pytest

from tests.far_host import FarApp, FarHost, far_host
from tests.outages import TAKEN_S, taken
from tests.people import People, eventually
from tests.places import Place
from tests.server import START_S, free_port
from tests.servers import Postgres, Valkey
from tests.slow_line import SlowLine, by_way_of
from tests.stack import Stack
from tests.stack import stack as running_stack
from tests.truth import assert_whole, filed_under
from tests.witness import CALL

# Where a network comes or goes, every browser of the machine drops what it was loading.
pytestmark = [pytest.mark.anyio, pytest.mark.postgres, pytest.mark.alone]


@dataclass
class Province:
    """The console's side here, the citizens' side on the far host."""

    whole: Stack
    citizen: FarApp
    far: FarHost


@pytest.fixture(scope="module")
def console_side(
    tmp_path_factory: pytest.TempPathFactory, valkey_of_session: Valkey, postgres_of_session: Postgres
) -> Iterator[Stack]:
    folder, url = Path(tmp_path_factory.mktemp("far")), postgres_of_session.database()
    with running_stack(
        folder, valkey_of_session, url, citizens=0, DESK110_IDENTITY_REQUIRED="never"
    ) as running:
        yield running


@pytest.fixture
async def province(
    console_side: Stack, valkey_of_session: Valkey, postgres_of_session: Postgres
) -> AsyncIterator[Province]:
    with far_host() as far:
        database = SlowLine(free_port(), postgres_of_session.port, host=far.here)
        redis = SlowLine(free_port(), valkey_of_session.port, host=far.here)
        for line in (database, redis):
            await line.open()
        there = by_way_of(console_side.environment, database, redis)
        citizen = FarApp("citizen", there, far, console_side.home / "far.log")
        citizen.launch()
        try:
            await eventually(lambda: asyncio.to_thread(citizen.ready), START_S, "the citizens' side is up")
            yield Province(console_side, citizen, far)
        finally:
            citizen.kill()
            for line in (database, redis):
                await line.close()


async def test_packets_that_are_lost_for_a_quarter_of_a_minute_lose_no_report_and_nobody_waits_in_vain(
    province: Province, place: Place, people: People
) -> None:
    console = await people.dispatcher(province.whole.consoles[0], place.number())
    phone = await people.reporter(province.citizen, place.location)
    await phone.listen()
    pid = province.citizen.pid
    before = (await phone.filed("之前"))["id"]
    await eventually(lambda: before in console.cards, TAKEN_S, "all is well")
    await eventually(lambda: phone.status(before) == "filed", TAKEN_S, "its reporter is told so")

    province.far.lose()
    key, began = str(uuid4()), time.monotonic()
    answer = await phone.file("没有网络", key=key)
    print(f"refused after {time.monotonic() - began:.1f} s")
    assert (answer.status_code, answer.json()["code"]) == (503, "database_unavailable"), answer.text
    assert answer.json()["call"] == CALL
    # The console's side has all that it needs, and the phone's line to its own side stands.
    assert (await console.accept(before)).status_code == 200
    await eventually(lambda: console.status(before) == "received", TAKEN_S, "the desk goes on")
    assert phone.status(before) == "filed"
    await asyncio.sleep(15 - min(14.0, time.monotonic() - began))

    province.far.carry()
    again = await taken(phone, key, "没有网络")
    await eventually(lambda: again in console.cards, TAKEN_S, "what was refused is taken")
    await eventually(lambda: phone.status(before) == "received", TAKEN_S, "what it could not be told before")
    after = (await phone.filed("之后"))["id"]
    await eventually(lambda: after in console.cards, TAKEN_S, "all is well again")
    await eventually(lambda: asyncio.to_thread(province.citizen.ready), TAKEN_S, "and says so")
    assert filed_under(province.whole.database, key) == 1
    assert province.citizen.pid == pid
    assert_whole(province.whole.database, place.desk)


async def test_a_moment_of_lost_packets_is_only_a_moment(
    province: Province, place: Place, people: People
) -> None:
    console = await people.dispatcher(province.whole.consoles[0], place.number())
    phone = await people.reporter(province.citizen, place.location)
    await phone.listen()
    for _ in range(3):
        province.far.lose()
        key = str(uuid4())
        filing = asyncio.create_task(phone.file("一瞬间", key=key))
        await asyncio.sleep(1)
        province.far.carry()
        answer = await filing
        report = answer.json()["id"] if answer.status_code == 201 else await taken(phone, key, "一瞬间")
        await eventually(lambda report=report: report in console.cards, TAKEN_S, "seen")
        assert (await console.accept(report)).status_code == 200
        await eventually(lambda report=report: phone.status(report) == "received", TAKEN_S, "已接收")
        assert filed_under(province.whole.database, key) == 1
    assert_whole(province.whole.database, place.desk)
