"""One's own account (`/console/account`): password, second factor, recovery codes, passkeys. It works without a script,
but for passkeys.

Whoever changes how they sign in says the password again: a console that was left open gives nothing away.
"""

import asyncio
from collections.abc import Mapping, Sequence

import segno
from markupsafe import Markup
from sqlmodel import Session
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from console.parts import Parts, parts_of
from console.sections import Sentence, Unfitting
from console.sign_in import by_name, on_duty, read_form, require_act
from dispatch import accounts, dispatchers, passkeys, recovery_codes
from dispatch.accounts import SHORTEST
from dispatch.clock import now
from dispatch.dispatchers import OnDuty
from dispatch.errors import Refused
from dispatch.narrow import LONGEST_TYPED, narrow_number
from dispatch.reporters import PROVINCE
from dispatch.words import Words
from web.languages import page_language, remember


def routes() -> list[Route]:
    return [
        Route("/console/account", show, methods=["GET"]),
        Route("/console/account/password", change_password, methods=["POST"]),
        Route("/console/account/second-factor", begin_second_factor, methods=["POST"]),
        Route("/console/account/second-factor/confirmation", confirm_second_factor, methods=["POST"]),
        Route("/console/account/recovery-codes", renew_codes, methods=["POST"]),
    ]


async def show(request: Request) -> Response:
    """The page; signing in comes first. `saved` names what was just changed."""
    who = await on_duty(request)
    if who is None:
        return RedirectResponse("/console/sign-in", 303)
    return await page(request, who, saved=request.query_params.get("saved", ""))


async def change_password(request: Request) -> Response:
    """`current`, `password`, `again` → 303 back; all one's other sessions end. 422 with the page and the faults."""
    who, form = await require_act(request), await read_form(request)
    try:
        await check_password(request, who, form, "current")
        hashed = await hashed_choice(parts_of(request), who.number, form)
    except Unfitting as unfitting:
        return await page(request, who, wrong="password", faults=unfitting.faults)
    await parts_of(request).writer.do(
        lambda session: accounts.choose_password(session, who.number, hashed, who.token_digest), *_logs(who)
    )
    return RedirectResponse("/console/account?saved=password#password", 303)


async def begin_second_factor(request: Request) -> Response:
    """`current` → 200 with the page and a new secret, to be confirmed by one of its codes."""
    who, form = await require_act(request), await read_form(request)
    try:
        await check_password(request, who, form, "totp_current")
    except Unfitting as unfitting:
        return await page(request, who, wrong="second-factor", faults=unfitting.faults)
    parts = parts_of(request)
    await parts.writer.do(
        lambda session: accounts.offer_totp(session, parts.cipher, who.number, accounts.new_secret()),
        *_logs(who),
    )
    return await page(request, who, enrolling=True)


async def confirm_second_factor(request: Request) -> Response:
    """`code` → 200 with the recovery codes, shown once; 422 with the page when it is none of the secret's."""
    parts, who, form = parts_of(request), await require_act(request), await read_form(request)
    try:
        step = await confirmed_step(parts, who.number, form)
    except Unfitting as unfitting:
        return await page(request, who, enrolling=True, wrong="second-factor", faults=unfitting.faults)
    codes = recovery_codes.new_codes()
    await parts.writer.do(lambda session: enrol(session, parts, who, step, codes), *_logs(who))
    return codes_page(request, who, codes, onward="/console/account")


async def renew_codes(request: Request) -> Response:
    """`current` → 200 with new recovery codes in place of all others, shown once."""
    parts, who, form = parts_of(request), await require_act(request), await read_form(request)
    state = await parts.read(lambda session: accounts.account_state(session, who.number))
    try:
        await check_password(request, who, form, "codes_current")
        if not state.second_factor:
            raise Unfitting({"": Sentence("console.own.fault.no_second_factor")})
    except Unfitting as unfitting:
        return await page(request, who, wrong="recovery-codes", faults=unfitting.faults)
    codes = recovery_codes.new_codes()
    digests = _digests(parts, who.number, codes)
    await parts.writer.do(
        lambda session: recovery_codes.make(
            session, who.number, who.desk or PROVINCE, digests, f"dispatcher:{who.number}"
        ),
        *_logs(who),
    )
    return codes_page(request, who, codes, onward="/console/account")


def enrol(session: Session, parts: Parts, who: OnDuty, step: int, codes: Sequence[str]) -> None:
    """The secret that was shown is the account's second factor, and these are its recovery codes. A command of the
    writer. Raises Refused `totp_not_offered`."""
    secret = accounts.offered_totp(session, parts.cipher, who.number)
    if secret is None:
        raise Refused("totp_not_offered")
    actor = f"dispatcher:{who.number}"
    accounts.set_totp(session, parts.cipher, who.number, secret, actor, used=step)
    recovery_codes.make(session, who.number, who.desk or PROVINCE, _digests(parts, who.number, codes), actor)


