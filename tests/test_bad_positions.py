"""Positions that are none, are elsewhere or are only words: over HTTP, where a reporter and a desk meet them."""

import json
import math
from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID, uuid4

import httpx2
import pytest
from sqlalchemy import Row, select, update
from sqlmodel import Session

from dispatch.coordinates import Crs, from_wgs84
from dispatch.models import TABLES
from tests.people import Reporter, eventually
from tests.stack import XIHU, Stack
from tests.witness import assert_problem, nothing_written, unharmed

pytestmark = pytest.mark.anyio

CALL_AT_SEA = ["tel:95110", "tel:12395"]


@pytest.fixture(scope="module")
async def reporter(stack: Stack) -> AsyncIterator[Reporter]:
    someone = await Reporter.signed_in(stack.citizens[0], verified=True)
    yield someone
    await someone.leave()


@pytest.fixture(autouse=True)
async def taken_again(stack: Stack, reporter: Reporter) -> AsyncIterator[None]:
    async with unharmed(stack):
        yield
        assert (await reporter.file()).status_code == 201


def stored(stack: Stack, report: dict[str, Any]) -> Row[Any]:
    """The report's row."""
    table = TABLES["report"]
    with stack.database.read() as session:
        return session.connection().execute(select(table).where(table.c.id == UUID(report["id"]))).one()


async def file(reporter: Reporter, **fields: Any) -> httpx2.Response:
    """POST a report by its JSON as JavaScript and Python alike can write it: NaN and Infinity are literals."""
    body = json.dumps({"kind": "quick", "text": "救命", **fields}).encode()
    headers = {"content-type": "application/json", "idempotency-key": str(uuid4())}
    return await reporter.http.post("/api/v1/reports", content=body, headers=headers)


NOWHERE: dict[str, dict[str, Any]] = {
    "null island": {"lat": 0, "lon": 0},
    "null island from below": {"lat": -0.0, "lon": -0.0},
    "null island in BD-09": {"lat": 0, "lon": 0, "crs": "bd09"},
    "no number": {"lat": math.nan, "lon": 120.12},
    "infinite": {"lat": 30.25, "lon": -math.inf},
    "too far north": {"lat": 90.000001, "lon": 120.12},
    "too far south": {"lat": -91, "lon": 120.12},
    "too far east": {"lat": 30.25, "lon": 180.5},
    "swapped": {"lat": 120.12, "lon": 30.25},
    "microdegrees": {"lat": 30_250_000, "lon": 120_120_000},
}


@pytest.mark.parametrize("position", NOWHERE.values(), ids=NOWHERE.keys())
async def test_numbers_that_are_no_place_are_refused(
    stack: Stack, reporter: Reporter, position: dict[str, Any]
) -> None:
    with nothing_written(stack):
        answer = await file(reporter, location=position)
        assert_problem(answer, "position_invalid", call=True)


@pytest.mark.parametrize(
    ("where", "where_en", "lat", "lon"),
    [
        ("上海市", "Shanghai", 31.2304, 121.4737),
        ("江苏省", "Jiangsu", 31.2990, 120.5853),
        ("安徽省", "Anhui", 29.7147, 118.3376),
        ("福建省", "Fujian", 26.6657, 119.5479),
        ("江西省", "Jiangxi", 28.4549, 117.9434),
    ],
)
@pytest.mark.parametrize("crs", ["wgs84", "gcj02", "bd09"])
async def test_each_neighbour_is_named_and_its_own_110_is_to_be_called(
    stack: Stack, reporter: Reporter, where: str, where_en: str, lat: float, lon: float, crs: Crs
) -> None:
    came = from_wgs84(lat, lon, crs)
    location = {"lat": came.lat, "lon": came.lon, "crs": crs, "accuracy_m": 50}
    with nothing_written(stack):
        problem = assert_problem(await file(reporter, location=location), "outside_jurisdiction", call=True)
        assert (problem["kind"], problem["where"]) == ("land", where)
        query = f"lat={came.lat}&lon={came.lon}&crs={crs}&accuracy_m=50"
        nearest = await reporter.http.get(f"/api/v1/desks/nearest?{query}", headers={"accept-language": "en"})
        problem = assert_problem(nearest, "outside_jurisdiction", call=True, language="en", status=404)
        assert problem["where"] == where_en


@pytest.mark.parametrize(("lat", "lon"), [(28.0, 123.5), (30.0, 124.0)])
async def test_far_out_at_sea_coast_guard_and_rescue_are_to_be_called(
    stack: Stack, reporter: Reporter, lat: float, lon: float
) -> None:
    with nothing_written(stack):
        answer = await file(reporter, location={"lat": lat, "lon": lon})
    assert answer.status_code == 422
    assert (
        answer.json().items() >= {"code": "outside_jurisdiction", "kind": "sea", "call": CALL_AT_SEA}.items()
    )


@pytest.mark.parametrize(("lat", "lon"), [(35.68, 139.69), (40.71, -74.0), (-90, 0), (89.9, 180)])
async def test_abroad_is_outside_like_anywhere_else(
    stack: Stack, reporter: Reporter, lat: float, lon: float
) -> None:
    with nothing_written(stack):
        answer = await file(reporter, location={"lat": lat, "lon": lon})
        assert_problem(answer, "outside_jurisdiction", call=True)


