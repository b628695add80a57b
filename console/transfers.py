"""Transfer (移交): asking another desk to take a report over; there accepting it or returning it; taking it back."""

from collections.abc import Callable

from sqlmodel import Session
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from console.desk import id_of, report_at
from console.firsts import first_holds
from console.handling import checked_reason, done
from console.near_desks import desks_for
from console.parts import parts_of
from console.sign_in import AtDesk, read_form, require_dispatcher, require_dispatcher_act
from dispatch import transfers
from dispatch.desks import DESKS
from dispatch.errors import Refused
from dispatch.openings import open_desks
from web.languages import page_language


def routes() -> list[Route]:
    return [
        Route("/console/reports/{id}/transfer-desks", show_desks, methods=["GET"]),
        Route("/console/reports/{id}/transfer", ask, methods=["POST"]),
        Route("/console/reports/{id}/transfer-acceptance", accept, methods=["POST"]),
        Route("/console/reports/{id}/transfer-return", give_back, methods=["POST"]),
        Route("/console/reports/{id}/transfer-recall", recall, methods=["POST"]),
    ]


async def show_desks(request: Request) -> Response:
    """The desks that can be asked, as a partial: those that the place belongs to or borders on first."""
    parts = parts_of(request)
    dispatcher = await require_dispatcher(request)
    id_, language = id_of(request), page_language(request)

    def read(session: Session) -> object:
        report = report_at(session, id_, dispatcher.desk)
        return desks_for(
            report, open_desks(session, exercise=report.exercise), parts.rendering.surroundings, language
        )

    desks = await parts.read(read)
    return HTMLResponse(parts.rendering.page(language, "console/transfer_desks.html", desks=desks))


async def ask(request: Request) -> Response:
    """Fields `desk` and `reason` → 200 with the newest card; 409 with it when a colleague has the report in hand."""
    dispatcher = await require_dispatcher_act(request)
    form = await read_form(request)
    id_, reason, to = id_of(request), checked_reason(form), form.get("desk", "")
    if to not in DESKS:
        raise Refused("field_invalid", fields=["desk"])
    return await done(
        request,
        dispatcher,
        id_,
        lambda session: transfers.ask(session, id_, dispatcher.desk, dispatcher.number, to, reason),
    )


async def accept(request: Request) -> Response:
    """200 with the newest card for who is first; 409 with it and who was first for everybody else."""
    dispatcher = await require_dispatcher_act(request)
    id_ = id_of(request)
    return await _answered(
        request,
        dispatcher,
        lambda session: transfers.accept(session, id_, dispatcher.desk, dispatcher.number),
    )


async def give_back(request: Request) -> Response:
    """Field `reason` → 200 with what takes the card away; 409 as `accept`."""
    dispatcher = await require_dispatcher_act(request)
    id_, reason = id_of(request), checked_reason(await read_form(request))
    return await _answered(
        request,
        dispatcher,
        lambda session: transfers.give_back(session, id_, dispatcher.desk, dispatcher.number, reason),
    )


async def recall(request: Request) -> Response:
    """200 with the newest card; 409 as `accept`."""
    dispatcher = await require_dispatcher_act(request)
    id_ = id_of(request)
    return await _answered(
        request,
        dispatcher,
        lambda session: transfers.recall(session, id_, dispatcher.desk, dispatcher.number),
    )


async def _answered(request: Request, dispatcher: AtDesk, command: Callable[[Session], None]) -> Response:
    lost_by = {"transfer_ended", "handled_by_another"}
    return await first_holds(
        request, dispatcher, command, lost_by, lambda how: f"console.transfer.first.{how}"
    )
