"""A received report whose dispatcher is away, or does nothing, is offered again: once, and for no other reason."""

import asyncio
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Self
from uuid import UUID

import pytest
from sqlalchemy import update
from sqlmodel import Session

from dispatch import again, handling, messages, reading
from dispatch.again import Held
from dispatch.clock import now
from dispatch.database import Database
from dispatch.models import TABLES
from dispatch.writer import Writer
from realtime.presence import FORGOTTEN_S
from tests.dispatcher import Dispatcher
from tests.domain import DESK, acknowledge, add_reporter, done, file, filing, writing
from tests.people import People, eventually
from tests.servers import valkey as running_valkey
from tests.stack import NEVER_S, Stack
from tests.stack import stack as running
from tests.truth import assert_whole, kinds_of, rows

pytestmark = pytest.mark.anyio

FIRST, SECOND = f"{DESK}01", f"{DESK}02"
AGAIN = "ReportOfferedAgain"


# --- what is due


@contextmanager
def in_hand(database: Database, kind: str = "quick") -> Iterator[tuple[Writer, UUID]]:
    """A report that `FIRST` has accepted."""
    with writing(database) as writer:
        wanted = filing(done(writer, add_reporter))
        done(writer, file(wanted), DESK)
        done(writer, acknowledge(wanted.id, FIRST), DESK)
        if kind != "quick":
            change(database, "report", kind=kind)
        yield writer, wanted.id
    assert_whole(database, DESK)


def change(database: Database, table: str, **values: object) -> None:
    with Session(database.writing) as session:
        session.connection().execute(update(TABLES[table]).values(**values))
        session.commit()


def only(database: Database) -> Held:
    with database.read() as session:
        (holding,) = again.held(session)
    return holding


@pytest.mark.parametrize(
    ("entry", "after_s", "why"),
    [("quick", 599, None), ("quick", 601, "idle"), ("fraud", 2399, None), ("fraud", 2401, "idle")],
)
def test_who_does_nothing_loses_it_after_the_desks_time_and_what_is_calm_may_wait_longer(
    database: Database, entry: str, after_s: int, why: str | None
) -> None:
    with in_hand(database, entry):
        assert again.lapsed(only(database), now() + timedelta(seconds=after_s), None) == why


def test_who_is_away_loses_it_after_the_desks_time_and_who_is_there_never(database: Database) -> None:
    with in_hand(database):
        holding = only(database)
        assert [again.lapsed(holding, now(), absent_s) for absent_s in (None, 0.0, 59.0, 61.0)] == [
            *(None, None, None),
            "offline",
        ]


def test_a_desk_can_want_neither(database: Database) -> None:
    with in_hand(database):
        change(database, "desk", again_idle_s=0, again_offline_s=0)
        assert again.lapsed(only(database), now() + timedelta(days=1), 86400.0) is None


@pytest.mark.parametrize("status", ["dispatched", "on_scene", "withdrawn"])
def test_who_has_sent_somebody_is_not_idle_and_can_still_be_away(database: Database, status: str) -> None:
    with in_hand(database):
        change(database, "report", status=status)
        assert again.lapsed(only(database), now() + timedelta(days=1), None) is None
        assert again.lapsed(only(database), now(), 61.0) == "offline"
        change(database, "report", status="received")


def test_whatever_the_dispatcher_does_about_it_counts_and_what_the_reporter_does_does_not(
    database: Database,
) -> None:
    with in_hand(database) as (writer, report):
        accepted = only(database).acted_at
        with database.read() as session:
            (row,) = rows(session, "report", id=report)
        done(
            writer,
            lambda session: messages.send_from_reporter(session, report, row.reporter, "r", "喂？"),
            DESK,
        )
        assert only(database).acted_at == accepted
        done(
            writer,
            lambda session: messages.send_from_dispatcher(session, report, DESK, SECOND, "s", "在"),
            DESK,
        )
        assert only(database).acted_at == accepted
        done(
            writer,
            lambda session: messages.send_from_dispatcher(session, report, DESK, FIRST, "f", "在"),
            DESK,
        )
        assert only(database).acted_at > accepted


