"""The console's routes of units: what makes no sense is refused, and the shift leader's lists."""

import re
from collections.abc import AsyncIterator

import pytest

from tests.people import Dispatcher, People, Reporter
from tests.stack import DESK, Stack
from tests.test_rights import NOBODYS, door
from tests.unit_work import act, all_clear, send, sendings_of, to_the_scene, units_at
from tests.witness import assert_problem, nothing_written, unharmed

pytestmark = pytest.mark.anyio

NEXT_DOOR = "330108"
FIRST = "the first unit's"


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


@pytest.fixture
async def leader(stack: Stack) -> AsyncIterator[Dispatcher]:
    someone = await Dispatcher.signed_in(stack.consoles[0], f"{DESK}90")
    yield someone
    await someone.leave()


@pytest.fixture
async def report(stack: Stack, people: People, dispatcher: Dispatcher) -> str:
    """One that the dispatcher has accepted."""
    phone = people.also(await Reporter.signed_in(stack.citizens[0]))
    id_: str = (await phone.filed())["id"]
    assert (await dispatcher.accept(id_)).status_code == 200
    return id_


@pytest.mark.parametrize(
    ("route", "form", "code"),
    [
        ("sendings", {}, "field_invalid"),
        ("sendings", {"units": " "}, "field_invalid"),
        ("sendings", {"units": " ".join([NOBODYS] * 21)}, "field_invalid"),
        ("sendings", {"units": "西湖101"}, "unit_unknown"),
        ("sendings", {"units": NOBODYS}, "unit_unknown"),
        ("arrivals", {}, "field_invalid"),
        ("arrivals", {"sending": "x"}, "sending_unknown"),
        ("arrivals", {"sending": NOBODYS}, "sending_unknown"),
        ("clearings", {"sendings": NOBODYS}, "field_invalid"),
        ("clearings", {"sendings": NOBODYS, "reason": " \n "}, "field_invalid"),
        ("clearings", {"sendings": NOBODYS, "reason": "长" * 201}, "text_too_long"),
        ("clearings", {"sendings": NOBODYS, "reason": "已调解"}, "sending_unknown"),
    ],
)
async def test_what_makes_no_sense_is_refused_and_changes_nothing(
    stack: Stack, dispatcher: Dispatcher, report: str, route: str, form: dict[str, str], code: str
) -> None:
    with nothing_written(stack):
        assert_problem(await act(dispatcher, report, route, **form), code)


async def test_a_desk_sends_its_own_units_alone(stack: Stack, dispatcher: Dispatcher, report: str) -> None:
    theirs = units_at(stack.database, NEXT_DOOR)[0]
    with nothing_written(stack):
        assert_problem(await send(dispatcher, report, theirs), "unit_unknown")
    list_ = (await dispatcher.http.get(f"/console/reports/{report}/units")).text
    assert theirs.call_sign not in list_
    assert all(unit.call_sign in list_ for unit in units_at(stack.database))


async def test_the_map_is_told_of_ones_own_units_with_their_state_in_words(
    stack: Stack, dispatcher: Dispatcher, report: str
) -> None:
    first = units_at(stack.database)[0]
    await send(dispatcher, report, first)
    answer = await dispatcher.http.get("/console/units", headers={"accept-language": "en"})
    assert answer.headers["cache-control"] == "no-store"
    told = {unit["call_sign"]: unit for unit in answer.json()["units"]}
    assert set(told) == {unit.call_sign for unit in units_at(stack.database)}
    assert (told[first.call_sign]["state"], told[first.call_sign]["words"]) == ("dispatched", "dispatched")


@pytest.mark.parametrize("number", ["auditor", "admin"])
async def test_who_has_no_desk_has_no_units(stack: Stack, number: str) -> None:
    someone = await door(stack.consoles[0], number)
    assert_problem(await someone.http.get("/console/units"), "role_refused")
    await someone.leave()


async def test_nobody_is_told_where_units_are_without_signing_in(
    stack: Stack, dispatcher: Dispatcher
) -> None:
    dispatcher.http.cookies.clear()
    assert_problem(await dispatcher.http.get("/console/units"), "sign_in_required")


async def test_a_report_is_closed_once_those_who_are_named_are_clear(
    stack: Stack, dispatcher: Dispatcher, report: str
) -> None:
    first, second = units_at(stack.database)[:2]
    await send(dispatcher, report, first, second)
    problem = assert_problem(await act(dispatcher, report, "closing", outcome="handled"), "units_out")
    assert problem["units"] == [first.call_sign, second.call_sign]
    assert first.call_sign in problem["detail"]
    await to_the_scene(dispatcher, stack.database, report)
    await all_clear(dispatcher, stack.database, report)
    assert (await act(dispatcher, report, "closing", outcome="handled")).status_code == 200


async def test_what_a_unit_reports_back_is_shown_at_the_desk_and_stands_in_no_log(
    stack: Stack, dispatcher: Dispatcher, report: str
) -> None:
    await send(dispatcher, report, units_at(stack.database)[0])
    (sending,) = sendings_of(stack.database, report)
    words = "<b>当事人</b>已送医"
    answer = await act(dispatcher, report, "clearings", sendings=sending.id, reason=words)
    assert "&lt;b&gt;当事人" in answer.text
    assert words not in answer.text
    assert "当事人" not in "".join(app.log.read_text(encoding="utf-8") for app in stack.apps)


