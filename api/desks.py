"""How a desk stands, before one sends it a report."""

import re
from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from api.answers import AreaName, NearestDesk
from api.bodies import AREA, LocationBody, standing_area
from api.parts import Parts, parts_of
from dispatch.desks import DESKS
from dispatch.errors import Refused
from dispatch.jurisdiction import name_of_area
from web.problems import language_of, problem


def routes() -> list[Route]:
    return [Route("/api/v1/desks/nearest", nearest, methods=["GET"])]


@dataclass(frozen=True, slots=True)
class _Found:
    """Which desk has a place, and what that says of the place."""

    desk: str
    area: str
    others: tuple[str, ...] = ()
    offered: tuple[str, ...] = ()  # of the others, those whose desks are given the report too
    sea: bool = False


async def nearest(request: Request) -> Response:
    """The desk for a position, or for an area that was picked: open or not, whether anyone is on, its usual time
    to accept in seconds; where the place is, and which other areas it may be in."""
    parts = parts_of(request)
    try:
        found = await _found(request, parts)
    except Refused as refused:
        status = 404 if refused.code == "outside_jurisdiction" else None
        return problem(request, refused, status)
    language = language_of(request)
    screens = await parts.hub.known_screens(found.desk)
    stands: NearestDesk = {
        "adcode": found.desk,
        "name": DESKS[found.desk].title(language),
        "open": found.desk in await parts.placing.open_desks(),
        "online": bool(screens),
        "sms": await parts.placing.sms_of(found.desk),
        "usual_acceptance_s": await parts.usual.of(found.desk),
        "area": _named(found.area, language),
        "others": [
            {**_named(adcode, language), "offered": adcode in found.offered} for adcode in found.others
        ],
        "sea": found.sea,
    }
    return JSONResponse(stands)


async def _found(request: Request, parts: Parts) -> _Found:
    """Raises Refused: `field_invalid`, `position_invalid`, `outside_jurisdiction`, `no_desk_open`."""
    area = _area(request)
    if area and not {"lat", "lon"} & request.query_params.keys():
        return _Found(await parts.placing.desk_of(area), area)
    placement = await parts.placing.placement(_location(request), area)
    outside = (placement.land,) if placement.land else ()
    others = (*outside, *placement.others, *placement.beyond)
    counties = tuple(f"county:{adcode}" for adcode in placement.others)
    offered = await parts.placing.across_the_border(placement.desk, counties)
    return _Found(placement.desk, placement.county, others, offered, "sea" in placement.notes)


def _area(request: Request) -> str | None:
    """The area in the query. Raises Refused `field_invalid`."""
    area = request.query_params.get("area")
    if area is None:
        return None
    if not re.fullmatch(AREA, area):
        raise Refused("field_invalid", fields=["area"])
    return standing_area(area)


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


def _named(adcode: str, language: str) -> AreaName:
    return {"adcode": adcode, "name": name_of_area(adcode, language)}
