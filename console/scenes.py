"""Placing the scene (现场) on the map."""

import math
import re
from collections.abc import Mapping
from typing import Final, cast

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from console.desk import id_of, report_at
from console.messages import checked_client_id
from console.parts import parts_of
from console.sign_in import read_form, require_dispatcher_act
from dispatch import scenes
from dispatch.coordinates import SYSTEMS, Crs
from dispatch.errors import Refused
from dispatch.scenes import Spot
from web.languages import page_language

# As a page writes numbers. Python's own `float` also takes `nan`, `1_0` and digits of other scripts.
_NUMBER: Final = re.compile(r"-?[0-9]{1,4}(?:\.[0-9]{1,20})?(?:e-[0-9]{1,2})?")
# A screen that shows half the Earth points no finer than this.
_LEAST_EXACT_M: Final = 9_999


def routes() -> list[Route]:
    return [Route("/console/reports/{id}/scene", place, methods=["POST"])]


async def place(request: Request) -> Response:
    """Fields `client_id`, `lat`, `lon`, `crs` (`wgs84` unless said), `accuracy_m` (metres; none: unknown) → 200 with
    the report in hand; the same `client_id` is once. The newest placing counts, whoever made it.

    Raises Refused: `field_invalid`, `position_invalid`, `report_unknown`, `report_closed`.
    """
    parts = parts_of(request)
    dispatcher = await require_dispatcher_act(request)
    id_ = id_of(request)
    form = await read_form(request)
    spot, client_id = checked_spot(form), checked_client_id(form)
    await parts.writer.do(
        lambda session: scenes.place(session, id_, dispatcher.desk, dispatcher.number, client_id, spot),
        dispatcher.desk,
    )
    report = await parts.read(lambda session: report_at(session, id_, dispatcher.desk))
    return HTMLResponse(parts.rendering.report(report, page_language(request)))


def checked_spot(form: Mapping[str, str]) -> Spot:
    """Where the page points. Raises Refused `field_invalid` naming what is no number, no system or no accuracy."""
    lat, lon = _number(form.get("lat", "")), _number(form.get("lon", ""))
    crs = form.get("crs", "wgs84")
    given = form.get("accuracy_m", "")
    accuracy = _number(given) if given else None
    wrong = [
        name
        for name, holds in (
            ("lat", lat is not None),
            ("lon", lon is not None),
            ("crs", crs in SYSTEMS),
            ("accuracy_m", not given or (accuracy is not None and 0 <= accuracy <= _LEAST_EXACT_M)),
        )
        if not holds
    ]
    if wrong or lat is None or lon is None:
        raise Refused("field_invalid", fields=wrong)
    return Spot(lat, lon, cast(Crs, crs), accuracy)


def _number(text: str) -> float | None:
    found = float(text) if _NUMBER.fullmatch(text) else math.nan
    return found if math.isfinite(found) else None
