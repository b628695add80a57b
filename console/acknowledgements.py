"""Accepting a report (接收): one key, one winner."""

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from console.desk import id_of
from console.parts import parts_of
from console.sign_in import require_dispatcher_act
from dispatch import reading, reports
from dispatch.errors import Refused
from web.languages import page_language


def routes() -> list[Route]:
    return [Route("/console/reports/{id}/acknowledgement", acknowledge, methods=["POST"])]


async def acknowledge(request: Request) -> Response:
    """200 with the newest card for the winner; 409 with it and the winner's number for everybody else."""
    parts = parts_of(request)
    dispatcher = await require_dispatcher_act(request)
    id_, language = id_of(request), page_language(request)
    won, card = True, None
    with parts.hub.coming.of(dispatcher.desk, id_, language) as coming:
        try:
            version = await parts.writer.do(
                lambda session: reports.acknowledge(
                    session, id_, dispatcher.desk, dispatcher.number, parts.signer.sign
                ),
                dispatcher.desk,
            )
        except Refused as refused:
            if refused.code != "already_received":
                raise
            won = False
        else:
            if version is not None and language in parts.hub.languages(dispatcher.desk):
                card = await coming.of(version)
    if card is not None:
        return HTMLResponse(parts.rendering.of_card(card))
    report = await parts.read(lambda session: reading.state(session, id_))
    if report is None:
        raise Refused("report_unknown")
    if won:
        return HTMLResponse(parts.rendering.answer(dispatcher.desk, report, language))
    return HTMLResponse(parts.rendering.lost(dispatcher.desk, report, language), 409)
