"""A flood at the desk: its list, and one act for all of it. What wants a second person wants one here too."""

import asyncio
from collections.abc import Callable, Mapping
from datetime import datetime
from functools import partial
from typing import Final
from uuid import UUID

from sqlmodel import Session
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Route

from console.desk import id_of, report_at
from console.handling import checked_reason
from console.parts import Parts, parts_of
from console.sign_in import AtDesk, read_form, require_dispatcher, require_dispatcher_act
from dispatch import floods, handling, outcomes, proposals, reports
from dispatch.errors import Refused
from dispatch.proposals import PROPOSED
from dispatch.states import ReportState
from dispatch.words import Words
from web.languages import page_language

# So many lines of a list are drawn; what is done is done to all.
LINES: Final = 60
# So many share a commit: a colleague's key must not wait for hundreds.
TOGETHER: Final = 25
ACTS: Final = ("accept", "close", "propose", "confirm", "refuse", "withdraw")

Command = Callable[[Session, ReportState], None]


def routes() -> list[Route]:
    return [
        Route("/console/reports/{id}/flood", show, methods=["GET"]),
        Route("/console/reports/{id}/flood-act", act, methods=["POST"]),
    ]


async def show(request: Request) -> Response:
    """The list of what a report of this desk is folded with, as a partial; one line where it stands on its own."""
    parts = parts_of(request)
    dispatcher = await require_dispatcher(request)
    report, found = await _flood(parts, id_of(request), dispatcher)
    dangers = parts.rendering.dangers
    page = parts.rendering.page(
        page_language(request),
        "console/flood_list.html",
        first=report,
        reports=found[:LINES],
        count=len(found),
        alike=(floods.folds_as(report, dangers) or "").partition(".")[0],
        until=max((one.filed_at for one in found), default=report.filed_at),
        mine=report.proposal is not None and report.proposal.dispatcher_number == dispatcher.number,
    )
    return HTMLResponse(page)


async def act(request: Request) -> Response:
    """Fields `do` (of `ACTS`), `until` (the newest that the list had: what came later is not touched), `reason` where
    the act wants one, `outcome` to close or propose with → 200 `{said}`, a sentence for the page; the cards come by
    the line. A colleague who was faster with some of them keeps those.

    Raises Refused: `field_invalid`, `report_unknown`, and as `require_dispatcher_act` says.
    """
    parts = parts_of(request)
    dispatcher = await require_dispatcher_act(request)
    first, found = await _flood(parts, id_of(request), dispatcher)
    if first.comes:  # who is asked to take a report over looks, and answers
        raise Refused("report_unknown")
    form = await read_form(request)
    until, command = _until(form), _command(parts, dispatcher, form)
    wanted = [one for one in found if one.filed_at <= until]
    done = 0
    for start in range(0, len(wanted), TOGETHER):
        done += await _do(parts, dispatcher, command, wanted[start : start + TOGETHER])
    words = Words.of(page_language(request))
    sentence = words(f"console.flood.done.{form['do']}", n=done)
    if done < len(wanted):
        sentence += words("console.flood.others", n=len(wanted) - done)
    return JSONResponse({"said": sentence})


async def _do(parts: Parts, dispatcher: AtDesk, command: Command, some: list[ReportState]) -> int:
    """Each in its own savepoint, all in one commit; gives how many were done."""
    ended = await asyncio.gather(
        *(parts.writer.do(partial(_one, command, one), dispatcher.desk) for one in some),
        return_exceptions=True,
    )
    for error in ended:
        if isinstance(error, BaseException) and not isinstance(error, Refused):
            raise error
    return sum(not isinstance(error, Refused) for error in ended)


def _one(command: Command, report: ReportState, session: Session) -> None:
    command(session, report)


async def _flood(parts: Parts, id_: UUID, dispatcher: AtDesk) -> tuple[ReportState, list[ReportState]]:
    desk, dangers = dispatcher.desk, parts.rendering.dangers

    def read(session: Session) -> tuple[ReportState, list[ReportState]]:
        report = report_at(session, id_, desk)
        return report, floods.of(session, report, desk, dangers)

    return await parts.read(read)


def _command(parts: Parts, dispatcher: AtDesk, form: Mapping[str, str]) -> Command:
    """What is done to each. Raises Refused `field_invalid`, `text_too_long`."""
    wanted, outcome = form.get("do", ""), form.get("outcome", "")
    desk, number = dispatcher.desk, dispatcher.number

    def accept(session: Session, report: ReportState) -> None:
        if report.acknowledgement is None:
            reports.acknowledge(session, report.id, desk, number, parts.signer.sign)
        elif report.handler is None:
            handling.pick_up(session, report.id, desk, number)

    if wanted == "accept":
        return accept
    if wanted == "confirm":
        return lambda session, report: proposals.confirm(session, report.id, desk, number)
    if wanted == "withdraw":
        return lambda session, report: proposals.withdraw(session, report.id, desk, number)
    if wanted not in ACTS:
        raise Refused("field_invalid", fields=["do"])
    reason = checked_reason(form)
    if wanted == "refuse":
        return lambda session, report: proposals.refuse(session, report.id, desk, number, reason)

    def close(session: Session, report: ReportState) -> None:
        accept(session, report)
        outcomes.close(session, report.id, desk, number, "invalid", reason)

    if wanted == "close":
        if outcome != "invalid":
            raise Refused("field_invalid", fields=["outcome"])
        return close
    proposed = next((one for one in PROPOSED if one == outcome), None)
    if proposed is None:
        raise Refused("field_invalid", fields=["outcome"])

    def propose(session: Session, report: ReportState) -> None:
        accept(session, report)
        proposals.propose(session, report.id, desk, number, proposed, reason)

    return propose


def _until(form: Mapping[str, str]) -> datetime:
    try:
        until = datetime.fromisoformat(form.get("until", ""))
    except ValueError:
        raise Refused("field_invalid", fields=["until"]) from None
    if until.tzinfo is None:
        raise Refused("field_invalid", fields=["until"])
    return until
