"""That one is marked as a nuisance, as one reads it: the category, until when, and what one may say to it, once."""

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from api.answers import Mark, Marked
from api.bodies import AppealBody
from api.parts import parts_of
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
    parts = parts_of(request)
    reporter = await require_reporter(request)
    body = await read_json(request, AppealBody)
    await parts.limits.take("message_person", str(reporter.id))
    await parts.writer.do(lambda session: marks.appeal(session, reporter.id, body.text), reporters.PROVINCE)
    return await _standing(request)


async def _standing(request: Request) -> Response:
    reporter = await require_reporter(request)
    mark = await parts_of(request).read(lambda session: marks.told_of(session, reporter.id))
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
