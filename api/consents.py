"""What the reporter agrees to beyond what a report needs: asked and answered by purpose."""

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from api.answers import Consent, Consents
from api.bodies import ConsentBody
from api.parts import parts_of
from api.sessions import require_reporter
from dispatch import consents, reporters
from dispatch.clock import iso
from dispatch.consents import Standing
from dispatch.errors import Refused
from web.bodies import read_json


def routes() -> list[Route]:
    return [
        Route("/api/v1/me/consents", show_all, methods=["GET"]),
        Route("/api/v1/me/consents/{purpose}", show, methods=["GET"]),
        Route("/api/v1/me/consents/{purpose}", answer, methods=["PUT"]),
    ]


async def show_all(request: Request) -> Response:
    """How it stands with every purpose."""
    found: Consents = {"consents": [consent_view(standing) for standing in await _standings(request)]}
    return JSONResponse(found)


async def show(request: Request) -> Response:
    """How it stands with one."""
    return JSONResponse(consent_view(_of(await _standings(request), request.path_params["purpose"])))


async def answer(request: Request) -> Response:
    """`{given, wording?}` → 200 how it stands now. Given and taken back by the same call."""
    parts = parts_of(request)
    reporter = await require_reporter(request)
    purpose = request.path_params["purpose"]
    body = await read_json(request, ConsentBody)
    await parts.limits.take("consent_person", str(reporter.id))
    await parts.writer.do(
        lambda session: consents.answer(session, reporter.id, purpose, body.given, body.wording),
        reporters.PROVINCE,
    )
    return JSONResponse(consent_view(_of(await _standings(request), purpose)))


def consent_view(standing: Standing) -> Consent:
    """One purpose as the reporter's client is shown it."""
    return {
        "purpose": standing.purpose,
        "edition": standing.edition,
        "agreed": standing.agreed,
        "outdated": standing.outdated,
        "at": iso(standing.at) if standing.at else None,
    }


async def _standings(request: Request) -> list[Standing]:
    reporter = await require_reporter(request)
    return await parts_of(request).read(lambda session: consents.standings(session, reporter.id))


def _of(standings: list[Standing], purpose: str) -> Standing:
    found = next((standing for standing in standings if standing.purpose == purpose), None)
    if found is None:
        raise Refused("purpose_unknown")
    return found
