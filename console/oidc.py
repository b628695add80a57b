"""Signing in by an identity provider (`DESK110_OIDC_*`; off without it): the account is there already and names the
person's subject, or nobody is let in.

What belongs to an exchange (state, nonce, verifier) stands sealed in a cookie of the browser that began it, and opens
once. That cookie alone is `Lax`: the provider sends people back from another site. For the same reason the way to the
desk leads over a page of our own, since a `Strict` cookie does not go with a redirect that began elsewhere.
"""

import hmac
import secrets
import time
from datetime import UTC, datetime
from typing import Any, Final
from urllib.parse import urlsplit
from uuid import NAMESPACE_OID, uuid5

import orjson
import structlog
from sqlmodel import Session
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from console.identity_provider import Proved, Provider, ProviderFailed
from console.parts import Parts, parts_of
from console.sign_in import FIRST_COOKIE, admitted, lacking, page, set_cookie
from dispatch import accounts, dispatchers, passkeys
from dispatch.cipher import Unopenable
from dispatch.dispatchers import FIRST
from dispatch.errors import Refused
from dispatch.reporters import PROVINCE, new_token
from web.languages import page_language
from web.origins import address

log = structlog.get_logger()

COOKIE: Final = "desk110_console_oidc"
PATH: Final = "/console/sign-in/oidc"
BACK: Final = f"{PATH}/back"
HOLDS_S: Final = 600
LONGEST_COOKIE: Final = 2048
# RFC 8176: by these somebody has shown two things.
TWO_FACTORS: Final = frozenset({"mfa"})
_SEALED_FOR: Final = uuid5(NAMESPACE_OID, "desk110 oidc")


def routes() -> list[Route]:
    return [Route(PATH, begin, methods=["GET"]), Route(BACK, come_back, methods=["GET"])]


async def begin(request: Request) -> Response:
    """303 to the provider. 502 with the sign-in page when it does not answer. Raises Refused: `not_found` (there is
    none), `too_many_requests`."""
    parts, provider = _provider(request)
    await parts.limits.take("console_address", address(request))
    state, nonce, verifier = (secrets.token_urlsafe(32) for _ in range(3))
    redirect_uri = _redirect_uri(request, parts)
    try:
        where = await provider.address(redirect_uri, state, nonce, verifier)
    except ProviderFailed as failed:
        log.warning("identity_provider_failed", error=str(failed))
        return page(request, error="oidc", status=502)
    kept = [state, nonce, verifier, redirect_uri, int(time.time()) + HOLDS_S]
    sealed = parts.cipher.seal("oidc", "exchange", _SEALED_FOR, orjson.dumps(kept).decode())
    answer = RedirectResponse(where, 303)
    answer.set_cookie(
        COOKIE,
        sealed.hex(),
        max_age=HOLDS_S,
        path=PATH,
        httponly=True,
        secure=parts.settings.secure_cookies,
        samesite="lax",
    )
    return answer


async def come_back(request: Request) -> Response:
    """`code` and `state` → 200 with the session, on a page that goes on to the desk; 401 with the sign-in page for
    whatever is wrong. Raises Refused: `not_found`, `too_many_requests`."""
    parts, provider = _provider(request)
    await parts.limits.take("console_address", address(request))
    try:
        token, pending = await _let_in(request, parts, provider)
    except ProviderFailed as failed:
        log.warning("identity_provider_failed", error=str(failed))
        answer = page(request, error="oidc", status=401)
        answer.delete_cookie(COOKIE, path=PATH)
        return answer
    to = "/console/first-sign-in" if pending else "/console"
    html = parts.rendering.page(page_language(request), "console/own/onward.html", csrf_token="", to=to)
    answer = HTMLResponse(html)
    if pending:
        set_cookie(parts, answer, FIRST_COOKIE, token, int(FIRST.total_seconds()))
    else:
        answer.raw_headers += [
            header for header in admitted(parts, token).raw_headers if header[0] == b"set-cookie"
        ]
    answer.delete_cookie(COOKIE, path=PATH)
    return answer


async def _let_in(request: Request, parts: Parts, provider: Provider) -> tuple[str, bool]:
    """The token of a new session, and whether something is still to be set up. Raises `ProviderFailed`."""
    asked = request.query_params
    state, nonce, verifier, redirect_uri, until = _exchange(request, parts)
    if not hmac.compare_digest(asked.get("state", "").encode(), state.encode()):
        raise ProviderFailed("another_state")
    # RFC 9207: a provider that says who it is cannot be mixed up with another.
    if asked.get("iss", parts.settings.oidc_issuer) != parts.settings.oidc_issuer:
        raise ProviderFailed("another_issuer")
    if "error" in asked or not asked.get("code"):
        raise ProviderFailed("refused_there")
    proved = await provider.proved(asked["code"], redirect_uri, nonce, verifier)
    found = await parts.read(lambda session: accounts.of_subject(session, proved.subject))
    if found is None:
        raise ProviderFailed("no_account")
    lacks = _lacks(parts, found, proved)
    token, where = new_token(), address(request)
    spent = parts.cipher.index("challenge", f"oidc\0{state.encode().hex()}")

    def done(session: Session) -> bool:
        if not passkeys.spend(session, spent, datetime.fromtimestamp(until, UTC)):
            return False
        return dispatchers.sign_in(
            session, found.number, token, address=where, by="oidc", pending=bool(lacks)
        )

    if not await parts.writer.do(done, found.desk or PROVINCE):
        raise ProviderFailed("spent")
    return token, bool(lacks)


def _lacks(parts: Parts, account: dispatchers.Account, proved: Proved) -> list[str]:
    """What is still to be set up here. Whose role asks for two factors has shown two to the provider, or is refused:
    `ProviderFailed`."""
    if accounts.wants_two(parts.settings.second_factor, account.role) and not TWO_FACTORS & proved.means:
        raise ProviderFailed("one_factor")
    return [one for one in lacking(parts, account) if one == "password"]


def _exchange(request: Request, parts: Parts) -> tuple[str, str, str, str, int]:
    """What this browser began. Raises `ProviderFailed`."""
    try:
        blob = bytes.fromhex(request.cookies.get(COOKIE, "")[:LONGEST_COOKIE])
        kept: Any = orjson.loads(parts.cipher.open("oidc", "exchange", _SEALED_FOR, blob))
    except (ValueError, Unopenable):
        raise ProviderFailed("not_begun_here") from None
    if kept[-1] < time.time():
        raise ProviderFailed("too_late")
    state, nonce, verifier, redirect_uri, until = kept
    return state, nonce, verifier, redirect_uri, until


def _provider(request: Request) -> tuple[Parts, Provider]:
    parts = parts_of(request)
    if parts.provider is None:
        raise Refused("not_found")
    return parts, parts.provider


def _redirect_uri(request: Request, parts: Parts) -> str:
    """Where the provider sends people back: to the one of our origins by which they came."""
    origins = sorted(parts.settings.console_origins)
    host = request.headers.get("host", "")
    first = parts.settings.console_origin.split(",")[0].strip()
    return f"{next((one for one in origins if urlsplit(one).netloc == host), first)}{BACK}"
