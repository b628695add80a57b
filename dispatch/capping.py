"""How many media somebody who is marked as a nuisance may add to a report: one photo. Words and positions are taken as
from anybody, and a report with a danger sign takes all that any report does."""

from typing import Final
from uuid import UUID

from sqlmodel import Session

from dispatch import reading
from dispatch.danger_words import Dangers
from dispatch.floods import endangered
from dispatch.marks import marks_of
from dispatch.media_bounds import MediaKind

CAPPED: Final[dict[MediaKind, int]] = {"photo": 1, "video": 0, "voice": 0}


def most(session: Session, report: UUID, reporter: UUID, kind: MediaKind) -> int | None:
    """How many of a kind the report takes of this person; None: as many as of anybody."""
    if not marks_of(session, [reporter]):
        return None
    state = reading.state(session, report)
    # Read anew: a process that only takes reports keeps no list of words in memory.
    dangers = Dangers()
    dangers.load(session)
    if state is None or endangered(state, dangers):
        return None
    return CAPPED[kind]
