"""How a video or a voice note is handed to a browser: as the MP4 that we made, whole or in pieces (RFC 9110, 14)."""

import re

import structlog
from starlette.requests import Request
from starlette.responses import Response

from dispatch.errors import Refused
from dispatch.media_reading import Found
from dispatch.store import MediaStore, StoreAway
from web.pictures import FIXED, KEPT_S

log = structlog.get_logger()

_TYPES = {"video": "video/mp4", "voice": "audio/mp4"}
# One range; several at once are answered with the whole, as a server may.
_RANGE = re.compile(r"bytes=\s*([0-9]{0,15})-([0-9]{0,15})\s*", re.ASCII)


async def film(request: Request, store: MediaStore, found: Found, *, keep: bool = True) -> Response:
    """The video or voice note that the caller may play: 200 whole, 206 the range asked for, 304, or 416.

    `keep` lets the browser's own cache hold it for an hour. Raises Refused: `media_unknown` while there is none to
    play, `store_unavailable`.
    """
    if found.sha256 is None or found.media.kind not in _TYPES:
        raise Refused("media_unknown")
    tag = f'"{found.sha256.hex()[:32]}-play"'
    headers = {
        **FIXED,
        "content-type": _TYPES[found.media.kind],
        "accept-ranges": "bytes",
        "etag": tag,
        "cache-control": f"private, max-age={KEPT_S}" if keep else "no-store",
    }
    if tag in request.headers.get("if-none-match", ""):
        return Response(status_code=304, headers=headers)
    try:
        return await _answer(request, store, found, headers)
    except StoreAway as error:
        log.error("media_not_read", media=str(found.media.id), error=str(error))
        raise Refused("store_unavailable") from None


async def _answer(request: Request, store: MediaStore, found: Found, headers: dict[str, str]) -> Response:
    size = await store.size(found.media.id, "play")
    if size is None:
        raise _gone(found)
    asked = request.headers.get("range") if _still_the_same(request, headers["etag"]) else None
    part = asked_range(asked, size)
    if part is None:
        start, end, status = 0, size, 200
    elif part[0] >= part[1]:
        return Response(status_code=416, headers={**headers, "content-range": f"bytes */{size}"})
    else:
        (start, end), status = part, 206
        headers["content-range"] = f"bytes {start}-{end - 1}/{size}"
    data = await store.piece(found.media.id, "play", start, end)
    if data is None:
        raise _gone(found)
    return Response(data, status, headers)


def asked_range(header: str | None, size: int) -> tuple[int, int] | None:
    """From where up to where (not included) of `size` bytes; None for all, an empty range for what is not there."""
    found = _RANGE.fullmatch(header or "")
    if found is None or found[1] == found[2] == "":
        return None
    if not found[1]:
        length = int(found[2])
        return (max(0, size - length), size) if length else (size, size)
    start = int(found[1])
    end = min(int(found[2]) + 1, size) if found[2] else size
    if found[2] and int(found[2]) < start:
        return None  # no range at all, and therefore passed over
    return start, end


def _still_the_same(request: Request, tag: str) -> bool:
    """Whether a range is of what the browser has begun to load; by a time it cannot tell, and gets the whole."""
    return request.headers.get("if-range", tag) == tag


def _gone(found: Found) -> Refused:
    log.error("media_missing", media=str(found.media.id))
    return Refused("media_unknown")
