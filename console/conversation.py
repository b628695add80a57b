"""A report's conversation as it stands on the console: its lines in the order of time, and their ticks."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from console import told
from console.told import Told
from dispatch.states import HandlingState, MessageState, ReportState, RequestState, SendingState

# How a report leaves somebody's hands for nobody's.
LAID_DOWN = ("released", "offline", "idle")


@dataclass(frozen=True, slots=True)
class Hands:
    """The report came into somebody's hands, or left them; `nth` of its kind."""

    nth: int
    how: str  # taken_over | handed_over | picked_up | reopened | released | offline | idle
    dispatcher_number: str
    reason: str | None


@dataclass(frozen=True, slots=True)
class UnitAct:
    """A unit was sent, arrived or became clear."""

    how: Literal["sent", "arrived", "cleared"]
    dispatcher_number: str
    sending: SendingState


@dataclass(frozen=True, slots=True)
class Moment:
    """One line of a report's conversation. `answered` repeats an answer where it came, if others came between."""

    at: datetime
    what: Literal["filed", "message", "request", "answered", "received", "withdrawn", "hands", "unit", "told"]
    message: MessageState | None = None
    request: RequestState | None = None
    hands: Hands | None = None
    unit: UnitAct | None = None
    told: Told | None = None


def moments(report: ReportState) -> list[Moment]:
    """All lines of the conversation in the order of time."""
    lines = [Moment(report.filed_at, "filed")]
    lines += [Moment(message.at, "message", message) for message in report.messages]
    lines += [Moment(request.at, "request", request=request) for request in report.requests]
    if report.acknowledgement:
        lines.append(Moment(report.acknowledgement.at, "received"))
    if report.withdrawn_at:
        lines.append(Moment(report.withdrawn_at, "withdrawn"))
    lines += _hands(report.handlings)
    lines += [line for sending in report.sendings for line in _unit(sending)]
    lines += [Moment(line.at, "told", told=line) for line in told.lines(report)]
    lines += [
        Moment(request.answered_at, "answered", request=request)
        for request in report.requests
        if request.answered_at is not None and _came_between(request.at, request.answered_at, lines)
    ]
    return sorted(lines, key=lambda line: line.at)


def _hands(handlings: Sequence[HandlingState]) -> list[Moment]:
    """How it went from hand to hand; that it was accepted, transferred or closed is told by that."""
    lines: list[Moment] = []
    reason: str | None = None
    for handling in handlings:
        number = handling.dispatcher_number
        if handling.began_by not in {"accepted", "transferred"}:
            hands = Hands(len(lines), handling.began_by, number, handling.began_reason or reason)
            lines.append(Moment(handling.began_at, "hands", hands=hands))
        reason = handling.reason if handling.ended_by == "taken_over" else None
        if handling.ended_at is not None and handling.ended_by in LAID_DOWN:
            hands = Hands(len(lines), handling.ended_by, number, handling.reason)
            lines.append(Moment(handling.ended_at, "hands", hands=hands))
    return lines


def _unit(sending: SendingState) -> list[Moment]:
    """What a unit did, by whom it was noted."""
    acts: tuple[tuple[datetime | None, Literal["sent", "arrived", "cleared"], str | None], ...] = (
        (sending.sent_at, "sent", sending.dispatcher_number),
        (sending.on_scene_at, "arrived", sending.on_scene_by),
        (sending.cleared_at, "cleared", sending.cleared_by),
    )
    return [
        Moment(at, "unit", unit=UnitAct(how, by or "", sending)) for at, how, by in acts if at is not None
    ]


def _came_between(asked: datetime, answered: datetime, lines: Sequence[Moment]) -> bool:
    return any(asked < line.at < answered for line in lines)


def delivered(report: ReportState, version: int) -> bool:
    """Whether the reporter's screen has shown what this version brought. 0 is of before versions were kept."""
    return report.reporter_saw >= version > 0


def unanswered(report: ReportState) -> int:
    """How many messages the reporter has sent since the desk last wrote or asked."""
    said = [message.at for message in report.messages if message.author == "dispatcher"]
    last = max((*said, *(request.at for request in report.requests)), default=report.filed_at)
    after = (message for message in report.messages if message.author == "reporter")
    return sum(1 for message in after if message.at >= last)
