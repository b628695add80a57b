"""Sending units (派警) from a report in hand: whom to send, and what they have reached."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from sqlmodel import Session
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Route

from console.desk import id_of, report_at
from console.handling import checked_reason
from console.parts import parts_of
from console.sign_in import AtDesk, read_form, require_dispatcher, require_dispatcher_act
from console.spots import dot_of
from dispatch import sendings, units
from dispatch.clock import iso
from dispatch.errors import Refused
from dispatch.sendings import Lost
from dispatch.states import SENT, ReportState
from dispatch.units import Near, Unit
from dispatch.words import Words
from web.languages import page_language

# Nobody sends more at once by keys.
AT_ONCE: Final = 20


def routes() -> list[Route]:
    return [
        Route("/console/units", show_on_map, methods=["GET"]),
        Route("/console/reports/{id}/units", show, methods=["GET"]),
        Route("/console/reports/{id}/sendings", send, methods=["POST"]),
        Route("/console/reports/{id}/arrivals", arrive, methods=["POST"]),
        Route("/console/reports/{id}/clearings", clear, methods=["POST"]),
    ]


@dataclass(frozen=True, slots=True)
class Choice:
    """Whom of the desk's units to send to a report: those that are free, the nearest first, and where the others are.

    `lost`: who was wanted and could not be sent; `offered`: the nearest free one in their place.
    """

    report: ReportState
    free: Sequence[Near]
    busy: Sequence[Near]
    off: int  # out of service
    placed: bool  # whether anybody knows where they are wanted
    lost: Sequence[Lost] = ()
    offered: UUID | None = None

    @property
    def may_send(self) -> bool:
        """Whether anybody can be sent to it now."""
        return self.report.acknowledgement is not None and self.report.status in {"received", *SENT}


async def show(request: Request) -> Response:
    """The desk's units for a report, as a partial. Refused `report_unknown` for any other desk's."""
    dispatcher = await require_dispatcher(request)
    return HTMLResponse(await _panel(request, dispatcher, id_of(request)))


async def send(request: Request) -> Response:
    """Field `units`, their ids with spaces between → 200 with the report in hand; 409 with the units anew when one of
    them could not be sent: who was first, for which report, and the nearest free one in its place. The others are sent.

    Raises Refused: `unit_unknown`, `report_unknown`, `report_closed`, `report_withdrawn`, `not_received`.
    """
    parts = parts_of(request)
    dispatcher = await require_dispatcher_act(request)
    id_, wanted = id_of(request), _ids(await read_form(request), "units", "unit_unknown")
    lost = await parts.writer.do(
        lambda session: sendings.send(session, id_, dispatcher.desk, dispatcher.number, wanted),
        dispatcher.desk,
    )
    if lost:
        return HTMLResponse(await _panel(request, dispatcher, id_, lost), 409)
    return await _in_hand(request, dispatcher, id_)


async def arrive(request: Request) -> Response:
    """Field `sending`: that unit has reached the scene → 200 with the report in hand; 204 for who has it no more."""
    parts = parts_of(request)
    dispatcher = await require_dispatcher_act(request)
    id_, (sending, *_) = id_of(request), _ids(await read_form(request), "sending", "sending_unknown")
    await parts.writer.do(
        lambda session: sendings.arrive(session, id_, dispatcher.desk, dispatcher.number, sending),
        dispatcher.desk,
    )
    return await _in_hand(request, dispatcher, id_)


async def clear(request: Request) -> Response:
    """Fields `sendings`, their ids with spaces between, and `reason`, what they report back → as `arrive`."""
    parts = parts_of(request)
    dispatcher = await require_dispatcher_act(request)
    form = await read_form(request)
    id_, feedback = id_of(request), checked_reason(form)
    wanted = _ids(form, "sendings", "sending_unknown")
    await parts.writer.do(
        lambda session: sendings.clear(session, id_, dispatcher.desk, dispatcher.number, wanted, feedback),
        dispatcher.desk,
    )
    return await _in_hand(request, dispatcher, id_)


async def show_on_map(request: Request) -> Response:
    """Where the desk's units are, for its map (JSON): those of which it is known, with their state in words."""
    dispatcher = await require_dispatcher(request)
    words = Words.of(page_language(request))
    found = await parts_of(request).read(lambda session: units.at_desk(session, dispatcher.desk))
    drawn = [_drawn(unit, words) for unit in found if unit.known]
    return JSONResponse({"units": drawn}, headers={"cache-control": "no-store"})


def _drawn(unit: Unit, words: Words) -> dict[str, object]:
    state = unit.out.state if unit.out else "free" if unit.in_service else "off"
    assert unit.known is not None  # noqa: S101 - its caller looked
    return {
        "id": str(unit.id),
        "call_sign": unit.call_sign,
        "kind": unit.kind,
        "state": state,
        "words": words(f"console.units.state.{state}"),
        "lat": unit.known.place.lat,
        "lon": unit.known.place.lon,
        "at": iso(unit.known.at),
    }


async def _panel(request: Request, dispatcher: AtDesk, id_: UUID, lost: Sequence[Lost] = ()) -> str:
    parts = parts_of(request)
    choice = await parts.read(lambda session: _choice(session, id_, dispatcher.desk, lost))
    return parts.rendering.page(page_language(request), "console/units_panel.html", choice=choice)


def _choice(session: Session, id_: UUID, desk: str, lost: Sequence[Lost]) -> Choice:
    report = report_at(session, id_, desk)
    known = units.at_desk(session, desk)
    wanted = dot_of(report)
    near = units.nearest_first((unit for unit in known if unit.in_service or unit.out), wanted)
    offered = units.next_free(known, wanted) if lost else None
    return Choice(
        report=report,
        free=[one for one in near if one.unit.free],
        # Those that are out for this very report stand above, in its own list.
        busy=[one for one in near if one.unit.out and one.unit.out.report != id_],
        off=sum(not unit.in_service and unit.out is None for unit in known),
        placed=wanted is not None,
        lost=lost,
        offered=offered.id if offered else None,
    )


async def _in_hand(request: Request, dispatcher: AtDesk, id_: UUID) -> Response:
    """The report in hand as it is now; nothing for a desk that it has left, whose unit was marked there."""
    parts = parts_of(request)
    try:
        report = await parts.read(lambda session: report_at(session, id_, dispatcher.desk))
    except Refused:
        return Response(status_code=204)
    return HTMLResponse(parts.rendering.report(report, page_language(request)))


def _ids(form: Mapping[str, str], name: str, unknown: str) -> list[UUID]:
    """The ids in a field. Raises Refused: `field_invalid` (none, or too many), `unknown` for what is no id."""
    given = form.get(name, "").split()
    if not 0 < len(given) <= AT_ONCE:
        raise Refused("field_invalid", fields=[name])
    try:
        return [UUID(one) for one in given]
    except ValueError:
        raise Refused(unknown) from None
