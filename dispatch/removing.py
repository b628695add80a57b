"""Removing what the retention rules keep no longer: the content of a report, and a record that it was removed.

What stays of a report is what figures and the audit need and nobody's words: its number, desk, kind, outcome and times,
who received, handled and closed it, which units came. Events stay whole: they hold references and digests alone, so a
chain is verified as before. Bundles that were handed out before are not touched.

Two steps, each once whatever is killed between: the rows in one transaction with the record and its event; then the
files, and a mark on the record when none is left. `run` first ends what an earlier run has begun.
"""

from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any, Final, Protocol
from uuid import UUID

from sqlalchemy import Row, bindparam, delete, func, insert, select, update
from sqlmodel import Session

from dispatch.clock import now
from dispatch.database import Database
from dispatch.events import REPORT_REMOVED, lock_log, record
from dispatch.holds import appealed, held
from dispatch.ids import new_id
from dispatch.models import TABLES
from dispatch.retention import Rule, is_due, is_over, rule_for, rules
from dispatch.store import MediaStore

AT_ONCE: Final = 25
PAGE: Final = 50
WITHIN_S: Final = 60.0

_T = TABLES
_REPORT, _REMOVAL, _MEDIA, _VIEW = _T["report"], _T["removal"], _T["media"], _T["media_view"]
_ACKNOWLEDGEMENT = _T["acknowledgement"]

# Rows that hold nothing but words, places and what was asked.
GONE: Final = ("message", "request", "location", "scene", "note", "location_code", "wechat_notice")
# Rows that figures and the audit need, and the words in them, which they do not.
BLANKED: Final[dict[str, dict[str, Any]]] = {
    "handling": {"reason": None, "began_reason": None},
    "sending": {"feedback": None},
    "transfer": {"reason": "", "answer": None},
    "proposal": {"reason": "", "answer": None},
    "closure": {"reason": None, "referred_where": None},
    "acknowledgement": {"receipt": ""},
    "mark": {"reason": "", "appeal": None, "answer": None, "end_reason": None},
}
_OF_REPORT: Final[dict[str, Any]] = {
    "text": "",
    "covert": False,
    "place_text": None,
    "lat": None,
    "lon": None,
    "came_lat": None,
    "came_lon": None,
    "crs": None,
    "accuracy_m": None,
    "position_source": None,
    "position_at": None,
    "notes": [],
    "fraud": None,
    "deed": None,
    "written_at": None,
    "withdrawn_reason": None,
    "body_digest": b"",
    "duress_at": None,
    "duress_said": 0,
    "duress_heard": 0,
}
_OF_MEDIUM: Final[dict[str, Any]] = {
    "state": "removed",
    "filename": "",
    "sha256": None,
    "width": None,
    "height": None,
    "duration_ms": None,
    "waveform": None,
    "likeness": None,
    "taken_at": None,
    "taken_lat": None,
    "taken_lon": None,
}
_MEDIA_OF = select(_MEDIA.c.id, _MEDIA.c.length, _MEDIA.c.state).where(_MEDIA.c.report == bindparam("of"))
_PENDING = select(_REMOVAL.c.id, _REMOVAL.c.report).where(_REMOVAL.c.files_gone_at.is_(None)).limit(PAGE)


class Submit(Protocol):
    """How a command reaches the writer."""

    def __call__(self, command: Callable[[Session], Any], desks: Iterable[str] = ()) -> Future[Any]: ...


@dataclass(frozen=True, slots=True)
class Due:
    """A report whose time is over."""

    report: UUID
    number: str
    desk: str
    rule: Rule


@dataclass(frozen=True, slots=True)
class Preview:
    """What a rule would remove now: reports, their media and how many bytes these were announced with."""

    rule: Rule
    reports: int
    media: int
    bytes: int


@dataclass(frozen=True, slots=True)
class Kept:
    """What is over its time and stays: held, or appealed against."""

    held: int
    appealed: int


