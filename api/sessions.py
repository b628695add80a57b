"""Signing in by phone code, signing out, and who is asking."""

from starlette.requests import HTTPConnection, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from api.answers import PhoneCodeSent, SessionOpened
from api.bodies import PhoneCodeBody, SessionBody
from api.devices import device_of
from api.parts import Parts, parts_of
from api.views import reporter_view
from dispatch import phones, reporters, wechat_accounts
from dispatch.clock import iso
from dispatch.errors import Refused
from dispatch.narrow import narrow_number
from dispatch.reporters import CODE_LIVES, SESSION_LIVES, SignedIn
from web.bodies import read_json
from web.origins import SAFE, address, of_another_site, origin_fits
from web.problems import language_of

COOKIE = "desk110_session"
WHOSE = "desk110-reporter"

# Seconds before a phone gets another code. In a demo nobody pays for an SMS.
RESEND_S = {"field": 60, "demo": 0, "off": 0}


def routes() -> list[Route]:
    return [
        Route("/api/v1/phone-codes", send_phone_code, methods=["POST"]),
        Route("/api/v1/sessions", sign_in, methods=["POST"]),
        Route("/api/v1/sessions/current", sign_out, methods=["DELETE"]),
    ]


async def send_phone_code(request: Request) -> Response:
    """`{phone}` → 202; the code goes to the phone, and in a demo stands in the answer."""
    parts = parts_of(request)
    body = await read_json(request, PhoneCodeBody)
    code = await send_code(parts, body, address(request), language_of(request))
    answer: PhoneCodeSent = {
        "expires_in": int(CODE_LIVES.total_seconds()),
        "resend_in": RESEND_S[parts.settings.limits],
    }
    if parts.settings.demo:
        answer["demo_code"] = code
    return JSONResponse(answer, 202)


async def send_code(parts: Parts, body: PhoneCodeBody, client: str, language: str) -> str:
    """What the API and the plain pages do alike: a code goes to the phone; gives it, to be shown in a demo alone.

    `client` is the network address. Raises Refused: `phone_invalid`, `code_too_soon`, `too_many_requests`,
    `sender_unavailable`.
    """
    phone = phones.normalise(body.phone, demo=parts.settings.demo)
    index = parts.cipher.index("phone", phone)
    await parts.limits.take("code_address", client)
    await parts.limits.take("code_phone", index.hex())
    code = reporters.new_code()
    resend_s = RESEND_S[parts.settings.limits]
    digest = reporters.code_digest(index, code)
    await parts.writer.do(lambda session: reporters.remember_code(session, index, digest, resend_s))
    await parts.sender.send_code(phone, code, language)
    return code


async def sign_in(request: Request) -> Response:
    """`{phone, code}` → 201 with the token, and the same as a cookie for the page."""
    parts = parts_of(request)
    token, found = await open_session(request, await read_json(request, SessionBody), language_of(request))
    opened: SessionOpened = {
        "token": token,
        "expires_at": iso(found.expires_at),
        "reporter": reporter_view(found),
    }
    answer = JSONResponse(opened, 201)
    give_cookie(parts, answer, token)
    return answer


async def open_session(request: Request, body: SessionBody, language: str) -> tuple[str, SignedIn]:
    """What the API and the plain pages do alike: a session for who proves a phone; gives its token.

    Raises Refused: `field_invalid`, `phone_invalid`, `code_wrong`, `too_many_requests`; and by WeChat
    `wechat_unavailable`, `wechat_code_refused`, `wechat_phone_required`, `wechat_user_blocked`, `wechat_failed`.
    """
    parts = parts_of(request)
    if body.wechat_code is not None:
        return await _open_by_wechat(request, body.wechat_code, body.wechat_phone_code, language)
    if body.phone is None or body.code is None:
        raise Refused("field_invalid", fields=["phone", "code"])
    phone = phones.normalise(body.phone, demo=parts.settings.demo)
    code = narrow_number(body.code)
    await parts.limits.take("sign_in_address", address(request))
    # With the address: whoever guesses at somebody else's phone keeps nobody but themselves from signing in.
    await parts.limits.take("sign_in_phone", f"{address(request)} {parts.cipher.index('phone', phone).hex()}")
    token = reporters.new_token()
    device = device_of(request.headers.get("user-agent", ""))
    found = await parts.writer.do(
        lambda session: reporters.sign_in(session, parts.cipher, phone, code, token, language, device)
    )
    if found is None:
        raise Refused("code_wrong")
    return token, found


