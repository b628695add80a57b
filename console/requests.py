"""What a dispatcher asks of a reporter: a position, a photo, a video, or an answer."""

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from console.desk import id_of, report_at
from console.messages import CONTROLS, checked_client_id, checked_text
from console.parts import parts_of
from console.sign_in import read_form, require_dispatcher_act
from dispatch import requests
from dispatch.errors import Refused
from web.languages import page_language

ANSWER_LIMIT = 40  # characters: it must fit a button


def routes() -> list[Route]:
    return [Route("/console/reports/{id}/requests", ask, methods=["POST"])]


async def ask(request: Request) -> Response:
    """Fields `client_id`, `kind`, `text`, `answers` (one a line) → 200 with the report in hand."""
    parts = parts_of(request)
    dispatcher = await require_dispatcher_act(request)
    id_ = id_of(request)
    form = await read_form(request)
    kind = next((kind for kind in requests.KINDS if kind == form.get("kind")), None)
    if kind is None:
        raise Refused("field_invalid", fields=["kind"])
    client_id = checked_client_id(form)
    text = checked_text(form, needed=kind == "answer")
    lines = CONTROLS.sub("", form.get("answers", "")).splitlines()
    answers = [line.strip() for line in lines if line.strip()]
    if len(answers) > requests.ANSWERS or any(len(line) > ANSWER_LIMIT for line in answers):
        raise Refused("field_invalid", fields=["answers"])
    await parts.writer.do(
        lambda session: requests.ask(
            session,
            id_,
            dispatcher.desk,
            dispatcher.number,
            client_id,
            kind,
            text,
            list(dict.fromkeys(answers)) if kind == "answer" else (),
        ),
        dispatcher.desk,
    )
    report = await parts.read(lambda session: report_at(session, id_, dispatcher.desk))
    return HTMLResponse(parts.rendering.report(report, page_language(request)))
