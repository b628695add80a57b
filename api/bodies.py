"""What a reporter's client may send, field by field. The same models check HTTP bodies and socket frames."""

import math
import re
from datetime import UTC, datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    TypeAdapter,
    ValidationError,
    model_validator,
)

from dispatch.errors import Refused
from web.bodies import Coded, refusal

TEXT_LIMIT = 4000
CATEGORIES = ("crime", "public_order", "traffic", "dispute", "help", "tip_off", "fraud", "fire", "other")

# RFC 8259, 6: beyond it, programs that keep numbers as doubles read another number than was written.
LARGEST = 2**53 - 1
VERSIONS = 2**31 - 1

# What no text needs and some databases cannot keep: C0 controls but tab and line ends, and DEL.
_CONTROLS = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")


def _clean(text: str) -> str:
    return _CONTROLS.sub("", text)


def _text(text: str) -> str:
    text = _clean(text)
    if len(text) > TEXT_LIMIT:
        raise Coded("text_too_long", limit=TEXT_LIMIT)
    return text


def _spoken(text: str) -> str:
    if not text.strip():
        raise ValueError("empty")
    return text


def _plausible(moment: datetime) -> datetime | None:
    """The moment in UTC; none at all when it is nobody's time.

    A phone that lost its clock may still report: what it says of the time is passed over, not refused. Near the
    ends of the calendar a moment has no UTC, or none in China's zone.
    """
    return moment.astimezone(UTC) if 1970 < moment.year < 2200 else None


def _tame(value: Any, depth: int = 0) -> Any:
    """JSON that every database takes: no control characters, no numbers that are none, not deep."""
    if depth > 4:
        raise ValueError("too deep")
    if isinstance(value, str):
        return _text(value)
    if isinstance(value, float) and not math.isfinite(value):
        raise ValueError("no number")
    if isinstance(value, int) and abs(value) > LARGEST:
        raise ValueError("no number that every program reads alike")
    if isinstance(value, dict):
        return {_clean(key): _tame(item, depth + 1) for key, item in value.items()}
    if isinstance(value, list):
        return [_tame(item, depth + 1) for item in value]
    return value


Text = Annotated[str, AfterValidator(_text)]
Spoken = Annotated[Text, AfterValidator(_spoken)]
ClientId = Annotated[str, Field(min_length=1, max_length=64, pattern=r"^[A-Za-z0-9_.:-]+$")]


class _Strict(BaseModel):
    # Unknown fields are passed over: a newer client may say more than this server knows.
    model_config = ConfigDict(strict=True, extra="ignore", frozen=True)


class PhoneCodeBody(_Strict):
    phone: Annotated[str, Field(min_length=3, max_length=32)]


class SessionBody(_Strict):
    phone: Annotated[str, Field(min_length=3, max_length=32)] | None = None
    code: Annotated[str, Field(min_length=1, max_length=12)] | None = None
    wechat_code: Annotated[str, Field(min_length=1, max_length=256)] | None = None


class MeBody(_Strict):
    hearing_speech_impaired: bool | None = None
    language: Annotated[str, Field(pattern=r"^[A-Za-z-]{2,16}$")] | None = None


class IdentityBody(_Strict):
    name: Annotated[str, Field(min_length=1, max_length=100)]
    id_number: Annotated[str, Field(min_length=1, max_length=64)]


class LocationBody(_Strict):
    """A position as it came, in degrees of its own system."""

    lat: float
    lon: float
    crs: Literal["wgs84", "gcj02", "bd09"] = "wgs84"
    accuracy_m: float | None = None
    source: Literal["gnss", "network", "manual", "photo", "none"] = "gnss"
    at: Annotated[AwareDatetime, Field(strict=False), AfterValidator(_plausible)] | None = None


def _none_when_none(location: Any) -> Any:
    """`source: "none"` says that there is no position, whatever else stands beside it or is missing."""
    return None if isinstance(location, dict) and location.get("source") == "none" else location


class ReportBody(_Strict):
    kind: Literal["quick", "location", "fraud", "tip"] = "quick"
    text: Text = ""
    category: Literal[CATEGORIES] | None = None  # type: ignore[valid-type]  # pydantic takes the tuple
    covert: bool = False
    place_text: Annotated[str, AfterValidator(_clean), Field(max_length=500)] | None = None
    location: Annotated[LocationBody | None, BeforeValidator(_none_when_none)] = None
    media_expected: Annotated[int, Field(ge=0, le=20)] = 0
    fraud: Annotated[dict[str, Any], AfterValidator(_tame)] | None = None

    @model_validator(mode="after")
    def _somewhere(self) -> "ReportBody":
        if self.location is None and not (self.place_text or "").strip():
            raise Coded("place_required")
        return self


class MessageBody(_Strict):
    client_id: ClientId
    text: Spoken


class WithdrawalBody(_Strict):
    reason: Annotated[str, AfterValidator(_clean), Field(max_length=500)] = ""


class Hello(_Strict):
    type: Literal["hello"]
    token: Annotated[str, Field(max_length=128)] | None = None
    known: Annotated[dict[UUID, Annotated[int, Field(ge=0, le=VERSIONS)]], Field(max_length=500)] = {}


class Shown(_Strict):
    type: Literal["shown"]
    report_id: UUID
    version: Annotated[int, Field(ge=0, le=VERSIONS)]


class MessageFrame(MessageBody):
    type: Literal["message"]
    report_id: UUID


class LocationFrame(LocationBody):
    type: Literal["location"]
    report_id: UUID


class Pong(_Strict):
    type: Literal["pong"]


ClientFrame = Annotated[Shown | MessageFrame | LocationFrame | Pong, Field(discriminator="type")]
"""Any frame of a client after its hello."""

_frames: TypeAdapter[Shown | MessageFrame | LocationFrame | Pong] = TypeAdapter(ClientFrame)


def parse_frame(text: str) -> Shown | MessageFrame | LocationFrame | Pong:
    """A client's frame. Raises Refused `frame_invalid`, or the code of a field's own rule."""
    try:
        return _frames.validate_json(text)
    except ValidationError as error:
        refused = refusal(error)
        raise refused if refused.code == "text_too_long" else Refused("frame_invalid") from None
