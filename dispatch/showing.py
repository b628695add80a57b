"""What has truly been on a screen: the reporter's, and a dispatcher's. It is what ticks beside a message mean.

A screen tells which version of a report it shows. Only what is new to see in it is recorded, or two screens
that show each other's ticks would never come to rest.
"""

from uuid import UUID

from sqlalchemy import bindparam, select, update
from sqlmodel import Session

from dispatch.clock import now
from dispatch.errors import Refused
from dispatch.events import RECEIPT_SHOWN, REPORT_SEEN, REPORT_SHOWN
from dispatch.models import TABLES
from dispatch.reports import change, follow

_REPORT, _ACKNOWLEDGEMENT = TABLES["report"], TABLES["acknowledgement"]
_MESSAGE, _REQUEST = TABLES["message"], TABLES["request"]

_FOR_REPORTER = select(_REPORT.c.reporter_saw, _REPORT.c.version).where(
    _REPORT.c.id == bindparam("report"), _REPORT.c.reporter == bindparam("of")
)
_AT_DESK = select(_REPORT.c.desk_saw, _REPORT.c.version).where(
    _REPORT.c.id == bindparam("report"), _REPORT.c.desk == bindparam("at")
)
_NEW_MESSAGE = (
    select(_MESSAGE.c.id)
    .where(
        _MESSAGE.c.report == bindparam("of"),
        _MESSAGE.c.version > bindparam("after"),
        _MESSAGE.c.version <= bindparam("upto"),
    )
    .limit(1)
)
_FROM_DESK = _NEW_MESSAGE.where(_MESSAGE.c.author != "reporter")
_FROM_REPORTER = _NEW_MESSAGE.where(_MESSAGE.c.author == "reporter")
_NEW_REQUEST = (
    select(_REQUEST.c.id)
    .where(
        _REQUEST.c.report == bindparam("of"),
        _REQUEST.c.version > bindparam("after"),
        _REQUEST.c.version <= bindparam("upto"),
    )
    .limit(1)
)
_RECEIPT = (
    update(_ACKNOWLEDGEMENT)
    .where(
        _ACKNOWLEDGEMENT.c.report == bindparam("of"),
        _ACKNOWLEDGEMENT.c.version <= bindparam("upto"),
        _ACKNOWLEDGEMENT.c.shown_at.is_(None),
    )
    .values(shown_at=bindparam("moment"))
)
_REPORTER_SAW = update(_REPORT).where(_REPORT.c.id == bindparam("of")).values(reporter_saw=bindparam("upto"))


def shown_to_reporter(session: Session, report: UUID, reporter: UUID, version: int) -> None:
    """The reporter's screen shows this version. Noted once for 已接收 and for each thing the desk has said.

    Raises Refused `report_unknown`.
    """
    row = session.connection().execute(_FOR_REPORTER, {"report": report, "of": reporter}).one_or_none()
    if row is None:
        raise Refused("report_unknown")
    upto = min(version, row.version)
    if upto <= row.reporter_saw:
        return
    actor = f"reporter:{reporter}"
    moment = {"of": report, "upto": upto, "moment": now()}
    receipt = session.connection().execute(_RECEIPT, moment).rowcount
    between = {"of": report, "after": row.reporter_saw, "upto": upto}
    said = any(session.connection().execute(new, between).first() for new in (_FROM_DESK, _NEW_REQUEST))
    if not receipt and not said:
        return
    session.connection().execute(_REPORTER_SAW, {"of": report, "upto": upto})
    follow(session, report, RECEIPT_SHOWN if receipt else REPORT_SHOWN, actor=actor, data={"version": upto})


def seen_at_desk(session: Session, report: UUID, desk: str, dispatcher: str, version: int) -> None:
    """A dispatcher has this version in hand, on a screen. Noted once for each thing the reporter has said.

    Raises Refused `report_unknown`.
    """
    row = session.connection().execute(_AT_DESK, {"report": report, "at": desk}).one_or_none()
    if row is None:
        raise Refused("report_unknown")
    upto = min(version, row.version)
    between = {"of": report, "after": row.desk_saw, "upto": upto}
    if upto > row.desk_saw and session.connection().execute(_FROM_REPORTER, between).first():
        change(
            session,
            report,
            REPORT_SEEN,
            actor=f"dispatcher:{dispatcher}",
            data={"seen": upto},
            desk_saw=upto,
        )
