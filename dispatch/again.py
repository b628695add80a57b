"""Offering a received report again: its dispatcher is offline, or does nothing about it.

Each desk says after how many seconds (`again_offline_s`, `again_idle_s`; 0: never). The acceptance stays; the report
lies where everybody at the desk sees and hears it until somebody picks it up. What is done stands in the database, in
the transaction of its event, so a worker that died goes on, and two do nothing twice.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID

from sqlalchemy import bindparam, func, literal, select
from sqlmodel import Session

from dispatch.escalation import PATIENCE
from dispatch.events import REPORT_LOOKED_AT, lock_log
from dispatch.handling import lay_down
from dispatch.models import TABLES

Why = Literal["offline", "idle"]

_HANDLING, _REPORT, _DESK = TABLES["handling"], TABLES["report"], TABLES["desk"]
_DISPATCHER, _EVENT = TABLES["dispatcher"], TABLES["event"]

# Statements are built once: building one costs three times as much as running it.
_HELD = (
    select(
        _HANDLING.c.id,
        _HANDLING.c.report,
        _HANDLING.c.dispatcher,
        _HANDLING.c.began_at,
        _REPORT.c.desk,
        _REPORT.c.status,
        _REPORT.c.kind,
        _DISPATCHER.c.desk.label("sits_at"),
        _DESK.c.again_offline_s,
        _DESK.c.again_idle_s,
        select(func.max(_EVENT.c.at))
        .where(
            _EVENT.c.report == _HANDLING.c.report,
            _EVENT.c.actor == literal("dispatcher:") + _HANDLING.c.dispatcher,
            _EVENT.c.kind != REPORT_LOOKED_AT,  # to look at it is to do nothing about it
        )
        .scalar_subquery()
        .label("acted_at"),
    )
    .join(_REPORT, _REPORT.c.id == _HANDLING.c.report)
    .join(_DESK, _DESK.c.adcode == _REPORT.c.desk)
    .join(_DISPATCHER, _DISPATCHER.c.number == _HANDLING.c.dispatcher)
    .where(_HANDLING.c.ended_at.is_(None), _REPORT.c.status != "closed")
)
_THIS = _HELD.where(_HANDLING.c.id == bindparam("handling"))


@dataclass(frozen=True, slots=True)
class Held:
    """A report that somebody has in hand, and when they last did something about it."""

    handling: UUID
    report: UUID
    dispatcher: str
    sits_at: str | None  # the dispatcher's desk
    desk: str  # the report's
    acted_at: datetime
    idle_after_s: int | None  # None: never
    offline_after_s: int | None


def held(session: Session) -> list[Held]:
    """All that is in anybody's hands."""
    found = []
    for row in session.connection().execute(_HELD):
        # Who has sent somebody, or knows that it was taken back, has done what there was to do.
        idles = row.status == "received" and row.again_idle_s > 0
        patience = PATIENCE.get(row.kind, 1)
        found.append(
            Held(
                row.id,
                row.report,
                row.dispatcher,
                row.sits_at,
                row.desk,
                max(row.began_at, row.acted_at or row.began_at),
                row.again_idle_s * patience if idles else None,
                row.again_offline_s or None,
            )
        )
    return found


def lapsed(holding: Held, at: datetime, absent_s: float | None) -> Why | None:
    """Why a report is to be offered again now, if it is. `absent_s`: how long its dispatcher has been away."""
    if holding.offline_after_s and absent_s is not None and absent_s >= holding.offline_after_s:
        return "offline"
    idle_s = (at - holding.acted_at).total_seconds()
    return "idle" if holding.idle_after_s and idle_s >= holding.idle_after_s else None


def offer_again(session: Session, holding: Held, why: Why) -> bool:
    """Nobody has the report in hand any more; whether that was news. Runs as a command of the writer."""
    lock_log(session, holding.desk)
    row = session.connection().execute(_THIS, {"handling": holding.handling}).one_or_none()
    if row is None or row.desk != holding.desk:
        return False  # it went into other hands meanwhile
    if why == "idle" and max(row.began_at, row.acted_at or row.began_at) > holding.acted_at:
        return False  # something was done about it meanwhile
    lay_down(session, holding.report, holding.desk, why)
    return True
