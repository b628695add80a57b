"""How many reports of one person make a flood (`dispatch.floods`), and how many of a flood a page is given."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
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


def split(ordered: Sequence[UUID], whose: Mapping[UUID, UUID]) -> tuple[list[UUID], dict[UUID, list[UUID]]]:
    """Those in order, less what each flood has beyond its cards; and that, by person. `whose`: of those that may fold,
    the person."""
    of: dict[UUID, list[UUID]] = {}
    for id_ in ordered:
        if id_ in whose:
            of.setdefault(whose[id_], []).append(id_)
    beyond = {person: ids[CARDS - 1 : -1] for person, ids in of.items() if len(ids) > max(CARDS, FROM)}
    gone = {id_ for ids in beyond.values() for id_ in ids}
    return [id_ for id_ in ordered if id_ not in gone], beyond
