"""How a photo, or a still of a video, is handed to a browser: as the picture that we made, and as nothing else."""

import structlog
from starlette.requests import Request
from starlette.responses import Response

from dispatch.errors import Refused
from dispatch.media_reading import Found
from dispatch.store import MediaStore, Part, StoreAway

log = structlog.get_logger()

KEPT_S = 3600

# Nothing in the answer comes from outside: not the type, not a name. A browser that opens it alone runs nothing.
FIXED = {
    "content-type": "image/webp",
    "x-content-type-options": "nosniff",
    "content-disposition": "inline",
    "content-security-policy": "sandbox; default-src 'none'",
    "cross-origin-resource-policy": "same-origin",
}


async def picture(
    request: Request, store: MediaStore, found: Found, part: Part, *, keep: bool = True
) -> Response:
    """The view or the thumb that the caller may see, of a photo or as a video's poster; 304 when the browser has it.

    `keep` lets the browser's own cache hold it for an hour. Raises Refused: `media_unknown` while there is none to
    show, `store_unavailable`.
    """
    if found.sha256 is None or found.media.kind == "voice":
        raise Refused("media_unknown")
    tag = f'"{found.sha256.hex()[:32]}-{part}"'
    headers = {**FIXED, "etag": tag, "cache-control": f"private, max-age={KEPT_S}" if keep else "no-store"}
    if tag in request.headers.get("if-none-match", ""):
        return Response(status_code=304, headers=headers)
    try:
        data = await store.get(found.media.id, part)
    except StoreAway as error:
        log.error("media_not_read", media=str(found.media.id), error=str(error))
        raise Refused("store_unavailable") from None
    if data is None:
        log.error("media_missing", media=str(found.media.id))
        raise Refused("media_unknown")
    return Response(data, headers=headers)
