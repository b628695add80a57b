"""The sealed original of a photo, video or voice note: handed out by an act with a reason, which the log tells first.

What dispatchers look at is made anew (`dispatch/developing.py`, `dispatch/films.py`). The bytes as they came are
evidence, may hold anything, and are opened by who handles the report or by a shift leader of its desk alone.
"""

from typing import Final
from uuid import UUID

from sqlalchemy import select
from sqlmodel import Session

from dispatch.errors import Refused
from dispatch.events import ORIGINAL_OPENED, record
from dispatch.media_reading import Found, of_desk
from dispatch.models import TABLES

# To be handed on as evidence; for a detail that the view does not show; to tell whether it is genuine.
REASONS: Final = ("evidence", "detail", "genuine")
LEADER: Final = "shift_leader"

_REPORT = TABLES["report"]


def open_original(session: Session, media: UUID, desk: str, dispatcher: str, role: str, why: str) -> Found:
    """Record that the original is opened, and whose it is. Runs as a command of the writer.

    Raises Refused: `media_unknown` (another desk's, also one that is only offered; or not ready), `original_refused`,
    `reason_required`.
    """
    found = of_desk(session, media, desk)
    if found.desk != desk or found.sha256 is None:
        raise Refused("media_unknown")
    handler = session.connection().execute(select(_REPORT.c.handler).where(_REPORT.c.id == found.report))
    if role != LEADER and handler.scalar_one() != dispatcher:
        raise Refused("original_refused")
    if why not in REASONS:
        raise Refused("reason_required")
    data = {"media": str(media), "kind": found.media.kind, "sha256": found.sha256.hex(), "why": why}
    record(session, desk, ORIGINAL_OPENED, actor=f"dispatcher:{dispatcher}", report=found.report, data=data)
    return found
