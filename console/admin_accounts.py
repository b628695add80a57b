"""Accounts, to an administrator (`/console/admin/accounts`): found, made, given another role or desk, disabled,
enabled, helped in when a password or a second factor is lost. A password that is made is shown once, on the answer
itself."""

import asyncio
import unicodedata
from collections.abc import Awaitable, Callable, Mapping
from typing import Final

from sqlmodel import Session
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from console.admin import actor, page, refusal, require_admin, require_admin_act
from console.parts import Parts, parts_of
from console.sections import Sentence
from console.sign_in import NUMBER, read_form
from dispatch import accounts, dispatchers
from dispatch.accounts import AT_A_DESK, HANDED_OUT, LISTED, ROLES, AccountState
from dispatch.clock import now
from dispatch.desks import DESKS
from dispatch.dispatchers import OnDuty
from dispatch.errors import Refused
from dispatch.reporters import PROVINCE

LONGEST: Final = 16
# Which field of a form a refusal of the domain belongs to; the others are of the whole form.
FIELDS: Final = {
    "account_number_unfit": "number",
    "account_known": "number",
    "account_role_unknown": "role",
    "account_desk_unfit": "desk",
    "desk_unknown": "desk",
    "roles_apart": "role",
    "last_administrator": "role",
    "subject_taken": "subject",
    "subject_unfit": "subject",
    "reason_required": "reason",
}


def routes() -> list[Route]:
    return [
        Route("/console/admin/accounts", show_all, methods=["GET"]),
        Route("/console/admin/accounts", add, methods=["POST"]),
        Route("/console/admin/new-account", show_new, methods=["GET"]),
        Route("/console/admin/accounts/{number}", show, methods=["GET"]),
        Route("/console/admin/accounts/{number}/{act}", change, methods=["POST"]),
    ]


async def show_all(request: Request) -> Response:
    """The accounts; `like` (how a number begins), `desk`, `role` and `state` narrow them."""
    who, asked = await require_admin(request), request.query_params
    like = _narrow(asked.get("like", ""))
    desk = asked.get("desk", "") if asked.get("desk", "") in DESKS else ""
    role = asked.get("role", "") if asked.get("role", "") in ROLES else ""
    state = asked.get("state", "") if asked.get("state", "") in accounts.STATES else ""

    def read(session: Session) -> list[AccountState]:
        return accounts.all_accounts(
            session, desk or None, role or None, state=state or None, like=like, most=LISTED + 1
        )

    found = await parts_of(request).read(read)
    return page(
        request,
        who,
        "accounts",
        at="accounts",
        accounts=found[:LISTED],
        cut=len(found) > LISTED,
        like=like,
        desk=desk,
        role=role,
        state=state,
        roles=ROLES,
        states=accounts.STATES,
        desks=DESKS.values(),
    )


async def show_new(request: Request) -> Response:
    """The form for a new account; `desk` and `role` fill it in."""
    asked = request.query_params
    return _new(
        request, await require_admin(request), {name: asked.get(name, "") for name in ("desk", "role")}
    )


async def add(request: Request) -> Response:
    """`number`, `role`, `desk`, `holder`, `reason` → 200 with the password, shown once; 422 with the page and why
    not."""
    parts, who, form = parts_of(request), await require_admin_act(request), await read_form(request)
    number, role, desk = _narrow(form.get("number", "")), form.get("role", ""), form.get("desk", "") or None
    holder = _narrow(form.get("holder", "")) or None
    password = accounts.new_password()
    hashed = await asyncio.to_thread(dispatchers.hash_password, password)
    until = now() + HANDED_OUT
    try:
        await parts.writer.do(
            lambda session: accounts.add(
                session,
                number,
                role,
                desk,
                hashed,
                actor(who),
                holder=None if holder == number else holder,
                until=until,
                reason=form.get("reason", ""),
            ),
            *_logs(desk),
        )
    except Refused as refused:
        return _new(request, who, form, _faults(refused))
    return _handed_out(request, who, number, password, until)


async def show(request: Request) -> Response:
    """One account; `saved` names what was just done. Raises Refused `account_unknown`."""
    return await _page(request, await require_admin(request), saved=request.query_params.get("saved", ""))


async def change(request: Request) -> Response:
    """An act of `ACTS`, each with a `reason` → 303 back, or 200 with what is shown once; 422 with the page and why not.

    Raises Refused: `not_found`, `account_unknown`.
    """
    who, form, number = await require_admin_act(request), await read_form(request), _number(request)
    name = request.path_params["act"]
    if name not in ACTS:
        raise Refused("not_found")
    state = await parts_of(request).read(lambda session: accounts.account_state(session, number))
    try:
        answer = await ACTS[name](request, who, state, form)
    except Refused as refused:
        if refused.code == "account_unknown":
            raise
        return await _page(request, who, typed=form, wrong=name, faults=_faults(refused))
    if answer is False:
        return await _page(
            request, who, typed=form, wrong=name, faults={"": Sentence("console.admin.changed")}
        )
    if isinstance(answer, Response):
        return answer
    return RedirectResponse(f"/console/admin/accounts/{number}?saved={name}", 303)


