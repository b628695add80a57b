"""Why an administrator did something: a reason in words, in a row of its own that the event names.

Events hold references only. One reason can stand behind the events of many desks: a city is opened in one act.
"""

from typing import Final

from sqlalchemy import insert
from sqlmodel import Session

from dispatch.clock import now
from dispatch.errors import Refused
from dispatch.ids import new_id
from dispatch.models import TABLES

LONGEST_REASON: Final = 200

_ADMINISTRATION = TABLES["administration"]


def because(session: Session, actor: str, reason: str) -> dict[str, str]:
    """Keep the reason; gives what the events of the act hold of it. Raises Refused `reason_required`."""
    words = " ".join(reason.replace("\0", "").split())[:LONGEST_REASON]
    if not words:
        raise Refused("reason_required")
    id_ = new_id()
    row = {"id": id_, "actor": actor, "reason": words, "at": now()}
    session.connection().execute(insert(_ADMINISTRATION), row)
    return {"administration": str(id_)}