@dataclass(frozen=True, slots=True)
class RemovalState:
    """One removal, as an auditor reads it."""

    id: UUID
    report: UUID
    number: str
    desk: str
    rule: str
    days: int
    closed_at: datetime
    actor: str
    counts: dict[str, int]
    at: datetime
    files_gone_at: datetime | None


@dataclass(slots=True)
class Done:
    """What a run has done."""

    reports: int = 0
    files: int = 0  # media whose files are gone
    rows: int = 0


def due(session: Session, at: datetime, most: int) -> list[Due]:
    """The reports whose time is over, those that were closed first first."""
    standing = rules(session)
    statement = select(_REPORT).where(is_due(_REPORT, standing, at)).order_by(_REPORT.c.closed_at).limit(most)
    return [
        Due(row.id, row.number, row.desk, _rule_of(standing, row))
        for row in session.connection().execute(statement)
    ]


def preview(session: Session, at: datetime) -> tuple[list[Preview], Kept]:
    """What would be removed now, by rule; and what is over its time and stays."""
    standing = rules(session)
    connection = session.connection()
    grouped = (
        select(
            _REPORT.c.kind,
            _REPORT.c.outcome,
            _REPORT.c.exercise,
            func.count(_REPORT.c.id.distinct()),
            func.count(_MEDIA.c.id),
            func.coalesce(func.sum(_MEDIA.c.length), 0),
        )
        .outerjoin(_MEDIA, _MEDIA.c.report == _REPORT.c.id)
        .where(is_due(_REPORT, standing, at))
        .group_by(_REPORT.c.kind, _REPORT.c.outcome, _REPORT.c.exercise)
    )
    sums: dict[Rule, list[int]] = {}
    for kind, outcome, exercise, reports, media, size in connection.execute(grouped):
        into = sums.setdefault(rule_for(standing, kind, outcome, exercise=exercise), [0, 0, 0])
        for index, n in enumerate((reports, media, int(size))):
            into[index] += n
    over = select(func.count()).select_from(_REPORT).where(is_over(_REPORT, standing, at))
    kept = Kept(
        connection.execute(over.where(held(_REPORT))).scalar_one(),
        connection.execute(over.where(appealed(_REPORT))).scalar_one(),
    )
    return [Preview(rule, *counts) for rule, counts in sums.items()], kept


def remove(session: Session, one: Due, actor: str) -> dict[str, int] | None:
    """Remove the content of a report, with the record and the event of it, unless it is kept by now; gives how many
    rows of which table. Runs as a command of the writer."""
    lock_log(session, one.desk)  # it is neither opened again nor held from here on
    connection = session.connection()
    at, standing = now(), rules(session)
    row = connection.execute(
        select(_REPORT)
        .where(_REPORT.c.id == one.report, _REPORT.c.desk == one.desk, is_due(_REPORT, standing, at))
        .with_for_update()
    ).one_or_none()
    if row is None:
        return None
    counts = _take_away(session, one.report)
    rule, id_ = _rule_of(standing, row), new_id()
    connection.execute(
        insert(_REMOVAL),
        {
            "id": id_,
            "report": one.report,
            "number": row.number,
            "desk": row.desk,
            "rule": rule.name,
            "days": rule.days,
            "closed_at": row.closed_at or row.filed_at,
            "actor": actor,
            "counts": counts,
            "at": at,
        },
    )
    connection.execute(update(_REPORT).where(_REPORT.c.id == one.report).values(**_OF_REPORT, removed_at=at))
    data = {"removal": str(id_), "rule": rule.name, "days": rule.days, **counts}
    record(session, row.desk, REPORT_REMOVED, actor=actor, report=one.report, data=data)
    return counts


