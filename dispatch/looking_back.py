"""Looking back (督察): who did and saw what, found in the event logs by person, report, act, desk and time.

The newest first, a page at a time. What has no index is gone through in stretches until enough is found or the time
is up, and the cursor says where to go on: so no search takes long, however much there is. Reporters are shown masked,
and every search is an event itself (`tell`).
"""

import time
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import ColumnElement, Row, Select, literal, or_, select, tuple_, union
from sqlmodel import Session

from dispatch import events
from dispatch.dispatchers import mark_of
from dispatch.errors import Refused
from dispatch.events import EVENTS_SEARCHED, record
from dispatch.models import TABLES
from dispatch.reporters import PROVINCE

PAGE: Final = 50
STRETCH: Final = 20_000  # events that one query looks at
PATIENCE_S: Final = 1.0
HISTORY: Final = 2_000  # acts of one report that are shown at once
# Between an act and the row of its reason, both written in one transaction.
TOGETHER: Final = timedelta(seconds=2)

_T = TABLES
_EVENT, _REPORT, _REPORTER = _T["event"], _T["report"], _T["reporter"]
_SESSION, _HANDLING = _T["console_session"], _T["handling"]
_ADMINISTRATION = _T["administration"]
# Tables whose rows hold the reasons of acts; an event names the row by the table's name.
_REASONED: Final = {name: _T[name] for name in ("export", "transfer", "proposal", "closure", "mark", "hold")}
_ANSWERS: Final = frozenset(
    {
        events.TRANSFER_RETURNED,
        events.TRANSFER_RECALLED,
        events.PROPOSAL_REFUSED,
        events.PROPOSAL_WITHDRAWN,
        events.MARK_UPHELD,
        events.MARK_LIFTED,
        events.MARK_REMOVED,
        events.HOLD_LIFTED,
    }
)
_PLACE = tuple_(_EVENT.c.at, _EVENT.c.desk, _EVENT.c.seq)
_NEWEST = (_EVENT.c.at.desc(), _EVENT.c.desk.desc(), _EVENT.c.seq.desc())

KINDS: Final = tuple(
    sorted(
        value
        for name, value in vars(events).items()
        if name.isupper()
        and isinstance(value, str)
        and value[:1].isupper()
        and value.isalpha()
        # Rehearsed and taken back: no log has one.
        and name != "CANARY"
    )
)
"""Every kind of event that there is."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is looked for; all that is given must fit."""

    account: str | None = None  # the number of a dispatcher, or of anybody else with an account
    reporter: UUID | None = None
    report: UUID | None = None
    kind: str | None = None
    desk: str | None = None
    since: datetime | None = None
    until: datetime | None = None

    @property
    def by(self) -> list[str]:
        """What is looked by, for the log."""
        names = ("account", "reporter", "report", "kind", "desk", "since", "until")
        return [name for name in names if getattr(self, name) is not None]


@dataclass(frozen=True, slots=True)
class Act:
    """An event as an auditor reads it."""

    desk: str
    seq: int
    at: datetime
    kind: str
    actor: str
    data: dict[str, Any]
    hash: bytes
    report: UUID | None = None
    number: str | None = None  # the report's
    phone_masked: str | None = None  # of the reporter whose act or account it is
    addresses: tuple[str, ...] = ()  # of the sessions that it can come from
    reason: str | None = None  # in the words of who did it

    @property
    def who(self) -> tuple[str, str]:
        """What kind of actor, and which: a number, a login, a reporter's identifier."""
        kind, _, name = self.actor.partition(":")
        return kind, name

    @property
    def why(self) -> str | None:
        """The code of a reason that was chosen from a list."""
        why = self.data.get("why")
        return str(why) if why else None


@dataclass(frozen=True, slots=True)
class Result:
    """The acts found, newest first; where to go on, and down to when it was looked."""

    acts: tuple[Act, ...]
    cursor: str | None
    reached: datetime | None


def key_of(kind: str) -> str:
    """The name of a kind of event in the catalogue: `ReportLookedAt` is `report_looked_at`."""
    return "".join(f"_{sign.lower()}" if sign.isupper() else sign for sign in kind).lstrip("_")


def find(
    session: Session, wanted: Wanted, cursor: str | None = None, patience_s: float = PATIENCE_S
) -> Result:
    """A page of what fits. Raises Refused `cursor_invalid`."""
    before = _before(cursor)
    end = time.monotonic() + patience_s
    found: list[Row[Any]] = []
    while True:
        stretch = _stretch(session, wanted, before)
        found += _fitting(session, wanted, stretch)
        if len(found) >= PAGE:
            last = found[PAGE - 1]
            return Result(_acts(session, found[:PAGE]), _cursor(last), last.at)
        if len(stretch) < STRETCH:
            return Result(_acts(session, found), None, None)
        before = (stretch[-1].at, stretch[-1].desk, stretch[-1].seq)
        if time.monotonic() > end:
            return Result(_acts(session, found), _cursor(stretch[-1]), stretch[-1].at)


