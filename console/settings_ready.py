"""What a desk has ready to say, as two sections of its settings page: quick replies, and ready questions."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Final, Literal
from uuid import UUID

from sqlmodel import Session

from console.messages import CONTROLS
from console.parts import Parts
from console.requests import ANSWER_LIMIT
from console.sections import Section, Sentence, Unfitting
from console.sign_in import AtDesk
from dispatch import ready, ready_editing
from dispatch.errors import Refused
from dispatch.ready import CATEGORIES, KEYS, TOPICS, Kind, ReadyWords
from dispatch.ready_editing import Draft, Editor
from dispatch.requests import ANSWERS

LONGEST: Final = {"reply": 300, "question": 120}
COVERT_ANSWERS: Final = 3
REMOVED: Final = 20  # of those that can be brought back, the latest

_FAULT: Final = "console.settings.ready.fault."
_EMPTY: Final = dict.fromkeys(
    ("text_zh", "text_en", "answers_zh", "answers_en", "category", "topic", "key"), ""
) | {"covert": ""}
# What the domain refuses, as a fault of a field.
_REFUSED: Final = {
    "ready_unknown": ("", "gone"),
    "ready_key_taken": ("key", "key_taken"),
    "ready_too_many": ("", "too_many"),
}


@dataclass(frozen=True, slots=True)
class Shown:
    """A list by category (`""`: for every report), what was removed, and what its forms can choose from."""

    kind: Kind
    groups: Mapping[str, tuple[ReadyWords, ...]]
    removed: tuple[ReadyWords, ...]
    longest: int
    categories: tuple[str, ...] = CATEGORIES
    topics: tuple[str, ...] = TOPICS
    keys: tuple[str, ...] = KEYS

    @property
    def empty(self) -> Mapping[str, object]:
        """The values of a form in which nothing was typed yet."""
        return _EMPTY

    @staticmethod
    def typed(form: Mapping[str, str]) -> Mapping[str, object]:
        """The values of a form as somebody has typed them."""
        return {**_EMPTY, **form}

    @staticmethod
    def values_of(words: ReadyWords) -> Mapping[str, object]:
        """The values of a form that changes these."""
        return {
            "text_zh": words.text_zh,
            "text_en": words.text_en,
            "answers_zh": "\n".join(words.answers_zh),
            "answers_en": "\n".join(words.answers_en),
            "category": words.category or "",
            "topic": words.topic,
            "key": words.key or "",
            "covert": words.covert,
        }


def _reading(kind: Kind) -> Callable[[Session, str], Shown]:
    def read(session: Session, desk: str) -> Shown:
        found = ready.at_desk(session, desk)
        groups = {
            category or "": tuple(ready.in_order(found.of(kind), category))
            for category in (None, *CATEGORIES)
        }
        standing = {category: words for category, words in groups.items() if words}
        return Shown(kind, standing, found.removed[kind][:REMOVED], LONGEST[kind])

    return read


def _acting(kind: Kind) -> Callable[[Parts, AtDesk, Mapping[str, str]], Awaitable[None]]:
    async def act(parts: Parts, leader: AtDesk, form: Mapping[str, str]) -> None:
        """Field `do`: `add`, `change`, `remove`, `restore`, `up`, `down`; `id` of which, and the words."""
        command = _command(kind, Editor(leader.desk, leader.number), form)
        try:
            await parts.writer.do(command, leader.desk)
        except Refused as refused:
            if refused.code not in _REFUSED:
                raise
            field, fault = _REFUSED[refused.code]
            raise Unfitting({field: Sentence(_FAULT + fault, {"n": ready_editing.MOST})}) from None

    return act


def _command(kind: Kind, editor: Editor, form: Mapping[str, str]) -> Callable[[Session], object]:
    deed = form.get("do", "")
    if deed == "add":
        draft = _draft(kind, form)
        return lambda session: ready_editing.add(session, editor, kind, draft)
    id_ = _id(form)
    if deed == "change":
        draft = _draft(kind, form)
        return lambda session: ready_editing.change(session, editor, kind, id_, draft)
    if deed == "remove":
        return lambda session: ready_editing.remove(session, editor, kind, id_)
    if deed == "restore":
        return lambda session: ready_editing.bring_back(session, editor, kind, id_)
    if deed in {"up", "down"}:
        way: Literal["up", "down"] = "up" if deed == "up" else "down"
        return lambda session: ready_editing.move(session, editor, kind, id_, way)
    raise Refused("field_invalid", fields=["do"])


def _id(form: Mapping[str, str]) -> UUID:
    try:
        return UUID(form.get("id", ""))
    except ValueError:
        raise Unfitting({"": Sentence(_FAULT + "gone")}) from None


def _draft(kind: Kind, form: Mapping[str, str]) -> Draft:
    """What was typed. Raises `Unfitting` with a fault for each field that cannot be taken."""
    faults: dict[str, Sentence] = {}
    texts = {name: _text(form, name) for name in ("text_zh", "text_en")}
    for name, text in texts.items():
        if not text:
            faults[name] = Sentence(_FAULT + "empty")
        elif len(text) > LONGEST[kind]:
            faults[name] = Sentence(_FAULT + "long", {"n": LONGEST[kind]})
    answers = {name: _lines(form, name) for name in ("answers_zh", "answers_en")}
    covert = form.get("covert") == "1"
    if kind == "question":
        faults |= _answer_faults(answers, covert)
    for name, choices in (("category", CATEGORIES), ("topic", TOPICS), ("key", KEYS)):
        if form.get(name) and form[name] not in choices:
            faults[name] = Sentence(_FAULT + "choose")
    if faults:
        raise Unfitting(faults)
    question = kind == "question"
    return Draft(
        category=form.get("category") or None,
        text_zh=texts["text_zh"],
        text_en=texts["text_en"],
        covert=covert,
        answers_zh=answers["answers_zh"] if question else (),
        answers_en=answers["answers_en"] if question else (),
        key=(form.get("key") or None) if question else None,
        topic=form.get("topic") or "scene",
    )


def _answer_faults(answers: Mapping[str, tuple[str, ...]], covert: bool) -> dict[str, Sentence]:
    faults: dict[str, Sentence] = {}
    for name, lines in answers.items():
        fitting = 2 <= len(lines) <= ANSWERS and len(set(lines)) == len(lines)
        if not fitting or any(len(line) > ANSWER_LIMIT for line in lines):
            faults[name] = Sentence(_FAULT + "answers", {"n": ANSWERS, "m": ANSWER_LIMIT})
    if not faults and len(answers["answers_zh"]) != len(answers["answers_en"]):
        faults["answers_en"] = Sentence(_FAULT + "as_many")
    elif not faults and covert and len(answers["answers_zh"]) > COVERT_ANSWERS:
        faults["answers_zh"] = Sentence(_FAULT + "covert_answers")
    return faults


def _text(form: Mapping[str, str], name: str) -> str:
    return " ".join(CONTROLS.sub("", form.get(name, "")).split())


def _lines(form: Mapping[str, str], name: str) -> tuple[str, ...]:
    lines = CONTROLS.sub("", form.get(name, "")).splitlines()
    return tuple(stripped for line in lines if (stripped := " ".join(line.split())))


REPLIES: Final = Section("replies", _reading("reply"), _acting("reply"))
QUESTIONS: Final = Section("questions", _reading("question"), _acting("question"))
