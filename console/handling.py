"""Putting a report back (放回), taking it over (接管), picking it up (接手). Who accepted it stays who accepted it."""

from collections.abc import Callable, Mapping
from uuid import UUID

from sqlmodel import Session
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from console.desk import id_of
from console.messages import CONTROLS
from console.parts import parts_of
from console.sign_in import NUMBER, AtDesk, read_form, require_dispatcher_act
from dispatch import handling, reading
from dispatch.errors import Refused
from web.languages import page_language

REASON_LIMIT = 200


def routes() -> list[Route]:
    return [
        Route("/console/reports/{id}/release", release, methods=["POST"]),
        Route("/console/reports/{id}/take-over", take_over, methods=["POST"]),
        Route("/console/reports/{id}/pick-up", pick_up, methods=["POST"]),
    ]


async def release(request: Request) -> Response:
    """Field `reason` → 200 with the newest card; 409 with it and the number of who has it, when that is another."""
    dispatcher = await require_dispatcher_act(request)
    id_, reason = id_of(request), checked_reason(await read_form(request))
    return await done(
        request,
        dispatcher,
        id_,
        lambda session: handling.release(session, id_, dispatcher.desk, dispatcher.number, reason),
    )


async def take_over(request: Request) -> Response:
    """Fields `handler`, whom the dispatcher saw with it, and `reason` → as `release`."""
    dispatcher = await require_dispatcher_act(request)
    form = await read_form(request)
    id_, seen, reason = id_of(request), _seen(form), checked_reason(form)
    return await done(
        request,
        dispatcher,
        id_,
        lambda session: handling.take_over(session, id_, dispatcher.desk, dispatcher.number, seen, reason),
    )


async def pick_up(request: Request) -> Response:
    """200 with the newest card for who is first; 409 with it and the winner's number for everybody else."""
    dispatcher = await require_dispatcher_act(request)
    id_ = id_of(request)
    return await done(
        request,
        dispatcher,
        id_,
        lambda session: handling.pick_up(session, id_, dispatcher.desk, dispatcher.number),
    )


async def done(
    request: Request, dispatcher: AtDesk, id_: UUID, command: Callable[[Session], None]
) -> Response:
    """Run the command: 200 with the newest card, or 409 with it when a colleague has the report in hand."""
    parts = parts_of(request)
    lost = False
    try:
        await parts.writer.do(command, dispatcher.desk)
    except Refused as refused:
        if refused.code != "handled_by_another":
            raise
        lost = True
    language = page_language(request)
    report = await parts.read(lambda session: reading.state(session, id_))
    if report is None:
        raise Refused("report_unknown")
    if lost:
        return HTMLResponse(parts.rendering.lost(dispatcher.desk, report, language), 409)
    return HTMLResponse(parts.rendering.answer(dispatcher.desk, report, language))


def checked_reason(form: Mapping[str, str]) -> str:
    """The field `reason` on one line. Raises Refused: `field_invalid` (empty), `text_too_long`."""
    reason = " ".join(CONTROLS.sub("", form.get("reason", "")).split())
    if not reason:
        raise Refused("field_invalid", fields=["reason"])
    if len(reason) > REASON_LIMIT:
        raise Refused("text_too_long", limit=REASON_LIMIT)
    return reason


def _seen(form: Mapping[str, str]) -> str:
    seen = form.get("handler", "")
    if not NUMBER.fullmatch(seen):
        raise Refused("field_invalid", fields=["handler"])
    return seen
