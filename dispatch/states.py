"""What everything that shows a report is given: its newest state, with all that belongs to it."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from dispatch.ready import Ready
from dispatch.routing import ClosureState, ProposalState, TransferState

# What a desk still has to do with. A withdrawn report stays on the screen until it is closed.
OPEN = ("filed", "received", "dispatched", "on_scene", "withdrawn")
# Received, and somebody was sent.
SENT = ("dispatched", "on_scene")


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
    """One photo, video or voice note; `length` in bytes, as it was announced. How much of it has come by now stands
    in no row: the desk's screens are told apart (`console.company`)."""

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
class HandlingState:
    """That a dispatcher had the report in hand: how it came to them, and how it left."""

    dispatcher_number: str
    began_at: datetime
    began_by: str  # accepted | taken_over | handed_over | picked_up | transferred | reopened
    ended_at: datetime | None
    ended_by: str | None  # released | taken_over | offline | idle | handed_over | transferred | closed
    reason: str | None
    began_reason: str | None = None


@dataclass(frozen=True, slots=True)
class SceneState:
    """Where the desk put the scene (现场), for the `n`-th time: WGS-84 degrees, and what came in its own system."""

    n: int
    lat: float
    lon: float
    accuracy_m: float | None
    crs: str
    came_lat: float
    came_lon: float
    dispatcher_number: str
    at: datetime


@dataclass(frozen=True, slots=True)
class SendingState:
    """That a unit was sent to the report (派警), and how far it has come."""

    id: UUID
    unit: UUID
    call_sign: str
    kind: str  # car | foot | traffic | station
    desk: str  # the unit's
    dispatcher_number: str
    sent_at: datetime
    on_scene_at: datetime | None
    on_scene_by: str | None
    cleared_at: datetime | None
    cleared_by: str | None
    feedback: str | None

    @property
    def state(self) -> str:
        """`dispatched`, `on_scene` or `clear`."""
        if self.cleared_at is not None:
            return "clear"
        return "dispatched" if self.on_scene_at is None else "on_scene"

    @property
    def since(self) -> datetime:
        """When that state began."""
        return self.cleared_at or self.on_scene_at or self.sent_at


@dataclass(frozen=True, slots=True)
class NoteState:
    """What a dispatcher wrote for colleagues."""

    id: UUID
    dispatcher_number: str
    text: str
    at: datetime


@dataclass(frozen=True, slots=True)
class LinkedState:
    """A report of the same incident, as far as its neighbours show it."""

    id: UUID
    number: str
    status: str
    text: str
    filed_at: datetime
    left_out: str | None  # why its reporter is not told what all are told: closed | not_received | guarded


@dataclass(frozen=True, slots=True)
class LikelyState:
    """A report that may be of the same event, and why: signs with their metres, seconds or percent."""

    id: UUID
    number: str
    status: str
    text: str
    filed_at: datetime
    why: tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True)
class MarkState:
    """That a person is marked as a nuisance, by whom, why and until when; what they said to it, and the answer."""

    id: UUID
    report: UUID  # from which they were marked
    desk: str
    dispatcher_number: str
    category: str  # harassment | false_report | empty
    reason: str  # for the desk alone
    at: datetime
    until: datetime
    appealed_at: datetime | None = None
    appeal: str | None = None
    answered_at: datetime | None = None
    answered_by: str | None = None
    answer: str | None = None  # for the desk alone
    upheld: bool | None = None
    ended_by: str | None = None  # expired | removed | lifted

    @property
    def open_appeal(self) -> bool:
        """Whether the shift leader has to answer."""
        return self.appealed_at is not None and self.answered_at is None and self.ended_by is None


