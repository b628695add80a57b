"""Closing a report (办结) with its outcome (处警结果), and opening it again."""

import re
from collections.abc import Mapping

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from console.desk import id_of
from console.handling import checked_reason, done
from console.sign_in import read_form, require_dispatcher_act
from console.told import RESULTS
from dispatch import outcomes, referrals
from dispatch.closures import Outcome, Results
from dispatch.errors import Refused
from dispatch.narrow import narrow_number
from dispatch.outcomes import ALONE, WANTS_REASON
from dispatch.referrals import SERVICE_LINE, Referral

_BY_NAME: Mapping[str, Outcome] = {outcome: outcome for outcome in ALONE}
_PEOPLE = re.compile(r"[0-9]{1,4}")  # that one report is said to have caught, rescued, helped


def routes() -> list[Route]:
    return [
        Route("/console/reports/{id}/closing", close, methods=["POST"]),
        Route("/console/reports/{id}/reopening", reopen, methods=["POST"]),
    ]


async def close(request: Request) -> Response:
    """Fields `outcome`, and `reason` where the outcome wants one → 200 with the newest card; 409 with it when a
    colleague has the report in hand.

    With `handled` also `caught`, `rescued`, `helped`: how many people; with `referred`, unless it goes to 12345,
    `number` and `where`.
    """
    dispatcher = await require_dispatcher_act(request)
    form = await read_form(request)
    id_, outcome = id_of(request), _BY_NAME.get(form.get("outcome", ""))
    if outcome is None:
        raise Refused("field_invalid", fields=["outcome"])
    reason = checked_reason(form) if outcome in WANTS_REASON or form.get("reason", "").strip() else None
    results = _results(form) if outcome == "handled" else None
    referral = _referral(form) if outcome == "referred" else None
    return await done(
        request,
        dispatcher,
        id_,
        lambda session: outcomes.close(
            session,
            id_,
            dispatcher.desk,
            dispatcher.number,
            outcome,
            reason,
            results=results,
            referral=referral,
        ),
    )


async def reopen(request: Request) -> Response:
    """Field `reason` → 200 with the newest card: the report is in the dispatcher's hand."""
    dispatcher = await require_dispatcher_act(request)
    id_, reason = id_of(request), checked_reason(await read_form(request))
    return await done(
        request,
        dispatcher,
        id_,
        lambda session: outcomes.reopen(session, id_, dispatcher.desk, dispatcher.number, reason),
    )


def _results(form: Mapping[str, str]) -> Results:
    """How many were caught, rescued, helped; left empty, nothing is said of it. Raises Refused `field_invalid`."""
    counts: dict[str, int | None] = {}
    for name in RESULTS:
        given = narrow_number(form.get(name, "").strip())
        if given and not _PEOPLE.fullmatch(given):
            raise Refused("field_invalid", fields=[name])
        counts[name] = int(given) if given else None
    return Results(**counts)


def _referral(form: Mapping[str, str]) -> Referral:
    """To whom it goes. Raises Refused `field_invalid`."""
    number = narrow_number(form.get("number", "").strip()) or SERVICE_LINE
    return referrals.referral(number, " ".join(form.get("where", "").split()))
