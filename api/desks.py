"""How a desk stands, before one sends it a report."""

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from api.answers import NearestDesk
from api.bodies import LocationBody
from api.parts import parts_of
from dispatch.acceptance import usual_acceptance_s
from dispatch.desks import DESKS
from dispatch.errors import Refused
from web.problems import language_of, problem


def routes() -> list[Route]:
    return [Route("/api/v1/desks/nearest", nearest, methods=["GET"])]


async def nearest(request: Request) -> Response:
    """The desk for a position: open or not, whether anyone is on, its usual time to accept in seconds."""
    parts = parts_of(request)
    try:
        placement = await parts.placing.placement(_location(request))
    except Refused as refused:
        status = 404 if refused.code == "outside_jurisdiction" else None
        return problem(request, refused, status)
    desk = placement.desk
    screens = await parts.hub.known_screens(desk)
    usual = await parts.read(lambda session: usual_acceptance_s(session, desk))
    stands: NearestDesk = {
        "adcode": desk,
        "name": DESKS[desk].title(language_of(request)),
        "open": desk in await parts.placing.open_desks(),
        "online": bool(screens),
        "usual_acceptance_s": usual,
    }
    return JSONResponse(stands)


def _location(request: Request) -> LocationBody:
    """The position in the query. Raises Refused `position_invalid`, `field_invalid`."""
    query = request.query_params
    try:
        fields = {name: float(query[name]) for name in ("lat", "lon", "accuracy_m") if query.get(name)}
    except ValueError:
        raise Refused("position_invalid") from None
    if not {"lat", "lon"} <= fields.keys():
        raise Refused("field_invalid", fields=["lat", "lon"])
    if query.get("crs", "wgs84") not in {"wgs84", "gcj02", "bd09"}:
        raise Refused("field_invalid", fields=["crs"])
    return LocationBody.model_validate({**fields, "crs": query.get("crs", "wgs84")})
