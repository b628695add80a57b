"""Which desk a place has, and how that desk stands: positions, circles over borders, and areas that were picked."""

import gzip
import json
from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID

import httpx2
import pytest
from sqlalchemy import select, update
from sqlmodel import Session

from dispatch.desks import COUNTIES, DESKS
from dispatch.models import TABLES
from tests.people import Dispatcher, People, Reporter, eventually
from tests.places import places
from tests.stack import XIHU, Stack
from tests.witness import assert_problem

pytestmark = pytest.mark.anyio

# In 西湖区, three kilometres from 上城区 and 拱墅区: with a circle of five kilometres it may be any of them.
NEAR_A_BORDER: dict[str, Any] = {"lat": 30.2600, "lon": 120.1400, "accuracy_m": 5000}
# In 嘉善县, a few kilometres from Shanghai.
NEAR_SHANGHAI: dict[str, Any] = {"lat": 30.9000, "lon": 120.9600, "accuracy_m": 9000}


@pytest.fixture(scope="module")
async def reporter(stack: Stack) -> AsyncIterator[Reporter]:
    someone = await Reporter.signed_in(stack.citizens[0], verified=True)
    yield someone
    await someone.leave()


async def nearest(reporter: Reporter, language: str = "zh-CN", **asked: Any) -> dict[str, Any]:
    answer = await reporter.http.get(
        "/api/v1/desks/nearest", params=asked, headers={"accept-language": language}
    )
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def notes(stack: Stack, report: dict[str, Any]) -> list[str]:
    """The notes for the dispatcher, as they are stored."""
    table = TABLES["report"]
    with Session(stack.database.writing) as session:
        rows = session.connection().execute(select(table.c.notes).where(table.c.number == report["number"]))
        found: list[str] = rows.scalar_one()
    return found


async def test_a_place_well_inside_a_county_is_that_county_alone(reporter: Reporter) -> None:
    found = await nearest(reporter, lat=XIHU["lat"], lon=XIHU["lon"], accuracy_m=20)
    assert found["area"] == {"adcode": "330106", "name": "西湖区"}
    assert (found["adcode"], found["others"], found["sea"]) == ("330106", [], False)


async def test_the_other_counties_in_the_circle_are_named_in_the_readers_language(reporter: Reporter) -> None:
    found = await nearest(reporter, **NEAR_A_BORDER)
    others = {other["adcode"]: other["name"] for other in found["others"]}
    assert others.keys() & {"330102", "330105"}
    assert all(name == DESKS[adcode].name_zh for adcode, name in others.items())
    english = await nearest(reporter, "en", **NEAR_A_BORDER)
    assert english["area"]["name"] == "Xihu District"
    assert [other["name"] for other in english["others"]] == [DESKS[adcode].name_en for adcode in others]


async def test_a_province_in_the_circle_is_named_too(reporter: Reporter) -> None:
    found = await nearest(reporter, **NEAR_SHANGHAI)
    assert found["area"]["adcode"] in COUNTIES
    assert {"adcode": "310000", "name": "上海市", "offered": False} in found["others"]


async def test_where_only_the_circle_is_ours_the_province_of_its_middle_comes_first(
    reporter: Reporter,
) -> None:
    found = await nearest(reporter, lat=30.96, lon=121.0, accuracy_m=9000)
    assert found["area"]["adcode"] == "330421"
    assert found["others"][0] == {"adcode": "310000", "name": "上海市", "offered": False}


