"""The citizen side cut off from Redis, from the database, and from both, while the console side has everything."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import pytest

from dispatch.database import UNCONFIRMED_MS, Database
from tests.outages import taken
from tests.people import Dispatcher, People, Reporter, eventually
from tests.places import Place
from tests.server import START_S, free_port
from tests.servers import Postgres, Valkey
from tests.slow_line import SlowLine, by_way_of
from tests.stack import App, Stack
from tests.stack import stack as running_stack
from tests.truth import assert_whole, filed_under
from tests.witness import CALL

pytestmark = [pytest.mark.anyio, pytest.mark.postgres]

SOON_S = 20


@dataclass
class Zones:
    """The console zone, and the citizen zone whose lines to the database and to Redis can be cut."""

    whole: Stack
    citizen: App
    database: SlowLine
    redis: SlowLine


@pytest.fixture(scope="module")
def console_side(
    tmp_path_factory: pytest.TempPathFactory, valkey_of_session: Valkey, postgres_of_session: Postgres
) -> Iterator[Stack]:
    folder = Path(tmp_path_factory.mktemp("zones"))
    with running_stack(
        folder,
        valkey_of_session,
        postgres_of_session.database(),
        citizens=0,
        DESK110_IDENTITY_REQUIRED="never",
    ) as running:
        yield running


@pytest.fixture
async def zones(
    console_side: Stack, valkey_of_session: Valkey, postgres_of_session: Postgres
) -> AsyncIterator[Zones]:
    database = SlowLine(free_port(), postgres_of_session.port)
    redis = SlowLine(free_port(), valkey_of_session.port)
    for line in (database, redis):
        await line.open()
    there = by_way_of(console_side.environment, database, redis)
    citizen = App("citizen", there, console_side.home / "citizen.log")
    citizen.launch()
    try:
        await eventually(lambda: asyncio.to_thread(citizen.ready), START_S, "the citizen side is up")
        yield Zones(console_side, citizen, database, redis)
    finally:
        citizen.kill()
        for line in (database, redis):
            await line.close()


async def test_the_citizen_side_cut_off_from_its_surroundings_says_so_and_goes_on_when_it_is_not(
    zones: Zones, place: Place, people: People
) -> None:
    console = await people.dispatcher(zones.whole.consoles[0], place.number())
    phone = await people.reporter(zones.citizen, place.location)
    await phone.listen()
    pid = zones.citizen.pid
    filed = [(await phone.filed("之前"))["id"]]
    await eventually(lambda: filed[0] in console.cards, SOON_S, "all is well")

    await zones.redis.cut()
    filed.append((await phone.filed("没有 Redis"))["id"])
    await eventually(lambda: filed[1] in console.cards, SOON_S, "nobody rang, and it is seen all the same")
    assert (await console.accept(filed[1])).status_code == 200
    await eventually(lambda: phone.status(filed[1]) == "received", SOON_S, "已接收")
    assert phone.closed_with is None, "the line to the phone never broke"

    await zones.database.cut()
    key = await _refused(phone)
    await _console_lives_on(console, filed[0])
    zones.database.good()
    filed.append(await taken(phone, key, "没有数据库"))
    await eventually(lambda: phone.status(filed[0]) == "received", SOON_S, "what it could not be told before")

    zones.redis.good()
    filed.append((await phone.filed("之后"))["id"])
    await eventually(lambda: set(filed) <= console.cards.keys(), SOON_S, "all is well again")
    await eventually(lambda: asyncio.to_thread(zones.citizen.ready), SOON_S, "and says so")
    assert console.order == filed
    assert filed_under(zones.whole.database, key) == 1
    assert zones.citizen.pid == pid
    assert_whole(zones.whole.database, place.desk)


def test_a_line_to_postgresql_that_confirms_nothing_is_given_up_in_time(
    postgres_of_session: Postgres,
) -> None:
    """No packet can be dropped on the way by a proxy: that the kernel is told is what can be held."""
    url = postgres_of_session.database()
    database = Database(url)
    try:
        for engine in (database.writing, database.reading):
            with engine.connect() as connection:
                asked = connection.connection.driver_connection.info.get_parameters()  # type: ignore[union-attr]  # psycopg's
            assert asked["tcp_user_timeout"] == str(UNCONFIRMED_MS)
    finally:
        database.close()
        postgres_of_session.drop(url)


async def _refused(phone: Reporter) -> str:
    """I6: who files is told so, and whom to call."""
    key = str(uuid4())
    answer = await phone.file("没有数据库", key=key)
    assert (answer.status_code, answer.json()["code"]) == (503, "database_unavailable"), answer.text
    assert answer.json()["call"] == CALL
    return key


async def _console_lives_on(console: Dispatcher, report: str) -> None:
    assert (await console.accept(report)).status_code == 200
    await eventually(lambda: console.status(report) == "received", SOON_S, "the console side has everything")
    ticks = len(console.ticks)
    await eventually(lambda: len(console.ticks) > ticks, SOON_S, "its word of life goes on")
