"""Which desk a position belongs to: real places, borders to the metre, the sea, circles, and closed desks."""

import math
import random
import threading
import time
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import shapely  # type: ignore[import-untyped]  # shapely carries no types
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from dispatch.boundaries import Boundaries, boundaries_file, ensure, read
from dispatch.boundary_sources import NEIGHBOURS
from dispatch.coordinates import SYSTEMS, Crs, LatLon, Plane, PositionInvalid, distance_m, from_wgs84
from dispatch.desks import CITIES, COUNTIES, DESKS, PROVINCE
from dispatch.jurisdiction import (
    OTHERS_AT_MOST,
    SEA_REACH_M,
    Jurisdiction,
    NoDeskOpen,
    OutsideJurisdiction,
    city_of,
    first_open,
    level,
    parent_of,
)

CHECKOUT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="session")
def real() -> Boundaries:
    """The real boundaries, built once into the checkout's ignored folder."""
    path = boundaries_file(CHECKOUT / "var")
    ensure(path, print)
    return read(path)


@pytest.fixture(scope="session")
def zhejiang(real: Boundaries) -> Jurisdiction:
    return Jurisdiction(real)


@pytest.fixture(scope="session")
def land(real: Boundaries) -> shapely.MultiPolygon:
    """All of Zhejiang on the plane, in metres."""
    whole = shapely.union_all(shapely.transform(list(real.counties.values()), Plane.metres))
    shapely.prepare(whole)
    return whole


# Counties with outer islands or open coast, from north to south.
COAST = ("330922", "330921", "330903", "330225", "331002", "331081", "331083", "330305", "330326", "330327")

PLACES = [
    ("西湖 West Lake", 30.2430, 120.1450, "330106"),
    ("杭州东站 Hangzhou East station", 30.2907, 120.2130, "330102"),
    ("绍兴鲁迅故里 Lu Xun's home, Shaoxing", 29.9950, 120.5850, "330602"),
    ("丽水站 Lishui station", 28.4570, 119.9300, "331102"),
    ("义乌 Yiwu", 29.3050, 120.0750, "330782"),
    ("千岛湖 Thousand Island Lake", 29.6050, 119.0200, "330127"),
    ("景宁 Jingning", 27.9730, 119.6350, "331127"),
    ("龙港, a county only since 2019", 27.5780, 120.5530, "330383"),
    ("宁波栎社机场 Ningbo airport", 29.8260, 121.4610, "330203"),
    ("温州龙湾机场 Wenzhou airport", 27.9120, 120.8520, "330303"),
    ("钱塘江口 mouth of the Qiantang, on the water", 30.3300, 120.7200, "330481"),
    ("嘉兴港乍浦 Zhapu harbour", 30.6000, 121.0900, "330482"),
    ("洋山港 Yangshan, at the end of a bridge from Shanghai", 30.6200, 122.0700, "330922"),
    ("嵊山 Shengshan", 30.7270, 122.8230, "330922"),
    ("花鸟岛 Huaniao", 30.8560, 122.6750, "330922"),
    ("普陀山 Mount Putuo", 30.0070, 122.3880, "330903"),
    ("东福山, the easternmost people", 30.1390, 122.7650, "330903"),
    ("浪岗 Langgang islets", 30.4300, 122.9300, "330921"),
    ("渔山列岛 Yushan islets", 28.8850, 122.2620, "330225"),
    ("大陈岛 Dachen", 28.4500, 121.9000, "331002"),
    ("南麂 Nanji", 27.4660, 121.0600, "330326"),
]

NEIGHBOURING_TOWNS = [
    ("枫泾 Fengjing", 30.893, 121.013, "上海市"),
    ("金山卫 Jinshanwei", 30.720, 121.320, "上海市"),
    ("盛泽 Shengze", 30.905, 120.655, "江苏省"),
    ("太湖 Lake Tai, on the water", 31.200, 120.150, "江苏省"),
    ("广德 Guangde", 30.893, 119.420, "安徽省"),
    ("歙县 Shexian", 29.860, 118.430, "安徽省"),
    ("玉山 Yushan", 28.680, 118.245, "江西省"),
    ("浦城 Pucheng", 27.917, 118.536, "福建省"),
    ("福鼎 Fuding", 27.325, 120.216, "福建省"),
    ("武汉 Wuhan", 30.600, 114.300, "湖北省"),
    ("台北 Taipei", 25.040, 121.560, "台湾省"),
]


