"""A note (备注) about a report, for colleagues alone."""

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from console.desk import id_of, report_at
from console.messages import checked_client_id, checked_text
from console.parts import parts_of
from console.sign_in import read_form, require_dispatcher_act
from dispatch import notes
from web.languages import page_language


def routes() -> list[Route]:
    return [Route("/console/reports/{id}/notes", write, methods=["POST"])]


async def write(request: Request) -> Response:
    """Fields `client_id`, `text` → 200 with the report in hand, the note in it; the same `client_id` is once."""
    parts = parts_of(request)
    dispatcher = await require_dispatcher_act(request)
    id_ = id_of(request)
    form = await read_form(request)
    text, client_id = checked_text(form), checked_client_id(form)
    await parts.writer.do(
        lambda session: notes.write(session, dispatcher.desk, dispatcher.number, client_id, text, id_),
        dispatcher.desk,
    )
    report = await parts.read(lambda session: report_at(session, id_, dispatcher.desk))
    return HTMLResponse(parts.rendering.report(report, page_language(request)))
