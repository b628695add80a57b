"""A flood at the desk by its own requests: what an act for all does, and what it leaves alone."""

import re
from collections.abc import Iterator

import pytest

from tests.people import Dispatcher, People, Reporter
from tests.places import Place
from tests.stack import Stack
from tests.test_hands import press
from tests.truth import assert_whole

pytestmark = pytest.mark.anyio

MANY = 5


@pytest.fixture
def place(places_left: Iterator[Place]) -> Place:
    """A county of the test's own."""
    return next(places_left)


async def flood(people: People, stack: Stack, place: Place) -> tuple[Reporter, list[str]]:
    """Somebody with a name, and so many reports of theirs."""
    app = stack.citizens[0]
    pest = people.also(await Reporter.signed_in(app, verified=True, location=place.location))
    return pest, [(await pest.filed(f"第 {n} 次"))["id"] for n in range(MANY)]


async def opened(dispatcher: Dispatcher, report: str) -> tuple[str, int]:
    """The list: until when it holds, and how many."""
    page = (await dispatcher.http.get(f"/console/reports/{report}/flood")).text
    until = re.search(r'data-until="([^"]+)"', page)
    count = re.search(r'data-count="(\d+)"', page)
    assert until, page
    assert count, page
    return until[1], int(count[1])


async def test_an_act_for_all_leaves_alone_what_came_later_what_a_colleague_has_and_what_became_grave(
    stack: Stack, people: People, place: Place
) -> None:
    first = people.also(await Dispatcher.signed_in(stack.consoles[0], place.number()))
    second = people.also(await Dispatcher.signed_in(stack.consoles[0], place.number("02")))
    pest, ids = await flood(people, stack, place)
    until, count = await opened(first, ids[0])
    assert count == MANY
    later = (await pest.filed("又一次"))["id"]
    assert (await second.accept(ids[1])).status_code == 200
    said = {"client_id": "m", "text": "他手里有刀"}
    assert (await pest.http.post(f"/api/v1/reports/{ids[2]}/messages", json=said)).status_code == 201
    answer = await press(first, ids[0], "flood-act", do="accept", until=until)
    assert answer.json() == {"said": f"已接收 {MANY - 2} 条。"}
    statuses = {id_: (await pest.report(id_))["received"] for id_ in [*ids, later]}
    assert [bool(statuses[id_]) for id_ in [*ids, later]] == [True, True, False, True, True, False]
    assert statuses[ids[1]]["dispatcher_number"] == place.number("02")
    assert statuses[ids[0]]["dispatcher_number"] == place.number()
    assert_whole(stack.database, place.desk)


async def test_closed_as_invalid_in_one_act_each_has_its_reason_and_all_count(
    stack: Stack, people: People, place: Place
) -> None:
    first = people.also(await Dispatcher.signed_in(stack.consoles[0], place.number()))
    pest, ids = await flood(people, stack, place)
    until, _ = await opened(first, ids[0])
    form = {"do": "close", "outcome": "invalid", "reason": "反复空报", "until": until}
    assert (await press(first, ids[0], "flood-act", **form)).json() == {"said": f"已办结 {MANY} 条。"}
    assert {(await pest.report(id_))["outcome"] for id_ in ids} == {"invalid"}
    assert all([(await pest.report(id_))["received"] for id_ in ids])
    assert_whole(stack.database, place.desk)


async def test_who_proposed_all_cannot_agree_and_takes_all_back(
    stack: Stack, people: People, place: Place
) -> None:
    first = people.also(await Dispatcher.signed_in(stack.consoles[0], place.number()))
    second = people.also(await Dispatcher.signed_in(stack.consoles[0], place.number("02")))
    pest, ids = await flood(people, stack, place)
    until, _ = await opened(first, ids[0])
    form = {"do": "propose", "outcome": "harassment", "reason": "接通就骂人", "until": until}
    assert (await press(first, ids[0], "flood-act", **form)).status_code == 200
    alone = await press(first, ids[0], "flood-act", do="confirm", until=until)
    assert alone.json()["said"].startswith("已同意并办结 0 条。")
    assert {(await pest.report(id_))["outcome"] for id_ in ids} == {None}
    refused = {"do": "refuse", "reason": "再听一遍", "until": until}
    assert (await press(second, ids[0], "flood-act", **refused)).json() == {
        "said": f"已答复不同意 {MANY} 条。"
    }
    assert (await press(first, ids[0], "flood-act", **form)).status_code == 200
    back = await press(first, ids[0], "flood-act", do="withdraw", until=until)
    assert back.json() == {"said": f"已收回 {MANY} 条提议。"}
    assert_whole(stack.database, place.desk)


async def test_the_desk_says_for_how_many_days_it_marks(stack: Stack, people: People, place: Place) -> None:
    leader = people.also(await Dispatcher.signed_in(stack.consoles[0], place.number("90")))
    headers = {"x-csrf-token": leader.csrf}
    for days, status in (("7", 303), ("8", 422), ("", 422)):
        answer = await leader.http.post("/console/settings/marks", headers=headers, data={"mark_days": days})
        assert answer.status_code == status
    pest, ids = await flood(people, stack, place)
    marked = await press(leader, ids[0], "mark", category="empty", reason="反复空报")
    assert marked.status_code == 200
    mark = (await pest.http.get("/api/v1/me/mark")).json()["mark"]
    since, until = mark["since"][:10], mark["until"][:10]
    assert since != until
    assert 'value="7" selected' in (await leader.http.get("/console/settings")).text
