"""已接收 in WeChat, for a reporter who has left the page: asked for by a tap, sent once, never of a covert report.

The functions that change something run as commands of the writer.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, Literal
from uuid import UUID

from sqlalchemy import bindparam, delete, select, update
from sqlmodel import Session

from dispatch.cipher import FieldCipher
from dispatch.clock import now
from dispatch.database import insert_or_leave
from dispatch.errors import Refused
from dispatch.events import LOCAL, NOTICE_ASKED, NOTICE_ENDED
from dispatch.models import TABLES
from dispatch.reports import follow
from dispatch.wechat import Notice

_NOTICE, _REPORT = TABLES["wechat_notice"], TABLES["report"]
_ACKNOWLEDGEMENT, _DESK = TABLES["acknowledgement"], TABLES["desk"]

_OWN = select(_REPORT.c.covert, _REPORT.c.status).where(
    _REPORT.c.id == bindparam("report"), _REPORT.c.reporter == bindparam("of")
)
_OPEN = (
    select(
        _NOTICE.c.report,
        _NOTICE.c.language,
        _NOTICE.c.asked_at,
        _NOTICE.c.taken_at,
        _REPORT.c.number,
        _REPORT.c.reporter,
        _REPORT.c.desk,
        _REPORT.c.covert,
        _REPORT.c.status,
        _ACKNOWLEDGEMENT.c.at.label("received_at"),
        _ACKNOWLEDGEMENT.c.shown_at,
        _DESK.c.name,
        _DESK.c.name_en,
    )
    .join(_REPORT, _REPORT.c.id == _NOTICE.c.report)
    .outerjoin(_ACKNOWLEDGEMENT, _ACKNOWLEDGEMENT.c.report == _NOTICE.c.report)
    .outerjoin(_DESK, _DESK.c.adcode == _ACKNOWLEDGEMENT.c.desk)
    # Those that can be told first: others may wait for long.
    .order_by(_ACKNOWLEDGEMENT.c.at.is_(None), _NOTICE.c.asked_at)
    .limit(200)
)

# A page that is open shows 已接收 itself; one that nothing is known of has this long to do so.
UNKNOWN_FOR: Final = timedelta(seconds=10)
# A line that was lost for a moment is no page that was left.
GONE_FOR_S: Final = 5.0
# Whoever took it and died sends nothing any more; WeChat takes a message once for each time that it was agreed to.
TAKEN_FOR: Final = timedelta(seconds=60)
KEPT_FOR: Final = timedelta(hours=24)

How = Literal["sent", "refused", "failed", "shown", "covert", "over", "late"]


@dataclass(frozen=True, slots=True)
class Open:
    """A notice that somebody has asked for, and how its report stands."""

    report: UUID
    reporter: UUID
    desk: str
    number: str
    language: str
    covert: bool
    status: str
    asked_at: datetime
    taken_at: datetime | None
    received_at: datetime | None
    received_by: str | None  # the desk that accepted it, in the reader's language
    shown_at: datetime | None

    def to_do(self, at: datetime, gone_for_s: float | None) -> How | Literal["send", "wait"]:
        """What is to be done about it now. `gone_for_s`: for how long the reporter's page has been closed; 0 while it
        is open, None where that is not known."""
        if self.covert:
            return "covert"
        if self.shown_at is not None:
            return "shown"
        if self.received_at is None:
            return "over" if self.status in {"withdrawn", "closed"} else self._late(at)
        if at - self.received_at > KEPT_FOR:
            return "late"
        if self.taken_at is not None and at - self.taken_at < TAKEN_FOR:
            return "wait"
        if gone_for_s is None:
            return "send" if at - self.received_at >= UNKNOWN_FOR else "wait"
        return "send" if gone_for_s >= GONE_FOR_S else "wait"

    def _late(self, at: datetime) -> Literal["late", "wait"]:
        return "late" if at - self.asked_at > KEPT_FOR else "wait"


def ask(
    session: Session, cipher: FieldCipher, report: UUID, reporter: UUID, openid: str, language: str
) -> None:
    """The reporter wants to be told. Asked again, the newest account and language count.

    Raises Refused: `report_unknown`, `report_covert` (nothing may show up on that phone), `nothing_to_wait_for`.
    """
    row = session.connection().execute(_OWN, {"report": report, "of": reporter}).one_or_none()
    if row is None:
        raise Refused("report_unknown")
    if row.covert:
        raise Refused("report_covert")
    if row.status != "filed":
        raise Refused("nothing_to_wait_for")
    values = {
        "report": report,
        "openid": cipher.seal("wechat_notice", "openid", report, openid),
        "language": language,
        "asked_at": now(),
    }
    if insert_or_leave(session, _NOTICE, values):
        follow(session, report, NOTICE_ASKED, actor=f"reporter:{reporter}")
    else:
        session.connection().execute(update(_NOTICE).where(_NOTICE.c.report == report).values(values))


def open_ones(session: Session) -> list[Open]:
    """Those that are not settled: received ones first, oldest first."""
    return [_opened(row) for row in session.connection().execute(_OPEN)]


def _opened(row: Any) -> Open:
    name = row.name if row.language.startswith("zh") else row.name_en
    return Open(
        row.report,
        row.reporter,
        row.desk,
        row.number,
        row.language,
        row.covert,
        row.status,
        row.asked_at,
        row.taken_at,
        row.received_at,
        name,
        row.shown_at,
    )


def take(session: Session, cipher: FieldCipher, report: UUID) -> str | None:
    """Take it in hand, and give whose it is; None when another has it, or it must not be sent any more."""
    at = now()
    taken = (
        session.connection()
        .execute(
            update(_NOTICE)
            .where(
                _NOTICE.c.report == report,
                (_NOTICE.c.taken_at.is_(None)) | (_NOTICE.c.taken_at < at - TAKEN_FOR),
                ~select(_REPORT.c.covert).where(_REPORT.c.id == report).scalar_subquery(),
            )
            .values(taken_at=at)
            .returning(_NOTICE.c.openid)
        )
        .scalar_one_or_none()
    )
    return None if taken is None else cipher.open("wechat_notice", "openid", report, taken)


def end(session: Session, report: UUID, how: How) -> None:
    """It is settled; whose it was is forgotten. Twice is once."""
    gone = session.connection().execute(delete(_NOTICE).where(_NOTICE.c.report == report)).rowcount
    if gone:
        follow(session, report, NOTICE_ENDED, actor="system", data={"how": how})


def notice_of(found: Open, template: str, fields: Mapping[str, str]) -> Notice:
    """The message: number, desk and time, and nothing of what was reported. `fields`: the template's names of them."""
    said = {
        "number": found.number,
        "desk": (found.received_by or "110")[:20],  # WeChat's bound for a `thing`
        "at": (found.received_at or found.asked_at).astimezone(LOCAL).strftime("%Y-%m-%d %H:%M"),
    }
    page = f"pages/report/report?id={found.report}"
    return Notice(template, page, {name: said[what] for name, what in fields.items()}, found.language)
