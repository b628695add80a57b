"""The places of a report, told apart; how each is written; what lies around it."""

import math
from dataclasses import replace
from datetime import timedelta

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.degrees import decimal, sexagesimal, writings
from console.rendering import Rendering
from console.spots import around_in, described, dot_of, reporters, scene, spots_in
from dispatch.boundaries import boundaries_file, ensure
from dispatch.coordinates import LatLon, distance_m, from_wgs84
from dispatch.settings import CHECKOUT
from dispatch.states import Place, SceneState
from dispatch.surroundings import Surroundings
from dispatch.words import Words
from tests.test_console_rendering import AT, HOSTILE, PLACE, REPORT

WEST_LAKE = LatLon(30.25, 120.15)
SCENE = SceneState(2, 30.26, 120.16, 12, "gcj02", 30.2576, 120.1647, "33010602", AT)
PLAIN = replace(REPORT, trail=(), media=(), notes=())


@pytest.fixture(scope="module")
def surroundings() -> Surroundings:
    home = CHECKOUT / "var"
    ensure(boundaries_file(home), print)
    return Surroundings.load(boundaries_file(home))


# --- three things


def test_what_the_phone_says_is_the_reporter_and_what_somebody_points_at_is_the_described_place() -> None:
    pointed = replace(PLACE, lat=30.3, source="manual", at=AT + timedelta(minutes=1))
    newer = replace(PLACE, lat=30.27, at=AT + timedelta(minutes=2))
    report = replace(PLAIN, place_text="断桥", trail=(newer, pointed))
    own, told = reporters(report), described(report)
    assert own is not None
    assert told is not None
    assert own.place is not None
    assert told.place is not None
    assert (own.place.lat, own.source, own.at, own.n) == (30.27, "gnss", newer.at, 2)
    assert (told.place.lat, told.source, told.words) == (30.3, "manual", "断桥")


def test_a_place_in_words_or_an_area_has_no_point() -> None:
    words = described(replace(PLAIN, place_text="断桥边上"))
    area = described(replace(PLAIN, place=None, notes=("picked:330108",)))
    assert words is not None
    assert area is not None
    assert (words.place, words.words, words.area) == (None, "断桥边上", "")
    assert (area.place, area.area) == (None, "330108")
    assert described(PLAIN) is None


def test_of_a_tip_off_the_deeds_place_is_the_described_one_and_the_reporters_stays() -> None:
    deed = {"place_text": "码头三号库", "lat": 29.9, "lon": 122.1, "location": {"source": "photo"}}
    report = replace(PLAIN, kind="tip", deed=deed)
    told, own = described(report), reporters(report)
    assert told is not None
    assert own is not None
    assert (told.place, told.source, told.words) == (LatLon(29.9, 122.1), "photo", "码头三号库")
    assert own.place == LatLon(PLACE.lat, PLACE.lon)


def test_a_card_stands_at_the_scene_else_at_the_reporter_else_where_was_pointed() -> None:
    pointed = replace(PLACE, lat=30.3, source="photo")
    assert dot_of(replace(PLAIN, scene=SCENE)) == LatLon(SCENE.lat, SCENE.lon)
    assert dot_of(replace(PLAIN, trail=(pointed,))) == LatLon(PLACE.lat, PLACE.lon)
    assert dot_of(replace(PLAIN, place=pointed)) == LatLon(30.3, PLACE.lon)
    assert dot_of(replace(PLAIN, place=None)) is None


def test_what_the_map_draws_is_json_without_a_word_of_the_reporter() -> None:
    report = replace(PLAIN, place_text=HOSTILE, scene=SCENE, trail=(replace(PLACE, lat=30.27),))
    drawn = orjson.loads(spots_in(Words.of("zh-CN"), lambda _: None)(report).drawn)
    assert set(drawn) == {"report", "closed", "reporter", "described", "scene", "trail", "photos"}
    assert drawn["trail"] == [[30.25, 120.15], [30.27, 120.15]]
    assert (drawn["scene"]["lat"], drawn["scene"]["m"], drawn["scene"]["n"]) == (30.26, 12, 2)
    assert "script" not in str(drawn)


@pytest.mark.parametrize("language", ["zh-CN", "en"])
def test_without_boundaries_a_report_is_shown_all_the_same(language: str) -> None:
    rendering = Rendering()
    text = rendering.report(replace(REPORT, scene=SCENE), language)
    assert rendering.surroundings is None
    assert 'id="spot-scene"' in text
    assert 'class="spot-around"' not in text
    assert "30.260000, 120.160000" in text


