"""What a reporter's client may send, field by field. The same models check HTTP bodies and socket frames."""

from typing import Annotated, Any, Final, Literal
from uuid import UUID

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BeforeValidator,
    ConfigDict,
    Field,
    TypeAdapter,
    ValidationError,
    model_validator,
)
from pydantic.config import JsonDict

from api.facts import Fraud
from api.fields import PLACE_LIMIT as PLACE_LIMIT
from api.fields import TEXT_LIMIT as TEXT_LIMIT
from api.fields import ClockSays, Strict, Text, clean, plausible
from dispatch.desks import CITIES, DESKS, PROVINCE
from dispatch.errors import Refused
from dispatch.marks import LONGEST_APPEAL
from dispatch.words import languages
from web.bodies import Coded, refusal

REASON_LIMIT = 500
DURESS_WORD_LIMIT = 60
DEED_LIMIT = 200
DEED_WORDS = 1000
AREA = r"^33[0-9]{4}$"
CLIENT_ID = r"^[A-Za-z0-9_.:-]+$"
CATEGORIES = ("crime", "public_order", "traffic", "dispute", "help", "tip_off", "fraud", "fire", "other")

VERSIONS = 2**31 - 1


def _spoken(text: str) -> str:
    if not text.strip():
        raise ValueError("empty")
    return text


def standing_area(area: str) -> str:
    """The code, if an area has it today; else the city that its first digits name, or the province.

    Divisions are reformed, and phones keep old lists: what was picked still says roughly where.
    """
    if area in DESKS:
        return area
    city = area[:4] + "00"
    return city if city in CITIES else PROVINCE


Spoken = Annotated[Text, AfterValidator(_spoken), Field(json_schema_extra={"pattern": r"\S"})]
ClientId = Annotated[str, Field(min_length=1, max_length=64, pattern=CLIENT_ID)]


# As JSON Schema: a phone with its code, or WeChat's.
_PROOF: Final[JsonDict] = {
    "anyOf": [
        {
            "required": ["phone", "code"],
            "properties": {"phone": {"type": "string"}, "code": {"type": "string"}},
        },
        {"required": ["wechat_code"], "properties": {"wechat_code": {"type": "string"}}},
    ]
}


class PhoneCodeBody(Strict):
    """Where a code is to be sent."""

    phone: Annotated[str, Field(min_length=3, max_length=32)]
    """A mobile number, of the mainland if it names no country."""


class SessionBody(Strict):
    """What proves who it is: `phone` and `code` together, or `wechat_code`; at a WeChat account's first time with
    `wechat_phone_code`."""

    model_config = ConfigDict(json_schema_extra=_PROOF)

    phone: Annotated[str, Field(min_length=3, max_length=32)] | None = None
    code: Annotated[str, Field(min_length=1, max_length=12)] | None = None
    """The six digits that were sent. Each is good once."""
    wechat_code: Annotated[str, Field(min_length=1, max_length=256)] | None = None
    """What `wx.login` gives. Each is good once, for five minutes."""
    wechat_phone_code: Annotated[str, Field(min_length=1, max_length=256)] | None = None
    """What a `getPhoneNumber` button gives. Each is good once, for five minutes."""


class WechatNoticeBody(Strict):
    """Whoever is to be told in WeChat, by a fresh code."""

    wechat_code: Annotated[str, Field(min_length=1, max_length=256)]
    """What `wx.login` gives. Each is good once, for five minutes."""


class MeBody(Strict):
    """What the reporter says of themselves; what is left out stays."""

    hearing_speech_impaired: bool | None = None
    """Deaf or unable to speak."""
    language: (
        Annotated[
            str,
            Field(
                pattern=r"^[A-Za-z0-9-]{2,35}$",
                json_schema_extra=lambda schema: schema.update(enum=list(languages())),
            ),
        ]
        | None
    ) = None
    """One of those that there are, `zh-CN` and `en` at least: of what is sent over the socket to who asks for none."""


class PhoneBody(Strict):
    """Another phone, proved by the code that was sent to it."""

    phone: Annotated[str, Field(min_length=3, max_length=32)]
    """A mobile number, of the mainland if it names no country."""
    code: Annotated[str, Field(min_length=1, max_length=12)]
    """The six digits that were sent to this phone by `POST /phone-codes`."""


class ConsentBody(Strict):
    """An answer to what one purpose is for: agreed, or taken back."""

    given: bool
    wording: Annotated[str, Field(min_length=1, max_length=32)] | None = None
    """The edition that was read; needed to agree, not to take it back."""


