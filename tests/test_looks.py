"""Each look at a report is in the log, and nothing on any screen moves by it."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select
from sqlmodel import Session

from dispatch import again, dispatchers, tidying
from dispatch.clock import now
from dispatch.closing import RETENTION
from dispatch.database import Database
from dispatch.dispatchers import mark_of
from dispatch.ids import new_id
from dispatch.models import TABLES
from dispatch.reporters import token_digest
from dispatch.viewing import looked
from tests.dispatcher import Dispatcher
from tests.domain import DESK, acknowledge, add_reporter, done, file, filing, writing
from tests.people import People, eventually
from tests.stack import Stack
from tests.truth import assert_whole, log_of, rows
from tests.witness import assert_problem, nothing_written

FIRST = f"{DESK}01"


async def opened(someone: Dispatcher, report: str) -> Any:
    return await someone.http.get(f"/console/reports/{report}")


def looks(stack: Stack, report: str) -> list[Any]:
    events = log_of(stack.database, DESK)
    return [event for event in events if event.kind == "ReportLookedAt" and str(event.report) == report]


def session_of(someone: Dispatcher) -> str:
    return mark_of(token_digest(someone.http.cookies["desk110_console"]))


@pytest.mark.anyio
async def test_a_look_is_told_once_a_session_and_who_comes_back_within_minutes_still_looks(
    stack: Stack, people: People
) -> None:
    reporter = await people.reporter(stack.citizens[0])
    report = (await reporter.filed("门口有人"))["id"]
    first, second = [await people.dispatcher(stack.consoles[0], number) for number in (FIRST, f"{DESK}02")]
    for _ in range(3):
        assert (await opened(first, report)).status_code == 200
    assert (await opened(second, report)).status_code == 200
    await eventually(lambda: len(looks(stack, report)) >= 2, 10, "both looks are in the log")
    # What was asked for before this act was written before it.
    assert (await first.accept(report)).status_code == 200
    told = looks(stack, report)
    assert [event.actor for event in told] == [f"dispatcher:{FIRST}", f"dispatcher:{DESK}02"]
    assert [event.data for event in told] == [{"session": session_of(one)} for one in (first, second)]
    assert {event.reporter for event in told} == {None}
    assert_whole(stack.database, DESK)


@pytest.mark.anyio
async def test_nobody_sees_anything_of_a_look_neither_colleagues_nor_the_reporter(
    stack: Stack, people: People
) -> None:
    reporter = await people.reporter(stack.citizens[0])
    await reporter.listen()
    report = (await reporter.filed("有人跟着我"))["id"]
    looker = await people.dispatcher(stack.consoles[0])
    colleague = await people.dispatcher(stack.consoles[0], f"{DESK}02")
    await eventually(lambda: report in colleague.cards, 10, "the card is there")
    # From here on no screen has anything to tell the reporter: only what comes of the look counts.
    await eventually(lambda: reporter.screens(report) == 2, 10, "it is on both screens")
    before, frames = list(colleague.history), len(reporter.frames)
    version = (await reporter.report(report))["version"]
    await opened(looker, report)
    await eventually(lambda: looks(stack, report), 10, "the look is in the log")
    (look,) = looks(stack, report)
    await eventually(lambda: max(colleague.seqs) >= look.seq, 10, "the colleague's page has come past it")
    assert [one for one in colleague.history if one not in before] == []
    assert len(colleague.history) == len(before), "no card came again"
    assert [frame for frame in reporter.frames[frames:] if frame["type"] == "report"] == []
    assert (await reporter.report(report))["version"] == version
    # Who comes back with a cursor before the look has missed nothing that is to be seen.
    epoch = colleague.cursor.partition(":")[0]
    await colleague.hang_up()
    colleague.cursor = f"{epoch}:{look.seq - 1}"
    count = len(colleague.history)
    await colleague.watch()
    await eventually(lambda: colleague.cursor == f"{epoch}:{look.seq}", 10, "it has caught up")
    assert len(colleague.history) == count


@pytest.mark.anyio
async def test_who_may_not_look_leaves_no_look(stack: Stack, people: People) -> None:
    reporter = await people.reporter(stack.citizens[0])
    report = (await reporter.filed("隔壁台看不到"))["id"]
    neighbour = await people.dispatcher(stack.consoles[0], "33010801")
    with nothing_written(stack):
        assert_problem(await opened(neighbour, report), "report_unknown")
    assert looks(stack, report) == []


@pytest.mark.anyio
async def test_a_session_knows_from_where_it_was_opened_and_the_log_only_which_session(
    stack: Stack, people: People
) -> None:
    someone = await people.dispatcher(stack.consoles[0], f"{DESK}03")
    digest = token_digest(someone.http.cookies["desk110_console"])
    with stack.database.read() as session:
        (row,) = rows(session, "console_session", token_digest=digest)
    assert row.address == "127.0.0.1"
    signed_in = [event for event in log_of(stack.database, DESK) if event.kind == "DispatcherSignedIn"]
    assert session_of(someone) in [event.data["session"] for event in signed_in]
    assert "127.0.0.1" not in str([event.data for event in log_of(stack.database, DESK)])


def test_to_look_is_to_do_nothing_about_it(database: Database) -> None:
    """Who only opens a report again and again loses it all the same."""
    with writing(database) as writer:
        wanted = filing(done(writer, add_reporter))
        done(writer, file(wanted), DESK)
        done(writer, acknowledge(wanted.id, FIRST), DESK)
        with database.read() as session:
            (before,) = again.held(session)
        done(writer, lambda session: looked(session, wanted.id, DESK, FIRST, b"d" * 32), DESK)
        with database.read() as session:
            (after,) = again.held(session)
    assert after.acted_at == before.acted_at
    assert_whole(database, DESK)


@pytest.mark.parametrize(("ended_before", "stays"), [(RETENTION, True), (RETENTION * 2, False)])
def test_where_an_act_came_from_is_known_as_long_as_it_must_be_answered_for(
    database: Database, ended_before: timedelta, stays: bool
) -> None:
    token = str(new_id())
    with writing(database) as writer:
        done(writer, lambda session: dispatchers.sign_in(session, FIRST, token, None, "10.3.1.7"), DESK)
        end = now() - ended_before
        with Session(database.writing) as session:
            table = TABLES["console_session"]
            session.connection().execute(table.update().values(revoked_at=end, expires_at=end))
            session.commit()
        done(writer, lambda session: tidying.remove_ended(session, now() - timedelta(days=1)))
    with database.read() as session:
        found = session.connection().execute(select(TABLES["console_session"].c.address)).scalars().all()
    assert list(found) == (["10.3.1.7"] if stays else [])
