"""The counties' outlines for the page's map: drawn once a process, when somebody first wants a map."""

import asyncio
import gzip
import json
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from api.parts import parts_of
from dispatch.boundaries import boundaries_file, for_map, read

# A phone's map: borders off by 300 m at most, coordinates to 10 m; some 90 KB compressed.
TOLERANCE_DEG: Final = 0.003
GRAIN_DEG: Final = 0.0001
PLACES: Final = 4

_drawing = asyncio.Lock()


@dataclass(frozen=True, slots=True)
class Drawn:
    """The outlines as they are sent."""

    plain: bytes
    packed: bytes
    tag: str


def routes() -> list[Route]:
    return [Route("/counties.geojson", counties, methods=["GET"])]


async def counties(request: Request) -> Response:
    """The 90 counties as GeoJSON (RFC 7946) with `adcode`, `name` and `name_en`. The same for everybody."""
    drawn = await _drawn(request)
    headers = {
        "cache-control": "public, max-age=86400",
        "etag": drawn.tag,
        "vary": "accept-encoding",
    }
    if drawn.tag in request.headers.get("if-none-match", ""):
        return Response(status_code=304, headers=headers)
    packed = "gzip" in request.headers.get("accept-encoding", "")
    if packed:
        headers["content-encoding"] = "gzip"
    return Response(
        drawn.packed if packed else drawn.plain, headers=headers, media_type="application/geo+json"
    )


async def _drawn(request: Request) -> Drawn:
    """What is kept with the app; drawn by one, while others wait for it."""
    async with _drawing:
        kept: Drawn | None = getattr(request.app.state, "counties", None)
        if kept is None:
            path = boundaries_file(parts_of(request).settings.home)
            kept = request.app.state.counties = await asyncio.to_thread(draw, path)
        return kept


def draw(path: Path) -> Drawn:
    """The outlines of the boundaries file. About a third of a second."""
    outlines = for_map(read(path), TOLERANCE_DEG, GRAIN_DEG)
    plain = json.dumps(_rounded(outlines), ensure_ascii=False, separators=(",", ":")).encode()
    return Drawn(plain, gzip.compress(plain, 9), f'"{sha256(plain).hexdigest()[:16]}"')


def _rounded(value: object) -> object:
    """Without the digits that doubles add."""
    if isinstance(value, float):
        return round(value, PLACES)
    if isinstance(value, dict):
        return {key: _rounded(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_rounded(item) for item in value]
    return value
