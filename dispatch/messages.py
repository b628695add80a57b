"""The conversation about a report. A line carries the id its author's client gave it: sent twice is once."""

from typing import Literal
from uuid import UUID

from sqlalchemy import select
from sqlmodel import Session

from dispatch.clock import now
from dispatch.database import insert_or_leave
from dispatch.errors import Refused
from dispatch.events import MESSAGE_SENT
from dispatch.ids import new_id
from dispatch.models import TABLES
from dispatch.reports import at_desk, change, next_version, own
from dispatch.states import MessageState

_MESSAGE = TABLES["message"]

Author = Literal["reporter", "dispatcher", "system"]


def send_from_reporter(
    session: Session, report: UUID, reporter: UUID, client_id: str, text: str
) -> tuple[MessageState, bool]:
    """The reporter says something; gives the message and whether it is new.

    Raises Refused: `report_unknown`, `report_closed`.
    """
    _still_open(own(session, report, reporter))
    return _send(session, report, "reporter", None, client_id, text, actor=f"reporter:{reporter}")


def send_from_dispatcher(
    session: Session, report: UUID, desk: str, dispatcher: str, client_id: str, text: str
) -> tuple[MessageState, bool]:
    """A dispatcher of the report's desk says something; gives the message and whether it is new.

    Raises Refused: `report_unknown`, `report_closed`.
    """
    _still_open(at_desk(session, report, desk))
    return _send(session, report, "dispatcher", dispatcher, client_id, text, actor=f"dispatcher:{dispatcher}")


def _still_open(status: str) -> None:
    if status == "closed":
        raise Refused("report_closed")


def _send(
    session: Session,
    report: UUID,
    author: Author,
    dispatcher: str | None,
    client_id: str,
    text: str,
    actor: str,
) -> tuple[MessageState, bool]:
    version = next_version(session, report)
    message = MessageState(new_id(), client_id, author, dispatcher, text, now(), version)
    new = insert_or_leave(
        session,
        _MESSAGE,
        {
            "id": message.id,
            "report": report,
            "client_id": client_id,
            "author": author,
            "dispatcher": dispatcher,
            "text": text,
            "version": version,
            "at": message.at,
        },
    )
    if new:
        change(session, report, MESSAGE_SENT, actor=actor, data={"message": str(message.id)})
        return message, True
    row = (
        session.connection()
        .execute(
            select(_MESSAGE).where(
                _MESSAGE.c.report == report, _MESSAGE.c.author == author, _MESSAGE.c.client_id == client_id
            )
        )
        .one()
    )
    earlier = MessageState(row.id, row.client_id, row.author, row.dispatcher, row.text, row.at, row.version)
    return earlier, False