@pytest.mark.parametrize(("name", "lat", "lon", "county"), PLACES, ids=[place[0] for place in PLACES])
@pytest.mark.parametrize("crs", SYSTEMS)
def test_a_real_place_has_its_county_in_whatever_system_it_comes(
    zhejiang: Jurisdiction, name: str, lat: float, lon: float, county: str, crs: Crs
) -> None:
    came = from_wgs84(lat, lon, crs)
    placed = zhejiang.place(*came, 20, crs)
    assert (placed.county, placed.desk, placed.distance_m) == (county, county, 0), name
    assert (placed.crs, placed.came_lat, placed.came_lon, placed.accuracy_m) == (crs, *came, 20)
    assert distance_m(LatLon(placed.lat, placed.lon), LatLon(lat, lon)) < 0.001


@pytest.mark.parametrize(("name", "lat", "lon", "where"), NEIGHBOURING_TOWNS)
def test_a_town_on_the_other_side_is_told_to_call_110_there(
    zhejiang: Jurisdiction, name: str, lat: float, lon: float, where: str
) -> None:
    with pytest.raises(OutsideJurisdiction) as refused:
        zhejiang.place(lat, lon, 20)
    assert refused.value.code == "outside_jurisdiction"
    values = refused.value.values
    assert (values["kind"], values["where"]) == ("land", where), name
    assert values["calls"] == ["tel:110", "sms:12110"]


def test_random_points_inside_every_county_map_to_it_in_all_three_systems(
    zhejiang: Jurisdiction, real: Boundaries
) -> None:
    rng = random.Random(110)
    for county, area in real.counties.items():
        for lat, lon in _inside(area, 10, rng):
            for crs in SYSTEMS:
                assert zhejiang.place(*from_wgs84(lat, lon, crs), None, crs).county == county


def _inside(area: shapely.MultiPolygon, count: int, rng: random.Random) -> list[tuple[float, float]]:
    """Points in an area, at least about 1 m from its border: closer, the last digit of a conversion decides."""
    west, south, east, north = area.bounds
    safe = area.buffer(-1e-5)
    found: list[tuple[float, float]] = []
    while len(found) < count:
        point = shapely.Point(rng.uniform(west, east), rng.uniform(south, north))
        if safe.contains(point):
            found.append((point.y, point.x))
    return found


Found = tuple[float, float, float]  # latitude, longitude, metres


def _scattered(
    vertices: NDArray[np.float64], within_m: float, seed: int
) -> tuple[NDArray[np.float64], NDArray[np.object_]]:
    """Positions strewn about some vertices: as degrees (longitude, latitude), and as points on the plane."""
    rng = np.random.default_rng(seed)
    degrees = rng.choice(vertices, 1_500) + rng.uniform(-1, 1, (1_500, 2)) * within_m / 100_000
    return degrees, shapely.points(Plane.metres(degrees))


def _picked(
    degrees: NDArray[np.float64], metres: NDArray[np.float64], low: float, high: float
) -> list[Found]:
    """Those whose distance is right: at least 10, at most 60."""
    right = (metres >= low) & (metres <= high)
    found = [
        (lat, lon, m) for (lon, lat), m in zip(degrees[right].tolist(), metres[right].tolist(), strict=True)
    ]
    assert len(found) >= 10
    return found[:60]


def _border(real: Boundaries, neighbour: str) -> NDArray[np.float64]:
    """The vertices that a neighbour and our counties share."""
    ours = {tuple(xy) for xy in shapely.get_coordinates(list(real.counties.values())).tolist()}
    theirs = shapely.get_coordinates(real.elsewhere[neighbour]).tolist()
    return np.array([xy for xy in theirs if tuple(xy) in ours])


