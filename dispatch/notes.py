"""Notes (备注): what dispatchers write for each other, about a report or for the next shift. No reporter sees any.

Their events name no reporter, whose screens follow their own events, and hold no words. Every function that writes
runs as a command of the writer.
"""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, bindparam, select, update
from sqlmodel import Session

from dispatch.clock import now
from dispatch.database import insert_or_leave
from dispatch.errors import Refused
from dispatch.events import NOTE_DONE, NOTE_WRITTEN, lock_log, record
from dispatch.ids import new_id
from dispatch.models import TABLES
from dispatch.states import NoteState

# So many of the next shift's notes are shown, the oldest first: what lies longest is done first.
AT_ONCE = 100

_NOTE, _REPORT = TABLES["note"], TABLES["report"]

# Statements are built once: building one costs three times as much as running it.
_OF_REPORT = (
    select(_NOTE)
    .where(_NOTE.c.report == bindparam("of"), _NOTE.c.desk == bindparam("at_desk"))
    .order_by(_NOTE.c.at, _NOTE.c.id)
)
_FOR_NEXT = (
    select(_NOTE)
    .where(_NOTE.c.desk == bindparam("at_desk"), _NOTE.c.report.is_(None), _NOTE.c.done_at.is_(None))
    .order_by(_NOTE.c.at, _NOTE.c.id)
    .limit(AT_ONCE)
)
_DESK_OF = select(_REPORT.c.desk).where(_REPORT.c.id == bindparam("of"))
_DONE = (
    update(_NOTE)
    .where(_NOTE.c.id == bindparam("of"), _NOTE.c.done_at.is_(None))
    .values(done_at=bindparam("moment"))
    .returning(_NOTE.c.id)
)
_FOUND = select(_NOTE.c.id).where(
    _NOTE.c.id == bindparam("of"), _NOTE.c.desk == bindparam("at_desk"), _NOTE.c.report.is_(None)
)


def write(
    session: Session, desk: str, dispatcher: str, client_id: str, text: str, report: UUID | None = None
) -> bool:
    """Keep a note about a report of this desk, or for its next shift; whether it is new. Sent twice is once.

    Raises Refused `report_unknown` for another desk's report.
    """
    lock_log(session, desk)
    if report is not None:
        own = session.connection().execute(_DESK_OF, {"of": report}).scalar_one_or_none()
        if own != desk:
            raise Refused("report_unknown")
    id_ = new_id()
    row = {
        "id": id_,
        "client_id": f"{report or desk} {dispatcher} {client_id}",  # no id stands in another's way
        "desk": desk,
        "report": report,
        "dispatcher": dispatcher,
        "text": text,
        "at": now(),
    }
    new = insert_or_leave(session, _NOTE, row)
    if new:
        actor = f"dispatcher:{dispatcher}"
        record(session, desk, NOTE_WRITTEN, actor=actor, report=report, data={"note": str(id_)})
    return new


def settle(session: Session, desk: str, dispatcher: str, note: UUID) -> None:
    """A note for the next shift was taken care of. Twice is once. Raises Refused `note_unknown`."""
    lock_log(session, desk)
    if session.connection().execute(_FOUND, {"of": note, "at_desk": desk}).first() is None:
        raise Refused("note_unknown")
    if session.connection().execute(_DONE, {"of": note, "moment": now()}).first() is not None:
        record(session, desk, NOTE_DONE, actor=f"dispatcher:{dispatcher}", data={"note": str(note)})


def of_report(session: Session, report: UUID, desk: str) -> tuple[NoteState, ...]:
    """What this desk's dispatchers wrote about a report, in order."""
    return tuple(
        _state(row) for row in session.connection().execute(_OF_REPORT, {"of": report, "at_desk": desk})
    )


def for_next_shift(session: Session, desk: str) -> tuple[NoteState, ...]:
    """What earlier shifts of the desk left to be done."""
    return tuple(_state(row) for row in session.connection().execute(_FOR_NEXT, {"at_desk": desk}))


def _state(row: Row[Any]) -> NoteState:
    at: datetime = row.at
    return NoteState(row.id, row.dispatcher, row.text, at)
