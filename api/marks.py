"""That one is marked as a nuisance, as one reads it: the category, until when, and what one may say to it, once."""

from uuid import UUID

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from api.answers import Mark, Marked
from api.bodies import AppealBody
from api.parts import Parts, parts_of
from api.sessions import require_reporter
from dispatch import marks, reporters
from dispatch.clock import iso, now
from dispatch.states import MarkState
from web.bodies import read_json


def routes() -> list[Route]:
    return [
        Route("/api/v1/me/mark", show, methods=["GET"]),
        Route("/api/v1/me/mark/appeal", appeal, methods=["POST"]),
    ]


async def show(request: Request) -> Response:
    """How it stands; null for nearly everybody."""
    return await _standing(request)


async def appeal(request: Request) -> Response:
    """`{text}` → 200 how it stands now. Once a mark; the same words again are the same."""
    reporter = await require_reporter(request)
    await appeal_of(parts_of(request), reporter.id, await read_json(request, AppealBody))
    return await _standing(request)


async def appeal_of(parts: Parts, reporter: UUID, body: AppealBody) -> None:
    """The person's one appeal. Raises Refused: `mark_unknown`, `already_appealed`, `too_many_requests`."""
    await parts.limits.take("message_person", str(reporter))
    await parts.writer.do(lambda session: marks.appeal(session, reporter, body.text), reporters.PROVINCE)


async def told_to(parts: Parts, reporter: UUID) -> MarkState | None:
    """What the person is told of: nothing, for nearly everybody."""
    return await parts.read(lambda session: marks.told_of(session, reporter))


async def _standing(request: Request) -> Response:
    reporter = await require_reporter(request)
    mark = await told_to(parts_of(request), reporter.id)
    found: Marked = {"mark": mark_view(mark) if mark else None}
    return JSONResponse(found, headers={"cache-control": "no-store"})


def mark_view(mark: MarkState) -> Mark:
    """The mark as the person may read it: nothing of who, where and why."""
    answer = None if mark.upheld is None else "upheld" if mark.upheld else "lifted"
    return {
        "category": mark.category,
        "since": iso(mark.at),
        "until": iso(mark.until),
        "standing": mark.ended_by is None and mark.until > now(),
        "appeal": mark.appeal,
        "appealed_at": iso(mark.appealed_at) if mark.appealed_at else None,
        "answer": answer,
        "answered_at": iso(mark.answered_at) if mark.answered_at else None,
    }
