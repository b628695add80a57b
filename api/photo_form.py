"""One photo in a multipart form, read from the line to a temporary file."""

import re
from collections.abc import AsyncGenerator, AsyncIterator

from python_multipart.multipart import parse_options_header
from starlette.datastructures import Headers, UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser

from dispatch.errors import Refused
from dispatch.offers import PHOTO_BYTES

FIELDS = 8
FIELD_BYTES = 1024
AROUND_BYTES = 64 * 1024  # what boundaries, headers and fields may take

_BOUNDARY = re.compile(rb"[0-9A-Za-z'()+_,./:=? -]{0,69}[0-9A-Za-z'()+_,./:=?-]")  # RFC 2046, 5.1.1


async def read_photo_form(
    headers: Headers, body: AsyncIterator[bytes], declared: int
) -> tuple[UploadFile, dict[str, str]]:
    """The form's one file, to be closed by the caller, and its fields; both in any order.

    `declared` is the length that the body says to have, 0 for none.

    Raises Refused: `content_type_unsupported`, `body_unreadable` (no form, or not one file), `photo_too_large`,
    `store_full`.
    """
    kind, options = parse_options_header(headers.get("content-type", ""))
    if kind != b"multipart/form-data":
        raise Refused("content_type_unsupported", expected="multipart/form-data")
    boundary = options.get(b"boundary", b"")
    if _BOUNDARY.fullmatch(boundary) is None:
        raise Refused("body_unreadable")
    if declared > PHOTO_BYTES + AROUND_BYTES:
        raise _too_large()
    # Without the charset, which the parser would take to be any codec of Python's.
    plain = Headers(raw=[(b"content-type", b'multipart/form-data; boundary="' + boundary + b'"')])
    parser = MultiPartParser(plain, _bounded(body), max_files=1, max_fields=FIELDS, max_part_size=FIELD_BYTES)
    try:
        form = await parser.parse()
    except MultiPartException:
        raise Refused("body_unreadable") from None
    except OSError:
        raise Refused("store_full") from None
    files = [value for _, value in form.multi_items() if isinstance(value, UploadFile)]
    if not files:
        raise Refused("body_unreadable")
    return files[0], {name: value for name, value in form.multi_items() if isinstance(value, str)}


async def _bounded(body: AsyncIterator[bytes]) -> AsyncGenerator[bytes, None]:
    room = PHOTO_BYTES + AROUND_BYTES
    async for piece in body:
        room -= len(piece)
        if room < 0:
            raise _too_large()
        yield piece


def _too_large() -> Refused:
    return Refused("photo_too_large", limit=PHOTO_BYTES // 1024**2)
