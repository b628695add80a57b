"""The roll-out (`/console/admin/cities`): what each city still lacks, all its desks opened in one act, its figures, and
then the next."""

from collections.abc import Mapping
from typing import Final

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from console import figures_tables
from console.admin import actor, desk_in, page, refusal, require_admin, require_admin_act
from console.figures_tables import Cell
from console.parts import parts_of
from console.sections import Sentence
from console.sign_in import read_form
from dispatch import rollout
from dispatch.clock import now
from dispatch.desks import CITIES
from dispatch.dispatchers import OnDuty
from dispatch.errors import Refused
from dispatch.tallies import Tally
from dispatch.tally_reading import desks_in

COLUMNS: Final = ("filed", "within_15", "within_20", "within_60", "invalid_share")


def routes() -> list[Route]:
    return [
        Route("/console/admin/cities", show_all, methods=["GET"]),
        Route("/console/admin/cities/{desk}", show, methods=["GET"]),
        Route("/console/admin/cities/{desk}/opening", turn, methods=["POST"]),
    ]


async def show_all(request: Request) -> Response:
    """All cities side by side."""
    who = await require_admin(request)
    cities = await parts_of(request).read(lambda session: rollout.cities(session, now()))
    return page(
        request,
        who,
        "cities",
        at="cities",
        cities=[(city, cells(city.week)) for city in cities],
        columns=COLUMNS,
        days=rollout.DAYS,
    )


async def show(request: Request) -> Response:
    """One city; `saved` after an act. Raises Refused `desk_unknown`."""
    return await _page(request, await require_admin(request), saved=request.query_params.get("saved", ""))


async def turn(request: Request) -> Response:
    """`act` (`open`, `close`), `despite` for what is missing, `reason`, `seen` → 303 back; 422 with the page and why
    not."""
    who, form, adcode = await require_admin_act(request), await read_form(request), desk_in(request)
    if form.get("act") not in {"open", "close"}:
        raise Refused("field_invalid", fields=["act"])
    if adcode not in CITIES:
        raise Refused("desk_unknown", desk="")
    try:
        done = await parts_of(request).writer.do(
            lambda session: rollout.turn(
                session,
                adcode,
                actor(who),
                form.get("reason", ""),
                form.get("seen", ""),
                opened=form["act"] == "open",
                despite=bool(form.get("despite")),
            ),
            *desks_in(adcode),
        )
    except Refused as refused:
        field = "despite" if refused.code == "desks_not_ready" else "reason"
        return await _page(request, who, typed=form, faults={field: refusal(refused)})
    if not done:
        return await _page(request, who, typed=form, faults={"": Sentence("console.admin.changed")})
    return RedirectResponse(f"/console/admin/cities/{adcode}?saved={form['act']}", 303)


def cells(week: Tally) -> list[tuple[str, Cell]]:
    """The figures of a week that the roll-out is judged by, with their names."""
    line = dict(zip(figures_tables.LINE, figures_tables.line(week), strict=True))
    return [(name, line[name]) for name in COLUMNS]


async def _page(
    request: Request,
    who: OnDuty,
    *,
    saved: str = "",
    typed: Mapping[str, str] | None = None,
    faults: Mapping[str, Sentence] | None = None,
) -> Response:
    adcode, at = desk_in(request), now()
    cities = await parts_of(request).read(lambda session: rollout.cities(session, at))
    place = next((n for n, one in enumerate(cities) if one.adcode == adcode), None)
    if place is None:
        raise Refused("desk_unknown", desk="")
    shut = [one for one in (*cities[place + 1 :], *cities[:place]) if one.opened < len(one.desks)]
    return page(
        request,
        who,
        "city",
        at="cities",
        faults=faults,
        typed=typed or {},
        saved=saved,
        city=cities[place],
        cells=cells(cities[place].week),
        takes={one.opening.desk: one.opening.takes_reports(at) for one in cities[place].desks},
        following=shut[0] if shut else None,
        days=rollout.DAYS,
        grave=rollout.GRAVE,
    )
