"""What the bodies of clients are made of: texts that every database takes, moments, strict models."""

import math
import re
from datetime import UTC, datetime
from typing import Annotated, Any

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    TypeAdapter,
    ValidationError,
)

from dispatch.written import NEVER
from web.bodies import Coded

TEXT_LIMIT = 4000
PLACE_LIMIT = 500

# RFC 8259, 6: beyond it, programs that keep numbers as doubles read another number than was written.
LARGEST = 2**53 - 1

_moment: TypeAdapter[datetime] = TypeAdapter(AwareDatetime)

# What no text needs and some databases cannot keep: C0 controls but tab and line ends, and DEL.
_CONTROLS = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")


def clean(text: str) -> str:
    """The text without control characters."""
    return _CONTROLS.sub("", text)


def bounded_text(text: str) -> str:
    """The text, clean. Raises Coded `text_too_long`."""
    text = clean(text)
    if len(text) > TEXT_LIMIT:
        raise Coded("text_too_long", limit=TEXT_LIMIT)
    return text


def plausible(moment: datetime) -> datetime | None:
    """The moment in UTC; none at all when it is nobody's time.

    A phone that lost its clock may still report: what it says of the time is passed over, not refused. Near the
    ends of the calendar a moment has no UTC, or none in China's zone.
    """
    return moment.astimezone(UTC) if 1970 < moment.year < 2200 else None


def any_moment(value: Any) -> datetime | None:
    """A moment (RFC 3339), whatever clock it is of; `NEVER` for anything else, which refuses nothing."""
    if value is None:
        return None
    try:
        return _moment.validate_python(value)
    except ValidationError:
        return NEVER


def tame(value: Any, depth: int = 0) -> Any:
    """JSON that every database takes: no control characters, no numbers that are none, not deep."""
    if depth > 4:
        raise ValueError("too deep")
    if isinstance(value, str):
        return bounded_text(value)
    if isinstance(value, float) and not math.isfinite(value):
        raise ValueError("no number")
    if isinstance(value, int) and abs(value) > LARGEST:
        raise ValueError("no number that every program reads alike")
    if isinstance(value, dict):
        return {clean(key): tame(item, depth + 1) for key, item in value.items()}
    if isinstance(value, list):
        return [tame(item, depth + 1) for item in value]
    return value


Text = Annotated[str, AfterValidator(bounded_text), Field(json_schema_extra={"maxLength": TEXT_LIMIT})]


ClockSays = Annotated[
    datetime | None, BeforeValidator(any_moment, json_schema_input_type=AwareDatetime | Any)
]
"""What a phone's clock says; it may be anything."""


class Strict(BaseModel):
    # Unknown fields are passed over: a newer client may say more than this server knows.
    # What stands under a field describes it in the published documents.
    model_config = ConfigDict(strict=True, extra="ignore", frozen=True, use_attribute_docstrings=True)
