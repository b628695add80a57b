"""A dispatcher's words to a reporter."""

import re
from collections.abc import Mapping

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from console.desk import id_of, report_at
from console.parts import parts_of
from console.sign_in import read_form, require_dispatcher_act
from dispatch import messages
from dispatch.errors import Refused
from web.languages import page_language

TEXT_LIMIT = 4000
CLIENT_ID = re.compile(r"[A-Za-z0-9_.:-]{1,64}")
CONTROLS = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")


def routes() -> list[Route]:
    return [Route("/console/reports/{id}/messages", send, methods=["POST"])]


async def send(request: Request) -> Response:
    """Fields `client_id`, `text` → 200 with the report in hand, the message in it; the same `client_id` is once.

    `guard`: `off` when the page knew nothing of covert or duress; then words to who is so by now are refused with
    `report_guarded`, once: the page is told, and what is sent after that is meant.
    """
    parts = parts_of(request)
    dispatcher = await require_dispatcher_act(request)
    id_ = id_of(request)
    form = await read_form(request)
    text, client_id = checked_text(form), checked_client_id(form)
    await parts.writer.do(
        lambda session: messages.send_from_dispatcher(
            session,
            id_,
            dispatcher.desk,
            dispatcher.number,
            client_id,
            text,
            unguarded=form.get("guard") == "off",
        ),
        dispatcher.desk,
    )
    report = await parts.read(lambda session: report_at(session, id_, dispatcher.desk))
    return HTMLResponse(parts.rendering.report(report, page_language(request)))


def checked_text(form: Mapping[str, str], *, needed: bool = True) -> str:
    """The field `text` without control characters. Raises Refused: `text_too_long`, `field_invalid` (empty)."""
    text = CONTROLS.sub("", form.get("text", "")).strip()
    if len(text) > TEXT_LIMIT:
        raise Refused("text_too_long", limit=TEXT_LIMIT)
    if needed and not text:
        raise Refused("field_invalid", fields=["text"])
    return text


def checked_client_id(form: Mapping[str, str]) -> str:
    """The field `client_id`, by which what is sent twice is once. Raises Refused `field_invalid`."""
    client_id = form.get("client_id", "")
    if not CLIENT_ID.fullmatch(client_id):
        raise Refused("field_invalid", fields=["client_id"])
    return client_id
