"""Bodies: bounded before they are read, checked before they are used."""

import asyncio
from typing import TypeVar
from urllib.parse import parse_qsl

from pydantic import BaseModel, ValidationError
from starlette.requests import ClientDisconnect, Request

from dispatch.errors import Refused

Body = TypeVar("Body", bound=BaseModel)

JSON_LIMIT = 64 * 1024
FORM_LIMIT = 64 * 1024
FORM_FIELDS = 20
# Of a body that may be 64 KiB at most. Over the slowest line that a phone still calls one, it is there in ten.
WHOLE_WITHIN_S = 60.0


async def read_bounded(request: Request, limit: int) -> bytes:
    """The whole body. Raises Refused: `body_too_large` as soon as it is known to be more than `limit` bytes,
    `body_unreadable` when it has not come within a minute."""
    declared = request.headers.get("content-length", "")
    if declared.isdigit() and int(declared) > limit:
        raise Refused("body_too_large", limit=limit)
    body = bytearray()
    try:
        async with asyncio.timeout(WHOLE_WITHIN_S):
            async for chunk in request.stream():
                body += chunk
                if len(body) > limit:
                    raise Refused("body_too_large", limit=limit)
    except (ClientDisconnect, TimeoutError):
        raise Refused("body_unreadable") from None
    return bytes(body)


async def read_json(request: Request, model: type[Body], limit: int = JSON_LIMIT) -> Body:
    """The body as `model`.

    Raises Refused: `content_type_unsupported`, `body_too_large`, `body_unreadable` (no JSON), `field_invalid`
    with the names of the `fields` that are wrong, or the code that a field's own rule gives.
    """
    if _content_type(request) != "application/json":
        raise Refused("content_type_unsupported", expected="application/json")
    return parse(model, await read_bounded(request, limit))


async def read_form(request: Request, limit: int = FORM_LIMIT) -> dict[str, str]:
    """The fields of a form without files, in UTF-8; of a name that comes twice, the last.

    One encoding alone, since a form of parts names a charset that may be any codec of Python's.
    Raises Refused: `content_type_unsupported`, `body_too_large`, `body_unreadable`.
    """
    body = await read_bounded(request, limit)
    if body and _content_type(request) != "application/x-www-form-urlencoded":
        raise Refused("content_type_unsupported", expected="application/x-www-form-urlencoded")
    try:
        fields = parse_qsl(body.decode(), keep_blank_values=True, errors="strict", max_num_fields=FORM_FIELDS)
    except ValueError:
        raise Refused("body_unreadable") from None
    return dict(fields)


def _content_type(request: Request) -> str:
    return request.headers.get("content-type", "").partition(";")[0].strip().lower()


def parse(model: type[Body], body: bytes | str) -> Body:
    """JSON as `model`; refused as `read_json` says."""
    try:
        return model.model_validate_json(body)
    except ValidationError as error:
        raise refusal(error) from None


def refusal(error: ValidationError) -> Refused:
    """The refusal for what pydantic found, naming fields and never values."""
    fields = []
    for entry in error.errors(include_url=False, include_context=True, include_input=False):
        # No JSON, or JSON that is no object: there is no field to name.
        if entry["type"] == "json_invalid" or (entry["type"] == "model_type" and not entry["loc"]):
            return Refused("body_unreadable")
        cause = entry.get("ctx", {}).get("error")
        if isinstance(cause, Coded):
            return Refused(cause.code, **cause.values)
        fields.append(".".join(str(part) for part in entry["loc"]))
    return Refused("field_invalid", fields=fields)


class Coded(ValueError):
    """A field's rule was broken, and the rule has a code of its own."""

    def __init__(self, code: str, **values: object) -> None:
        super().__init__(code)
        self.code = code
        self.values = values
