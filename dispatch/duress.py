"""Duress words (胁迫暗语): what a reporter who is forced to write says so that the desk alone understands.

Some are agreed for everybody, in the catalogue (`terms.duress.agreed`, one a line); a reporter may have one more of
their own. Who holds the phone must notice nothing: an alarm changes nothing that the reporter's side is sent, neither
a field nor a version nor a frame. So its events name the report and not the reporter, whose screens follow theirs.
"""

import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Final, Self
from uuid import UUID

import structlog
from sqlalchemy import bindparam, func, select, update
from sqlmodel import Session

from dispatch.cipher import FieldCipher, Unopenable
from dispatch.clock import now
from dispatch.errors import Refused
from dispatch.events import DURESS_WORD_HEARD, DURESS_WORD_SAID, DURESS_WORD_SET, lock_log, record
from dispatch.models import TABLES
from dispatch.offering import offered_to, seen_by, tell_offered
from dispatch.reporters import PROVINCE
from dispatch.words import Words, languages

log = structlog.get_logger()

# What stands under these in the facts of a fraud or a deed is one of our own codes or a moment: nobody's words, and
# digits among which a short word of one's own would be found by accident.
_NO_WORDS: Final = frozenset(
    {"scheme", "channel", "paid_by", "when", "at", "paid_at", "area", "crs", "source", "location"}
)

# Letters and digits of one's own word, at least: fewer are said by accident. Two of Chinese are a word.
SHORTEST: Final = 4
SHORTEST_HAN: Final = 2

_REPORT, _REPORTER = TABLES["report"], TABLES["reporter"]

_WORD = select(_REPORTER.c.duress_word).where(_REPORTER.c.id == bindparam("of"))
_DESK = select(_REPORT.c.desk).where(_REPORT.c.id == bindparam("of"))
_SAID = (
    update(_REPORT)
    .where(_REPORT.c.id == bindparam("of"))
    .values(
        duress_said=_REPORT.c.duress_said + 1,
        duress_at=func.coalesce(_REPORT.c.duress_at, bindparam("moment")),
    )
    .returning(_REPORT.c.duress_said)
)
_COUNTS = select(_REPORT.c.duress_said, _REPORT.c.duress_heard, _REPORT.c.version).where(
    _REPORT.c.id == bindparam("of")
)
_HEARD = update(_REPORT).where(_REPORT.c.id == bindparam("of")).values(duress_heard=bindparam("upto"))


def normalised(text: str) -> str:
    """What counts of a text: its letters and digits, whatever their width, case and what stands between them."""
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())
    return "".join(sign for sign in folded if unicodedata.category(sign)[0] in "LN")


def words_in(facts: Any) -> Iterator[str]:
    """All that a person wrote into the facts of a fraud or a deed, at any depth; nothing for None.

    Also what a newer client says beyond the fields that are known: a word that is not heard there helps nobody.
    """
    if isinstance(facts, str):
        yield facts
    elif isinstance(facts, dict):
        for key, value in facts.items():
            if key not in _NO_WORDS:
                yield from words_in(value)
    elif isinstance(facts, list | tuple):
        for value in facts:
            yield from words_in(value)


@dataclass(frozen=True, slots=True)
class Ears:
    """What listens: the words agreed for everybody, normalised, and what opens a reporter's own."""

    cipher: FieldCipher
    agreed: tuple[str, ...]

    @classmethod
    def of(cls, cipher: FieldCipher) -> Self:
        """With the agreed words of all languages: nobody is bound to one of them."""
        lines = {line for name in languages() for line in Words.of(name)("terms.duress.agreed").splitlines()}
        return cls(cipher, tuple(sorted(filter(None, map(normalised, lines)))))

    def hear(self, reporter: UUID, sealed: bytes | None, texts: Iterable[str | None]) -> bool:
        """Whether any text holds a duress word: an agreed one, or the reporter's own (`sealed`)."""
        said = [counts for text in texts if text and (counts := normalised(text))]
        if not said:
            return False
        words = self.agreed if sealed is None else (*self.agreed, *self._own(reporter, sealed))
        return any(word in text for text in said for word in words)

    def _own(self, reporter: UUID, sealed: bytes) -> tuple[str, ...]:
        try:
            return (self.cipher.open("reporter", "duress_word", reporter, sealed),)
        except Unopenable:
            # A key was lost. The message it would have stood in must not be lost with it.
            log.error("duress_word_unopenable")
            return ()


def listen(session: Session, ears: Ears, report: UUID, reporter: UUID, *texts: str | None) -> None:
    """Heed what the reporter has just said of a stored report, in the transaction of saying it."""
    sealed = session.connection().execute(_WORD, {"of": reporter}).scalar_one()
    if not ears.hear(reporter, sealed, texts):
        return
    desk = session.connection().execute(_DESK, {"of": report}).scalar_one()
    lock_log(session, desk)
    said = session.connection().execute(_SAID, {"of": report, "moment": now()}).scalar_one()
    note_said(session, desk, report, reporter, said)


def note_said(session: Session, desk: str, report: UUID, reporter: UUID, said: int) -> None:
    """Record that a duress word was said, for the `said`-th time; not which, nor in what."""
    record(session, desk, DURESS_WORD_SAID, actor=f"reporter:{reporter}", report=report, data={"said": said})


def hear(session: Session, report: UUID, desk: str, dispatcher: str, said: int) -> None:
    """A dispatcher of the report's desk, or of one it is offered to, took notice of the first `said` alarms. Twice is
    once.

    Raises Refused `report_unknown`.
    """
    own = session.connection().execute(_DESK, {"of": report}).scalar_one_or_none()
    if own is None or desk not in {own, *offered_to(session, report)}:
        raise Refused("report_unknown")
    elsewhere = seen_by(session, report)
    lock_log(session, own, *elsewhere)
    counts = session.connection().execute(_COUNTS, {"of": report}).one()
    upto = min(said, counts.duress_said)
    if upto <= counts.duress_heard:
        return
    session.connection().execute(_HEARD, {"of": report, "upto": upto})
    actor = f"dispatcher:{dispatcher}"
    record(session, own, DURESS_WORD_HEARD, actor=actor, report=report, data={"said": upto})
    tell_offered(session, report, elsewhere, counts.version)


def set_word(session: Session, cipher: FieldCipher, reporter: UUID, word: str | None) -> None:
    """Keep the reporter's own word, sealed, or none from now on. Nothing ever gives it out again.

    Raises Refused `duress_word_unfit` for one that would be said by accident.
    """
    values: dict[str, Any] = {"duress_word": None}
    if word is not None:
        values["duress_word"] = cipher.seal("reporter", "duress_word", reporter, _fit(word))
    session.connection().execute(update(_REPORTER).where(_REPORTER.c.id == reporter).values(**values))
    data = {"set": word is not None}
    record(session, PROVINCE, DURESS_WORD_SET, actor=f"reporter:{reporter}", reporter=reporter, data=data)


def _fit(word: str) -> str:
    counts = normalised(word)
    han = any("\u4e00" <= sign <= "\u9fff" for sign in counts)
    if len(counts) < (SHORTEST_HAN if han else SHORTEST):
        raise Refused("duress_word_unfit", limit=SHORTEST)
    return counts
