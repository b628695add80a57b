"""The shift (值班): begun and ended with a key, what is handed over, what earlier shifts left, and who else is on."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlmodel import Session
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from console.handling import REASON_LIMIT
from console.messages import CONTROLS, TEXT_LIMIT
from console.parts import parts_of
from console.sign_in import NUMBER, AtDesk, read_form, require_dispatcher, require_dispatcher_act
from dispatch import notes, reading, shifts
from dispatch.errors import Refused
from dispatch.shifts import HandOver
from web.languages import page_language

# A form holds no more reports than this: nobody has so many in hand.
REPORTS = 200


def routes() -> list[Route]:
    return [
        Route("/console/shift", show, methods=["GET"]),
        Route("/console/shift", begin, methods=["POST"]),
        Route("/console/shift/end", end, methods=["POST"]),
        Route("/console/shift/notes/done", settle, methods=["POST"]),
        Route("/console/colleagues", show_colleagues, methods=["GET"]),
    ]


async def show(request: Request) -> Response:
    """The shift's panel, as a partial."""
    return await _panel(request, await require_dispatcher(request))


async def begin(request: Request) -> Response:
    """Begin → 200, the panel with what earlier shifts left."""
    dispatcher = await require_dispatcher_act(request)
    await parts_of(request).writer.do(
        lambda session: shifts.begin(session, dispatcher.number, dispatcher.desk), dispatcher.desk
    )
    return await _panel(request, dispatcher)


async def end(request: Request) -> Response:
    """Fields `note`, and for each report in hand `to-<id>` (a colleague's number; empty: for anybody to pick up) and
    `note-<id>` → 200, the panel. Refused `reports_in_hand` when one is missing, `not_on_shift`."""
    dispatcher = await require_dispatcher_act(request)
    form = await read_form(request)
    handed, note = _handed(form), _words(form.get("note", ""), TEXT_LIMIT)
    await parts_of(request).writer.do(
        lambda session: shifts.end(session, dispatcher.number, dispatcher.desk, handed, note), dispatcher.desk
    )
    return await _panel(request, dispatcher)


async def settle(request: Request) -> Response:
    """Field `note`: one that an earlier shift left was taken care of → 200, the panel."""
    dispatcher = await require_dispatcher_act(request)
    try:
        note = UUID((await read_form(request)).get("note", ""))
    except ValueError:
        raise Refused("note_unknown") from None
    await parts_of(request).writer.do(
        lambda session: notes.settle(session, dispatcher.desk, dispatcher.number, note), dispatcher.desk
    )
    return await _panel(request, dispatcher)


@dataclass(frozen=True, slots=True)
class Colleague:
    """Somebody on shift or with a console open: since when, how much is in hand, and what is looked at."""

    number: str
    since: datetime | None
    here: bool
    held: int
    looking: str | None  # the number of a report


async def show_colleagues(request: Request) -> Response:
    """Who is on, as a partial: on shift, at a console, or both."""
    parts = parts_of(request)
    dispatcher = await require_dispatcher(request)
    here = await parts.hub.colleagues(dispatcher.desk)
    looking = {
        screen.dispatcher: screen.looking
        for screen in await parts.presence.screens(dispatcher.desk) or ()
        if screen.looking
    }

    def read(session: Session) -> list[Colleague]:
        since = {one.dispatcher: one.began_at for one in shifts.on(session, dispatcher.desk)}
        held = shifts.counts(session, dispatcher.desk)
        found = reading.states(session, _reports(looking.values()))
        names = {str(id_): state.number for id_, state in found.items() if state.concerns(dispatcher.desk)}
        return [
            Colleague(
                number,
                since.get(number),
                number in here,
                held.get(number, 0),
                names.get(looking.get(number, "")),
            )
            for number in sorted({*since, *here}, key=lambda number: (number not in since, number))
        ]

    colleagues = await parts.read(read)
    language = page_language(request)
    return HTMLResponse(
        parts.rendering.page(language, "console/colleagues.html", colleagues=colleagues, me=dispatcher.number)
    )


async def _panel(request: Request, dispatcher: AtDesk) -> Response:
    parts = parts_of(request)

    def read(session: Session) -> dict[str, object]:
        held = shifts.in_hand(session, dispatcher.number, dispatcher.desk)
        return {
            "since": shifts.since(session, dispatcher.number),
            "held": list(reading.states(session, held).values()),
            "others": [
                one.dispatcher
                for one in shifts.on(session, dispatcher.desk)
                if one.dispatcher != dispatcher.number
            ],
            "left": notes.for_next_shift(session, dispatcher.desk),
        }

    panel = await parts.read(read)
    return HTMLResponse(parts.rendering.page(page_language(request), "console/shift.html", **panel))


def _handed(form: Mapping[str, str]) -> list[HandOver]:
    """Where each report in hand goes. Raises Refused: `field_invalid`, `text_too_long`."""
    handed = []
    for name, to in list(form.items())[: 2 * REPORTS]:
        kind, _, id_ = name.partition("-")
        if kind != "to":
            continue
        try:
            report = UUID(id_)
        except ValueError:
            raise Refused("field_invalid", fields=["to"]) from None
        if to and not NUMBER.fullmatch(to):
            raise Refused("field_invalid", fields=["to"])
        handed.append(HandOver(report, to or None, _words(form.get(f"note-{id_}", ""), REASON_LIMIT)))
    return handed


def _words(text: str, limit: int) -> str:
    words = CONTROLS.sub("", text).strip()
    if len(words) > limit:
        raise Refused("text_too_long", limit=limit)
    return words


def _reports(looked_at: Iterable[str]) -> list[UUID]:
    found = []
    for id_ in looked_at:
        try:
            found.append(UUID(id_))
        except ValueError:
            continue  # what Redis holds is nobody's word
    return found
