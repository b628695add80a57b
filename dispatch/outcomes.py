"""Closing a report (办结) with its outcome (处警结果), and opening it again.

`received` stays: acknowledgement and receipt are never touched. A false report and harassment want a second person
(`dispatch.proposals`). Every function runs as a command of the writer.
"""

from typing import Final
from uuid import UUID

from sqlalchemy import bindparam, select
from sqlmodel import Session

from dispatch import closures, handling, proposals, referrals, transfers
from dispatch.clock import now
from dispatch.closures import Ending, Outcome, Results
from dispatch.errors import Refused
from dispatch.events import REPORT_REOPENED, lock_log
from dispatch.exercises import practises
from dispatch.messages import send_from_system
from dispatch.models import TABLES
from dispatch.offering import seen_by
from dispatch.referrals import Referral
from dispatch.reports import change
from dispatch.sendings import none_out

# What one person closes with. The others are proposed, and a second person decides.
ALONE: Final = ("handled", "referred", "withdrawn", "invalid")
# What is held against somebody, or sends somebody elsewhere, says why.
WANTS_REASON: Final = frozenset({"referred", "invalid", "false_report", "harassment"})

_REPORT, _REPORTER = TABLES["report"], TABLES["reporter"]

# Statements are built once: building one costs three times as much as running it.
_STANDS = select(
    _REPORT.c.desk,
    _REPORT.c.status,
    _REPORT.c.removed_at,
    _REPORT.c.exercise,
    _REPORT.c.outcome,
    _REPORT.c.reporter,
    _REPORT.c.withdrawn_at,
).where(_REPORT.c.id == bindparam("of"), _REPORT.c.desk == bindparam("at"))
_TO_WHOM = (
    select(_REPORTER.c.language, _REPORT.c.covert, _REPORT.c.duress_said)
    .join(_REPORTER, _REPORTER.c.id == _REPORT.c.reporter)
    .where(_REPORT.c.id == bindparam("of"))
)


def close(
    session: Session,
    report: UUID,
    desk: str,
    dispatcher: str,
    outcome: Outcome,
    reason: str | None,
    *,
    results: Results | None = None,
    referral: Referral | None = None,
) -> None:
    """Close a received report that the dispatcher has in hand, or nobody. The same again changes nothing. Whatever
    another desk or a colleague was asked about it is asked no longer.

    `results` belong to `handled`, `referral` to `referred`: without one it goes to 12345, and its reporter is told.
    Raises Refused: `report_unknown`, `not_received`, `handled_by_another` with the `dispatcher`, `report_closed` (with
    another outcome), `second_person_needed`, `field_invalid` (`withdrawn` is for what its reporter took back),
    `units_out` with the call signs of the `units` that are not clear yet.
    """
    lock_log(session, desk, *seen_by(session, report))
    stands = session.connection().execute(_STANDS, {"of": report, "at": desk}).one_or_none()
    if stands is None:
        raise Refused("report_unknown")
    if stands.status == "closed" and stands.outcome == outcome:
        return
    if outcome not in ALONE:
        raise Refused("second_person_needed")
    if outcome == "withdrawn" and stands.withdrawn_at is None:
        raise Refused("field_invalid", fields=["outcome"])
    handling.close(session, report, desk, dispatcher, reason)
    none_out(session, report)
    transfers.drop(session, report, dispatcher)
    proposals.drop(session, report, dispatcher)
    if outcome == "referred":
        referral = referral or Referral()
        _tell_the_reporter(session, report, dispatcher, referral)
    ending = Ending(
        outcome,
        dispatcher,
        reason,
        results=(results if outcome == "handled" else None) or Results(),
        referral=referral if outcome == "referred" else None,
    )
    closures.close_as(session, report, stands.reporter, ending)


def _tell_the_reporter(session: Session, report: UUID, dispatcher: str, referral: Referral) -> None:
    to = session.connection().execute(_TO_WHOM, {"of": report}).one()
    text = referrals.said_of(referral, to.language, guarded=to.covert or to.duress_said > 0)
    send_from_system(session, report, dispatcher, text)


def reopen(session: Session, report: UUID, desk: str, dispatcher: str, reason: str) -> None:
    """Open a closed report of the desk again: it is in the dispatcher's hand. What is open stays as it is.

    Raises Refused: `report_unknown`, `report_removed` (its time was over), `not_practised` (the desk
    practises by now, or does so no longer).
    """
    lock_log(session, desk)
    stands = session.connection().execute(_STANDS, {"of": report, "at": desk}).one_or_none()
    if stands is None:
        raise Refused("report_unknown")
    if stands.status != "closed":
        return
    if stands.removed_at is not None:
        raise Refused("report_removed")
    if stands.exercise is not practises(session, desk):
        raise Refused("not_practised")
    closures.end(session, report, stands.reporter, stands.outcome)
    handling.begin(session, report, dispatcher, "reopened", now(), reason)
    change(
        session,
        report,
        REPORT_REOPENED,
        actor=f"dispatcher:{dispatcher}",
        data={"outcome": stands.outcome},
        status="received" if stands.withdrawn_at is None else "withdrawn",
        outcome=None,
        closed_at=None,
        # It begins anew: who was sent before is done with it, and somebody is to be sent again.
        dispatched_at=None,
        on_scene_at=None,
        units_told=None,
        handler=dispatcher,
        handled=_REPORT.c.handled + 1,
    )
