"""The counties' outlines for the desk's map, for who has signed in."""

import structlog
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from console.parts import parts_of
from console.sign_in import require_dispatcher
from dispatch.boundaries import boundaries_file
from dispatch.errors import Refused, Unfit
from dispatch.settings import Settings
from dispatch.surroundings import Surroundings
from web.outlines import DESK, outlines

log = structlog.get_logger()


def routes() -> list[Route]:
    return [Route("/console/counties.geojson", counties, methods=["GET"])]


async def counties(request: Request) -> Response:
    """The 90 counties as GeoJSON (RFC 7946). Raises Refused `not_found` where this host has no boundaries."""
    await require_dispatcher(request)
    try:
        return await outlines(request, parts_of(request).settings.home, DESK, "no-store")
    except Unfit:
        raise Refused("not_found") from None


def surroundings(settings: Settings) -> Surroundings | None:
    """What tells where a place lies. A console without boundaries takes reports all the same, and says less of them."""
    try:
        return Surroundings.load(boundaries_file(settings.home))
    except Unfit as unfit:
        log.warning("boundaries_unfit", error=type(unfit).__name__)
        return None
