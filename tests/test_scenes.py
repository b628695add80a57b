"""The scene: where a dispatcher put it. The newest counts for everybody at the desk, none is overwritten, and nothing
of it changes what the reporter is sent or where the reporter is."""

from contextlib import closing
from datetime import timedelta
from typing import Any
from uuid import UUID

import httpx2
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import update
from sqlmodel import Session

from console.scenes import checked_spot
from dispatch import scenes
from dispatch.clock import now
from dispatch.coordinates import LatLon, distance_m, from_wgs84
from dispatch.database import Database
from dispatch.errors import Refused
from dispatch.events import OFFERED_CHANGED, SCENE_PLACED
from dispatch.models import TABLES
from dispatch.offering import offer
from dispatch.reading import state
from dispatch.scenes import Spot
from dispatch.writer import Writer
from tests.domain import DESK, OTHER_DESK, add_reporter, done, file, filing, writing
from tests.people import Dispatcher, People, Reporter, eventually
from tests.places import Place
from tests.stack import Stack
from tests.truth import assert_whole, kinds_of, log_of, rows
from tests.witness import assert_problem, change, nothing_written

pytestmark = pytest.mark.anyio

HERE = Spot(30.25, 120.12, "wgs84", 20)
SOON_S = 20


def filed(writer: Writer) -> UUID:
    """A report of `DESK`."""
    return done(writer, file(filing(done(writer, add_reporter)))).id


def placed(report: UUID, client_id: str, spot: Spot = HERE, desk: str = DESK, number: str = "01") -> Any:
    """The command that places its scene."""
    return lambda session: scenes.place(session, report, desk, f"{desk}{number}", client_id, spot)


# --- the domain


def test_each_placing_is_a_row_and_the_newest_counts_whatever_its_clock_says(database: Database) -> None:
    with writing(database) as writer:
        report = filed(writer)
        for n in range(1, 4):
            done(writer, placed(report, str(n), Spot(30.25, 120 + n / 100, "wgs84", None)))
    change_clock(database, report)
    with database.read() as session:
        found = state(session, report)
        assert [row.n for row in rows(session, "scene", report=report)] == [1, 2, 3]
    assert found is not None
    assert found.scene is not None
    assert (found.scene.n, found.scene.lon) == (3, 120.03)
    assert found.version == 1, "nothing that the reporter sees has changed"
    assert_whole(database, DESK)


def change_clock(database: Database, report: UUID) -> None:
    """The first is stamped by a process whose clock is ahead."""
    table = TABLES["scene"]
    with Session(database.writing) as session:
        first = (table.c.report == report) & (table.c.n == 1)
        session.connection().execute(update(table).where(first).values(at=now() + timedelta(hours=1)))
        session.commit()


@pytest.mark.parametrize("turn", range(3))
def test_two_who_place_it_at_once_take_turns_and_both_stand(database: Database, turn: int) -> None:
    """Two processes on one database."""
    with (
        writing(database) as one,
        closing(Database(database.url)) as elsewhere,
        writing(elsewhere) as other,
    ):
        report = filed(one)
        both = [
            writer.submit(placed(report, f"{writer is one}{n}", number=number), (DESK,))
            for n in range(5)
            for writer, number in ((one, "01"), (other, "02"))
        ]
        for each in both:
            each.result(60)
    with database.read() as session:
        found = sorted(row.n for row in rows(session, "scene", report=report))
        kept = state(session, report)
    assert found == list(range(1, 11))
    assert kept is not None
    assert kept.scene is not None
    assert kept.scene.n == 10
    assert_whole(database, DESK)


def test_sent_twice_is_once(database: Database) -> None:
    with writing(database) as writer:
        report = filed(writer)
        for _ in range(2):
            done(writer, placed(report, "a"))
        done(writer, placed(report, "b"))
        done(writer, placed(report, "a"))
    with database.read() as session:
        assert [row.client_id for row in rows(session, "scene", report=report)] == ["a", "b"]
    assert kinds_of(database, str(report)).count(SCENE_PLACED) == 2


