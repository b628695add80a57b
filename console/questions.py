"""The ready questions of a dispatcher: each with answers that are tapped, by what they are about.

A question keeps its key whatever the report: fingers learn it. Its words are `console.question.<name>` of the
catalogue, `answers` one a line.
"""

from collections.abc import Callable
from dataclasses import dataclass

from dispatch.states import ReportState
from dispatch.words import Words, choose


@dataclass(frozen=True, slots=True)
class Question:
    """A question of the catalogue and the key that asks it."""

    name: str
    key: str
    yes_no: bool = True  # answered by yes, no or "I do not know"


@dataclass(frozen=True, slots=True)
class Ready:
    """A question ready to be sent: as the dispatcher reads it, and as the reporter will."""

    name: str
    key: str
    shown: str
    text: str
    answers: tuple[str, ...]


# No key of these means anything else on the desk's page: who left the menu open must not ask by accident.
SITUATIONS: dict[str, tuple[Question, ...]] = {
    "reporter": (
        Question("safe", "1"),
        Question("injured", "2"),
        Question("speak", "3"),
        Question("leave", "4"),
        Question("photo", "5"),
    ),
    "other": (
        Question("there", "6"),
        Question("weapon", "7"),
        Question("watched", "8"),
        Question("known", "9"),
        Question("how_many", "0", yes_no=False),
    ),
    "scene": (
        Question("trapped", "Z"),
        Question("fire", "X"),
        Question("blocked", "C"),
        Question("ambulance", "N"),
        Question("indoors", "B", yes_no=False),
    ),
}


def ready_questions(
    report: ReportState, words: Words, catalogue: Callable[[str], Words]
) -> dict[str, list[Ready]]:
    """By situation, what can be asked of this reporter, in their own language where there is a catalogue of it.

    Who must not be noticed is asked what yes or no can answer, and nothing else.
    """
    theirs = catalogue(choose(report.caller.language))
    return {
        situation: [
            Ready(
                question.name,
                question.key,
                shown=words(f"console.question.{question.name}.text"),
                text=theirs(f"console.question.{question.name}.text"),
                answers=tuple(theirs(f"console.question.{question.name}.answers").splitlines()),
            )
            for question in questions
            if question.yes_no or not report.covert
        ]
        for situation, questions in SITUATIONS.items()
    }
