"""What stands in paths, queries and headers of the HTTP API, as the published document tells it."""

from typing import Final

from api import tus
from api.bodies import AREA
from api.documents.schemas import Json
from dispatch.consents import EDITIONS
from dispatch.coordinates import SYSTEMS
from dispatch.media_bounds import LARGEST_BYTES, PHOTO_TYPES, VIDEO_TYPES, VOICE_TYPES

_UUID: Final = {"type": "string", "format": "uuid"}
_BYTES: Final = {"type": "integer", "minimum": 0}
_TYPES: Final = PHOTO_TYPES | VIDEO_TYPES | VOICE_TYPES
_METADATA: Final = "filename 5LqL5pWF546w5Zy6LmpwZw==,filetype aW1hZ2UvanBlZw==,client_id cC0x"


def _asked(place: str, name: str, schema: Json, says: str, *, required: bool = False, **more: object) -> Json:
    return {"name": name, "in": place, "required": required, "description": says, "schema": schema, **more}


PARAMETERS: Final[Json] = {
    "id": _asked("path", "id", _UUID, "Of the report.", required=True),
    "media": _asked("path", "media", _UUID, "Of the photo, video or voice note.", required=True),
    "lat": _asked(
        "query",
        "lat",
        {"type": "number", "minimum": -90, "maximum": 90},
        "Degrees; with `lon`, unless there is an `area`.",
        example=30.25,
    ),
    "lon": _asked(
        "query", "lon", {"type": "number", "minimum": -180, "maximum": 180}, "Degrees.", example=120.12
    ),
    "area": _asked(
        "query",
        "area",
        {"type": "string", "pattern": AREA},
        "The adcode of the area that was picked: instead of a position, or beside one whose circle crosses a border.",
        example="330106",
    ),
    "crs": _asked("query", "crs", {"enum": list(SYSTEMS), "default": "wgs84"}, "The system they are in."),
    "accuracy_m": _asked("query", "accuracy_m", {"type": "number"}, "Radius in metres; negative is unknown."),
    "cursor": _asked("query", "cursor", {"type": "string"}, "`next_cursor` of the page before."),
    "Accept-Language": _asked(
        "header",
        "Accept-Language",
        {"type": "string", "default": "zh-CN"},
        "Of what people read in the answer: `zh-CN` or `en`.",
    ),
    "purpose": _asked("path", "purpose", {"enum": [*EDITIONS]}, "What for.", required=True),
    "Desk110-Reporter": _asked(
        "header",
        "Desk110-Reporter",
        _UUID,
        "Whose request it is, as the client knows: its `id`. With somebody else signed in, the answer is 401: "
        "nothing goes under another's name on a shared phone.",
    ),
    "Idempotency-Key": _asked(
        "header",
        "Idempotency-Key",
        _UUID,
        "Made by the client, once for each report: one key, one report, however often it is sent.",
        required=True,
        example="7f3c2b1e-5a94-4d08-b6e7-91c0d2f4a835",
    ),
    "Tus-Resumable": _asked("header", "Tus-Resumable", {"const": tus.VERSION}, "", required=True),
    "Upload-Length": _asked(
        "header",
        "Upload-Length",
        {"type": "integer", "minimum": 1, "maximum": LARGEST_BYTES},
        "Bytes of the whole file.",
        required=True,
    ),
    "Upload-Metadata": _asked(
        "header",
        "Upload-Metadata",
        {"type": "string"},
        "Names and base64 values: `filename`, `filetype` ("
        + ", ".join(sorted(_TYPES))
        + "), `client_id`. Without a "
        "`client_id` the client cannot ask for the same again.",
        example=_METADATA,
    ),
    "Upload-Offset": _asked("header", "Upload-Offset", _BYTES, "Where this piece begins.", required=True),
    "Upload-Offset-of-PATCH": _asked("header", "Upload-Offset", _BYTES, "As PATCH needs it."),
    "X-HTTP-Method-Override": _asked(
        "header",
        "X-HTTP-Method-Override",
        {"enum": ["PATCH", "DELETE", "HEAD"]},
        "What is meant.",
        required=True,
    ),
    "If-None-Match": _asked("header", "If-None-Match", {"type": "string"}, "`ETag` of what the client has."),
    "Range": _asked(
        "header", "Range", {"type": "string"}, "One range of a video or voice note.", example="bytes=0-"
    ),
    "If-Range": _asked(
        "header", "If-Range", {"type": "string"}, "`ETag` of what the range is of; else all comes."
    ),
}


def _said(schema: Json, says: str) -> Json:
    return {"description": says, "schema": schema}


HEADERS: Final[Json] = {
    "Content-Language": _said({"type": "string"}, "Of the sentences in the body."),
    "Allow": _said({"type": "string"}, "The methods that the address takes."),
    "Retry-After": _said({"type": "integer"}, "Seconds to wait before the next try."),
    "Set-Cookie": _said({"type": "string"}, "The session, for the page: HttpOnly, SameSite=Strict."),
    "Content-Disposition": _said({"type": "string"}, "A file name, for who keeps it."),
    "Location": _said({"type": "string"}, "Where the upload goes on; a path on this server."),
    "ETag": _said({"type": "string"}, "Of what is shown, which never changes."),
    "Content-Range": _said({"type": "string"}, "Which bytes come, and of how many."),
    "Tus-Resumable": _said({"const": tus.VERSION}, "The version of tus that is spoken."),
    "Tus-Version": _said({"const": tus.VERSION}, "The versions of tus that are understood."),
    "Tus-Extension": _said({"const": tus.EXTENSIONS}, "What is understood beyond its core."),
    "Tus-Max-Size": _said(
        {"type": "integer", "const": LARGEST_BYTES},
        "Bytes that a file may have at most; photos and voice notes may have fewer.",
    ),
    "Upload-Offset": _said(_BYTES, "Bytes that have come."),
    "Upload-Length": _said(_BYTES, "Bytes of the whole file."),
    "Upload-Metadata": _said({"type": "string"}, "As it was given."),
}