async def test_the_desks_that_are_given_it_too_are_those_that_the_report_then_goes_to(
    stack: Stack, reporter: Reporter
) -> None:
    at_a_border: dict[str, Any] = {
        "lat": 30.2600,
        "lon": 120.1450,
        "accuracy_m": 800,
        "crs": "wgs84",
        "source": "network",
    }
    for step in range(40):  # east, until the circle crosses one border and no more
        at_a_border["lon"] = 120.13 + step * 0.001
        asked = {name: at_a_border[name] for name in ("lat", "lon", "accuracy_m")}
        others = (await nearest(reporter, **asked))["others"]
        if len(others) == 1:
            break
    assert [other["offered"] for other in others] == [True]
    filed = await reporter.filed(location=at_a_border)
    table = TABLES["offering"]
    with Session(stack.database.writing) as session:
        rows = session.connection().execute(select(table.c.desk).where(table.c.report == UUID(filed["id"])))
        assert [row.desk for row in rows] == [others[0]["adcode"]]


async def test_a_place_on_the_water_is_said_to_be_there(reporter: Reporter) -> None:
    found = await nearest(reporter, lat=30.70, lon=122.49)
    assert (found["area"]["adcode"], found["sea"]) == ("330922", True)


@pytest.mark.parametrize(("area", "desk"), [("330106", "330106"), ("330100", "330100"), ("330000", "330000")])
async def test_an_area_that_was_picked_has_a_desk_without_any_position(
    reporter: Reporter, area: str, desk: str
) -> None:
    found = await nearest(reporter, area=area)
    assert (found["adcode"], found["area"]["adcode"], found["others"]) == (desk, area, [])


@pytest.mark.parametrize("area", ["310104", "33010", "3301060", "西湖区", "", "330106'", "33０106"])
async def test_what_is_no_area_of_ours_is_refused(reporter: Reporter, area: str) -> None:
    answer = await reporter.http.get("/api/v1/desks/nearest", params={"area": area})
    assert assert_problem(answer, "field_invalid")["fields"] == ["area"]
    refused = await reporter.file(location=None, place_text="西湖区", area=area)
    assert assert_problem(refused, "field_invalid", call=True)["fields"] == ["area"]


@pytest.mark.parametrize("area", [330106, ["330106"], {"adcode": "330106"}, True, 33.0106])
async def test_an_area_that_is_no_text_is_refused(reporter: Reporter, area: Any) -> None:
    assert_problem(
        await reporter.file(location=None, place_text="西湖区", area=area), "field_invalid", call=True
    )


async def test_an_area_alone_is_no_place_to_go_to(reporter: Reporter) -> None:
    assert_problem(await reporter.file(location=None, area="330106"), "place_required", call=True)


async def test_the_area_that_was_picked_decides_whatever_the_words_name(
    stack: Stack, reporter: Reporter
) -> None:
    filed = await reporter.filed(location=None, place_text="上城区去西湖区的路上", area="330110")
    assert filed["desk"]["adcode"] == "330110"
    assert notes(stack, filed) == ["no_position", "picked:330110"]


async def test_a_county_of_an_old_list_counts_as_its_city(stack: Stack, reporter: Reporter) -> None:
    """下城区, 330103, was merged in 2021."""
    filed = await reporter.filed(location=None, place_text="下城区文晖街道", area="330103")
    assert filed["desk"]["adcode"] == "330100"
    filed = await reporter.filed(location=None, place_text="某地", area="339900")
    assert filed["desk"]["adcode"] == "330000"


async def test_between_the_counties_of_a_circle_the_one_that_was_picked_has_it(
    stack: Stack, reporter: Reporter
) -> None:
    here = {**NEAR_A_BORDER, "crs": "wgs84", "source": "network"}
    others = [other["adcode"] for other in (await nearest(reporter, **NEAR_A_BORDER))["others"]]
    found = await nearest(reporter, **NEAR_A_BORDER, area=others[0])
    assert found["area"]["adcode"] == others[0]
    assert "330106" in [other["adcode"] for other in found["others"]]
    filed = await reporter.filed(location=here, place_text=DESKS[others[0]].name_zh, area=others[0])
    assert filed["desk"]["adcode"] == others[0]
    assert {"county:330106", f"picked:{others[0]}"} <= set(notes(stack, filed))


