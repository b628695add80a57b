"""Whether the reporter may be watched (静默): of a report that stands already, as an act of its own."""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from api.bodies import CovertBody
from api.parts import parts_of
from api.reports import answer_with, id_of
from api.sessions import require_reporter
from dispatch import reports
from web.bodies import read_json


def routes() -> list[Route]:
    return [Route("/api/v1/reports/{id}/covert", switch, methods=["PUT"])]


async def switch(request: Request) -> Response:
    """`{covert}` → 200 the report. The same again changes nothing."""
    parts = parts_of(request)
    reporter = await require_reporter(request)
    report = id_of(request)
    body = await read_json(request, CovertBody)
    await parts.limits.take("message_person", str(reporter.id))
    await parts.writer.do(lambda session: reports.switch_covert(session, report, reporter.id, body.covert))
    return await answer_with(request, report, reporter.id)
