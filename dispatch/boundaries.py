"""The boundaries of the 90 counties, and of the land around them: one compact file, built at set-up.

Every vertex is converted to WGS-84 on the way in. `dispatch.boundary_sources` says where they come from.

**Borders are not simplified.** The whole is 1.3 MB as it stands, and simplifying moves borders: measured
on these data, a tolerance of 0.0005° by up to 139 m, 0.0002° by up to 79 m. As stored (10⁻⁷ of a degree)
no vertex moves by more than 8 mm, and two counties still share each vertex of their border exactly.
"""

import fcntl
import hashlib
import io
import os
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

import numpy as np
import shapely  # type: ignore[import-untyped]  # shapely carries no types
from numpy.typing import NDArray
from shapely.geometry import mapping  # type: ignore[import-untyped]  # shapely carries no types

from dispatch import boundary_sources
from dispatch.boundary_sources import Area, Progress
from dispatch.coordinates import Crs, to_wgs84
from dispatch.desks import COUNTIES, DESKS
from dispatch.errors import Unfit

# Raised when the file's layout or the way it is made changes: a file of another make is built anew.
MAKE = 1

# Ten-millionths of a degree, about 1 cm, held in 32 bits.
UNITS_A_DEGREE = 10_000_000

# A SHA-256 closes the file, so that whatever was cut short or has a wrong bit anywhere is seen at once.
DIGEST_BYTES = 32


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
    if _complaint(path) is None:
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    with _alone(path):
        complaint = _complaint(path)
        if complaint is None:  # another process has built it meanwhile
            return
        if path.exists():
            progress(f"{complaint} It is built anew.")
        source = boundary_sources.wanted(path.parent)
        areas, crs = boundary_sources.areas(path.parent, progress)
        progress(f"Converting the boundaries of {len(areas)} areas to WGS-84 …")
        _write(path, areas, crs, source)
        progress(f"The boundaries are ready ({path.stat().st_size / 1e6:.1f} MB).")


def _complaint(path: Path) -> str | None:
    """What is wrong with the file as it stands, as a sentence; None if nothing is."""
    try:
        source = read(path).source
    except Unfit as unfit:
        return str(unfit)
    wanted = boundary_sources.wanted(path.parent)
    return None if source == wanted else f"{path.name} was made from {source}, not from {wanted}."


@contextmanager
def _alone(path: Path) -> Iterator[None]:
    """Lets one process at a time build; the lock goes with the process, however it ends."""
    with path.with_name(".boundaries.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _write(path: Path, areas: Mapping[str, Area], crs: Crs, source: str) -> None:
    """Converts, checks and writes the file, in one step for whoever reads it.

    Layout: numpy arrays in a zip archive (no pickle), then the archive's SHA-256. The arrays are `made`,
    `source`, `adcodes` (sorted) and their MultiPolygons as shapely's ragged arrays: `rings`, `polygons`,
    `areas` (offsets) and `vertices` (int32, shape (n, 2): longitude and latitude in `UNITS_A_DEGREE`, each as
    the difference from the one before).
    """
    adcodes = sorted(areas)
    kind, degrees, offsets = shapely.to_ragged_array([areas[adcode] for adcode in adcodes])
    units = _converted(degrees, crs)
    if not shapely.is_valid(shapely.from_ragged_array(kind, units / UNITS_A_DEGREE, offsets)).all():
        raise Unfit("An area is no longer valid after conversion; the boundaries are too finely drawn.")
    archive = io.BytesIO()
    np.savez_compressed(
        archive,
        made=np.array(MAKE),
        source=np.array(source),
        adcodes=np.array(adcodes),
        vertices=np.diff(units, axis=0, prepend=np.int32(0)),
        **dict(zip(("rings", "polygons", "areas"), offsets, strict=True)),
    )
    content = archive.getvalue()
    with tempfile.NamedTemporaryFile(dir=path.parent, prefix=".boundaries-", delete=False) as file:
        try:
            file.write(content + hashlib.sha256(content).digest())
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
        whole = path.read_bytes()
    except FileNotFoundError:
        raise Unfit(f"{path.name} is missing: run the set-up.") from None
    content, digest = whole[:-DIGEST_BYTES], whole[-DIGEST_BYTES:]
    if hashlib.sha256(content).digest() != digest:
        raise Unfit(f"{path.name} is damaged.")
    with np.load(io.BytesIO(content), allow_pickle=False) as file:
        if int(file["made"]) != MAKE:
            raise Unfit(f"{path.name} was made by another version.")
        units = np.cumsum(file["vertices"], axis=0, dtype=np.int32)
        offsets = tuple(file[name] for name in ("rings", "polygons", "areas"))
        kind = shapely.GeometryType.MULTIPOLYGON
        areas = shapely.from_ragged_array(kind, units / UNITS_A_DEGREE, offsets)
        by_adcode: dict[str, Area] = dict(zip(file["adcodes"].tolist(), areas, strict=True))
        source = str(file["source"])
    return Boundaries(
        counties=MappingProxyType({adcode: by_adcode.pop(adcode) for adcode in COUNTIES}),
        elsewhere=MappingProxyType(by_adcode),
        source=source,
    )


def for_map(
    boundaries: Boundaries, tolerance_deg: float = 0.001, grain_deg: float = 0.00001
) -> dict[str, object]:
    """The counties as a GeoJSON FeatureCollection to draw, simplified (borders stay shared), about 0.8 MB.

    `tolerance_deg`: how far a border may be moved; `grain_deg`: to what the coordinates are rounded.
    For eyes only: a border may be off by some 300 m. Who belongs where is `dispatch.jurisdiction`'s matter.
    """
    drawn = shapely.coverage_simplify(list(boundaries.counties.values()), tolerance_deg)
    drawn = shapely.set_precision(drawn, grain_deg, mode="pointwise")
    return {
        "type": "FeatureCollection",
        "features": [
            {
                "type": "Feature",
                "properties": {
                    "adcode": adcode,
                    "name": DESKS[adcode].name_zh,
                    "name_en": DESKS[adcode].name_en,
                },
                "geometry": mapping(area),
            }
            for adcode, area in zip(boundaries.counties, drawn, strict=True)
        ],
    }