async def test_an_exact_position_is_not_overruled_by_what_was_picked_but_the_desk_sees_both(
    stack: Stack, reporter: Reporter
) -> None:
    filed = await reporter.filed(place_text="余姚市", area="330281")
    assert filed["desk"]["adcode"] == "330106"
    assert "picked:330281" in notes(stack, filed)


async def test_every_county_that_can_be_picked_has_its_own_desk(reporter: Reporter) -> None:
    for place in places():
        assert (await nearest(reporter, area=place.desk))["adcode"] == place.desk


async def test_where_the_countys_desk_is_not_open_both_are_named(stack: Stack, reporter: Reporter) -> None:
    set_open(stack, "330182", False)
    try:

        async def above() -> bool:
            return bool((await nearest(reporter, area="330182"))["adcode"] == "330100")

        await eventually(above, 20, "the desk is known to be closed")
        found = await nearest(reporter, area="330182")
        assert found["area"] == {"adcode": "330182", "name": "建德市"}
        assert (found["name"], found["open"]) == ("杭州市110报警服务台", True)
    finally:
        set_open(stack, "330182", True)


def set_open(stack: Stack, adcode: str, open_: bool) -> None:
    desk = TABLES["desk"]
    with Session(stack.database.writing) as session:
        session.connection().execute(update(desk).where(desk.c.adcode == adcode).values(open=open_))
        session.commit()


async def test_the_desk_reads_what_was_picked_in_words(
    stack: Stack, reporter: Reporter, people: People
) -> None:
    dispatcher: Dispatcher = await people.dispatcher(stack.consoles[0], "33078101")
    filed = await reporter.filed(location=None, place_text="金华市兰溪市 桥头", area="330781")
    answer = await dispatcher.http.get(f"/console/reports/{filed['id']}")
    assert "报警人自己选的：兰溪市" in answer.text


async def test_the_outlines_of_the_counties_are_light_and_kept(stack: Stack) -> None:
    async with httpx2.AsyncClient(base_url=stack.citizens[0].url) as client:
        answer = await client.get("/counties.geojson")
        assert answer.status_code == 200
        assert answer.headers["content-encoding"] == "gzip"
        assert answer.headers["cache-control"] == "public, max-age=86400"
        counties = json.loads(answer.content)["features"]
        assert [county["properties"]["adcode"] for county in counties] == list(COUNTIES)
        assert counties[0]["properties"] == {
            "adcode": "330102",
            "name": "上城区",
            "name_en": "Shangcheng District",
        }
        assert len(gzip.compress(answer.content)) < 120_000
        plain = await client.get("/counties.geojson", headers={"accept-encoding": "identity"})
        assert (plain.content, plain.headers.get("content-encoding")) == (answer.content, None)
        again = await client.get("/counties.geojson", headers={"if-none-match": answer.headers["etag"]})
        assert (again.status_code, again.content) == (304, b"")
        assert (await client.post("/counties.geojson")).status_code == 405


@pytest.mark.parametrize(
    ("fields", "noted"),
    [
        ({"at": "2026-11-23T07:00:00Z"}, True),
        ({"at": "2026-11-23T09:59:00Z"}, False),
        ({"at": "2026-11-23T10:00:01Z"}, False),
        ({"at": None}, False),
        ({"at": "0001-01-01T00:00:00Z"}, False),
        # What somebody pointed at is no older for having been taken long ago.
        ({"at": "2026-11-23T07:00:00Z", "source": "photo"}, False),
    ],
)
async def test_a_position_that_was_old_when_the_report_was_written_is_noted_whatever_the_phones_clock(
    stack: Stack, reporter: Reporter, fields: dict[str, Any], noted: bool
) -> None:
    filed = await reporter.filed(location={**XIHU, **fields}, written_at="2026-11-23T10:00:00Z")
    assert ("position_old" in notes(stack, filed)) == noted
    unsaid = await reporter.filed(location={**XIHU, **fields}, written_at="soon")
    assert "position_old" not in notes(stack, unsaid)