# --- the shift leader's lists


async def setting(who: Dispatcher, section: str, **form: str) -> str:
    """A form of the settings page: the answer's status, and the page if it came again."""
    headers = {"x-csrf-token": who.csrf}
    answer = await who.http.post(f"/console/settings/{section}", headers=headers, data=form)
    return f"{answer.status_code} {answer.text}"


async def test_the_shift_leader_adds_a_unit_and_it_can_be_sent_at_once(
    stack: Stack, leader: Dispatcher, dispatcher: Dispatcher, report: str
) -> None:
    assert (await setting(leader, "units", do="add", call_sign="  骑警 7 ", kind="foot")).startswith("303")
    (unit,) = [each for each in units_at(stack.database) if each.call_sign == "骑警 7"]
    list_ = (await dispatcher.http.get(f"/console/reports/{report}/units")).text
    assert re.search(rf'data-unit="{unit.id}".*?位置不明', list_, re.DOTALL)
    given = {"id": str(unit.id)}
    place = await setting(leader, "units", do="place", place="３０．２５００，120.1200", crs="wgs84", **given)
    assert place.startswith("303")
    assert (await setting(leader, "officers", do="add", number="０６１２３４", unit=str(unit.id))).startswith(
        "303"
    )
    (unit,) = [each for each in units_at(stack.database) if each.id == unit.id]
    assert unit.known is not None
    assert tuple(unit.known.place) == (30.25, 120.12)
    assert unit.officers == ("061234",)
    list_ = (await dispatcher.http.get(f"/console/reports/{report}/units")).text
    # Where it is wanted is where it stands.
    assert re.search(rf'data-unit="{unit.id}".*?class="unit-way">0 米<', list_, re.DOTALL)
    assert (await setting(leader, "units", do="off", **given)).startswith("303")
    answer = await send(dispatcher, report, unit)
    assert answer.status_code == 409
    assert "骑警 7 已停用" in answer.text
    assert (await setting(leader, "units", do="on", **given)).startswith("303")
    assert (await send(dispatcher, report, unit)).status_code == 200
    page = await setting(leader, "units", do="remove", **given)
    assert page.startswith("422")
    assert "还在外面" in page
    await all_clear(dispatcher, stack.database, report)
    assert (await setting(leader, "units", do="remove", **given)).startswith("303")


@pytest.mark.parametrize(
    ("section", "form", "said"),
    [
        ("units", {"do": "add", "call_sign": "", "kind": "car"}, "请填写呼号"),
        ("units", {"do": "add", "call_sign": "长" * 17, "kind": "car"}, "最多 16 个字"),
        ("units", {"do": "add", "call_sign": "测", "kind": "tank"}, "请选择"),
        ("units", {"do": "add", "call_sign": "西湖101", "kind": "car"}, "已有同名的警力"),
        ("units", {"do": "off", "id": NOBODYS}, "已经不在"),
        ("units", {"do": "off", "id": "x"}, "已经不在"),
        ("units", {"do": "place", "id": FIRST, "place": "这里", "crs": "wgs84"}, "请填纬度和经度"),
        ("units", {"do": "place", "id": FIRST, "place": "30, 120", "crs": "mars"}, "请填纬度和经度"),
        ("units", {"do": "place", "id": FIRST, "place": "51.5, 0.1", "crs": "wgs84"}, "请填纬度和经度"),
        ("units", {"do": "place", "id": FIRST, "place": "99, 120", "crs": "wgs84"}, "请填纬度和经度"),
        ("officers", {"do": "add", "number": "张三"}, "请填警号"),
        ("officers", {"do": "add", "number": "010601"}, "已经登记"),
        ("officers", {"do": "add", "number": "069999", "unit": NOBODYS}, "已经不在"),
        ("officers", {"do": "assign", "id": NOBODYS, "unit": ""}, "已经不在"),
        ("officers", {"do": "remove", "id": NOBODYS}, "已经不在"),
    ],
)
async def test_what_cannot_be_taken_comes_again_with_what_was_typed_and_why(
    stack: Stack, leader: Dispatcher, section: str, form: dict[str, str], said: str
) -> None:
    if form.get("id") == FIRST:
        form = {**form, "id": str(units_at(stack.database)[0].id)}
    with nothing_written(stack):
        page = await setting(leader, section, **form)
    assert page.startswith("422")
    assert said in page


@pytest.mark.parametrize("section", ["units", "officers", "told"])
async def test_only_the_shift_leader_changes_them_and_everybody_of_the_desk_looks(
    stack: Stack, dispatcher: Dispatcher, section: str
) -> None:
    headers = {"x-csrf-token": dispatcher.csrf}
    form = {"do": "add", "call_sign": "测", "kind": "car", "number": "061111"}
    with nothing_written(stack):
        answer = await dispatcher.http.post(f"/console/settings/{section}", headers=headers, data=form)
        assert_problem(answer, "role_refused")
    page = (await dispatcher.http.get("/console/settings")).text
    assert "西湖101" in page
    assert 'name="call_sign"' not in page
