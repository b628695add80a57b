"""What an event says in words, to who looks back at it."""

from collections.abc import Callable

from dispatch.looking_back import Act, key_of
from dispatch.words import Words


def words_in(words: Words) -> Callable[[str], str]:
    """Says a kind of event: `ReportLookedAt` is 打开看了警情. One without words is better shown than lost."""

    def said(kind: str) -> str:
        return words.get(f"console.audit.act.{key_of(kind)}") or kind

    return said


def why_in(words: Words) -> Callable[[Act], str]:
    """Says the reason that was chosen for an act; each act has a list of its own."""

    def said(act: Act) -> str:
        why = act.why or ""
        found = (words.get(f"console.{group}.reason.{why}") for group in ("call", "original"))
        return next((text for text in found if text), why)

    return said
