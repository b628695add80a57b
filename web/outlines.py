"""The counties' outlines as a map draws them: made once a process, when somebody first wants a map."""

import asyncio
import gzip
import json
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from dispatch.boundaries import boundaries_file, for_map, read


@dataclass(frozen=True, slots=True)
class Fineness:
    """How far a border may be moved, to what the coordinates are rounded (degrees), and to how many digits."""

    tolerance_deg: float
    grain_deg: float
    digits: int


# A phone's map: borders off by 300 m at most, coordinates to 10 m; some 90 KB compressed.
PHONE: Final = Fineness(0.003, 0.0001, 4)
# A desk's: off by 150 m at most, coordinates to 1 m; some 260 KB compressed.
DESK: Final = Fineness(0.001, 0.00001, 5)

_drawing = asyncio.Lock()


@dataclass(frozen=True, slots=True)
class Drawn:
    """The outlines as they are sent."""

    plain: bytes
    packed: bytes
    tag: str


async def outlines(request: Request, home: Path, fineness: Fineness, kept: str) -> Response:
    """The 90 counties as GeoJSON (RFC 7946) with `adcode`, `name` and `name_en`. `kept`: the answer's `Cache-Control`.

    Raises `Unfit` where the boundaries file cannot be read.
    """
    drawn = await _drawn(request, home, fineness)
    headers = {"cache-control": kept, "etag": drawn.tag, "vary": "accept-encoding"}
    if drawn.tag in request.headers.get("if-none-match", ""):
        return Response(status_code=304, headers=headers)
    packed = "gzip" in request.headers.get("accept-encoding", "")
    if packed:
        headers["content-encoding"] = "gzip"
    return Response(
        drawn.packed if packed else drawn.plain, headers=headers, media_type="application/geo+json"
    )


async def _drawn(request: Request, home: Path, fineness: Fineness) -> Drawn:
    """What is kept with the app; drawn by one, while others wait for it."""
    async with _drawing:
        kept: Drawn | None = getattr(request.app.state, "counties", None)
        if kept is None:
            kept = request.app.state.counties = await asyncio.to_thread(draw, boundaries_file(home), fineness)
        return kept


def draw(path: Path, fineness: Fineness = PHONE) -> Drawn:
    """The outlines of the boundaries file. About half a second."""
    found = for_map(read(path), fineness.tolerance_deg, fineness.grain_deg)
    plain = json.dumps(_rounded(found, fineness.digits), ensure_ascii=False, separators=(",", ":")).encode()
    return Drawn(plain, gzip.compress(plain, 9), f'"{sha256(plain).hexdigest()[:16]}"')


def _rounded(value: object, digits: int) -> object:
    """Without the digits that doubles add."""
    if isinstance(value, float):
        return round(value, digits)
    if isinstance(value, dict):
        return {key: _rounded(item, digits) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_rounded(item, digits) for item in value]
    return value
