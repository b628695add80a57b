"""Retention (保存期限): how long a report is kept after it was closed, by the rules of the province.

Of several rules that fit, the longest holds, so that a rule of one kind never shortens another's. None is shorter than
190 days (网络安全法, Cybersecurity Law, 23 (3): logs at least six months; `/law` says so to reporters). What is open,
on hold (`dispatch.holds`) or appealed against is kept whatever they say. `dispatch.removing` removes the rest.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import ColumnElement, Table, and_, func, insert, or_, select, update
from sqlmodel import Session

from dispatch.clock import now
from dispatch.errors import Refused
from dispatch.events import RETENTION_RULE_SET, lock_log, record
from dispatch.holds import appealed, held
from dispatch.ids import new_id
from dispatch.models import TABLES
from dispatch.reporters import PROVINCE
from dispatch.states import OPEN

LEAST_DAYS: Final = 190
MOST_DAYS: Final = 36_500
KINDS: Final = ("quick", "location", "fraud", "tip")
OUTCOMES: Final = ("handled", "referred", "withdrawn", "invalid", "false_report", "harassment")
# What was only practised is nobody's evidence: a rule of its own, and no other fits it.
EXERCISE: Final = "exercise"
# What the province begins with. Whatever can become a case, or is held against somebody, stays longer than the least.
BEGIN_WITH: Final = (
    (None, None, LEAST_DAYS),
    (None, "handled", 3 * 365),
    (None, "false_report", 2 * 365),
    (None, "harassment", 2 * 365),
    ("fraud", None, 3 * 365),
    ("tip", None, 3 * 365),
    (EXERCISE, None, 30),
)

_RULE = TABLES["retention_rule"]
_STANDING = select(_RULE).where(_RULE.c.ended_at.is_(None)).order_by(_RULE.c.at, _RULE.c.id)


@dataclass(frozen=True, slots=True)
class Rule:
    """So many days after it was closed. `kind` and `outcome` None: any."""

    kind: str | None
    outcome: str | None
    days: int

    @property
    def name(self) -> str:
        """As a record has it: `*`, `fraud`, `*/handled`, `fraud/handled`."""
        return (self.kind or "*") + (f"/{self.outcome}" if self.outcome else "")

    def fits(self, kind: str, outcome: str | None) -> bool:
        """Whether it is meant for such reports."""
        return self.kind in {None, kind} and self.outcome in {None, outcome}


def set_up(session: Session) -> None:
    """The rules that an installation begins with, as long as it has none."""
    if session.connection().execute(select(_RULE.c.id).limit(1)).first() is None:
        at = now()
        rows = [
            {"id": new_id(), "kind": kind, "outcome": outcome, "days": days, "actor": None, "at": at}
            for kind, outcome, days in BEGIN_WITH
        ]
        session.connection().execute(insert(_RULE), rows)


def rules(session: Session) -> tuple[Rule, ...]:
    """The rules that stand; without any, the least that the law wants."""
    found = session.connection().execute(_STANDING)
    rows = tuple(Rule(row.kind, row.outcome, row.days) for row in found)
    return rows or (Rule(None, None, LEAST_DAYS), Rule(EXERCISE, None, LEAST_DAYS))


def rule_for(standing: Sequence[Rule], kind: str, outcome: str | None, *, exercise: bool = False) -> Rule:
    """The rule by which such a report is kept."""
    of = EXERCISE if exercise else kind
    fitting = [rule for rule in standing if rule.fits(of, outcome) and (rule.kind == EXERCISE) is exercise]
    return max(fitting, key=lambda rule: rule.days, default=Rule(None, None, LEAST_DAYS))


def set_rule(session: Session, kind: str | None, outcome: str | None, days: int | None, actor: str) -> bool:
    """Such reports are kept so many days from now on; None: as the other rules say. Gives whether it is news.

    Runs as a command of the writer. Raises Refused: `field_invalid`, `retention_too_short` with the `least`.
    """
    if kind is not None and kind not in {*KINDS, EXERCISE}:
        raise Refused("field_invalid", fields=["kind"])
    if outcome is not None and (outcome not in OUTCOMES or kind == EXERCISE):
        raise Refused("field_invalid", fields=["outcome"])
    least = 1 if kind == EXERCISE else LEAST_DAYS
    if days is not None and days < least:
        raise Refused("retention_too_short", least=least)
    if (days is None and outcome is None and kind in {None, EXERCISE}) or (days or 0) > MOST_DAYS:
        raise Refused("field_invalid", fields=["days"])  # one that fits every report always stands
    lock_log(session, PROVINCE)
    before = next((rule for rule in rules(session) if (rule.kind, rule.outcome) == (kind, outcome)), None)
    if (before.days if before else None) == days:
        return False
    same = (_RULE.c.kind.is_not_distinct_from(kind), _RULE.c.outcome.is_not_distinct_from(outcome))
    at = now()
    session.connection().execute(update(_RULE).where(*same, _RULE.c.ended_at.is_(None)).values(ended_at=at))
    if days is not None:
        row = {"id": new_id(), "kind": kind, "outcome": outcome, "days": days, "actor": actor, "at": at}
        session.connection().execute(insert(_RULE), row)
    name = Rule(kind, outcome, 0).name
    data = {"rule": name, "was": before.days if before else None, "days": days}
    record(session, PROVINCE, RETENTION_RULE_SET, actor=actor, data=data)
    return True


def is_over(report: Table, standing: Sequence[Rule], at: datetime) -> ColumnElement[bool]:
    """The condition on `report` that it is closed, still whole, and its time is over; a hold is not asked."""
    by_days: dict[int, list[ColumnElement[bool]]] = defaultdict(list)
    for kind in KINDS:
        for outcome in (None, *OUTCOMES):
            days = rule_for(standing, kind, outcome).days
            of = report.c.outcome.is_(None) if outcome is None else report.c.outcome == outcome
            by_days[days].append(and_(report.c.exercise.is_(False), report.c.kind == kind, of))
    by_days[rule_for(standing, "quick", None, exercise=True).days].append(report.c.exercise.is_(True))
    ended_at = func.coalesce(report.c.closed_at, report.c.filed_at)
    soonest = at - timedelta(days=min(by_days))
    return and_(
        report.c.status == "closed",
        report.c.removed_at.is_(None),
        # By the index: nothing that was closed later can be due.
        or_(report.c.closed_at.is_(None), report.c.closed_at <= soonest),
        or_(
            *(
                and_(ended_at <= at - timedelta(days=days), or_(*such))
                for days, such in sorted(by_days.items())
            )
        ),
    )


def is_due(report: Table, standing: Sequence[Rule], at: datetime) -> ColumnElement[bool]:
    """The condition on `report` that its content is to be removed."""
    return and_(is_over(report, standing, at), ~held(report), ~appealed(report))


def is_kept(report: Table, standing: Sequence[Rule], at: datetime) -> ColumnElement[bool]:
    """The condition on `report` that it is whole and stays so for now: its reporter must be known as long."""
    return and_(report.c.removed_at.is_(None), ~is_due(report, standing, at))


def kept_until(standing: Sequence[Rule], row: Any) -> datetime | None:
    """Until when a report is kept, by its row; None when nobody can say: it is open, or kept past its time."""
    if row.status in OPEN:
        return None
    rule = rule_for(standing, row.kind, row.outcome, exercise=row.exercise)
    until: datetime = (row.closed_at or row.filed_at) + timedelta(days=rule.days)
    return until if until > now() else None


def named(kind: str | None, outcome: str | None) -> tuple[str | None, str | None]:
    """What somebody typed for any (`*`, nothing) as None."""
    return (
        kind if kind not in {None, "", "*"} else None,
        outcome if outcome not in {None, "", "*"} else None,
    )


def identifier(text: str) -> UUID | None:
    """An identifier that was typed."""
    try:
        return UUID(text)
    except ValueError:
        return None
