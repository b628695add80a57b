"""Finding a desk's reports, open and closed: by number, by phone, by words.

The desk's reports are gone through from the newest to the oldest, a stretch at a time, until enough is found or the
time is up; the cursor says where to go on. So no search takes long, whatever is asked for and however much there is.
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Literal
from uuid import UUID

from sqlalchemy import (
    Column,
    ColumnElement,
    and_,
    case,
    exists,
    false,
    func,
    literal,
    literal_column,
    or_,
    select,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Session

from dispatch.errors import Refused
from dispatch.events import REPORTS_SEARCHED, record
from dispatch.models import TABLES
from dispatch.offering import concerns

By = Literal["number", "phone", "words"]

PAGE: Final = 20
OFFERED: Final = (
    5  # of those that another desk offers: fewer than a page, whose last is always the desk's own
)
STRETCH: Final = 2_000  # reports that one query looks at
PATIENCE_S: Final = 1.0
WORDS: Final = 5
LONGEST: Final = 100  # characters

# What of a fraud's and a deed's facts is looked through: names, accounts and places, whichever part holds them.
FRAUD_WORDS: Final = ("contact", "name", "number", "bank")
DEED_WORDS: Final = ("place_text", "at_text", "who", "vehicle")

_REPORT, _REPORTER, _MESSAGE = TABLES["report"], TABLES["reporter"], TABLES["message"]
# Each key of a JSON document with what stands under it, at any depth, as PostgreSQL finds them.
_PAIRS: Final[ColumnElement[Any]] = literal_column(
    """'strict $.** ? (@.type() == "object").keyvalue()'::jsonpath"""
)
_NEWEST = (_REPORT.c.filed_at.desc(), _REPORT.c.id.desc())


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is looked for. A term fits a report's number by its end, its reporter's phone by its last four digits, or
    its words; all terms must fit. `phone_index` is of a whole number (`FieldCipher.index`)."""

    terms: tuple[str, ...]
    phone_index: bytes | None = None

    @property
    def by(self) -> list[By]:
        """What kinds of look-up it is, for the log."""
        kinds: list[By] = []
        if self.phone_index is not None or any(_is_end_of_phone(term) for term in self.terms):
            kinds.append("phone")
        if any(_is_number(term) for term in self.terms):
            kinds.append("number")
        if any(not _is_number(term) for term in self.terms):
            kinds.append("words")
        return kinds


@dataclass(frozen=True, slots=True)
class Result:
    """The reports found, newest first; where to go on, and down to when it was looked."""

    reports: tuple[UUID, ...]
    cursor: str | None
    reached: datetime | None


def find(
    session: Session, desk: str, wanted: Wanted, cursor: str | None = None, patience_s: float = PATIENCE_S
) -> Result:
    """A page of the desk's reports that fit, and of those that it is offered. Raises Refused `cursor_invalid`."""
    before = _before(cursor)
    end = time.monotonic() + patience_s
    found: list[UUID] = [] if before else _offered(session, desk, wanted)
    while True:
        stretch = _stretch(session, desk, before)
        found += _fitting(session, wanted, [id_ for _, id_ in stretch])
        if len(found) >= PAGE:
            return _page(session, found[:PAGE])
        if len(stretch) < STRETCH:
            return Result(tuple(found), None, None)
        before = stretch[-1]
        if time.monotonic() > end:
            return Result(tuple(found), _cursor(before), before[0])


def tell(
    session: Session, desk: str, dispatcher: str, wanted: Wanted, digest: bytes, found: int, *, more: bool
) -> None:
    """Record that a dispatcher searched, before they are shown what was found: how, how much, and a keyed digest of
    the words, which are personal. Runs as a command of the writer."""
    data = {"by": wanted.by, "found": found, "digest": digest.hex(), "more": more}
    record(session, desk, REPORTS_SEARCHED, actor=f"dispatcher:{dispatcher}", data=data)


def _is_number(term: str) -> bool:
    """Whether it can be the end of a report's number: digits and dashes."""
    return term.isascii() and term.replace("-", "").isdigit()


def _is_end_of_phone(term: str) -> bool:
    return len(term) == 4 and term.isascii() and term.isdigit()


def _stretch(
    session: Session, desk: str, before: tuple[datetime, UUID] | None
) -> Sequence[tuple[datetime, UUID]]:
    """The next reports of the desk, newest first."""
    statement = select(_REPORT.c.filed_at, _REPORT.c.id).where(_REPORT.c.desk == desk)
    if before is not None:
        statement = statement.where(_older(before))
    rows = session.connection().execute(statement.order_by(*_NEWEST).limit(STRETCH))
    return [(row.filed_at, row.id) for row in rows]


