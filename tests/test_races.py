"""Many at once: one winner (I3), one report a key (I7), and nobody in a deadlock."""

import asyncio
import itertools
from collections import Counter
from collections.abc import Iterator
from uuid import uuid4

import pytest
from sqlalchemy import insert
from sqlmodel import Session

from dispatch import dispatchers
from dispatch.models import TABLES
from dispatch.reporters import new_token
from dispatch.writer import Writer
from tests.people import Dispatcher, People, eventually
from tests.places import Place
from tests.stack import Stack
from tests.truth import assert_whole, filed_under, kinds_of, rows

pytestmark = pytest.mark.anyio

SOON_S = 30
MANY = 50


async def test_of_50_dispatchers_who_accept_at_once_one_wins_and_49_are_told_who(
    whole: Stack, place: Place, people: People
) -> None:
    several = await crowd(people, whole, place, MANY)
    phone = await people.reporter(whole.citizens[0], place.location)
    await phone.listen()
    id_ = (await phone.filed())["id"]
    answers = await asyncio.gather(*(dispatcher.accept(id_) for dispatcher in several))

    assert Counter(answer.status_code for answer in answers) == {200: 1, 409: MANY - 1}
    winner = next(who for who, answer in zip(several, answers, strict=True) if answer.status_code == 200)
    for who, answer in zip(several, answers, strict=True):
        if who is not winner:
            assert winner.number in answer.text, "told who was first"
            assert who.number not in answer.text
    await eventually(lambda: phone.status(id_) == "received", SOON_S, "已接收")
    assert phone.reports[id_]["received"]["dispatcher_number"] == winner.number
    assert phone.seen_versions.count((id_, 2)) == 1
    assert kinds_of(whole.database, id_) == ["ReportFiled", "ReportReceived"]
    assert (await winner.accept(id_)).status_code == 200, "the winner may press again"
    assert_whole(whole.database, place.desk)


async def test_50_retries_at_once_of_one_key_over_two_processes_make_one_report(
    whole: Stack, place: Place, people: People
) -> None:
    console = await people.dispatcher(whole.consoles[0], place.number())
    phone = await people.reporter(whole.citizens[0], place.location)
    other = people.also(phone.at(whole.citizens[1]))
    key = str(uuid4())
    devices = itertools.islice(itertools.cycle((phone, other)), MANY)
    answers = await asyncio.gather(*(device.file("有人落水", key=key) for device in devices))

    assert Counter(answer.status_code for answer in answers) == {201: 1, 200: MANY - 1}
    assert len({answer.json()["id"] for answer in answers}) == 1
    assert filed_under(whole.database, key) == 1
    (id_,) = {answer.json()["id"] for answer in answers}
    await eventually(lambda: id_ in console.cards, SOON_S, "it is on the screen")
    assert console.history == [(id_, 1)]
    assert_whole(whole.database, place.desk)


async def test_one_key_with_two_bodies_for_two_desks_at_once_makes_one_report_and_one_conflict(
    whole: Stack, place: Place, places_left: Iterator[Place], people: People
) -> None:
    """The two are filed under different locks: the database's own rule decides, and the answer says so."""
    elsewhere = next(places_left)
    phone = await people.reporter(whole.citizens[0], place.location)
    other = people.also(phone.at(whole.citizens[1]))
    for _ in range(20):
        key = str(uuid4())
        answers = await asyncio.gather(
            phone.file("这里", key=key), other.file("那里", key=key, location=elsewhere.location)
        )
        assert sorted(answer.status_code for answer in answers) == [201, 409]
        loser = next(answer for answer in answers if answer.status_code == 409)
        assert loser.json()["code"] == "idempotency_conflict"
        assert filed_under(whole.database, key) == 1
    assert_whole(whole.database, place.desk, elsewhere.desk)


async def test_reporter_and_dispatcher_who_act_on_one_report_at_once_are_both_heard(
    whole: Stack, place: Place, people: People
) -> None:
    """They come by different processes and lock in different orders; neither may be turned away for it."""
    dispatcher = await people.dispatcher(whole.consoles[0], place.number())
    phone = await people.reporter(whole.citizens[0], place.location)
    reports = [(await phone.filed(f"{n}"))["id"] for n in range(25)]

    async def say(id_: str) -> int:
        body = {"client_id": "c", "text": "快来"}
        return (await phone.http.post(f"/api/v1/reports/{id_}/messages", json=body)).status_code

    async def accept(id_: str) -> int:
        return (await dispatcher.accept(id_)).status_code

    async def reply(id_: str) -> int:
        return (await dispatcher.answer(id_, "马上到")).status_code

    async def withdraw(id_: str) -> int:
        return (await phone.http.post(f"/api/v1/reports/{id_}/withdrawal", json={"reason": ""})).status_code

    acts = [act(id_) for id_ in reports for act in (say, accept, reply, withdraw)]
    assert Counter(await asyncio.gather(*acts)) == {201: len(reports), 200: 3 * len(reports)}
    for id_ in reports:
        kinds = Counter(kinds_of(whole.database, id_))
        assert kinds == {"ReportFiled": 1, "ReportReceived": 1, "MessageSent": 2, "ReportWithdrawn": 1}
    await eventually(
        lambda: all(dispatcher.cards[id_]["version"] == "5" for id_ in reports), SOON_S, "the newest states"
    )
    assert_whole(whole.database, place.desk)


async def test_the_same_words_sent_by_two_ways_at_once_are_one_message(
    whole: Stack, place: Place, people: People
) -> None:
    phone = await people.reporter(whole.citizens[0], place.location)
    other = people.also(phone.at(whole.citizens[1]))
    id_ = (await phone.filed())["id"]
    body = {"client_id": "once", "text": "一次"}
    answers = await asyncio.gather(
        *(
            at.http.post(f"/api/v1/reports/{id_}/messages", json=body)
            for at in (phone, other)
            for _ in range(10)
        )
    )
    assert Counter(answer.status_code for answer in answers) == {201: 1, 200: 19}
    assert len({answer.json()["id"] for answer in answers}) == 1
    assert len((await phone.report(id_))["messages"]) == 1
    assert_whole(whole.database, place.desk)


async def crowd(people: People, whole: Stack, place: Place, count: int) -> list[Dispatcher]:
    """So many dispatchers of the desk, signed in, in turn at the two console processes."""
    numbers = [place.number(f"{n}") for n in range(100, 100 + count)]
    tokens = {number: new_token() for number in numbers}
    with whole.database.read() as session:
        password = rows(session, "dispatcher", number=place.number())[0].password

    def make(session: Session) -> None:
        accounts = [
            {"number": number, "role": "dispatcher", "desk": place.desk, "password": password, "totp_used": 0}
            for number in numbers
        ]
        session.connection().execute(insert(TABLES["dispatcher"]), accounts)
        for number, token in tokens.items():
            dispatchers.sign_in(session, number, token)

    writer = Writer(whole.database, lambda _events: None)
    writer.start()
    await writer.do(make, place.desk)
    writer.stop()
    return [
        people.also(await Dispatcher.on_duty(app, number, tokens[number]))
        for app, number in zip(itertools.cycle(whole.consoles), numbers, strict=False)
    ]
