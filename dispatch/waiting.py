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
from typing import Any, Final
from uuid import UUID

from sqlalchemy import ColumnElement, Row, Select, bindparam, exists, false, func, select, true, union_all
from sqlmodel import Session

from dispatch import crowds
from dispatch.clock import now
from dispatch.danger_words import Dangers
from dispatch.duress import words_in
from dispatch.marks import marked
from dispatch.models import TABLES
from dispatch.offering import offered_at
from dispatch.order import WORDS_MOST_MIN, Danger, Signs, rank, reasons

_REPORT, _REPORTER, _MESSAGE = TABLES["report"], TABLES["reporter"], TABLES["message"]
_ACKNOWLEDGEMENT, _OFFERING, _TRANSFER = TABLES["acknowledgement"], TABLES["offering"], TABLES["transfer"]

# So many ids are put into one statement; databases do not take any number.
AT_ONCE: Final = 1000


@dataclass(frozen=True, slots=True)
class Waiting:
    """Who waits, by id, in their order: those that get a card, the others, and those of floods, by person."""

    cards: list[UUID]
    beyond: list[UUID]
    floods: dict[UUID, list[UUID]] = field(default_factory=dict)


def _signs(
    since: ColumnElement[Any], taken_back: ColumnElement[bool], comes: ColumnElement[bool]
) -> Select[Any]:
    """What counts of a report besides its words, which are long: those are read apart, of whom they could bring in."""
    return select(
        _REPORT.c.id,
        _REPORT.c.desk,
        _REPORT.c.reporter,
        _REPORT.c.incident,
        _REPORT.c.kind,
        _REPORT.c.covert,
        _REPORT.c.duress_said,
        _REPORT.c.duress_heard,
        _REPORTER.c.hearing_speech_impaired,
        _REPORTER.c.invalid_reports,
        since.label("since"),
        taken_back.label("taken_back"),
        comes.label("comes"),
        marked(bindparam("moment"), _REPORT.c.reporter).label("marked"),
    ).join(_REPORTER, _REPORTER.c.id == _REPORT.c.reporter)


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
    _signs(_REPORT.c.filed_at, false(), false()).where(*_FILED),
    _signs(_REPORT.c.filed_at, true(), false()).where(*_TAKEN_BACK),
    _signs(_TRANSFER.c.asked_at, false(), true())
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
    rows = session.connection().execute(_WAITING, {"of": desk, "moment": now()}).all()
    ranks = {row.id: _rank(row) for row in rows}
    crowded = crowds.many(row.reporter for row in rows if _may_fold(row))
    near = {row.id: row for row in rows if row.reporter in crowded}
    if len(rows) > most:
        # Whoever is of a flood may leave its place to the next.
        alone = sorted(ranks[row.id] for row in rows if row.reporter not in crowded)
        last = alone[most - 1] + WORDS_MOST_MIN * 60_000 if len(alone) >= most else max(ranks.values())
        near |= {row.id: row for row in rows if ranks[row.id] <= last}
    grave = set()
    for id_, texts in _written(session, list(near)):
        if found := dangers.find(near[id_].desk, texts):
            grave.add(id_)
            ranks[id_] = _rank(near[id_], found)
    ordered = sorted(ranks, key=lambda id_: (ranks[id_], id_))
    whose = {row.id: row.reporter for row in rows if _may_fold(row) and row.id not in grave}
    kept, floods = crowds.split(ordered, whose)
    return Waiting(kept[:most], kept[most:], floods)


def _may_fold(row: Row[Any]) -> bool:
    """As `dispatch.floods` has it, but for the words: those are read of whom it may matter for."""
    signs = row.comes or row.covert or row.duress_said or row.hearing_speech_impaired or row.incident
    return not signs and not row.taken_back


def _rank(row: Row[Any], dangers: tuple[Danger, ...] = ()) -> int:
    signs = Signs(
        kind=row.kind,
        duress=row.duress_said > row.duress_heard,
        covert=row.covert,
        impaired=row.hearing_speech_impaired,
        dangers=dangers,
        invalid=row.invalid_reports,
        taken_back=row.taken_back,
        marked=row.marked,
    )
    return rank(row.since, reasons(signs))


def _written(session: Session, ids: Sequence[UUID]) -> Iterator[tuple[UUID, Iterable[str]]]:
    """What the reporters of these wrote, in which a danger word can stand."""
    connection = session.connection()
    for start in range(0, len(ids), AT_ONCE):
        these = {"ids": list(ids[start : start + AT_ONCE])}
        said: dict[UUID, list[str]] = defaultdict(list)
        for report, text in connection.execute(_MESSAGES, these):
            said[report].append(text)
        for row in connection.execute(_WORDS, these):
            yield row.id, [row.text, *words_in(row.fraud), *words_in(row.deed), *said[row.id]]
