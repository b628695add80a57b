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
    parts, reporter = parts_of(request), await guard.reporter_at(request)
    mark = await told_to(parts, reporter.id)
    if mark is None:
        return page.to("/plain/reports")
    text = form.get("text", "").replace("\r\n", "\n").strip()
    try:
        await appeal_of(parts, reporter.id, forms.as_body(AppealBody, {"text": text}))
    except Exception as error:  # noqa: BLE001 - what was typed must not be lost by any of them
        return _page(request, mark, text, error)
    return page.to(PATH)


def said_of(mark: MarkState, words: Words) -> dict[str, object]:
    """For a template: `title`, `lines` (a sentence each), and whether the one appeal may be written (`appealing`)."""
    stands = mark.ended_by is None and mark.until > now()
    return {
        "title": words("citizen.marked.title" if stands else "citizen.marked.lifted_title"),
        "lines": _standing(mark, words) if stands else [_lifted(mark, words)],
        "appealing": stands and mark.appealed_at is None,
    }


def _standing(mark: MarkState, words: Words) -> list[str]:
    why = words(
        "citizen.marked.why",
        category=words(f"citizen.marked.category.{mark.category}"),
        at=telling.clock(mark.until),
        n=max(1, math.ceil((mark.until - now()) / _DAY)),
    )
    found = [why, words("citizen.marked.still")]
    if mark.answered_at is not None:
        found.append(words("citizen.marked.upheld", at=telling.clock(mark.answered_at)))
    elif mark.appealed_at is not None:
        found.append(words("citizen.marked.appealed", at=telling.clock(mark.appealed_at)))
    return found


def _lifted(mark: MarkState, words: Words) -> str:
    return words("citizen.marked.lifted", at=telling.clock(mark.answered_at or mark.at))


def _page(request: Request, mark: MarkState, text: str = "", error: Exception | None = None) -> Response:
    refused = refused_by(error) if error else None
    return page.page(
        request,
        "mark",
        status=page.status_of(refused) if refused else 200,
        error=page.said(request, refused) if refused else None,
        mark=said_of(mark, words_of(request)),
        text=text,
    )
