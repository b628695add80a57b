"""What is erased of a reporter, when, and what stays until when (个人信息保护法 47).

Reports are kept as the retention rules say (`dispatch.retention`), with who reported them: they may be evidence, and a
desk may have to call back. So a name is erased, and an account's phone and name, once no report needs them any more;
until then the reporter is told which reports do, and how long.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import delete, exists, or_, select, update
from sqlmodel import Session

from dispatch import consents
from dispatch.clock import now
from dispatch.corrections import locked_reporter
from dispatch.errors import Refused
from dispatch.events import ACCOUNT_CLOSED, ACCOUNT_ERASED, IDENTITY_ERASED, record, rows_to_insert
from dispatch.filing import IdentityRule
from dispatch.holds import person_held
from dispatch.models import TABLES
from dispatch.reporters import PROVINCE, end_sessions
from dispatch.retention import LEAST_DAYS, is_kept, kept_until, rules

# Reports stay at least this long after they were closed.
RETENTION: Final = timedelta(days=LEAST_DAYS)
# How many are looked at in one round of the worker.
AT_ONCE: Final = 200

_REPORTER, _REPORT, _FORMER = TABLES["reporter"], TABLES["report"], TABLES["former_identity"]
_HOLD = TABLES["hold"]

_NO_NAME: Final[dict[str, Any]] = {
    "identity": "none",
    "name": None,
    "name_masked": None,
    "id_number": None,
    "id_number_index": None,
    "verified_at": None,
}


@dataclass(frozen=True, slots=True)
class Kept:
    """A report that keeps its reporter known. `until` None: it is open or kept for a case, and nobody can say."""

    number: str
    until: datetime | None


@dataclass(frozen=True, slots=True)
class Closed:
    """An account that was closed: whether all was erased at once, and if not, for which reports it stays."""

    at: datetime
    erased: bool
    kept: tuple[Kept, ...]


def kept_reports(session: Session, reporter: UUID, at: datetime) -> tuple[Kept, ...]:
    """The reports that are inside their retention time, oldest first."""
    standing = rules(session)
    statement = (
        select(_REPORT)
        .where(_REPORT.c.reporter == reporter, is_kept(_REPORT, standing, at))
        .order_by(_REPORT.c.filed_at, _REPORT.c.id)
    )
    rows = session.connection().execute(statement)
    return tuple(Kept(row.number, kept_until(standing, row)) for row in rows) + tuple(
        Kept(row["number"], None)
        for row in rows_to_insert(session)
        if row.get("reporter") == reporter and "filed_seq" in row
    )


def erase_identity(session: Session, reporter: UUID, rule: IdentityRule) -> None:
    """Erase name and identity number. Runs as a command of the writer; twice is once.

    Raises Refused `identity_kept` where reports must be told by a verified name (`rule`) and one of them is inside
    the retention time.
    """
    row = locked_reporter(session, reporter)
    if row.identity != "verified":
        return
    if (rule != "never" and _kept_now(session, reporter)) or person_held(session, reporter):
        raise Refused("identity_kept")
    _erase_identity(session, reporter, f"reporter:{reporter}")


def close(session: Session, reporter: UUID) -> tuple[Closed, list[bytes]]:
    """Close the account: nobody is signed in to it any more, and nothing is agreed to. Twice is once.

    What is sealed is erased at once when no report needs it, else by `erase_due` when none does any more. Gives
    also the digests of the sessions that ended. A report that is being filed at this moment is either found here,
    or refused with `sign_in_required` and stays on its phone.
    """
    row = locked_reporter(session, reporter)
    at = row.closed_at or now()
    kept = () if row.erased_at else kept_reports(session, reporter, now())
    if row.closed_at is None:
        consents.withdraw_all(session, reporter)
        session.connection().execute(
            update(_REPORTER).where(_REPORTER.c.id == reporter).values(closed_at=at, duress_word=None)
        )
        actor, data = f"reporter:{reporter}", {"reports_kept": len(kept)}
        record(session, PROVINCE, ACCOUNT_CLOSED, actor=actor, reporter=reporter, data=data)
    ended = end_sessions(session, reporter)
    free = not kept and not person_held(session, reporter)
    if free and not row.erased_at:
        _erase(session, reporter)
    return Closed(at, free, kept), ended


def erase_due(session: Session) -> int:
    """Erase what no report needs any more: closed accounts, and names that nobody asked to keep.

    A name is kept for the next report where its reporter agreed to that (`keep_identity`); else as long as the
    reports of that name are, and at least as long as that after it was verified. Gives how many were erased.
    """
    at = now()
    connection = session.connection()
    # Whoever has a report that must be told by them stays, and whoever is on hold does.
    needed = or_(
        exists().where(_REPORT.c.reporter == _REPORTER.c.id, is_kept(_REPORT, rules(session), at)),
        exists().where(_HOLD.c.reporter == _REPORTER.c.id, _HOLD.c.lifted_at.is_(None)),
    )
    closed = (
        select(_REPORTER.c.id)
        .where(_REPORTER.c.closed_at.is_not(None), _REPORTER.c.erased_at.is_(None), ~needed)
        .order_by(_REPORTER.c.closed_at)
        .limit(AT_ONCE)
    )
    named = (
        select(_REPORTER.c.id)
        .where(
            _REPORTER.c.closed_at.is_(None),
            _REPORTER.c.verified_at <= at - RETENTION,
            ~needed,
            ~consents.agrees("keep_identity", _REPORTER.c.id),
        )
        .order_by(_REPORTER.c.verified_at)
        .limit(AT_ONCE)
    )
    erased = 0
    for reporter in connection.execute(closed).scalars().all():
        row = locked_reporter(session, reporter)
        if row.closed_at is not None and row.erased_at is None and not _kept_now(session, reporter):
            _erase(session, reporter)
            erased += 1
    for reporter in connection.execute(named).scalars().all():
        locked_reporter(session, reporter)
        if consents.agreed(session, reporter, "keep_identity") or _kept_now(session, reporter):
            continue
        _erase_identity(session, reporter, "system")
        erased += 1
    return erased


def _kept_now(session: Session, reporter: UUID) -> bool:
    return bool(kept_reports(session, reporter, now()))


def _erase_identity(session: Session, reporter: UUID, actor: str) -> None:
    _change(session, reporter, **_NO_NAME)
    session.connection().execute(
        delete(_FORMER).where(_FORMER.c.reporter == reporter, _FORMER.c.name.is_not(None))
    )
    record(session, PROVINCE, IDENTITY_ERASED, actor=actor, reporter=reporter)


def _erase(session: Session, reporter: UUID) -> None:
    """Everything sealed, and what a phone or a number could find the row by. The row stays: events name it."""
    _change(
        session,
        reporter,
        **_NO_NAME,
        phone=b"",
        phone_index=reporter.bytes,  # nobody's: an index has 32 bytes
        phone_masked="",
        duress_word=None,
        erased_at=now(),
    )
    session.connection().execute(delete(_FORMER).where(_FORMER.c.reporter == reporter))
    record(session, PROVINCE, ACCOUNT_ERASED, actor="system", reporter=reporter)


def _change(session: Session, reporter: UUID, **values: Any) -> None:
    session.connection().execute(update(_REPORTER).where(_REPORTER.c.id == reporter).values(**values))