Act = Callable[[Request, OnDuty, AccountState, Mapping[str, str]], Awaitable[Response | bool]]


async def _change(request: Request, who: OnDuty, state: AccountState, form: Mapping[str, str]) -> bool:
    role, desk = form.get("role", ""), form.get("desk", "") or None
    return await _do(
        parts_of(request),
        lambda session: accounts.change(
            session, state.number, role, desk, actor(who), form.get("reason", ""), form.get("seen", "")
        ),
        state.desk,
        desk,
    )


async def _disable(request: Request, who: OnDuty, state: AccountState, form: Mapping[str, str]) -> bool:
    return await _do(
        parts_of(request),
        lambda session: accounts.disable(session, state.number, actor(who), form.get("reason", "")),
        state.desk,
    )


async def _enable(request: Request, who: OnDuty, state: AccountState, form: Mapping[str, str]) -> bool:
    return await _do(
        parts_of(request),
        lambda session: accounts.enable(session, state.number, actor(who), form.get("reason", "")),
        state.desk,
    )


async def _password(request: Request, who: OnDuty, state: AccountState, form: Mapping[str, str]) -> Response:
    password = accounts.new_password()
    hashed = await asyncio.to_thread(dispatchers.hash_password, password)
    until = now() + HANDED_OUT
    await parts_of(request).writer.do(
        lambda session: accounts.set_password(
            session, state.number, hashed, actor(who), until=until, reason=form.get("reason", "")
        ),
        *_logs(state.desk),
    )
    return _handed_out(request, who, state.number, password, until)


async def _second_factor(request: Request, who: OnDuty, state: AccountState, form: Mapping[str, str]) -> bool:
    return await _do(
        parts_of(request),
        lambda session: accounts.remove_totp(session, state.number, actor(who), form.get("reason", "")),
        state.desk,
    )


async def _subject(request: Request, who: OnDuty, state: AccountState, form: Mapping[str, str]) -> bool:
    subject = form.get("subject", "").strip() or None
    await parts_of(request).writer.do(
        lambda session: accounts.set_subject(
            session, state.number, subject, actor(who), form.get("reason", "")
        ),
        *_logs(state.desk),
    )
    return True


ACTS: Final[Mapping[str, Act]] = {
    "change": _change,
    "disable": _disable,
    "enable": _enable,
    "password": _password,
    "second-factor": _second_factor,
    "subject": _subject,
}


async def _do(parts: Parts, command: Callable[[Session], bool], *desks: str | None) -> bool:
    return await parts.writer.do(command, *_logs(*desks))


def _logs(*desks: str | None) -> list[str]:
    """The logs that an act on an account writes to or holds; what is no desk's code has none."""
    return sorted({PROVINCE, *(desk for desk in desks if desk and desk in DESKS)})


def _faults(refused: Refused) -> dict[str, Sentence]:
    return {FIELDS.get(refused.code, ""): refusal(refused)}


def _handed_out(request: Request, who: OnDuty, number: str, password: str, until: object) -> Response:
    return page(request, who, "handed_out", at="accounts", number=number, password=password, until=until)


def _new(
    request: Request, who: OnDuty, typed: Mapping[str, str], faults: Mapping[str, Sentence] | None = None
) -> Response:
    return page(
        request,
        who,
        "new_account",
        at="accounts",
        faults=faults,
        typed=typed,
        roles=ROLES,
        at_a_desk=AT_A_DESK,
        desks=DESKS.values(),
    )


async def _page(
    request: Request,
    who: OnDuty,
    *,
    saved: str = "",
    typed: Mapping[str, str] | None = None,
    wrong: str = "",
    faults: Mapping[str, Sentence] | None = None,
) -> Response:
    parts, number = parts_of(request), _number(request)
    state = await parts.read(lambda session: accounts.account_state(session, number))
    return page(
        request,
        who,
        "account",
        at="accounts",
        faults=faults,
        account=state,
        own=state.number == who.number,
        saved=saved,
        typed=typed or {},
        wrong=wrong,
        roles=ROLES,
        desks=DESKS.values(),
        oidc=bool(parts.settings.oidc_issuer),
    )


def _number(request: Request) -> str:
    """Raises Refused `account_unknown` for what is no number."""
    number = str(request.path_params["number"])
    if not NUMBER.fullmatch(number):
        raise Refused("account_unknown")
    return number


def _narrow(typed: str) -> str:
    return unicodedata.normalize("NFKC", typed[: LONGEST * 2]).replace("\0", "").strip()[:LONGEST]
