"""Who waits at a desk (等候): whoever nobody has received, its own and those that it is offered; and what another desk
asks it to take over.

A report that its reporter took back waits too, after the others: that may have been forced, and nobody has looked. A
page holds only so many cards. Whom it shows is decided by what decides their order (`dispatch.order`), so that nobody
urgent is left out for having come late; whom it leaves out it is told of by their ids. Of one person's flood
(`dispatch.floods`) it is given a few alone: nobody else loses a place to them.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Final
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    Row,
    Select,
    and_,
    bindparam,
    exists,
    false,
    func,
    select,
    true,
    union_all,
)
from sqlmodel import Session

from dispatch import crowds
from dispatch.clock import now
from dispatch.danger_words import Dangers, Reading
from dispatch.duress import words_in
from dispatch.marks import marked
from dispatch.models import TABLES
from dispatch.offering import offered_at
from dispatch.order import WORDS_MOST_MIN, Danger, Reason, Signs, rank, reasons
from dispatch.turns import giving_way

_REPORT, _REPORTER, _MESSAGE = TABLES["report"], TABLES["reporter"], TABLES["message"]
_ACKNOWLEDGEMENT, _OFFERING, _TRANSFER = TABLES["acknowledgement"], TABLES["offering"], TABLES["transfer"]

# So many reports are looked at in one go.
STEP: Final = 100


@dataclass(frozen=True, slots=True)
class Waiting:
    """Who waits, by id, in their order: those that get a card, the others, and those of floods, by person."""

    cards: list[UUID]
    beyond: list[UUID]
    floods: dict[UUID, list[UUID]] = field(default_factory=dict)


def _signs(
    since: ColumnElement[Any], taken_back: ColumnElement[bool], folds: ColumnElement[bool]
) -> Select[Any]:
    """What counts of a report besides its words, which are long: those are read apart, of whom they could bring in.

    `folds`: whether it may fold into a flood (`dispatch.floods`), but for its words. From `SIGNS_FROM` on the columns
    are those of `dispatch.order.Signs` that are known here, in that order.
    """
    return select(
        _REPORT.c.id,
        _REPORT.c.reporter,
        _REPORT.c.desk,
        _REPORT.c.version,
        since.label("since"),
        folds.label("folds"),
        _REPORT.c.kind,
        (_REPORT.c.duress_said > _REPORT.c.duress_heard).label("duress"),
        _REPORT.c.covert,
        _REPORTER.c.hearing_speech_impaired,
        _REPORTER.c.invalid_reports,
        taken_back.label("taken_back"),
        marked(bindparam("moment"), _REPORT.c.reporter).label("marked"),
    ).join(_REPORTER, _REPORTER.c.id == _REPORT.c.reporter)


SIGNS_FROM: Final = 6
_FOLDS = and_(
    ~_REPORT.c.covert,
    _REPORT.c.duress_said == 0,
    ~_REPORTER.c.hearing_speech_impaired,
    _REPORT.c.incident.is_(None),
)
# Statements are built once: building one costs three times as much as running it.
_FILED = (offered_at(bindparam("of")), _REPORT.c.status == "filed")
# By the index of desk and status; only what is filed is offered to anybody else.
_TAKEN_BACK = (
    _REPORT.c.desk == bindparam("of"),
    _REPORT.c.status == "withdrawn",
    ~exists().where(_ACKNOWLEDGEMENT.c.report == _REPORT.c.id),
)
_COMING = (_TRANSFER.c.to_desk == bindparam("of"), _TRANSFER.c.ended_at.is_(None))
_WAITING = union_all(
    _signs(_REPORT.c.filed_at, false(), _FOLDS).where(*_FILED),
    _signs(_REPORT.c.filed_at, true(), false()).where(*_TAKEN_BACK),
    _signs(_TRANSFER.c.asked_at, false(), false())
    .join(_TRANSFER, _TRANSFER.c.report == _REPORT.c.id)
    .where(*_COMING),
)
_WORDS = select(_REPORT.c.id, _REPORT.c.text, _REPORT.c.fraud, _REPORT.c.deed).where(
    _REPORT.c.id.in_(bindparam("ids", expanding=True))
)
_MESSAGES = select(_MESSAGE.c.report, _MESSAGE.c.text).where(
    _MESSAGE.c.report.in_(bindparam("ids", expanding=True)), _MESSAGE.c.author == "reporter"
)
# In one statement: it is asked for at every change of the desk.
_COUNT = select(
    select(func.count())
    .where(_REPORT.c.desk == bindparam("of"), _REPORT.c.status == "filed")
    .scalar_subquery()
    + select(func.count()).where(*_TAKEN_BACK).scalar_subquery()
    + select(func.count()).where(_OFFERING.c.desk == bindparam("of")).scalar_subquery()
    + select(func.count()).select_from(_TRANSFER).where(*_COMING).scalar_subquery()
)


def count(session: Session, desk: str) -> int:
    """How many reports of the desk, of those offered to it, and of those that it is asked to take over, wait."""
    return int(session.connection().execute(_COUNT, {"of": desk}).scalar_one())


def first(session: Session, desk: str, most: int, dangers: Dangers) -> Waiting:
    """Who waits: the first so many, in their order where there are more, and all others."""
    found = session.connection().execute(_WAITING, {"of": desk, "moment": now()})
    rows: list[Row[Any]] = []
    ranks: list[int] = []
    # Of a flood there are thousands: what is done for each of them is little, and nothing twice.
    for some in giving_way(found.partitions(STEP)):
        rows += some
        ranks += [rank(since, _why(*signs)) for _, _, _, _, since, _, *signs in some]
    folds = [row.folds for row in rows]
    crowded = crowds.many(row.reporter for row in rows if row.folds)
    own = [row.reporter in crowded for row in rows]
    near = {n for n, of_crowd in enumerate(own) if of_crowd}
    if len(rows) > most:
        # Whoever is of a flood may leave its place to the next.
        alone = sorted(ranked for ranked, of_crowd in zip(ranks, own, strict=True) if not of_crowd)
        last = alone[most - 1] + WORDS_MOST_MIN * 60_000 if len(alone) >= most else max(ranks)
        near |= {n for n, ranked in enumerate(ranks) if ranked <= last}
    for n, words in _dangers(session, rows, sorted(near), dangers.reading):
        ranks[n] = rank(rows[n].since, _why(*rows[n][SIGNS_FROM:], dangers=words))
        folds[n] = False
    order = sorted(range(len(rows)), key=lambda n: (ranks[n], rows[n].id))
    kept, floods = crowds.split([(rows[n].id, rows[n].reporter if folds[n] else None) for n in order])
    return Waiting(kept[:most], kept[most:], floods)


@lru_cache(maxsize=1000)
def _why(
    kind: str,
    duress: bool,
    covert: bool,
    impaired: bool,
    invalid: int,
    taken_back: bool,
    marked: bool,
    *,
    dangers: tuple[Danger, ...] = (),
) -> tuple[Reason, ...]:
    return reasons(Signs(kind, duress, covert, impaired, dangers, invalid, taken_back, marked))


def _dangers(
    session: Session, rows: Sequence[Row[Any]], which: Sequence[int], words: Reading
) -> Iterator[tuple[int, tuple[Danger, ...]]]:
    """Which of these rows, by their places, have danger words, and which. Their words are read once a version."""
    unread = []
    for n in which:
        found = words.found_before(rows[n].id, rows[n].version)
        if found is None:
            unread.append(n)
        elif found:
            yield n, found
    for start in giving_way(range(0, len(unread), STEP)):
        some = {rows[n].id: n for n in unread[start : start + STEP]}
        for id_, texts in _written(session, list(some)):
            n = some[id_]
            found = words.find(rows[n].desk, texts)
            words.remember(id_, rows[n].version, found)
            if found:
                yield n, found


def _written(session: Session, ids: list[UUID]) -> Iterator[tuple[UUID, Iterable[str]]]:
    """What the reporters of these wrote, in which a danger word can stand."""
    connection = session.connection()
    said: dict[UUID, list[str]] = defaultdict(list)
    for report, text in connection.execute(_MESSAGES, {"ids": ids}):
        said[report].append(text)
    for row in connection.execute(_WORDS, {"ids": ids}):
        yield row.id, [row.text, *words_in(row.fraud), *words_in(row.deed), *said[row.id]]
