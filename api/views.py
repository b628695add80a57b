"""What a reporter's client is shown, as `protocol.md` fixes it."""

from collections.abc import Sequence

import orjson

from api.answers import Media, Message, Question, Received, Referral, Report, Reporter, ServerFrame
from dispatch.clock import iso, now
from dispatch.reporters import SignedIn
from dispatch.routing import ClosureState
from dispatch.states import AcknowledgementState, MediaState, MessageState, ReportState, RequestState
from dispatch.tongues import in_chinese
from dispatch.words import Words
from realtime.presence import Screen


def screens_showing(report: ReportState, screens: Sequence[Screen] | None) -> int:
    """On how many of the desk's screens the report is: those that have painted the event by which it came there."""
    return sum(screen.shown >= report.on_screens_since for screen in screens or ())


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
        "status": report.status_told,
        "status_label": words(f"terms.status.{report.status_told}"),
        "text": report.text,
        "category": report.category,
        "covert": report.covert,
        "place_text": report.place_text,
        "written_at": iso(report.written_at) if report.written_at else None,
        "filed_at": iso(report.filed_at),
        "desk": {
            "adcode": report.desk,
            "name": report.desk_name_en if english else report.desk_name,
            "sms": report.desk_sms,
        },
        "received": received_view(receipt, english) if receipt else None,
        "dispatched_at": iso(sent) if (sent := report.dispatched_told_at) else None,
        "on_scene_at": iso(there) if (there := report.on_scene_told_at) else None,
        "screens": screens,
        "escalation": report.escalation,
        "outcome": report.outcome,
        "referral": referral_view(report.closure) if report.closure else None,
        "withdrawn_at": iso(report.withdrawn_at) if report.withdrawn_at else None,
        "media_expected": report.media_expected,
        "media": [media_view(media) for media in report.media],
        "messages": [message_view(message, report) for message in report.messages],
        "requests": [question_view(request) for request in report.requests],
        "location_code": code,
        "location_code_expires_at": iso(until) if code and until else None,
        "receipt": receipt.receipt if receipt else None,
        "exercise": report.exercise,
    }


def received_view(receipt: AcknowledgementState, english: bool) -> Received:
    """The acknowledgement."""
    return {
        "at": iso(receipt.at),
        "desk": receipt.desk_name_en if english else receipt.desk_name,
        "desk_adcode": receipt.desk,
        "dispatcher_number": receipt.dispatcher_number,
    }


def referral_view(closure: ClosureState) -> Referral | None:
    """Whom to call instead, where the report was referred."""
    if closure.referred_to is None:
        return None
    number = closure.referred_to
    return {"number": number, "call": f"tel:{number}", "where": closure.referred_where}


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
