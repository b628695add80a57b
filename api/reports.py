"""A reporter's reports: filing one, following it, taking it back."""

import base64
import binascii
import hashlib
from datetime import UTC, datetime, timedelta
from functools import partial
from uuid import UUID

import orjson
from sqlmodel import Session
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from api.answers import ReportPage
from api.bodies import AnswerBody, LocationBody, MessageBody, ReportBody, WithdrawalBody
from api.parts import Parts, parts_of
from api.placing import deed_of, place_of
from api.sessions import require_reporter
from api.views import message_view, report_view, screens_showing
from dispatch import duress, filing, messages, reading, reports, requests, states
from dispatch.clock import now
from dispatch.errors import Refused
from dispatch.filing import Filing
from dispatch.ids import new_id
from dispatch.reporters import SignedIn
from dispatch.states import ReportState
from dispatch.written import UNKNOWN, written_when
from web.bodies import read_json
from web.origins import address
from web.problems import language_of

PAGE = 20


def routes() -> list[Route]:
    return [
        Route("/api/v1/reports", file, methods=["POST"]),
        Route("/api/v1/reports", show_mine, methods=["GET"]),
        Route("/api/v1/reports/{id}", show, methods=["GET"]),
        Route("/api/v1/reports/{id}/messages", send_message, methods=["POST"]),
        Route("/api/v1/reports/{id}/locations", share_location, methods=["POST"]),
        Route("/api/v1/reports/{id}/answers", answer, methods=["POST"]),
        Route("/api/v1/reports/{id}/withdrawal", withdraw, methods=["POST"]),
    ]


async def file(request: Request) -> Response:
    """File a report: 201 once it is committed, with the disk synced; 200 for the same key again."""
    # Whatever goes wrong from here on, the answer says whom to call.
    request.state.files_a_report = True
    reporter = await require_reporter(request)
    key = _idempotency_key(request)
    body = await read_json(request, ReportBody)
    report, new = await file_report(request, reporter, key, body)
    if not new:
        return await _answer(request, report, 200)
    # Nobody's screen can have it yet: nothing more is asked on the way to the answer.
    return _json(report_view(report, 0, language_of(request)), 201)


async def file_report(
    request: Request, reporter: SignedIn, key: UUID, body: ReportBody
) -> tuple[ReportState, bool]:
    """What the API and the plain pages do alike: gives the report, committed, and whether it is new under its key.

    Raises Refused: `position_invalid`, `outside_jurisdiction`, `no_desk_open`,
    `identity_required`, `idempotency_conflict`, `sign_in_required`, `too_many_requests`.
    """
    parts = parts_of(request)
    # A thousand phones may come by one address, and one of them be an attacker's: the others are heard all the same.
    if not await parts.limits.allows("report_always", str(reporter.id)):
        await parts.limits.take("report_address", address(request))
        await parts.limits.take("report_person", str(reporter.id))
    desk, notes, place = await parts.placing.placed(body, exercise=reporter.exercise)
    # A refusal from here on names the number of its desk.
    request.state.sms = await parts.placing.sms_of(desk)
    written_at = written_when(now(), body.written_at, body.sent_at)
    if body.written_at and not written_at:
        notes = (*notes, UNKNOWN)
    wanted = Filing(
        id=new_id(),
        reporter=reporter.id,
        key=key,
        digest=_digest(body),
        desk=desk,
        kind=body.kind,
        text=body.text,
        category=body.category,
        covert=body.covert,
        place_text=body.place_text,
        place=place,
        notes=notes,
        media_expected=body.media_expected,
        fraud=body.fraud.model_dump(mode="json", exclude_unset=True) if body.fraud else None,
        deed=deed_of(body),
        written_at=written_at,
        others=await parts.placing.across_the_border(desk, notes, exercise=reporter.exercise),
    )
    rule = parts.settings.identity_required
    command = partial(filing.file, filing=wanted, identity_rule=rule, ears=parts.ears)
    filed = await parts.writer.do(command, desk, *wanted.others)
    if not filed.new:
        return await own_report(parts, filed.id, reporter.id), False
    return filing.just_filed(wanted, filed, reporter, request.state.sms), True


async def show_mine(request: Request) -> Response:
    """My reports, newest first, a page at a time."""
    parts = parts_of(request)
    reporter = await require_reporter(request)
    found, following = await page_of_reports(parts, reporter.id, request.query_params.get("cursor"))
    language = language_of(request)
    views = [
        report_view(report, screens_showing(report, parts.hub.screens(report.desk)), language)
        for report in found
    ]
    page: ReportPage = {"reports": views, "next_cursor": following}
    return _json(page)


async def page_of_reports(
    parts: Parts, reporter: UUID, cursor: str | None
) -> tuple[list[ReportState], str | None]:
    """Some of the reporter's reports, newest first, and the cursor to go on with. Raises Refused `cursor_invalid`."""
    before = _cursor(cursor)
    found = await parts.read(lambda session: reading.page_of_reporter(session, reporter, before, PAGE + 1))
    return found[:PAGE], _cursor_after(found[PAGE - 1]) if len(found) > PAGE else None


async def show(request: Request) -> Response:
    parts = parts_of(request)
    reporter = await require_reporter(request)
    return await _answer(request, await own_report(parts, id_of(request), reporter.id), 200)


async def send_message(request: Request) -> Response:
    """`{client_id, text}` → 201 the message; 200 the same for the same `client_id`."""
    parts = parts_of(request)
    reporter = await require_reporter(request)
    report = id_of(request)
    body = await read_json(request, MessageBody)
    message, new = await send_from_reporter(parts, report, reporter.id, body)
    return _json(message_view(message), 201 if new else 200)


