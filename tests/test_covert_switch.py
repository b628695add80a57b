"""A report that stands already turns covert, or back: as an act of its own, once, with its event and its version."""

from typing import Any
from uuid import uuid4

import pytest
from sqlmodel import Session

from dispatch import reports
from dispatch.database import Database
from dispatch.errors import Refused
from dispatch.events import COVERT_SWITCHED
from tests.domain import add_reporter, done, file, filing, writing
from tests.people import Dispatcher, People, Reporter, eventually
from tests.places import Place
from tests.stack import Stack
from tests.truth import assert_whole, kinds_of, rows
from tests.witness import assert_problem, change, nothing_written

pytestmark = pytest.mark.anyio


@pytest.fixture
async def reporter(stack: Stack, people: People) -> Reporter:
    return people.also(await Reporter.signed_in(stack.citizens[0], verified=True))


async def switch(reporter: Reporter, report: str, body: object) -> Any:
    return await reporter.http.put(f"/api/v1/reports/{report}/covert", json=body)


def test_switching_is_one_change_with_its_event_and_the_same_again_is_none(database: Database) -> None:
    with writing(database) as writer:
        reporter = done(writer, add_reporter)
        report = done(writer, file(filing(reporter))).id

        def to(covert: bool, who: Any = reporter) -> None:
            done(writer, lambda session: reports.switch_covert(session, report, who, covert))

        for covert in (True, True, False, False, True):
            to(covert)
        with pytest.raises(Refused, match="report_unknown"):
            to(False, done(writer, add_reporter))
        with database.read() as session:
            row = rows(session, "report", id=report)[0]
            told = [event.data["covert"] for event in rows(session, "event", kind=COVERT_SWITCHED)]
        assert (row.covert, row.version, told) == (True, 4, [True, False, True])
        assert kinds_of(database, str(report)).count(COVERT_SWITCHED) == 3
    assert_whole(database)


def test_two_who_switch_at_once_take_turns(database: Database) -> None:
    with writing(database) as writer:
        reporter = done(writer, add_reporter)
        report = done(writer, file(filing(reporter))).id

        def to(covert: bool) -> Any:
            def command(session: Session) -> None:
                reports.switch_covert(session, report, reporter, covert)

            return writer.submit(command, ())

        for waiting in [to(bool(turn % 2)) for turn in range(20)]:
            waiting.result(60)
        with database.read() as session:
            row = rows(session, "report", id=report)[0]
            events = rows(session, "event", kind=COVERT_SWITCHED)
        assert row.version == 1 + len(events)
        assert row.covert == max(events, key=lambda event: event.seq).data["covert"]


async def test_the_desk_and_every_open_page_of_the_reporter_follow(
    reporter: Reporter, stack: Stack, people: People, place: Place
) -> None:
    dispatcher: Dispatcher = await people.dispatcher(stack.consoles[0], place.number())
    report = (await reporter.filed(location=place.location))["id"]
    await reporter.listen()
    await eventually(lambda: report in dispatcher.words, 20, "the card is there")
    assert "sign-covert" not in dispatcher.words[report]
    for covert in (True, False):
        answer = await switch(reporter, report, {"covert": covert})
        assert (answer.status_code, answer.json()["covert"]) == (200, covert)
        wanted = lambda: ("sign-covert" in dispatcher.words[report]) is covert  # noqa: E731, B023
        await eventually(wanted, 20, "the card follows")
        seen = lambda: reporter.reports[report]["covert"] is covert  # noqa: E731, B023
        await eventually(seen, 20, "the open page follows")


@pytest.mark.parametrize("covert", ["yes", 1, None, [], {}])
async def test_what_is_neither_is_refused_and_changes_nothing(
    stack: Stack, reporter: Reporter, covert: object
) -> None:
    report = (await reporter.filed())["id"]
    with nothing_written(stack):
        problem = assert_problem(await switch(reporter, report, {"covert": covert}), "field_invalid")
        assert problem["fields"] == ["covert"]
        assert_problem(await switch(reporter, report, {}), "field_invalid")
        assert_problem(await switch(reporter, str(uuid4()), {"covert": True}), "report_unknown")
        assert_problem(await switch(reporter, "x", {"covert": True}), "report_unknown")


async def test_a_closed_report_is_switched_no_more(stack: Stack, reporter: Reporter) -> None:
    report = await reporter.filed()
    change(stack, "report", {"number": report["number"]}, status="closed")
    assert_problem(await switch(reporter, report["id"], {"covert": True}), "report_closed")
