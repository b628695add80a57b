"""The desk's settings (`/console/settings`): everybody of the desk may look, its shift leader changes.

The page is made of sections, each a module (`console/sections.py` says how). It works without a script: a form is
posted, and the page comes again with what holds now, or with what was typed and why it cannot be taken.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from sqlmodel import Session
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from console import (
    settings_dangers,
    settings_marks,
    settings_ready,
    settings_sms,
    settings_times,
    settings_told,
    settings_units,
)
from console.parts import parts_of
from console.sections import Section, Sentence, Unfitting
from console.sign_in import LEADER, AtDesk, on_duty, read_form, require_dispatcher_act
from dispatch.accounts import ADMIN
from dispatch.desks import DESKS
from dispatch.errors import Refused
from dispatch.tongues import in_chinese
from dispatch.words import Words
from web.languages import page_language, remember

SECTIONS: Final[tuple[Section, ...]] = (
    settings_times.SECTION,
    settings_units.UNITS,
    settings_units.OFFICERS,
    settings_told.SECTION,
    settings_sms.SECTION,
    settings_dangers.SECTION,
    settings_marks.SECTION,
    settings_ready.REPLIES,
    settings_ready.QUESTIONS,
)
AT: Final = "/console/settings"
CHANGES: Final = (LEADER, ADMIN)


def routes() -> list[Route]:
    return [
        Route("/console/settings", show, methods=["GET"]),
        Route("/console/settings/{section}", change, methods=["POST"]),
    ]


@dataclass(frozen=True, slots=True)
class Shown:
    """A section as the page's templates find it: `section.shown`, and after a fault `section.typed`."""

    name: str
    shown: Any
    typed: Mapping[str, str]
    faults: Mapping[str, str]  # sentences, by field
    saved: bool


async def show(request: Request) -> Response:
    """The page; signing in comes first. `saved` names the section that was just changed."""
    who = await on_duty(request)
    if who is None:
        return RedirectResponse("/console/sign-in", 303)
    if who.desk is None:
        parts, language = parts_of(request), page_language(request)
        sentence = Words.of(language)("problems.role_refused")
        return HTMLResponse(parts.rendering.problem(language, sentence=sentence, csrf_token=who.csrf), 403)
    return await page(request, AtDesk(who), saved=request.query_params.get("saved", ""))


async def change(request: Request) -> Response:
    """A form of one section → 303 back to it; 422 with the page and the faults in it.

    Raises Refused: `role_refused` for who is no shift leader, `not_found`, and as `require_dispatcher_act` says.
    """
    leader = await require_dispatcher_act(request)
    if leader.role != LEADER:
        raise Refused("role_refused")
    return await changed(request, leader)


async def changed(request: Request, leader: AtDesk, *, at: str = AT, back: str = "/console") -> Response:
    """What `change` answers, to whoever may; `at`: where the page lies. Raises Refused `not_found`."""
    section = next((one for one in SECTIONS if one.name == request.path_params["section"]), None)
    if section is None:
        raise Refused("not_found")
    form = await read_form(request)
    try:
        await section.act(parts_of(request), leader, form)
    except Unfitting as unfitting:
        return await page(
            request, leader, wrong=section.name, typed=form, faults=unfitting.faults, at=at, back=back
        )
    return RedirectResponse(f"{at}?saved={section.name}#{section.name}", 303)


async def page(
    request: Request,
    who: AtDesk,
    *,
    saved: str = "",
    wrong: str = "",
    typed: Mapping[str, str] | None = None,
    faults: Mapping[str, Sentence] | None = None,
    at: str = AT,
    back: str = "/console",
) -> Response:
    """The page for who is at the desk; `at`: where it lies, `back`: where its way back leads."""
    parts, language = parts_of(request), page_language(request)
    words = Words.of(language)
    sentences = {name: words(fault.key, **fault.values) for name, fault in (faults or {}).items()}
    found = await parts.read(lambda session: _read(session, who.desk))
    sections = [
        Shown(
            name=name,
            shown=shown,
            typed=(typed or {}) if name == wrong else {},
            faults=sentences if name == wrong else {},
            saved=name == saved,
        )
        for name, shown in found.items()
    ]
    area = DESKS[who.desk]
    html = parts.rendering.page(
        language,
        "console/settings.html",
        adcode=who.desk,
        name=area.name_zh if in_chinese(language) else area.name_en,
        csrf_token=who.csrf,
        may_change=who.role in CHANGES,
        settings_at=at,
        back=back,
        administers=who.role == ADMIN,
        sections=sections,
    )
    answer = HTMLResponse(html, 422 if faults else 200)
    remember(request, answer)
    return answer


def _read(session: Session, desk: str) -> dict[str, Any]:
    return {section.name: section.read(session, desk) for section in SECTIONS}
