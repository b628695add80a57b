"""Where a phone says it is: the three systems of coordinates in use in China, and metres.

WGS-84 is what satellites and browsers speak, and what this system stores and compares. GCJ-02 is what
WeChat and Chinese maps speak: WGS-84 moved by 100 to 700 m along a fixed, unpublished field, known from
the constants below, which every open implementation shares (eviltransform, gcoord, coord-convert).
BD-09 is Baidu's: GCJ-02 moved once more by about 1 km. Neither has an inverse in closed form.

Latitudes and longitudes are degrees, always in this order; the two are never swapped on the way.
"""

import math
from collections.abc import Callable
from typing import Literal, NamedTuple, get_args

import numpy as np
from numpy.typing import NDArray

from dispatch.errors import Refused

Crs = Literal["wgs84", "gcj02", "bd09"]
SYSTEMS: tuple[Crs, ...] = get_args(Crs)

# WGS-84's ellipsoid, and Krasovsky's, on which GCJ-02's shift is computed: semi-major axis (m), flattening.
WGS84_A, WGS84_F = 6378137.0, 1 / 298.257223563
KRASOVSKY_A, KRASOVSKY_F = 6378245.0, 1 / 298.3
KRASOVSKY_E2 = KRASOVSKY_F * (2 - KRASOVSKY_F)

# The box outside which every implementation leaves a position as it is: south, north, west, east.
CHINA = (0.8293, 55.8271, 72.004, 137.8347)

# An inverse is iterated until it moves by less than this (0.01 mm); the shift contracts by 0.02 or better
# a step, so a handful of steps do. The limit is only there so that nothing can ever loop.
SETTLED_DEG = 1e-10
STEPS_AT_MOST = 20

# Closer to (0, 0) than this (0.1 m) is a program's empty value, not the Gulf of Guinea.
NULL_ISLAND_DEG = 1e-6

# Baidu's angular unit: 3000 degrees of phase a degree.
BAIDU_PHASE = math.pi * 3000 / 180


class LatLon(NamedTuple):
    """A position: latitude and longitude in degrees."""

    lat: float
    lon: float


class PositionInvalid(Refused):
    """These numbers are no place on Earth. `reason`: `not_finite`, `out_of_range`, `null_island`, `crs`."""

    def __init__(self, reason: str) -> None:
        super().__init__("position_invalid", reason=reason)


def validated(lat: float, lon: float) -> LatLon:
    """The position, if it can be one: finite, within ±90° and ±180°, and not the (0, 0) of an empty field.

    Raises `PositionInvalid`, which does not repeat the numbers: they may be somebody's home.
    """
    if not (math.isfinite(lat) and math.isfinite(lon)):
        raise PositionInvalid("not_finite")
    if abs(lat) > 90 or abs(lon) > 180:
        raise PositionInvalid("out_of_range")
    if abs(lat) < NULL_ISLAND_DEG and abs(lon) < NULL_ISLAND_DEG:
        raise PositionInvalid("null_island")
    return LatLon(float(lat), float(lon))


def to_wgs84(lat: float, lon: float, crs: Crs) -> LatLon:
    """What came, in WGS-84. Exact to less than 1 mm inside China; unchanged outside it.

    (Within 1 km of the edge of `CHINA`, which lies abroad and at sea, GCJ-02 itself is ambiguous.)
    Raises `PositionInvalid` for an unknown system.
    """
    here = LatLon(lat, lon)
    if crs == "wgs84" or (crs in SYSTEMS and not in_china(here)):
        return here
    if crs == "gcj02":
        return _undone(_gcj_from_wgs, here)
    if crs == "bd09":
        return _undone(_gcj_from_wgs, _undone(_bd_from_gcj, here))
    raise PositionInvalid("crs")


def from_wgs84(lat: float, lon: float, crs: Crs) -> LatLon:
    """A WGS-84 position as another system would write it: for a map whose tiles speak that system."""
    here = LatLon(lat, lon)
    if crs == "wgs84" or (crs in SYSTEMS and not in_china(here)):
        return here
    if crs == "gcj02":
        return _gcj_from_wgs(here)
    if crs == "bd09":
        return _bd_from_gcj(_gcj_from_wgs(here))
    raise PositionInvalid("crs")


def in_china(place: LatLon) -> bool:
    """Whether the shifts apply here at all: a box, as in every implementation, not the border."""
    south, north, west, east = CHINA
    return south <= place.lat <= north and west <= place.lon <= east


def _undone(shift: Callable[[LatLon], LatLon], shifted: LatLon) -> LatLon:
    """The place that `shift` moves to `shifted`, by fixed-point iteration."""
    place = shifted
    for _ in range(STEPS_AT_MOST):
        there = shift(place)
        d_lat, d_lon = there.lat - shifted.lat, there.lon - shifted.lon
        place = LatLon(place.lat - d_lat, place.lon - d_lon)
        if abs(d_lat) < SETTLED_DEG and abs(d_lon) < SETTLED_DEG:
            break
    return place


