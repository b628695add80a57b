"""The first sign-in (`/console/first-sign-in`): a password that was handed out is changed, a second factor set up, and
only then does the session count. Whoever stops on the way has no session at all."""

from collections.abc import Mapping

from sqlmodel import Session
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from console.own_account import codes_page, confirmed_step, drawn, enrol, hashed_choice, said
from console.parts import parts_of
from console.sections import Sentence, Unfitting
from console.sign_in import admitted, check_own_page, first_on_duty, lacking, read_form
from dispatch import accounts, dispatchers, recovery_codes
from dispatch.dispatchers import OnDuty
from dispatch.errors import Refused
from dispatch.reporters import PROVINCE, new_token
from web.languages import page_language
from web.origins import address


def routes() -> list[Route]:
    return [
        Route("/console/first-sign-in", show, methods=["GET"]),
        Route("/console/first-sign-in/password", choose_password, methods=["POST"]),
        Route("/console/first-sign-in/second-factor", confirm, methods=["POST"]),
    ]


async def show(request: Request) -> Response:
    """What is to be done next; signing in comes first."""
    try:
        who = await first_on_duty(request)
    except Refused:
        return RedirectResponse("/console/sign-in", 303)
    return await _page(request, who)


async def choose_password(request: Request) -> Response:
    """`password`, `again` → 303 to what comes next, or to the desk; 422 with the page and the faults."""
    parts, who = parts_of(request), await _act(request)
    try:
        hashed = await hashed_choice(parts, who.number, await read_form(request))
    except Unfitting as unfitting:
        return await _page(request, who, unfitting.faults)
    await parts.writer.do(
        lambda session: accounts.choose_password(session, who.number, hashed, who.token_digest), *_logs(who)
    )
    if await _lacks(request, who):
        return RedirectResponse("/console/first-sign-in", 303)
    return await _admit(request, who)


async def confirm(request: Request) -> Response:
    """`code` → 200 with the recovery codes, shown once, and the session that counts; 422 with the page."""
    parts, who = parts_of(request), await _act(request)
    if "password" in await _lacks(request, who):
        return RedirectResponse("/console/first-sign-in", 303)
    try:
        step = await confirmed_step(parts, who.number, await read_form(request))
    except Unfitting as unfitting:
        return await _page(request, who, unfitting.faults)
    codes, token, where = recovery_codes.new_codes(), new_token(), address(request)

    def done(session: Session) -> bool:
        enrol(session, parts, who, step, codes)
        return dispatchers.finish(session, who, token, where)

    if not await parts.writer.do(done, *_logs(who)):
        raise Refused("sign_in_required")
    answer = codes_page(request, who, codes, onward="/console")
    answer.raw_headers += [
        header for header in admitted(parts, token).raw_headers if header[0] == b"set-cookie"
    ]
    return answer


async def _act(request: Request) -> OnDuty:
    who = await first_on_duty(request)
    await check_own_page(request, who)
    return who


async def _lacks(request: Request, who: OnDuty) -> list[str]:
    parts = parts_of(request)
    account = await parts.read(lambda session: dispatchers.account(session, who.number))
    return lacking(parts, account) if account else []


async def _admit(request: Request, who: OnDuty) -> Response:
    parts, token, where = parts_of(request), new_token(), address(request)
    if not await parts.writer.do(lambda session: dispatchers.finish(session, who, token, where), *_logs(who)):
        raise Refused("sign_in_required")
    return admitted(parts, token)


async def _page(request: Request, who: OnDuty, faults: Mapping[str, Sentence] | None = None) -> Response:
    parts, language = parts_of(request), page_language(request)
    lacks = await _lacks(request, who)
    if not lacks:
        return await _admit(request, who)
    secret = await parts.read(lambda session: accounts.offered_totp(session, parts.cipher, who.number))
    html = parts.rendering.page(
        language,
        "console/own/first.html",
        csrf_token=who.csrf,
        who=who,
        step="password" if "password" in lacks else "totp",
        also="totp" in lacks,
        secret=secret or "",
        qr=drawn(accounts.address_of(who.number, secret)) if secret else "",
        shortest=accounts.SHORTEST,
        faults=said(language, faults),
    )
    return HTMLResponse(html, 422 if faults else 200)


def _logs(who: OnDuty) -> list[str]:
    return sorted({who.desk or PROVINCE, PROVINCE})
