"""Passkeys (WebAuthn Level 3): registered on one's own account page, and signed in with.

The relying party is the host of the page's own Origin, which must be one of the console's (`DESK110_CONSOLE_ORIGIN`): a
passkey that was made at one address proves nothing at another. The person is verified by the authenticator (a finger, a
face, a PIN), so a passkey is two factors. A challenge is bound to the browser and the purpose that it was made for,
holds two minutes and opens once; nothing is kept of one that is not used.
"""

import asyncio
import hmac
import secrets
import time
from datetime import UTC, datetime
from typing import Any, Final, Literal
from urllib.parse import urlsplit

import orjson
from sqlmodel import Session
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route
from webauthn import (
    generate_authentication_options,
    generate_registration_options,
    verify_authentication_response,
    verify_registration_response,
)
from webauthn.helpers import base64url_to_bytes, options_to_json_dict
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from console.own_account import check_password, page
from console.parts import Parts, parts_of
from console.sections import Unfitting
from console.sign_in import (
    BEFORE_SIGN_IN,
    FIRST_COOKIE,
    admitted,
    is_address,
    lacking,
    on_duty,
    read_form,
    require_act,
    same_page,
    set_cookie,
    tell_refused,
)
from dispatch import dispatchers, passkeys
from dispatch.dispatchers import FIRST, OnDuty, row_of
from dispatch.errors import Refused
from dispatch.reporters import PROVINCE, new_token
from web.origins import address

Purpose = Literal["add", "sign_in"]

HOLDS_S: Final = 120
RANDOM_BYTES: Final = 16
TIME_BYTES: Final = 8
NAME: Final = "desk110"
LONGEST_ID: Final = 1023  # WebAuthn Level 3, 4: credential ID


def routes() -> list[Route]:
    return [
        Route("/console/sign-in/passkey-options", offer_sign_in, methods=["POST"]),
        Route("/console/sign-in/passkey", sign_in, methods=["POST"]),
        Route("/console/account/passkey-options", offer_new, methods=["POST"]),
        Route("/console/account/passkeys", add, methods=["POST"]),
        Route("/console/account/passkeys/{key}/name", rename, methods=["POST"]),
        Route("/console/account/passkeys/{key}/removal", remove, methods=["POST"]),
    ]


async def offer_sign_in(request: Request) -> Response:
    """What the browser asks its authenticator for. Raises Refused: `csrf_refused`, `too_many_requests`,
    `passkey_refused` (this address can have none)."""
    parts, form = parts_of(request), await read_form(request)
    _, party = _here(request)
    if not same_page(request, form):
        raise Refused("csrf_refused")
    await parts.limits.take("console_address", address(request))
    options = generate_authentication_options(
        rp_id=party,
        challenge=_challenge(parts, "sign_in", _browser(request)),
        timeout=HOLDS_S * 1000,
        user_verification=UserVerificationRequirement.REQUIRED,
    )
    return JSONResponse(options_to_json_dict(options))


async def sign_in(request: Request) -> Response:
    """`credential`: what the authenticator answered, as JSON → 200 with where `to` go on, and the session.

    Raises Refused: `csrf_refused`, `too_many_requests`, `passkey_refused` for whatever is wrong with it.
    """
    try:
        return await _let_in(request)
    except Refused as refused:
        if refused.code == "passkey_refused":
            tell_refused("passkey")
        raise


