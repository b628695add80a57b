"""Signing in at a console, signing out, and who is asking."""

import asyncio
import hmac
import ipaddress
import re
import secrets
from collections.abc import Mapping
from urllib.parse import urlsplit

import structlog
from sqlmodel import Session
from starlette.requests import HTTPConnection, Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from console.parts import Parts, parts_of
from console.rendering import SignInError
from console.tries import remember_browser, take_second_try, take_try
from dispatch import accounts, dispatchers, recovery_codes
from dispatch.clock import now
from dispatch.dispatchers import FIRST, SHIFT, Account, OnDuty
from dispatch.errors import Refused
from dispatch.narrow import LONGEST_TYPED, narrow_number
from dispatch.reporters import PROVINCE, new_token, token_digest
from web import bodies
from web.languages import page_language, remember
from web.origins import address, foreign, of_another_site, origin_fits

log = structlog.get_logger()

COOKIE = "desk110_console"
BEFORE_SIGN_IN = "desk110_console_csrf"
OUR_TOKEN = re.compile(r"[A-Za-z0-9_-]{32}")
FIRST_COOKIE = "desk110_console_first"
LEADER = "shift_leader"
NUMBER = re.compile(r"[A-Za-z0-9]{1,16}")


def routes() -> list[Route]:
    return [
        Route("/console/sign-in", show, methods=["GET"]),
        Route("/console/sign-in", sign_in, methods=["POST"]),
        Route("/console/sign-out", sign_out, methods=["POST"]),
    ]


async def show(request: Request) -> Response:
    return page(request)


async def sign_in(request: Request) -> Response:
    """Fields `number`, `password`, and `totp` where it is set → 303 to the desk, or to what is still to be set up; 401
    with the page again."""
    parts = parts_of(request)
    form = await read_form(request)
    number, password = narrow_number(form.get("number", "")[:LONGEST_TYPED]), form.get("password", "")
    elsewhere = foreign(request, parts.settings.console_origins) or of_another_site(request)
    if elsewhere or not same_page(request, form):
        return page(request, number=number, error="page_expired", status=403)
    try:
        await take_try(request, number)
    except Refused:
        tell_refused("too_many")
        return page(request, number=number, error="too_many", minutes=1, status=429)
    account = None
    if NUMBER.fullmatch(number):
        account = await parts.read(lambda session: dispatchers.account(session, number))
    # argon2id takes tens of milliseconds by design.
    if not await asyncio.to_thread(dispatchers.password_fits, account, password) or account is None:
        tell_refused("wrong", account)
        return page(request, number=number, error="wrong", status=401)
    step = recovery = None
    if account.totp_secret is not None:
        code = form.get("totp", "")
        try:
            await take_second_try(request, number, code)
        except Refused:
            tell_refused("too_many_codes", account)
            return page(request, number=number, asks_totp=True, error="too_many", minutes=60, status=429)
        step = _totp_step(parts, account.number, account.totp_secret, code)
        recovery = _recovery(parts, account.number, code) if step is None else None
        if step is None and recovery is None:
            error: SignInError | None = "totp" if code else None
            if code:
                tell_refused("code", account)
            return page(request, number=number, asks_totp=True, error=error, status=401)
    token, where, lacks = new_token(), address(request), lacking(parts, account)
    before = await on_duty(request)

    def open_session(session: Session) -> bool:
        if "totp" in lacks:
            accounts.offer_totp(session, parts.cipher, number, accounts.new_secret())
        fits = dispatchers.sign_in(
            session, number, token, step, where, recovery=recovery, pending=bool(lacks)
        )
        if fits and before is not None:  # whoever was signed in here is so no longer
            dispatchers.sign_out(session, before)
        return fits

    logs = {account.desk or PROVINCE, PROVINCE, before.desk or PROVINCE if before else PROVINCE}
    opened = await parts.writer.do(open_session, *sorted(logs))
    if not opened:
        tell_refused("code", account)
        return page(
            request, number=number, asks_totp=account.totp_secret is not None, error="totp", status=401
        )
    if lacks:
        answer = RedirectResponse("/console/first-sign-in", 303)
        set_cookie(parts, answer, FIRST_COOKIE, token, int(FIRST.total_seconds()))
        return answer
    to_desk = admitted(parts, token)
    remember_browser(request, to_desk)
    return to_desk


def tell_refused(why: str, account: Account | None = None) -> None:
    """Somebody was not let in (OWASP ASVS 16.3.1). Whose account it was meant for is told where there is one: what was
    typed into the field may be anything, a password too."""
    log.warning("sign_in_refused", error=why, dispatcher=account.number if account else None)


def admitted(parts: Parts, token: str) -> Response:
    """To the desk, with the session of this token."""
    answer = RedirectResponse("/console", 303)
    set_cookie(parts, answer, COOKIE, token, int(SHIFT.total_seconds()))
    for name in (BEFORE_SIGN_IN, FIRST_COOKIE):
        answer.delete_cookie(name, path="/console")
    return answer


def lacking(parts: Parts, account: Account) -> list[str]:
    """What has to be set up before the account's session counts: `password`, `totp`."""
    needs = accounts.wants_two(parts.settings.second_factor, account.role)
    found = ["password"] if account.password_until is not None else []
    return [*found, "totp"] if needs and account.totp_secret is None else found


async def sign_out(request: Request) -> Response:
    """End the session; its sockets close."""
    parts = parts_of(request)
    who = await require_act(request)
    desk = who.desk or PROVINCE
    await parts.writer.do(lambda session: dispatchers.sign_out(session, who), desk)
    await parts.hub.close_session(who.token_digest)
    answer = RedirectResponse("/console/sign-in", 303)
    answer.delete_cookie(COOKIE, path="/console")
    return answer


