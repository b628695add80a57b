"""Removing what nobody can use any more: codes that ran out, sessions that ended. Never a report or an event."""

from datetime import datetime

from sqlalchemy import delete
from sqlmodel import Session

from dispatch.models import TABLES

_CODE = TABLES["phone_code"]
_VIEWS = TABLES["media_view"]
_LOCATION_CODE = TABLES["location_code"]
_SESSIONS = (TABLES["reporter_session"], TABLES["console_session"])


def remove_ended(session: Session, before: datetime) -> int:
    """Remove codes and sessions that ended before then; gives how many."""
    connection = session.connection()
    removed = connection.execute(delete(_CODE).where(_CODE.c.expires_at < before)).rowcount
    removed += connection.execute(delete(_LOCATION_CODE).where(_LOCATION_CODE.c.expires_at < before)).rowcount
    for table in _SESSIONS:
        removed += connection.execute(
            delete(table).where((table.c.expires_at < before) | (table.c.revoked_at < before))
        ).rowcount
    # Who looked at what stands in the log; this only told what stood there already in a session.
    removed += connection.execute(delete(_VIEWS).where(_VIEWS.c.at < before)).rowcount
    return removed
