"""tus 1.0.0 (https://tus.io/protocols/resumable-upload): its headers, read and written."""

import base64
import re
from collections.abc import Mapping
from uuid import UUID

from starlette.datastructures import MutableHeaders
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from dispatch.errors import Refused
from dispatch.ids import new_id
from dispatch.media_bounds import LARGEST_BYTES, Offer
from dispatch.media_reading import Found

VERSION = "1.0.0"
BODY_TYPE = "application/offset+octet-stream"
EXTENSIONS = "creation,creation-with-upload,termination"

_CLIENT_ID = re.compile(r"[A-Za-z0-9_.:-]{1,64}")
# More than any file has, and few enough digits for every database.
_NUMBER = re.compile(r"[0-9]{1,15}")


class Speaks:
    """Around a route: every answer, a refusal too, says which version of tus it speaks."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def send_with_version(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers["tus-resumable"] = VERSION
                if message["status"] == 412:
                    headers["tus-version"] = VERSION
            await send(message)

        await self._app(scope, receive, send_with_version)


def abilities() -> dict[str, str]:
    """What the server can do, for OPTIONS."""
    return {"Tus-Version": VERSION, "Tus-Extension": EXTENSIONS, "Tus-Max-Size": str(LARGEST_BYTES)}


def check_version(request: Request) -> None:
    """Raises Refused `tus_version_unsupported` for any other version than ours, and for none."""
    if request.headers.get("tus-resumable") != VERSION:
        raise Refused("tus_version_unsupported")


def number(request: Request, header: str) -> int:
    """A header's number of bytes. Raises Refused `field_invalid` when it is missing or none."""
    value = request.headers.get(header, "")
    if _NUMBER.fullmatch(value) is None:
        raise Refused("field_invalid", fields=[header])
    return int(value)


def has_body_type(request: Request) -> bool:
    """Whether the body is a piece of an upload."""
    return request.headers.get("content-type", "").partition(";")[0].strip().lower() == BODY_TYPE


def offer_of(request: Request) -> Offer:
    """What a creation offers. Raises Refused `field_invalid`."""
    length = number(request, "Upload-Length")
    metadata = _metadata(request.headers.get("upload-metadata", ""))
    return offer(metadata, metadata.get("filename", ""), metadata.get("filetype", ""), length)


def offer(fields: Mapping[str, str], filename: str, content_type: str, length: int) -> Offer:
    """An offer with its `client_id` checked; a client that gives none cannot ask for the same again.

    Raises Refused `field_invalid`.
    """
    client_id = fields.get("client_id") or str(new_id())
    if _CLIENT_ID.fullmatch(client_id) is None:
        raise Refused("field_invalid", fields=["client_id"])
    return Offer(client_id, filename, content_type, length)


def described(found: Found) -> str:
    """The metadata of an upload, as HEAD repeats it."""
    media = found.media
    fields = {"filename": media.filename, "filetype": media.content_type, "client_id": media.client_id}
    return ",".join(f"{name} {base64.b64encode(value.encode()).decode()}" for name, value in fields.items())


def address(report: UUID, media: UUID) -> str:
    """Where an upload goes on. Without the host: a proxy in front may have another name."""
    return f"/api/v1/reports/{report}/media/{media}"


def _metadata(header: str) -> dict[str, str]:
    """`key base64, key base64, key`. Raises Refused `field_invalid`."""
    found: dict[str, str] = {}
    for pair in header.split(","):
        key, _, value = pair.strip().partition(" ")
        if not key:
            continue
        try:
            found[key] = base64.b64decode(value.strip(), validate=True).decode()
        except ValueError:  # no base64, no UTF-8, or a letter that base64 has not
            raise Refused("field_invalid", fields=["Upload-Metadata"]) from None
    return found
