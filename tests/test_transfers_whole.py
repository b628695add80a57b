"""Transfers on real processes: two desks on two console processes, the worker, the reporter's socket."""

import asyncio
import itertools
from collections import Counter
from collections.abc import Iterator

import httpx2
import pytest

from tests.people import Dispatcher, People, eventually
from tests.places import Place
from tests.stack import NEVER_S, Stack
from tests.test_races import crowd
from tests.truth import assert_whole, kinds_of
from tests.witness import change

pytestmark = pytest.mark.anyio

SOON_S = 30
MANY = 20


@pytest.fixture
def elsewhere(places_left: Iterator[Place]) -> Place:
    """Another county of the test's own."""
    return next(places_left)


async def press(dispatcher: Dispatcher, report: str, act: str, **form: str) -> httpx2.Response:
    return await dispatcher.http.post(
        f"/console/reports/{report}/{act}", headers={"x-csrf-token": dispatcher.csrf}, data=form
    )


async def _on_screen(at: Dispatcher, report: str, **attributes: str) -> None:
    await eventually(
        lambda: at.cards.get(report, {}).items() >= attributes.items(),
        SOON_S,
        f"{at.number} shows {attributes}",
    )


async def test_it_goes_over_to_the_other_desk_and_the_phone_is_told_nothing_but_the_desk(
    whole: Stack, place: Place, elsewhere: Place, people: People
) -> None:
    own = await people.dispatcher(whole.consoles[0], place.number())
    other = await people.dispatcher(whole.consoles[1], elsewhere.number())
    phone = await people.reporter(whole.citizens[0], place.location)
    await phone.listen()
    report = (await phone.filed("桥上有人打架"))["id"]
    assert (await own.accept(report)).status_code == 200
    await eventually(lambda: phone.status(report) == "received", SOON_S, "已接收")
    receipt = phone.reports[report]["receipt"]
    heard = len(phone.frames)
    asked = await press(own, report, "transfer", desk=elsewhere.desk, reason="现场在那边")
    assert asked.status_code == 200
    await _on_screen(other, report, status="received", desk=place.desk)
    assert "comes-at" in other.cards[report]
    await _on_screen(own, report, going=elsewhere.desk)
    # What happens meanwhile is on both desks' screens, a position too.
    seen = len(other.history)
    answer = await phone.http.post(f"/api/v1/reports/{report}/locations", json=elsewhere.location)
    assert answer.status_code == 204
    await eventually(lambda: len(other.history) > seen, SOON_S, "the other desk has the new position")
    assert (await press(other, report, "transfer-acceptance")).status_code == 200
    await _on_screen(own, report, status="left")
    await _on_screen(other, report, dispatcher=elsewhere.number(), desk=elsewhere.desk)
    await eventually(
        lambda: phone.reports[report]["desk"]["adcode"] == elsewhere.desk, SOON_S, "the phone knows the desk"
    )
    told = [frame["report"] for frame in phone.frames[heard:] if frame["type"] == "report"]
    assert {one["status"] for one in told} == {"received"}
    assert {one["receipt"] for one in told} == {receipt}
    assert {one["received"]["desk_adcode"] for one in told} == {place.desk}
    # The phone counts the screens of the desk that has it now.
    await eventually(lambda: phone.screens(report) == 1, SOON_S, "it is on the new desk's screen")
    # Both speak to the same session; the first desk no longer.
    assert (await other.answer(report, "我们接着处理")).status_code == 200
    await eventually(
        lambda: any("我们接着处理" in str(frame) for frame in phone.frames), SOON_S, "the phone hears it"
    )
    assert (await own.answer(report, "还在吗")).status_code == 404
    assert (await own.http.get(f"/console/reports/{report}")).status_code == 404
    await own.hang_up()
    await own.open_page()
    assert report not in [id_ for id_, card in own.cards.items() if card["status"] != "left"]
    assert_whole(whole.database, place.desk, elsewhere.desk)


async def test_of_many_who_take_it_over_at_once_one_has_it_and_the_others_are_told_who(
    whole: Stack, place: Place, elsewhere: Place, people: People
) -> None:
    own = await people.dispatcher(whole.consoles[0], place.number())
    several = await crowd(people, whole, elsewhere, MANY)
    phone = await people.reporter(whole.citizens[0], place.location)
    report = (await phone.filed())["id"]
    assert (await own.accept(report)).status_code == 200
    asked = await press(own, report, "transfer", desk=elsewhere.desk, reason="现场在那边")
    assert asked.status_code == 200
    # One in four returns it, and who asked takes it back in the same moment.
    acts = [
        press(who, report, "transfer-return", reason="不是")
        if n % 4 == 3
        else press(who, report, "transfer-acceptance")
        for n, who in enumerate(several)
    ]
    answers = await asyncio.gather(*acts, press(own, report, "transfer-recall"))
    assert Counter(answer.status_code for answer in answers) == {200: 1, 409: MANY}
    pressed = itertools.chain(several, [own])
    first = next(who for who, answer in zip(pressed, answers, strict=True) if answer.status_code == 200)
    for answer in answers:
        if answer.status_code == 409:
            assert first.number in answer.text, "told who was first"
    kinds = Counter(kinds_of(whole.database, report))
    ended = kinds["ReportTransferred"] + kinds["TransferReturned"] + kinds["TransferRecalled"]
    assert (ended, kinds["TransferEnded"]) == (1, 1)
    assert_whole(whole.database, place.desk, elsewhere.desk)


async def test_where_nobody_answers_the_worker_tells_their_leader_and_then_who_asked(
    whole: Stack, place: Place, elsewhere: Place, people: People
) -> None:
    desk = {"adcode": elsewhere.desk}
    change(whole, "desk", desk, tell_desk_s=1, tell_leader_s=2, tell_parent_s=3)
    try:
        own = await people.dispatcher(whole.consoles[0], place.number())
        leader = await people.dispatcher(whole.consoles[1], elsewhere.number("90"))
        phone = await people.reporter(whole.citizens[0], place.location)
        report = (await phone.filed())["id"]
        assert (await own.accept(report)).status_code == 200
        asked = await press(own, report, "transfer", desk=elsewhere.desk, reason="现场在那边")
        assert asked.status_code == 200
        # Their own times hold: the desk that asked has none.
        await _on_screen(leader, report, escalation="2")
        await eventually(
            lambda: "word-says" in own.cards[report], SOON_S, "who asked is told that nobody answers"
        )
        assert own.cards[report]["dispatcher"] == place.number(), "it is in hand all the while"
        assert own.cards[report]["word-for"] == place.number()
        assert (await press(leader, report, "transfer-acceptance")).status_code == 200
        kinds = Counter(kinds_of(whole.database, report))
        assert 2 <= kinds["TransferUnanswered"] <= 6, "each step once in either log"
    finally:
        change(whole, "desk", desk, tell_desk_s=NEVER_S, tell_leader_s=NEVER_S, tell_parent_s=NEVER_S)
    assert_whole(whole.database, place.desk, elsewhere.desk)
