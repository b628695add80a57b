"""Where and when a film says that it was taken: the notes that phones write into a container."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime

from dispatch.developed import Taken

# ISO 6709 in decimal degrees, as phones write it: `+30.2500+120.1500+010.000/`.
_DEGREES = re.compile(r"([+-]\d{1,2}(?:\.\d+)?)([+-]\d{1,3}(?:\.\d+)?)(?:[+-]\d+(?:\.\d+)?)?(?:CRS\w+)?/?")
_PLACES = ("com.apple.quicktime.location.ISO6709", "location")
_MOMENTS = ("com.apple.quicktime.creationdate", "creation_time")


def taken_of(notes: Mapping[str, str]) -> Taken | None:
    """WGS-84 position and moment; None where the container has no position."""
    said = next((notes[name] for name in _PLACES if name in notes), "")
    found = _DEGREES.fullmatch(said.strip())
    if found is None:
        return None
    lat, lon = float(found[1]), float(found[2])
    if not (abs(lat) <= 90 and abs(lon) <= 180) or (lat == 0 and lon == 0):
        return None
    return Taken(lat, lon, _accuracy(notes), _moment(notes))


def _accuracy(notes: Mapping[str, str]) -> float | None:
    try:
        metres = float(notes["com.apple.quicktime.location.accuracy.horizontal"])
    except (KeyError, ValueError):
        return None
    return metres if 0 <= metres < 1e6 else None


def _moment(notes: Mapping[str, str]) -> datetime | None:
    """Only one that says its zone: a camera's clock alone tells no time."""
    for name in _MOMENTS:
        try:
            moment = datetime.fromisoformat(notes[name])
        except (KeyError, ValueError):
            continue
        if moment.tzinfo is not None:
            return moment.astimezone(UTC)
    return None