def _gcj_from_wgs(place: LatLon) -> LatLon:
    """GCJ-02's shift: a polynomial and some sines about (35° N, 105° E), in metres on Krasovsky's ellipsoid."""
    sin, pi = math.sin, math.pi
    x, y = place.lon - 105, place.lat - 35
    root = math.sqrt(abs(x))
    ripple = 20 * sin(6 * pi * x) + 20 * sin(2 * pi * x)
    north = ripple + 20 * sin(pi * y) + 40 * sin(pi * y / 3) + 160 * sin(pi * y / 12) + 320 * sin(pi * y / 30)
    east = ripple + 20 * sin(pi * x) + 40 * sin(pi * x / 3) + 150 * sin(pi * x / 12) + 300 * sin(pi * x / 30)
    north_m = -100 + 2 * x + 3 * y + 0.2 * y * y + 0.1 * x * y + 0.2 * root + north * 2 / 3
    east_m = 300 + x + 2 * y + 0.1 * x * x + 0.1 * x * y + 0.1 * root + east * 2 / 3

    phi = math.radians(place.lat)
    w2 = 1 - KRASOVSKY_E2 * sin(phi) ** 2
    meridian_radius = KRASOVSKY_A * (1 - KRASOVSKY_E2) / w2**1.5
    parallel_radius = KRASOVSKY_A / math.sqrt(w2) * math.cos(phi)
    return LatLon(
        place.lat + math.degrees(north_m / meridian_radius),
        place.lon + math.degrees(east_m / parallel_radius),
    )


def _bd_from_gcj(place: LatLon) -> LatLon:
    """Baidu's shift: longitude and latitude taken as a plane, turned and stretched a little, then moved."""
    radius = math.hypot(place.lon, place.lat) + 0.00002 * math.sin(place.lat * BAIDU_PHASE)
    angle = math.atan2(place.lat, place.lon) + 0.000003 * math.cos(place.lon * BAIDU_PHASE)
    return LatLon(radius * math.sin(angle) + 0.006, radius * math.cos(angle) + 0.0065)


def distance_m(one: LatLon, other: LatLon) -> float:
    """Metres between two WGS-84 positions, by Lambert's formula: right to 15 m up to 10,000 km.

    The spherical distance on reduced latitudes, corrected for the flattening (to its first order). Towards
    the antipode it loses kilometres, which nothing here asks for.
    """
    beta1, beta2 = (math.atan((1 - WGS84_F) * math.tan(math.radians(p.lat))) for p in (one, other))
    half_lon = math.radians(other.lon - one.lon) / 2
    mean, half = (beta1 + beta2) / 2, (beta2 - beta1) / 2
    haversine = math.sin(half) ** 2 + math.cos(beta1) * math.cos(beta2) * math.sin(half_lon) ** 2
    if haversine < 1e-18:  # under 13 mm, where the corrections would divide by nothing
        return 2 * WGS84_A * math.sqrt(haversine)
    sigma = 2 * math.asin(min(1.0, math.sqrt(haversine)))
    if math.pi - sigma < 1e-3:  # nearly antipodal, where the series does not hold
        return WGS84_A * sigma
    x = (sigma - math.sin(sigma)) * (math.sin(mean) * math.cos(half) / math.cos(sigma / 2)) ** 2
    y = (sigma + math.sin(sigma)) * (math.cos(mean) * math.sin(half) / math.sin(sigma / 2)) ** 2
    return WGS84_A * (sigma - WGS84_F / 2 * (x + y))


class Plane:
    """Zhejiang on a sheet of paper in metres, where distances can be taken by Pythagoras.

    A Gauss–Krüger projection of WGS-84 (Krüger's series to the third order of the flattening: exact to
    0.1 mm here) with its central meridian through the middle of the province. Its scale is within ±0.04 %
    from 118° to 123° E, so 5 km on the paper are 5 km on the ground to 2 m. Conformal: circles stay circles.
    """

    MERIDIAN_DEG = 120.5
    SCALE = 0.99965
    # Where the sheet may be used: south, north, west, east. Beyond 10° from the meridian distances stretch
    # by more than 1.5 %.
    SHEET = (20.0, 38.0, 110.0, 131.0)

    _n = WGS84_F / (2 - WGS84_F)
    _radius = SCALE * WGS84_A / (1 + _n) * (1 + _n**2 / 4 + _n**4 / 64)
    _e = 2 * math.sqrt(_n) / (1 + _n)
    _alpha = (
        _n / 2 - 2 * _n**2 / 3 + 5 * _n**3 / 16,
        13 * _n**2 / 48 - 3 * _n**3 / 5,
        61 * _n**3 / 240,
    )

    @classmethod
    def holds(cls, place: LatLon) -> bool:
        """Whether the position lies on the sheet."""
        south, north, west, east = cls.SHEET
        return south <= place.lat <= north and west <= place.lon <= east

    @classmethod
    def metres(cls, lon_lat: NDArray[np.float64]) -> NDArray[np.float64]:
        """Degrees, shape (n, 2) as (longitude, latitude), to metres, shape (n, 2) as (east, north)."""
        sin_lat = np.sin(np.radians(lon_lat[:, 1]))
        d_lon = np.radians(lon_lat[:, 0] - cls.MERIDIAN_DEG)
        t = np.sinh(np.arctanh(sin_lat) - cls._e * np.arctanh(cls._e * sin_lat))
        sphere = np.arctan2(t, np.cos(d_lon)) + 1j * np.arctanh(np.sin(d_lon) / np.sqrt(1 + t * t))
        sheet = sphere.copy()
        for order, alpha in enumerate(cls._alpha, start=1):
            sheet += alpha * np.sin(2 * order * sphere)
        return np.column_stack((sheet.imag, sheet.real)) * cls._radius