async def test_doubt_never_refuses(stack: Stack, reporter: Reporter) -> None:
    shanghai = {"lat": 31.2304, "lon": 121.4737, "accuracy_m": 120_000}
    report = stored(stack, (await file(reporter, location=shanghai)).json())
    assert "outside_but_accuracy_reaches" in report.notes
    assert report.desk.startswith("33")


@pytest.mark.parametrize("crs", ["wgs84", "gcj02", "bd09"])
async def test_a_position_is_kept_as_it_came_beside_what_was_made_of_it(
    stack: Stack, reporter: Reporter, crs: Crs
) -> None:
    came = from_wgs84(30.25, 120.12, crs)
    answer = await file(reporter, location={**XIHU, "lat": came.lat, "lon": came.lon, "crs": crs})
    report = stored(stack, answer.json())
    assert (report.lat, report.lon) == pytest.approx((30.25, 120.12), abs=1e-8)
    assert (report.came_lat, report.came_lon, report.crs) == (came.lat, came.lon, crs)
    assert (report.desk, report.accuracy_m, report.position_source) == ("330106", 15, "gnss")


@pytest.mark.parametrize(
    ("accuracy", "kept"),
    [(-1, None), (-0.0, 0), (math.nan, None), (-math.inf, None), (1e308, 20_037_508), (math.inf, 20_037_508)],
)
async def test_an_accuracy_that_makes_no_sense_is_none_and_none_is_wider_than_the_earth(
    stack: Stack, reporter: Reporter, accuracy: float, kept: float | None
) -> None:
    answer = await file(reporter, location={**XIHU, "accuracy_m": accuracy})
    report = stored(stack, answer.json())
    assert (report.desk, report.accuracy_m) == ("330106", kept)
    trail = await reporter.http.post(
        f"/api/v1/reports/{report.id}/locations",
        content=json.dumps({**XIHU, "accuracy_m": accuracy}),
        headers={"content-type": "application/json"},
    )
    assert trail.status_code == 204, trail.text


@pytest.mark.parametrize(
    ("words", "desk"),
    [
        ("西湖区灵隐路 18 号门口", "330106"),
        ("浙江省金华市义乌市国际商贸城", "330782"),
        ("I am in yiwu city", "330782"),
        ("宁波市火车站", "330200"),
        ("家门口", "330000"),
        ("上海市人民广场", "330000"),
        ("\u202e西湖区\u0000", "330106"),
    ],
)
async def test_a_place_in_words_goes_to_the_desk_that_they_name_or_to_the_province(
    stack: Stack, reporter: Reporter, words: str, desk: str
) -> None:
    answer = await file(reporter, place_text=words)
    assert answer.status_code == 201
    assert answer.json()["desk"]["adcode"] == desk
    report = stored(stack, answer.json())
    assert (report.lat, report.crs) == (None, None)
    assert "no_position" in report.notes


@pytest.mark.parametrize(
    "beside", [{}, {"lat": 0, "lon": 0}, {"lat": None, "lon": "?"}, {"lat": 31.23, "lon": 121.47}]
)
async def test_source_none_is_no_position_whatever_stands_beside_it(
    stack: Stack, reporter: Reporter, beside: dict[str, Any]
) -> None:
    none = {"source": "none", **beside}
    answer = await file(reporter, location=none, place_text="西湖区")
    assert answer.json()["desk"]["adcode"] == "330106"
    assert stored(stack, answer.json()).lat is None
    with nothing_written(stack):
        assert_problem(await file(reporter, location=none), "place_required", call=True)


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("", "field_invalid"),
        ("lat=30.25", "field_invalid"),
        ("lat=30.25&lon=120.12&crs=epsg:4490", "field_invalid"),
        ("lat=30.25&lon=east", "position_invalid"),
        ("lat=nan&lon=120.12", "position_invalid"),
        ("lat=1e999&lon=120.12", "position_invalid"),
        ("lat=0&lon=0", "position_invalid"),
        ("lat=91&lon=0", "position_invalid"),
        ("lat=30.25&lon=120.12&accuracy_m=near", "position_invalid"),
        ("lat=%00&lon=%ff", "position_invalid"),
    ],
)
async def test_the_nearest_desk_to_nowhere_is_refused_alike(
    reporter: Reporter, query: str, code: str
) -> None:
    assert_problem(await reporter.http.get(f"/api/v1/desks/nearest?{query}"), code)


async def test_where_no_desk_is_open_nothing_is_taken_and_110_is_to_be_called(
    stack: Stack, reporter: Reporter
) -> None:
    set_open(stack, False)
    try:

        async def closed() -> bool:
            return (await reporter.http.get("/api/v1/desks/nearest?lat=30.25&lon=120.12")).status_code == 503

        await eventually(closed, 20, "the desks are known to be closed")
        with nothing_written(stack):
            assert_problem(await file(reporter, location=XIHU), "no_desk_open", call=True)
            assert_problem(await file(reporter, place_text="西湖区"), "no_desk_open", call=True)
    finally:
        set_open(stack, True)
    await eventually(lambda: is_open(reporter), 20, "the desks are known to be open")


async def is_open(reporter: Reporter) -> bool:
    return (await reporter.http.get("/api/v1/desks/nearest?lat=30.25&lon=120.12")).status_code == 200


def set_open(stack: Stack, open_: bool) -> None:
    """Open or close the desks over 西湖区, as an administrator would."""
    desk = TABLES["desk"]
    with Session(stack.database.writing) as session:
        session.connection().execute(
            update(desk).where(desk.c.adcode.in_(["330106", "330100", "330000"])).values(open=open_)
        )
        session.commit()
