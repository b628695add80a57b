"""Which desks take reports by internet. A desk is opened and closed by an act that is recorded."""

from sqlalchemy import select, update
from sqlmodel import Session

from dispatch.events import DESK_CLOSED, DESK_OPENED, record
from dispatch.models import TABLES

_DESK = TABLES["desk"]


def open_desks(session: Session) -> frozenset[str]:
    """The adcodes of the desks that are open."""
    return frozenset(session.connection().execute(select(_DESK.c.adcode).where(_DESK.c.open)).scalars())


def open_desk(session: Session, desk: str, actor: str) -> None:
    """Let the desk take reports by internet. Raises Refused `desk_unknown`."""
    record(session, desk, DESK_OPENED, actor=actor)
    session.connection().execute(update(_DESK).where(_DESK.c.adcode == desk).values(open=True))


def close_desk(session: Session, desk: str, actor: str) -> None:
    """Let the desk's reports go to the desk above it from now on. Raises Refused `desk_unknown`."""
    record(session, desk, DESK_CLOSED, actor=actor)
    session.connection().execute(update(_DESK).where(_DESK.c.adcode == desk).values(open=False))