@dataclass(frozen=True, slots=True)
class HoldState:
    """A hold as it stands on a report. `reason` is for the desk that put it, and for who looks after all desks."""

    id: UUID
    on: str
    report: UUID  # by which it was put
    desk: str
    actor: str
    reason: str
    at: datetime

    @property
    def by(self) -> str:
        """The number, or the login, of who put it."""
        return self.actor.partition(":")[2]


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
    mark: MarkState | None = None  # as a nuisance; for the desk's screens alone


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
    desk_sms: str  # what takes text messages there
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
    written_at: datetime | None = None  # on the phone, in the server's time; where it is known
    location_code: str | None = None  # that was given to it; good until then
    location_code_until: datetime | None = None
    ready: Ready | None = None  # what the desk that looks has ready to say; only with a report in hand
    scene: SceneState | None = None  # where it happens, as the desk put it; for the desk's screens alone

    handler: str | None = (
        None  # the number of the dispatcher who has it in hand now; for the desk's screens alone
    )
    handled: int = 0  # how often that changed
    handlings: tuple[HandlingState, ...] = ()  # all of them, once it has changed since the acceptance

    # Which units were sent; for the desk's screens alone.
    sendings: tuple[SendingState, ...] = ()
    sent: int = 0  # how often one was sent, arrived or became clear
    dispatched_at: datetime | None = None  # the first was sent
    on_scene_at: datetime | None = None  # the first arrived
    units_told: str | None = None  # how far the reporter may read of that: dispatched | on_scene

    # What colleagues wrote about it; read for the report in hand alone.
    desk_notes: tuple[NoteState, ...] = ()

    incident: UUID | None = (
        None  # the event that it is one of several reports of; for the desk's screens alone
    )
    incident_number: str | None = None
    # With what it is linked at the desk that looks, and how many more at others; what may be the same event. Read for
    # the report in hand alone.
    linked: tuple[LinkedState, ...] = ()
    linked_elsewhere: int = 0
    likely: tuple[LikelyState, ...] = ()
    at: str = ""  # the desk that looks; empty: its own
    transfers: tuple[TransferState, ...] = ()
    proposals: tuple[ProposalState, ...] = ()
    closures: tuple[ClosureState, ...] = ()
    exercise: bool = False  # practised: no word of it is true
    removed_at: datetime | None = None  # its time was over: the content is gone
    holds: tuple[HoldState, ...] = ()  # what keeps it beyond its time; read for the report in hand alone

    @property
    def status_told(self) -> str:
        """The status as the reporter reads it: of units no more than `dispatch.told` lets be seen."""
        return self.units_told or "received" if self.status in SENT else self.status

    @property
    def dispatched_told_at(self) -> datetime | None:
        """When the first unit was sent, where the reporter may read that."""
        return self.dispatched_at if self.units_told else None

    @property
    def on_scene_told_at(self) -> datetime | None:
        """When the first one arrived, likewise."""
        return self.on_scene_at if self.units_told == "on_scene" else None

    @property
    def out(self) -> tuple[SendingState, ...]:
        """The units that are on their way or at the scene."""
        return tuple(sending for sending in self.sendings if sending.cleared_at is None)

    @property
    def released(self) -> HandlingState | None:
        """How it came that nobody has a received report in hand now; None when somebody has."""
        if self.handler is not None or not self.handlings or self.status == "closed" or self.comes:
            return None
        return self.handlings[-1]

    @property
    def transfer(self) -> TransferState | None:
        """The transfer that another desk is asked for now."""
        last = self.transfers[-1] if self.transfers else None
        return last if last and last.ended_at is None else None

    @property
    def comes(self) -> TransferState | None:
        """The transfer that the desk that looks is asked for: there the report waits to be accepted."""
        return self.transfer if self.transfer and self.transfer.to_desk == self.at else None

    @property
    def goes(self) -> TransferState | None:
        """The transfer that the report's desk has asked another one for."""
        return self.transfer if self.transfer and not self.comes else None

    @property
    def sent_back(self) -> TransferState | None:
        """The last transfer, where the other desk did not take the report and it is still to be done."""
        last = self.transfers[-1] if self.transfers else None
        return last if last and last.ended_by == "returned" and self.status != "closed" else None

    @property
    def proposal(self) -> ProposalState | None:
        """The outcome that a second person has to decide on now."""
        last = self.proposals[-1] if self.proposals else None
        return last if last and last.ended_at is None else None

    @property
    def closure(self) -> ClosureState | None:
        """How a closed report ended."""
        last = self.closures[-1] if self.closures else None
        return last if last and last.reopened_at is None else None

    @property
    def waits(self) -> bool:
        """Whether it waits to be accepted at the desk that looks."""
        return self.status == "filed" or self.taken_back or self.comes is not None

    @property
    def taken_back(self) -> bool:
        """Whether its reporter took it back before anybody had it. It waits on: that may have been forced."""
        return self.status == "withdrawn" and self.acknowledgement is None

    @property
    def waits_since(self) -> datetime:
        """Since when it waits there."""
        return self.comes.asked_at if self.comes else self.filed_at

    @property
    def on_screens_since(self) -> int:
        """The event of its desk's log by which that desk's screens show it: of the filing, or of the last transfer."""
        taken = [transfer.seq for transfer in self.transfers if transfer.ended_by == "accepted"]
        return taken[-1] if taken else self.filed_seq

    @property
    def guarded(self) -> bool:
        """Whether its reporter must not be noticed: covert (静默), or a duress word was said."""
        return self.covert or self.duress_said > 0

    def code_at(self, at: datetime) -> str | None:
        """The code that finds it, while that is good."""
        alive = self.location_code_until is not None and at < self.location_code_until
        return self.location_code if alive else None

    def concerns(self, desk: str) -> bool:
        """Whether a desk has to do with it: as its own, or because it is offered it or asked to take it over."""
        asked = self.transfer is not None and self.transfer.to_desk == desk
        return desk == self.desk or desk in self.offered or asked