async def send_from_reporter(
    parts: Parts, report: UUID, reporter: UUID, body: MessageBody
) -> tuple[states.MessageState, bool]:
    """What HTTP and the socket do alike with a reporter's message."""
    await parts.limits.take("message_person", str(reporter))

    def send(session: Session) -> tuple[states.MessageState, bool]:
        sent = messages.send_from_reporter(session, report, reporter, body.client_id, body.text)
        if sent[1]:
            duress.listen(session, parts.ears, report, reporter, body.text)
        return sent

    return await parts.writer.do(send)


async def answer(request: Request) -> Response:
    """`{request_id, answer}` → 200 the report; the first answer stands."""
    parts = parts_of(request)
    reporter = await require_reporter(request)
    report = id_of(request)
    await answer_from_reporter(parts, report, reporter.id, await read_json(request, AnswerBody))
    return await _answer(request, await own_report(parts, report, reporter.id), 200)


async def answer_from_reporter(parts: Parts, report: UUID, reporter: UUID, body: AnswerBody) -> None:
    """What HTTP and the socket do alike with a reporter's answer."""
    await parts.limits.take("message_person", str(reporter))

    def answer(session: Session) -> None:
        if requests.answer(session, report, reporter, body.request_id, body.answer):
            duress.listen(session, parts.ears, report, reporter, body.answer)

    await parts.writer.do(answer)


async def share_location(request: Request) -> Response:
    """A position of the reporter, added to the report's trail → 204."""
    parts = parts_of(request)
    reporter = await require_reporter(request)
    report = id_of(request)
    await share_from_reporter(parts, report, reporter.id, await read_json(request, LocationBody))
    return Response(status_code=204)


async def share_from_reporter(parts: Parts, report: UUID, reporter: UUID, body: LocationBody) -> None:
    """What HTTP and the socket do alike with a reporter's position."""
    await parts.limits.take("message_person", str(reporter))
    place, id_ = place_of(body), new_id()

    def share(session: Session) -> None:
        reports.share_location(session, id_, report, reporter, place)
        requests.answer_by_act(session, report, reporter, "location")

    await parts.writer.do(share)


async def withdraw(request: Request) -> Response:
    """`{reason}` → 200 the report, withdrawn; the desk still sees it."""
    parts = parts_of(request)
    reporter = await require_reporter(request)
    report = id_of(request)
    await withdraw_from_reporter(parts, report, reporter.id, await read_json(request, WithdrawalBody))
    return await _answer(request, await own_report(parts, report, reporter.id), 200)


async def withdraw_from_reporter(parts: Parts, report: UUID, reporter: UUID, body: WithdrawalBody) -> None:
    """What the API and the plain pages do alike when a report is taken back."""

    def take_back(session: Session) -> None:
        if reports.withdraw(session, report, reporter, body.reason):
            duress.listen(session, parts.ears, report, reporter, body.reason)

    await parts.writer.do(take_back)


def id_of(request: Request) -> UUID:
    """The report that the path names. Raises Refused `report_unknown` for what is no identifier."""
    try:
        return UUID(request.path_params["id"])
    except ValueError:
        raise Refused("report_unknown") from None


async def answer_with(request: Request, report: UUID, reporter: UUID) -> Response:
    """The reporter's own report as it is now. Raises Refused `report_unknown` for anyone else's."""
    return await _answer(request, await own_report(parts_of(request), report, reporter), 200)


async def own_report(parts: Parts, id_: UUID, reporter: UUID) -> ReportState:
    """A report of the reporter's own. Raises Refused `report_unknown` for anyone else's, and for what was removed."""
    report = await parts.read(lambda session: reading.state(session, id_))
    if report is None or report.caller.reporter != reporter or report.removed_at is not None:
        raise Refused("report_unknown")
    return report


async def _answer(request: Request, report: ReportState, status: int) -> Response:
    parts = parts_of(request)
    screens = screens_showing(report, await parts.hub.known_screens(report.desk))
    return _json(report_view(report, screens, language_of(request)), status)


def _json(body: object, status: int = 200) -> Response:
    return Response(orjson.dumps(body), status, media_type="application/json")


def _idempotency_key(request: Request) -> UUID:
    value = request.headers.get("idempotency-key", "").strip().strip('"')
    if not value:
        raise Refused("idempotency_key_required")
    try:
        return UUID(value)
    except ValueError:
        raise Refused("idempotency_key_invalid") from None


def _digest(body: ReportBody) -> bytes:
    """Of what was understood, so that white space and the order of fields make no other report, nor does a clock."""
    content = body.model_dump(mode="json", exclude={"written_at", "sent_at"})
    return hashlib.sha256(orjson.dumps(content, option=orjson.OPT_SORT_KEYS)).digest()


_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def _cursor_after(report: ReportState) -> str:
    at = (report.filed_at - _EPOCH) // timedelta(milliseconds=1)
    return base64.urlsafe_b64encode(f"{at}.{report.id}".encode()).decode()


def _cursor(text: str | None) -> tuple[datetime, UUID] | None:
    if not text:
        return None
    try:
        at, _, id_ = base64.urlsafe_b64decode(text.encode()).decode().partition(".")
        return _EPOCH + timedelta(milliseconds=int(at)), UUID(id_)
    except (ValueError, OverflowError, binascii.Error):
        raise Refused("cursor_invalid") from None
