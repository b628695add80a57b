"""The number that takes a desk's text messages: set by its shift leader, and told wherever somebody is to text it."""

from collections.abc import AsyncIterator, Iterator
from typing import Any
from uuid import uuid4

import httpx2
import pytest
from sqlalchemy import select, update
from sqlmodel import Session

from dispatch.database import Database
from dispatch.desk_numbers import number_of, set_number
from dispatch.desks import whom_to_call
from dispatch.errors import Refused
from dispatch.models import TABLES
from dispatch.writer import Writer
from tests.domain import DESK, OTHER_DESK, done, writing
from tests.people import Dispatcher, People, Reporter, eventually
from tests.places import Place
from tests.plain import Visitor
from tests.stack import Stack
from tests.witness import assert_problem, change, nothing_written, unharmed

pytestmark = pytest.mark.anyio

LEADER = f"{DESK}90"
OWN = "12110571"


# --- the domain, on both databases


@pytest.fixture
def writer(database: Database) -> Iterator[Writer]:
    with writing(database) as running:
        yield running


def told(database: Database, desk: str) -> list[tuple[str, dict[str, Any]]]:
    """Who set what, by the desk's log."""
    event = TABLES["event"]
    chosen = select(event.c.actor, event.c.data).where(event.c.desk == desk, event.c.kind == "DeskSet")
    with database.read() as session:
        return [(row.actor, row.data) for row in session.connection().execute(chosen)]


def holds(database: Database, desk: str) -> str:
    with database.read() as session:
        return number_of(session, desk)


def test_a_number_is_set_with_old_and_new_in_the_desks_own_log(database: Database, writer: Writer) -> None:
    assert done(writer, lambda session: set_number(session, DESK, LEADER, OWN, "12110"))
    assert (holds(database, DESK), holds(database, OTHER_DESK)) == (OWN, "12110")
    assert told(database, DESK) == [(f"dispatcher:{LEADER}", {"set": {"sms": ["12110", OWN]}})]
    assert done(writer, lambda session: set_number(session, DESK, LEADER, OWN))
    assert len(told(database, DESK)) == 1


def test_nobody_overwrites_a_number_that_they_have_not_seen(database: Database, writer: Writer) -> None:
    done(writer, lambda session: set_number(session, DESK, LEADER, OWN))
    assert not done(writer, lambda session: set_number(session, DESK, LEADER, "12110572", "12110"))
    assert holds(database, DESK) == OWN


@pytest.mark.parametrize(
    "number", ["", "1211", "1" * 13, "12110 571", "12110-571", "+8612110", "１２１１０", "1211a"]
)
def test_what_is_no_number_is_refused(database: Database, writer: Writer, number: str) -> None:
    with pytest.raises(Refused, match="field_invalid"):
        done(writer, lambda session: set_number(session, DESK, LEADER, number))
    assert holds(database, DESK) == "12110"
    assert told(database, DESK) == []


# --- the settings page, and whoever is told


@pytest.fixture
async def without_defects(stack: Stack) -> AsyncIterator[None]:
    async with unharmed(stack):
        yield


@pytest.fixture
async def leader(stack: Stack, place: Place, people: People, without_defects: None) -> Dispatcher:
    return people.also(await Dispatcher.signed_in(stack.consoles[0], place.number("90")))


async def save(who: Dispatcher, number: str, seen: str = "12110") -> httpx2.Response:
    form = {"sms": number, "seen": seen}
    return await who.http.post("/console/settings/sms", headers={"x-csrf-token": who.csrf}, data=form)


async def is_told(reporter: Reporter, place: Place, number: str) -> None:
    """Every process has the number within seconds."""

    async def known() -> bool:
        answer = await reporter.http.get("/api/v1/desks/nearest", params=place.location)
        return bool(answer.json()["sms"] == number)

    await eventually(known, 20, f"{number} is told")


async def test_what_the_shift_leader_sets_is_told_with_the_nearest_desk_and_with_its_reports(
    stack: Stack, place: Place, leader: Dispatcher, people: People
) -> None:
    reporter = await people.reporter(stack.citizens[0], place.location)
    before = await reporter.filed()
    assert before["desk"]["sms"] == "12110"
    assert (await save(leader, OWN)).headers["location"] == "/console/settings?saved=sms#sms"
    assert f'value="{OWN}"' in (await leader.http.get("/console/settings")).text
    await is_told(reporter, place, OWN)
    assert (await reporter.report(before["id"]))["desk"]["sms"] == OWN
    dispatcher = people.also(await Dispatcher.signed_in(stack.consoles[0], place.number()))
    await reporter.listen()
    assert (await dispatcher.accept(before["id"])).status_code == 200
    await eventually(lambda: reporter.status(before["id"]) == "received", 20, "the socket tells it")
    assert reporter.reports[before["id"]]["desk"]["sms"] == OWN