# --- what is done


def test_it_is_offered_again_once_however_many_workers_want_it(database: Database) -> None:
    with in_hand(database) as (writer, report), writing(database) as other:
        holding = only(database)

        def offer(nth: int) -> bool:
            command = partial(again.offer_again, holding=holding, why="offline")
            return done((writer, other)[nth % 2], command, DESK)

        with ThreadPoolExecutor(4) as pool:
            assert sum(pool.map(offer, range(4))) == 1
        with database.read() as session:
            found = reading.state(session, report)
        assert found is not None
        assert found.released is not None
        assert (found.released.ended_by, found.status) == ("offline", "received")
        assert kinds_of(database, str(report)).count(AGAIN) == 1


def test_what_came_into_other_hands_or_back_into_the_same_is_left_there(database: Database) -> None:
    with in_hand(database) as (writer, report):
        stale = only(database)
        done(writer, lambda session: handling.release(session, report, DESK, FIRST, "换岗"), DESK)
        done(writer, lambda session: handling.pick_up(session, report, DESK, FIRST), DESK)
        assert not done(writer, partial(again.offer_again, holding=stale, why="offline"), DESK)
        assert only(database).dispatcher == FIRST


def test_who_did_something_a_moment_before_keeps_it(database: Database) -> None:
    with in_hand(database) as (writer, report):
        stale = only(database)
        done(
            writer,
            lambda session: messages.send_from_dispatcher(session, report, DESK, FIRST, "f", "在"),
            DESK,
        )
        assert not done(writer, partial(again.offer_again, holding=stale, why="idle"), DESK)
        assert only(database).dispatcher == FIRST


# --- with processes that die

OFFLINE_S = 3
IDLE_S = 10
SOON_S = 60


@pytest.fixture(scope="module")
def mine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """Two consoles and a worker, with a Valkey to be hurt; who is away for three seconds loses the report."""
    with (
        running_valkey() as valkey,
        running(Path(tmp_path_factory.mktemp("again")), valkey, consoles=2, worker=True) as found,
    ):
        never = {"tell_desk_s": NEVER_S, "tell_leader_s": NEVER_S, "tell_parent_s": NEVER_S}
        change(found.database, "desk", again_offline_s=OFFLINE_S, again_idle_s=0, **never)
        yield found


@pytest.fixture
async def crew(mine: Stack, people: People) -> "Crew":
    return await Crew.on_duty(mine, people)


@dataclass
class Crew:
    """Somebody who stays, somebody who goes, each with a report in hand, and a colleague who watches."""

    stack: Stack
    stays: Dispatcher
    goes: Dispatcher
    watches: Dispatcher
    kept: str
    left: str

    @classmethod
    async def on_duty(cls, stack: Stack, people: People) -> Self:
        numbers = (FIRST, SECOND, f"{DESK}03")
        stays, goes, watches = [
            await people.dispatcher(app, number)
            for app, number in zip((stack.consoles[0], *stack.consoles), numbers, strict=False)
        ]
        phone = await people.reporter(stack.citizens[0])
        filed = []
        for who in (stays, goes):
            someone = await people.reporter(stack.citizens[0])
            report = (await someone.filed("有人砸门"))["id"]
            assert (await who.accept(report)).status_code == 200
            filed.append(report)
        await phone.leave()
        return cls(stack, stays, goes, watches, *filed)

    def offered(self, report: str) -> int:
        """How often a report was offered again."""
        return kinds_of(self.stack.database, report).count(AGAIN)

    async def only_who_went_has_lost_it(self) -> None:
        """Who is away loses the report, which shows that the worker has looked long enough; the other keeps it."""
        await eventually(lambda: self.offered(self.left) == 1, SOON_S, "what was left is offered again")
        assert self.offered(self.kept) == 0
        assert_whole(self.stack.database, DESK)


