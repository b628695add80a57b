"""Handling (处理): who has a received report in hand now; how it is put back, taken over, picked up, offered again.

The acknowledgement is never touched by any of it: received stays received, and the reporter sees nothing. So the
events here name no reporter, whose screens follow their own events, and no version moves; `handled` counts instead,
by which the desk's screens know the newer state. Every function runs as a command of the writer. Who is first is
decided by the desk's log, which each locks before it looks, and by the index that lets a report have one open row.
"""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from sqlalchemy import Row, bindparam, select, update
from sqlmodel import Session

from dispatch.clock import now
from dispatch.database import insert_or_leave
from dispatch.errors import Refused
from dispatch.events import (
    REPORT_HANDED_OVER,
    REPORT_OFFERED_AGAIN,
    REPORT_PICKED_UP,
    REPORT_RELEASED,
    REPORT_TAKEN_OVER,
    lock_log,
    record,
)
from dispatch.ids import new_id
from dispatch.models import TABLES
from dispatch.states import HandlingState

Began = Literal["accepted", "taken_over", "handed_over", "picked_up", "transferred", "reopened"]
Ended = Literal["released", "taken_over", "offline", "idle", "handed_over", "transferred", "closed"]

_REPORT, _HANDLING, _ACKNOWLEDGEMENT = TABLES["report"], TABLES["handling"], TABLES["acknowledgement"]

# Statements are built once: building one costs three times as much as running it.
_STANDS = (
    select(_REPORT.c.desk, _REPORT.c.status, _REPORT.c.handler, _ACKNOWLEDGEMENT.c.at.label("received_at"))
    .outerjoin(_ACKNOWLEDGEMENT, _ACKNOWLEDGEMENT.c.report == _REPORT.c.id)
    .where(_REPORT.c.id == bindparam("of"))
)
_END = (
    update(_HANDLING)
    .where(_HANDLING.c.report == bindparam("of"), _HANDLING.c.ended_at.is_(None))
    .values(ended_at=bindparam("at"), ended_by=bindparam("how"), reason=bindparam("why"))
    .returning(_HANDLING.c.id)
)
_HAND_TO = (
    update(_REPORT)
    .where(_REPORT.c.id == bindparam("of"))
    .values(handler=bindparam("to"), handled=_REPORT.c.handled + 1)
)
_ALL = (
    select(_HANDLING)
    .where(_HANDLING.c.report.in_(bindparam("ids", expanding=True)))
    .order_by(_HANDLING.c.began_at, _HANDLING.c.id)
)


def histories(session: Session, reports: Sequence[UUID]) -> dict[UUID, tuple[HandlingState, ...]]:
    """Who has had these reports in hand, in order."""
    found: dict[UUID, list[HandlingState]] = defaultdict(list)
    if reports:
        for row in session.connection().execute(_ALL, {"ids": list(reports)}):
            found[row.report].append(
                HandlingState(
                    row.dispatcher,
                    row.began_at,
                    row.began_by,
                    row.ended_at,
                    row.ended_by,
                    row.reason,
                    row.began_reason,
                )
            )
    return {report: tuple(handlings) for report, handlings in found.items()}


def begin(
    session: Session, report: UUID, dispatcher: str, how: Began, at: datetime, reason: str | None = None
) -> UUID | None:
    """The dispatcher has the report in hand from now on, unless somebody has; gives the handling's id.

    Whoever calls it sets `report.handler` in the same transaction.
    """
    id_ = new_id()
    row = {"id": id_, "report": report, "dispatcher": dispatcher, "began_at": at, "began_by": how}
    if reason is not None:
        row["began_reason"] = reason
    return id_ if insert_or_leave(session, _HANDLING, row) else None


def release(session: Session, report: UUID, desk: str, dispatcher: str, reason: str | None) -> None:
    """Put a report back (放回) that the dispatcher has in hand: it waits for somebody to pick it up. Twice is once.

    Raises Refused: `report_unknown`, `report_closed`, `not_received`, `handled_by_another` with the `dispatcher`.
    """
    stands = received_at(session, report, desk)
    if stands.handler is None:
        return
    if stands.handler != dispatcher:
        raise Refused("handled_by_another", dispatcher=stands.handler)
    ended = _end(session, report, "released", reason)
    _hand_to(session, report, desk, None, REPORT_RELEASED, f"dispatcher:{dispatcher}", ended=ended)


