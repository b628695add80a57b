"""One file in a multipart form, read from the line to a temporary file."""

import re
from collections.abc import AsyncGenerator, AsyncIterator

from python_multipart.multipart import parse_options_header
from starlette.datastructures import Headers, UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser

from dispatch.errors import Refused
from dispatch.media_bounds import (
    BOUNDS,
    LARGEST_BYTES,
    UNKNOWN_TYPE,
    MediaKind,
    kind_of,
    plain_type,
    too_large,
)

FIELDS = 8
FIELD_BYTES = 1024
AROUND_BYTES = 64 * 1024  # what boundaries, headers and fields may take

BOUNDARY = re.compile(rb"[0-9A-Za-z'()+_,./:=? -]{0,69}[0-9A-Za-z'()+_,./:=?-]")  # RFC 2046, 5.1.1


async def read_photo_form(
    headers: Headers, body: AsyncIterator[bytes], declared: int
) -> tuple[UploadFile, dict[str, str]]:
    """The form's one file, to be closed by the caller, and its fields; both in any order.

    `declared` is the length that the body says to have, 0 for none.

    Raises Refused: `content_type_unsupported`, `body_unreadable` (no form, or not one file), `photo_too_large`,
    `video_too_large`, `voice_too_large`, `store_full`.
    """
    kind, options = parse_options_header(headers.get("content-type", ""))
    if kind != b"multipart/form-data":
        raise Refused("content_type_unsupported", expected="multipart/form-data")
    boundary = options.get(b"boundary", b"")
    if BOUNDARY.fullmatch(boundary) is None:
        raise Refused("body_unreadable")
    # Without the charset, which the parser would take to be any codec of Python's.
    plain = Headers(raw=[(b"content-type", b'multipart/form-data; boundary="' + boundary + b'"')])
    bounded = _Bounded(body, declared)
    parser = _Parser(plain, bounded.pieces(), max_files=1, max_fields=FIELDS, max_part_size=FIELD_BYTES)
    bounded.parser = parser
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


class _Parser(MultiPartParser):
    """Knows what is being sent as soon as its head has come, and not only when all of it has."""

    sending: MediaKind | None = None

    def on_headers_finished(self) -> None:
        super().on_headers_finished()
        file = self._current_part.file
        if file is None:
            return
        said = {name: value for name, value in self.items if isinstance(value, str)}
        filename = said.get("filename") or file.filename or ""
        content_type = plain_type(said.get("filetype") or file.content_type or "", filename)
        self.sending = None if content_type == UNKNOWN_TYPE else kind_of(content_type)


class _Bounded:
    """The body as far as it may go: no longer than the kind of file in it, as soon as that is known."""

    def __init__(self, body: AsyncIterator[bytes], declared: int) -> None:
        self._body = body
        self._declared = declared
        self.parser: _Parser | None = None

    async def pieces(self) -> AsyncGenerator[bytes, None]:
        came = 0
        async for piece in self._body:
            came += len(piece)
            kind = self.parser.sending if self.parser is not None else None
            most = (BOUNDS[kind].bytes if kind else LARGEST_BYTES) + AROUND_BYTES
            if came > most or (kind and self._declared > most):
                raise too_large(kind or "video")
            yield piece
