"""A report that two desks see, on real processes: near a border, and escalated to the desk above by the worker."""

import asyncio
from collections.abc import Iterator

import pytest

from tests.people import Dispatcher, People, Reporter, eventually
from tests.places import Place
from tests.stack import NEVER_S, Stack
from tests.truth import kinds_of
from tests.witness import change

pytestmark = pytest.mark.anyio

SOON_S = 15
# Between 上城区 and 西湖区; a circle of 400 m reaches both.
BORDER = {"lat": 30.25, "lon": 120.155, "crs": "wgs84", "accuracy_m": 400, "source": "gnss"}
OWN, NEIGHBOUR = "330102", "330106"


async def _on_screen(dispatcher: Dispatcher, report: str, status: str) -> None:
    await eventually(
        lambda: dispatcher.status(report) == status, SOON_S, f"{dispatcher.number} shows it as {status}"
    )


async def test_near_a_border_the_first_of_two_desks_has_it_and_the_others_card_leaves(
    whole: Stack, people: People
) -> None:
    own = await people.dispatcher(whole.consoles[0], f"{OWN}01")
    neighbour = await people.dispatcher(whole.consoles[1], f"{NEIGHBOUR}01")
    phone = await people.reporter(whole.citizens[0], BORDER)
    await phone.listen()
    report = (await phone.filed("桥上有人要跳"))["id"]
    for dispatcher in (own, neighbour):
        await _on_screen(dispatcher, report, "filed")
        assert dispatcher.cards[report]["desk"] == OWN
        assert "西湖区" in dispatcher.words[report]
    assert (await neighbour.accept(report)).status_code == 200
    await _on_screen(own, report, "left")
    await eventually(lambda: phone.status(report) == "received", SOON_S, "已接收")
    told = phone.reports[report]
    assert (told["desk"]["adcode"], told["received"]["desk_adcode"]) == (NEIGHBOUR, NEIGHBOUR)
    assert told["received"]["dispatcher_number"] == f"{NEIGHBOUR}01"

    late = await own.accept(report)
    assert late.status_code == 409
    assert f"{NEIGHBOUR}01" in late.text
    assert 'data-status="left"' in late.text
    hand = await own.http.get(f"/console/reports/{report}")
    assert hand.status_code == 404, "another desk's report is nobody's business here"
    answered = await neighbour.answer(report, "不要动，我们来了")
    assert answered.status_code == 200
    await own.hang_up()
    await own.open_page()
    assert own.cards[report]["status"] == "left", "a page opened anew has it no more"


async def test_what_left_while_a_console_was_away_is_gone_when_it_is_back(
    whole: Stack, people: People
) -> None:
    own = await people.dispatcher(whole.consoles[0], f"{OWN}02")
    neighbour = await people.dispatcher(whole.consoles[1], f"{NEIGHBOUR}02")
    phone = await people.reporter(whole.citizens[0], BORDER)
    report = (await phone.filed("河边"))["id"]
    for dispatcher in (own, neighbour):
        await _on_screen(dispatcher, report, "filed")
    await neighbour.hang_up()
    assert (await own.accept(report)).status_code == 200
    await neighbour.watch()
    await _on_screen(neighbour, report, "left")


@pytest.fixture
def hasty(whole: Stack, place: Place) -> Iterator[Place]:
    """A desk that is told after one second, its leader after two, the desk above after three."""
    change(whole, "desk", {"adcode": place.desk}, tell_desk_s=1, tell_leader_s=2, tell_parent_s=3)
    yield place
    change(
        whole,
        "desk",
        {"adcode": place.desk},
        tell_desk_s=NEVER_S,
        tell_leader_s=NEVER_S,
        tell_parent_s=NEVER_S,
    )


@pytest.fixture
async def phone(whole: Stack, people: People, hasty: Place) -> Reporter:
    found = await people.reporter(whole.citizens[1], hasty.location)
    await found.listen()
    return found


def _step(phone: Reporter, report: str) -> int:
    step: int = phone.reports.get(report, {}).get("escalation", 0)
    return step


def _above(place: Place) -> str:
    return f"{place.desk[:4]}00"


async def test_what_nobody_accepts_goes_up_step_by_step_and_the_reporter_is_told_each_time(
    whole: Stack, people: People, hasty: Place, phone: Reporter
) -> None:
    own = await people.dispatcher(whole.consoles[0], hasty.number())
    above = await people.dispatcher(whole.consoles[1], f"{_above(hasty)}01")
    report = (await phone.filed())["id"]
    await eventually(lambda: _step(phone, report) == 3, SOON_S, "the desk above has it too")
    steps = [
        frame["report"]["escalation"] for frame in phone.frames if frame.get("report", {}).get("id") == report
    ]
    assert sorted(set(steps) - {0}) == [1, 2, 3]
    await _on_screen(above, report, "filed")
    await eventually(
        lambda: own.cards[report].get("escalation") == "3", SOON_S, "the own desk's card says so"
    )
    assert (await above.accept(report)).status_code == 200
    await _on_screen(own, report, "left")
    await eventually(lambda: phone.status(report) == "received", SOON_S, "已接收")


async def test_a_worker_that_dies_between_two_steps_takes_the_next_when_it_is_back_and_none_twice(
    whole: Stack, hasty: Place, phone: Reporter
) -> None:
    report = (await phone.filed())["id"]
    worker = whole.worker
    assert worker is not None
    await eventually(lambda: _step(phone, report) == 1, SOON_S, "the first step")
    worker.kill()
    await asyncio.sleep(3)
    assert _step(phone, report) <= 2
    worker.launch()
    await asyncio.to_thread(worker.wait)
    await eventually(lambda: _step(phone, report) == 3, SOON_S, "the step that is due")
    kinds = kinds_of(whole.database, report)
    assert kinds.count("ReportEscalated") <= 3
    assert kinds.count("ReportOffered") == 1
