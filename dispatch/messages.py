"""The conversation about a report. A line carries the id its author's client gave it: sent twice is once."""

from typing import Literal
from uuid import UUID

from sqlalchemy import bindparam, or_, select
from sqlmodel import Session

from dispatch.clock import now
from dispatch.database import insert_or_leave
from dispatch.errors import Refused
from dispatch.events import MESSAGE_SENT
from dispatch.ids import new_id
from dispatch.models import TABLES
from dispatch.reports import at_desk, change, next_version, own
from dispatch.states import MessageState

_MESSAGE, _REPORT = TABLES["message"], TABLES["report"]

_GUARDED = select(or_(_REPORT.c.covert, _REPORT.c.duress_said > 0)).where(_REPORT.c.id == bindparam("of"))
_SENT = select(_MESSAGE.c.id).where(
    _MESSAGE.c.report == bindparam("of"),
    _MESSAGE.c.author == "dispatcher",
    _MESSAGE.c.client_id == bindparam("client"),
)

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
    session: Session,
    report: UUID,
    desk: str,
    dispatcher: str,
    client_id: str,
    text: str,
    *,
    unguarded: bool = False,
) -> tuple[MessageState, bool]:
    """A dispatcher of the report's desk says something; gives the message and whether it is new.

    `unguarded`: they wrote to somebody who, as far as their screen knew, need not fear to be noticed.
    Raises Refused: `report_unknown`, `report_closed`, `report_guarded`.
    """
    _still_open(at_desk(session, report, desk))
    if unguarded and _guarded(session, report, client_id):
        raise Refused("report_guarded")
    return _send(session, report, "dispatcher", dispatcher, client_id, text, actor=f"dispatcher:{dispatcher}")


def send_from_system(session: Session, report: UUID, dispatcher: str, text: str) -> None:
    """What an act of a dispatcher tells the reporter in words that are ours."""
    _send(session, report, "system", None, str(new_id()), text, actor=f"dispatcher:{dispatcher}")


def _guarded(session: Session, report: UUID, client_id: str) -> bool:
    """Whether the reporter must not be noticed by now, and this was not sent before they turned so."""
    one = {"of": report, "client": client_id}
    return bool(session.connection().execute(_GUARDED, one).scalar_one()) and not (
        session.connection().execute(_SENT, one).first()
    )


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
