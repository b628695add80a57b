"""Taking notice of a duress word (胁迫暗语): until a dispatcher has, the report stays alarmed on every screen."""

from collections.abc import Mapping

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from console.desk import id_of, report_at
from console.parts import parts_of
from console.sign_in import read_form, require_dispatcher_act
from dispatch import duress
from dispatch.errors import Refused
from web.languages import page_language

LARGEST = 10**9


def routes() -> list[Route]:
    return [Route("/console/reports/{id}/duress-acknowledgement", hear, methods=["POST"])]


async def hear(request: Request) -> Response:
    """Field `said`: how many alarms the dispatcher saw; one that came after them goes on → 200, the report in hand."""
    parts = parts_of(request)
    dispatcher = await require_dispatcher_act(request)
    id_ = id_of(request)
    said = _count(await read_form(request))
    await parts.writer.do(
        lambda session: duress.hear(session, id_, dispatcher.desk, dispatcher.number, said), dispatcher.desk
    )
    report = await parts.read(lambda session: report_at(session, id_, dispatcher.desk))
    return HTMLResponse(parts.rendering.report(report, page_language(request)))


def _count(form: Mapping[str, str]) -> int:
    text = form.get("said", "")
    if not (text.isascii() and text.isdigit()) or not 0 < int(text[:10]) <= LARGEST or len(text) > 10:
        raise Refused("field_invalid", fields=["said"])
    return int(text)
