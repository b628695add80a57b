"""Everything that is held about a reporter, for the reporter (个人信息保护法 45)."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, select
from sqlmodel import Session

from dispatch import closing, consents, corrections, marks, reading, wechat_accounts
from dispatch.cipher import FieldCipher
from dispatch.clock import now
from dispatch.identity import IdentityNumber
from dispatch.models import TABLES
from dispatch.states import MarkState, ReportState

AT_ONCE = 100

_REPORTER, _SESSION = TABLES["reporter"], TABLES["reporter_session"]


@dataclass(frozen=True, slots=True)
class Holdings:
    """What is held at `at`. The name stands in full, phone and number masked.

    A duress word is not among it, nor whether one was said: who forces the reporter may be reading along.
    """

    at: datetime
    reporter: Row[Any]
    name: str | None
    id_number: str | None
    formers: list[corrections.Former]
    consents: list[Row[Any]]
    sessions: list[Row[Any]]  # those that are open
    wechat: list[datetime]  # when each WeChat account was linked that signs in
    reports: list[ReportState]
    kept: tuple[closing.Kept, ...]
    marks: list[MarkState]  # as a nuisance, all that there ever were


def holdings(session: Session, cipher: FieldCipher, reporter: UUID) -> Holdings:
    """All of it, in one snapshot."""
    at = now()
    row = session.connection().execute(select(_REPORTER).where(_REPORTER.c.id == reporter)).one()
    return Holdings(
        at=at,
        reporter=row,
        name=_open(cipher, row, "name"),
        id_number=_masked(_open(cipher, row, "id_number")),
        formers=corrections.formers(session, [reporter]).get(reporter, []),
        consents=consents.history(session, reporter),
        sessions=_sessions(session, reporter, at),
        wechat=wechat_accounts.linked_since(session, reporter),
        reports=_reports(session, reporter),
        kept=closing.kept_reports(session, reporter, at),
        marks=marks.all_of(session, reporter),
    )


def _open(cipher: FieldCipher, row: Row[Any], column: str) -> str | None:
    sealed = getattr(row, column)
    return None if sealed is None else cipher.open("reporter", column, row.id, sealed)


def _masked(number: str | None) -> str | None:
    return None if number is None else IdentityNumber.parse(number).masked


def _sessions(session: Session, reporter: UUID, at: datetime) -> list[Row[Any]]:
    chosen = (
        select(_SESSION)
        .where(_SESSION.c.reporter == reporter, _SESSION.c.revoked_at.is_(None), _SESSION.c.expires_at > at)
        .order_by(_SESSION.c.made_at.desc())
    )
    return [*session.connection().execute(chosen)]


def _reports(session: Session, reporter: UUID) -> list[ReportState]:
    """All reports, newest first."""
    found: list[ReportState] = []
    while True:
        before = (found[-1].filed_at, found[-1].id) if found else None
        page = reading.page_of_reporter(session, reporter, before, AT_ONCE)
        found += page
        if len(page) < AT_ONCE:
            return found
