"""Location codes: given with their report, one each while they live, found by the desk that has it and by no other."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import httpx2
import pytest
from sqlalchemy import select
from sqlmodel import Session

from dispatch import location_codes
from dispatch.clock import now
from dispatch.database import Database
from dispatch.location_codes import LIVES, drawn, look_up
from dispatch.models import TABLES
from dispatch.reading import state
from tests.domain import DESK, OTHER_DESK, add_reporter, done, file, filing, writing
from tests.people import Dispatcher, People, Reporter
from tests.servers import Valkey
from tests.stack import Stack
from tests.stack import stack as running_stack
from tests.truth import assert_whole, log_of
from tests.witness import assert_problem, change

pytestmark = pytest.mark.anyio

CODE = TABLES["location_code"]


def a_position(reporter: UUID, desk: str = DESK) -> Any:
    """A report of kind `location`, about to be filed."""
    return replace(filing(reporter, desk), kind="location")


def codes(database: Database) -> dict[str, tuple[UUID, datetime]]:
    with database.read() as session:
        return {row.code: (row.report, row.expires_at) for row in session.connection().execute(select(CODE))}


# --- the domain, on both databases


def test_a_code_has_six_digits_and_begins_like_no_number_that_people_call() -> None:
    for _ in range(2_000):
        code = drawn()
        assert len(code) == 6
        assert code.isascii()
        assert code.isdigit()
        assert not code.startswith(("0", "1", "9"))


def test_a_code_is_committed_with_its_report_and_other_entries_get_none(database: Database) -> None:
    with writing(database) as writer:
        reporter = done(writer, add_reporter)
        filed = done(writer, file(a_position(reporter)), DESK)
        done(writer, file(filing(reporter)), DESK)
    assert filed.code is not None
    assert codes(database) == {filed.code.code: (filed.id, filed.code.expires_at)}
    assert filed.at is not None
    assert filed.code.expires_at - filed.at == LIVES
    with database.read() as session:
        report = state(session, filed.id)
    assert report is not None
    assert report.code_at(now()) == filed.code.code
    assert report.code_at(filed.code.expires_at) is None
    assert_whole(database, DESK)


def test_the_same_report_sent_again_keeps_its_code(database: Database) -> None:
    with writing(database) as writer:
        reporter = done(writer, add_reporter)
        wanted = a_position(reporter)
        first = done(writer, file(wanted), DESK)
        again = done(writer, file(wanted), DESK)
    assert (first.new, again.new, again.id) == (True, False, first.id)
    assert len(codes(database)) == 1


def test_one_that_lives_is_never_given_twice_also_within_one_batch(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Both commands draw the same code first: the second finds it at the table's key and draws again."""
    draws: Iterator[str] = iter(["234567", "234567", *(f"30000{n}" for n in range(10))])
    monkeypatch.setattr(location_codes, "drawn", lambda: next(draws))
    with writing(database) as writer:
        reporter = done(writer, add_reporter)
    with writing(database, start=False) as writer:
        answers = [writer.submit(file(a_position(reporter, desk)), [desk]) for desk in (DESK, OTHER_DESK)]
        writer.start()
        filed = [answer.result(60) for answer in answers]
    given = [one.code.code for one in filed if one.code]
    assert len(set(given)) == 2
    assert {report for report, _ in codes(database).values()} == {one.id for one in filed}
    assert_whole(database, DESK, OTHER_DESK)


