"""Danger words (危险词): what in a report lifts it in the queue, and by how many minutes.

The province has a list for every desk; a desk has words of its own, which count there before the province's. A word of
0 minutes is harmless, and hides what stands inside it. A process keeps all words in memory and reads them again when
an event says that they have changed; such an event stands in the log of every desk, since each may be offered another's
reports.
"""

import re
import tomllib
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Final, Literal
from uuid import UUID

from sqlalchemy import bindparam, insert, select, update
from sqlmodel import Session

from dispatch.clock import now
from dispatch.desks import DESKS, PROVINCE
from dispatch.duress import words_in
from dispatch.events import DANGER_WORD_REMOVED, DANGER_WORD_SET, DANGER_WORDS_CHANGED, lock_log, record
from dispatch.ids import new_id
from dispatch.models import TABLES
from dispatch.order import DANGER_MOST_MIN, Danger
from dispatch.settings import CHECKOUT
from dispatch.states import ReportState

CHANGES: Final = frozenset({DANGER_WORD_SET, DANGER_WORD_REMOVED, DANGER_WORDS_CHANGED})

# Signs of a word. Longer than a word is a sentence, which nobody writes twice alike.
LONGEST: Final = 20
# Of one list: more would be a dictionary, and every card is held against all of them.
MOST_WORDS: Final = 300
# Reports of which it is kept in memory what was found in them.
REMEMBERED: Final = 50_000

Trouble = Literal["empty", "letter", "long", "many", "minutes"]

_WORD = TABLES["danger_word"]
_STANDING = (
    select(_WORD.c.id, _WORD.c.desk, _WORD.c.word, _WORD.c.weight, _WORD.c.dispatcher)
    .where(_WORD.c.removed_at.is_(None))
    .order_by(_WORD.c.at, _WORD.c.id)
)
_REMOVE = update(_WORD).where(_WORD.c.id == bindparam("of"), _WORD.c.removed_at.is_(None))

_BETWEEN = re.compile(r"[\W_]+")
_HAN = re.compile(r"[\u3400-\u9fff\U00020000-\U0003ffff]")
_HIDDEN = "\0"


@dataclass(frozen=True, slots=True)
class Entry:
    """A word as it stands in a list. `desk` None: the province's."""

    id: UUID
    desk: str | None
    word: str
    minutes: int
    dispatcher: str | None


def folded(text: str) -> str:
    """A text whatever the width and case of its signs (NFKC, case folded)."""
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())


def squashed(text: str) -> str:
    """What counts of a text: its letters and digits."""
    return _BETWEEN.sub("", folded(text))


class _List:
    """The words of one desk, made ready to be found."""

    def __init__(self, words: Mapping[str, Danger]) -> None:
        """`words` by what counts of them."""
        self._dangers = {counts: danger for counts, danger in words.items() if danger.minutes}
        han = [counts for counts in words if _HAN.search(counts)]
        latin = [counts for counts in words if not _HAN.search(counts)]
        self._han = [counts for counts in han if counts in self._dangers]
        self._harmless_han = _any_of([counts for counts in han if counts not in self._dangers])
        # In a script with spaces a word ends where its letters end: there is no gun in "begun".
        self._latin = _any_of([counts for counts in latin if counts in self._dangers], spaced=True)
        self._harmless_latin = _any_of(
            [counts for counts in latin if counts not in self._dangers], spaced=True
        )

    def find(self, texts: Iterable[str]) -> tuple[Danger, ...]:
        found: set[str] = set()
        for text in texts:
            plain = self._harmless_latin.sub(_HIDDEN, folded(text))
            found.update(_BETWEEN.sub("", match[0]) for match in self._latin.finditer(plain))
            if self._han and _HAN.search(plain):
                counts = self._harmless_han.sub(_HIDDEN, squashed(text))
                found.update(word for word in self._han if word in counts)
        outermost = [word for word in found if not any(word != other and word in other for other in found)]
        return tuple(
            sorted((self._dangers[word] for word in outermost), key=lambda one: (-one.minutes, one.word))
        )


def _any_of(words: Iterable[str], *, spaced: bool = False) -> re.Pattern[str]:
    """What finds any of these words, the longest first; nothing when there is none."""
    longest_first = sorted(words, key=len, reverse=True)
    if not longest_first:
        return re.compile(r"(?!)")
    if not spaced:
        return re.compile("|".join(map(re.escape, longest_first)))
    letters = "|".join(r"[\W_]*".join(map(re.escape, word)) for word in longest_first)
    return re.compile(rf"(?<![^\W_])(?:{letters})(?![^\W_])")


class Reading:
    """All danger words as they stood once, and what was found by them in which version of a report."""

    def __init__(self, entries: Sequence[Entry] = ()) -> None:
        self.entries = entries
        lists: dict[str | None, dict[str, Danger]] = {None: {}}
        for entry in entries:
            lists.setdefault(entry.desk, {})[squashed(entry.word)] = Danger(entry.word, entry.minutes)
        self._lists = {desk: _List(lists[None] | words) for desk, words in lists.items()}
        self._found: dict[UUID, tuple[int, tuple[Danger, ...]]] = {}

    def find(self, desk: str, texts: Iterable[str]) -> tuple[Danger, ...]:
        """The danger words in some texts, by the words of this desk; the gravest first."""
        of = self._lists.get(desk) or self._lists[None]
        return of.find(texts)

    def found_before(self, report: UUID, version: int) -> tuple[Danger, ...] | None:
        """What was found in a report at this version; None where that is not known."""
        known = self._found.get(report)
        return known[1] if known is not None and known[0] == version else None

    def remember(self, report: UUID, version: int, found: tuple[Danger, ...]) -> None:
        """Keep what was found in a report at this version: whatever is written to it makes another."""
        if len(self._found) >= REMEMBERED:
            self._found.clear()
        self._found[report] = version, found


