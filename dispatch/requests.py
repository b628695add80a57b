"""What a dispatcher asks of the reporter: to send a position, a photo, a video, or to answer a question.

A question can carry answers that are tapped, for people who cannot type or must not be seen typing.
"""

from collections.abc import Sequence
from typing import Literal
from uuid import UUID

from sqlalchemy import bindparam, select, update
from sqlmodel import Session

from dispatch.clock import now
from dispatch.database import insert_or_leave
from dispatch.errors import Refused
from dispatch.events import REQUEST_ANSWERED, REQUEST_SENT
from dispatch.hanging import request_of
from dispatch.ids import new_id
from dispatch.models import TABLES
from dispatch.reports import at_desk, change, next_version, own
from dispatch.states import RequestState

_REQUEST = TABLES["request"]

Kind = Literal["location", "photo", "video", "answer"]
KINDS: tuple[Kind, ...] = ("location", "photo", "video", "answer")
ANSWERS = 6  # that can be tapped

_OF_CLIENT = select(_REQUEST).where(
    _REQUEST.c.report == bindparam("of"), _REQUEST.c.client_id == bindparam("client")
)
_ONE = select(_REQUEST).where(_REQUEST.c.id == bindparam("request"), _REQUEST.c.report == bindparam("of"))
_OPEN = (
    select(_REQUEST.c.id)
    .where(
        _REQUEST.c.report == bindparam("of"),
        _REQUEST.c.kind == bindparam("sort"),
        _REQUEST.c.answered_at.is_(None),
    )
    .order_by(_REQUEST.c.at)
)
_ANSWER = (
    update(_REQUEST)
    .where(_REQUEST.c.id == bindparam("request"), _REQUEST.c.answered_at.is_(None))
    .values(answer=bindparam("said"), answered_at=bindparam("moment"))
)


def ask(
    session: Session,
    report: UUID,
    desk: str,
    dispatcher: str,
    client_id: str,
    kind: Kind,
    text: str = "",
    answers: Sequence[str] = (),
) -> tuple[RequestState, bool]:
    """A dispatcher of the report's desk asks; gives the request and whether it is new.

    Raises Refused: `report_unknown`, `report_closed`.
    """
    if at_desk(session, report, desk) == "closed":
        raise Refused("report_closed")
    version = next_version(session, report)
    request = RequestState(
        new_id(), client_id, dispatcher, kind, text, tuple(answers), version, now(), None, None
    )
    new = insert_or_leave(
        session,
        _REQUEST,
        {
            "id": request.id,
            "report": report,
            "client_id": client_id,
            "dispatcher": dispatcher,
            "kind": kind,
            "text": text,
            "answers": list(answers),
            "version": version,
            "at": request.at,
        },
    )
    if new:
        data = {"request": str(request.id), "kind": kind}
        change(session, report, REQUEST_SENT, actor=f"dispatcher:{dispatcher}", data=data)
        return request, True
    return request_of(
        session.connection().execute(_OF_CLIENT, {"of": report, "client": client_id}).one()
    ), False


def answer(session: Session, report: UUID, reporter: UUID, request: UUID, said: str) -> bool:
    """The reporter answers; gives whether it is new. The first answer stands; the same again changes nothing.

    Raises Refused: `report_unknown`, `report_closed`, `request_unknown`, `answer_unknown` (none of those that
    can be tapped), `already_answered` (otherwise).
    """
    if own(session, report, reporter) == "closed":
        raise Refused("report_closed")
    row = session.connection().execute(_ONE, {"request": request, "of": report}).one_or_none()
    if row is None:
        raise Refused("request_unknown")
    if row.answers and said not in row.answers:
        raise Refused("answer_unknown")
    if row.answered_at is not None:
        if row.answer != said:
            raise Refused("already_answered")
        return False
    return _answer(session, report, reporter, request, said)


def answer_by_act(session: Session, report: UUID, reporter: UUID, kind: Kind) -> None:
    """What was asked for has come (a position, a photo): that answers the open requests for it."""
    open_ones = session.connection().execute(_OPEN, {"of": report, "sort": kind}).scalars().all()
    for request in open_ones:
        _answer(session, report, reporter, request, "")


def _answer(session: Session, report: UUID, reporter: UUID, request: UUID, said: str) -> bool:
    answered = session.connection().execute(_ANSWER, {"request": request, "said": said, "moment": now()})
    if answered.rowcount:
        data = {"request": str(request)}
        change(session, report, REQUEST_ANSWERED, actor=f"reporter:{reporter}", data=data)
    return bool(answered.rowcount)
