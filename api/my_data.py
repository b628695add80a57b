"""My data: seeing all that is held, correcting it, having it erased, closing the account."""

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from api.answers import AccountClosed, IdentityVerified, MyData
from api.bodies import IdentityBody, PhoneBody
from api.held import closed_view, data_view
from api.parts import Parts, parts_of
from api.sessions import COOKIE, require_reporter
from api.views import reporter_view
from dispatch import closing, corrections, events, holdings, phones, reporters
from dispatch.errors import Refused
from dispatch.identity import IdentityNumber, parse_name
from dispatch.narrow import narrow_number
from web.bodies import read_json
from web.problems import language_of


def routes() -> list[Route]:
    return [
        Route("/api/v1/me/data", show, methods=["GET"]),
        Route("/api/v1/me/phone", change_phone, methods=["PUT"]),
        Route("/api/v1/me/identity/corrections", correct_identity, methods=["POST"]),
        Route("/api/v1/me/identity", erase_identity, methods=["DELETE"]),
        Route("/api/v1/sessions/others", end_others, methods=["DELETE"]),
        Route("/api/v1/me", close, methods=["DELETE"]),
    ]


async def show(request: Request) -> Response:
    """Everything that is held, as one document that can be kept as a file."""
    parts = parts_of(request)
    reporter = await require_reporter(request)
    await parts.limits.take("data_person", str(reporter.id))
    held = await parts.read(lambda session: holdings.holdings(session, parts.cipher, reporter.id))
    await parts.writer.do(
        lambda session: events.record(
            session,
            reporters.PROVINCE,
            events.DATA_SHOWN,
            actor=f"reporter:{reporter.id}",
            reporter=reporter.id,
            data={"reports": len(held.reports)},
        ),
        reporters.PROVINCE,
    )
    found: MyData = data_view(
        held, reporter.token_digest, language_of(request), parts.settings.identity_required
    )
    headers = {
        "content-disposition": 'attachment; filename="desk110-my-data.json"',
        "cache-control": "no-store",
    }
    return JSONResponse(found, headers=headers)


async def change_phone(request: Request) -> Response:
    """`{phone, code}` → 200 the reporter; the code was sent to the new phone."""
    parts = parts_of(request)
    reporter = await require_reporter(request)
    body = await read_json(request, PhoneBody)
    phone = phones.normalise(body.phone, demo=parts.settings.demo)
    code = narrow_number(body.code)
    await parts.limits.take("identity_person", str(reporter.id))
    await parts.limits.take("sign_in_phone", parts.cipher.index("phone", phone).hex())
    ended = await parts.writer.do(
        lambda session: corrections.change_phone(
            session, parts.cipher, reporter.id, phone, code, reporter.token_digest
        ),
        reporters.PROVINCE,
    )
    if ended is None:
        raise Refused("code_wrong")
    await _let_go(parts, ended)
    parts.known.forget(reporter.token_digest)
    return JSONResponse(reporter_view(await require_reporter(request)))


async def correct_identity(request: Request) -> Response:
    """`{name, id_number}` → 200; the verifier confirms both, and what stood there is put aside."""
    parts = parts_of(request)
    reporter = await require_reporter(request)
    body = await read_json(request, IdentityBody)
    await parts.limits.take("identity_person", str(reporter.id))
    await parts.limits.take("correction_person", str(reporter.id))
    name = parse_name(body.name)
    number = IdentityNumber.parse(body.id_number)
    if not await parts.verifier.verify(name, number):
        raise Refused("identity_rejected")
    await parts.writer.do(
        lambda session: corrections.correct_identity(session, parts.cipher, reporter.id, name, number),
        reporters.PROVINCE,
    )
    parts.known.forget(reporter.token_digest)
    verified: IdentityVerified = {"identity": "verified"}
    return JSONResponse(verified)


async def erase_identity(request: Request) -> Response:
    """Name and identity number are erased, unless a report must be told by them."""
    parts = parts_of(request)
    reporter = await require_reporter(request)
    rule = parts.settings.identity_required
    await parts.writer.do(
        lambda session: closing.erase_identity(session, reporter.id, rule), reporters.PROVINCE
    )
    parts.known.forget(reporter.token_digest)
    return Response(status_code=204)


async def end_others(request: Request) -> Response:
    """Every session of the reporter but this one ends, and its sockets close."""
    parts = parts_of(request)
    reporter = await require_reporter(request)
    ended = await parts.writer.do(
        lambda session: reporters.end_sessions(session, reporter.id, reporter.token_digest),
        reporters.PROVINCE,
    )
    await _let_go(parts, ended)
    return Response(status_code=204)


async def close(request: Request) -> Response:
    """The account is closed: 200 with what was erased, and what stays for which reports until when."""
    parts = parts_of(request)
    reporter = await require_reporter(request)
    found, ended = await parts.writer.do(
        lambda session: closing.close(session, reporter.id), reporters.PROVINCE
    )
    await _let_go(parts, [*ended, reporter.token_digest])
    said: AccountClosed = closed_view(found)
    answer = JSONResponse(said)
    answer.delete_cookie(COOKIE, path="/")
    return answer


async def _let_go(parts: Parts, ended: list[bytes]) -> None:
    """Sessions that just ended: forgotten here at once, elsewhere within seconds."""
    for digest in ended:
        parts.known.forget(digest)
        await parts.hub.close_session(digest)