class Dangers:
    """All danger words, in memory. Safe to read from any thread: a new reading takes the place of the old whole."""

    def __init__(self) -> None:
        self._reading = Reading()

    def load(self, session: Session) -> None:
        """Read the words anew; where they are the same ones, the old reading stays."""
        entries = standing(session)
        if entries != self._reading.entries:
            self._reading = Reading(entries)

    @property
    def reading(self) -> Reading:
        """Another one as soon as the words are others: whether what was found before still counts."""
        return self._reading

    def found_in(self, report: ReportState) -> tuple[Danger, ...]:
        """The danger words in what the reporter has written, by the words of the report's desk; the gravest first."""
        reading = self._reading
        found = reading.found_before(report.id, report.version)
        if found is None:
            found = reading.find(report.desk, _written(report))
            reading.remember(report.id, report.version, found)
        return found


def _written(report: ReportState) -> Iterable[str]:
    yield report.text
    yield from words_in(report.fraud)
    yield from words_in(report.deed)
    yield from (message.text for message in report.messages if message.author == "reporter")


def standing(session: Session, desk: str | None = None) -> list[Entry]:
    """The words that stand: all, or those that count at a desk (its own and the province's)."""
    entries = [Entry(*row) for row in session.connection().execute(_STANDING)]
    return entries if desk is None else [entry for entry in entries if entry.desk in {None, list_of(desk)}]


def list_of(desk: str) -> str | None:
    """Which list the desk's shift leader changes: the province's is everybody's."""
    return None if desk == PROVINCE else desk


def put(session: Session, desk: str, dispatcher: str, word: str, minutes: int) -> Trouble | None:
    """Let a word count for so many minutes at a desk; gives what is wrong with it instead, if anything is."""
    counts = squashed(word)
    if trouble := _trouble(word, counts, minutes):
        return trouble
    lock_log(session, *DESKS)
    own = [entry for entry in standing(session) if entry.desk == list_of(desk)]
    before = next((entry for entry in own if squashed(entry.word) == counts), None)
    if before is not None and before.minutes == minutes:
        return None
    if before is None and len(own) >= MOST_WORDS:
        return "many"
    if before is not None:
        session.connection().execute(_REMOVE.values(removed_at=now()), {"of": before.id})
    id_ = new_id()
    row = {"id": id_, "desk": list_of(desk), "word": word.strip(), "weight": minutes}
    session.connection().execute(insert(_WORD), {**row, "dispatcher": dispatcher, "at": now()})
    changed = [before.minutes if before else None, minutes]
    _tell(session, desk, dispatcher, DANGER_WORD_SET, {"word": str(id_), "minutes": changed})
    return None


def _trouble(word: str, counts: str, minutes: int) -> Trouble | None:
    if not 0 <= minutes <= DANGER_MOST_MIN:
        return "minutes"
    if not counts:
        return "empty"
    if len(word.strip()) > LONGEST:
        return "long"
    # One sign of Chinese is a word; one letter stands everywhere.
    return "letter" if len(counts) < 2 and not _HAN.search(counts) else None


def remove(session: Session, desk: str, dispatcher: str, id_: UUID) -> bool:
    """Let a word of the desk's own list count no longer; False when it does not stand there."""
    lock_log(session, *DESKS)
    if not any(entry.id == id_ and entry.desk == list_of(desk) for entry in standing(session)):
        return False
    session.connection().execute(_REMOVE.values(removed_at=now()), {"of": id_})
    _tell(session, desk, dispatcher, DANGER_WORD_REMOVED, {"word": str(id_)})
    return True


def _tell(session: Session, desk: str, dispatcher: str, kind: str, data: dict[str, Any]) -> None:
    actor = f"dispatcher:{dispatcher}"
    record(session, desk, kind, actor=actor, data=data)
    for other in DESKS:
        if other != desk:
            record(session, other, DANGER_WORDS_CHANGED, actor=actor, data={"of": desk})


@cache
def built_in() -> Mapping[str, int]:
    """The words that come with us, and their minutes."""
    lists = tomllib.loads((CHECKOUT / "dispatch" / "danger_words.toml").read_text(encoding="utf-8"))
    return {word: minutes for words in lists.values() for word, minutes in words.items()}


def seed(session: Session) -> None:
    """Give the province the words that come with us; one that was ever there, and removed, stays so."""
    known = set(session.connection().execute(select(_WORD.c.word).where(_WORD.c.desk.is_(None))).scalars())
    rows = [
        {"id": new_id(), "desk": None, "word": word, "weight": minutes, "dispatcher": None, "at": now()}
        for word, minutes in built_in().items()
        if word not in known
    ]
    if rows:
        session.connection().execute(insert(_WORD), rows)
