"""The database away, killed or held up by somebody: whoever asks is told so in time (I6), and all goes on by itself."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from signal import SIGINT, SIGQUIT
from uuid import uuid4

import httpx2
import pytest

from dispatch.database import PATIENCE_S
from tests.faults.arming import Fault
from tests.people import Dispatcher, People, Reporter, eventually
from tests.places import Place
from tests.promises import promised
from tests.server import START_S
from tests.servers import Postgres, Valkey
from tests.servers import postgres as running_postgres
from tests.stack import Stack
from tests.stack import stack as running_stack
from tests.truth import assert_whole, filed_under
from tests.witness import CALL

pytestmark = pytest.mark.anyio

SOON_S = 20
TOLD_WITHIN_S = 10.0  # I6


@pytest.fixture(scope="module")
def postgres() -> Iterator[Postgres]:
    """A PostgreSQL of this module's own, to be hurt."""
    with running_postgres() as server:
        yield server


@pytest.fixture(scope="module")
def fragile(
    tmp_path_factory: pytest.TempPathFactory, valkey_of_session: Valkey, postgres: Postgres
) -> Iterator[Stack]:
    """One citizen and one console process on that PostgreSQL."""
    folder = Path(tmp_path_factory.mktemp("fragile"))
    url = postgres.database()
    with running_stack(folder, valkey_of_session, url, DESK110_IDENTITY_REQUIRED="never") as running:
        yield running


@pytest.mark.postgres
@pytest.mark.parametrize("how", [SIGINT, SIGQUIT], ids=["stopped", "crashed"])
async def test_when_postgresql_goes_and_comes_back_the_apps_recover_by_themselves(
    fragile: Stack, postgres: Postgres, place: Place, people: People, how: int
) -> None:
    console = await people.dispatcher(fragile.consoles[0], place.number())
    phone = await people.reporter(fragile.citizens[0], place.location)
    await phone.listen()
    first = (await phone.filed("之前"))["id"]
    await eventually(lambda: first in console.cards and phone.status(first), SOON_S, "all is well")
    pids = [app.pid for app in fragile.apps]

    postgres.stop(how)  # type: ignore[arg-type]  # parametrize gives an int to mypy
    try:
        await _everybody_is_told(phone, console, first)
        assert phone.status(first) == "filed"
        assert console.status(first) == "filed"
        await eventually(
            lambda: _silent(console), SOON_S, "the word of life stops: the page must not look live"
        )
    finally:
        postgres.launch()
    await eventually(lambda: asyncio.to_thread(postgres.ready), START_S, "PostgreSQL is back")
    back = time.monotonic()
    fragile.database.close()  # the test's own connections: it looks into the tables below
    second = await _file_until_taken(phone)
    promised("PostgreSQL back, then a report taken", time.monotonic() - back, 3.0)
    await eventually(lambda: second in console.cards, SOON_S, "it comes to the page")
    promised("PostgreSQL back, then a report seen", console.first_seen[second] - back, 3.0)
    assert console.order == [first, second]
    assert (await console.accept(first)).status_code == 200
    await eventually(lambda: phone.status(first) == "received", SOON_S, "已接收")
    assert console.closed_with is None, "the line to the page was never lost"
    assert phone.closed_with is None, "nor that to the phone"
    assert [app.pid for app in fragile.apps] == pids, "no process had to be started again"
    assert_whole(fragile.database, place.desk)


@pytest.mark.postgres
async def test_reports_filed_into_a_crash_are_each_there_once_or_not_at_all(
    fragile: Stack, postgres: Postgres, place: Place, people: People
) -> None:
    """I1, I7, I8: a 201 outlives the crash, a retry under the same key never makes a second report."""
    console = await people.dispatcher(fragile.consoles[0], place.number())
    phone = await people.reporter(fragile.citizens[0], place.location)
    keys = [str(uuid4()) for _ in range(150)]
    taken: list[str] = []

    async def file(key: str) -> int:
        answer = await phone.file(key=key)
        if answer.status_code in {200, 201}:
            taken.append(key)
        return answer.status_code

    filing = asyncio.gather(*(file(key) for key in keys))
    await eventually(lambda: len(taken) >= 30, SOON_S, "some are taken")
    postgres.stop(SIGQUIT)
    answers = await filing
    postgres.start()
    fragile.database.close()  # the test's own connections
    assert set(answers) <= {200, 201, 503}
    assert answers.count(503) > 0, "the crash came amid the filing"
    assert all(filed_under(fragile.database, key) == 1 for key in taken)
    for key in keys:
        await _file_until_taken(phone, key)
    assert all(filed_under(fragile.database, key) == 1 for key in keys)
    await eventually(lambda: len(console.cards) == len(keys), SOON_S, "all are on the screen")
    assert len(set(console.history)) == len(console.history), "none twice"
    assert_whole(fragile.database, place.desk)


