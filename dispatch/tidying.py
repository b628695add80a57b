"""Removing what nobody can use any more: codes that ran out, sessions that ended, notes of shifts long over. Never a
report (`dispatch.removing` does that) or an event."""

from datetime import datetime

from sqlalchemy import delete
from sqlmodel import Session

from dispatch.closing import RETENTION
from dispatch.models import TABLES

_CODE = TABLES["phone_code"]
_VIEWS, _NOTE = TABLES["media_view"], TABLES["note"]
_LOCATION_CODE = TABLES["location_code"]
_SPENT = TABLES["spent"]
_REPORTERS, _CONSOLES = TABLES["reporter_session"], TABLES["console_session"]


def remove_ended(session: Session, before: datetime) -> int:
    """Remove codes and sessions that ended before then; gives how many.

    A console's session tells where an act came from: it stays as long as what was done must be answered for.
    """
    connection = session.connection()
    removed = connection.execute(delete(_CODE).where(_CODE.c.expires_at < before)).rowcount
    removed += connection.execute(delete(_LOCATION_CODE).where(_LOCATION_CODE.c.expires_at < before)).rowcount
    for table, before_then in ((_REPORTERS, before), (_CONSOLES, before - RETENTION)):
        removed += connection.execute(
            delete(table).where((table.c.expires_at < before_then) | (table.c.revoked_at < before_then))
        ).rowcount
    removed += connection.execute(delete(_SPENT).where(_SPENT.c.until < before)).rowcount
    # What one shift left to the next; a note beside a report goes with it.
    over = _NOTE.c.report.is_(None) & (_NOTE.c.at < before - RETENTION)
    removed += connection.execute(delete(_NOTE).where(over)).rowcount
    # Who looked at what stands in the log; this only told what stood there already in a session.
    removed += connection.execute(delete(_VIEWS).where(_VIEWS.c.at < before)).rowcount
    return removed
