"""Long work in a thread of a process whose event loop has others to answer.

One thread at a time runs Python, and who waits for its turn waits five milliseconds each time: a report that is
accepted needs many turns. Reading and drawing all that a desk has is therefore done in steps, with the turn given away
between.
"""

from collections.abc import Iterable, Iterator
from time import perf_counter, sleep
from typing import Final, TypeVar

T = TypeVar("T")

# Seconds of work, and of sleep after them: in shorter ones nobody else wakes.
TURN_S: Final = 0.001
GIVEN_S: Final = 0.0002


def giving_way(steps: Iterable[T]) -> Iterator[T]:
    """The steps, with the turn given to others after each millisecond. For threads, never on an event loop."""
    since = perf_counter()
    for step in steps:
        yield step
        if perf_counter() - since > TURN_S:
            sleep(GIVEN_S)
            since = perf_counter()
