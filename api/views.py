"""What a reporter's client is shown, as `protocol.md` fixes it."""

from collections.abc import Sequence

import orjson

from api.answers import Media, Message, Question, Received, Report, Reporter, ServerFrame
from dispatch.clock import iso, now
from dispatch.reporters import SignedIn
from dispatch.states import AcknowledgementState, MediaState, MessageState, ReportState, RequestState
from dispatch.words import Words, in_chinese
from realtime.presence import Screen


def screens_showing(report: ReportState, screens: Sequence[Screen] | None) -> int:
    """On how many of the desk's screens the report is: those that have painted the event of its filing."""
    return sum(screen.shown >= report.filed_seq for screen in screens or ())


def report_view(report: ReportState, screens: int, language: str) -> Report:
    """The report as the reporter sees it. `received` is null until an acknowledgement is committed."""
    words = Words.of(language)
    english = not in_chinese(words.language)
    receipt = report.acknowledgement
    code = report.code_at(now())
    until = report.location_code_until
    return {
        "id": str(report.id),
        "number": report.number,
        "version": report.version,
        "kind": report.kind,
        "status": report.status,
        "status_label": words(f"terms.status.{report.status}"),
        "text": report.text,
        "category": report.category,
        "covert": report.covert,
        "place_text": report.place_text,
        "filed_at": iso(report.filed_at),
        "desk": {"adcode": report.desk, "name": report.desk_name_en if english else report.desk_name},
        "received": received_view(receipt, english) if receipt else None,
        "screens": screens,
        "escalation": report.escalation,
        "outcome": report.outcome,
        "withdrawn_at": iso(report.withdrawn_at) if report.withdrawn_at else None,
        "media_expected": report.media_expected,
        "media": [media_view(media) for media in report.media],
        "messages": [message_view(message, report) for message in report.messages],
        "requests": [question_view(request) for request in report.requests],
        "location_code": code,
        "location_code_expires_at": iso(until) if code and until else None,
        "receipt": receipt.receipt if receipt else None,
    }


def received_view(receipt: AcknowledgementState, english: bool) -> Received:
    """The acknowledgement."""
    return {
        "at": iso(receipt.at),
        "desk": receipt.desk_name_en if english else receipt.desk_name,
        "desk_adcode": receipt.desk,
        "dispatcher_number": receipt.dispatcher_number,
    }


def media_view(media: MediaState) -> Media:
    """One photo, video or voice note of the reporter's own."""
    return {
        "id": str(media.id),
        "client_id": media.client_id,
        "kind": media.kind,
        "filename": media.filename,
        "length": media.length,
        "state": media.state,
        "width": media.width,
        "height": media.height,
        "duration_s": None if media.duration_ms is None else media.duration_ms / 1000,
        "refused": media.refused,
        "at": iso(media.at),
    }


def message_view(message: MessageState, report: ReportState | None = None) -> Message:
    """One line of the conversation; seen as far as its `report` tells, else just said and not seen yet."""
    saw = 0 if report is None else report.desk_saw if message.author == "reporter" else report.reporter_saw
    return {
        "id": str(message.id),
        "client_id": message.client_id,
        "author": message.author,
        "dispatcher_number": message.dispatcher_number,
        "text": message.text,
        "at": iso(message.at),
        "seen": 0 < message.version <= saw,
    }


def question_view(request: RequestState) -> Question:
    """What the dispatcher asked, and the answer if there is one."""
    return {
        "id": str(request.id),
        "request": request.kind,
        "dispatcher_number": request.dispatcher_number,
        "text": request.text,
        "answers": list(request.answers),
        "at": iso(request.at),
        "answer": request.answer,
        "answered_at": iso(request.answered_at) if request.answered_at else None,
    }


def reporter_view(reporter: SignedIn) -> Reporter:
    """The reporter, phone masked."""
    return {
        "id": str(reporter.id),
        "phone": reporter.phone_masked,
        "identity": reporter.identity,
        "hearing_speech_impaired": reporter.hearing_speech_impaired,
        "language": reporter.language,
        "reports": reporter.reports,
    }


def frame(said: ServerFrame) -> str:
    """One frame of the socket, `type` first as its builder wrote it."""
    return orjson.dumps(said).decode()
