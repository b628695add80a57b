"""Linking reports of one event (事件), unlinking them, and answering all their reporters at once."""

import re
from uuid import UUID

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from console.desk import id_of, report_at
from console.messages import checked_client_id, checked_text
from console.parts import parts_of
from console.sign_in import AtDesk, read_form, require_dispatcher_act
from dispatch import incidents
from dispatch.errors import Refused
from web.languages import page_language

# A whole number, or its end as people read it out.
_NUMBER = re.compile(r"[0-9]{6}-[0-9]{8}-[0-9]{6,9}|[0-9]{1,6}")


def routes() -> list[Route]:
    return [
        Route("/console/reports/{id}/incident", link, methods=["POST"]),
        Route("/console/reports/{id}/incident/leaving", unlink, methods=["POST"]),
        Route("/console/reports/{id}/incident/messages", say_to_all, methods=["POST"]),
    ]


async def link(request: Request) -> Response:
    """Field `with`, the id of another report of the desk, or `number`, its number or the end of it → 200 with the
    report in hand.

    Raises Refused: `report_unknown`, `field_invalid`.
    """
    parts = parts_of(request)
    dispatcher = await require_dispatcher_act(request)
    id_, form = id_of(request), await read_form(request)
    other, number = _other(form.get("with", "")), form.get("number", "").strip()
    if other is None and not _NUMBER.fullmatch(number):
        raise Refused("field_invalid", fields=["number" if number or "with" not in form else "with"])
    await parts.writer.do(
        lambda session: incidents.link(
            session,
            id_,
            other or incidents.numbered(session, dispatcher.desk, number),
            dispatcher.desk,
            dispatcher.number,
        ),
        dispatcher.desk,
    )
    return await _in_hand(request, dispatcher, id_)


async def unlink(request: Request) -> Response:
    """The report is not of that event → 200 with the report in hand. Raises Refused `report_unknown`."""
    dispatcher = await require_dispatcher_act(request)
    id_ = id_of(request)
    await parts_of(request).writer.do(
        lambda session: incidents.unlink(session, id_, dispatcher.desk, dispatcher.number), dispatcher.desk
    )
    return await _in_hand(request, dispatcher, id_)


async def say_to_all(request: Request) -> Response:
    """Fields `client_id`, `text`: the same to each reporter of the incident who may be written to → 200 with the
    report in hand; the same `client_id` is once. Raises Refused: `report_unknown`, `incident_unknown`,
    `text_too_long`, `field_invalid`."""
    dispatcher = await require_dispatcher_act(request)
    id_, form = id_of(request), await read_form(request)
    text, client_id = checked_text(form), checked_client_id(form)
    await parts_of(request).writer.do(
        lambda session: incidents.say_to_all(
            session, id_, dispatcher.desk, dispatcher.number, client_id, text
        ),
        dispatcher.desk,
    )
    return await _in_hand(request, dispatcher, id_)


async def _in_hand(request: Request, dispatcher: AtDesk, id_: UUID) -> Response:
    parts = parts_of(request)
    report = await parts.read(lambda session: report_at(session, id_, dispatcher.desk))
    return HTMLResponse(parts.rendering.report(report, page_language(request)))


def _other(given: str) -> UUID | None:
    try:
        return UUID(given)
    except ValueError:
        return None
