"""A report's conversation as it stands on the console: its lines in the order of time, and their ticks."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from dispatch.states import MessageState, ReportState, RequestState


@dataclass(frozen=True, slots=True)
class Moment:
    """One line of a report's conversation. `answered` repeats an answer where it came, if others came between."""

    at: datetime
    what: Literal["filed", "message", "request", "answered", "received", "withdrawn"]
    message: MessageState | None = None
    request: RequestState | None = None


def moments(report: ReportState) -> list[Moment]:
    """All lines of the conversation in the order of time."""
    lines = [Moment(report.filed_at, "filed")]
    lines += [Moment(message.at, "message", message) for message in report.messages]
    lines += [Moment(request.at, "request", request=request) for request in report.requests]
    if report.acknowledgement:
        lines.append(Moment(report.acknowledgement.at, "received"))
    if report.withdrawn_at:
        lines.append(Moment(report.withdrawn_at, "withdrawn"))
    lines += [
        Moment(request.answered_at, "answered", request=request)
        for request in report.requests
        if request.answered_at is not None and _came_between(request.at, request.answered_at, lines)
    ]
    return sorted(lines, key=lambda line: line.at)


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
