"""What a desk has ready to say: quick replies, and questions with answers to tap, by category.

The province's rows (`desk` null) are every desk's, until a desk has one of its own in their place (`replaces`), or has
removed it. Reading them costs one query each: they come with every report that is taken in hand.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Literal
from uuid import UUID

from sqlalchemy import Row, Table, bindparam, or_, select
from sqlmodel import Session

from dispatch.models import TABLES

Kind = Literal["reply", "question"]
KINDS: Final[tuple[Kind, ...]] = ("reply", "question")
TABLE: Final[Mapping[Kind, Table]] = {"reply": TABLES["quick_reply"], "question": TABLES["ready_question"]}

# As protocol.md has them; `invalid` is an outcome, and nobody is asked about it.
CATEGORIES: Final = (
    "crime",
    "public_order",
    "traffic",
    "dispute",
    "help",
    "tip_off",
    "fraud",
    "fire",
    "other",
)
TOPICS: Final = ("reporter", "other", "scene")
# No key of these means anything else on the desk's page: who left the questions open must not ask by accident.
KEYS: Final = (*"1234567890", "-", "=", "[", "]", ";", "'", ",", ".", "`")


@dataclass(frozen=True, slots=True)
class ReadyWords:
    """One of them, in both languages. `name` is the catalogue's while the words are those that came with us."""

    id: UUID
    name: str | None
    category: str | None  # none: for every report
    text_zh: str
    text_en: str
    covert: bool  # may be sent to who must not be noticed
    place: int = 0
    own: bool = False  # the desk's, not the province's
    answers_zh: tuple[str, ...] = ()  # of a question
    answers_en: tuple[str, ...] = ()
    key: str | None = None
    topic: str = "scene"


@dataclass(frozen=True, slots=True)
class Ready:
    """All that a desk has ready, each list in its order; `removed` is what can be brought back."""

    replies: tuple[ReadyWords, ...] = ()
    questions: tuple[ReadyWords, ...] = ()
    removed: Mapping[Kind, tuple[ReadyWords, ...]] = field(default_factory=dict)

    def of(self, kind: Kind) -> tuple[ReadyWords, ...]:
        """The list of a kind."""
        return self.replies if kind == "reply" else self.questions


def _statement(table: Table) -> Any:
    return (
        select(table)
        .where(or_(table.c.desk.is_(None), table.c.desk == bindparam("of")))
        .order_by(table.c.place, table.c.id)
    )


# Statements are built once: building one costs three times as much as running it.
_ALL = {kind: _statement(TABLE[kind]) for kind in KINDS}


def at_desk(session: Session, desk: str) -> Ready:
    """What a desk has ready now."""
    found = {kind: _of_kind(session, kind, desk) for kind in KINDS}
    return Ready(
        replies=found["reply"][0],
        questions=found["question"][0],
        removed={kind: found[kind][1] for kind in KINDS},
    )


def _of_kind(
    session: Session, kind: Kind, desk: str
) -> tuple[tuple[ReadyWords, ...], tuple[ReadyWords, ...]]:
    rows = session.connection().execute(_ALL[kind], {"of": desk}).all()
    replaced = {row.replaces for row in rows if row.desk is not None}
    here = [row for row in rows if row.desk is not None or row.id not in replaced]
    standing = tuple(words_of(kind, row) for row in here if row.removed_at is None)
    gone = sorted((row for row in here if row.desk and row.removed_at), key=lambda row: row.removed_at)
    return standing, tuple(words_of(kind, row) for row in reversed(gone))


def words_of(kind: Kind, row: Row[Any]) -> ReadyWords:
    """A row of either table."""
    question = kind == "question"
    return ReadyWords(
        id=row.id,
        name=row.name,
        category=row.category,
        text_zh=row.text_zh,
        text_en=row.text_en,
        covert=row.covert,
        place=row.place,
        own=row.desk is not None,
        answers_zh=tuple(row.answers_zh) if question else (),
        answers_en=tuple(row.answers_en) if question else (),
        key=row.key if question else None,
        topic=row.topic if question else "scene",
    )


def in_order(words: Sequence[ReadyWords], category: str | None) -> list[ReadyWords]:
    """Those of one category (None: of every report), in their order."""
    return [each for each in words if each.category == category]
