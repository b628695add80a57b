"""The canary (自检): what is sent as a report is, to prove that a report would come through.

It goes a report's whole way (written by a citizen process under the desk's lock, rung, read by the feeds, rendered as a
card, received by a console process, read and told again on the reporters' side) and is no report: it has one row a
desk, written over by the next. So it is in no log, no figure, no search and on no screen, and nothing grows by it.
That the log itself takes an event is rehearsed in the same transaction: one is written and taken back.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Row, Select, bindparam, insert, select, update
from sqlmodel import Session

from dispatch.clock import now
from dispatch.database import insert_or_leave
from dispatch.desks import DESKS, SMS
from dispatch.events import CANARY, announce, lock_log, rehearse
from dispatch.ids import new_id
from dispatch.models import TABLES
from dispatch.states import AcknowledgementState, Caller, ReportState

_CANARY, _DESK, _LOOK = TABLES["canary"], TABLES["desk"], TABLES["worker_look"]

TEXT: Final = "自检，不是警情"
DISPATCHER: Final = "00000000"  # nobody's number

# Statements are built once: building one costs three times as much as running it.
_STATES: Select[Any] = (
    select(_DESK.c.adcode, _CANARY.c.seq, _CANARY.c.id, _CANARY.c.sent_at, _CANARY.c.received_at)
    .outerjoin(_CANARY, _CANARY.c.desk == _DESK.c.adcode)
    .where(_DESK.c.open)
)
_STATE = _STATES.where(_DESK.c.adcode == bindparam("of"))
_HEADS = (
    select(_CANARY.c.desk, _CANARY.c.seq).join(_DESK, _DESK.c.adcode == _CANARY.c.desk).where(_DESK.c.open)
)
_NEWEST = select(_CANARY.c.seq, _CANARY.c.id, _CANARY.c.received_at).where(_CANARY.c.desk == bindparam("of"))
_LOOKED = select(_LOOK.c.n)


@dataclass(frozen=True, slots=True)
class CanaryState:
    """How far the newest canary of an open desk has come; before the first, `seq` is 0 and there is no `id`."""

    desk: str
    seq: int
    id: UUID | None
    sent_at: datetime | None
    received_at: datetime | None


def states(session: Session) -> dict[str, CanaryState]:
    """The newest canary of every desk that is open to internet reports."""
    return {row.adcode: _state(row) for row in session.connection().execute(_STATES)}


def state(session: Session, desk: str) -> CanaryState | None:
    """The desk's newest canary; None where the desk is not open."""
    row = session.connection().execute(_STATE, {"of": desk}).one_or_none()
    return _state(row) if row else None


def heads(session: Session) -> dict[str, int]:
    """How far the canary of each open desk has come, by its number."""
    return {row.desk: row.seq for row in session.connection().execute(_HEADS)}


def send(session: Session, desk: str, seen: int) -> bool:
    """Send the next one, unless another process has since `seen`; whether it was sent. Runs as a command of the
    writer. Raises Refused `desk_unknown`."""
    lock_log(session, desk)
    connection = session.connection()
    newest = connection.execute(_NEWEST, {"of": desk}).one_or_none()
    seq = newest.seq if newest else 0
    if seq != seen:
        return False
    rehearse(session, desk)
    row = {"seq": seq + 1, "id": new_id(), "sent_at": now(), "received_at": None}
    if newest:
        connection.execute(update(_CANARY).where(_CANARY.c.desk == desk).values(row))
    else:
        connection.execute(insert(_CANARY), {"desk": desk, **row})
    announce(session, desk, CANARY, seq + 1)
    return True


def receive(session: Session, desk: str, id_: UUID) -> bool:
    """Receive it, unless another process has or the next one is on its way; whether it was received now. Runs as a
    command of the writer."""
    lock_log(session, desk)
    newest = session.connection().execute(_NEWEST, {"of": desk}).one_or_none()
    if newest is None or newest.id != id_ or newest.received_at is not None:
        return False
    rehearse(session, desk)
    values = {"seq": newest.seq + 1, "received_at": now()}
    session.connection().execute(update(_CANARY).where(_CANARY.c.desk == desk).values(values))
    announce(session, desk, CANARY, newest.seq + 1)
    return True


def look(session: Session) -> None:
    """A worker is at work. Runs as a command of the writer."""
    insert_or_leave(session, _LOOK, {"id": 1, "n": 0, "at": now()})
    session.connection().execute(update(_LOOK).values(n=_LOOK.c.n + 1, at=now()))


def looked(session: Session) -> int:
    """How often a worker has been at work."""
    return int(session.connection().execute(_LOOKED).scalar_one_or_none() or 0)


def as_report(canary: CanaryState) -> ReportState:
    """What a report would be that had come as far."""
    if canary.id is None or canary.sent_at is None:
        raise ValueError("no canary was sent yet")
    desk, received_at = DESKS[canary.desk], canary.received_at
    name, name_en = desk.title("zh-CN"), desk.title("en")
    return ReportState(
        id=canary.id,
        number=f"{canary.desk}-00000000-000000",
        version=2 if received_at else 1,
        kind="quick",
        status="received" if received_at else "filed",
        category=None,
        text=TEXT,
        covert=False,
        place_text=None,
        filed_at=canary.sent_at,
        filed_seq=0,
        desk=canary.desk,
        desk_name=name,
        desk_name_en=name_en,
        desk_sms=SMS,
        escalation=0,
        outcome=None,
        withdrawn_at=None,
        withdrawn_reason=None,
        place=None,
        trail=(),
        notes=(),
        media_expected=0,
        media=(),
        messages=(),
        acknowledgement=(
            AcknowledgementState(received_at, canary.desk, name, name_en, DISPATCHER, "", None)
            if received_at
            else None
        ),
        caller=Caller(canary.id, "", "none", None, False, "zh-CN", 0, 0),
        fraud=None,
    )


def _state(row: Row[Any]) -> CanaryState:
    return CanaryState(row.adcode, row.seq or 0, row.id, row.sent_at, row.received_at)
