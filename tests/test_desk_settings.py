"""The desk's settings page: its times, who may change them, and what the log says of it."""

import re
from collections.abc import AsyncIterator, Iterator, Mapping
from dataclasses import asdict, replace
from types import MappingProxyType
from typing import Any

import httpx2
import pytest
from sqlalchemy import select

from dispatch.desk_times import Times, times_of, written
from dispatch.models import TABLES
from tests.people import Dispatcher, People
from tests.places import Place
from tests.stack import Stack
from tests.witness import assert_problem, nothing_written, unharmed

pytestmark = pytest.mark.anyio

USUAL = Times(15, 30, 60, 15, 20, 60, 60, 600)


@pytest.fixture(autouse=True)
async def without_defects(stack: Stack) -> AsyncIterator[None]:
    async with unharmed(stack):
        yield


@pytest.fixture
def desk(places_left: Iterator[Place]) -> str:
    """A desk of the test's own."""
    return next(places_left).desk


@pytest.fixture
async def leader(stack: Stack, desk: str) -> AsyncIterator[Dispatcher]:
    someone = await Dispatcher.signed_in(stack.consoles[0], f"{desk}90")
    yield someone
    await someone.leave()


@pytest.fixture
async def dispatcher(stack: Stack, desk: str) -> AsyncIterator[Dispatcher]:
    someone = await Dispatcher.signed_in(stack.consoles[0], f"{desk}01")
    yield someone
    await someone.leave()


async def save(
    who: Dispatcher, times: Times, seen: Times | None = None, typed: Mapping[str, str] = MappingProxyType({})
) -> httpx2.Response:
    form = {name: str(value) for name, value in asdict(times).items()} | dict(typed)
    if seen is not None:
        form["seen"] = written(seen)
    return await who.http.post("/console/settings/times", headers={"x-csrf-token": who.csrf}, data=form)


def holds(stack: Stack, desk: str) -> Times:
    with stack.database.read() as session:
        return times_of(session, desk)


def settings_events(stack: Stack, desk: str) -> list[dict[str, Any]]:
    event = TABLES["event"]
    chosen = select(event.c.data, event.c.actor).where(event.c.desk == desk, event.c.kind == "DeskSet")
    with stack.database.read() as session:
        return [{"actor": row.actor, **row.data} for row in session.connection().execute(chosen)]


async def test_the_shift_leader_sets_the_times_and_the_log_has_old_and_new(
    stack: Stack, desk: str, leader: Dispatcher
) -> None:
    assert holds(stack, desk) == USUAL
    answer = await save(leader, replace(USUAL, tell_leader_s=40, again_idle_s=0), seen=USUAL)
    assert (answer.status_code, answer.headers["location"]) == (303, "/console/settings?saved=times#times")
    assert holds(stack, desk) == replace(USUAL, tell_leader_s=40, again_idle_s=0)
    changed = {"tell_leader_s": [30, 40], "again_idle_s": [600, 0]}
    assert settings_events(stack, desk) == [{"actor": f"dispatcher:{leader.number}", "set": changed}]
    page = (await leader.http.get("/console/settings?saved=times")).text
    assert "已保存" in page
    assert 'value="40"' in page


async def test_what_is_saved_as_it_was_changes_nothing(stack: Stack, desk: str, leader: Dispatcher) -> None:
    await save(leader, USUAL)
    with nothing_written(stack):
        assert (await save(leader, USUAL, seen=USUAL)).status_code == 303


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ({"tell_leader_s": "15"}, "要比前一步（15 秒）晚"),
        ({"late_3_s": "20"}, "要比前一步（20 秒）晚"),
        ({"tell_desk_s": "1"}, "不能少于 5 秒"),
        ({"tell_parent_s": "86400"}, "不能超过 900 秒"),
        ({"again_idle_s": "5"}, "不能少于 60 秒"),
        ({"late_1_s": ""}, "请填一个整数"),
        ({"late_1_s": "-15"}, "请填一个整数"),
        ({"late_1_s": "１５"}, "请填一个整数"),
        ({"late_1_s": "15.5"}, "请填一个整数"),
        ({"late_1_s": "9" * 400}, "请填一个整数"),
        ({"late_1_s": "<script>alert(1)</script>"}, "请填一个整数"),
    ],
)
async def test_what_makes_no_sense_comes_back_with_a_sentence_and_what_was_typed(
    stack: Stack, desk: str, leader: Dispatcher, typed: dict[str, str], sentence: str
) -> None:
    before = holds(stack, desk)
    with nothing_written(stack):
        answer = await save(leader, USUAL, typed=typed)
    assert answer.status_code == 422
    assert sentence in answer.text
    assert answer.text.count("aria-invalid") == 1
    assert "<script>alert" not in answer.text
    typed_value = next(iter(typed.values()))
    if "<" not in typed_value:
        assert f'value="{typed_value}"' in answer.text
    assert holds(stack, desk) == before


async def test_nobody_overwrites_numbers_that_they_have_not_seen(
    stack: Stack, desk: str, leader: Dispatcher
) -> None:
    await save(leader, USUAL)
    await save(leader, replace(USUAL, late_3_s=90), seen=USUAL)
    with nothing_written(stack):
        answer = await save(leader, replace(USUAL, late_3_s=45), seen=USUAL)
    assert answer.status_code == 422
    assert "刚才有人改过" in answer.text
    assert "现在是 90 秒" in answer.text
    assert holds(stack, desk).late_3_s == 90


async def test_a_dispatcher_may_look_and_not_change(
    stack: Stack, desk: str, dispatcher: Dispatcher, leader: Dispatcher
) -> None:
    page = (await dispatcher.http.get("/console/settings")).text
    assert "只有值班长可以修改" in page
    assert "<fieldset disabled>" in page
    assert 'type="submit"' not in page
    assert 'type="submit"' in (await leader.http.get("/console/settings")).text
    with nothing_written(stack):
        assert_problem(await save(dispatcher, USUAL), "role_refused")


@pytest.mark.parametrize("number", ["auditor", "admin"])
async def test_who_has_no_desk_has_no_settings(stack: Stack, number: str, people: People) -> None:
    app = stack.consoles[0]
    someone = people.also(
        Dispatcher(app, number, httpx2.AsyncClient(base_url=app.url, headers={"origin": app.url}))
    )
    await someone.sign_in()
    page = await someone.http.get("/console/settings")
    assert page.status_code == 403
    someone.csrf = re.findall(r'name="csrf_token" value="([^"]+)"', page.text)[0]
    with nothing_written(stack):
        assert_problem(await save(someone, USUAL), "role_refused")


async def test_a_foreign_page_changes_nothing(stack: Stack, leader: Dispatcher) -> None:
    form = {name: str(value) for name, value in asdict(USUAL).items()}
    with nothing_written(stack):
        assert_problem(await leader.http.post("/console/settings/times", data=form), "csrf_refused")
        foreign = {"origin": "https://elsewhere.example", "x-csrf-token": leader.csrf}
        answer = await leader.http.post("/console/settings/times", data=form, headers=foreign)
        assert_problem(answer, "origin_refused")
        answer = await leader.http.post(
            "/console/settings/nothing", data=form, headers={"x-csrf-token": leader.csrf}
        )
        assert_problem(answer, "not_found")


async def test_nobody_is_sent_to_the_door(stack: Stack) -> None:
    async with httpx2.AsyncClient(base_url=stack.consoles[0].url) as http:
        answer = await http.get("/console/settings")
        assert (answer.status_code, answer.headers["location"]) == (303, "/console/sign-in")
        assert_problem(await http.post("/console/settings/times"), "sign_in_required")
