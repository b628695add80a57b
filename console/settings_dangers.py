"""Danger words, as a section of the desk's settings page."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from sqlmodel import Session

from console.parts import Parts
from console.sections import Section, Sentence, Unfitting
from console.sign_in import AtDesk
from dispatch import danger_words
from dispatch.danger_words import LONGEST, MOST_WORDS, Entry, Trouble
from dispatch.desks import DESKS
from dispatch.order import DANGER_MOST_MIN

# What stands in the sentence of a fault.
LIMITS: Final[Mapping[Trouble, int]] = {"long": LONGEST, "many": MOST_WORDS, "minutes": DANGER_MOST_MIN}


@dataclass(frozen=True, slots=True)
class Shown:
    """The desk's own list, and the province's where that is another; the gravest words first."""

    own: tuple[Entry, ...]
    of_province: tuple[Entry, ...]


def read(session: Session, desk: str) -> Shown:
    entries = sorted(danger_words.standing(session, desk), key=lambda entry: (-entry.minutes, entry.word))
    whose = danger_words.list_of(desk)
    return Shown(
        tuple(entry for entry in entries if entry.desk == whose),
        tuple(entry for entry in entries if entry.desk != whose),
    )


async def act(parts: Parts, leader: AtDesk, form: Mapping[str, str]) -> None:
    """Field `remove` with a word's id, or `word` and `minutes`."""
    if "remove" in form:
        await _remove(parts, leader, form["remove"])
    else:
        await _put(parts, leader, form.get("word", ""), form.get("minutes", ""))


async def _remove(parts: Parts, leader: AtDesk, typed: str) -> None:
    gone = Unfitting({"": Sentence("console.settings.dangers.fault.gone")})
    try:
        id_ = UUID(typed)
    except ValueError:
        raise gone from None
    if not await parts.writer.do(
        lambda session: danger_words.remove(session, leader.desk, leader.number, id_), *DESKS
    ):
        raise gone


async def _put(parts: Parts, leader: AtDesk, word: str, typed: str) -> None:
    typed = typed.strip()
    fits = typed.isascii() and typed.isdigit() and len(typed) < 4
    minutes = int(typed) if fits else -1
    trouble = await parts.writer.do(
        lambda session: danger_words.put(session, leader.desk, leader.number, word[:200], minutes), *DESKS
    )
    if trouble is not None:
        field = "minutes" if trouble == "minutes" else "word"
        sentence = Sentence(f"console.settings.dangers.fault.{trouble}", {"n": LIMITS.get(trouble, 0)})
        raise Unfitting({field: sentence})


SECTION = Section("dangers", read, act)
