"""Finding reports of one's desk from the command line: each search is an event, told before anything is shown."""

import unicodedata

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from console.parts import Parts, parts_of
from console.sign_in import require_dispatcher
from dispatch import reading, searching
from dispatch.errors import Refused
from dispatch.phones import normalise
from dispatch.searching import LONGEST, wanted_of
from web.languages import page_language

PHONE_DIGITS = 8  # from so many on it can be a whole phone number
LONGEST_CURSOR = 100


def routes() -> list[Route]:
    return [Route("/console/search", search, methods=["GET"])]


async def search(request: Request) -> Response:
    """`q`: words, a number or its end, a phone or its last four digits; `cursor`: where to go on → 200, a partial of
    the reports found, newest first, and how to go on.

    Raises Refused: `field_invalid` (nothing to look for), `cursor_invalid`, `too_many_requests`.
    """
    parts = parts_of(request)
    dispatcher = await require_dispatcher(request)
    # A Chinese input method in full-width mode types １２３.
    query = " ".join(unicodedata.normalize("NFKC", request.query_params.get("q", "")[: LONGEST * 2]).split())
    wanted = wanted_of(query.replace("\0", ""), _phone_index(parts, query))
    if not wanted.terms:
        raise Refused("field_invalid", fields=["q"])
    cursor = request.query_params.get("cursor", "")[:LONGEST_CURSOR]
    await parts.limits.take("search_person", dispatcher.number)
    found = await parts.read(lambda session: searching.find(session, dispatcher.desk, wanted, cursor))
    digest = parts.cipher.index("search", query)
    await parts.writer.do(
        lambda session: searching.tell(
            session,
            dispatcher.desk,
            dispatcher.number,
            wanted,
            digest,
            len(found.reports),
            more=bool(cursor),
        ),
        dispatcher.desk,
    )
    reports = await parts.read(lambda session: reading.states(session, found.reports))
    page = parts.rendering.page(
        page_language(request),
        "console/found.html",
        reports=[report for report in reports.values() if report.concerns(dispatcher.desk)],
        cursor=found.cursor,
        reached=found.reached,
    )
    return HTMLResponse(page)


def _phone_index(parts: Parts, query: str) -> bytes | None:
    """The blind index of a whole phone number; None for what is none."""
    if sum(sign.isdigit() for sign in query) < PHONE_DIGITS:
        return None
    try:
        return parts.cipher.index("phone", normalise(query.replace(" ", ""), demo=parts.settings.demo))
    except Refused:
        return None
