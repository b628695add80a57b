"""The desks that a report can be transferred to: which come first, and what each is found by."""

from dataclasses import replace

import pytest

from console.near_desks import AROUND, desks_for
from dispatch.boundaries import read
from dispatch.coordinates import LatLon
from dispatch.desks import DESKS, PROVINCE, SYLLABLE, Desk
from dispatch.settings import CHECKOUT
from dispatch.states import Place, SceneState
from dispatch.surroundings import Surroundings
from tests.places import places
from tests.test_console_rendering import AT, REPORT

ALL = frozenset(DESKS)
XIHU = Place(30.2500, 120.1200, 15, "gnss", AT, "wgs84", 30.25, 120.12)


@pytest.fixture(scope="module")
def surroundings() -> Surroundings:
    places()  # which sees to the boundaries
    return Surroundings(read(CHECKOUT / "var" / "boundaries.npz"))


def test_the_county_of_a_place_comes_first_and_then_those_around_it(surroundings: Surroundings) -> None:
    found = surroundings.counties(LatLon(30.25, 120.12))
    assert found[0] == "330106"
    assert set(found[1:4]) <= {"330102", "330105", "330108", "330110"}
    assert sorted(found) == sorted(desk for desk in DESKS if not desk.endswith("00"))
    assert surroundings.counties(LatLon(0.0, 0.0)) == []


def test_the_desks_around_the_place_come_first_and_ones_own_is_not_among_them(
    surroundings: Surroundings,
) -> None:
    found = desks_for(replace(REPORT, place=XIHU, trail=()), ALL, surroundings, "zh-CN")
    assert len(found) == len(DESKS) - 1
    assert "330106" not in {desk.adcode for desk in found}
    assert [desk.near for desk in found] == [True] * AROUND + [False] * (len(found) - AROUND)
    # The rest of the city comes next, then the province in the order of its codes.
    assert all(desk.adcode.startswith("3301") for desk in found[:12])


def test_a_scene_that_was_placed_decides_before_the_reporters_position(surroundings: Surroundings) -> None:
    scene = SceneState(1, 29.3, 120.07, 10, "wgs84", 29.3, 120.07, "33010601", AT)
    found = desks_for(replace(REPORT, place=XIHU, trail=(), scene=scene), ALL, surroundings, "zh-CN")
    assert found[0].adcode == "330782"
    assert found[0].name == "义乌市"


def test_an_area_that_was_picked_comes_first_where_there_is_no_position() -> None:
    report = replace(REPORT, place=None, trail=(), notes=("no_position", "picked:330302"))
    found = desks_for(report, ALL, None, "en")
    assert (found[0].adcode, found[0].name, found[0].near) == ("330302", "Lucheng District", True)
    assert [desk.near for desk in found[1:]] == [False] * (len(found) - 1)


def test_a_desk_that_takes_no_reports_by_internet_is_not_offered(surroundings: Surroundings) -> None:
    found = desks_for(REPORT, {"330102", "330106"}, surroundings, "zh-CN")
    assert [desk.adcode for desk in found] == ["330102"]


def test_the_province_transfers_too(surroundings: Surroundings) -> None:
    report = replace(REPORT, desk=PROVINCE, place=None, trail=(), notes=())
    assert len(desks_for(report, ALL, surroundings, "zh-CN")) == len(DESKS) - 1


def test_a_desk_is_found_by_its_code_its_names_and_its_initials() -> None:
    (yiwu,) = (desk for desk in desks_for(REPORT, {"330782"}, None, "zh-CN"))
    assert yiwu.found_by == "330782 义乌市 yw yiwu city"


@pytest.mark.parametrize("desk", DESKS.values(), ids=lambda desk: desk.adcode)
def test_every_desk_has_an_initial_for_each_sign_of_its_name(desk: Desk) -> None:
    signs = desk.name_zh.removesuffix("畲族自治县")
    assert len(desk.initials) == len(signs if signs != desk.name_zh else signs[:-1])
    name = desk.name_en.split()[0].lower()
    assert "".join(SYLLABLE.findall(name)) == name.replace("'", "")