def _older(than: tuple[datetime, UUID]) -> ColumnElement[bool]:
    at, id_ = than
    return (_REPORT.c.filed_at < at) | ((_REPORT.c.filed_at == at) & (_REPORT.c.id < id_))


def _fitting(session: Session, wanted: Wanted, ids: Sequence[UUID]) -> list[UUID]:
    """Those that fit, in their order."""
    if not ids:
        return []
    statement = (
        select(_REPORT.c.id)
        .join(_REPORTER, _REPORTER.c.id == _REPORT.c.reporter)
        .where(_REPORT.c.id.in_(ids), _fits(session, wanted))
        .order_by(*_NEWEST)
    )
    return list(session.connection().execute(statement).scalars())


def _offered(session: Session, desk: str, wanted: Wanted) -> list[UUID]:
    """Those of other desks that this one is offered, or asked to take over."""
    statement = (
        select(_REPORT.c.id)
        .join(_REPORTER, _REPORTER.c.id == _REPORT.c.reporter)
        .where(concerns(literal(desk)), _REPORT.c.desk != desk, _fits(session, wanted))
        .order_by(*_NEWEST)
        .limit(OFFERED)
    )
    return list(session.connection().execute(statement).scalars())


def _fits(session: Session, wanted: Wanted) -> ColumnElement[bool]:
    fits = and_(*(_fits_term(session, term) for term in wanted.terms)) if wanted.terms else false()
    if wanted.phone_index is not None:
        return or_(_REPORTER.c.phone_index == wanted.phone_index, fits)
    return fits


def _fits_term(session: Session, term: str) -> ColumnElement[bool]:
    like = _escaped(term)
    anywhere = f"%{like}%"
    said = exists().where(_MESSAGE.c.report == _REPORT.c.id, _MESSAGE.c.text.ilike(anywhere, escape="\\"))
    ways: list[ColumnElement[bool]] = [
        _REPORT.c.text.ilike(anywhere, escape="\\"),
        _REPORT.c.place_text.ilike(anywhere, escape="\\"),
        said,
        _fits_facts(session, _REPORT.c.fraud, FRAUD_WORDS, term),
        _fits_facts(session, _REPORT.c.deed, DEED_WORDS, term),
    ]
    if _is_number(term):
        ways.append(_REPORT.c.number.like(f"%{like}", escape="\\"))
    if _is_end_of_phone(term):
        ways.append(_REPORTER.c.phone_masked.like(f"%{like}", escape="\\"))
    return or_(*ways)


def _fits_facts(session: Session, facts: Column[Any], keys: Sequence[str], term: str) -> ColumnElement[bool]:
    """Whether the term stands in a string that is under one of these keys, at any depth of a JSON document. The digits
    of an account are found however they are grouped there and here."""
    key, value = _strings_of(session, facts)
    ways: list[ColumnElement[bool]] = [value.ilike(f"%{_escaped(term)}%", escape="\\")]
    if _is_number(term) and (digits := term.replace("-", "")):
        ways.append(func.replace(func.replace(value, " ", ""), "-", "").like(f"%{digits}%"))
    return exists(select(literal(1)).where(key.in_(keys), or_(*ways)))


def _strings_of(session: Session, facts: Column[Any]) -> tuple[ColumnElement[Any], ColumnElement[Any]]:
    """The strings of a JSON document, as the keys that they stand under and themselves: rows of their own, which each
    database walks its own way."""
    if session.connection().dialect.name == "sqlite":
        every = func.json_tree(facts).table_valued("key", "atom", "type")
        return every.c.key, case((every.c.type == "text", every.c.atom), else_="")
    pair = func.jsonb_path_query(facts, _PAIRS, type_=JSONB()).column_valued("pair")
    is_text = func.jsonb_typeof(pair["value"]) == "string"
    return pair["key"].astext, case((is_text, pair["value"].astext), else_="")


def _escaped(term: str) -> str:
    return term.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")


def _page(session: Session, found: Sequence[UUID]) -> Result:
    last = session.connection().execute(
        select(_REPORT.c.filed_at, _REPORT.c.id).where(_REPORT.c.id == found[-1])
    )
    row = last.one()
    return Result(tuple(found), _cursor((row.filed_at, row.id)), row.filed_at)


def _cursor(place: tuple[datetime, UUID]) -> str:
    return f"{place[0].isoformat()}_{place[1]}"


def _before(cursor: str | None) -> tuple[datetime, UUID] | None:
    if not cursor:
        return None
    at, _, id_ = cursor.partition("_")
    try:
        return datetime.fromisoformat(at), UUID(id_)
    except ValueError:
        raise Refused("cursor_invalid") from None


def wanted_of(query: str, phone_index: bytes | None = None) -> Wanted:
    """What a line of words asks for: at most `WORDS` of them."""
    return Wanted(tuple(query[:LONGEST].split()[:WORDS]), phone_index)
