"""Problems: every refusal as `application/problem+json` (RFC 9457) with a stable `code`."""

from collections.abc import Mapping

import orjson
import structlog
from sqlalchemy.exc import DBAPIError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Match, Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from dispatch.desks import SMS, whom_to_call
from dispatch.errors import Overloaded, Refused
from dispatch.logs import place_of
from dispatch.tongues import in_chinese
from dispatch.words import Words, choose

log = structlog.get_logger()

STATUS: Mapping[str, int] = {
    "body_unreadable": 400,
    "idempotency_key_required": 400,
    "idempotency_key_invalid": 400,
    "cursor_invalid": 400,
    "sign_in_required": 401,
    "code_wrong": 401,
    "identity_required": 403,
    "origin_refused": 403,
    "csrf_refused": 403,
    "role_refused": 403,
    "not_found": 404,
    "report_unknown": 404,
    "desk_unknown": 404,
    "location_code_unknown": 404,
    "ready_unknown": 404,
    "ready_key_taken": 409,
    "ready_too_many": 422,
    "report_guarded": 409,
    "reason_required": 422,
    "phone_unknown": 404,
    "original_refused": 403,
    "original_damaged": 500,
    "method_refused": 405,
    "already_received": 409,
    "already_answered": 409,
    "not_received": 409,
    "handled_by_another": 409,
    "not_on_shift": 409,
    "reports_in_hand": 409,
    "note_unknown": 404,
    "incident_unknown": 404,
    "report_withdrawn": 409,
    "unit_unknown": 404,
    "unit_name_taken": 409,
    "unit_out": 409,
    "units_out": 409,
    "units_too_many": 422,
    "officer_unknown": 404,
    "officer_known": 409,
    "officers_too_many": 422,
    "sending_unknown": 404,
    "transfer_pending": 409,
    "transfer_ended": 409,
    "desk_not_open": 409,
    "not_in_hand": 409,
    "proposal_pending": 409,
    "proposal_ended": 409,
    "second_person_needed": 409,
    "mark_unknown": 404,
    "mark_standing": 409,
    "no_harassment": 404,
    "already_appealed": 409,
    "appeal_answered": 409,
    "request_unknown": 404,
    "answer_unknown": 422,
    "duress_word_unfit": 422,
    "idempotency_conflict": 409,
    "report_closed": 409,
    "body_too_large": 413,
    "content_type_unsupported": 415,
    "field_invalid": 422,
    "text_too_long": 422,
    "place_required": 422,
    "position_invalid": 422,
    "outside_jurisdiction": 422,
    "phone_invalid": 422,
    "identity_rejected": 422,
    "identity_fixed": 409,
    "identity_kept": 409,
    "phone_taken": 409,
    "purpose_unknown": 404,
    "wording_outdated": 409,
    "code_too_soon": 429,
    "too_many_requests": 429,
    "wechat_unavailable": 501,
    "wechat_code_refused": 401,
    "wechat_phone_required": 403,
    "wechat_user_blocked": 403,
    "wechat_failed": 503,
    "report_covert": 409,
    "nothing_to_wait_for": 409,
    "internal": 500,
    "overloaded": 503,
    "database_unavailable": 503,
    "no_desk_open": 503,
    "receipt_invalid": 422,
    "sender_unavailable": 503,
    "verifier_unavailable": 503,
    "hours_unfit": 422,
    "desks_not_ready": 409,
    "own_account": 409,
    "last_administrator": 409,
    "roles_apart": 409,
    "subject_taken": 409,
    "subject_unfit": 422,
    "totp_not_offered": 409,
    "passkey_known": 409,
    "passkey_unknown": 404,
    "passkey_refused": 422,
    "passkeys_too_many": 422,
    "password_wrong": 422,
    "account_known": 409,
    "account_unknown": 404,
    "account_number_unfit": 422,
    "account_role_unknown": 422,
    "account_desk_unfit": 422,
    "password_unfit": 422,
    "passwords_differ": 422,
    "act_unknown": 422,
    "phone_unknown_here": 404,
    "report_removed": 409,
    "hold_unknown": 404,
    "incident_held": 409,
    "retention_too_short": 422,
    "desk_has_open_reports": 409,
    "not_practised": 409,
    # media
    "media_capped": 422,
    "tus_version_unsupported": 412,
    "upload_offset_conflict": 409,
    "upload_unknown": 404,
    "media_unknown": 404,
    "media_type_unsupported": 415,
    "photo_too_large": 413,
    "photos_too_many": 422,
    "photo_unreadable": 422,
    "photo_too_many_pixels": 422,
    "photo_animated": 422,
    "video_too_large": 413,
    "videos_too_many": 422,
    "video_unreadable": 422,
    "video_too_long": 422,
    "video_too_many_pixels": 422,
    "voice_too_large": 413,
    "voices_too_many": 422,
    "voice_unreadable": 422,
    "voice_too_long": 422,
    "upload_abandoned": 404,
    "upload_conflict": 409,
    "upload_busy": 423,
    "upload_too_long": 413,
    "upload_stalled": 503,
    "store_full": 507,
    "store_unavailable": 503,
}