def test_what_came_is_kept_with_its_system_and_the_place_made_from_it(database: Database) -> None:
    shifted = from_wgs84(30.25, 120.12, "bd09")
    with writing(database) as writer:
        report = filed(writer)
        done(writer, placed(report, "a", Spot(shifted.lat, shifted.lon, "bd09", 7)))
    with database.read() as session:
        row = rows(session, "scene", report=report)[0]
    assert (row.came_lat, row.came_lon, row.crs, row.accuracy_m) == (shifted.lat, shifted.lon, "bd09", 7)
    assert distance_m(LatLon(row.lat, row.lon), LatLon(30.25, 120.12)) < 0.01


def test_a_desk_that_is_offered_the_report_places_it_too_and_the_other_is_told(database: Database) -> None:
    with writing(database) as writer:
        report = filed(writer)
        with pytest.raises(Refused, match="report_unknown"):
            done(writer, placed(report, "a", desk=OTHER_DESK))
        done(writer, lambda session: offer(session, report, DESK, [OTHER_DESK], "border"))
        done(writer, placed(report, "a", desk=OTHER_DESK))
    own = [event for event in log_of(database, DESK) if event.report == report]
    theirs = [event.kind for event in log_of(database, OTHER_DESK) if event.report == report]
    assert (own[-1].kind, own[-1].actor, own[-1].reporter) == (
        SCENE_PLACED,
        f"dispatcher:{OTHER_DESK}01",
        None,
    )
    assert theirs[-1] == OFFERED_CHANGED
    assert set(own[-1].data) == {"scene", "n"}, "an event holds no place"


@pytest.mark.parametrize(
    "spot",
    [
        Spot(48.8584, 2.2945, "wgs84", None),
        Spot(120.12, 30.25, "wgs84", None),
        Spot(0.0, 0.0, "wgs84", None),
        Spot(30.25, 190.0, "gcj02", None),
        Spot(-30.25, 120.12, "bd09", None),
    ],
    ids=["abroad", "swapped", "empty", "beyond the Earth", "south"],
)
def test_what_is_no_place_in_china_is_refused(database: Database, spot: Spot) -> None:
    with writing(database) as writer:
        report = filed(writer)
        with pytest.raises(Refused, match="position_invalid"):
            done(writer, placed(report, "a", spot))
    with database.read() as session:
        assert rows(session, "scene") == []


# --- a form


@settings(suppress_health_check=[HealthCheck.too_slow])
@given(st.dictionaries(st.sampled_from(["lat", "lon", "crs", "accuracy_m"]), st.text(max_size=30)))
def test_whatever_a_form_says_it_is_a_place_or_a_refusal(form: dict[str, str]) -> None:
    try:
        spot = checked_spot(form)
    except Refused as refused:
        spot = None
        code = refused.code
    assert spot is not None or code == "field_invalid"


# --- over the wire


async def place(dispatcher: Dispatcher, report: str, client_id: str = "a", **form: str) -> httpx2.Response:
    """Place the scene."""
    return await dispatcher.http.post(
        f"/console/reports/{report}/scene",
        headers={"x-csrf-token": dispatcher.csrf},
        data={"client_id": client_id, "lat": "30.25", "lon": "120.12", "crs": "wgs84", **form},
    )


def at(dispatcher: Dispatcher, report: str) -> str:
    """Where this console's card has the report."""
    return dispatcher.cards.get(report, {}).get("place", "")


