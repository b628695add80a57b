"""The desk's page, its queue, and a report in hand."""

from uuid import UUID

from sqlmodel import Session
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from console.parts import parts_of
from console.sign_in import AtDesk, on_duty, require_dispatcher
from dispatch import reading
from dispatch.desks import DESKS
from dispatch.errors import Refused
from dispatch.events import epoch, heads
from dispatch.states import ReportState
from dispatch.words import Words, in_chinese
from web.languages import page_language, remember

# So many cards of each sort a page holds; whoever has more waiting has another problem, and a figure says so.
CARDS = 500


def routes() -> list[Route]:
    return [
        Route("/", to_desk, methods=["GET"]),
        Route("/console", show, methods=["GET"]),
        Route("/console/queue", show_queue, methods=["GET"]),
        Route("/console/reports/{id}", show_report, methods=["GET"]),
    ]


async def to_desk(_request: Request) -> Response:
    return RedirectResponse("/console", 303)


async def show(request: Request) -> Response:
    """The whole page; signing in comes first."""
    parts = parts_of(request)
    who = await on_duty(request)
    if who is None:
        return RedirectResponse("/console/sign-in", 303)
    language = page_language(request)
    if who.desk is None:
        sentence = Words.of(language)("problems.role_refused")
        return HTMLResponse(parts.rendering.problem(language, sentence=sentence, csrf_token=who.csrf), 403)
    dispatcher = AtDesk(who)
    area = DESKS[dispatcher.desk]
    cursor, reports = await parts.read(lambda session: moment(session, dispatcher.desk))
    page = parts.rendering.desk(
        language,
        adcode=dispatcher.desk,
        name=area.name_zh if in_chinese(language) else area.name_en,
        dispatcher=dispatcher.number,
        csrf_token=dispatcher.csrf,
        cursor=cursor,
        reports=reports,
        colleagues=await parts.hub.colleagues(dispatcher.desk),
    )
    answer = HTMLResponse(page)
    remember(request, answer)
    return answer


async def show_queue(request: Request) -> Response:
    """The queue as one partial: what a console without a socket asks for again and again."""
    parts = parts_of(request)
    dispatcher = await require_dispatcher(request)
    cursor, reports = await parts.read(lambda session: moment(session, dispatcher.desk))
    return HTMLResponse(parts.rendering.snapshot(cursor, reports, page_language(request)))


async def show_report(request: Request) -> Response:
    """A report of this desk, whole, as a partial. Refused `report_unknown` for any other desk's."""
    parts = parts_of(request)
    dispatcher = await require_dispatcher(request)
    id_ = id_of(request)
    report = await parts.read(lambda session: report_at(session, id_, dispatcher.desk))
    return HTMLResponse(parts.rendering.report(report, page_language(request)))


def moment(session: Session, desk: str) -> tuple[str, list[ReportState]]:
    """The desk's open reports and the cursor that they hold, in one snapshot."""
    seq = heads(session, [desk]).get(desk, 0)
    return f"{epoch(session)}:{seq}", reading.open_at_desk(session, desk, CARDS)


def report_at(session: Session, id_: UUID, desk: str) -> ReportState:
    """The report's newest state. Raises Refused `report_unknown` when it is neither this desk's nor offered to it."""
    report = reading.state(session, id_)
    if report is None or not report.concerns(desk):
        raise Refused("report_unknown")
    return report


def id_of(request: Request) -> UUID:
    """The report that the path names. Raises Refused `report_unknown` for what is no identifier."""
    try:
        return UUID(request.path_params["id"])
    except ValueError:
        raise Refused("report_unknown") from None