async def test_a_report_just_filed_names_the_number_of_its_desk(
    stack: Stack, place: Place, people: People
) -> None:
    change(stack, "desk", {"adcode": place.desk}, sms=OWN)
    reporter = await people.reporter(stack.citizens[0], place.location)
    await is_told(reporter, place, OWN)
    assert (await reporter.filed())["desk"]["sms"] == OWN


async def test_a_refusal_names_the_number_once_the_desk_is_known(
    stack: Stack, place: Place, people: People
) -> None:
    change(stack, "desk", {"adcode": place.desk}, sms=OWN)
    reporter = people.also(
        await Reporter.signed_in(stack.citizens[0], verified=True, location=place.location)
    )
    await is_told(reporter, place, OWN)
    key = str(uuid4())
    assert (await reporter.file(key=key)).status_code == 201
    assert (await reporter.file("别的", key=key)).json()["call"] == ["tel:110", f"sms:{OWN}"]
    # Nobody knows which desk it would have gone to.
    assert (await reporter.file(location=None)).json()["call"] == ["tel:110", "sms:12110"]
    assert (await reporter.file(kind="urgent")).json()["call"] == ["tel:110", "sms:12110"]


async def test_where_no_desk_takes_reports_the_countys_own_number_is_named(
    stack: Stack, place: Place, people: People
) -> None:
    reporter = await people.reporter(stack.citizens[0], place.location)
    change(stack, "desk", {"adcode": place.desk}, sms=OWN)
    above = [place.desk, f"{place.desk[:4]}00", "330000"]

    def set_open(open_: bool) -> None:
        desk = TABLES["desk"]
        with Session(stack.database.writing) as session:
            session.connection().execute(update(desk).where(desk.c.adcode.in_(above)).values(open=open_))
            session.commit()

    set_open(False)
    try:

        async def closed() -> bool:
            return (await reporter.file()).status_code == 503

        await eventually(closed, 20, "the desks are known to be closed")
        nowhere: dict[str, Any] = {"location": None, "place_text": "门口", "area": place.desk}
        for asked in ({}, nowhere):
            refused = (await reporter.file(**asked)).json()
            assert (refused["code"], refused["call"]) == ("no_desk_open", ["tel:110", f"sms:{OWN}"])
    finally:
        set_open(True)


async def test_the_plain_pages_offer_it_where_the_desk_is_known(stack: Stack, place: Place) -> None:
    visitor = await Visitor.signed_in(stack.citizens[0])
    link, usual = f'href="sms:{OWN}"', 'href="sms:12110"'
    assert usual in (await visitor.get("/plain")).text
    report = await visitor.filed(place="村口", area=place.desk)
    change(stack, "desk", {"adcode": place.desk}, sms=OWN)
    for path in ("", "/message", "/photos", "/withdrawal"):
        page = (await visitor.get(f"/plain/reports/{report}{path}")).text
        assert link in page, path
        assert usual not in page, path
    assert f"短信 {OWN}" in visitor.words
    await visitor.get(f"/plain/reports/{report}")
    assert f"或发短信到 {OWN}" in visitor.words

    async def asked_for_a_name() -> bool:
        await visitor.get("/plain")
        answer = await visitor.submit("/plain/reports", text="又来了", place="村口", area=place.desk)
        assert answer.status_code == 403
        return link in answer.text

    await eventually(asked_for_a_name, 20, "the refusal's page offers it")
    await visitor.leave()


@pytest.mark.parametrize("typed", ["", "1211", "12110 571", "tel:110", "1" * 13, "<script>alert(1)</script>"])
async def test_what_is_typed_wrong_comes_back_with_a_sentence(
    stack: Stack, leader: Dispatcher, typed: str
) -> None:
    with nothing_written(stack):
        answer = await save(leader, typed)
    assert answer.status_code == 422
    assert "请填 5 到 12 位数字" in answer.text
    assert answer.text.count("aria-invalid") == 1
    assert "<script>alert" not in answer.text


async def test_somebody_elses_change_is_shown_before_it_is_overwritten(
    stack: Stack, leader: Dispatcher
) -> None:
    await save(leader, OWN)
    with nothing_written(stack):
        answer = await save(leader, "12110572")
    assert answer.status_code == 422
    assert "刚才有人改过" in answer.text
    assert f"现在是 {OWN}" in answer.text
    assert 'value="12110572"' in answer.text
    assert (await save(leader, "12110572", seen=OWN)).status_code == 303


async def test_a_dispatcher_may_look_and_not_change(stack: Stack, place: Place, people: People) -> None:
    dispatcher = people.also(await Dispatcher.signed_in(stack.consoles[0], place.number()))
    assert 'name="sms"' in (await dispatcher.http.get("/console/settings")).text
    with nothing_written(stack):
        assert_problem(await save(dispatcher, OWN), "role_refused")


def test_without_a_desk_everybody_is_told_the_usual_number() -> None:
    assert whom_to_call() == ("tel:110", "sms:12110")
