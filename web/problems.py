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

from dispatch.errors import Overloaded, Refused
from dispatch.logs import place_of
from dispatch.words import Words, choose, in_chinese

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
    "method_refused": 405,
    "already_received": 409,
    "already_answered": 409,
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
    "internal": 500,
    "overloaded": 503,
    "database_unavailable": 503,
    "no_desk_open": 503,
    "receipt_invalid": 422,
    "sender_unavailable": 503,
    "verifier_unavailable": 503,
    # media
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

CALL_POLICE = ("tel:110", "sms:12110")


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
    for name in ("fields", "resend_in", "limit", "dispatcher", "at", "where", "kind"):
        if name in refused.values:
            body[name] = refused.values[name]
    if not in_chinese(words.language) and "where_en" in refused.values:
        body["where"] = refused.values["where_en"]
    if "calls" in refused.values:
        body["call"] = refused.values["calls"]
    elif getattr(request.state, "files_a_report", False):
        body["call"] = CALL_POLICE
    headers = {"content-language": words.language}
    if status in {429, 503}:
        headers["retry-after"] = str(refused.values.get("resend_in", 1))
    if status == 405 and (methods := _methods(request)):
        headers["allow"] = ", ".join(methods)
    return Response(
        orjson.dumps(body, default=str), status, headers=headers, media_type="application/problem+json"
    )


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
    """Exception handler for `Refused`."""
    assert isinstance(error, Refused)  # noqa: S101 - the table of handlers says so
    return problem(request, error)


async def on_overloaded(request: Request, _error: Exception) -> Response:
    """Exception handler for `Overloaded`: too much waits to be written."""
    return problem(request, Refused("overloaded"))


async def on_database(request: Request, error: Exception) -> Response:
    """Exception handler for a database that is away or full: nothing was written, say so and whom to call."""
    log.error("database_failed", error=type(error).__name__)
    return problem(request, Refused("database_unavailable"))


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
            answer = await on_error(Request(scope), error)
            await answer(scope, receive, send)


async def on_error(request: Request, error: Exception) -> Response:
    """A defect: loud in the log, by type and place only; the caller learns whom to call."""
    log.error("defect", error=type(error).__name__, where=place_of(error))
    return problem(request, Refused("internal"))


HANDLERS = {
    Refused: on_refused,
    Overloaded: on_overloaded,
    DBAPIError: on_database,
    HTTPException: on_http,
    Exception: on_error,
}
