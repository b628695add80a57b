"""Signing in by phone and code, the real name, signing out: forms, and nothing in an address or a log."""

from collections.abc import Mapping
from uuid import UUID

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from api.bodies import IdentityBody, PhoneCodeBody, SessionBody
from api.me import prove_identity
from api.parts import parts_of
from api.plain import filing, forms, guard, page
from api.plain.draft import Draft
from api.plain.page import told, words_of
from api.sessions import end_session, give_cookie, open_session, send_code
from dispatch.errors import Refused
from web.bodies import read_form
from web.origins import address
from web.problems import refused_by


def routes() -> list[Route]:
    return [
        Route("/plain/sign-in", told(show), methods=["GET"]),
        Route("/plain/codes", told(ask_code), methods=["POST"]),
        Route("/plain/sessions", told(sign_in), methods=["POST"]),
        Route("/plain/sign-out", told(sign_out), methods=["POST"]),
        Route("/plain/identity", told(show_identity), methods=["GET"]),
        Route("/plain/identity", told(verify), methods=["POST"]),
    ]


async def show(request: Request) -> Response:
    """The phone, to begin with or another one."""
    return page.sign_in(request)


async def ask_code(request: Request) -> Response:
    """`phone` → the page that asks for the code; in a demo it stands there."""
    form = await read_form(request)
    guard.check(request, form)
    draft, report, phone = Draft.of(form), form.get("report", ""), form.get("phone", "")
    parts, code, error = parts_of(request), "", None
    try:
        body = forms.as_body(PhoneCodeBody, {"phone": phone})
        code = await send_code(parts, body, address(request), words_of(request).language)
    except Refused as refused:
        # One is on its way already: it is to be typed, not waited for.
        if refused.code != "code_too_soon":
            wrong = Refused("phone_invalid") if refused.code == "field_invalid" else refused
            return page.sign_in(request, wrong, draft=draft, report=report, phone=phone)
        error = page.said(request, refused)
    shown = code if parts.settings.demo else ""
    return _code(request, phone, draft, report, demo=shown, error=error)


async def sign_in(request: Request) -> Response:
    """`phone`, `code` → signed in, and on to where one was: the report's form with its words, or the report."""
    form = await read_form(request)
    guard.check(request, form)
    draft, report, phone = Draft.of(form), form.get("report", ""), form.get("phone", "")
    try:
        body = forms.as_body(SessionBody, {"phone": phone, "code": form.get("code", "")})
        token, reporter = await open_session(request, body, words_of(request).language)
    except Refused as refused:
        wrong = Refused("code_wrong") if refused.code == "field_invalid" else refused
        status = page.status_of(wrong)
        return _code(request, phone, draft, report, error=page.said(request, wrong), status=status)
    if draft is not None:
        # Read once more before it is sent: these words came through a page that nobody was signed in to.
        answer = filing.form(request, reporter, draft, session=token)
    else:
        answer = page.to(f"/plain/reports/{report}" if _is_id(report) else "/plain")
    give_cookie(parts_of(request), answer, token)
    return answer


async def sign_out(request: Request) -> Response:
    """The session ends."""
    guard.check(request, await read_form(request))
    answer = page.to("/plain/sign-in")
    await end_session(parts_of(request), await guard.reporter_at(request), answer)
    return answer


async def show_identity(request: Request) -> Response:
    """The real name beforehand, so that the next report need not wait for it."""
    reporter = await guard.reporter_at(request)
    return page.to("/plain") if reporter.identity == "verified" else page.identity(request)


async def verify(request: Request) -> Response:
    """`name`, `id_number` → verified; a report that waited for it is filed at once."""
    form = await read_form(request)
    draft = Draft.of(form)
    try:
        guard.check(request, form)
        reporter = await guard.reporter_at(request)
        typed = {"name": form.get("name", ""), "id_number": form.get("id_number", "")}
        await prove_identity(parts_of(request), reporter, forms.as_body(IdentityBody, typed))
    except Exception as error:  # noqa: BLE001 - a report that waits for it must not be lost by any of them
        return _not_verified(request, form, draft, refused_by(error))
    return page.to("/plain") if draft is None else await filing.file_draft(request, draft)


def _not_verified(
    request: Request, form: Mapping[str, str], draft: Draft | None, refused: Refused
) -> Response:
    if refused.code == "origin_refused":
        return page.refusal(request, refused)
    if refused.code == "sign_in_required":
        return page.sign_in(request, refused, draft=draft)
    wrong = Refused("identity_rejected") if refused.code == "field_invalid" else refused
    return page.identity(request, wrong, draft, form.get("name", ""), form.get("id_number", ""))


def _code(
    request: Request,
    phone: str,
    draft: Draft | None,
    report: str,
    *,
    demo: str = "",
    error: str | None = None,
    status: int = 200,
) -> Response:
    return page.page(
        request,
        "code",
        status=status,
        phone=phone[:32],
        draft=draft,
        report=report[:36],
        demo=demo,
        error=error,
    )


def _is_id(text: str) -> bool:
    try:
        return str(UUID(text)) == text
    except ValueError:
        return False