class AppealBody(Strict):
    """Why it is wrong to be marked as a nuisance."""

    text: Annotated[Spoken, Field(max_length=LONGEST_APPEAL)]


class IdentityBody(Strict):
    """A real name and the resident identity number (GB 11643) that goes with it."""

    name: Annotated[str, Field(min_length=1, max_length=100)]
    id_number: Annotated[str, Field(min_length=1, max_length=64)]


class LocationBody(Strict):
    """A position as it came, in degrees of its own system."""

    lat: Annotated[float, Field(json_schema_extra={"minimum": -90, "maximum": 90})]
    lon: Annotated[float, Field(json_schema_extra={"minimum": -180, "maximum": 180})]
    crs: Literal["wgs84", "gcj02", "bd09"] = "wgs84"
    """Phones and browsers give WGS-84, WeChat and Chinese maps GCJ-02, Baidu BD-09: some 500 m apart."""
    accuracy_m: float | None = None
    """Radius of the circle that the phone vouches for, in metres; negative is unknown."""
    source: Literal["gnss", "network", "manual", "photo", "none"] = "gnss"
    at: Annotated[AwareDatetime, Field(strict=False), AfterValidator(plausible)] | None = None
    """When it was taken; passed over when it is nobody's time."""


class Nowhere(Strict):
    """No position, said so."""

    source: Literal["none"]


def _none_when_none(location: Any) -> Any:
    """`source: "none"` says that there is no position, whatever else stands beside it or is missing."""
    return None if isinstance(location, dict) and location.get("source") == "none" else location


# What can be reported without a place: the province's desk takes what names none.
PLACELESS: Final = ("fraud", "tip")

# As JSON Schema: a kind that needs none, words that name a place, or a position.
_SOMEWHERE: Final[JsonDict] = {
    "anyOf": [
        {"required": ["kind"], "properties": {"kind": {"enum": [*PLACELESS]}}},
        {"required": ["place_text"], "properties": {"place_text": {"type": "string", "pattern": r"\S"}}},
        {
            "required": ["location"],
            "properties": {
                "location": {
                    "type": "object",
                    "required": ["lat", "lon"],
                    "properties": {"source": {"not": {"const": "none"}}},
                }
            },
        },
    ]
}


class DeedBody(Strict):
    """The deed that a tip-off is about: its time and place, apart from the reporter's own."""

    when: Literal["exact", "about", "ongoing", "unknown"] = "unknown"
    """`ongoing`: it goes on just now."""
    at: Annotated[AwareDatetime, Field(strict=False), AfterValidator(plausible)] | None = None
    at_text: Annotated[str, AfterValidator(clean), Field(max_length=DEED_LIMIT)] | None = None
    """When, in words: 每天夜里十一点以后."""
    place_text: Annotated[str, AfterValidator(clean), Field(max_length=PLACE_LIMIT)] | None = None
    """Where, in words. The county or city named in it decides the desk, before where the reporter is."""
    area: Annotated[str, Field(pattern=AREA), AfterValidator(standing_area)] | None = None
    """The adcode of the county or city that was picked for the deed's place; as the report's own `area`."""
    location: Annotated[
        LocationBody | None,
        BeforeValidator(_none_when_none, json_schema_input_type=LocationBody | Nowhere | None),
    ] = None
    """Where, as a position. It decides the desk before all words."""
    who: Annotated[str, AfterValidator(clean), Field(max_length=DEED_WORDS)] | None = None
    """The people, in words."""
    vehicle: Annotated[str, AfterValidator(clean), Field(max_length=PLACE_LIMIT)] | None = None
    """Vehicles and plates, in words."""
    unnamed: bool = False
    """The reporter wants to stay unnamed towards everybody but the police."""


