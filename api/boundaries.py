"""The counties' outlines for the page's map."""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from api.parts import parts_of
from web.outlines import PHONE, outlines


def routes() -> list[Route]:
    return [Route("/counties.geojson", counties, methods=["GET"])]


async def counties(request: Request) -> Response:
    """The 90 counties as GeoJSON (RFC 7946) with `adcode`, `name` and `name_en`. The same for everybody."""
    return await outlines(request, parts_of(request).settings.home, PHONE, "public, max-age=86400")