def _over_the_border(
    real: Boundaries, land: shapely.MultiPolygon, neighbour: str, low: float, high: float
) -> list[Found]:
    """Positions on a neighbour's land, so far from ours."""
    degrees, points = _scattered(_border(real, neighbour), high * 1.5, 1)
    theirs = shapely.transform(real.elsewhere[neighbour], Plane.metres)
    shapely.prepare(theirs)
    there = shapely.contains(theirs, points)
    return _picked(degrees[there], shapely.distance(land, points[there]), low, high)


def _before_the_border(
    real: Boundaries, land: shapely.MultiPolygon, neighbour: str, low: float, high: float
) -> list[Found]:
    """Positions on our land, so far from a neighbour's."""
    degrees, points = _scattered(_border(real, neighbour), high * 1.5, 2)
    theirs = shapely.transform(real.elsewhere[neighbour], Plane.metres)
    shapely.prepare(theirs)
    here = shapely.contains(land, points)
    return _picked(degrees[here], shapely.distance(theirs, points[here]), low, high)


def _at_sea(real: Boundaries, land: shapely.MultiPolygon, low: float, high: float) -> list[Found]:
    """Positions on nobody's land, so far from ours, along the whole coast."""
    vertices = shapely.get_coordinates([real.counties[county] for county in COAST])
    degrees, points = _scattered(vertices, high * 1.5, 3)
    wet = ~shapely.intersects(land, points)
    for area in real.elsewhere.values():
        wet &= ~shapely.intersects(shapely.transform(area, Plane.metres), points)
    return _picked(degrees[wet], shapely.distance(land, points[wet]), low, high)


@pytest.mark.parametrize("neighbour", NEIGHBOURS)
def test_half_a_kilometre_over_the_border_is_outside_and_half_a_kilometre_before_it_is_ours(
    zhejiang: Jurisdiction, real: Boundaries, land: shapely.MultiPolygon, neighbour: str
) -> None:
    for lat, lon, _ in _over_the_border(real, land, neighbour, 450, 550):
        for crs in SYSTEMS:
            with pytest.raises(OutsideJurisdiction) as refused:
                zhejiang.place(*from_wgs84(lat, lon, crs), 400, crs)
            assert refused.value.values["kind"] == "land"
            assert refused.value.values["where"] == NEIGHBOURS[neighbour][0]
    for lat, lon, _ in _before_the_border(real, land, neighbour, 450, 550):
        for crs in SYSTEMS:
            placed = zhejiang.place(*from_wgs84(lat, lon, crs), 400, crs)
            assert placed.distance_m == 0
            assert neighbour not in placed.beyond


@pytest.mark.parametrize("neighbour", NEIGHBOURS)
def test_the_border_is_right_to_the_metre(
    zhejiang: Jurisdiction, real: Boundaries, land: shapely.MultiPolygon, neighbour: str
) -> None:
    for lat, lon, _ in _over_the_border(real, land, neighbour, 1, 10):
        with pytest.raises(OutsideJurisdiction):
            zhejiang.place(lat, lon)
    for lat, lon, _ in _before_the_border(real, land, neighbour, 1, 10):
        assert zhejiang.place(lat, lon).notes == ()


@pytest.mark.parametrize("neighbour", NEIGHBOURS)
def test_a_circle_that_reaches_into_zhejiang_is_taken_and_one_a_little_smaller_is_not(
    zhejiang: Jurisdiction, real: Boundaries, land: shapely.MultiPolygon, neighbour: str
) -> None:
    for lat, lon, metres in _over_the_border(real, land, neighbour, 100, 3_000):
        with pytest.raises(OutsideJurisdiction):
            zhejiang.place(lat, lon, metres - 0.1)
        placed = zhejiang.place(lat, lon, metres + 0.1)
        assert "outside_but_accuracy_reaches" in placed.notes
        assert "sea" not in placed.notes
        assert placed.land == neighbour
        assert placed.distance_m == pytest.approx(metres)