async def _let_in(request: Request) -> Response:
    parts, form = parts_of(request), await read_form(request)
    origin, party = _here(request)
    if not same_page(request, form):
        raise Refused("csrf_refused")
    await parts.limits.take("console_address", address(request))
    credential = _credential(form.get("credential", ""))
    id_, challenge = _id_of(credential), _challenge_in(credential)
    until = _checked(parts, challenge, "sign_in", _browser(request))
    known = await parts.read(lambda session: passkeys.known(session, id_))
    if known is None:
        raise Refused("passkey_refused")
    verified = await _verified(
        verify_authentication_response,
        credential=credential,
        expected_challenge=challenge,
        expected_rp_id=party,
        expected_origin=origin,
        credential_public_key=known.public_key,
        credential_current_sign_count=known.signed,
        require_user_verification=True,
    )
    if _owner_in(credential) != row_of(known.number).bytes:
        raise Refused("passkey_refused")
    account = await parts.read(lambda session: dispatchers.account(session, known.number))
    # A passkey is two factors: what may still be lacking is a password of one's own.
    pending = account is not None and "password" in lacking(parts, account)
    token, where, before = new_token(), address(request), await on_duty(request)

    def done(session: Session) -> bool:
        if not passkeys.spend(session, _digest(parts, challenge), until):
            return False
        passkeys.used(session, id_, verified.new_sign_count)
        fits = dispatchers.sign_in(session, known.number, token, address=where, by="passkey", pending=pending)
        if fits and before is not None:  # whoever was signed in here is so no longer
            dispatchers.sign_out(session, before)
        return fits

    logs = {known.desk or PROVINCE, before.desk or PROVINCE if before else known.desk or PROVINCE}
    if not await parts.writer.do(done, *sorted(logs)):
        raise Refused("passkey_refused")
    if pending:
        answer: Response = JSONResponse({"to": "/console/first-sign-in"})
        set_cookie(parts, answer, FIRST_COOKIE, token, int(FIRST.total_seconds()))
        return answer
    answer = JSONResponse({"to": "/console"})
    answer.raw_headers += [
        header for header in admitted(parts, token).raw_headers if header[0] == b"set-cookie"
    ]
    return answer


async def offer_new(request: Request) -> Response:
    """`current`, the password → what the browser asks its authenticator for.

    Raises Refused: as `require_act`, `password_wrong`, `passkey_refused` (this address can have none).
    """
    parts, who, form = parts_of(request), await require_act(request), await read_form(request)
    _, party = _here(request)
    try:
        await check_password(request, who, form, "current")
    except Unfitting:
        raise Refused("password_wrong") from None
    standing = await parts.read(lambda session: passkeys.of(session, who.number))
    options = generate_registration_options(
        rp_id=party,
        rp_name=NAME,
        user_id=row_of(who.number).bytes,
        user_name=who.number,
        challenge=_challenge(parts, "add", who.token_digest.hex()),
        timeout=HOLDS_S * 1000,
        authenticator_selection=AuthenticatorSelectionCriteria(
            resident_key=ResidentKeyRequirement.REQUIRED,
            user_verification=UserVerificationRequirement.REQUIRED,
        ),
        exclude_credentials=[PublicKeyCredentialDescriptor(id=one.id) for one in standing],
    )
    return JSONResponse(options_to_json_dict(options))


async def add(request: Request) -> Response:
    """`credential`, as JSON, and `name` → 200 with where `to` go on.

    Raises Refused: as `require_act`, `passkey_refused`, and as `dispatch.passkeys.add`.
    """
    parts, who, form = parts_of(request), await require_act(request), await read_form(request)
    origin, party = _here(request)
    credential = _credential(form.get("credential", ""))
    challenge = _challenge_in(credential)
    until = _checked(parts, challenge, "add", who.token_digest.hex())
    verified = await _verified(
        verify_registration_response,
        credential=credential,
        expected_challenge=challenge,
        expected_rp_id=party,
        expected_origin=origin,
        require_user_verification=True,
    )

    def done(session: Session) -> bool:
        if not passkeys.spend(session, _digest(parts, challenge), until):
            return False
        passkeys.add(
            session,
            who.number,
            who.desk or PROVINCE,
            verified.credential_id,
            verified.credential_public_key,
            verified.sign_count,
            form.get("name", ""),
        )
        return True

    if len(verified.credential_id) > LONGEST_ID or not await parts.writer.do(done, who.desk or PROVINCE):
        raise Refused("passkey_refused")
    return JSONResponse({"to": "/console/account?saved=passkeys#passkeys"})


async def rename(request: Request) -> Response:
    """`name` → 303 back. Raises Refused: as `require_act`, and as `dispatch.passkeys.rename`."""
    who, form = await require_act(request), await read_form(request)
    key = _key(request)
    await _do(
        request,
        who,
        lambda session: passkeys.rename(session, who.number, who.desk or PROVINCE, key, form.get("name", "")),
    )
    return RedirectResponse("/console/account?saved=passkeys#passkeys", 303)


async def remove(request: Request) -> Response:
    """`keys_current`, the password → 303 back; 422 with the page. Raises Refused: as `require_act`, and as
    `dispatch.passkeys.remove`."""
    who, form = await require_act(request), await read_form(request)
    key = _key(request)
    try:
        await check_password(request, who, form, "keys_current")
    except Unfitting as unfitting:
        return await page(request, who, wrong="passkeys", faults=unfitting.faults)
    await _do(request, who, lambda session: passkeys.remove(session, who.number, who.desk or PROVINCE, key))
    return RedirectResponse("/console/account?saved=passkeys#passkeys", 303)