def test_one_that_lives_is_passed_over_and_one_that_expired_is_taken_over(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    with writing(database) as writer:
        reporter = done(writer, add_reporter)
        monkeypatch.setattr(location_codes, "drawn", lambda: "222222")
        first = done(writer, file(a_position(reporter)), DESK)
        draws = iter(["222222", "333333"])
        monkeypatch.setattr(location_codes, "drawn", lambda: next(draws))
        second = done(writer, file(a_position(reporter)), DESK)
        assert second.code is not None
        assert second.code.code == "333333"
        _expire(database, "222222")
        monkeypatch.setattr(location_codes, "drawn", lambda: "222222")
        third = done(writer, file(a_position(reporter)), DESK)
    held = codes(database)
    assert {code: report for code, (report, _) in held.items()} == {"222222": third.id, "333333": second.id}
    with database.read() as session:
        old = state(session, first.id)
    assert old is not None
    assert old.location_code is None


def _expire(database: Database, code: str) -> None:
    with Session(database.writing) as session:
        statement = CODE.update().where(CODE.c.code == code)
        session.connection().execute(statement, {"expires_at": now() - timedelta(seconds=1)})
        session.commit()


def test_each_look_is_an_event_that_tells_another_desks_log_nothing(database: Database) -> None:
    with writing(database) as writer:
        reporter = done(writer, add_reporter)
        filed = done(writer, file(a_position(reporter)), DESK)
        assert filed.code is not None
        code = filed.code.code
        own = done(writer, lambda session: look_up(session, code, DESK, "33010601"), DESK)
        other = done(writer, lambda session: look_up(session, code, OTHER_DESK, "33010201"), OTHER_DESK)
        none = done(writer, lambda session: look_up(session, "899999", OTHER_DESK, "33010201"), OTHER_DESK)
    assert own is not None
    assert (own.report, own.desk) == (filed.id, DESK)
    assert other is not None
    assert (other.report, other.number, other.desk) == (None, "", DESK)
    assert none is None
    looked = [event for event in log_of(database, OTHER_DESK) if event.kind == "LocationCodeLookedUp"]
    assert [event.data for event in looked] == [{"found": "elsewhere", "desk": DESK}, {"found": "none"}]
    assert all(event.report is None and event.reporter is None for event in looked)
    assert code not in str(looked)
    assert_whole(database, DESK, OTHER_DESK)


# --- over HTTP


@pytest.fixture(scope="module")
async def reporter(stack: Stack) -> AsyncIterator[Reporter]:
    someone = await Reporter.signed_in(stack.citizens[0], verified=True)
    yield someone
    await someone.leave()


@pytest.fixture(scope="module")
async def own(stack: Stack) -> AsyncIterator[Dispatcher]:
    someone = await Dispatcher.signed_in(stack.consoles[0], "33010601")
    yield someone
    await someone.leave()


async def test_the_reporter_is_answered_the_code_and_none_once_it_has_expired(
    stack: Stack, reporter: Reporter, own: Dispatcher
) -> None:
    filed = await reporter.filed("", kind="location")
    code = filed["location_code"]
    assert len(code) == 6
    assert filed["location_code_expires_at"] > filed["filed_at"]
    assert (await reporter.report(filed["id"]))["location_code"] == code
    change(stack, "location_code", {"code": code}, expires_at=now() - timedelta(seconds=1))
    later = await reporter.report(filed["id"])
    assert (later["location_code"], later["location_code_expires_at"]) == (None, None)
    answer = await own.http.get(f"/console/location-codes/{code}")
    assert_problem(answer, "location_code_unknown")
    page = await own.http.get(f"/console/reports/{filed['id']}")
    assert "已过期" in page.text


async def test_other_entries_have_no_code(reporter: Reporter) -> None:
    assert (await reporter.filed("有人打架"))["location_code"] is None


async def test_the_own_desk_finds_the_report_and_its_card_shows_the_code_large(
    reporter: Reporter, own: Dispatcher
) -> None:
    filed = await reporter.filed("", kind="location")
    code = filed["location_code"]
    for typed in (
        code,
        f"{code[:3]}%20{code[3:]}",
        code.translate({0x30 + n: 0xFF10 + n for n in range(10)}),
    ):
        answer = await own.http.get(f"/console/location-codes/{typed}")
        assert answer.status_code == 200, answer.text
        assert (answer.json()["report"], answer.json()["number"]) == (filed["id"], filed["number"])
    queue = (await own.http.get("/console/queue")).text
    card = queue[queue.index(f'id="report-{filed["id"]}"') :].partition("</article>")[0]
    assert f"{code[:3]} {code[3:]}" in card
    assert "位置上传" in card


async def test_another_desk_is_told_which_desk_has_it_and_nothing_else(
    stack: Stack, reporter: Reporter, people: People
) -> None:
    filed = await reporter.filed("只有本台看得到", kind="location")
    neighbour = await people.dispatcher(stack.consoles[0], "33010801")
    answer = await neighbour.http.get(f"/console/location-codes/{filed['location_code']}")
    assert answer.json() == {
        "report": None,
        "number": None,
        "desk": {"adcode": "330106", "name": "西湖区110报警服务台"},
        "sentence": "这个位置码的警情在西湖区110报警服务台。",
    }
    assert filed["id"] not in str(neighbour.cards)


@pytest.mark.parametrize(
    "code", ["000000", "899999", "12345", "1234567", "abcdef", "%00%00", "x" * 300, "🙂"]
)
async def test_what_is_no_code_is_unknown(own: Dispatcher, code: str) -> None:
    assert_problem(await own.http.get(f"/console/location-codes/{code}"), "location_code_unknown")


async def test_who_has_no_desk_or_no_session_is_told_nothing(stack: Stack, reporter: Reporter) -> None:
    filed = await reporter.filed("", kind="location")
    path = f"/console/location-codes/{filed['location_code']}"
    async with httpx2.AsyncClient(base_url=stack.consoles[0].url) as nobody:
        assert_problem(await nobody.get(path), "sign_in_required")
        bearer = {"authorization": f"Bearer {reporter.token}"}
        assert_problem(await nobody.get(path, headers=bearer), "sign_in_required")


async def test_two_processes_that_file_at_once_give_codes_apart(whole: Stack, people: People) -> None:
    phones = [await people.reporter(app) for app in whole.citizens]
    answers = await asyncio.gather(*(phones[n % 2].file("", kind="location") for n in range(20)))
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.json()["location_code"] for answer in answers}) == 20
    assert_whole(whole.database, "330106")


async def test_guessing_is_stopped(
    tmp_path_factory: pytest.TempPathFactory, valkey_of_session: Valkey
) -> None:
    with running_stack(
        tmp_path_factory.mktemp("guessing"), valkey_of_session, citizens=0, DESK110_LIMITS="field"
    ) as field:
        someone = await Dispatcher.signed_in(field.consoles[0], "33010601")
        statuses = [
            (await someone.http.get(f"/console/location-codes/{code}")).status_code
            for code in range(300_000, 300_030)
        ]
        await someone.leave()
    assert statuses[:3] == [404] * 3
    assert statuses[-1] == 429
