"""The three systems of coordinates, valid positions, and metres."""

import math

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from dispatch.coordinates import (
    CHINA,
    Crs,
    LatLon,
    Plane,
    PositionInvalid,
    distance_m,
    from_wgs84,
    in_china,
    to_wgs84,
    validated,
)

# From eviltransform's own tests, in Go, C, JavaScript and more: WGS-84 and GCJ-02.
GCJ_PAIRS = [
    ((31.1774276, 121.5272106), (31.17530398364597, 121.531541859215)),
    ((22.543847, 113.912316), (22.540796131694766, 113.9171764808363)),
    ((39.911954, 116.377817), (39.91334545536069, 116.38404722455657)),
]

# What coord-convert 0.2.1 and gcoord 1.0.7 both give for a WGS-84 position: GCJ-02, then BD-09.
PUBLISHED = [
    ((30.243, 120.145), (30.240685678, 120.149720087), (30.246691136, 120.156219454)),  # 西湖
    ((29.995, 120.585), (29.992360879, 120.589073934), (29.998663163, 120.595490726)),  # 绍兴
    ((28.457, 119.93), (28.453598751, 119.934406677), (28.459257284, 119.941001118)),  # 丽水
    ((40.0, 120.0), (40.001304790, 120.005675684), (40.007654274, 120.012076685)),  # coord-convert's tests
]

LATITUDES = st.floats(18, 53)  # China without the edge of the box
LONGITUDES = st.floats(74, 135)
ZHEJIANG = {"lat": st.floats(27, 31.3), "lon": st.floats(118, 123)}


@pytest.mark.parametrize(("wgs84", "gcj02"), GCJ_PAIRS)
def test_gcj02_is_what_everybody_else_computes(
    wgs84: tuple[float, float], gcj02: tuple[float, float]
) -> None:
    assert from_wgs84(*wgs84, "gcj02") == pytest.approx(gcj02, abs=1e-12)
    assert to_wgs84(*gcj02, "gcj02") == pytest.approx(wgs84, abs=1e-9)


@pytest.mark.parametrize(("wgs84", "gcj02", "bd09"), PUBLISHED)
def test_all_three_systems_agree_with_published_programs(
    wgs84: tuple[float, float], gcj02: tuple[float, float], bd09: tuple[float, float]
) -> None:
    assert from_wgs84(*wgs84, "gcj02") == pytest.approx(gcj02, abs=1e-9)
    assert from_wgs84(*wgs84, "bd09") == pytest.approx(bd09, abs=1e-9)
    assert distance_m(to_wgs84(*bd09, "bd09"), LatLon(*wgs84)) < 0.001


@given(lat=LATITUDES, lon=LONGITUDES, crs=st.sampled_from(["wgs84", "gcj02", "bd09"]))
def test_there_and_back_is_less_than_a_millimetre_everywhere_in_china(
    lat: float, lon: float, crs: Crs
) -> None:
    back = to_wgs84(*from_wgs84(lat, lon, crs), crs)
    assert distance_m(back, LatLon(lat, lon)) < 0.001


@given(lat=LATITUDES, lon=LONGITUDES, crs=st.sampled_from(["gcj02", "bd09"]))
def test_back_and_there_is_less_than_a_millimetre_too(lat: float, lon: float, crs: Crs) -> None:
    again = from_wgs84(*to_wgs84(lat, lon, crs), crs)
    assert distance_m(again, LatLon(lat, lon)) < 0.001


@given(**ZHEJIANG)
def test_the_shifts_are_as_large_as_known_in_zhejiang(lat: float, lon: float) -> None:
    here = LatLon(lat, lon)
    assert 300 < distance_m(here, from_wgs84(lat, lon, "gcj02")) < 700
    assert 600 < distance_m(here, from_wgs84(lat, lon, "bd09")) < 1600


@given(lat=st.floats(-90, 90), lon=st.floats(-180, 180), crs=st.sampled_from(["wgs84", "gcj02", "bd09"]))
def test_outside_china_every_system_is_the_same(lat: float, lon: float, crs: Crs) -> None:
    assume(not in_china(LatLon(lat, lon)))
    assert from_wgs84(lat, lon, crs) == (lat, lon)
    assert to_wgs84(lat, lon, crs) == (lat, lon)


@given(lat=st.floats(CHINA[0], CHINA[1]), lon=st.floats(CHINA[2], CHINA[3]))
def test_an_inverse_always_ends_and_is_finite_up_to_the_edges_of_the_box(lat: float, lon: float) -> None:
    for crs in ("gcj02", "bd09"):
        assert all(map(math.isfinite, to_wgs84(lat, lon, crs)))


def test_the_meridian_where_the_shift_has_a_kink_is_inverted_as_well() -> None:
    for lon in (105.0, 105.0 + 1e-12, 105.0 - 1e-9):
        back = to_wgs84(*from_wgs84(35.0, lon, "gcj02"), "gcj02")
        assert distance_m(back, LatLon(35.0, lon)) < 0.001


@pytest.mark.parametrize("convert", [to_wgs84, from_wgs84])
def test_a_system_nobody_knows_is_refused(convert: object) -> None:
    assert callable(convert)
    with pytest.raises(PositionInvalid) as refused:
        convert(30.0, 120.0, "sogou")
    assert refused.value.values == {"reason": "crs"}