class ReportBody(Strict):
    """A report (警情). One of kind `quick` or `location` needs a `location` or a `place_text`; the text may be empty,
    and media follow alone."""

    model_config = ConfigDict(json_schema_extra=_SOMEWHERE)

    kind: Literal["quick", "location", "fraud", "tip"] = "quick"
    """快速报警求助, 位置上传, 非接触性诈骗警情登记, 违法犯罪线索举报."""
    text: Text = ""
    category: Literal[CATEGORIES] | None = None  # type: ignore[valid-type]  # pydantic takes the tuple
    covert: bool = False
    """静默: the reporter may be watched or overheard; nobody calls back, nothing sounds."""
    place_text: Annotated[str, AfterValidator(clean), Field(max_length=PLACE_LIMIT)] | None = None
    """The place in words; where there is neither a position nor an `area`, the county or city named in it decides
    the desk."""
    area: Annotated[str, Field(pattern=AREA), AfterValidator(standing_area)] | None = None
    """The adcode of the county or city that was picked for the place, beside `place_text`. It decides the desk where
    there is no position, and between the counties that a position's circle crosses. One that no area has today
    counts as its city's."""
    location: Annotated[
        LocationBody | None,
        BeforeValidator(_none_when_none, json_schema_input_type=LocationBody | Nowhere | None),
    ] = None
    media_expected: Annotated[int, Field(ge=0, le=20)] = 0
    """How many photos are going to follow."""
    fraud: Fraud | None = None
    deed: DeedBody | None = None
    written_at: ClockSays = None
    """When the reporter tapped (RFC 3339), by the phone's clock: a report that was written without a network comes
    later. What cannot be is passed over, and the dispatcher told. It is no part of the content: the same key with
    another moment is the same report."""
    sent_at: ClockSays = None
    """When this request is made, by the same clock: what that is wrong by then does not matter."""

    @model_validator(mode="after")
    def _somewhere(self) -> "ReportBody":
        if self.kind in PLACELESS:
            return self
        if self.location is None and not (self.place_text or "").strip():
            raise Coded("place_required")
        return self


class MessageBody(Strict):
    """A line to the desk."""

    client_id: ClientId
    """The client's own id for it: sent twice is once."""
    text: Spoken


class AnswerBody(Strict):
    """The answer to a dispatcher's question: one of those that could be tapped, or free words where there were none."""

    request_id: UUID
    answer: Spoken


class CovertBody(Strict):
    """Whether the reporter may be watched or overheard (静默)."""

    covert: bool


class DuressWordBody(Strict):
    """One's own duress word, or null for none any more."""

    word: Annotated[str, AfterValidator(clean), Field(min_length=1, max_length=DURESS_WORD_LIMIT)] | None
    """Letters and digits count alone, whatever their case: at least four, or two of Chinese."""


class WithdrawalBody(Strict):
    """Why the report is taken back."""

    reason: Annotated[str, AfterValidator(clean), Field(max_length=REASON_LIMIT)] = ""


class Hello(Strict):
    """The client's first frame."""

    type: Literal["hello"]
    token: Annotated[str, Field(max_length=128)] | None = None
    """Of the session; left out by the page, which has it as a cookie."""
    known: Annotated[dict[UUID, Annotated[int, Field(ge=0, le=VERSIONS)]], Field(max_length=500)] = {}  # noqa: RUF012 - pydantic copies it
    """Which version of which report the client has, by the report's id."""
    epoch: Annotated[str, Field(max_length=36)] | None = None
    """That of the `welcome` that they are of. Of another one than the server's they count for nothing."""


class Shown(Strict):
    """The screen shows this version: the dispatcher sees that 已接收 arrived."""

    type: Literal["shown"]
    report_id: UUID
    version: Annotated[int, Field(ge=0, le=VERSIONS)]


class MessageFrame(MessageBody):
    """A line to the desk, as over HTTP; answered by the `message` that was stored."""

    type: Literal["message"]
    report_id: UUID


class LocationFrame(LocationBody):
    """A position for the report's trail, as over HTTP."""

    type: Literal["location"]
    report_id: UUID


class AnswerFrame(AnswerBody):
    """An answer to a question, as over HTTP."""

    type: Literal["answer"]
    report_id: UUID


class Typing(Strict):
    """Somebody is writing about the report: said every few seconds while that is so. The desk sees it, no log does."""

    type: Literal["typing"]
    report_id: UUID


class Pong(Strict):
    """Answers `ping`."""

    type: Literal["pong"]


AnyFrame = Shown | MessageFrame | LocationFrame | AnswerFrame | Typing | Pong
ClientFrame = Annotated[AnyFrame, Field(discriminator="type")]
"""Any frame of a client after its hello."""

_frames: TypeAdapter[AnyFrame] = TypeAdapter(ClientFrame)


def parse_frame(text: str) -> AnyFrame:
    """A client's frame. Raises Refused `frame_invalid`, or the code of a field's own rule."""
    try:
        return _frames.validate_json(text)
    except ValidationError as error:
        refused = refusal(error)
        raise refused if refused.code == "text_too_long" else Refused("frame_invalid") from None
