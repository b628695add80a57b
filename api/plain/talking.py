"""What a reporter does to a report that stands: says more, answers, sends photos, takes it back.

The page of a report asks for itself again, so what is typed has a page of its own: nothing half written is lost.
"""

from collections.abc import Mapping
from contextlib import aclosing
from typing import Final
from uuid import uuid4

import structlog
from sqlmodel import Session
from starlette.datastructures import UploadFile
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from api.bodies import VERSIONS, AnswerBody, MessageBody, WithdrawalBody
from api.parts import parts_of
from api.plain import forms, guard, page
from api.plain.filing import take_photo, to_report
from api.plain.following import report_at
from api.plain.page import told, words_of
from api.reports import (
    answer_from_reporter,
    send_from_reporter,
    withdraw_from_reporter,
)
from dispatch import showing
from dispatch.errors import Refused
from dispatch.states import ReportState, RequestState
from web.bodies import read_form
from web.problems import refused_by

log = structlog.get_logger()

REASONS: Final = ("mistake", "solved", "called", "other")


def routes() -> list[Route]:
    report = "/plain/reports/{id}"
    return [
        Route(f"{report}/message", told(show_message), methods=["GET"]),
        Route(f"{report}/message", told(say), methods=["POST"]),
        Route(f"{report}/answers", told(answer), methods=["POST"]),
        Route(f"{report}/seen", told(seen), methods=["POST"]),
        Route(f"{report}/photos", told(show_photos), methods=["GET"]),
        Route(f"{report}/photos", told(send_photos), methods=["POST"], max_body_size=forms.OWN_COUNT),
        Route(f"{report}/withdrawal", told(show_withdrawal), methods=["GET"]),
        Route(f"{report}/withdrawal", told(withdraw), methods=["POST"]),
    ]


async def show_message(request: Request) -> Response:
    """Where something is written; `?request=` names the question that it answers."""
    report = await report_at(request)
    return _message(request, report, _asked(report, request.query_params.get("request", "")))


async def say(request: Request) -> Response:
    """`text`, and `client_id` or `request_id` → 303 to the report."""
    form = await read_form(request)
    report = await _act(request, form)
    reporter = report.caller.reporter
    asked = _asked(report, form.get("request_id", ""))
    client_id, text = form.get("client_id", ""), form.get("text", "").replace("\r\n", "\n")
    try:
        if asked is not None:
            body = forms.as_body(AnswerBody, {"request_id": str(asked.id), "answer": text})
            await answer_from_reporter(parts_of(request), report.id, reporter, body)
            return to_report(report.id, [])
        line = forms.as_body(MessageBody, {"client_id": client_id, "text": text})
        sent, _new = await send_from_reporter(parts_of(request), report.id, reporter, line)
    except Exception as error:  # noqa: BLE001 - what was typed must not be lost by any of them
        return _message(request, report, asked, text, client_id, refused_by(error))
    if sent.text != line.text:
        # The form was sent before with other words, and this is what was written after going back.
        return _message(request, report, None, text, "", Refused("idempotency_conflict"))
    return to_report(report.id, [])


async def answer(request: Request) -> Response:
    """`request_id`, `answer` → 303: one of the answers that were offered, by one press."""
    form = await read_form(request)
    report = await _act(request, form)
    body = forms.as_body(
        AnswerBody, {"request_id": form.get("request_id", ""), "answer": form.get("answer", "")}
    )
    await answer_from_reporter(parts_of(request), report.id, report.caller.reporter, body)
    return to_report(report.id, [])


async def seen(request: Request) -> Response:
    """The reporter has read what stands there: the dispatcher sees it. A page that was only loaded says nothing."""
    report = await _act(request, await read_form(request))
    return to_report(report.id, [])


async def show_photos(request: Request) -> Response:
    """Where photos are chosen."""
    return page.page(request, "photos", report=await report_at(request), photos=forms.PHOTOS)


async def send_photos(request: Request) -> Response:
    """Photos → 303 to the report, which tells what became of each."""
    report: ReportState | None = None
    refusals: list[str] = []
    try:
        async with aclosing(forms.read(request)) as coming:
            async for part in coming:
                if isinstance(part, UploadFile):
                    assert report is not None  # noqa: S101 - the fields come before every file
                    refusals += await take_photo(request, report.id, part)
                else:
                    report = await _act(request, part)
    except Refused as refused:
        if report is None:
            raise
        refusals.append(refused.code)
    if report is None:
        raise Refused("body_unreadable")
    return to_report(report.id, refusals)


async def show_withdrawal(request: Request) -> Response:
    """Where a report is taken back, with a reason."""
    return page.page(request, "withdrawal", report=await report_at(request), reasons=REASONS)


async def withdraw(request: Request) -> Response:
    """`reason`, and `words` for another → 303 to the report, withdrawn."""
    form = await read_form(request)
    report = await _act(request, form)
    words = words_of(request)
    chosen, said = form.get("reason", ""), form.get("words", "").strip()
    if chosen not in REASONS:
        return page.page(
            request, "withdrawal", status=422, report=report, reasons=REASONS, said=said, missing=True
        )
    reason = (
        (said or words("citizen.withdraw.other"))
        if chosen == "other"
        else words(f"citizen.withdraw.{chosen}")
    )
    body = forms.as_body(WithdrawalBody, {"reason": reason})
    await withdraw_from_reporter(parts_of(request), report.id, report.caller.reporter, body)
    return to_report(report.id, [])


async def _act(request: Request, form: Mapping[str, str]) -> ReportState:
    """The report that a form of ours is about. What stood on the page whose button was pressed was seen."""
    guard.check(request, form)
    report = await report_at(request)
    shown = form.get("shown", "")
    if shown.isdecimal() and len(shown) < 10:
        await _note_shown(request, report, min(int(shown), VERSIONS))
    return report


async def _note_shown(request: Request, report: ReportState, version: int) -> None:
    def note(session: Session) -> None:
        showing.shown_to_reporter(session, report.id, report.caller.reporter, version)

    try:
        await parts_of(request).writer.do(note)
    except Exception as error:  # noqa: BLE001 - the act itself is what matters
        log.warning("shown_not_noted", error=type(error).__name__)


def _asked(report: ReportState, id_: str) -> RequestState | None:
    """The question with this identifier, if it is one of the report's that waits for words."""
    return next((one for one in report.requests if str(one.id) == id_ and not one.answers), None)


def _message(
    request: Request,
    report: ReportState,
    asked: RequestState | None,
    text: str = "",
    client_id: str = "",
    refused: Refused | None = None,
) -> Response:
    return page.page(
        request,
        "message",
        status=page.status_of(refused) if refused else 200,
        error=page.said(request, refused) if refused else None,
        report=report,
        asked=asked,
        text=text,
        client_id=client_id or str(uuid4()),
    )
