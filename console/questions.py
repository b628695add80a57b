"""What a dispatcher can say and ask at once about a report: quick replies and ready questions (`dispatch/ready.py`).

They are read in the dispatcher's language and sent in the reporter's. A question keeps its key whatever the report:
fingers learn it; a quick reply has the digit of its place among those shown.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from dispatch.ready import CATEGORIES, TOPICS, Ready, ReadyWords
from dispatch.ready_words import that_came_with_us
from dispatch.states import ReportState
from dispatch.tongues import in_chinese
from dispatch.words import Words, choose

GENERAL: Final = "general"
# An entry that says by itself what it is about.
_OF_KIND: Final = {"fraud": "fraud", "tip": "tip_off"}


@dataclass(frozen=True, slots=True)
class Said:
    """One ready to be sent: as the dispatcher reads it, and as the reporter will."""

    id: str
    name: str
    key: str
    category: str  # `general`: for every report
    shown: str
    text: str
    answers: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Offered:
    """What can be said of a report. `categories` are those with anything of their own; `category` is the report's."""

    category: str
    categories: tuple[str, ...]
    replies: tuple[Said, ...]
    questions: dict[str, tuple[Said, ...]]  # by topic; under `own` those of a category
    first: tuple[Said, ...]  # what is asked first of who must not be noticed


FIRST: Final = ("watched", "safe", "there", "weapon")


def category_of(report: ReportState) -> str:
    """What a report is about, as far as anybody has said."""
    return report.category or _OF_KIND.get(report.kind, GENERAL)


def offered(report: ReportState, words: Words, catalogue: Callable[[str], Words]) -> Offered:
    """What can be said to this reporter. Who must not be noticed is sent nothing but what gives nothing away."""
    ready = report.ready or that_came_with_us()
    theirs = catalogue(choose(report.caller.language))
    if report.guarded:
        ready = Ready(_covert(ready.replies), _covert(ready.questions))
    replies = tuple(_said("reply", each, words, theirs) for each in ready.replies)
    asked = tuple(_said("question", each, words, theirs) for each in ready.questions)
    topics = {str(each.id): each.topic for each in ready.questions}
    questions = {"own": tuple(each for each in asked if each.category != GENERAL)}
    for topic in TOPICS:
        questions[topic] = tuple(
            each for each in asked if each.category == GENERAL and topics[each.id] == topic
        )
    some = {each.category for each in (*replies, *asked)}
    return Offered(
        category=category_of(report),
        categories=tuple(category for category in CATEGORIES if category in some),
        replies=replies,
        questions=questions,
        first=tuple(each for name in FIRST for each in asked if each.name == name),
    )


def _covert(words: Sequence[ReadyWords]) -> tuple[ReadyWords, ...]:
    return tuple(each for each in words if each.covert)


def _said(kind: str, each: ReadyWords, words: Words, theirs: Words) -> Said:
    key = f"console.{kind}.{each.name}"
    leaf = f"{key}.text" if kind == "question" else key
    return Said(
        id=str(each.id),
        name=each.name or "",
        key=each.key or "",
        category=each.category or GENERAL,
        shown=_in(words, leaf, each.name, each.text_zh, each.text_en),
        text=_in(theirs, leaf, each.name, each.text_zh, each.text_en),
        answers=tuple(
            _in(
                theirs, f"{key}.answers", each.name, "\n".join(each.answers_zh), "\n".join(each.answers_en)
            ).splitlines()
        )
        if kind == "question"
        else (),
    )


def _in(words: Words, key: str, name: str | None, zh: str, en: str) -> str:
    """The words in a language: the table's two, and of a third the catalogue's where they are still those of it."""
    if name and words.language not in {"zh-CN", "en"} and (found := words.get(key)) is not None:
        return found
    return zh if in_chinese(words.language) else en