async def test_a_writer_that_holds_the_others_up_makes_them_say_so_in_time(
    whole: Stack, place: Place, people: People
) -> None:
    """I6: a process that stops amid its writing holds the lock; who files gets 503 and whom to call, not silence.

    PostgreSQL undoes what the other had not committed, before anybody's patience is over. SQLite cannot.
    """
    fault = Fault("held_before_commit", whole.home)
    phone = await people.reporter(whole.citizens[0], place.location)
    await phone.listen()
    first = (await phone.filed())["id"]
    with whole.another("console", "tests.faults.held_before_commit") as slow:
        console = await people.dispatcher(slow, place.number("01"))
        colleague = await people.dispatcher(whole.consoles[0], place.number("02"))
        fault.arm()
        accepting = asyncio.create_task(console.accept(first))
        try:
            await eventually(lambda: fault.fired, SOON_S, "it holds the lock")
            key = str(uuid4())
            filing = asyncio.create_task(_timed(lambda: phone.file(key=key)))
            second = asyncio.create_task(_timed(lambda: colleague.answer(first, "马上到")))
            (asked, took), (filed, filed_s), (said, said_s) = await asyncio.gather(
                _timed(lambda: phone.http.get(f"/api/v1/reports/{first}")), filing, second
            )
        finally:
            fault.end()
        promised("GET while another writes", took, 1.0)
        assert (asked.status_code, asked.json()["status"]) == (200, "filed")
        if whole.database.sqlite or filed_s > PATIENCE_S:
            assert (filed.status_code, filed.json()["call"]) == (503, CALL)
            assert said.status_code == 503
        else:
            assert (filed.status_code, said.status_code) == (201, 200)
        promised("POST /reports answered", filed_s, TOLD_WITHIN_S, slack=1.4)
        promised("a dispatcher answered", said_s, TOLD_WITHIN_S, slack=1.4)
        assert (await accepting).status_code in {200, 503}, "it may have waited too long itself"
        assert await _file_until_taken(phone, key)
        assert filed_under(whole.database, key) == 1
        await eventually(lambda: phone.status(first) == "received", SOON_S, "what was held up comes")
    assert_whole(whole.database, place.desk)


async def _everybody_is_told(phone: Reporter, console: Dispatcher, report: str) -> None:
    """Whatever is asked gets 503 in time, and who files also whom to call."""
    asked: list[Callable[[], Awaitable[httpx2.Response]]] = [
        lambda: phone.file("没有人知道"),
        lambda: phone.http.get(f"/api/v1/reports/{report}"),
        lambda: phone.http.post(f"/api/v1/reports/{report}/messages", json={"client_id": "m", "text": "x"}),
        lambda: console.accept(report),
        lambda: console.http.get("/console/queue"),
    ]
    for ask in asked:
        answer, took = await _timed(ask)
        assert answer.status_code == 503, answer.text
        promised(
            f"{answer.request.method} {answer.request.url.path[:20]} told 503", took, TOLD_WITHIN_S, slack=1.4
        )
    answer = await phone.file("没有人知道")
    assert answer.json()["code"] == "database_unavailable"
    assert answer.json()["call"] == CALL
    assert "110" in answer.json()["detail"]


async def _timed(ask: Callable[[], Awaitable[httpx2.Response]]) -> tuple[httpx2.Response, float]:
    began = time.monotonic()
    answer = await ask()
    return answer, time.monotonic() - began


async def _silent(console: Dispatcher) -> bool:
    """Whether no word of life comes any more."""
    console.ticks.clear()
    await asyncio.sleep(2.5)
    return not console.ticks


async def _file_until_taken(phone: Reporter, key: str | None = None) -> str:
    """As the page does: again and again under the same key, while the answer is 503."""
    key = key or str(uuid4())
    end = time.monotonic() + SOON_S
    while (answer := await phone.file(key=key)).status_code == 503:
        assert time.monotonic() < end, "still not taken"
        await asyncio.sleep(0.1)
    assert answer.status_code in {200, 201}, answer.text
    id_: str = answer.json()["id"]
    return id_