def history(session: Session, report: UUID) -> tuple[Act, ...]:
    """All that was done to and seen of a report, at any desk, in the order of its happening; `HISTORY` at most."""
    statement = select(_EVENT).where(_EVENT.c.report == report).order_by(*_NEWEST).limit(HISTORY)
    rows = session.connection().execute(statement).all()
    return _acts(session, rows[::-1])


def reporter_of(session: Session, phone_index: bytes) -> UUID | None:
    """Whose phone it is, by its blind index."""
    statement = select(_REPORTER.c.id).where(_REPORTER.c.phone_index == phone_index)
    found: UUID | None = session.connection().execute(statement).scalar_one_or_none()
    return found


def report_of(session: Session, number: str) -> UUID | None:
    """Which report has this number."""
    statement = select(_REPORT.c.id).where(_REPORT.c.number == number)
    found: UUID | None = session.connection().execute(statement).scalar_one_or_none()
    return found


def tell(
    session: Session, actor: str, wanted: Wanted, digest: bytes, found: int, token_digest: bytes | None = None
) -> None:
    """Record that somebody looked back, before they are shown what was found: by what, how much was found, and a keyed
    digest of what was typed. Runs as a command of the writer.

    What is asked of one report stands in its desk's log, with all else about it.
    """
    data: dict[str, Any] = {"by": wanted.by, "found": found, "digest": digest.hex()}
    if wanted.account is not None:
        data["account"] = wanted.account
    if token_digest is not None:
        data["session"] = mark_of(token_digest)
    desk = PROVINCE
    if wanted.report is not None:
        statement = select(_REPORT.c.desk).where(_REPORT.c.id == wanted.report)
        desk = session.connection().execute(statement).scalar_one()
    record(session, desk, EVENTS_SEARCHED, actor=actor, report=wanted.report, data=data)


def _stretch(
    session: Session, wanted: Wanted, before: tuple[datetime, str, int] | None
) -> Sequence[Row[Any]]:
    """The places of the next events, newest first, of the one thing that is asked for and has an index."""
    ways = [
        _narrowed(select(_EVENT.c.at, _EVENT.c.desk, _EVENT.c.seq).where(*way), wanted, before)
        for way in _ways(wanted)
    ]
    if len(ways) == 1:
        return session.connection().execute(ways[0]).all()
    # Each by its own index; together, the newest of both.
    both = union(*(select(way.subquery()) for way in ways)).subquery()
    statement = select(both).order_by(both.c.at.desc(), both.c.desk.desc(), both.c.seq.desc()).limit(STRETCH)
    return session.connection().execute(statement).all()


def _ways(wanted: Wanted) -> list[tuple[ColumnElement[bool], ...]]:
    if wanted.report is not None:
        return [(_EVENT.c.report == wanted.report,)]
    if wanted.reporter is not None:
        reports = select(_REPORT.c.id).where(_REPORT.c.reporter == wanted.reporter)
        return [(_EVENT.c.report.in_(reports),), (_EVENT.c.actor == f"reporter:{wanted.reporter}",)]
    if wanted.account is not None:
        return [(_EVENT.c.actor == f"dispatcher:{wanted.account}",)]
    return [()]


def _narrowed(
    statement: Select[Any], wanted: Wanted, before: tuple[datetime, str, int] | None
) -> Select[Any]:
    if before is not None:
        statement = statement.where(_at(*before) > _PLACE)
    if wanted.since is not None:
        statement = statement.where(_EVENT.c.at >= wanted.since)
    if wanted.until is not None:
        statement = statement.where(_EVENT.c.at < wanted.until)
    return statement.order_by(*_NEWEST).limit(STRETCH)


def _at(at: datetime, desk: str, seq: int) -> Any:
    """A place in the order of all events."""
    columns = _EVENT.c
    return tuple_(
        literal(at, columns.at.type), literal(desk, columns.desk.type), literal(seq, columns.seq.type)
    )


def _fitting(session: Session, wanted: Wanted, stretch: Sequence[Row[Any]]) -> list[Row[Any]]:
    """Those of the stretch that fit in all, whole, as many as a page has."""
    if not stretch:
        return []
    first, last = stretch[0], stretch[-1]
    statement = select(_EVENT).where(
        _at(first.at, first.desk, first.seq) >= _PLACE, _at(last.at, last.desk, last.seq) <= _PLACE
    )
    ways = [condition for way in _ways(wanted) for condition in way]
    if ways:
        statement = statement.where(or_(*ways))
    if wanted.account is not None:
        statement = statement.where(_EVENT.c.actor == f"dispatcher:{wanted.account}")
    if wanted.kind is not None:
        statement = statement.where(_EVENT.c.kind == wanted.kind)
    if wanted.desk is not None:
        statement = statement.where(_EVENT.c.desk == wanted.desk)
    return list(session.connection().execute(statement.order_by(*_NEWEST).limit(PAGE)))


