"""Who looked at what: a report that is taken in hand, a medium that is opened. The log tells it.

A thumb or a poster is part of the report in hand; a photo at large, a video, a voice note is opened.
"""

from uuid import UUID

from sqlmodel import Session

from dispatch.clock import now
from dispatch.database import insert_or_leave
from dispatch.dispatchers import mark_of
from dispatch.events import MEDIA_VIEWED, REPORT_LOOKED_AT, record
from dispatch.media_reading import Found, of_desk
from dispatch.models import TABLES

_VIEW = TABLES["media_view"]


def looked(session: Session, report: UUID, desk: str, dispatcher: str, token_digest: bytes) -> None:
    """The dispatcher has a report of their desk, or one that it is offered, in hand. Who may was checked before."""
    # Without the reporter, as below.
    data = {"session": mark_of(token_digest)}
    record(session, desk, REPORT_LOOKED_AT, actor=f"dispatcher:{dispatcher}", report=report, data=data)


def viewed(session: Session, media: UUID, desk: str, dispatcher: str, token_digest: bytes) -> Found:
    """The dispatcher opens a medium of their desk. Once a session it is recorded, and shown only then.

    Raises Refused `media_unknown` for any other desk's.
    """
    found = of_desk(session, media, desk)
    if found.sha256 is None:
        return found  # there is nothing to be seen yet
    row = {"media": media, "session": token_digest, "at": now()}
    if insert_or_leave(session, _VIEW, row):
        # Without the reporter: whose looks at it is no news for their screen.
        data = {"media": str(media), "kind": found.media.kind, "sha256": found.sha256.hex()}
        data["session"] = mark_of(token_digest)
        record(session, desk, MEDIA_VIEWED, actor=f"dispatcher:{dispatcher}", report=found.report, data=data)
    return found
