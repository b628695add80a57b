"""Cards that somebody waits for: who has just changed a report is answered with the card that the feed brings to the
desk's screens for it anyway, instead of reading and rendering it once more.
"""

import asyncio
from collections import defaultdict
from collections.abc import Hashable, Iterator, Mapping
from contextlib import contextmanager
from typing import Final
from uuid import UUID

# Who has pressed a key does not wait for a feed that stands still: by then the card is read.
WITHIN_S: Final = 0.5


class Coming:
    """One report's cards as they come to the screens of a desk, for one who waits."""

    __slots__ = ("_brought", "_card", "_version")

    def __init__(self) -> None:
        self._brought = asyncio.Event()
        self._version, self._card = 0, ""

    async def of(self, version: int) -> str | None:
        """The card of this version or a later one; None when none came in time."""
        try:
            async with asyncio.timeout(WITHIN_S):
                while self._version < version:
                    self._brought.clear()
                    await self._brought.wait()
        except TimeoutError:
            return None
        return self._card

    def bring(self, version: int, card: str) -> None:
        if version >= self._version:
            self._version, self._card = version, card
            self._brought.set()


class ComingCards:
    """Who waits for which. On the event loop alone."""

    def __init__(self) -> None:
        self._waiting: defaultdict[tuple[str, Hashable, str], set[Coming]] = defaultdict(set)

    @contextmanager
    def of(self, desk: str, report: UUID, language: str) -> Iterator[Coming]:
        """The cards of a report that come to this desk's screens in this language from now on."""
        key, coming = (desk, report, language), Coming()
        self._waiting[key].add(coming)
        try:
            yield coming
        finally:
            self._waiting[key].discard(coming)
            if not self._waiting[key]:
                del self._waiting[key]

    def bring(
        self, desk: str, language: str, cards: Mapping[Hashable, str], versions: Mapping[Hashable, int]
    ) -> None:
        """These cards go to the screens."""
        if not self._waiting:
            return
        for report, card in cards.items():
            for coming in self._waiting.get((desk, report, language), ()):
                coming.bring(versions[report], card)
