"""Answering an act of which only the first holds: between two desks, between two people of one."""

from collections.abc import Callable, Collection

from sqlmodel import Session
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from console.desk import id_of
from console.parts import parts_of
from console.sign_in import AtDesk
from dispatch import reading
from dispatch.errors import Refused
from dispatch.words import Words
from web.languages import page_language


async def first_holds(
    request: Request,
    dispatcher: AtDesk,
    command: Callable[[Session], None],
    lost_by: Collection[str],
    key: Callable[[str], str],
) -> Response:
    """Run the command: 200 with the card as this desk has it now, or 409 with it and who was first. `lost_by`: the
    codes that say so; `key`: of the sentence, by what the first did."""
    parts = parts_of(request)
    language, id_ = page_language(request), id_of(request)
    lost: Refused | None = None
    try:
        await parts.writer.do(command, dispatcher.desk)
    except Refused as refused:
        if refused.code not in lost_by:
            raise
        lost = refused
    report = await parts.read(lambda session: reading.state(session, id_))
    if report is None:
        raise Refused("report_unknown")
    card = parts.rendering.answer(dispatcher.desk, report, language)
    if lost is None:
        return HTMLResponse(card)
    sentence = Words.of(language)(
        key(str(lost.values.get("how", "another"))), number=lost.values.get("dispatcher", "")
    )
    return HTMLResponse(card + parts.rendering.notice(language, sentence=sentence), 409)
