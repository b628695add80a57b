"""A false report and harassment: proposed by one dispatcher, decided by another of the desk."""

from collections.abc import Callable, Mapping

from sqlmodel import Session
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from console.desk import id_of
from console.firsts import first_holds
from console.handling import checked_reason, done
from console.sign_in import AtDesk, read_form, require_dispatcher_act
from dispatch import proposals
from dispatch.errors import Refused
from dispatch.proposals import PROPOSED, Proposed

_BY_NAME: Mapping[str, Proposed] = {outcome: outcome for outcome in PROPOSED}


def routes() -> list[Route]:
    return [
        Route("/console/reports/{id}/proposal", propose, methods=["POST"]),
        Route("/console/reports/{id}/proposal-confirmation", confirm, methods=["POST"]),
        Route("/console/reports/{id}/proposal-refusal", refuse, methods=["POST"]),
        Route("/console/reports/{id}/proposal-withdrawal", withdraw, methods=["POST"]),
    ]


async def propose(request: Request) -> Response:
    """Fields `outcome` and `reason` → 200 with the newest card; 409 with it when a colleague has the report in hand."""
    dispatcher = await require_dispatcher_act(request)
    form = await read_form(request)
    id_, outcome = id_of(request), _BY_NAME.get(form.get("outcome", ""))
    if outcome is None:
        raise Refused("field_invalid", fields=["outcome"])
    reason = checked_reason(form)
    return await done(
        request,
        dispatcher,
        id_,
        lambda session: proposals.propose(session, id_, dispatcher.desk, dispatcher.number, outcome, reason),
    )


async def confirm(request: Request) -> Response:
    """200 with the newest card: the report is closed so; 409 with it and who decided before."""
    dispatcher = await require_dispatcher_act(request)
    id_ = id_of(request)
    return await _decided(
        request,
        dispatcher,
        lambda session: proposals.confirm(session, id_, dispatcher.desk, dispatcher.number),
    )


async def refuse(request: Request) -> Response:
    """Field `reason` → 200 with the newest card: the report stays open; 409 as `confirm`."""
    dispatcher = await require_dispatcher_act(request)
    id_, reason = id_of(request), checked_reason(await read_form(request))
    return await _decided(
        request,
        dispatcher,
        lambda session: proposals.refuse(session, id_, dispatcher.desk, dispatcher.number, reason),
    )


async def withdraw(request: Request) -> Response:
    """200 with the newest card; 409 as `confirm`."""
    dispatcher = await require_dispatcher_act(request)
    id_ = id_of(request)
    return await _decided(
        request,
        dispatcher,
        lambda session: proposals.withdraw(session, id_, dispatcher.desk, dispatcher.number),
    )


async def _decided(request: Request, dispatcher: AtDesk, command: Callable[[Session], None]) -> Response:
    lost_by = {"proposal_ended", "handled_by_another"}
    return await first_holds(
        request, dispatcher, command, lost_by, lambda how: f"console.proposal.first.{how}"
    )