@pytest.mark.parametrize("neighbour", NEIGHBOURS)
def test_a_circle_that_reaches_a_neighbour_from_our_side_is_ours_and_says_so(
    zhejiang: Jurisdiction, real: Boundaries, land: shapely.MultiPolygon, neighbour: str
) -> None:
    for lat, lon, metres in _before_the_border(real, land, neighbour, 100, 3_000):
        placed = zhejiang.place(lat, lon, metres + 0.1)
        assert placed.distance_m == 0
        assert neighbour in placed.beyond
        assert "accuracy_reaches_neighbour" in placed.notes
        assert "outside_but_accuracy_reaches" not in placed.notes


def test_three_kilometres_out_the_nearest_county_takes_it_from_any_part_of_the_coast(
    zhejiang: Jurisdiction, real: Boundaries, land: shapely.MultiPolygon
) -> None:
    counties = dict(
        zip(real.counties, shapely.transform(list(real.counties.values()), Plane.metres), strict=True)
    )
    taken = set()
    for lat, lon, metres in _at_sea(real, land, 2_800, 3_200):
        placed = zhejiang.place(lat, lon, 20)
        assert placed.notes[0] == "sea"
        assert "outside_but_accuracy_reaches" not in placed.notes
        assert placed.distance_m == pytest.approx(metres)
        here = shapely.Point(Plane.metres(np.array([(lon, lat)]))[0])
        assert placed.county == min(counties, key=lambda county: counties[county].distance(here))
        taken.add(placed.county)
    assert len(taken) >= 5


def test_the_five_kilometres_of_sea_end_where_they_should(
    zhejiang: Jurisdiction, real: Boundaries, land: shapely.MultiPolygon
) -> None:
    for lat, lon, metres in _at_sea(real, land, SEA_REACH_M - 500, SEA_REACH_M + 500):
        if metres <= SEA_REACH_M:
            assert "sea" in zhejiang.place(lat, lon).notes
        else:
            with pytest.raises(OutsideJurisdiction) as refused:
                zhejiang.place(lat, lon)
            assert refused.value.values["kind"] == "sea"


def test_fifty_kilometres_out_the_answer_is_the_coast_guard_and_the_maritime_rescue(
    zhejiang: Jurisdiction, real: Boundaries, land: shapely.MultiPolygon
) -> None:
    far = [(29.5, 123.2, 0.0), (28.0, 125.0, 0.0)]
    for lat, lon, _ in [*_at_sea(real, land, 40_000, 60_000), *far]:
        with pytest.raises(OutsideJurisdiction) as refused:
            zhejiang.place(lat, lon, 100)
        assert refused.value.values["kind"] == "sea"
        assert refused.value.values["calls"] == ["tel:95110", "tel:12395"]


def test_a_boat_whose_circle_reaches_our_waters_is_taken_in_doubt(zhejiang: Jurisdiction) -> None:
    east_of_yushan = (28.885, 122.35)
    with pytest.raises(OutsideJurisdiction):
        zhejiang.place(*east_of_yushan, 100)
    placed = zhejiang.place(*east_of_yushan, 5_000)
    assert placed.county == "330225"
    assert placed.notes == ("sea", "outside_but_accuracy_reaches")
    assert SEA_REACH_M < placed.distance_m < 2 * SEA_REACH_M


def test_a_boat_nearer_to_a_neighbours_land_is_taken_with_a_note(zhejiang: Jurisdiction) -> None:
    placed = zhejiang.place(30.675, 121.285)
    assert placed.county == "330482"
    assert placed.notes == ("sea", "sea_nearer_neighbour")


def test_the_bridge_over_hangzhou_bay_is_ours_from_end_to_end(zhejiang: Jurisdiction) -> None:
    ends = ((30.61, 121.04), (30.447, 121.13), (30.30, 121.17))
    for (lat, lon), (to_lat, to_lon) in pairwise(ends):
        for part in np.linspace(0, 1, 30):
            placed = zhejiang.place(lat + (to_lat - lat) * part, lon + (to_lon - lon) * part, 20)
            assert city_of(placed.county) in {"330200", "330400"}