async def _do(request: Request, who: OnDuty, command: Any) -> None:
    await parts_of(request).writer.do(command, who.desk or PROVINCE)


def _here(request: Request) -> tuple[str, str]:
    """The page's origin and the relying party's name. Raises Refused: `origin_refused`, `passkey_refused`."""
    origin = request.headers.get("origin", "")
    if origin not in parts_of(request).settings.console_origins:
        raise Refused("origin_refused")
    host = urlsplit(origin).hostname or ""
    if is_address(host):
        raise Refused("passkey_refused")
    return origin, host


def _browser(request: Request) -> str:
    """What only the browser has that was given the sign-in page. Raises Refused `csrf_refused`."""
    kept = request.cookies.get(BEFORE_SIGN_IN, "")
    if not kept:
        raise Refused("csrf_refused")
    return kept


def _challenge(parts: Parts, purpose: Purpose, of: str) -> bytes:
    body = secrets.token_bytes(RANDOM_BYTES) + (int(time.time()) + HOLDS_S).to_bytes(TIME_BYTES)
    return body + _seal(parts, purpose, of, body)


def _checked(parts: Parts, challenge: bytes, purpose: Purpose, of: str) -> datetime:
    """Until when the challenge holds; ours, for this purpose and this browser. Raises Refused `passkey_refused`."""
    body, seal = challenge[: RANDOM_BYTES + TIME_BYTES], challenge[RANDOM_BYTES + TIME_BYTES :]
    until = int.from_bytes(body[RANDOM_BYTES:])
    if not hmac.compare_digest(seal, _seal(parts, purpose, of, body)) or until < time.time():
        raise Refused("passkey_refused")
    return datetime.fromtimestamp(until, UTC)


def _seal(parts: Parts, purpose: Purpose, of: str, body: bytes) -> bytes:
    # In hex: what is made an index of loses its case.
    return parts.cipher.index("challenge", f"{purpose}\0{of.encode().hex()}\0{body.hex()}")


def _digest(parts: Parts, challenge: bytes) -> bytes:
    return parts.cipher.index("challenge", f"spent\0{challenge.hex()}")


def _credential(text: str) -> dict[str, Any]:
    """What the browser sent. Raises Refused `passkey_refused` for what is no object."""
    try:
        found = orjson.loads(text)
    except orjson.JSONDecodeError:
        found = None
    if not isinstance(found, dict):
        raise Refused("passkey_refused")
    return found


def _id_of(credential: dict[str, Any]) -> bytes:
    return _bytes(credential.get("rawId"))[: LONGEST_ID + 1]


def _challenge_in(credential: dict[str, Any]) -> bytes:
    """The challenge that the browser says it has signed; whether it has is verified afterwards."""
    try:
        client = orjson.loads(_bytes(_response(credential).get("clientDataJSON")))
        return _bytes(client["challenge"])
    except (orjson.JSONDecodeError, KeyError, TypeError):
        raise Refused("passkey_refused") from None


def _owner_in(credential: dict[str, Any]) -> bytes:
    return _bytes(_response(credential).get("userHandle"))


def _response(credential: dict[str, Any]) -> dict[str, Any]:
    found = credential.get("response")
    return found if isinstance(found, dict) else {}


def _bytes(value: object) -> bytes:
    """Raises Refused `passkey_refused` for what is no base64url."""
    if not isinstance(value, str):
        raise Refused("passkey_refused")
    try:
        return base64url_to_bytes(value)
    except ValueError:
        raise Refused("passkey_refused") from None


def _key(request: Request) -> bytes:
    """The passkey that the path names. Raises Refused `passkey_unknown`."""
    try:
        return bytes.fromhex(request.path_params["key"])
    except ValueError:
        raise Refused("passkey_unknown") from None


async def _verified(verify: Any, **values: Any) -> Any:
    """What the library says of it. Raises Refused `passkey_refused`."""
    try:
        return await asyncio.to_thread(verify, **values)
    except Exception:  # noqa: BLE001 - the library passes on whatever its decoders raise of what somebody sent
        raise Refused("passkey_refused") from None
