"""That one is marked as a nuisance, as one reads it without scripts: why, until when, and the one appeal.

It stands above one's list, as on the page with scripts, and not on a report's page: that one asks for itself again.
"""

import math
from datetime import timedelta
from typing import Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from api.bodies import AppealBody
from api.marks import appeal_of, told_to
from api.parts import parts_of
from api.plain import forms, guard, page, telling
from api.plain.page import told, words_of
from dispatch.clock import now
from dispatch.states import MarkState
from dispatch.words import Words
from web.bodies import read_form
from web.problems import refused_by

PATH: Final = "/plain/mark"
_DAY: Final = timedelta(days=1)


def routes() -> list[Route]:
    return [
        Route(PATH, told(show), methods=["GET"]),
        Route(PATH, told(appeal), methods=["POST"]),
    ]


async def show(request: Request) -> Response:
    """How it stands, and where an appeal is written; of nobody's mark there is nothing to say, so the list."""
    reporter = await guard.reporter_at(request)
    mark = await told_to(parts_of(request), reporter.id)
    if mark is None:
        return page.to("/plain/reports")
    return _page(request, mark)


async def appeal(request: Request) -> Response:
    """`text` → 303 to the same page, which says that it was sent."""
    form = await read_form(request)
    guard.check(request, form)
    reporter = await guard.reporter_at(request)
    text = form.get("text", "").replace("\r\n", "\n").strip()
    try:
        await appeal_of(parts_of(request), reporter.id, forms.as_body(AppealBody, {"text": text}))
    except Exception as error:  # noqa: BLE001 - what was typed must not be lost by any of them
        mark = await told_to(parts_of(request), reporter.id)
        if mark is None:
            return page.to("/plain/reports")
        return _page(request, mark, text, error)
    return page.to(PATH)


def lines(mark: MarkState, words: Words) -> list[str]:
    """What is said of it, a sentence each."""
    if not _stands(mark):
        return [words("citizen.marked.lifted", at=telling.clock(mark.answered_at or mark.at))]
    days = max(1, math.ceil((mark.until - now()) / _DAY))
    why = words(
        "citizen.marked.why",
        category=words(f"citizen.marked.category.{mark.category}"),
        at=telling.clock(mark.until),
        n=days,
    )
    found = [why, words("citizen.marked.still")]
    if mark.answered_at is not None:
        found.append(words("citizen.marked.upheld", at=telling.clock(mark.answered_at)))
    elif mark.appealed_at is not None:
        found.append(words("citizen.marked.appealed", at=telling.clock(mark.appealed_at)))
    return found


def title(mark: MarkState, words: Words) -> str:
    """What stands above these sentences."""
    return words("citizen.marked.title" if _stands(mark) else "citizen.marked.lifted_title")


def may_appeal(mark: MarkState) -> bool:
    """Once, while it stands."""
    return _stands(mark) and mark.appealed_at is None


def _stands(mark: MarkState) -> bool:
    return mark.ended_by is None and mark.until > now()


def _page(request: Request, mark: MarkState, text: str = "", error: Exception | None = None) -> Response:
    refused = refused_by(error) if error else None
    words = words_of(request)
    return page.page(
        request,
        "mark",
        status=page.status_of(refused) if refused else 200,
        error=page.said(request, refused) if refused else None,
        title=title(mark, words),
        lines=lines(mark, words),
        appealing=may_appeal(mark),
        text=text,
    )