async def test_all_of_the_desk_see_it_at_once_and_the_reporter_nothing_of_it(
    whole: Stack, people: People, place_of: Place
) -> None:
    here, there = [
        await people.dispatcher(console, place_of.number(suffix))
        for console, suffix in zip(whole.consoles, ("01", "02"), strict=True)
    ]
    phone = await people.reporter(whole.citizens[0], place_of.location)
    await phone.listen()
    report = (await phone.filed("桥上有人要跳"))["id"]
    await eventually(lambda: at(here, report) and at(there, report), SOON_S, "the card has its place")
    before = await told(phone, report)
    answer = await place(here, report, lat="30.250001", lon="120.120001", accuracy_m="12")
    assert answer.status_code == 200, answer.text
    assert f"接警员 {here.number} 标定 · ±12 米" in answer.text
    for dispatcher in (here, there):
        await eventually(
            lambda seen=dispatcher: at(seen, report) == "30.250001 120.120001", SOON_S, "the scene is seen"
        )
    assert (await place(there, report, "b", lat="30.26")).status_code == 200
    for dispatcher in (here, there):
        await eventually(
            lambda seen=dispatcher: at(seen, report) == "30.260000 120.120000", SOON_S, "the newest counts"
        )
    hand = (await here.http.get(f"/console/reports/{report}")).text
    assert f"接警员 {there.number} 标定 · 第 2 次" in hand
    assert f"{place_of.location['lat']:.6f}, {place_of.location['lon']:.6f}" in hand, "the reporter stays"
    assert await told(phone, report) == before
    with whole.database.read() as session:
        row = rows(session, "report", id=UUID(report))[0]
    assert (row.lat, row.lon) == (place_of.location["lat"], place_of.location["lon"])
    # 已接收 comes after all of it: had the phone been told of the scene, that came before.
    assert (await here.accept(report)).status_code == 200
    await eventually(lambda: phone.status(report) == "received", SOON_S, "已接收")
    versions = [frame["report"]["version"] for frame in phone.frames if frame["type"] == "report"]
    assert set(versions) <= {1, 2}
    assert "'scene'" not in str(phone.frames)
    assert_whole(whole.database, place_of.desk)


async def told(phone: Reporter, report: str) -> dict[str, Any]:
    """What the reporter is sent, but for how many screens show it just now."""
    answer: dict[str, Any] = (await phone.http.get(f"/api/v1/reports/{report}")).json()
    return {name: value for name, value in answer.items() if name != "screens"}


@pytest.fixture
def place_of(place: Place) -> Place:
    """A county of the test's own, by a name that the act has not."""
    return place


BAD: list[tuple[dict[str, str], str]] = [
    ({"lat": "NaN"}, "field_invalid"),
    ({"lon": "inf"}, "field_invalid"),
    ({"lat": ""}, "field_invalid"),
    ({"lat": "三十"}, "field_invalid"),
    ({"lat": "３０.2"}, "field_invalid"),
    ({"lat": "1e400"}, "field_invalid"),
    ({"lat": "30,25"}, "field_invalid"),
    ({"crs": "epsg:4326"}, "field_invalid"),
    ({"crs": ""}, "field_invalid"),
    ({"accuracy_m": "-1"}, "field_invalid"),
    ({"accuracy_m": "nan"}, "field_invalid"),
    ({"client_id": ""}, "field_invalid"),
    ({"client_id": "x" * 65}, "field_invalid"),
    ({"lat": "91"}, "position_invalid"),
    ({"lat": "0", "lon": "0"}, "position_invalid"),
    ({"lat": "35.68", "lon": "139.76"}, "position_invalid"),
]


async def test_bad_input_is_refused_in_words_and_changes_nothing(stack: Stack, people: People) -> None:
    phone = await people.reporter(stack.citizens[0])
    report = (await phone.filed("x"))["id"]
    dispatcher = people.also(await Dispatcher.signed_in(stack.consoles[0]))
    with nothing_written(stack):
        for form, code in BAD:
            fields = {"client_id": "a", **form}
            answer = await place(dispatcher, report, **fields)
            problem = assert_problem(answer, code)
            if code == "field_invalid":
                assert problem["fields"] == list(form), form
    change(stack, "report", {"id": UUID(report)}, status="closed")
    with nothing_written(stack):
        assert_problem(await place(dispatcher, report), "report_closed")


async def test_the_outlines_are_for_those_who_have_signed_in(stack: Stack, people: People) -> None:
    async with httpx2.AsyncClient(base_url=stack.consoles[0].url) as nobody:
        assert_problem(await nobody.get("/console/counties.geojson"), "sign_in_required")
    dispatcher = people.also(await Dispatcher.signed_in(stack.consoles[0]))
    answer = await dispatcher.http.get("/console/counties.geojson")
    assert answer.headers["content-type"] == "application/geo+json"
    features = answer.json()["features"]
    assert len(features) == 90
    assert {"adcode", "name", "name_en"} == set(features[0]["properties"])
