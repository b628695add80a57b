"""What a console has put together of its first picture and of what was pushed since is what a fresh console is given.

The rules are those of the machines below it: whatever they do, a screen that reads on in pieces of any size shows the
same cards, byte by byte, as one that is opened now.
"""

import re
from uuid import UUID

from hypothesis import strategies as st
from hypothesis.stateful import initialize, rule
from sqlmodel import Session

from console.hub import CARDS
from console.rendering import Rendering
from dispatch import reading
from dispatch.events import changed_by, heads, read_since
from dispatch.states import ReportState
from tests.domain import DESK, OTHER_DESK
from tests.machines import Machine
from tests.machines.life import ReportLife
from tests.machines.transfer import Transfers

LANGUAGE = "zh-CN"
# By which the page knows that a card is on no list of the desk any more.
LEFT = re.compile(r'data-status="(?:left|closed)"')
# What a card says of the same person's other reports is as of its own last event: else each report of a flood would
# draw all of the flood anew.
HISTORY = re.compile(r'<span class="sign sign-history".*?</svg><span[^>]*>[^<]*</span></span>\n?', re.DOTALL)
RENDERING = Rendering()


class Screens(Machine):
    """A screen at each desk, which now and then hears what it missed."""

    @initialize()
    def open_the_screens(self) -> None:
        self.cards: dict[str, dict[UUID, str]] = {}
        self.cursors: dict[str, int] = {}
        for desk in self.desks:
            self.cursors[desk], self.cards[desk] = self.read(
                lambda session, of=desk: self._fresh(session, of)
            )

    @rule(desk=st.sampled_from([DESK, OTHER_DESK]), most=st.integers(1, 4))
    def a_screen_hears_some(self, desk: str, most: int) -> None:
        if desk in self.cursors:
            self._hear(desk, most)

    @rule(desk=st.sampled_from([DESK, OTHER_DESK]))
    def a_screen_hears_all_and_shows_what_a_fresh_one_does(self, desk: str) -> None:
        if desk not in self.cursors:
            return
        while self._hear(desk, 3):
            pass
        seq, fresh = self.read(lambda session: self._fresh(session, desk))
        assert seq == self.cursors[desk]
        assert {id_: card for id_, card in self.cards[desk].items() if id_ in fresh} == fresh
        for id_ in set(self.cards[desk]) - set(fresh):
            assert LEFT.search(self.cards[desk][id_]), (
                "what is open stays on the screen, what is not leaves it"
            )

    def _hear(self, desk: str, most: int) -> bool:
        """As the feed and the hub do: the events behind the cursor, and the newest state of what they are about."""

        def read(session: Session) -> int:
            events = read_since(session, desk, self.cursors[desk], most)
            changed = reading.states(session, changed_by(events)).values()
            self.cards[desk] |= {state.id: _card(desk, state) for state in changed}
            return events[-1].seq if events else self.cursors[desk]

        before, self.cursors[desk] = self.cursors[desk], self.read(read)
        return self.cursors[desk] > before

    def _fresh(self, session: Session, desk: str) -> tuple[int, dict[UUID, str]]:
        RENDERING.dangers.load(session)
        queue = reading.open_at_desk(session, desk, CARDS, RENDERING.dangers)
        cards = {state.id: _card(desk, state) for state in queue.reports}
        return heads(session, [desk])[desk], cards


def _card(desk: str, state: ReportState) -> str:
    return HISTORY.sub("", RENDERING.card_at(desk, state, LANGUAGE))


class LifeOnScreens(Screens, ReportLife):
    """What becomes of reports at one desk, as its screens show it."""


class TransfersOnScreens(Screens, Transfers):
    """Reports that go from desk to desk, as the screens of both show them."""