async def _open_by_wechat(
    request: Request, code: str, phone_code: str | None, language: str
) -> tuple[str, SignedIn]:
    parts = parts_of(request)
    if parts.wechat is None:
        raise Refused("wechat_unavailable")
    await parts.limits.take("sign_in_address", address(request))
    openid = await parts.wechat.openid_of(code)
    await parts.limits.take("sign_in_phone", wechat_accounts.index_of(parts.cipher, openid).hex())
    phone = None
    if phone_code is not None:
        phone = phones.normalise(await parts.wechat.phone_of(phone_code), demo=parts.settings.demo)
    token, device = reporters.new_token(), device_of(request.headers.get("user-agent", ""))
    found = await parts.writer.do(
        lambda session: wechat_accounts.sign_in(
            session, parts.cipher, openid, phone, token, language, device
        ),
        reporters.PROVINCE,
    )
    if found is None:
        raise Refused("wechat_phone_required")
    return token, found


def give_cookie(parts: Parts, answer: Response, token: str) -> None:
    """The session, for the page: no script and no other site gets at it."""
    answer.set_cookie(
        COOKIE,
        token,
        max_age=int(SESSION_LIVES.total_seconds()),
        httponly=True,
        secure=parts.settings.secure_cookies,
        samesite="strict",
        path="/",
    )


async def sign_out(request: Request) -> Response:
    """Revoke the session that asks; its sockets close."""
    reporter = await require_reporter(request)
    answer = Response(status_code=204)
    await end_session(parts_of(request), reporter, answer)
    return answer


async def end_session(parts: Parts, reporter: SignedIn, answer: Response) -> None:
    """What the API and the plain pages do alike: the session is revoked, and its cookie taken back."""
    await parts.writer.do(lambda session: reporters.sign_out(session, reporter.token_digest))
    parts.known.forget(reporter.token_digest)
    await parts.hub.close_session(reporter.token_digest)
    answer.delete_cookie(COOKIE, path="/")


async def require_reporter(request: Request) -> SignedIn:
    """The reporter who asks.

    Raises Refused: `origin_refused` for a foreign page; `sign_in_required`, also when the client says whose the request
    is (`Desk110-Reporter`) and somebody else is signed in by now: on a shared phone nothing goes under another's name.
    """
    parts = parts_of(request)
    token, by_cookie = token_of(request)
    if token is None:
        raise Refused("sign_in_required")
    if by_cookie and request.method not in SAFE:
        ours = origin_fits(request, parts.settings.citizen_origins) and not of_another_site(request)
        if not ours:
            raise Refused("origin_refused")
    reporter = await reporter_of(parts, token)
    if request.headers.get(WHOSE, str(reporter.id)) != str(reporter.id):
        raise Refused("sign_in_required")
    return reporter


def token_of(connection: HTTPConnection) -> tuple[str | None, bool]:
    """The token that the request carries, and whether it came by cookie."""
    scheme, _, value = connection.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer" and value:
        return value.strip(), False
    return connection.cookies.get(COOKIE), True


async def reporter_of(parts: Parts, token: str) -> SignedIn:
    """The reporter with this token. Raises Refused `sign_in_required`."""
    digest = reporters.token_digest(token)
    found = parts.known.get(digest)
    if found is None:
        found = await parts.read.ask(lambda session: reporters.signed_in(session, digest))
        if found is None:
            raise Refused("sign_in_required")
        parts.known.keep(found)
    return found
