"""The consoles' sockets of this process, by desk, and what the feed brings for them."""

import asyncio
import time
from collections.abc import Callable, Hashable, Iterable
from dataclasses import dataclass, field
from functools import partial
from uuid import UUID

import structlog
from sqlmodel import Session

from console.coming_cards import ComingCards
from console.rendering import LATE_S, Rendering
from dispatch import danger_words, dispatchers, figures, reading, units, waiting
from dispatch.clock import now
from dispatch.desk_times import times_of
from dispatch.events import DESK_SET, READY_WORDS_CHANGED, Recorded, changed_by, heads
from dispatch.logs import place_of
from dispatch.reads import Reads
from dispatch.states import ReportState
from realtime.presence import Presence
from realtime.socket import LiveSocket, Update

log = structlog.get_logger()

TICK_S = 1.0
SWEEP_EVERY_S = 2.0
# When the heads have not been seen for so long, the ticks stop: a screen must not look live on old news.
STALE_S = 3.0
SESSIONS_AT_ONCE = 500
# Counting who waits grows with them: it takes no more than so much of the time, however fast a desk's events come.
COUNTING_SHARE = 0.05

# So many cards of each sort a page is given, those that stand first; a figure says how many more wait. What is pushed
# comes on top.
CARDS = 500

SIGN_IN_AGAIN, NOT_ALLOWED, RESTARTING = 4401, 4403, 1012


@dataclass(slots=True, eq=False)
class Console:
    """An open console: its socket, its dispatcher, and its key in the desk's presence."""

    socket: LiveSocket
    desk: str
    dispatcher: str
    session: bytes
    language: str
    presence: str = ""
    looking: UUID | None = None  # the report in hand on it, and its reporter
    phone: UUID | None = None
    company: str = ""  # what it was last told of who looks at what


@dataclass(slots=True)
class Loaded:
    """What the feed read for a desk's consoles: each changed report's card, by language."""

    cards: dict[str, dict[Hashable, str]]
    waiting: int | None  # how many wait; None: not counted this time
    versions: dict[Hashable, int] = field(default_factory=dict)  # of the reports that the cards are of
    ready: int = 0  # the last event among these by which the desk's ready words changed
    units: int = 0  # likewise by which anything of its units did
    late_s: tuple[int, ...] | None = None  # the desk's steps of waiting, when they are others now


@dataclass(slots=True)
class _Desk:
    consoles: set[Console] = field(default_factory=set)
    waiting: int = 0
    counted: int = -1  # the last event when they were
    count_from: float = 0.0  # not to be counted by the feed before (monotonic)
    ready: int = 0
    units: int = 0
    late_s: tuple[int, ...] = LATE_S
    dispatchers: list[str] = field(default_factory=list)