@dataclass(slots=True)
class _Known:
    """What is read beside the events of a page."""

    reports: dict[UUID, tuple[str, str]] = field(default_factory=dict)  # number and masked phone
    phones: dict[str, str] = field(default_factory=dict)  # by actor
    sessions: dict[str, list[Row[Any]]] = field(default_factory=lambda: defaultdict(list))  # by account
    handlings: list[Row[Any]] = field(default_factory=list)
    # What was said with an export, a transfer, a proposal or a closure: first, and in answer to it.
    reasons: dict[str, tuple[str | None, str | None]] = field(default_factory=dict)


def _acts(session: Session, rows: Iterable[Row[Any]]) -> tuple[Act, ...]:
    rows = list(rows)
    known = _beside(session, rows)
    return tuple(_act(row, known) for row in rows)


def _beside(session: Session, rows: Collection[Row[Any]]) -> _Known:
    known = _Known()
    if not rows:
        return known
    execute: Callable[[Any], Any] = session.connection().execute
    reports = {row.report for row in rows if row.report is not None}
    for row in execute(
        select(_REPORT.c.id, _REPORT.c.number, _REPORTER.c.phone_masked)
        .join(_REPORTER, _REPORTER.c.id == _REPORT.c.reporter)
        .where(_REPORT.c.id.in_(reports))
    ):
        known.reports[row.id] = (row.number, row.phone_masked)
    reporters = {row.reporter for row in rows if row.reporter is not None}
    for row in execute(select(_REPORTER.c.id, _REPORTER.c.phone_masked).where(_REPORTER.c.id.in_(reporters))):
        known.phones[str(row.id)] = row.phone_masked
    accounts = {row.actor.partition(":")[2] for row in rows if row.actor.startswith("dispatcher:")}
    oldest, newest = min(row.at for row in rows), max(row.at for row in rows)
    for row in execute(
        select(_SESSION).where(
            _SESSION.c.dispatcher.in_(accounts),
            _SESSION.c.made_at <= newest,
            _SESSION.c.expires_at >= oldest,
        )
    ):
        known.sessions[row.dispatcher].append(row)
    known.handlings = list(
        execute(
            select(_HANDLING).where(
                _HANDLING.c.report.in_(reports),
                or_(_HANDLING.c.reason.is_not(None), _HANDLING.c.began_reason.is_not(None)),
            )
        )
    )
    for table in _REASONED.values():
        for row in execute(select(table).where(table.c.report.in_(reports))):
            said = row._mapping
            known.reasons[str(row.id)] = (row.reason, said.get("end_reason") or said.get("answer"))
    given = {UUID(row.data["administration"]) for row in rows if "administration" in row.data}
    for row in execute(select(_ADMINISTRATION).where(_ADMINISTRATION.c.id.in_(given))):
        known.reasons[str(row.id)] = (row.reason, None)
    return known


def _act(row: Row[Any], known: _Known) -> Act:
    number, phone = known.reports.get(row.report, (None, None))
    return Act(
        row.desk,
        row.seq,
        row.at,
        row.kind,
        row.actor,
        row.data,
        bytes(row.hash),
        row.report,
        number,
        phone or known.phones.get(str(row.reporter)),
        _addresses(row, known),
        _reason(row, known),
    )


def _addresses(row: Row[Any], known: _Known) -> tuple[str, ...]:
    """From where it was done: of the session that the event names, else of each that was open then."""
    sessions = known.sessions.get(row.actor.partition(":")[2], [])
    mark = row.data.get("session")
    found = [
        one.address
        for one in sessions
        if (mark == mark_of(bytes(one.token_digest)) if mark else _open_at(one, row.at)) and one.address
    ]
    return tuple(dict.fromkeys(found))


def _open_at(session: Row[Any], at: datetime) -> bool:
    end = min(session.revoked_at or session.expires_at, session.expires_at)
    return bool(session.made_at <= at <= end)


def _reason(row: Row[Any], known: _Known) -> str | None:
    """Reasons in words stand in rows of their own; an event holds references."""
    for name in (*_REASONED, "administration"):
        if (said := known.reasons.get(str(row.data.get(name)))) is not None:
            asked, answered = said
            return answered if row.kind in _ANSWERS else asked
    named = {row.data.get("ended"), row.data.get("began")}
    for one in known.handlings:
        closed = row.kind == events.REPORT_CLOSED and one.ended_by == "closed"
        reopened = row.kind == events.REPORT_REOPENED and one.began_by == "reopened"
        if str(one.id) in named or (
            one.report == row.report and closed and one.ended_at and abs(one.ended_at - row.at) < TOGETHER
        ):
            return str(one.reason) if one.reason else None
        if one.report == row.report and reopened and abs(one.began_at - row.at) < TOGETHER:
            return str(one.began_reason)
    return None


def _cursor(row: Row[Any]) -> str:
    return f"{row.at.isoformat()}_{row.desk}_{row.seq}"


def _before(cursor: str | None) -> tuple[datetime, str, int] | None:
    if not cursor:
        return None
    at, _, place = cursor.partition("_")
    desk, _, seq = place.partition("_")
    try:
        moment = datetime.fromisoformat(at)
        if moment.tzinfo is None or len(seq) > 18:
            raise ValueError
        return moment, desk, int(seq)
    except ValueError:
        raise Refused("cursor_invalid") from None