@pytest.mark.parametrize(
    ("lat", "lon", "reason"),
    [
        (math.nan, 120.0, "not_finite"),
        (30.0, math.inf, "not_finite"),
        (-math.inf, math.nan, "not_finite"),
        (90.0001, 120.0, "out_of_range"),
        (120.0, 30.0, "out_of_range"),
        (30.0, -180.0001, "out_of_range"),
        (1e300, 1e300, "out_of_range"),
        (0.0, 0.0, "null_island"),
        (-0.0, 1e-9, "null_island"),
    ],
)
def test_what_is_no_place_on_earth_is_refused_without_being_repeated(
    lat: float, lon: float, reason: str
) -> None:
    with pytest.raises(PositionInvalid) as refused:
        validated(lat, lon)
    assert refused.value.code == "position_invalid"
    assert refused.value.values == {"reason": reason}


@pytest.mark.parametrize("place", [(30.25, 120.15), (90.0, 180.0), (-90.0, -180.0), (0.0, 9.4), (51.5, 0.0)])
def test_every_place_on_earth_is_valid_even_on_the_equator_or_the_meridian(
    place: tuple[float, float],
) -> None:
    assert validated(*place) == place


@given(**ZHEJIANG, bearing=st.floats(0, 2 * math.pi), metres=st.floats(1, 20_000))
def test_distances_agree_with_an_exact_geodesic(
    lat: float, lon: float, bearing: float, metres: float
) -> None:
    here = LatLon(lat, lon)
    there = LatLon(
        lat + metres * math.cos(bearing) / 111_000,
        lon + metres * math.sin(bearing) / 111_000 / math.cos(math.radians(lat)),
    )
    exact = _vincenty(here, there)
    assert distance_m(here, there) == pytest.approx(exact, rel=1e-4, abs=1e-3)
    (x1, y1), (x2, y2) = Plane.metres(np.array([(here.lon, here.lat), (there.lon, there.lat)]))
    assert math.dist((x1, y1), (x2, y2)) == pytest.approx(exact, rel=6e-4, abs=1e-3)


def test_distances_hold_across_the_world() -> None:
    hangzhou = LatLon(30.25, 120.15)
    for place in (LatLon(39.9, 116.4), LatLon(1.35, 103.8), LatLon(48.85, 2.35), LatLon(-33.87, 151.2)):
        assert distance_m(hangzhou, place) == pytest.approx(_vincenty(hangzhou, place), abs=20)
    assert distance_m(hangzhou, hangzhou) == 0
    antipode = LatLon(-30.25, 120.15 - 180)
    assert distance_m(hangzhou, antipode) == pytest.approx(20_004_000, rel=0.002)


def test_the_plane_has_its_origin_where_it_should() -> None:
    # On the central meridian north is the length of the meridian arc, known for 30° N: 3,320,113.4 m.
    ((east, north),) = Plane.metres(np.array([(Plane.MERIDIAN_DEG, 30.0)]))
    assert east == pytest.approx(0, abs=1e-6)
    assert north == pytest.approx(3_320_113.398 * Plane.SCALE, abs=0.001)


def _vincenty(one: LatLon, other: LatLon) -> float:
    """Metres by Vincenty's inverse formula (Survey Review 1975), exact to 0.1 mm where it converges."""
    a, f = 6378137.0, 1 / 298.257223563
    b = a * (1 - f)
    u1, u2 = (math.atan((1 - f) * math.tan(math.radians(p.lat))) for p in (one, other))
    span = math.radians(other.lon - one.lon)
    lam = span
    for _ in range(100):
        sin_sigma = math.hypot(
            math.cos(u2) * math.sin(lam),
            math.cos(u1) * math.sin(u2) - math.sin(u1) * math.cos(u2) * math.cos(lam),
        )
        if sin_sigma == 0:
            return 0.0
        cos_sigma = math.sin(u1) * math.sin(u2) + math.cos(u1) * math.cos(u2) * math.cos(lam)
        sigma = math.atan2(sin_sigma, cos_sigma)
        sin_alpha = math.cos(u1) * math.cos(u2) * math.sin(lam) / sin_sigma
        cos2_alpha = 1 - sin_alpha**2
        mid = cos_sigma - 2 * math.sin(u1) * math.sin(u2) / cos2_alpha if cos2_alpha else 0.0
        c = f / 16 * cos2_alpha * (4 + f * (4 - 3 * cos2_alpha))
        before, lam = (
            lam,
            span
            + (1 - c) * f * sin_alpha * (sigma + c * sin_sigma * (mid + c * cos_sigma * (2 * mid**2 - 1))),
        )
        if abs(lam - before) < 1e-13:
            break
    u_sq = cos2_alpha * (a * a - b * b) / (b * b)
    big_a = 1 + u_sq / 16384 * (4096 + u_sq * (u_sq * (320 - 175 * u_sq) - 768))
    big_b = u_sq / 1024 * (256 + u_sq * (u_sq * (74 - 47 * u_sq) - 128))
    correction = mid + big_b / 4 * (
        cos_sigma * (2 * mid**2 - 1) - big_b / 6 * mid * (4 * sin_sigma**2 - 3) * (4 * mid**2 - 3)
    )
    return b * big_a * (sigma - big_b * sin_sigma * correction)
