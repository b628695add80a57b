"""The desks, to an administrator (`/console/admin/desks`): which there are and how they stand; opened, closed, given
hours, and each one's settings."""

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from sqlmodel import Session
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from console import desk_settings
from console.admin import actor, desk_in, page, refusal, require_admin, require_admin_act
from console.parts import parts_of
from console.sections import Sentence
from console.sign_in import AtDesk, read_form
from dispatch import accounts, moment, openings, rollout, shifts
from dispatch.clock import now
from dispatch.desk_times import Times, times_of
from dispatch.desks import CITIES, DESKS, PROVINCE, Desk, city_of, parent_of
from dispatch.dispatchers import OnDuty
from dispatch.errors import Refused
from dispatch.jurisdiction import first_open
from dispatch.moment import Moment
from dispatch.openings import Hours, Opening
from dispatch.rollout import Readiness
from dispatch.shifts import OnShift

STATES: Final = ("open", "closed")
LONGEST: Final = 40
CLOCK: Final = re.compile(r"([01]\d|2[0-3]):([0-5]\d)", re.ASCII)


def routes() -> list[Route]:
    return [
        Route("/console/admin/desks", show_all, methods=["GET"]),
        Route("/console/admin/desks/{desk}", show, methods=["GET"]),
        Route("/console/admin/desks/{desk}/opening", turn, methods=["POST"]),
        Route("/console/admin/desks/{desk}/hours", set_hours, methods=["POST"]),
        Route("/console/admin/desks/{desk}/settings", show_settings, methods=["GET"]),
        Route("/console/admin/desks/{desk}/settings/{section}", change_settings, methods=["POST"]),
    ]


@dataclass(frozen=True, slots=True)
class Line:
    """A desk in the list; `takes`: whether reports of its area come to it now."""

    desk: Desk
    opening: Opening
    takes: bool
    on: int
    waiting: int


async def show_all(request: Request) -> Response:
    """The desks by city; `q` finds them by name, code or initials, `state` those that are open or closed."""
    who = await require_admin(request)
    typed = unicodedata.normalize("NFKC", request.query_params.get("q", "")[: LONGEST * 2]).strip()[:LONGEST]
    state = request.query_params.get("state", "")
    stand, on, waiting = await parts_of(request).read(_stand)
    at = now()
    lines = [
        Line(desk, stand[adcode], stand[adcode].takes_reports(at), on.get(adcode, 0), waiting.get(adcode, 0))
        for adcode, desk in DESKS.items()
        if _fits(desk, typed.lower()) and (state not in STATES or stand[adcode].open is (state == "open"))
    ]
    groups = {
        area: [line for line in lines if _group(line.desk.adcode) == area] for area in (PROVINCE, *CITIES)
    }
    return page(
        request,
        who,
        "desks",
        at="desks",
        groups={area: found for area, found in groups.items() if found},
        typed=typed,
        state=state if state in STATES else "",
        states=STATES,
        found=len(lines),
        opened=sum(one.open for one in stand.values()),
        all=len(DESKS),
    )


async def show(request: Request) -> Response:
    """One desk; `saved` names what was just done. Raises Refused `desk_unknown`."""
    return await _page(request, await require_admin(request), saved=request.query_params.get("saved", ""))


async def turn(request: Request) -> Response:
    """`act` (`open`, `close`), `reason`, `seen` → 303 back; 422 with the page and why not."""
    who, form, desk = await require_admin_act(request), await read_form(request), desk_in(request)
    act = {"open": openings.open_desk, "close": openings.close_desk}.get(form.get("act", ""))
    if act is None:
        raise Refused("field_invalid", fields=["act"])
    try:
        done = await parts_of(request).writer.do(
            lambda session: act(session, desk, actor(who), form.get("reason", ""), form.get("seen", "")), desk
        )
    except Refused as refused:
        return await _page(request, who, typed=form, wrong="opening", faults={"reason": refusal(refused)})
    if not done:
        faults = {"": Sentence("console.admin.changed")}
        return await _page(request, who, typed=form, wrong="opening", faults=faults)
    return RedirectResponse(f"/console/admin/desks/{desk}?saved=opening", 303)


