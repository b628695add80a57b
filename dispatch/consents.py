"""Consent by purpose (个人信息保护法 Personal Information Protection Law, 13 (1), 14, 15).

What a report needs stands on a statutory duty and on the protection of life in an emergency (13 (3), (4)) and asks
for no consent; it stands in the notice. What is here goes beyond that: each purpose is agreed to by itself, none is
before it was said, and taking it back is the same act. Whoever processes for such a purpose asks `agreed` first.

A wording has an edition. Who agreed to an older one has not agreed to what stands there now, and is asked again.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import ColumnElement, Row, bindparam, exists, insert, select
from sqlmodel import Session

from dispatch.clock import now
from dispatch.errors import Refused
from dispatch.events import CONSENT_GIVEN, CONSENT_WITHDRAWN, record
from dispatch.ids import new_id
from dispatch.models import TABLES
from dispatch.reporters import PROVINCE

# Purpose → the edition of what the notice says of it (`citizen.consents.<purpose>` in the catalogue). Whoever changes
# what is meant there gives it a new edition here.
EDITIONS: Final[Mapping[str, str]] = {
    "keep_identity": "2026-11",  # the real name stays for the next report, beyond what the reports need
    "notices": "2026-11",  # news of a report by subscription message or SMS, when the page is closed
    "statistics": "2026-11",  # how the reporter got on with the page, for improving it
    "follow_up": "2026-11",  # a call afterwards about how it was handled
}

_CONSENT = TABLES["consent"]
_OF = (
    select(_CONSENT.c.purpose, _CONSENT.c.wording, _CONSENT.c.given, _CONSENT.c.at)
    .where(_CONSENT.c.reporter == bindparam("of"))
    .order_by(_CONSENT.c.at, _CONSENT.c.id)
)


@dataclass(frozen=True, slots=True)
class Standing:
    """How it stands with one purpose."""

    purpose: str
    edition: str  # today's
    agreed: bool
    outdated: bool  # agreed to, but in an older wording: to be asked again
    at: datetime | None  # of the last answer; None: never asked


def history(session: Session, reporter: UUID) -> list[Row[Any]]:
    """Every answer of the reporter, oldest first: purpose, wording, given, at."""
    rows: list[Row[Any]] = [*session.connection().execute(_OF, {"of": reporter})]
    return rows


def standings(session: Session, reporter: UUID) -> list[Standing]:
    """How it stands with every purpose, in the order of `EDITIONS`."""
    latest = {row.purpose: row for row in history(session, reporter)}
    return [_standing(purpose, edition, latest.get(purpose)) for purpose, edition in EDITIONS.items()]


def agrees(purpose: str, reporter: ColumnElement[UUID]) -> ColumnElement[bool]:
    """The same as `agreed` for a statement: of the reporter in that column."""
    later = _CONSENT.alias("later")
    newest = ~exists().where(
        later.c.reporter == _CONSENT.c.reporter, later.c.purpose == purpose, later.c.at > _CONSENT.c.at
    )
    return exists().where(
        _CONSENT.c.reporter == reporter,
        _CONSENT.c.purpose == purpose,
        _CONSENT.c.wording == EDITIONS[purpose],
        _CONSENT.c.given.is_(True),
        newest,
    )


def agreed(session: Session, reporter: UUID, purpose: str) -> bool:
    """Whether the reporter agrees to this purpose, in today's wording."""
    return next(found.agreed for found in standings(session, reporter) if found.purpose == purpose)


def answer(session: Session, reporter: UUID, purpose: str, given: bool, wording: str | None) -> None:
    """Keep the reporter's answer. Runs as a command of the writer; the same again changes nothing.

    Raises Refused: `purpose_unknown`; `wording_outdated` when another edition was read than today's. To take an
    agreement back nothing needs to have been read.
    """
    edition = EDITIONS.get(purpose)
    if edition is None:
        raise Refused("purpose_unknown")
    if given and wording != edition:
        raise Refused("wording_outdated")
    latest = {row.purpose: row for row in history(session, reporter)}.get(purpose)
    if latest is None and not given:
        return
    if latest is not None and latest.given == given and (not given or latest.wording == edition):
        return
    read = edition if given or latest is None else latest.wording
    _keep(session, reporter, purpose, read, given)


def withdraw_all(session: Session, reporter: UUID) -> None:
    """Take back everything that is agreed to, in whatever wording."""
    latest = {row.purpose: row for row in history(session, reporter)}
    for purpose, row in sorted(latest.items()):
        if row.given:
            _keep(session, reporter, purpose, row.wording, given=False)


def _keep(session: Session, reporter: UUID, purpose: str, wording: str, given: bool) -> None:
    session.connection().execute(
        insert(_CONSENT),
        {
            "id": new_id(),
            "reporter": reporter,
            "purpose": purpose,
            "wording": wording,
            "given": given,
            "at": now(),
        },
    )
    record(
        session,
        PROVINCE,
        CONSENT_GIVEN if given else CONSENT_WITHDRAWN,
        actor=f"reporter:{reporter}",
        reporter=reporter,
        data={"purpose": purpose, "wording": wording},
    )


def _standing(purpose: str, edition: str, row: Row[Any] | None) -> Standing:
    given = row is not None and bool(row.given)
    current = row is not None and row.wording == edition
    return Standing(
        purpose, edition, given and current, given and not current, row.at if row is not None else None
    )
