"""Legal holds (证据保全) at the console: put and lifted by the shift leader of the report's desk, an auditor or an
administrator, with a reason."""

from uuid import UUID

from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from console.desk import id_of, report_at
from console.parts import parts_of
from console.sign_in import LEADER, read_form, require_act
from dispatch import holds
from dispatch.accounts import ADMIN, AUDITOR
from dispatch.dispatchers import OnDuty
from dispatch.errors import Refused
from web.languages import page_language

OVER_ALL = (AUDITOR, ADMIN)


def routes() -> list[Route]:
    return [
        Route("/console/reports/{id}/hold", put, methods=["POST"]),
        Route("/console/reports/{id}/hold/{hold}/lifting", lift, methods=["POST"]),
    ]


async def put(request: Request) -> Response:
    """Fields `on` (`report`, `incident`, `person`) and `reason` → 200 with the report in hand; for whoever has no desk
    303 to where they came from.

    Raises Refused: `report_unknown`, `role_refused`, `reason_required`, `field_invalid`, `incident_unknown`,
    `report_removed`, and as `require_act` says.
    """
    parts, who = parts_of(request), await require_act(request)
    id_ = id_of(request)
    await _may(request, who, id_)
    form = await read_form(request)
    on, reason = form.get("on", "report"), form.get("reason", "")
    await parts.writer.do(
        lambda session: holds.put(
            session,
            id_,
            on,
            f"dispatcher:{who.number}",
            reason,
            desk=who.desk,
            token_digest=who.token_digest,
        )
    )
    return await _shown(request, who, id_)


async def lift(request: Request) -> Response:
    """Field `reason`: the hold on the report is lifted → as above; one of another desk's is not this desk's to lift.

    Raises Refused: `report_unknown`, `hold_unknown`, `role_refused`, `reason_required`.
    """
    parts, who = parts_of(request), await require_act(request)
    id_ = id_of(request)
    await _may(request, who, id_)
    try:
        hold = UUID(request.path_params["hold"])
    except ValueError:
        raise Refused("hold_unknown") from None
    reason = (await read_form(request)).get("reason", "")
    standing = await parts.read(lambda session: holds.on_report(session, id_))
    if hold not in {one.id for one in standing}:
        raise Refused("hold_unknown")
    await parts.writer.do(
        lambda session: holds.lift(
            session,
            hold,
            f"dispatcher:{who.number}",
            reason,
            desk=who.desk,
            token_digest=who.token_digest,
        )
    )
    return await _shown(request, who, id_)


async def _may(request: Request, who: OnDuty, id_: UUID) -> None:
    """The shift leader of the report's desk, and who looks after all desks."""
    if who.desk is None:
        if who.role not in OVER_ALL:
            raise Refused("role_refused")
        return
    desk = who.desk
    await parts_of(request).read(lambda session: report_at(session, id_, desk))
    if who.role != LEADER:
        raise Refused("role_refused")


async def _shown(request: Request, who: OnDuty, id_: UUID) -> Response:
    if who.desk is None:
        return RedirectResponse("/console/retention", 303)
    parts, desk = parts_of(request), who.desk
    report = await parts.read(lambda session: report_at(session, id_, desk))
    return HTMLResponse(parts.rendering.report(report, page_language(request)))
