"""What is kept and what was removed (`/console/retention`): the rules, the holds that stand, the record of removals.

For auditors and administrators; works without a script. Nothing personal stands there: numbers, desks, rules, counts.
"""

from collections.abc import Callable
from datetime import datetime
from typing import Any, Final
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlmodel import Session
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from console.holds import OVER_ALL
from console.parts import parts_of
from console.sign_in import on_duty, read_form, require_act
from dispatch import holds, looking_back, removing, retention
from dispatch.accounts import ADMIN
from dispatch.clock import now
from dispatch.desks import DESKS
from dispatch.dispatchers import OnDuty
from dispatch.errors import Refused
from dispatch.tongues import in_chinese
from dispatch.words import Words
from web.languages import page_language, remember
from web.problems import sentence

LOCAL: Final = ZoneInfo("Asia/Shanghai")
FIELDS: Final = ("number", "desk", "rule", "since", "until")
LONGEST: Final = 64


def routes() -> list[Route]:
    return [
        Route("/console/retention", show, methods=["GET"]),
        Route("/console/retention/rules", set_rule, methods=["POST"]),
        Route("/console/retention/holds", put_hold, methods=["POST"]),
    ]


async def show(request: Request) -> Response:
    """`number`, `desk`, `rule`, `since`, `until`, any of which may be missing; `before`: go on from there → 200 with
    the page; signing in comes first."""
    who = await on_duty(request)
    if who is None:
        return RedirectResponse("/console/sign-in", 303)
    if who.role not in OVER_ALL:
        parts, language = parts_of(request), page_language(request)
        text = Words.of(language)("problems.role_refused")
        return HTMLResponse(parts.rendering.problem(language, sentence=text, csrf_token=who.csrf), 403)
    return await _page(request, who)


async def set_rule(request: Request) -> Response:
    """`kind`, `outcome` (empty: any), `days` (empty: as the other rules say) → 303 to the page; 422 with it when that
    cannot be. Raises Refused `role_refused`: an administrator sets rules, and nobody else."""
    who = await require_act(request)
    if who.role != ADMIN:
        raise Refused("role_refused")
    form = await read_form(request)
    of = retention.named(form.get("kind"), form.get("outcome"))
    days = form.get("days", "").strip()

    def act(session: Session) -> None:
        if days and not (days.isascii() and days.isdigit()):
            raise Refused("field_invalid", fields=["days"])
        number = int(days[:9]) if days else None
        retention.set_rule(session, *of, number, f"dispatcher:{who.number}")

    return await _done(request, who, act)


async def put_hold(request: Request) -> Response:
    """`number` (a report's), `on`, `reason` → 303 to the page; 422 with it when that cannot be. Raises Refused
    `role_refused`."""
    who = await require_act(request)
    if who.role not in OVER_ALL:
        raise Refused("role_refused")
    form = await read_form(request)

    def act(session: Session) -> None:
        report = looking_back.report_of(session, form.get("number", "").strip()[:LONGEST])
        if report is None:
            raise Refused("report_unknown")
        holds.put(
            session,
            report,
            form.get("on", "report"),
            f"dispatcher:{who.number}",
            form.get("reason", ""),
            token_digest=who.token_digest,
        )

    return await _done(request, who, act)


async def _done(request: Request, who: OnDuty, act: Callable[[Session], None]) -> Response:
    try:
        await parts_of(request).writer.do(act)
    except Refused as refused:
        text = sentence(Words.of(page_language(request)), refused)
        return await _page(request, who, fault=text, status=422)
    return RedirectResponse("/console/retention", 303)


async def _page(request: Request, who: OnDuty, *, fault: str = "", status: int = 200) -> Response:
    parts, language = parts_of(request), page_language(request)
    typed = {name: request.query_params.get(name, "").strip()[:LONGEST] for name in FIELDS}
    before = retention.identifier(request.query_params.get("before", ""))
    values: dict[str, Any] = await parts.read(lambda session: _read(session, typed, before))
    zh = in_chinese(language)
    page = parts.rendering.page(
        language,
        "console/retention.html",
        csrf_token=who.csrf,
        auditor=who.number,
        administers=who.role == ADMIN,
        typed=typed,
        fault=fault,
        desks=[(desk.adcode, desk.name_zh if zh else desk.name_en) for desk in DESKS.values()],
        kinds=(*retention.KINDS, retention.EXERCISE),
        outcomes=retention.OUTCOMES,
        page_holds=removing.PAGE,
        **values,
    )
    answer = HTMLResponse(page, status)
    remember(request, answer)
    return answer


def _read(session: Session, typed: dict[str, str], before: UUID | None) -> dict[str, Any]:
    due, kept = removing.preview(session, now())
    return {
        "rules": retention.rules(session),
        "due": {one.rule: one for one in due},
        "kept": kept,
        "holds": holds.standing(session),
        "removals": removing.records(
            session,
            number=typed["number"] or None,
            desk=typed["desk"] or None,
            rule=typed["rule"] or None,
            since=_moment(typed["since"]),
            until=_moment(typed["until"]),
            before=before,
        ),
    }


def _moment(text: str) -> datetime | None:
    """What people type is the time of the clock on their wall; what is no time is passed over."""
    try:
        found = datetime.fromisoformat(text) if text else None
    except ValueError:
        return None
    return found.replace(tzinfo=LOCAL) if found is not None and found.tzinfo is None else found
