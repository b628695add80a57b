"""What everything that shows a report is given: its newest state, with all that belongs to it."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

# What a desk still has to do with. A withdrawn report stays on the screen until it is closed.
OPEN = ("filed", "received", "dispatched", "on_scene", "withdrawn")


@dataclass(frozen=True, slots=True)
class Place:
    """One position of the reporter: WGS-84 degrees, and what came in the system it came in."""

    lat: float
    lon: float
    accuracy_m: float | None
    source: str  # gnss | network | manual | photo | none
    at: datetime
    crs: str  # wgs84 | gcj02 | bd09
    came_lat: float
    came_lon: float


@dataclass(frozen=True, slots=True)
class MediaState:
    """One photo, video or voice note, and how much of it has come (bytes)."""

    id: UUID
    client_id: str
    kind: str  # photo | video | voice
    filename: str
    content_type: str
    length: int
    state: str  # uploading | ready | rejected
    width: int | None
    height: int | None
    at: datetime
    refused: str | None = None  # the problem code of a rejected one
    duration_ms: int | None = None  # of a video or voice note
    waveform: bytes | None = None  # of a voice note: how loud it is from beginning to end, 0 to 255
    taken_at: datetime | None = None  # when and where the camera says it was taken, WGS-84
    taken_lat: float | None = None
    taken_lon: float | None = None


@dataclass(frozen=True, slots=True)
class MessageState:
    """One line of the conversation."""

    id: UUID
    client_id: str
    author: str  # reporter | dispatcher | system
    dispatcher_number: str | None
    text: str
    at: datetime
    version: int = 0  # the report's version that first showed it


@dataclass(frozen=True, slots=True)
class RequestState:
    """What a dispatcher asked of the reporter, and the answer if there is one."""

    id: UUID
    client_id: str
    dispatcher_number: str
    kind: str  # location | photo | video | answer
    text: str
    answers: tuple[str, ...]  # to be tapped; none: free words
    version: int
    at: datetime
    answer: str | None
    answered_at: datetime | None


@dataclass(frozen=True, slots=True)
class AcknowledgementState:
    """Who received the report, when, and whether the reporter's screen has shown it."""

    at: datetime
    desk: str
    desk_name: str
    desk_name_en: str
    dispatcher_number: str
    receipt: str
    shown_at: datetime | None


@dataclass(frozen=True, slots=True)
class Caller:
    """What a dispatcher sees of the reporter without a logged act: masked."""

    reporter: UUID
    phone_masked: str
    identity: str  # none | verified
    name_masked: str | None
    hearing_speech_impaired: bool
    language: str
    earlier_reports: int
    earlier_invalid: int
    # Set when the reporter corrected it after this report: `name_masked` is the name it was filed under.
    identity_changed_at: datetime | None = None
    name_now: str | None = None  # masked
    phone_changed_at: datetime | None = None
    phone_before: str | None = None  # masked


@dataclass(frozen=True, slots=True)
class ReportState:
    """A report with all that belongs to it, at one moment of the database."""

    id: UUID
    number: str
    version: int
    kind: str  # quick | location | fraud | tip
    status: str
    category: str | None
    text: str
    covert: bool
    place_text: str | None
    filed_at: datetime
    filed_seq: int
    desk: str
    desk_name: str
    desk_name_en: str
    escalation: int
    outcome: str | None
    withdrawn_at: datetime | None
    withdrawn_reason: str | None
    place: Place | None
    trail: tuple[Place, ...]
    notes: tuple[str, ...]
    media_expected: int
    media: tuple[MediaState, ...]
    messages: tuple[MessageState, ...]
    acknowledgement: AcknowledgementState | None
    caller: Caller
    fraud: dict[str, Any] | None
    requests: tuple[RequestState, ...] = ()
    offered: tuple[str, ...] = ()  # the other desks that it is offered to, as long as it waits
    reporter_saw: int = 0  # the newest version that the reporter's screen has shown
    desk_saw: int = 0  # the newest version that a dispatcher had in hand on a screen
    duress_at: datetime | None = None  # a duress word was first said; nothing of it reaches the reporter
    duress_said: int = 0  # how often
    duress_heard: int = 0  # how many of these a dispatcher has acknowledged
    deed: dict[str, Any] | None = None  # of a tip-off: its time and place, apart from the reporter's own
    location_code: str | None = None  # that was given to it; good until then
    location_code_until: datetime | None = None

    def code_at(self, at: datetime) -> str | None:
        """The code that finds it, while that is good."""
        alive = self.location_code_until is not None and at < self.location_code_until
        return self.location_code if alive else None

    def concerns(self, desk: str) -> bool:
        """Whether a desk has to do with it: as its own, or because it is offered it."""
        return desk == self.desk or desk in self.offered
