"""The words that come with us: quick replies and ready questions of the whole province, from the catalogue.

Set-up writes them into the tables once, and leaves alone what stands. Their words are `console.reply.<name>` and
`console.question.<name>`, the latter with `answers`, one a line.
"""

from typing import Any, Final
from uuid import NAMESPACE_OID, UUID, uuid5

from sqlmodel import Session

from dispatch.clock import now
from dispatch.database import insert_or_leave
from dispatch.ready import TABLE, Kind, Ready, ReadyWords
from dispatch.words import Words

STEP: Final = 10  # between two places, so that one can be put between

# name, category, whether it may go to who must not be noticed
_REPLIES: Final[tuple[tuple[str, str | None, bool], ...]] = (
    ("arranging", None, False),
    ("on_the_way", None, False),
    ("where", None, False),
    ("safe_place", None, False),
    ("no_quarrel", None, False),
    ("keep_on", None, False),
    ("ok", None, True),
    ("in_hand", None, True),
    ("no_answer", None, True),
    ("place", None, True),
    ("traffic_triangle", "traffic", False),
    ("traffic_injured", "traffic", False),
    ("fraud_stop", "fraud", False),
    ("fraud_keep", "fraud", False),
    ("fire_low", "fire", False),
    ("fire_119", "fire", False),
    ("crime_touch", "crime", False),
    ("crime_follow", "crime", False),
    ("order_away", "public_order", False),
    ("dispute_apart", "dispute", False),
    ("help_stay", "help", False),
    ("tip_thanks", "tip_off", False),
    ("other_12345", "other", False),
)
# name, key, topic, category, whether yes or no answers it
_QUESTIONS: Final[tuple[tuple[str, str, str, str | None, bool], ...]] = (
    ("safe", "1", "reporter", None, True),
    ("injured", "2", "reporter", None, True),
    ("speak", "3", "reporter", None, True),
    ("leave", "4", "reporter", None, True),
    ("photo", "5", "reporter", None, True),
    ("there", "6", "other", None, True),
    ("weapon", "7", "other", None, True),
    ("watched", "8", "other", None, True),
    ("known", "9", "other", None, True),
    ("how_many", "0", "other", None, False),
    ("trapped", ",", "scene", None, True),
    ("fire", "-", "scene", None, True),
    ("blocked", "=", "scene", None, True),
    ("ambulance", ".", "scene", None, True),
    ("indoors", "[", "scene", None, False),
    ("traffic_hurt", "]", "scene", "traffic", True),
    ("traffic_fled", ";", "scene", "traffic", True),
    ("fraud_when", "]", "scene", "fraud", False),
    ("fraud_contact", ";", "scene", "fraud", True),
    ("fire_inside", "]", "scene", "fire", True),
    ("fire_gas", ";", "scene", "fire", True),
    ("crime_gone", "]", "scene", "crime", False),
    ("crime_again", ";", "scene", "crime", True),
    ("order_drunk", "]", "scene", "public_order", True),
    ("dispute_hit", "]", "scene", "dispute", True),
    ("help_alone", "]", "scene", "help", True),
)


def _id(kind: Kind, name: str) -> UUID:
    return uuid5(NAMESPACE_OID, f"desk110 {kind} {name}")


def _replies(zh: Words, en: Words) -> tuple[ReadyWords, ...]:
    return tuple(
        ReadyWords(
            id=_id("reply", name),
            name=name,
            category=category,
            text_zh=zh(f"console.reply.{name}"),
            text_en=en(f"console.reply.{name}"),
            covert=covert,
            place=at * STEP,
        )
        for at, (name, category, covert) in enumerate(_REPLIES, 1)
    )


def _questions(zh: Words, en: Words) -> tuple[ReadyWords, ...]:
    return tuple(
        ReadyWords(
            id=_id("question", name),
            name=name,
            category=category,
            text_zh=zh(f"console.question.{name}.text"),
            text_en=en(f"console.question.{name}.text"),
            answers_zh=tuple(zh(f"console.question.{name}.answers").splitlines()),
            answers_en=tuple(en(f"console.question.{name}.answers").splitlines()),
            covert=covert,
            place=at * STEP,
            key=key,
            topic=topic,
        )
        for at, (name, key, topic, category, covert) in enumerate(_QUESTIONS, 1)
    )


def that_came_with_us() -> Ready:
    """What every desk begins with."""
    zh, en = Words.of("zh-CN"), Words.of("en")
    return Ready(_replies(zh, en), _questions(zh, en))


def set_up(session: Session) -> None:
    """Write what is not written yet. What somebody has changed since stands elsewhere and is not touched."""
    at = now()
    all_ = that_came_with_us()
    for each in all_.replies:
        insert_or_leave(session, TABLE["reply"], row_of("reply", each, desk=None, at=at))
    for each in all_.questions:
        insert_or_leave(session, TABLE["question"], row_of("question", each, desk=None, at=at))


def row_of(kind: Kind, words: ReadyWords, *, desk: str | None, at: Any) -> dict[str, Any]:
    """The row of either table that holds these words."""
    row: dict[str, Any] = {
        "id": words.id,
        "desk": desk,
        "replaces": None,
        "name": words.name,
        "category": words.category,
        "text_zh": words.text_zh,
        "text_en": words.text_en,
        "covert": words.covert,
        "place": words.place,
        "dispatcher": None,
        "at": at,
        "removed_at": None,
    }
    if kind == "question":
        row |= {
            "answers_zh": list(words.answers_zh),
            "answers_en": list(words.answers_en),
            "key": words.key,
            "topic": words.topic,
        }
    return row
