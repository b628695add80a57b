"""What the reporter says of themselves, and their proved identity."""

import structlog
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from api.answers import IdentityVerified
from api.bodies import IdentityBody, MeBody
from api.parts import Parts, parts_of
from api.sessions import require_reporter
from api.views import reporter_view
from dispatch import corrections, reporters
from dispatch.clock import now
from dispatch.errors import Refused
from dispatch.identity import IdentityNumber, parse_name
from dispatch.reporters import SignedIn
from dispatch.words import languages
from web.bodies import read_json

log = structlog.get_logger()


def routes() -> list[Route]:
    return [
        Route("/api/v1/me", show, methods=["GET"]),
        Route("/api/v1/me", set_preferences, methods=["PATCH"]),
        Route("/api/v1/me", in_disguise, methods=["POST"]),
        Route("/api/v1/me/identity", verify_identity, methods=["PUT"]),
    ]


async def show(request: Request) -> Response:
    """The reporter, as the database has them now: another process may have changed what is known here."""
    parts_of(request).known.forget((await require_reporter(request)).token_digest)
    reporter = await require_reporter(request)
    await note_use(request, reporter)
    return JSONResponse(reporter_view(reporter))


async def note_use(request: Request, reporter: SignedIn) -> None:
    """A page asks who one is when it opens: that is a session's use."""
    if reporter.seen_at is not None and now() - reporter.seen_at < reporters.USE_NOTED_EVERY:
        return
    try:
        await parts_of(request).writer.do(lambda session: reporters.note_use(session, reporter.token_digest))
    except Exception as error:  # noqa: BLE001 - who asks about themselves is answered also when nothing can be written
        log.warning("use_not_noted", error=type(error).__name__)


async def in_disguise(request: Request) -> Response:
    """POST with `X-HTTP-Method-Override: PATCH`, for who knows no PATCH (`wx.request`)."""
    await require_reporter(request)
    if request.headers.get("x-http-method-override", "").upper() != "PATCH":
        raise Refused("method_refused")
    return await set_preferences(request)


async def set_preferences(request: Request) -> Response:
    """`{hearing_speech_impaired?, language?}` → 200 the reporter."""
    parts = parts_of(request)
    reporter = await require_reporter(request)
    body = await read_json(request, MeBody)
    if body.language is not None and body.language not in languages():
        raise Refused("field_invalid", fields=["language"])
    await parts.writer.do(
        lambda session: reporters.set_preferences(
            session, reporter.id, body.hearing_speech_impaired, body.language
        ),
        reporters.PROVINCE,
    )
    parts.known.forget(reporter.token_digest)
    return JSONResponse(reporter_view(await require_reporter(request)))


async def verify_identity(request: Request) -> Response:
    """`{name, id_number}` → 200 when the verifier confirms both; 422 `identity_rejected` when not."""
    reporter = await require_reporter(request)
    await prove_identity(parts_of(request), reporter, await read_json(request, IdentityBody))
    verified: IdentityVerified = {"identity": "verified"}
    return JSONResponse(verified)


async def prove_identity(parts: Parts, reporter: SignedIn, body: IdentityBody) -> None:
    """What the API and the plain pages do alike: the verifier confirms name and number, and they are kept.

    Raises Refused: `identity_rejected`, `identity_fixed`, `too_many_requests`, `verifier_unavailable`.
    """
    await parts.limits.take("identity_person", str(reporter.id))
    name = parse_name(body.name)
    number = IdentityNumber.parse(body.id_number)
    if not await parts.verifier.verify(name, number):
        raise Refused("identity_rejected")
    await parts.writer.do(
        lambda session: corrections.verify_identity(session, parts.cipher, reporter.id, name, number),
        reporters.PROVINCE,
    )
    parts.known.forget(reporter.token_digest)