async def test_who_closes_the_console_loses_the_report_and_a_colleague_sees_and_has_it(crew: Crew) -> None:
    await crew.goes.hang_up()
    await crew.only_who_went_has_lost_it()
    card = await eventually(
        lambda: "released" in crew.watches.cards[crew.left] and crew.watches.cards[crew.left],
        SOON_S,
        "the card on the colleague's screen",
    )
    assert (card["released"], card["released-by"], card["status"]) == ("offline", SECOND, "received")
    picked = await crew.watches.http.post(
        f"/console/reports/{crew.left}/pick-up", headers={"x-csrf-token": crew.watches.csrf}
    )
    assert picked.status_code == 200


async def test_whose_console_process_is_killed_and_who_comes_back_elsewhere_keeps_it(crew: Crew) -> None:
    await crew.goes.hang_up()
    crew.stack.consoles[0].kill()
    try:
        await eventually(lambda: crew.stays.closed_with is not None, SOON_S, "the line is lost")
        await crew.stays.move(crew.stack.consoles[1])
        await crew.stays.watch()
        await crew.only_who_went_has_lost_it()
    finally:
        crew.stack.consoles[0].start()


async def test_with_every_console_process_dead_nobody_is_away(crew: Crew) -> None:
    for app in crew.stack.consoles:
        app.kill()
    await asyncio.sleep(OFFLINE_S + FORGOTTEN_S + 2)
    assert (crew.offered(crew.left), crew.offered(crew.kept)) == (0, 0)
    for app in crew.stack.consoles:
        app.start()
    await crew.stays.hang_up()
    await crew.stays.watch()
    await crew.only_who_went_has_lost_it()


async def test_with_redis_away_or_emptied_nobody_is_away(crew: Crew) -> None:
    await crew.goes.hang_up()
    crew.stack.valkey.kill()
    await asyncio.sleep(2 * OFFLINE_S)
    assert (crew.offered(crew.left), crew.offered(crew.kept)) == (0, 0)
    crew.stack.valkey.start()  # it keeps nothing on disk
    await crew.only_who_went_has_lost_it()


async def test_who_asks_by_http_for_want_of_a_socket_is_there(crew: Crew) -> None:
    await crew.goes.hang_up()
    await crew.stays.hang_up()

    async def poll() -> None:
        while True:
            await crew.stays.http.get("/console/queue")
            await asyncio.sleep(1)

    polling = asyncio.create_task(poll())
    try:
        await crew.only_who_went_has_lost_it()
    finally:
        polling.cancel()


async def test_who_does_nothing_loses_it_and_who_goes_on_writing_keeps_it(crew: Crew) -> None:
    change(crew.stack.database, "desk", again_offline_s=0, again_idle_s=IDLE_S)

    async def write() -> None:
        while True:
            await crew.stays.answer(crew.kept, "还在吗？")
            await asyncio.sleep(1)

    writing_on = asyncio.create_task(write())
    try:
        await crew.only_who_went_has_lost_it()
    finally:
        writing_on.cancel()
        change(crew.stack.database, "desk", again_offline_s=OFFLINE_S, again_idle_s=0)
    await eventually(
        lambda: crew.watches.cards[crew.left].get("released") == "idle", SOON_S, "the card says why"
    )


async def test_a_worker_that_dies_amid_is_followed_by_others_and_it_is_done_once(crew: Crew) -> None:
    assert crew.stack.worker is not None
    await crew.goes.hang_up()
    crew.stack.worker.kill()
    second = crew.stack.another_worker()
    try:
        crew.stack.worker.start()
        second.start()
        await crew.only_who_went_has_lost_it()
        await asyncio.sleep(4)  # either has looked again
        assert crew.offered(crew.left) == 1
    finally:
        second.kill()
