"""The auditor's pages (`/console/audit`): who saw and did what, read only, with what is personal masked.

It works without a script. A search is posted, so that a phone number stands in no address; each search, and each look
at a report's history, is an event that is told before anything is shown.
"""

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any, Final
from zoneinfo import ZoneInfo

from sqlmodel import Session
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from console.acts import words_in
from console.desk import id_of
from console.parts import Parts, parts_of
from console.sign_in import on_duty, read_form, require_act
from dispatch import looking_back, reading
from dispatch.accounts import AUDITOR
from dispatch.desks import DESKS
from dispatch.dispatchers import OnDuty
from dispatch.errors import Refused
from dispatch.looking_back import KINDS, Result, Wanted
from dispatch.phones import normalise
from dispatch.tongues import in_chinese
from dispatch.words import Words
from web.languages import page_language, remember

LOCAL: Final = ZoneInfo("Asia/Shanghai")
FIELDS: Final = ("account", "phone", "number", "act", "desk", "since", "until")
LONGEST: Final = 64
LONGEST_CURSOR: Final = 100


def routes() -> list[Route]:
    return [
        Route("/console/audit", show, methods=["GET"]),
        Route("/console/audit", search, methods=["POST"]),
        Route("/console/audit/reports/{id}", show_history, methods=["GET"]),
    ]


@dataclass(frozen=True, slots=True)
class Unfitting:
    """What was typed cannot be searched for; the sentence by field."""

    faults: Mapping[str, str]


async def show(request: Request) -> Response:
    """The page, with nothing searched for yet; signing in comes first."""
    who = await on_duty(request)
    if who is None:
        return RedirectResponse("/console/sign-in", 303)
    if who.role != AUDITOR:
        parts, language = parts_of(request), page_language(request)
        sentence = Words.of(language)("problems.role_refused")
        return HTMLResponse(parts.rendering.problem(language, sentence=sentence, csrf_token=who.csrf), 403)
    return _page(request, who, {})


async def search(request: Request) -> Response:
    """`account`, `phone`, `number`, `act`, `desk`, `since`, `until`, any of which may be empty; `cursor`: where it goes
    on → 200 with the page and what was found, newest first; 422 with the page and what cannot be searched for.

    Raises Refused: `role_refused`, `cursor_invalid`, `too_many_requests`, and as `require_act` says.
    """
    parts, who = parts_of(request), await require_auditor_act(request)
    form = await read_form(request)
    typed = {name: _narrow(form.get(name, "")) for name in FIELDS}
    cursor = form.get("cursor", "")[:LONGEST_CURSOR]
    await parts.limits.take("search_person", who.number)
    language = page_language(request)
    wanted = await parts.read(partial(_wanted, parts, Words.of(language), typed))
    if isinstance(wanted, Unfitting):
        return _page(request, who, typed, faults=wanted.faults, status=422)
    found = await parts.read(partial(looking_back.find, wanted=wanted, cursor=cursor))
    await _tell(parts, who, wanted, "\n".join(typed.values()), len(found.acts))
    return _page(request, who, typed, found=found)


async def show_history(request: Request) -> Response:
    """All acts on a report, at every desk. Raises Refused: `role_refused`, `sign_in_required`, `report_unknown`."""
    parts, who = parts_of(request), await require_auditor(request)
    id_ = id_of(request)
    report = await parts.read(partial(reading.state, id_=id_))
    if report is None:
        raise Refused("report_unknown")
    acts = await parts.read(partial(looking_back.history, report=id_))
    if request.method != "HEAD":
        await _tell(parts, who, Wanted(report=id_), report.number, len(acts))
    language = page_language(request)
    page = parts.rendering.page(
        language,
        "console/audit_history.html",
        csrf_token=who.csrf,
        auditor=who.number,
        report=report,
        acts=acts,
        cut=len(acts) == looking_back.HISTORY,
    )
    answer = HTMLResponse(page)
    remember(request, answer)
    return answer


async def require_auditor(request: Request) -> OnDuty:
    """The auditor who looks. Raises Refused: `sign_in_required`, `role_refused`."""
    who = await on_duty(request)
    if who is None:
        raise Refused("sign_in_required")
    if who.role != AUDITOR:
        raise Refused("role_refused")
    return who


async def require_auditor_act(request: Request) -> OnDuty:
    """The auditor who does something, from our own page. Raises Refused as above and as `require_act`."""
    who = await require_act(request)
    if who.role != AUDITOR:
        raise Refused("role_refused")
    return who


async def _tell(parts: Parts, who: OnDuty, wanted: Wanted, typed: str, found: int) -> None:
    digest = parts.cipher.index("search", typed)
    actor = f"dispatcher:{who.number}"
    await parts.writer.do(
        lambda session: looking_back.tell(session, actor, wanted, digest, found, who.token_digest)
    )


def _narrow(text: str) -> str:
    """As it was meant: a Chinese input method in full-width mode types １２３."""
    return unicodedata.normalize("NFKC", text[: LONGEST * 2]).replace("\0", "").strip()[:LONGEST]


def _wanted(parts: Parts, words: Words, typed: Mapping[str, str], session: Session) -> Wanted | Unfitting:
    faults: dict[str, str] = {}
    reporter = report = None
    if typed["phone"]:
        try:
            phone = normalise(typed["phone"].replace(" ", ""), demo=parts.settings.demo)
        except Refused:
            faults["phone"] = words("console.audit.fault.phone")
        else:
            reporter = looking_back.reporter_of(session, parts.cipher.index("phone", phone))
            if reporter is None:
                faults["phone"] = words("console.audit.fault.phone_unknown")
    if typed["number"]:
        report = looking_back.report_of(session, typed["number"])
        if report is None:
            faults["number"] = words("console.audit.fault.number_unknown")
    moments: dict[str, datetime | None] = {}
    for name in ("since", "until"):
        try:
            moments[name] = datetime.fromisoformat(typed[name]) if typed[name] else None
        except ValueError:
            faults[name] = words("console.audit.fault.time")
    if faults:
        return Unfitting(faults)
    return Wanted(
        account=typed["account"] or None,
        reporter=reporter,
        report=report,
        kind=typed["act"] if typed["act"] in KINDS else None,
        desk=typed["desk"] if typed["desk"] in DESKS else None,
        **{name: _local(moment) for name, moment in moments.items()},
    )


def _local(moment: datetime | None) -> datetime | None:
    """What people type is the time of the clock on their wall."""
    return moment.replace(tzinfo=LOCAL) if moment is not None and moment.tzinfo is None else moment


def _page(
    request: Request,
    who: OnDuty,
    typed: Mapping[str, str],
    *,
    found: Result | None = None,
    faults: Mapping[str, str] | None = None,
    status: int = 200,
) -> Response:
    parts, language = parts_of(request), page_language(request)
    zh = in_chinese(language)
    values: dict[str, Any] = {
        "csrf_token": who.csrf,
        "auditor": who.number,
        "typed": {name: typed.get(name, "") for name in FIELDS},
        "found": found,
        "faults": faults or {},
        "kinds": _kinds(Words.of(language)),
        "desks": [(desk.adcode, desk.name_zh if zh else desk.name_en) for desk in DESKS.values()],
    }
    answer = HTMLResponse(parts.rendering.page(language, "console/audit.html", **values), status)
    remember(request, answer)
    return answer


def _kinds(words: Words) -> list[tuple[str, str]]:
    """Each kind of event with its words, in the order of these."""
    said = words_in(words)
    named = [(kind, said(kind)) for kind in KINDS]
    return sorted(named, key=lambda one: one[1])
