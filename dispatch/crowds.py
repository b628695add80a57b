"""How many reports of one person make a flood (`dispatch.floods`), and how many of a flood a page is given."""

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Final
from uuid import UUID

# From so many on they fold: three may be one person's three tries.
FROM: Final = 4
# So many of a flood are given to a page as cards: those that stand first, and the last, whose words its card says; the
# others by their ids.
CARDS: Final = 20


def many(persons: Iterable[UUID]) -> frozenset[UUID]:
    """Who has enough to fold."""
    return frozenset(person for person, count in Counter(persons).items() if count >= FROM)


def split(ordered: Sequence[tuple[UUID, UUID | None]]) -> tuple[list[UUID], dict[UUID, list[UUID]]]:
    """Reports in order, each with its person where it may fold: those that get a card, and what each flood has beyond
    its cards, by person."""
    of: dict[UUID, list[UUID]] = {}
    for id_, person in ordered:
        if person is not None:
            of.setdefault(person, []).append(id_)
    beyond = {person: ids[CARDS - 1 : -1] for person, ids in of.items() if len(ids) > max(CARDS, FROM)}
    if not beyond:
        return [id_ for id_, _ in ordered], {}
    gone = {id_ for ids in beyond.values() for id_ in ids}
    return [id_ for id_, _ in ordered if id_ not in gone], beyond