async def set_hours(request: Request) -> Response:
    """`always` or `since` and `until` (`08:00`), `reason`, `seen` → 303 back; 422 with the page and why not."""
    who, form, desk = await require_admin_act(request), await read_form(request), desk_in(request)
    faults: dict[str, Sentence] = {}
    hours = _hours(form)
    if hours is None and not form.get("always"):
        faults["hours"] = Sentence("problems.hours_unfit")
    else:
        try:
            done = await parts_of(request).writer.do(
                lambda session: openings.set_hours(
                    session, desk, actor(who), hours, form.get("reason", ""), form.get("seen", "")
                ),
                desk,
            )
            if not done:
                faults[""] = Sentence("console.admin.changed")
        except Refused as refused:
            faults["hours" if refused.code == "hours_unfit" else "reason"] = refusal(refused)
    if faults:
        return await _page(request, who, typed=form, wrong="hours", faults=faults)
    return RedirectResponse(f"/console/admin/desks/{desk}?saved=hours#hours", 303)


async def show_settings(request: Request) -> Response:
    """The desk's settings, as its shift leader has them. Raises Refused `desk_unknown`."""
    who, desk = await require_admin(request), desk_in(request)
    return await desk_settings.page(
        request,
        _at(who, desk),
        saved=request.query_params.get("saved", ""),
        at=f"/console/admin/desks/{desk}/settings",
        back=f"/console/admin/desks/{desk}",
    )


async def change_settings(request: Request) -> Response:
    """A form of one section; as `console.desk_settings.change`, at the desk of the path."""
    who, desk = await require_admin_act(request), desk_in(request)
    at = f"/console/admin/desks/{desk}/settings"
    return await desk_settings.changed(request, _at(who, desk), at=at, back=f"/console/admin/desks/{desk}")


def _at(who: OnDuty, desk: str) -> AtDesk:
    """The administrator as somebody of the desk, for its settings alone."""
    return AtDesk(OnDuty(who.number, who.role, desk, None, None, who.csrf, who.token_digest, who.expires_at))


@dataclass(frozen=True, slots=True)
class _Found:
    ready: Readiness
    others: Mapping[str, Opening]
    on: list[OnShift]
    now: Moment
    times: Times
    accounts: list[accounts.AccountState]


async def _page(
    request: Request,
    who: OnDuty,
    *,
    saved: str = "",
    typed: Mapping[str, str] | None = None,
    wrong: str = "",
    faults: Mapping[str, Sentence] | None = None,
) -> Response:
    parts, desk, at = parts_of(request), desk_in(request), now()

    def read(session: Session) -> _Found:
        return _Found(
            rollout.readiness(session, desk, at),
            openings.all_openings(session),
            shifts.on(session, desk),
            moment.at_desk(session, desk),
            times_of(session, desk),
            accounts.all_accounts(session, desk),
        )

    found = await parts.read(read)
    open_now = frozenset(adcode for adcode, one in found.others.items() if one.takes_reports(at))
    above = parent_of(desk)
    opening = found.ready.opening
    return page(
        request,
        who,
        "desk",
        at="desks",
        faults=faults,
        wrong=wrong,
        typed=typed or {},
        saved=saved,
        area=DESKS[desk],
        opening=opening,
        takes=opening.takes_reports(at),
        ready=found.ready,
        instead=first_open(above, open_now) if above else None,
        below=[adcode for adcode in DESKS if parent_of(adcode) == desk and adcode not in open_now],
        on=found.on,
        screens=await parts.hub.colleagues(desk),
        now_at=found.now,
        times=found.times,
        accounts=found.accounts,
        city=city_of(desk) if desk != PROVINCE else None,
        may_have_hours=desk != PROVINCE,
    )


def _stand(session: Session) -> tuple[Mapping[str, Opening], Mapping[str, int], Mapping[str, int]]:
    return openings.all_openings(session), rollout.on_shift(session), moment.waiting_everywhere(session)


def _fits(desk: Desk, typed: str) -> bool:
    """By name in either language, code, or initials of the syllables; all that is typed must stand there."""
    there = f"{desk.adcode} {desk.name_zh} {desk.name_en.lower()} {desk.initials}"
    return all(word in there for word in typed.split())


def _group(desk: str) -> str:
    return desk if desk == PROVINCE else city_of(desk)


def _hours(form: Mapping[str, str]) -> Hours | None:
    """The hours that were typed; None: day and night, or nothing that can be read."""
    if form.get("always"):
        return None
    since, until = (CLOCK.fullmatch(form.get(name, "")) for name in ("since", "until"))
    return Hours(_minute(since), _minute(until)) if since and until else None


def _minute(clock: re.Match[str]) -> int:
    return int(clock[1]) * 60 + int(clock[2])