# --- how a place is written


def test_a_place_is_written_in_each_system_as_decimals_and_degrees() -> None:
    found = {writing.key: writing.text for writing in writings(WEST_LAKE)}
    assert found["wgs84-decimal"] == "30.250000, 120.150000"
    assert found["wgs84-dms"] == "30°15′00.0″N 120°09′00.0″E"
    assert found["gcj02-decimal"] == decimal(from_wgs84(*WEST_LAKE, "gcj02"))
    assert found["bd09-dms"] == sexagesimal(from_wgs84(*WEST_LAKE, "bd09"))
    assert len(found) == 6


def test_in_the_system_that_it_came_in_it_is_written_as_it_came() -> None:
    spot = scene(SCENE)
    assert spot is not None
    found = {writing.key: writing.text for writing in spot.writings}
    assert found["gcj02-decimal"] == "30.257600, 120.164700"


@given(st.floats(-90, 90), st.floats(-180, 180))
def test_degrees_minutes_and_seconds_never_reach_sixty_and_mean_the_same_place(
    lat: float, lon: float
) -> None:
    text = sexagesimal(LatLon(lat, lon))
    for part, value in zip(text.split(), (lat, lon), strict=True):
        whole, rest = part.split("°")
        minutes, rest = rest.split("′")
        seconds, side = rest.split("″")
        assert (0 <= int(minutes) < 60, 0 <= float(seconds) < 60) == (True, True)
        meant = int(whole) + int(minutes) / 60 + float(seconds) / 3600
        assert abs(math.copysign(meant, -1 if side in "SW" else 1) - value) <= 0.5 / 36_000 + 1e-9


# --- what lies around


@pytest.mark.parametrize(
    ("here", "area", "neighbour"),
    [
        ((30.25, 120.12), "330106", "330102"),
        ((30.2500, 120.1563), "330102", "330106"),
        ((31.2304, 121.4737), "310000", None),
    ],
    ids=["in a county", "at a border", "in another province"],
)
def test_it_says_where_a_place_lies_and_which_neighbour_is_nearest(
    surroundings: Surroundings, here: tuple[float, float], area: str, neighbour: str | None
) -> None:
    found = surroundings.at(LatLon(*here))
    assert found is not None
    assert found.area == area
    assert found.border is not None
    assert neighbour is None or found.neighbour == neighbour
    assert (found.middle is None) == (not area.startswith("33"))


def test_the_way_to_the_border_leads_to_the_neighbour(surroundings: Surroundings) -> None:
    here = LatLon(30.25, 120.12)
    found = surroundings.at(here)
    assert found is not None
    assert found.border is not None
    metres, bearing = found.border.metres + 60, math.radians(found.border.bearing)
    there = LatLon(
        here.lat + metres * math.cos(bearing) / 110_850,
        here.lon + metres * math.sin(bearing) / (111_320 * math.cos(math.radians(here.lat))),
    )
    assert abs(distance_m(here, there) - metres) < 20
    over = surroundings.at(there)
    assert over is not None
    assert over.area == found.neighbour


def test_at_sea_and_far_away(surroundings: Surroundings) -> None:
    sea = surroundings.at(LatLon(30.0, 122.9))
    assert sea is not None
    assert (sea.area, sea.middle) == (None, None)
    assert around_in(Words.of("zh-CN"))(sea).startswith("海上；距")
    assert surroundings.at(LatLon(48.86, 2.29)) is None
    assert around_in(Words.of("zh-CN"))(None) == ""


def test_it_is_said_in_both_languages(surroundings: Surroundings) -> None:
    found = surroundings.at(LatLon(30.25, 120.12))
    assert around_in(Words.of("zh-CN"))(found) == "西湖区；在中心东北 6.5 公里；距上城区 3.0 公里，在东"
    said = around_in(Words.of("en"))(found)
    assert said.startswith(
        "Xihu District; 6.5 km northeast of its middle; Shangcheng District is 3.0 km to the east"
    )


def test_a_phone_that_came_in_another_system_is_drawn_where_it_truly_is() -> None:
    place = Place(30.25, 120.15, 20, "gnss", AT, "gcj02", 30.2476, 120.1547)
    drawn = orjson.loads(spots_in(Words.of("en"), lambda _: None)(replace(PLAIN, place=place)).drawn)
    assert (drawn["reporter"]["lat"], drawn["reporter"]["lon"]) == (30.25, 120.15)
