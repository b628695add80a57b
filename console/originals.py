"""Handing out the sealed original of a medium: as a download of bytes, never as anything that a browser would show."""

import base64
import hashlib
from typing import Final
from uuid import UUID

import structlog
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from console.parts import parts_of
from console.sign_in import read_form, require_dispatcher_act
from dispatch import originals
from dispatch.errors import Refused
from dispatch.media_reading import Found
from dispatch.store import MediaStore, StoreAway

log = structlog.get_logger()

LONGEST_REASON: Final = 32
# Nothing in the answer comes from outside: not the type, not the name. Opened alone, it could still run nothing.
_FIXED: Final = {
    "content-type": "application/octet-stream",
    "x-content-type-options": "nosniff",
    "content-security-policy": "sandbox; default-src 'none'",
    "cross-origin-resource-policy": "same-origin",
    "x-download-options": "noopen",
    "cache-control": "no-store",
}


def routes() -> list[Route]:
    return [Route("/console/media/{id}/original", hand_out, methods=["POST"])]


async def hand_out(request: Request) -> Response:
    """Field `reason`, one of `dispatch.originals.REASONS` → 200 with the bytes as they came, once the log tells who
    took them and why; `Repr-Digest` (RFC 9530) is that of the log.

    Refused as `dispatch.originals.open_original` says; `original_damaged`, `store_unavailable`.
    """
    parts = parts_of(request)
    dispatcher = await require_dispatcher_act(request)
    id_ = _id_of(request)
    why = (await read_form(request)).get("reason", "")[:LONGEST_REASON]
    found = await parts.writer.do(
        lambda session: originals.open_original(
            session, id_, dispatcher.desk, dispatcher.number, dispatcher.role, why
        ),
        dispatcher.desk,
    )
    data, digest = await _whole(parts.store, found)
    name = f"{found.media.kind}-{found.media.id}.original"
    headers = {
        **_FIXED,
        "content-disposition": f'attachment; filename="{name}"',
        "repr-digest": f"sha-256=:{base64.b64encode(digest).decode()}:",
    }
    return Response(data, headers=headers)


async def _whole(store: MediaStore, found: Found) -> tuple[bytes, bytes]:
    """The bytes and their SHA-256, which is the one taken when they came."""
    try:
        data = await store.get(found.media.id, "original")
    except StoreAway as error:
        log.error("media_not_read", media=str(found.media.id), error=str(error))
        raise Refused("store_unavailable") from None
    digest = hashlib.sha256(data or b"").digest()
    if data is None or digest != found.sha256:
        log.error("original_damaged", media=str(found.media.id))
        raise Refused("original_damaged")
    return data, digest


def _id_of(request: Request) -> UUID:
    try:
        return UUID(request.path_params["id"])
    except ValueError:
        raise Refused("media_unknown") from None
