"""The desk's page, its queue, and a report in hand."""

from dataclasses import replace
from typing import Final
from uuid import UUID

from sqlmodel import Session
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from console import looks
from console.hub import CARDS
from console.parts import parts_of
from console.sign_in import LEADER, AtDesk, on_duty, require_dispatcher
from dispatch import exercises, holds, incidents, marks, notes, reading, ready, shifts
from dispatch.accounts import ADMIN, AUDITOR
from dispatch.danger_words import Dangers
from dispatch.desk_times import times_of
from dispatch.desks import DESKS
from dispatch.errors import Refused
from dispatch.events import epoch, heads
from dispatch.likely import likely
from dispatch.reading import Queue
from dispatch.states import ReportState
from dispatch.tongues import in_chinese
from dispatch.words import Words
from web.headers import policy
from web.languages import page_language, remember

# Where those without a desk have their work.
OFFICES: Final = {AUDITOR: "/console/audit", ADMIN: "/console/admin"}


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
    if who.role in OFFICES:
        return RedirectResponse(OFFICES[who.role], 303)
    if who.desk is None:
        sentence = Words.of(language)("problems.role_refused")
        return HTMLResponse(parts.rendering.problem(language, sentence=sentence, csrf_token=who.csrf), 403)
    dispatcher = AtDesk(who)
    area = DESKS[dispatcher.desk]

    colleagues = await parts.hub.colleagues(dispatcher.desk)

    def drawn(session: Session) -> str:
        """Read and drawn off the loop: with hundreds of cards that is a second, and others are accepting."""
        dangers = parts.rendering.dangers
        dangers.load(session)
        cursor, queue = moment(session, dispatcher.desk, dangers)
        return parts.rendering.desk(
            language,
            adcode=dispatcher.desk,
            name=area.name_zh if in_chinese(language) else area.name_en,
            dispatcher=dispatcher.number,
            csrf_token=dispatcher.csrf,
            cursor=cursor,
            queue=queue,
            colleagues=colleagues,
            shift_since=shifts.since(session, dispatcher.number),
            late_s=times_of(session, dispatcher.desk).late_s,
            leads=dispatcher.role == LEADER,
            mark_days=marks.days_of(session, dispatcher.desk),
            practises=exercises.practises(session, dispatcher.desk),
        )

    page = await parts.read(drawn)
    answer = HTMLResponse(page)
    if parts.settings.tiles_origin:
        answer.headers["content-security-policy"] = policy(images=parts.settings.tiles_origin)
    remember(request, answer)
    return answer


async def show_queue(request: Request) -> Response:
    """The queue as one partial: what a console without a socket asks for again and again."""
    parts = parts_of(request)
    dispatcher = await require_dispatcher(request)
    parts.presence.polled(dispatcher.desk, dispatcher.number)
    language = page_language(request)

    def drawn(session: Session) -> str:
        cursor, queue = moment(session, dispatcher.desk, parts.rendering.dangers)
        return parts.rendering.snapshot(cursor, queue, language)

    return HTMLResponse(await parts.read(drawn))


async def show_report(request: Request) -> Response:
    """A report of this desk, whole, as a partial. Refused `report_unknown` for any other desk's."""
    parts = parts_of(request)
    dispatcher = await require_dispatcher(request)
    id_ = id_of(request)
    report = await parts.read(lambda session: report_at(session, id_, dispatcher.desk))
    if request.method != "HEAD":
        looks.note(parts, dispatcher, id_)
    return HTMLResponse(parts.rendering.report(report, page_language(request)))


def moment(session: Session, desk: str, dangers: Dangers) -> tuple[str, Queue]:
    """The desk's open reports and the cursor that they hold, in one snapshot."""
    seq = heads(session, [desk]).get(desk, 0)
    return f"{epoch(session)}:{seq}", reading.open_at_desk(session, desk, CARDS, dangers)


def report_at(session: Session, id_: UUID, desk: str) -> ReportState:
    """The report's newest state. Raises Refused `report_unknown` when it is neither this desk's nor offered to it."""
    report = reading.state(session, id_)
    if report is None or not report.concerns(desk):
        raise Refused("report_unknown")
    linked = incidents.linked(session, report.incident, desk) if report.incident else ()
    return replace(
        report,
        at=desk,
        ready=ready.at_desk(session, desk),
        desk_notes=notes.of_report(session, id_, desk),
        linked=linked,
        linked_elsewhere=incidents.elsewhere(session, report.incident, desk) if report.incident else 0,
        likely=likely(session, report, desk) if report.desk == desk else (),
        holds=holds.on_report(session, id_),
    )


def id_of(request: Request) -> UUID:
    """The report that the path names. Raises Refused `report_unknown` for what is no identifier."""
    try:
        return UUID(request.path_params["id"])
    except ValueError:
        raise Refused("report_unknown") from None
