"""Marking a person as a nuisance, taking that away, answering their appeal: the shift leader's alone."""

from collections.abc import Callable, Mapping
from typing import Final
from uuid import UUID

from sqlmodel import Session
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from console.desk import id_of, report_at
from console.handling import checked_reason
from console.parts import Parts, parts_of
from console.sign_in import LEADER, AtDesk, read_form, require_dispatcher, require_dispatcher_act
from dispatch import marks
from dispatch.errors import Refused
from dispatch.marks import CATEGORIES, DAYS, Category
from web.languages import page_language

_BY_NAME: Final[Mapping[str, Category]] = {category: category for category in CATEGORIES}
_ANSWERS: Final = {"upheld": True, "lifted": False}


def routes() -> list[Route]:
    return [
        Route("/console/reports/{id}/mark", mark, methods=["POST"]),
        Route("/console/reports/{id}/mark-removal", remove, methods=["POST"]),
        Route("/console/appeals", show_appeals, methods=["GET"]),
        Route("/console/appeals/{mark}", answer, methods=["POST"]),
    ]


async def mark(request: Request) -> Response:
    """Fields `category`, `reason`, and `days` (of 7, 30, 90; the desk's own where it is empty) → 200 with the newest
    card."""
    leader = await _leads(request, at_report=True)
    form = await read_form(request)
    id_, category, days = id_of(request), _BY_NAME.get(form.get("category", "")), _days(form)
    if category is None:
        raise Refused("field_invalid", fields=["category"])
    reason = checked_reason(form)
    return await _done(
        request,
        leader,
        id_,
        lambda session: marks.mark(session, id_, leader.desk, leader.number, category, reason, days),
    )


async def remove(request: Request) -> Response:
    """Field `reason` → 200 with the newest card."""
    leader = await _leads(request, at_report=True)
    id_, reason = id_of(request), checked_reason(await read_form(request))
    return await _done(
        request,
        leader,
        id_,
        lambda session: marks.remove(session, id_, leader.desk, leader.number, reason),
    )


async def show_appeals(request: Request) -> Response:
    """What the shift leader has to answer, as a partial. Raises Refused `role_refused` for anybody else."""
    leader = await require_dispatcher(request)
    if leader.role != LEADER:
        raise Refused("role_refused")
    return HTMLResponse(await _appeals(request, leader))


async def answer(request: Request) -> Response:
    """Fields `answer` (`upheld` or `lifted`) and `reason` → 200 with what is still to be answered."""
    leader = await _leads(request)
    form = await read_form(request)
    upheld, reason = _ANSWERS.get(form.get("answer", "")), checked_reason(form)
    if upheld is None:
        raise Refused("field_invalid", fields=["answer"])
    try:
        of = UUID(request.path_params["mark"])
    except ValueError:
        raise Refused("mark_unknown") from None
    await parts_of(request).writer.do(
        lambda session: marks.answer(session, of, leader.desk, leader.number, upheld, reason), leader.desk
    )
    return HTMLResponse(await _appeals(request, leader))


async def _leads(request: Request, *, at_report: bool = False) -> AtDesk:
    """The shift leader, of the report's desk where the path names one. Raises Refused: `report_unknown`,
    `role_refused`, and as `require_dispatcher_act` says."""
    leader = await require_dispatcher_act(request)
    if at_report:
        id_ = id_of(request)
        report = await parts_of(request).read(lambda session: report_at(session, id_, leader.desk))
        if report.comes:  # who is asked to take a report over looks, and answers
            raise Refused("report_unknown")
    if leader.role != LEADER:
        raise Refused("role_refused")
    return leader


async def _done(request: Request, leader: AtDesk, id_: UUID, command: Callable[[Session], None]) -> Response:
    parts: Parts = parts_of(request)
    await parts.writer.do(command, leader.desk)
    report = await parts.read(lambda session: report_at(session, id_, leader.desk))
    return HTMLResponse(parts.rendering.answer(leader.desk, report, page_language(request)))


async def _appeals(request: Request, leader: AtDesk) -> str:
    parts = parts_of(request)
    found = await parts.read(lambda session: marks.appeals(session, leader.desk))
    return parts.rendering.page(page_language(request), "console/appeals.html", appeals=found)


def _days(form: Mapping[str, str]) -> int | None:
    given = form.get("days", "")
    if not given:
        return None
    if given not in map(str, DAYS):
        raise Refused("field_invalid", fields=["days"])
    return int(given)
