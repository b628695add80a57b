"""Closures: how a report ended, as a record that stands until the report is opened again; what counts against its
reporter counts as long.

`dispatch.outcomes` closes for one person, `dispatch.proposals` for two. Runs within their commands.
"""

from dataclasses import dataclass
from typing import Any, Final, Literal
from uuid import UUID

from sqlalchemy import bindparam, insert, update
from sqlmodel import Session

from dispatch.clock import now
from dispatch.events import REPORT_CLOSED
from dispatch.ids import new_id
from dispatch.models import TABLES
from dispatch.referrals import Referral
from dispatch.reports import change

Outcome = Literal["handled", "referred", "withdrawn", "invalid", "false_report", "harassment"]

# What is held against its reporter, and counts in their history.
COUNTS: Final = frozenset({"invalid", "false_report", "harassment"})

_REPORT, _REPORTER, _CLOSURE = TABLES["report"], TABLES["reporter"], TABLES["closure"]

# Statements are built once: building one costs three times as much as running it.
_INSERT = insert(_CLOSURE)
_REOPEN = (
    update(_CLOSURE)
    .where(_CLOSURE.c.report == bindparam("of"), _CLOSURE.c.reopened_at.is_(None))
    .values(reopened_at=bindparam("moment"))
)
_COUNT_INVALID = (
    update(_REPORTER)
    .where(_REPORTER.c.id == bindparam("of"))
    .values(invalid_reports=_REPORTER.c.invalid_reports + bindparam("more"))
)


@dataclass(frozen=True, slots=True)
class Results:
    """What came of a handled report, in people; None where nothing was said."""

    caught: int | None = None  # suspects (抓获)
    rescued: int | None = None  # injured (救助伤者)
    helped: int | None = None  # (帮助群众)


@dataclass(frozen=True, slots=True)
class Ending:
    """How a report ends. `second` confirmed it, where one person is not enough."""

    outcome: Outcome
    dispatcher: str
    reason: str | None = None
    second: str | None = None
    results: Results = Results()
    referral: Referral | None = None


def close_as(session: Session, report: UUID, reporter: UUID, ending: Ending) -> None:
    """Close a report that nobody has in hand any more."""
    id_ = new_id()
    at = now()
    results = {
        "caught": ending.results.caught,
        "rescued": ending.results.rescued,
        "helped": ending.results.helped,
    }
    referral = ending.referral
    row = {
        "id": id_,
        "report": report,
        "outcome": ending.outcome,
        "reason": ending.reason,
        "dispatcher": ending.dispatcher,
        "second": ending.second,
        "referred_to": referral.number if referral else None,
        "referred_where": referral.where if referral else None,
        **results,
        "at": at,
    }
    session.connection().execute(_INSERT, row)
    count_against(session, reporter, ending.outcome, 1)
    told: dict[str, Any] = {name: value for name, value in results.items() if value is not None}
    if referral:
        told["to"] = referral.number
    change(
        session,
        report,
        REPORT_CLOSED,
        actor=f"dispatcher:{ending.second or ending.dispatcher}",
        data={"outcome": ending.outcome, "closure": str(id_), **told},
        status="closed",
        outcome=ending.outcome,
        closed_at=at,
        handler=None,
        handled=_REPORT.c.handled + 1,
    )


def end(session: Session, report: UUID, reporter: UUID, outcome: str) -> None:
    """The report is opened again: its closure stands no longer, and what counted counts no more."""
    session.connection().execute(_REOPEN, {"of": report, "moment": now()})
    count_against(session, reporter, outcome, -1)


def count_against(session: Session, reporter: UUID, outcome: str, more: int) -> None:
    """Count what is held against the reporter, or take it back."""
    if outcome in COUNTS:
        session.connection().execute(_COUNT_INVALID, {"of": reporter, "more": more})