@pytest.mark.parametrize(
    ("lat", "lon"),
    [
        (39.9, 116.4),
        (23.1, 113.3),
        (35.68, 139.7),
        (33.4, 126.5),
        (20.0, 150.0),
        (-33.9, 18.4),
        (40.7, -74.0),
    ],
    ids=["Beijing", "Guangzhou", "Tokyo", "Jeju", "Pacific", "Cape Town", "New York"],
)
def test_far_away_is_outside_on_land_and_named_only_where_known(
    zhejiang: Jurisdiction, lat: float, lon: float
) -> None:
    with pytest.raises(OutsideJurisdiction) as refused:
        zhejiang.place(lat, lon, 5_000)
    assert (refused.value.values["kind"], refused.value.values["where"]) == ("land", "")


@pytest.mark.parametrize("accuracy", [None, math.nan, -1.0, -math.inf])
def test_an_accuracy_that_says_nothing_is_none_given_and_refuses_nobody(
    zhejiang: Jurisdiction, accuracy: float | None
) -> None:
    placed = zhejiang.place(30.243, 120.145, accuracy)
    assert (placed.county, placed.accuracy_m, placed.notes) == ("330106", None, ())


@pytest.mark.parametrize("accuracy", [1.5e6, 1e12, math.inf])
def test_a_huge_circle_is_doubt_and_is_taken_even_from_afar(zhejiang: Jurisdiction, accuracy: float) -> None:
    from_beijing = zhejiang.place(39.9, 116.4, accuracy)
    assert from_beijing.notes == ("outside_but_accuracy_reaches",)
    assert from_beijing.county in COUNTIES
    assert from_beijing.accuracy_m is not None
    assert math.isfinite(from_beijing.accuracy_m)
    at_home = zhejiang.place(30.243, 120.145, accuracy)
    assert at_home.county == "330106"
    assert len(at_home.others) == OTHERS_AT_MOST


def test_a_circle_over_a_county_border_names_the_other_county(zhejiang: Jurisdiction) -> None:
    # On the lake, 1 km from the shore where 上城区 begins.
    placed = zhejiang.place(30.243, 120.145, 3_000)
    assert placed.county == "330106"
    assert placed.others == ("330102", "330105")
    assert placed.notes == ("accuracy_reaches_border",)
    assert zhejiang.place(30.243, 120.145, 300).others == ()


@settings(deadline=None, max_examples=60)
@given(st.sampled_from(COUNTIES), st.integers(0, 2**32), st.floats(0, 30_000))
def test_the_other_counties_are_those_within_the_circle_nearest_first(
    zhejiang: Jurisdiction, real: Boundaries, county: str, seed: int, radius: float
) -> None:
    ((lat, lon),) = _inside(real.counties[county], 1, random.Random(seed))
    placed = zhejiang.place(lat, lon, radius)
    here = shapely.Point(Plane.metres(np.array([(lon, lat)]))[0])
    metres = {
        other: shapely.transform(area, Plane.metres).distance(here)
        for other, area in real.counties.items()
        if area.distance(shapely.Point(lon, lat)) < 0.5 and other != county
    }
    within = sorted((m, other) for other, m in metres.items() if m <= radius)
    assert placed.others == tuple(other for _, other in within[:OTHERS_AT_MOST])
    assert ("accuracy_reaches_border" in placed.notes) == bool(within)


@settings(deadline=None, max_examples=200)
@given(
    lat=st.floats(allow_nan=True, allow_infinity=True),
    lon=st.floats(allow_nan=True, allow_infinity=True),
    accuracy=st.none() | st.floats(allow_nan=True, allow_infinity=True),
    crs=st.sampled_from(SYSTEMS),
)
def test_whatever_comes_is_placed_or_refused_and_never_breaks(
    zhejiang: Jurisdiction, lat: float, lon: float, accuracy: float | None, crs: Crs
) -> None:
    try:
        county = zhejiang.place(lat, lon, accuracy, crs).county
    except (PositionInvalid, OutsideJurisdiction):
        return
    assert county in COUNTIES


