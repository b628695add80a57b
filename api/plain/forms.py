"""A form with photos, read from the line: its words as soon as the first photo begins, then each photo when whole.

So a report is filed while its photos are still on the way, and a line that breaks in the third photo costs that photo.
A page's inputs for files stand at its end for this; browsers send in the order of the page.
"""

from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from dataclasses import dataclass, field
from tempfile import SpooledTemporaryFile
from typing import TYPE_CHECKING, BinaryIO, Final, TypeVar, cast

import orjson
from pydantic import BaseModel
from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header
from starlette.datastructures import Headers, UploadFile
from starlette.requests import ClientDisconnect, Request

from api.media_taking import patient
from api.photo_form import AROUND_BYTES, BOUNDARY
from dispatch.errors import Refused
from dispatch.media_bounds import BOUNDS
from web.bodies import FORM_FIELDS, FORM_LIMIT, parse, read_form

if TYPE_CHECKING:
    from python_multipart.multipart import MultipartCallbacks

PHOTOS: Final = BOUNDS["photo"].count
# All photos that a report may have, as large as they may be.
LONGEST: Final = PHOTOS * BOUNDS["photo"].bytes + FORM_LIMIT + AROUND_BYTES
# Starlette's own bound must not cut in before ours, which has a sentence.
OWN_COUNT: Final = 2**31
_IN_MEMORY: Final = 1024 * 1024

Fields = Mapping[str, str]
Body = TypeVar("Body", bound=BaseModel)


async def read(request: Request) -> AsyncGenerator[Fields | UploadFile, None]:
    """The fields, once, and then each file that was chosen; a file is closed when the next is asked for.

    Raises Refused: `content_type_unsupported`, `body_unreadable`, `body_too_large`, `upload_stalled`.
    """
    kind, options = parse_options_header(request.headers.get("content-type", ""))
    if kind != b"multipart/form-data":
        yield await read_form(request)  # a browser that knows no other, or a form without photos
        return
    boundary = options.get(b"boundary", b"")
    if BOUNDARY.fullmatch(boundary) is None:
        raise Refused("body_unreadable")
    form = _Form()
    try:
        async for event in _events(request, boundary):
            if isinstance(event, _Begin) and event.filename is not None and not form.told:
                form.told = True
                yield form.fields
            if (file := await form.take(event)) is not None:
                yield file
                await file.close()
        if not form.told:
            yield form.fields
    except (ClientDisconnect, FormParserError, UnicodeDecodeError):
        raise Refused("body_unreadable") from None
    except OSError:
        raise Refused("store_full") from None
    finally:
        await form.close()


def as_body(model: type[Body], fields: Mapping[str, str]) -> Body:
    """A form's fields as the API's body. Raises Refused as that does."""
    return parse(model, orjson.dumps(dict(fields)))


@dataclass(frozen=True, slots=True)
class _Begin:
    """A part begins: a field, or a file if it has a name; an input that was left empty has an empty one."""

    name: str
    filename: str | None
    content_type: str


class _End:
    """The part that began has come whole."""


_Event = _Begin | bytes | _End


@dataclass(slots=True)
class _Form:
    """What has come so far."""

    fields: dict[str, str] = field(default_factory=dict)
    told: bool = False
    _part: _Begin | None = None
    _value: bytearray = field(default_factory=bytearray)
    _file: UploadFile | None = None
    _bytes: int = 0  # of all fields

    async def take(self, event: _Event) -> UploadFile | None:
        """Take the next event in; gives a file that it completes."""
        if isinstance(event, _Begin):
            self._part, self._value = event, bytearray()
            if event.filename:
                headers = Headers({"content-type": event.content_type})
                held = SpooledTemporaryFile(max_size=_IN_MEMORY)  # noqa: SIM115 - closed with its UploadFile
                self._file = UploadFile(
                    cast("BinaryIO", held), size=0, filename=event.filename, headers=headers
                )
            return None
        if isinstance(event, bytes):
            await self._add(event)
            return None
        return await self._end()

    async def _add(self, data: bytes) -> None:
        if self._file is not None:
            # More than a photo may have is counted and not kept: its length alone refuses it.
            if (self._file.size or 0) <= BOUNDS["photo"].bytes:
                await self._file.write(data)
            else:
                self._file.size = (self._file.size or 0) + len(data)
            return
        self._bytes += len(data)
        if self._bytes > FORM_LIMIT:
            raise Refused("body_too_large", limit=FORM_LIMIT)
        self._value += data

    async def _end(self) -> UploadFile | None:
        part, file, self._part, self._file = self._part, self._file, None, None
        if file is not None:
            await file.seek(0)
            return file
        if part is not None and part.filename is None:
            if len(self.fields) >= FORM_FIELDS:
                raise Refused("body_unreadable")
            self.fields[part.name] = self._value.decode()
        return None

    async def close(self) -> None:
        """Let go of a file that did not come whole."""
        if self._file is not None:
            await self._file.close()


async def _events(request: Request, boundary: bytes) -> AsyncIterator[_Event]:
    listener = _Listener()
    parser = MultipartParser(boundary, listener.callbacks())
    came = 0
    async for piece in patient(request):
        came += len(piece)
        if came > LONGEST:
            raise Refused("body_too_large", limit=LONGEST)
        parser.write(piece)
        for event in listener.heard:
            yield event
        listener.heard.clear()
    if not listener.ended:  # cut off, perhaps in the middle of a word
        raise Refused("body_unreadable")


class _Listener:
    """What the parser calls, put in a row."""

    def __init__(self) -> None:
        self.heard: list[_Event] = []
        self.ended = False
        self._name = bytearray()
        self._value = bytearray()
        self._headers: dict[bytes, bytes] = {}

    def callbacks(self) -> "MultipartCallbacks":
        """By the parser's names for them."""
        return {
            "on_part_begin": self._headers.clear,
            "on_header_field": lambda data, start, end: self._name.extend(data[start:end]),
            "on_header_value": lambda data, start, end: self._value.extend(data[start:end]),
            "on_header_end": self._header,
            "on_headers_finished": self._begin,
            "on_part_data": lambda data, start, end: self.heard.append(data[start:end]),
            "on_part_end": lambda: self.heard.append(_End()),
            "on_end": self._end,
        }

    def _header(self) -> None:
        self._headers[bytes(self._name).lower()] = bytes(self._value)
        self._name.clear()
        self._value.clear()

    def _begin(self) -> None:
        _, options = parse_options_header(self._headers.get(b"content-disposition", b""))
        filename = options.get(b"filename")
        self.heard.append(
            _Begin(
                options.get(b"name", b"").decode(),
                None if filename is None else filename.decode(errors="replace"),
                self._headers.get(b"content-type", b"").decode("latin-1"),
            )
        )

    def _end(self) -> None:
        self.ended = True