def _take_away(session: Session, report: UUID) -> dict[str, int]:
    connection = session.connection()
    counts: dict[str, int] = {}
    for name in GONE:
        if n := connection.execute(delete(_T[name]).where(_T[name].c.report == report)).rowcount:
            counts[name] = n
    for name, values in BLANKED.items():
        connection.execute(update(_T[name]).where(_T[name].c.report == report).values(**values))
    media = connection.execute(_MEDIA_OF, {"of": report}).all()
    if media:
        # The rows stay until the files are gone: they name them.
        counts |= {"media": len(media), "bytes": sum(one.length for one in media)}
        connection.execute(update(_MEDIA).where(_MEDIA.c.report == report).values(**_OF_MEDIUM))
        connection.execute(delete(_VIEW).where(_VIEW.c.media.in_([one.id for one in media])))
    return counts


def settle(session: Session, removal: UUID, report: UUID) -> None:
    """The store has nothing of the report any more. Runs as a command of the writer; twice is once."""
    connection = session.connection()
    connection.execute(delete(_MEDIA).where(_MEDIA.c.report == report))
    connection.execute(
        update(_REMOVAL)
        .where(_REMOVAL.c.id == removal, _REMOVAL.c.files_gone_at.is_(None))
        .values(files_gone_at=now())
    )


def run(
    database: Database,
    submit: Submit,
    store: MediaStore,
    actor: str,
    most: int,
    on_step: Callable[[Done], None] = lambda _: None,
) -> Done:
    """Remove what is due, at most so many reports, and end what was begun. Blocks: never on an event loop.

    Raises `StoreAway` when the media store does not answer: the next run goes on there.
    """
    done = Done()
    _end_what_was_begun(database, submit, store, done)
    while done.reports < most:
        with database.read() as session:
            found = due(session, now(), min(AT_ONCE, most - done.reports))
        ended = [submit(partial(remove, one=one, actor=actor), [one.desk]) for one in found]
        removed = [counts for future in ended if (counts := future.result(WITHIN_S)) is not None]
        done.reports += len(removed)
        done.rows += sum(n for counts in removed for name, n in counts.items() if name != "bytes")
        _end_what_was_begun(database, submit, store, done)
        on_step(done)
        if not removed:
            break
    return done


def _end_what_was_begun(database: Database, submit: Submit, store: MediaStore, done: Done) -> None:
    while True:
        with database.read() as session:
            pending = [
                (row.id, row.report, session.connection().execute(_MEDIA_OF, {"of": row.report}).all())
                for row in session.connection().execute(_PENDING).all()
            ]
        for removal, report, media in pending:
            for one in media:
                store.remove(one.id)
            submit(partial(settle, removal=removal, report=report)).result(WITHIN_S)
            done.files += len(media)
        if len(pending) < PAGE:
            return


def records(
    session: Session,
    *,
    number: str | None = None,
    desk: str | None = None,
    rule: str | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
    before: UUID | None = None,
    most: int = PAGE,
) -> list[RemovalState]:
    """The record of what was removed, the newest first; `before`: those after this one in that order."""
    statement = select(_REMOVAL).order_by(_REMOVAL.c.at.desc(), _REMOVAL.c.id.desc()).limit(most)
    if number:
        statement = statement.where(_REMOVAL.c.number == number)
    if desk:
        statement = statement.where(_REMOVAL.c.desk == desk)
    if rule:
        statement = statement.where(_REMOVAL.c.rule == rule)
    if since:
        statement = statement.where(_REMOVAL.c.at >= since)
    if until:
        statement = statement.where(_REMOVAL.c.at < until)
    if before is not None:
        last = select(_REMOVAL.c.at).where(_REMOVAL.c.id == before).scalar_subquery()
        statement = statement.where(
            (_REMOVAL.c.at < last) | ((_REMOVAL.c.at == last) & (_REMOVAL.c.id < before))
        )
    return [_state(row) for row in session.connection().execute(statement)]


def _state(row: Row[Any]) -> RemovalState:
    return RemovalState(
        row.id,
        row.report,
        row.number,
        row.desk,
        row.rule,
        row.days,
        row.closed_at,
        row.actor,
        row.counts,
        row.at,
        row.files_gone_at,
    )


def _rule_of(standing: Sequence[Rule], row: Row[Any]) -> Rule:
    return rule_for(standing, row.kind, row.outcome, exercise=row.exercise)