@settings(deadline=None, max_examples=300)
@given(lat=st.floats(20, 38), lon=st.floats(110, 131), more=st.floats(1, 100_000))
def test_a_wider_circle_never_turns_a_taken_report_away(
    zhejiang: Jurisdiction, lat: float, lon: float, more: float
) -> None:
    for radius in (0.0, 1_000.0, 20_000.0):
        try:
            county = zhejiang.place(lat, lon, radius).county
        except OutsideJurisdiction:
            continue
        assert zhejiang.place(lat, lon, radius + more).county == county


def test_a_border_point_belongs_to_somebody_and_always_to_the_same(
    zhejiang: Jurisdiction, real: Boundaries
) -> None:
    corners = {tuple(xy) for xy in shapely.get_coordinates(real.counties["330106"]).tolist()}
    shared = corners & {tuple(xy) for xy in shapely.get_coordinates(real.counties["330102"]).tolist()}
    assert shared
    for lon, lat in shared:
        placed = zhejiang.place(lat, lon)
        assert placed.county in {"330102", "330106", "330105", "330108"}
        assert placed == zhejiang.place(lat, lon)


def test_what_is_no_position_is_refused_before_anything_else(zhejiang: Jurisdiction) -> None:
    for lat, lon in ((0.0, 0.0), (math.nan, 120.0), (91.0, 120.0)):
        with pytest.raises(PositionInvalid):
            zhejiang.place(lat, lon, 1e9)


def test_a_closed_desk_hands_up_to_the_city_and_then_to_the_province(zhejiang: Jurisdiction) -> None:
    placed = zhejiang.place(30.243, 120.145, 3_000)
    all_open = frozenset(DESKS)
    assert zhejiang.desk_for(placed, all_open) == placed
    city = zhejiang.desk_for(placed, all_open - {"330106"})
    assert (city.county, city.desk) == ("330106", "330100")
    assert city.notes == ("accuracy_reaches_border", "parent_desk")
    province = zhejiang.desk_for(placed, {PROVINCE, "330102"})
    assert (province.desk, province.notes[-1]) == (PROVINCE, "parent_desk")


def test_where_no_desk_is_open_the_reporter_is_told_at_once(zhejiang: Jurisdiction) -> None:
    placed = zhejiang.place(30.243, 120.145)
    with pytest.raises(NoDeskOpen) as refused:
        zhejiang.desk_for(placed, {"330600", "330102"})
    assert refused.value.code == "no_desk_open"
    assert refused.value.values["calls"] == ["tel:110", "sms:12110"]


def test_the_codes_say_where_a_desk_stands() -> None:
    assert [level(code) for code in (PROVINCE, "330100", "330106")] == ["province", "city", "county"]
    assert [parent_of(code) for code in (PROVINCE, "330100", "330106")] == [None, PROVINCE, "330100"]
    assert city_of("330106") == city_of("330100") == "330100"
    assert {city_of(county) for county in COUNTIES} == set(CITIES)
    assert first_open("330106", {PROVINCE}) == PROVINCE
    for unknown in ("110000", "330199", "", "330106 "):
        with pytest.raises(KeyError):
            level(unknown)
    with pytest.raises(KeyError):
        city_of(PROVINCE)


def test_many_threads_get_the_same_answers_from_a_map_just_loaded(real: Boundaries) -> None:
    fresh = Jurisdiction(real)
    answers: list[list[str]] = []

    def ask() -> None:
        answers.append([fresh.place(lat, lon, 2_000).county for _ in range(20) for _, lat, lon, _ in PLACES])

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == [[county for *_, county in PLACES] * 20] * 8


@pytest.mark.alone
def test_a_look_up_takes_a_fraction_of_a_millisecond(zhejiang: Jurisdiction) -> None:
    started = time.perf_counter()
    for _ in range(50):
        for _, lat, lon, _ in PLACES:
            zhejiang.place(lat, lon, 20)
    took = (time.perf_counter() - started) / (50 * len(PLACES))
    print(f"{took * 1e6:.0f} µs a look-up")
    assert took < 0.001  # some 60 µs measured