async def check_password(request: Request, who: OnDuty, form: Mapping[str, str], field: str) -> None:
    """Raises Unfitting unless `field` holds the present password, and Refused `too_many_requests`."""
    parts = parts_of(request)
    await parts.limits.take("console_own_password", who.number)
    account = await parts.read(lambda session: dispatchers.account(session, who.number))
    if not await asyncio.to_thread(dispatchers.password_fits, account, form.get(field, "")):
        raise Unfitting({field: Sentence("console.own.fault.current")})


async def hashed_choice(parts: Parts, number: str, form: Mapping[str, str]) -> str:
    """The hash of the password that was typed twice (`password`, `again`). Raises Unfitting."""
    password = form.get("password", "")
    try:
        accounts.check_password(number, password)
    except Refused:
        raise Unfitting({"password": Sentence("console.own.fault.password", {"n": SHORTEST})}) from None
    if form.get("again", "") != password:
        raise Unfitting({"again": Sentence("console.own.fault.again")})
    account = await parts.read(lambda session: dispatchers.account(session, number))
    if await asyncio.to_thread(dispatchers.password_fits, account, password):
        raise Unfitting({"password": Sentence("console.own.fault.same")})
    return await asyncio.to_thread(dispatchers.hash_password, password)


async def confirmed_step(parts: Parts, number: str, form: Mapping[str, str]) -> int:
    """The step of the code that confirms the secret which was shown. Raises Unfitting, Refused `totp_not_offered`."""
    secret = await parts.read(lambda session: accounts.offered_totp(session, parts.cipher, number))
    if secret is None:
        raise Refused("totp_not_offered")
    step = dispatchers.totp_step(secret, narrow_number(form.get("code", "")[:LONGEST_TYPED]), now())
    if step is None:
        raise Unfitting({"code": Sentence("console.own.fault.code")})
    return step


def drawn(address: str) -> Markup:
    """The QR code of an `otpauth://` address, as SVG without styles."""
    code = segno.make(address, error="m", micro=False)
    svg = code.svg_inline(
        border=4, dark="#000", light="#fff", svgclass="qr", lineclass="qr-line", omitsize=True
    )
    # The library's own markup, of an address that holds letters and digits alone.
    return Markup(svg)  # noqa: S704


async def page(
    request: Request,
    who: OnDuty,
    *,
    saved: str = "",
    wrong: str = "",
    faults: Mapping[str, Sentence] | None = None,
    enrolling: bool = False,
) -> Response:
    parts, language = parts_of(request), page_language(request)

    def read(session: Session) -> tuple[accounts.AccountState, str | None, Sequence[passkeys.PasskeyState]]:
        secret = accounts.offered_totp(session, parts.cipher, who.number) if enrolling else None
        return accounts.account_state(session, who.number), secret, passkeys.of(session, who.number)

    state, secret, keys = await parts.read(read)
    offered = accounts.address_of(who.number, secret) if secret else ""
    html = parts.rendering.page(
        language,
        "console/own/account.html",
        csrf_token=who.csrf,
        who=who,
        account=state,
        keys=keys,
        possible=by_name(request),
        secret=secret,
        qr=drawn(offered) if offered else "",
        saved=saved,
        wrong=wrong,
        faults=said(language, faults),
    )
    answer = HTMLResponse(html, 422 if faults else 200)
    remember(request, answer)
    return answer


def codes_page(request: Request, who: OnDuty, codes: Sequence[str], *, onward: str) -> Response:
    """The recovery codes, this once."""
    parts, language = parts_of(request), page_language(request)
    html = parts.rendering.page(
        language, "console/own/codes.html", csrf_token=who.csrf, who=who, codes=codes, onward=onward
    )
    return HTMLResponse(html)


def said(language: str, faults: Mapping[str, Sentence] | None) -> dict[str, str]:
    """The sentences of faults, by field."""
    words = Words.of(language)
    return {name: words(fault.key, **fault.values) for name, fault in (faults or {}).items()}


def _digests(parts: Parts, number: str, codes: Sequence[str]) -> list[bytes]:
    return [recovery_codes.digest_of(parts.cipher, number, code) for code in codes]


def _logs(who: OnDuty) -> list[str]:
    """The logs that an act on one's own account writes to or holds."""
    return sorted({who.desk or PROVINCE, PROVINCE})