class Hub:
    """Who is at which desk's console here, and what they are shown."""

    def __init__(self, read: Reads, presence: Presence, rendering: Rendering) -> None:
        self._read = read
        self._presence = presence
        self._rendering = rendering
        self._desks: dict[str, _Desk] = {}
        self.coming = ComingCards()
        self.epoch: Callable[[], str] = str

    # --- what the feed asks for and brings

    def load(self, session: Session, desk: str, events: list[Recorded]) -> Loaded:
        """The cards of the reports that changed, once a language in use. Runs off the loop."""
        kinds = {event.kind for event in events}
        reports = self._changed(session, events)
        if kinds & danger_words.CHANGES:
            # Any card of the desk may say something else now, and stand elsewhere.
            self._rendering.dangers.load(session)
            queue = reading.open_at_desk(session, desk, CARDS, self._rendering.dangers)
            reports = list({one.id: one for one in (*reports, *queue.reports)}.values())
        return Loaded(
            {language: self._cards(desk, reports, language) for language in self.languages(desk)},
            self._count(session, desk),
            {report.id: report.version for report in reports},
            max((event.seq for event in events if event.kind == READY_WORDS_CHANGED), default=0),
            max((event.seq for event in events if event.kind in units.CHANGES), default=0),
            times_of(session, desk).late_s if DESK_SET in kinds else None,
        )

    def _count(self, session: Session, desk: str) -> int | None:
        here = self._desks.get(desk)
        began = time.monotonic()
        if here is None or began < here.count_from:
            return None
        count = waiting.count(session, desk)
        done = time.monotonic()
        here.count_from = done + (done - began) / COUNTING_SHARE
        return count

    def _changed(self, session: Session, events: list[Recorded]) -> list[ReportState]:
        return list(reading.states(session, changed_by(events)).values())

    def _cards(self, desk: str, reports: Iterable[ReportState], language: str) -> dict[Hashable, str]:
        cards: dict[Hashable, str] = {}
        for report in reports:
            try:
                cards[report.id] = self._rendering.card_at(desk, report, language)
            except Exception as error:  # noqa: BLE001 - one report must not stop a desk
                log.error(
                    "card_failed", report=str(report.id), error=type(error).__name__, where=place_of(error)
                )
        return cards

    def deliver(self, desk: str, seq: int, loaded: Loaded) -> None:
        """Hand the changed cards to every console of the desk: the same bytes to all of one language."""
        here = self._desks.get(desk)
        if here is None:
            return
        if loaded.waiting is not None:
            here.waiting, here.counted = loaded.waiting, seq
        here.ready = loaded.ready or here.ready
        here.units = loaded.units or here.units
        here.late_s = loaded.late_s or here.late_s
        updates = {
            language: Update(seq, cards, (self._rendering.frame(self.cursor(seq), cards.values()),))
            for language, cards in loaded.cards.items()
        }
        for language, cards in loaded.cards.items():
            self.coming.bring(desk, language, cards, loaded.versions)
        for console in here.consoles:
            update = updates.get(console.language)
            if update is None:  # came while its language was not in use yet: let it ask anew
                self._close_soon(console, RESTARTING)
            else:
                console.socket.offer(update)

    def resync(self, desk: str) -> None:
        """The log is another one: every console of the desk comes again and reads everything."""
        here = self._desks.get(desk)
        if here is None:
            return
        here.counted = -1
        for console in list(here.consoles):
            self._close_soon(console, RESTARTING)

    def cursor(self, seq: int) -> str:
        """A place in this database's log of the desk."""
        return f"{self.epoch()}:{seq}"

    def compose(self, seq: int, cards: Iterable[str]) -> list[str]:
        """The frame of cards that were gathered while a console could not be sent to."""
        return [self._rendering.frame(self.cursor(seq), cards)]

    # --- who is on

    def on(self, desk: str) -> bool:
        """Whether any console of the desk is open here."""
        return desk in self._desks

    def languages(self, desk: str) -> set[str]:
        """Those of the desk's open consoles here. A list first: a reading thread asks, and the loop adds consoles."""
        here = self._desks.get(desk)
        return {console.language for console in list(here.consoles)} if here else set()

    def arrive(self, console: Console) -> None:
        """Register; what the feed brings is held until the console's snapshot is read."""
        figures.SOCKETS.inc()
        console.presence = self._presence.arrived(console.desk, console.dispatcher)
        here = self._desks.setdefault(console.desk, _Desk())
        here.consoles.add(console)
        here.dispatchers = sorted({*here.dispatchers, console.dispatcher})

    def leave(self, console: Console) -> bool:
        """The socket closed; whether it was the last one of its desk here."""
        figures.SOCKETS.dec()
        self._presence.left(console.desk, console.presence)
        here = self._desks.get(console.desk)
        if here is None:
            return False
        here.consoles.discard(console)
        if here.consoles:
            return False
        del self._desks[console.desk]
        return True

    def shown(self, console: Console, seq: int) -> None:
        """The console's screen has painted the states up to event `seq`."""
        self._presence.shown(console.desk, console.presence, seq)

    def set_known(self, desk: str, seq: int, waiting: int, late_s: tuple[int, ...]) -> None:
        """How many reports of the desk wait, and its steps of waiting, as just read up to event `seq`."""
        if here := self._desks.get(desk):
            here.late_s = late_s
            if seq >= here.counted:
                here.waiting, here.counted = waiting, seq

    async def colleagues(self, desk: str) -> list[str]:
        """The numbers of those with an open console of the desk: here, and on any process as far as Redis says."""
        here = self._desks.get(desk)
        numbers = {console.dispatcher for console in here.consoles} if here else set()
        screens = await self._presence.screens(desk)
        return sorted(numbers | {screen.dispatcher for screen in screens or ()})

    # --- what goes on for ever

    async def tick(
        self,
        heads_at: Callable[[], float],
        cursor_of: Callable[[str], int | None],
        doorbell: Callable[[], bool],
        canary: Callable[[str], str] = lambda _desk: "",
    ) -> None:
        """The word of life to every console, once a second, while the database is known to answer; with it, whether
        the doorbell is there, and what is missing of the desk's canary."""
        loop = asyncio.get_running_loop()
        while True:
            await asyncio.sleep(TICK_S)
            if loop.time() - heads_at() > STALE_S:
                continue
            for desk, here in self._desks.items():
                seq = cursor_of(desk)
                if seq is None:
                    continue
                word = self._rendering.tick(
                    at=now(),
                    seq=seq,
                    waiting=here.waiting if here.counted == seq else None,
                    dispatchers=here.dispatchers,
                    ready=here.ready,
                    units=here.units,
                    late_s=here.late_s,
                    doorbell=doorbell(),
                    canary=canary(desk),
                )
                for console in here.consoles:
                    console.socket.say(word)

    async def count_again(self, cursor_of: Callable[[str], int | None]) -> None:
        """Count, for ever, who waits at the desks whose last change came without: a tick says so of a whole moment."""

        def read(session: Session, desk: str) -> tuple[int, int]:
            return heads(session, [desk]).get(desk, 0), waiting.count(session, desk)

        while True:
            for desk in [desk for desk, here in self._desks.items() if here.counted != cursor_of(desk)]:
                try:
                    seq, count = await self._read(partial(read, desk=desk))
                except Exception as error:  # noqa: BLE001 - the database is away: ask again
                    log.warning("waiting_unknown", error=type(error).__name__)
                    break
                here = self._desks.get(desk)
                # What the cursor stands at counts too, however far an earlier log had come that a backup took back.
                if here and (seq > here.counted or seq == cursor_of(desk)):
                    here.waiting, here.counted = count, seq
            await asyncio.sleep(TICK_S / 2)

    async def ask_colleagues(self) -> None:
        """Keep what the ticks say of colleagues, for ever. Apart from them: Redis may be slow to answer."""
        while True:
            desks = list(self._desks)
            found = await asyncio.gather(*(self.colleagues(desk) for desk in desks))
            for desk, numbers in zip(desks, found, strict=True):
                if desk in self._desks:
                    self._desks[desk].dispatchers = numbers
            await asyncio.sleep(TICK_S)

    async def close_ended(self) -> None:
        """Close, for ever, the sockets whose session ended or whose dispatcher was disabled or moved."""
        while True:
            await asyncio.sleep(SWEEP_EVERY_S)
            consoles = self._everyone()
            for first in range(0, len(consoles), SESSIONS_AT_ONCE):
                some = consoles[first : first + SESSIONS_AT_ONCE]
                digests = [console.session for console in some]
                try:
                    standing = await self._read(partial(dispatchers.standing, digests=digests))
                except Exception as error:  # noqa: BLE001 - the database is away: ask again
                    log.warning("sessions_unknown", error=type(error).__name__)
                    break
                for console in some:
                    if console.session not in standing:
                        self._close_soon(console, SIGN_IN_AGAIN)
                    elif standing[console.session] != console.desk:
                        self._close_soon(console, NOT_ALLOWED)

    async def close_session(self, session: bytes) -> None:
        """Close the sockets of a session that was just ended."""
        for console in self._everyone():
            if console.session == session:
                await console.socket.close(SIGN_IN_AGAIN)

    async def close_all(self) -> None:
        """The server goes down: consoles come again, elsewhere."""
        await asyncio.gather(*(console.socket.close(RESTARTING) for console in self._everyone()))

    def at_desks(self) -> dict[str, list[Console]]:
        """The open consoles, by desk."""
        return {desk: list(here.consoles) for desk, here in self._desks.items()}

    def _everyone(self) -> list[Console]:
        return [console for here in self._desks.values() for console in here.consoles]

    def _close_soon(self, console: Console, code: int) -> None:
        task = asyncio.create_task(console.socket.close(code))
        task.add_done_callback(lambda _: None)
