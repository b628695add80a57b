"""What the server says to a reporter's client, field by field: answers over HTTP, frames of the socket.

Views build these, and the published documents are made from them. Fields may be added at any time, so a client
passes over those that it does not know.
"""

from typing import Annotated, Any, Literal, NotRequired

from pydantic import ConfigDict, Field, with_config
from typing_extensions import TypedDict  # pydantic takes typing's own only from Python 3.12 on

from api.bodies import CATEGORIES
from dispatch.consents import EDITIONS
from dispatch.words import languages

_described = with_config(ConfigDict(use_attribute_docstrings=True))


def _like(**schema: Any) -> Any:
    """What the document says of a string beyond that it is one."""
    return Field(json_schema_extra=schema)


Id = Annotated[str, _like(format="uuid")]
Moment = Annotated[str, _like(format="date-time", pattern=r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$")]
Adcode = Annotated[str, _like(pattern=r"^33\d{4}$")]
TextNumber = Annotated[str, _like(pattern=r"^[0-9]{5,12}$")]
Kind = Annotated[str, _like(enum=["quick", "location", "fraud", "tip"])]
Status = Annotated[str, _like(enum=["filed", "received", "dispatched", "on_scene", "closed", "withdrawn"])]
Category = Annotated[str, _like(enum=[*CATEGORIES, "invalid"])]
Outcome = Annotated[
    str, _like(enum=["handled", "referred", "withdrawn", "invalid", "false_report", "harassment"])
]
MediaKind = Annotated[str, _like(enum=["photo", "video", "voice"])]
MediaProgress = Annotated[str, _like(enum=["uploading", "ready", "rejected"])]
Author = Annotated[str, _like(enum=["reporter", "dispatcher", "system"])]
Identity = Annotated[str, _like(enum=["none", "verified"])]
# The catalogue's, when the document is made.
Language = Annotated[str, Field(json_schema_extra=lambda schema: schema.update(enum=list(languages())))]


@_described
class PhoneCodeSent(TypedDict):
    """A code is on its way to the phone."""

    expires_in: int
    """Seconds for which the code can be used."""
    resend_in: int
    """Seconds before this phone gets another."""
    demo_code: NotRequired[str]
    """The code itself, in demo mode alone."""


@_described
class Reporter(TypedDict):
    """The reporter (报警人), phone masked."""

    id: Id
    phone: str
    """As `138****5678`."""
    identity: Identity
    """Whether a real name and identity number were verified."""
    hearing_speech_impaired: bool
    """Deaf or unable to speak: ranked first among equals, and nobody calls back by voice."""
    language: Language
    reports: int
    """How many reports this person has filed."""


@_described
class Consent(TypedDict):
    """How it stands with one purpose that goes beyond what a report needs."""

    purpose: Annotated[str, _like(enum=[*EDITIONS])]
    edition: str
    """Of today's wording; sent back as `wording` to agree."""
    agreed: bool
    outdated: bool
    """Agreed to once, in an older wording: not agreed to any more, and to be asked again."""
    at: Moment | None
    """Of the last answer; null when there was none."""


class Consents(TypedDict):
    """How it stands with every purpose."""

    consents: list[Consent]


class HeldReporter(TypedDict):
    """The reporter, as far as something is kept of them. The name in full, phone and number masked."""

    id: Id
    phone: str
    identity: Identity
    name: str | None
    id_number: str | None
    verified_at: Moment | None
    hearing_speech_impaired: bool
    language: Language
    made_at: Moment


class Replaced(TypedDict):
    """A phone or a name that was corrected, masked. Reports of before are told by it."""

    phone: str | None
    name: str | None
    at: Moment


class ConsentGiven(TypedDict):
    """An answer that was once given."""

    purpose: str
    edition: str
    given: bool
    at: Moment


@_described
class HeldSession(TypedDict):
    """A session that is open."""

    system: str
    """`android`, `iphone`, `windows` …; `other`."""
    browser: str
    """`wechat`, `chrome`, `safari` …; `other`."""
    made_at: Moment
    seen_at: Moment | None
    """Its last use, to the hour."""
    current: bool
    """Whether it is the one that asks."""


@_described
class Position(TypedDict):
    """A position as it came."""

    lat: float
    lon: float
    crs: Annotated[str, _like(enum=["wgs84", "gcj02", "bd09"])]
    accuracy_m: float | None
    source: str
    at: Moment


@_described
class Mark(TypedDict):
    """That the reporter is marked as a nuisance, or that it was lifted. Never of whom, nor in whose words."""

    category: Annotated[str, _like(enum=["harassment", "false_report", "empty"])]
    since: Moment
    until: Moment
    """Until then reports stand lower and take one photo alone, unless a danger sign is in them."""
    standing: bool
    """False once it was lifted."""
    appeal: str | None
    """One's own words; there is one appeal a mark."""
    appealed_at: Moment | None
    answer: Annotated[str, _like(enum=["upheld", "lifted"])] | None
    answered_at: Moment | None


@_described
class Marked(TypedDict):
    """How it stands with being marked as a nuisance."""

    mark: Mark | None
    """Null for nearly everybody, and as long as a report of theirs must not be noticed."""


@_described
class KeptReport(TypedDict):
    """A report that must be told by who filed it."""

    number: str
    until: Moment | None
    """How long at least; null while it is open."""


@_described
class AccountClosed(TypedDict):
    """The account is closed, and every session of it over."""

    at: Moment
    erased: bool
    """Whether phone, name and number were erased at once. Else they are as soon as nothing in `kept` needs them."""
    kept: list[KeptReport]


@_described
class SessionOpened(TypedDict):
    """A session, and whose it is."""

    token: str
    """For `Authorization: Bearer …` and for the socket's first frame. Whoever has it is the reporter."""
    expires_at: Moment
    reporter: Reporter


class IdentityVerified(TypedDict):
    """The verifier confirmed name and identity number."""

    identity: Literal["verified"]


class AreaName(TypedDict):
    """A county, city or province by its administrative code; `name` without any word for its desk."""

    adcode: Annotated[str, _like(pattern=r"^\d{6}$")]
    name: str


@_described
class OtherArea(AreaName):
    """An area that the place may lie in as well."""

    offered: bool
    """Whether its desk is given the report too; whoever accepts first has it."""


@_described
class NearestDesk(TypedDict):
    """How the desk for a place stands. Where the county's own is not open, this is the one above it."""

    adcode: Adcode
    name: str
    open: bool
    """Whether it takes reports by internet."""
    online: bool
    """Whether a screen of it is on."""
    sms: TextNumber
    """What takes text messages there: 12110, in some cities with their area code."""
    usual_acceptance_s: float | None
    """Its usual time from filing to acceptance, in seconds; null when it has accepted none yet."""
    area: AreaName
    """Where the place is: its county; with `?area=` what was asked for."""
    others: list[OtherArea]
    """Further counties, nearest first, and then other provinces, that the accuracy circle reaches into; before all
    of them the province that its middle lies in, where that is not ours."""
    sea: bool
    """Whether the position is on the water."""


@_described
class DeskName(TypedDict):
    """A desk (110报警服务台) by its administrative code."""

    adcode: Adcode
    name: str
    sms: TextNumber
    """What takes text messages there: 12110, in some cities with their area code. It changes without a new version."""


@_described
class Received(TypedDict):
    """The acknowledgement (接收): who accepted the report, and when."""

    at: Moment
    desk: str
    desk_adcode: Adcode
    dispatcher_number: str


@_described
class Referral(TypedDict):
    """Whom a report was referred to that is not for the police of this province (`outcome: referred`)."""

    number: str
    call: Annotated[str, _like(pattern=r"^tel:[0-9]+$")]
    """The number as an address, to be called."""
    where: str | None
    """The place that it is the number of, in words; null for 12345, the government service line."""


@_described
class Media(TypedDict):
    """One photo, video or voice note of the reporter's own."""

    id: Id
    client_id: str
    """The client's own id for it; the same again is the same."""
    kind: MediaKind
    filename: str
    length: int
    """Bytes of the original."""
    state: MediaProgress
    """`ready` once it is stored and the desk can see it."""
    width: int | None
    """Pixels of the view, upright; null until it is ready."""
    height: int | None
    duration_s: float | None
    """Seconds of a video or voice note; null of a photo, and until it is ready."""
    refused: str | None
    """Why it was rejected, as the `code` of a problem; null otherwise."""
    at: Moment


@_described
class Message(TypedDict):
    """One line of the conversation about a report."""

    id: Id
    client_id: str
    """The id that its author's client gave it; the same again is the same."""
    author: Author
    dispatcher_number: str | None
    text: str
    at: Moment
    seen: bool
    """Whether it has been on a screen of the other side: the desk's, or the reporter's own."""


@_described
class Question(TypedDict):
    """What the dispatcher asks (`answer`: a question), with answers to tap if there are any."""

    id: Id
    request: Annotated[str, _like(enum=["location", "photo", "video", "answer"])]
    dispatcher_number: str
    text: str
    answers: list[str]
    """To be tapped, as they stand; none: free words."""
    at: Moment
    answer: str | None
    """What the reporter answered; empty when an act (a position, a photo) was the answer."""
    answered_at: Moment | None


@_described
class Report(TypedDict):
    """A report (警情) as its reporter sees it. Always the whole state, never a difference."""

    id: Id
    number: str
    """For people: desk, day in China, number of the day."""
    version: int
    """Grows by one with every change that the reporter may see. A client keeps the highest."""
    kind: Kind
    status: Status
    status_label: str
    """The state in the language asked for: 已提交, 已接收 …"""
    text: str
    category: Category | None
    covert: bool
    """静默: the reporter may be watched or overheard, and nothing may give them away."""
    place_text: str | None
    written_at: Moment | None
    """When the reporter tapped, in the server's time; null where the phone did not say it, or what cannot be."""
    filed_at: Moment
    desk: DeskName
    received: Received | None
    """Null until an acknowledgement is committed. Only then may a screen say 已接收."""
    dispatched_at: Moment | None
    """When the first unit (警力) was sent; null as long as none was, or the desk does not let it be seen. The status
    stays `received` then."""
    on_scene_at: Moment | None
    """When the first unit arrived; likewise."""
    screens: int
    """On how many consoles of the desk the report is shown now. It changes without a new version."""
    escalation: int
    """How far it has been escalated for want of an acceptance; 0 not at all."""
    outcome: Outcome | None
    """How a closed report ended: `referred` says whom to call in `referral`; `invalid`, `false_report` and `harassment`
    count against the reporter, the last two only after a second dispatcher's confirmation. A client says so in plain
    words, and that one can object at the desk."""
    referral: Referral | None
    withdrawn_at: Moment | None
    media_expected: int
    media: list[Media]
    messages: list[Message]
    """Oldest first."""
    requests: list[Question]
    """What the desk has asked for, oldest first."""
    location_code: str | None
    """Six digits by which a call-taker finds this position (`kind: location`), to be read out on the telephone.
    Null for every other report, and once they have expired."""
    location_code_expires_at: Moment | None
    receipt: str | None
    """A signed statement (JWS, EdDSA) of what was received and when; null until received."""
    exercise: bool
    """演练: practised by who was enlisted for it, at a desk that practises. Never true of anybody else's report."""


@_described
class ReportPage(TypedDict):
    """Some of the reporter's reports, newest first."""

    reports: list[Report]
    next_cursor: str | None
    """For `?cursor=`; null on the last page."""


@_described
class HeldReport(TypedDict):
    """A report with what its reporter is not shown every day."""

    report: Report
    position: Position | None
    """Where it was filed from."""
    trail: list[Position]
    """Positions that were shared later, the newest fifty."""
    withdrawn_reason: str | None
    fraud: dict[str, Any] | None
    deed: dict[str, Any] | None


@_described
class MyData(TypedDict):
    """Everything that is held about the reporter."""

    at: Moment
    reporter: HeldReporter
    replaced: list[Replaced]
    consents: list[ConsentGiven]
    """Every answer ever given, oldest first."""
    wechat: list[Moment]
    """When each WeChat account was linked that signs in without a code."""
    sessions: list[HeldSession]
    reports: list[HeldReport]
    """All of them, newest first."""
    kept: list[KeptReport]
    """Those for which the name, and after closing the phone, have to stay."""
    marks: list[Mark]
    """Every time that one was marked as a nuisance, the newest first."""
    name_erasable: bool
    """Whether there is a verified name and no report needs it."""


@_described
class Problem(TypedDict):
    """A refusal (RFC 9457). Programs go by `code`, people read `detail`."""

    type: str
    """`urn:desk110:problem:` and the code."""
    title: str
    status: int
    code: str
    """Stable."""
    detail: str
    """A sentence in the language of `Accept-Language`."""
    call: NotRequired[list[str]]
    """Whom to call instead, as addresses (`tel:110`, `sms:12110`), whenever a report was not taken; once the desk is
    known, its own number for text messages."""
    fields: NotRequired[list[str]]
    """The fields that are wrong, by their paths (`location.lat`)."""
    limit: NotRequired[int]
    """What was passed: characters of a text, bytes of a body, MiB or megapixels of a photo, photos of a report."""
    resend_in: NotRequired[int]
    """Seconds after which the same is taken; also as `Retry-After`."""
    kind: NotRequired[Annotated[str, _like(enum=["land", "sea"])]]
    """Of a position outside of the jurisdiction."""
    where: NotRequired[str]
    """The province that such a position is in, or empty."""


@_described
class WelcomeFrame(TypedDict):
    """The first frame of a session: every open report whose version is newer than `known`."""

    type: Literal["welcome"]
    epoch: str
    """Which database this is. Another one than before: it was restored, and the versions that a client has are void; it
    takes what comes, and asks anew for what it shows."""
    heartbeat_s: int
    """Seconds between two `ping`s. Who hears nothing for twice as long has lost the line."""
    reports: list[Report]


@_described
class ReportFrame(TypedDict):
    """The whole report, whenever it changes: state, not difference."""

    type: Literal["report"]
    report: Report


@_described
class MessageSaidFrame(TypedDict):
    """A line of the conversation: a dispatcher's, the system's, or one's own that was stored."""

    type: Literal["message"]
    report_id: Id
    message: Message


@_described
class RequestFrame(TypedDict):
    """The dispatcher asks for a position, a photo, a video, or an answer."""

    type: Literal["request"]
    report_id: Id
    request: Annotated[str, _like(enum=["location", "photo", "video", "answer"])]
    question: Question


@_described
class ErrorFrame(TypedDict):
    """A frame of the client's was refused. The session goes on."""

    type: Literal["error"]
    code: str
    detail: str


class PingFrame(TypedDict):
    """Is anybody there? Answered by `pong`."""

    type: Literal["ping"]


ServerFrame = WelcomeFrame | ReportFrame | MessageSaidFrame | RequestFrame | ErrorFrame | PingFrame
"""Any frame of the server's."""
