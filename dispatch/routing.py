"""Where a report went and how it ended, as screens are shown it: transfers, proposals, closures, read together."""

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TypeVar
from uuid import UUID

from sqlalchemy import ColumnElement, Select, bindparam, select
from sqlmodel import Session

from dispatch.models import TABLES

T = TypeVar("T")

_TRANSFER, _PROPOSAL, _CLOSURE = TABLES["transfer"], TABLES["proposal"], TABLES["closure"]


@dataclass(frozen=True, slots=True)
class TransferState:
    """That a desk asked another one to take the report over (移交), and what came of it."""

    id: UUID
    from_desk: str
    to_desk: str
    dispatcher_number: str  # who asked
    reason: str
    asked_at: datetime
    seq: int  # the event of the other desk's log by which its screens show the report
    told: int  # how far it was escalated for want of an answer
    ended_at: datetime | None
    ended_by: str | None  # accepted | returned | recalled | closed
    answered_by: str | None
    answer: str | None


@dataclass(frozen=True, slots=True)
class ProposalState:
    """That a dispatcher would close the report as false or as harassment, and what a second person said to it."""

    id: UUID
    outcome: str  # false_report | harassment
    reason: str
    dispatcher_number: str
    at: datetime
    ended_at: datetime | None
    ended_by: str | None  # confirmed | refused | withdrawn | closed
    decided_by: str | None
    answer: str | None


@dataclass(frozen=True, slots=True)
class ClosureState:
    """How the report ended; a later one is of a report that was opened again."""

    id: UUID
    outcome: str
    reason: str | None
    dispatcher_number: str
    second: str | None  # who confirmed it
    referred_to: str | None
    referred_where: str | None
    caught: int | None
    rescued: int | None
    helped: int | None
    at: datetime
    reopened_at: datetime | None


@dataclass(frozen=True, slots=True)
class Routed:
    """What was read, by report, each in the order in which it happened."""

    transfers: dict[UUID, tuple[TransferState, ...]] = field(default_factory=dict)
    proposals: dict[UUID, tuple[ProposalState, ...]] = field(default_factory=dict)
    closures: dict[UUID, tuple[ClosureState, ...]] = field(default_factory=dict)


def _all(*columns: ColumnElement[Any], by: ColumnElement[Any]) -> Select[Any]:
    """All rows of some reports: the report, and then these columns."""
    report, id_ = columns[0], columns[1]
    return select(*columns).where(report.in_(bindparam("ids", expanding=True))).order_by(by, id_)


# Statements are built once: building one costs three times as much as running it. Columns as the states have them.
_TRANSFERS = _all(
    _TRANSFER.c.report,
    _TRANSFER.c.id,
    _TRANSFER.c.from_desk,
    _TRANSFER.c.to_desk,
    _TRANSFER.c.dispatcher,
    _TRANSFER.c.reason,
    _TRANSFER.c.asked_at,
    _TRANSFER.c.seq,
    _TRANSFER.c.told,
    _TRANSFER.c.ended_at,
    _TRANSFER.c.ended_by,
    _TRANSFER.c.answered_by,
    _TRANSFER.c.answer,
    by=_TRANSFER.c.asked_at,
)
_PROPOSALS = _all(
    _PROPOSAL.c.report,
    _PROPOSAL.c.id,
    _PROPOSAL.c.outcome,
    _PROPOSAL.c.reason,
    _PROPOSAL.c.dispatcher,
    _PROPOSAL.c.at,
    _PROPOSAL.c.ended_at,
    _PROPOSAL.c.ended_by,
    _PROPOSAL.c.decided_by,
    _PROPOSAL.c.answer,
    by=_PROPOSAL.c.at,
)
_CLOSURES = _all(
    _CLOSURE.c.report,
    _CLOSURE.c.id,
    _CLOSURE.c.outcome,
    _CLOSURE.c.reason,
    _CLOSURE.c.dispatcher,
    _CLOSURE.c.second,
    _CLOSURE.c.referred_to,
    _CLOSURE.c.referred_where,
    _CLOSURE.c.caught,
    _CLOSURE.c.rescued,
    _CLOSURE.c.helped,
    _CLOSURE.c.at,
    _CLOSURE.c.reopened_at,
    by=_CLOSURE.c.at,
)


def routed(session: Session, reports: Sequence[UUID]) -> Routed:
    """Where these reports went and how they ended."""
    if not reports:
        return Routed()
    return Routed(
        _read(session, _TRANSFERS, reports, TransferState),
        _read(session, _PROPOSALS, reports, ProposalState),
        _read(session, _CLOSURES, reports, ClosureState),
    )


def _read(
    session: Session, statement: Select[Any], reports: Sequence[UUID], make: Callable[..., T]
) -> dict[UUID, tuple[T, ...]]:
    found: dict[UUID, list[T]] = defaultdict(list)
    for report, *columns in session.connection().execute(statement, {"ids": list(reports)}):
        found[report].append(make(*columns))
    return {report: tuple(states) for report, states in found.items()}