def take_over(session: Session, report: UUID, desk: str, dispatcher: str, seen: str, reason: str) -> None:
    """Take a report over (接管) from the colleague whom the dispatcher saw with it; put back meanwhile, it is picked
    up. Who has it already has it.

    Raises Refused as `release`; `handled_by_another` when it is somebody else than `seen` by now.
    """
    stands = received_at(session, report, desk)
    if stands.handler is None:
        pick_up(session, report, desk, dispatcher)
        return
    if stands.handler == dispatcher:
        return
    if stands.handler != seen:
        raise Refused("handled_by_another", dispatcher=stands.handler)
    ended = _end(session, report, "taken_over", reason)
    began = begin(session, report, dispatcher, "taken_over", now())
    actor = f"dispatcher:{dispatcher}"
    _hand_to(session, report, desk, dispatcher, REPORT_TAKEN_OVER, actor, ended=ended, began=began)


def pick_up(session: Session, report: UUID, desk: str, dispatcher: str) -> None:
    """Pick up (接手) a received report that nobody has in hand. One wins; the winner may press again.

    Raises Refused as `release`.
    """
    stands = received_at(session, report, desk)
    if stands.handler == dispatcher:
        return
    if stands.handler is not None:
        raise Refused("handled_by_another", dispatcher=stands.handler)
    began = begin(session, report, dispatcher, "picked_up", now())
    actor = f"dispatcher:{dispatcher}"
    _hand_to(session, report, desk, dispatcher, REPORT_PICKED_UP, actor, began=began)


def hand_over(session: Session, report: UUID, desk: str, dispatcher: str, to: str) -> None:
    """Give a report that the dispatcher has in hand to a colleague (交班). Raises Refused as `release`."""
    stands = received_at(session, report, desk)
    if stands.handler != dispatcher:
        raise Refused("handled_by_another", dispatcher=stands.handler or "")
    ended = _end(session, report, "handed_over", None)
    began = begin(session, report, to, "handed_over", now())
    actor = f"dispatcher:{dispatcher}"
    _hand_to(session, report, desk, to, REPORT_HANDED_OVER, actor, ended=ended, began=began)


def close(session: Session, report: UUID, desk: str, dispatcher: str, reason: str | None) -> None:
    """The dispatcher, who has the report in hand, is done with it (`dispatch.outcomes`). What nobody has in hand is
    picked up for it. Raises Refused as `release`."""
    pick_up(session, report, desk, dispatcher)
    _end(session, report, "closed", reason)


def conclude(session: Session, report: UUID, reason: str) -> None:
    """Nobody has the report in hand any more, for a second person has closed it (`dispatch.proposals`)."""
    _end(session, report, "closed", reason)


def move(session: Session, report: UUID, dispatcher: str, at: datetime) -> None:
    """A dispatcher of another desk has the report in hand from now on (`dispatch.transfers`)."""
    _end(session, report, "transferred", None)
    begin(session, report, dispatcher, "transferred", at)


def lay_down(session: Session, report: UUID, desk: str, why: Literal["offline", "idle"]) -> None:
    """Nobody has the report in hand any more, for its dispatcher is away or does nothing (`dispatch.again`)."""
    ended = _end(session, report, why, None)
    _hand_to(session, report, desk, None, REPORT_OFFERED_AGAIN, "system", ended=ended, why=why)


def received_at(session: Session, report: UUID, desk: str) -> Row[Any, Any, Any, Any]:
    """How a received report of this desk stands; nothing of the desk moves until this transaction ends.

    Raises Refused: `report_unknown`, `report_closed`, `not_received`.
    """
    lock_log(session, desk)
    stands = session.connection().execute(_STANDS, {"of": report}).one_or_none()
    if stands is None or stands.desk != desk:
        raise Refused("report_unknown")
    if stands.status == "closed":
        raise Refused("report_closed")
    if stands.received_at is None:
        raise Refused("not_received")
    return stands


def _end(session: Session, report: UUID, how: Ended, why: str | None) -> UUID | None:
    values = {"of": report, "at": now(), "how": how, "why": why}
    ended: UUID | None = session.connection().execute(_END, values).scalar_one_or_none()
    return ended


def _hand_to(
    session: Session, report: UUID, desk: str, to: str | None, kind: str, actor: str, **told: object
) -> None:
    """Who has it from now on, and the event of it. Reasons stay in their rows: an event holds references only."""
    session.connection().execute(_HAND_TO, {"of": report, "to": to})
    data = {name: str(value) for name, value in told.items() if value is not None}
    record(session, desk, kind, actor=actor, report=report, data=data)
