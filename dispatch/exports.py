"""Handing out (证据导出) a report, an incident with all its reports, or all that one person was found to have harassed
with: an act of the shift leader of its desk, of an auditor or of the operator, with a reason in words. The log tells it
before anything is read; the bytes are made afterwards (`dispatch/bundle.py`)."""

from dataclasses import dataclass
from typing import Final
from uuid import UUID

from sqlalchemy import insert, select
from sqlmodel import Session

from dispatch.clock import now
from dispatch.dispatchers import mark_of
from dispatch.errors import Refused
from dispatch.events import PERSON_EXPORTED, REPORT_EXPORTED, lock_log, record
from dispatch.ids import new_id
from dispatch.models import TABLES

FORMS: Final = ("bundle", "eido", "cap")
LONGEST_REASON: Final = 500
# One file of all of a person's: closed so by two people.
PERSON: Final = "person"
HARASSMENT: Final = ("false_report", "harassment")
# More than the worst of a year (domain.md: over 9,000 calls) is no file that anybody reads.
MOST: Final = 10_000

_REPORT, _EXPORT, _INCIDENT = TABLES["report"], TABLES["export"], TABLES["incident"]


@dataclass(frozen=True, slots=True)
class Begun:
    """That an incident is handed out: by which identifier, and which of its reports, as they were filed."""

    export: UUID
    reports: tuple[UUID, ...]
    elsewhere: int  # reports of it that stay out, since they lie at other desks


def begin(
    session: Session,
    report: UUID,
    actor: str,
    form: str,
    reason: str,
    *,
    desk: str | None = None,
    token_digest: bytes | None = None,
) -> UUID:
    """Record that a report is handed out; `desk`: only if it is this desk's. Gives the export's identifier.

    Runs as a command of the writer. Raises Refused: `report_unknown`, `reason_required`, `field_invalid`.
    """
    statement = select(_REPORT.c.desk).where(_REPORT.c.id == report)
    of = session.connection().execute(statement).scalar_one_or_none()
    if of is None or desk not in {None, of}:
        raise Refused("report_unknown")
    words = _checked(form, reason)
    return _tell(session, report, of, actor, form, words, None, token_digest)


def begin_incident(
    session: Session,
    incident: UUID,
    actor: str,
    form: str,
    reason: str,
    *,
    desk: str | None = None,
    token_digest: bytes | None = None,
) -> Begun:
    """Record that all reports of an incident are handed out, in the log of each; `desk`: those of this desk alone.

    Runs as a command of the writer. Raises Refused: `incident_unknown`, `reason_required`, `field_invalid`.
    """
    words = _checked(form, reason)
    statement = (
        select(_REPORT.c.id, _REPORT.c.desk)
        .where(_REPORT.c.incident == incident)
        .order_by(_REPORT.c.filed_at, _REPORT.c.id)
    )
    while True:
        rows = session.connection().execute(statement).all()
        # Until the logs are held, one may be transferred or leave.
        if not lock_log(session, *{row.desk for row in rows}):
            break
    mine = [row for row in rows if desk in {None, row.desk}]
    if not mine:
        raise Refused("incident_unknown")
    exports = [_tell(session, row.id, row.desk, actor, form, words, incident, token_digest) for row in mine]
    return Begun(exports[0], tuple(row.id for row in mine), len(rows) - len(mine))


def incident_of(session: Session, report: UUID) -> UUID | None:
    """The incident that a report is of."""
    statement = select(_REPORT.c.incident).where(_REPORT.c.id == report)
    found: UUID | None = session.connection().execute(statement).scalar_one_or_none()
    return found


def incident_numbered(session: Session, number: str) -> UUID | None:
    """Which incident has this number: `E330106-20261123-000017`."""
    statement = select(_INCIDENT.c.id).where(_INCIDENT.c.number == number)
    found: UUID | None = session.connection().execute(statement).scalar_one_or_none()
    return found


def _checked(form: str, reason: str) -> str:
    """The reason in one line."""
    if form not in FORMS:
        raise Refused("field_invalid", fields=["form"])
    return _words(reason)


def _tell(
    session: Session,
    report: UUID,
    desk: str,
    actor: str,
    form: str,
    reason: str,
    incident: UUID | None,
    token_digest: bytes | None,
) -> UUID:
    id_ = new_id()
    row = {
        "id": id_,
        "report": report,
        "actor": actor,
        "form": form,
        "reason": reason,
        "incident": incident,
        "at": now(),
    }
    session.connection().execute(insert(_EXPORT), row)
    data = {"export": str(id_), "form": form}
    if incident is not None:
        data["incident"] = str(incident)
    if token_digest is not None:
        data["session"] = mark_of(token_digest)
    # Without the reporter: that the report was handed out is no news for their screen.
    record(session, desk, REPORT_EXPORTED, actor=actor, report=report, data=data)
    return id_


def begin_person(
    session: Session,
    report: UUID,
    actor: str,
    reason: str,
    *,
    desk: str | None = None,
    token_digest: bytes | None = None,
) -> tuple[UUID, list[UUID]]:
    """Record that all reports of this report's person that were closed as false or as harassment are handed out in one
    file; `desk`: those of this desk alone. Gives the file's identifier and the reports, the oldest first.

    Each report's own log tells it too. Runs as a command of the writer. Raises Refused: `report_unknown`,
    `reason_required`, `no_harassment` (there is none).
    """
    connection = session.connection()
    named = connection.execute(
        select(_REPORT.c.reporter, _REPORT.c.desk).where(_REPORT.c.id == report)
    ).first()
    if named is None or desk not in {None, named.desk}:
        raise Refused("report_unknown")
    words = _words(reason)
    statement = (
        select(_REPORT.c.id, _REPORT.c.desk)
        .where(
            _REPORT.c.reporter == named.reporter,
            _REPORT.c.status == "closed",
            _REPORT.c.outcome.in_(HARASSMENT),
            *([_REPORT.c.desk == desk] if desk else []),
        )
        .order_by(_REPORT.c.filed_at, _REPORT.c.id)
        .limit(MOST)
    )
    rows = connection.execute(statement).all()
    if not rows:
        raise Refused("no_harassment")
    lock_log(session, named.desk, *{row.desk for row in rows})
    file = new_id()
    told = {"session": mark_of(token_digest)} if token_digest is not None else {}
    data = {"file": str(file), "reports": len(rows), **told}
    record(session, named.desk, PERSON_EXPORTED, actor=actor, report=report, data=data)
    at = now()
    for row in rows:
        id_ = new_id()
        made = {"id": id_, "report": row.id, "actor": actor, "form": PERSON, "reason": words, "at": at}
        connection.execute(insert(_EXPORT), made)
        each = {"export": str(id_), "form": PERSON, "file": str(file), **told}
        record(session, row.desk, REPORT_EXPORTED, actor=actor, report=row.id, data=each)
    return file, [row.id for row in rows]


def _words(reason: str) -> str:
    words = " ".join(reason.replace("\0", "").split())[:LONGEST_REASON]
    if not words:
        raise Refused("reason_required")
    return words