def language_of(request: Request) -> str:
    """The language to answer in: that of `Accept-Language`, Chinese unless it asks for another that we have."""
    return choose(request.headers.get("accept-language"))


def problem(request: Request, refused: Refused, status: int | None = None) -> Response:
    """The answer to a refusal. Where a report was not taken, it says whom to call."""
    words = Words.of(language_of(request))
    status = status or STATUS.get(refused.code, 422)
    body: dict[str, object] = {
        "type": f"urn:desk110:problem:{refused.code}",
        "title": words(f"problems.title.{status}"),
        "status": status,
        "code": refused.code,
        "detail": sentence(words, refused),
    }
    for name in ("fields", "resend_in", "limit", "dispatcher", "at", "where", "kind", "units"):
        if name in refused.values:
            body[name] = refused.values[name]
    if not in_chinese(words.language) and "where_en" in refused.values:
        body["where"] = refused.values["where_en"]
    if "calls" in refused.values:
        body["call"] = refused.values["calls"]
    elif getattr(request.state, "files_a_report", False):
        body["call"] = whom_to_call(text_number(request))
    headers = {"content-language": words.language}
    if status in {429, 503}:
        headers["retry-after"] = str(refused.values.get("resend_in", 1))
    if status == 405 and (methods := _methods(request)):
        headers["allow"] = ", ".join(methods)
    return Response(
        orjson.dumps(body, default=str), status, headers=headers, media_type="application/problem+json"
    )


def text_number(request: Request) -> str:
    """What takes text messages: that of the desk that the request was found to be for, else everybody's."""
    return str(getattr(request.state, "sms", SMS))


def _methods(request: Request) -> list[str]:
    """What the address takes (RFC 9110, 15.5.6): of all its routes, where the router knows of the first alone."""
    routes = [route for route in getattr(request.scope.get("app"), "routes", ()) if isinstance(route, Route)]
    here = [route for route in routes if route.matches(request.scope)[0] is not Match.NONE]
    return sorted({method for route in here for method in route.methods or ()})


def sentence(words: Words, refused: Refused) -> str:
    """What a person reads of a refusal."""
    for key in (f"problems.{refused.code}", f"media.problem.{refused.code}"):
        if (text := words.get(key)) is not None:
            return text.format_map(_Blank({name: _said(value) for name, value in refused.values.items()}))
    return words("problems.field_invalid", fields=refused.code)


def _said(value: object) -> object:
    """A list as people read one."""
    return ", ".join(map(str, value)) if isinstance(value, list | tuple) else value


class _Blank(dict[str, object]):
    """Values for a sentence; what is missing is left blank rather than an error upon an error."""

    def __missing__(self, key: str) -> str:
        return ""


async def on_refused(request: Request, error: Exception) -> Response:
    """Exception handler for `Refused`, and for what is one to the caller: a database that is away, a defect."""
    return problem(request, refused_by(error))


def refused_by(error: Exception) -> Refused:
    """What an error is to the caller. A database that is away and a defect are loud in the log, by type and place."""
    if isinstance(error, Refused):
        return error
    if isinstance(error, Overloaded):  # too much waits to be written
        return Refused("overloaded")
    if isinstance(error, DBAPIError):  # away or full: nothing was written
        log.error("database_failed", error=type(error).__name__)
        return Refused("database_unavailable")
    log.error("defect", error=type(error).__name__, where=place_of(error))
    return Refused("internal")


async def on_http(request: Request, error: Exception) -> Response:
    """Exception handler for what the router refuses."""
    assert isinstance(error, HTTPException)  # noqa: S101 - the table of handlers says so
    codes = {404: "not_found", 405: "method_refused", 413: "body_too_large"}
    answer = problem(request, Refused(codes.get(error.status_code, "body_unreadable")), error.status_code)
    for name, value in (error.headers or {}).items():
        answer.headers.setdefault(name, value)
    return answer


class Defects:
    """Middleware that answers a defect from within the others.

    Starlette's own place for that is outside of all middleware: its answer goes without their headers, and it
    raises the error again, upon which the server drops the connection that the next report would come by.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        begun = False

        async def send_and_note(message: Message) -> None:
            nonlocal begun
            begun = True
            await send(message)

        try:
            await self._app(scope, receive, send_and_note)
        except Exception as error:
            if begun:  # nothing can be said any more: the broken connection says it
                raise
            answer = problem(Request(scope), refused_by(error))
            await answer(scope, receive, send)


HANDLERS = {
    Refused: on_refused,
    Overloaded: on_refused,
    DBAPIError: on_refused,
    HTTPException: on_http,
    Exception: on_refused,
}