async def first_on_duty(request: Request) -> OnDuty:
    """Who had the right password and has something to set up. Raises Refused `sign_in_required`."""
    token = request.cookies.get(FIRST_COOKIE)
    digest = token_digest(token) if token else b""
    who = await parts_of(request).read(lambda session: dispatchers.first(session, digest))
    if who is None:
        raise Refused("sign_in_required")
    return who


async def on_duty(connection: HTTPConnection) -> OnDuty | None:
    """Who has the session of this request or socket; None when nobody has."""
    token = connection.cookies.get(COOKIE)
    if not token:
        return None
    digest = token_digest(token)
    return await parts_of(connection).read.ask(lambda session: dispatchers.on_duty(session, digest))


async def require_dispatcher(request: Request) -> "AtDesk":
    """The dispatcher or shift leader who looks. Raises Refused: `sign_in_required`, `role_refused`."""
    who = await on_duty(request)
    if who is None:
        raise Refused("sign_in_required")
    if who.desk is None:
        raise Refused("role_refused")
    return AtDesk(who)


async def require_act(request: Request) -> OnDuty:
    """Who does something: signed in, from our own page. Raises Refused: `sign_in_required`, `csrf_refused`."""
    who = await on_duty(request)
    if who is None:
        raise Refused("sign_in_required")
    await check_own_page(request, who)
    return who


async def check_own_page(request: Request, who: OnDuty) -> None:
    """The request comes from a page that we gave to this session. Raises Refused: `origin_refused`, `csrf_refused`."""
    ours = origin_fits(request, parts_of(request).settings.console_origins)
    if not ours or of_another_site(request):
        raise Refused("origin_refused")
    given = request.headers.get("x-csrf-token") or (await read_form(request)).get("csrf_token", "")
    if not hmac.compare_digest(given.encode(), who.csrf.encode()):
        raise Refused("csrf_refused")


async def require_dispatcher_act(request: Request) -> "AtDesk":
    """The dispatcher or shift leader who does something. Raises Refused as the two above."""
    who = await require_act(request)
    if who.desk is None:
        raise Refused("role_refused")
    return AtDesk(who)


class AtDesk:
    """Someone on duty who has a desk."""

    __slots__ = ("csrf", "desk", "desk_name", "desk_name_en", "number", "role", "token_digest")

    def __init__(self, who: OnDuty) -> None:
        self.number = who.number
        self.role = who.role
        self.desk: str = who.desk or ""
        self.desk_name = who.desk_name or ""
        self.desk_name_en = who.desk_name_en or ""
        self.csrf = who.csrf
        self.token_digest = who.token_digest


async def read_form(request: Request) -> Mapping[str, str]:
    """The form of the request, read once. Refused as `web.bodies.read_form` says."""
    if not hasattr(request.state, "form"):
        request.state.form = await bodies.read_form(request)
    form: Mapping[str, str] = request.state.form
    return form


def _recovery(parts: Parts, number: str, code: str) -> bytes | None:
    """The digest of what can be a recovery code."""
    typed = code[:LONGEST_TYPED].strip()
    # A code of letters is none of an authenticator's, and one of digits no recovery code.
    if not typed or narrow_number(typed).isdigit():
        return None
    return recovery_codes.digest_of(parts.cipher, number, typed)


def _totp_step(parts: Parts, number: str, sealed: bytes, code: str) -> int | None:
    secret = parts.cipher.open("dispatcher", "totp_secret", dispatchers.row_of(number), sealed)
    return dispatchers.totp_step(secret, narrow_number(code[:LONGEST_TYPED]), now())


def same_page(request: Request, form: Mapping[str, str]) -> bool:
    """Whether the form is of a page that we gave this browser.

    A browser always names the Origin of such a POST, which was checked; what names none is no browser, and has
    no one else's cookies.
    """
    if request.headers.get("origin") is None and request.headers.get("sec-fetch-site") is None:
        return True
    kept = request.cookies.get(BEFORE_SIGN_IN, "")
    return bool(kept) and hmac.compare_digest(kept.encode(), form.get("csrf_token", "").encode())


def page(
    request: Request,
    *,
    number: str = "",
    asks_totp: bool = False,
    error: SignInError | None = None,
    minutes: int = 0,
    status: int = 200,
) -> Response:
    parts = parts_of(request)
    kept = request.cookies.get(BEFORE_SIGN_IN, "")
    csrf = kept if OUR_TOKEN.fullmatch(kept) else secrets.token_urlsafe(24)
    html = parts.rendering.sign_in(
        page_language(request),
        csrf_token=csrf,
        number=number[:32],
        asks_totp=asks_totp,
        error=error,
        minutes=minutes,
        demo_number="33010601" if parts.settings.demo else None,
        passkeys=by_name(request),
        oidc=bool(parts.settings.oidc_issuer),
    )
    answer = HTMLResponse(html, status)
    set_cookie(parts, answer, BEFORE_SIGN_IN, csrf, 3600)
    remember(request, answer)
    return answer


def by_name(connection: HTTPConnection) -> bool:
    """Whether the console is asked by a name: browsers make no passkeys for an IP address."""
    try:
        host = urlsplit(f"//{connection.headers.get('host', '')}").hostname or ""
    except ValueError:  # anybody can write a Host
        return False
    return bool(host) and not is_address(host)


def is_address(host: str) -> bool:
    """Whether it is an IP address and no name."""
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def set_cookie(parts: Parts, answer: Response, name: str, value: str, max_age: int) -> None:
    answer.set_cookie(
        name,
        value,
        max_age=max_age,
        path="/console",
        httponly=True,
        secure=parts.settings.secure_cookies,
        samesite="strict",
    )
