"""What reporters are told of units by every way of the protocol: what their desk lets be seen, and else received."""

from collections.abc import AsyncIterator
from typing import Any

import orjson
import pytest

from tests.people import Dispatcher, People, Reporter, eventually
from tests.stack import DESK, Stack
from tests.truth import assert_whole
from tests.unit_work import all_clear, send, to_the_scene, units_at
from tests.witness import unharmed

pytestmark = pytest.mark.anyio

TELLING = ("dispatched", "on_scene", "已派警", "已到场", "派警", "到场")


@pytest.fixture(autouse=True)
async def without_defects(stack: Stack) -> AsyncIterator[None]:
    async with unharmed(stack):
        yield


@pytest.fixture
async def dispatcher(stack: Stack) -> AsyncIterator[Dispatcher]:
    someone = await Dispatcher.signed_in(stack.consoles[0], f"{DESK}01")
    yield someone
    for report in {str(unit.out.report) for unit in units_at(stack.database) if unit.out}:
        await all_clear(someone, stack.database, report)
    await someone.leave()


async def received(
    people: People, stack: Stack, dispatcher: Dispatcher, **fields: Any
) -> tuple[Reporter, str]:
    """Somebody with an open page, whose report was accepted."""
    phone = people.also(await Reporter.signed_in(stack.citizens[0]))
    report = (await phone.filed("有人打架", **fields))["id"]
    await phone.listen()
    assert (await dispatcher.accept(report)).status_code == 200
    await eventually(lambda: phone.status(report) == "received", 10, "received")
    return phone, report


async def out_and_there(stack: Stack, dispatcher: Dispatcher, report: str) -> None:
    first, second = [unit for unit in units_at(stack.database) if unit.free][:2]
    assert (await send(dispatcher, report, first, second)).status_code == 200
    await to_the_scene(dispatcher, stack.database, report)


async def plain_page(phone: Reporter, path: str) -> str:
    """A page of the plain ones, with the session that the phone has."""
    cookie = {"cookie": f"desk110_session={phone.token}"}
    answer = await phone.http.get(path, headers={"authorization": "", **cookie})
    assert answer.status_code == 200, answer.text
    return answer.text.partition("<main")[2]


async def everywhere(phone: Reporter, report: str) -> dict[str, str]:
    """All that the reporter can read of it."""
    ways = {
        "report": f"/api/v1/reports/{report}",
        "list": "/api/v1/reports",
        "my data": "/api/v1/me/data",
    }
    found = {name: (await phone.http.get(path)).text for name, path in ways.items()}
    found["plain"] = await plain_page(phone, f"/plain/reports/{report}")
    found["plain list"] = await plain_page(phone, "/plain/reports")
    again = phone.at(phone.app)
    await again.listen()
    found["welcome"] = orjson.dumps(again.frames).decode()
    await again.leave()
    found["live"] = orjson.dumps(phone.frames).decode()
    return found


async def test_each_step_is_told_once_with_its_time_and_the_acceptance_stays(
    stack: Stack, people: People, dispatcher: Dispatcher
) -> None:
    phone, report = await received(people, stack, dispatcher)
    before = phone.reports[report]
    assert (before["dispatched_at"], before["on_scene_at"]) == (None, None)
    await out_and_there(stack, dispatcher, report)
    await eventually(lambda: phone.status(report) == "on_scene", 10, "on scene")
    now = phone.reports[report]
    assert now["status_label"] == "已到场"
    assert now["version"] == before["version"] + 2  # two steps, however many units
    assert now["received"] == before["received"]
    assert now["receipt"] == before["receipt"]
    assert before["received"]["at"] <= now["dispatched_at"] <= now["on_scene_at"]
    for name, told in (await everywhere(phone, report)).items():
        assert "到场" in told or "on_scene" in told, name
    units = units_at(stack.database)
    told = str(await everywhere(phone, report))
    assert not [unit.call_sign for unit in units if unit.call_sign in told]
    assert not [number for unit in units for number in unit.officers if f'"{number}"' in told]


@pytest.mark.parametrize("covert", [False, True], ids=["by the desk's setting", "covert"])
async def test_where_it_is_not_to_be_seen_every_way_goes_on_saying_received(
    stack: Stack, people: People, dispatcher: Dispatcher, covert: bool
) -> None:
    leader = people.also(await Dispatcher.signed_in(stack.consoles[0], f"{DESK}90"))

    async def let(**rule: str) -> None:
        answer = await leader.http.post(
            "/console/settings/told", headers={"x-csrf-token": leader.csrf}, data=rule
        )
        assert answer.status_code == 303

    await let(**({"show_units": "1"} if covert else {"show_units_covert": "1"}))
    phone, report = await received(people, stack, dispatcher, covert=covert)
    before = await everywhere(phone, report)
    frames = len(phone.frames)
    await out_and_there(stack, dispatcher, report)
    await eventually(lambda: _is_on_scene(stack, report), 10, "on scene")
    now = await everywhere(phone, report)
    for name in ("report", "list", "welcome", "plain list"):
        assert now[name] == before[name], name
    for name, told in now.items():
        assert not [word for word in TELLING if word in _but_names(told)], name
    assert len(phone.frames) == frames, "no frame comes of what is not told"
    # Nor by what else is said meanwhile.
    await dispatcher.answer(report, "请留在原地")
    await eventually(lambda: len(phone.frames) > frames, 10, "the message")
    assert phone.status(report) == "received"
    assert phone.reports[report]["dispatched_at"] is None
    await let(show_units="1")
    assert_whole(stack.database, DESK)


def _but_names(told: str) -> str:
    """Without the names of fields that stand there empty."""
    for name in ("dispatched_at", "on_scene_at"):
        told = told.replace(f'"{name}":null', "")
    return told


def _is_on_scene(stack: Stack, report: str) -> bool:
    return any(
        unit.out and str(unit.out.report) == report and unit.out.state == "on_scene"
        for unit in units_at(stack.database)
    )
