"""Floods (刷屏): many waiting reports of one person fold into one card, so that nobody else is lost among them.

Whoever folds loses nothing: the reports are counted, late, escalated and accepted like all others, and the card opens
into their list. What carries a danger sign never folds; it stands on its own wherever its signs put it. A flood needs
no mark (`dispatch.marks`): somebody in fear may file four times in a minute.
"""

from typing import Final

from sqlalchemy import bindparam, select
from sqlmodel import Session

from dispatch import reading
from dispatch.danger_words import Dangers
from dispatch.models import TABLES
from dispatch.offering import concerns
from dispatch.states import OPEN, ReportState

# One act does no more than this at once.
MOST: Final = 2000
AT_ONCE: Final = 500

_REPORT = TABLES["report"]

# Statements are built once: building one costs three times as much as running it.
_OF_PERSON = (
    select(_REPORT.c.id)
    .where(
        _REPORT.c.reporter == bindparam("person"),
        _REPORT.c.status.in_([status for status in OPEN if status not in {"dispatched", "on_scene"}]),
        concerns(bindparam("at")),
    )
    .order_by(_REPORT.c.filed_at, _REPORT.c.id)
    .limit(MOST)
)


def endangered(report: ReportState, dangers: Dangers) -> bool:
    """Whether anything in the report says that it may be grave, whoever sent it: a duress word, covert, deaf or unable
    to speak, a danger word."""
    return (
        report.duress_said > 0
        or report.covert
        or report.caller.hearing_speech_impaired
        or bool(dangers.found_in(report))
    )


def folds_as(report: ReportState, dangers: Dangers) -> str | None:
    """What the report folds with, among others of its person; None where it stands on its own.

    What waits folds with what waits, what was taken back with its like, what one dispatcher has in hand with its like,
    and what a second person has to decide with what is proposed alike.
    """
    if report.transfer or report.sendings or report.incident or endangered(report, dangers):
        return None
    if report.taken_back:
        return "taken_back"
    if report.status == "filed":
        return "filed"
    if report.status != "received" or any(message.author == "dispatcher" for message in report.messages):
        return None  # somebody is talking with them about this one
    if report.requests:
        return None
    if report.proposal:
        return f"proposed.{report.proposal.outcome}.{report.proposal.dispatcher_number}"
    return f"in_hand.{report.handler}" if report.handler else "released"


def of(session: Session, report: ReportState, desk: str, dangers: Dangers) -> list[ReportState]:
    """The flood that a report is one of, the oldest first, with itself; nothing where it stands on its own."""
    alike = folds_as(report, dangers)
    if alike is None:
        return []
    values = {"person": report.caller.reporter, "at": desk}
    ids = list(session.connection().execute(_OF_PERSON, values).scalars())
    found: list[ReportState] = []
    for start in range(0, len(ids), AT_ONCE):
        found += reading.states(session, ids[start : start + AT_ONCE]).values()
    return [one for one in found if folds_as(one, dangers) == alike]
