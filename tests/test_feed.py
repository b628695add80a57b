"""The feed: every event once, in order, whatever is rung, lost or forged, and whatever the database does meanwhile."""

import asyncio
import itertools
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, cast
from uuid import UUID, uuid4

import pytest
from sqlalchemy import update
from sqlalchemy.exc import OperationalError
from sqlmodel import Session

from dispatch.database import Database
from dispatch.events import Recorded, record
from dispatch.models import TABLES
from dispatch.reads import Reads
from dispatch.writer import Writer
from realtime import feed as feed_module
from realtime.feed import Feed
from tests.domain import DESK, OTHER_DESK, set_head, writing
from tests.people import eventually

pytestmark = pytest.mark.anyio

SOON_S = 20


@dataclass
class Watcher:
    """Follows the log of a desk as a process does, and keeps what it was given."""

    writer: Writer
    reads: Reads
    got: list[tuple[str, int, list[int]]] = field(default_factory=list)
    resynced: list[str] = field(default_factory=list)
    while_loading: Callable[[], None] = lambda: None
    failures: int = 0
    feed: Feed[list[int]] = field(init=False)

    def __post_init__(self) -> None:
        self.feed = Feed(self.reads, self._load, self._deliver, self.resynced.append)

    def _load(self, _session: Session, _desk: str, events: list[Recorded]) -> list[int]:
        if self.failures:
            self.failures -= 1
            raise OperationalError("SELECT", {}, Exception("away"))
        self.while_loading()
        return [found.seq for found in events]

    def _deliver(self, desk: str, seq: int, seqs: list[int]) -> None:
        assert seq == seqs[-1]
        self.got.append((desk, seq, seqs))

    @property
    def seqs(self) -> list[int]:
        """The numbers that were delivered, in the order of delivery."""
        return [seq for _, _, seqs in self.got for seq in seqs]

    async def note(self, count: int = 1, desk: str = DESK) -> int:
        """So many events in one transaction; gives the last one's number."""

        def command(session: Session) -> int:
            return [record(session, desk, "Noted", actor="system") for _ in range(count)][-1]

        return await self.writer.do(command, desk)

    async def has(self, *seqs: int) -> None:
        """Returns when exactly these were delivered."""
        await eventually(lambda: len(self.seqs) >= len(seqs), SOON_S, f"{seqs} are delivered")
        await asyncio.sleep(0.02)
        assert self.seqs == list(seqs)


@pytest.fixture
async def watcher(database: Database) -> AsyncIterator[Watcher]:
    reads = Reads(database, 2)
    with writing(database) as writer:
        yield Watcher(writer, reads)
    reads.close()


@asynccontextmanager
async def asking(
    watcher: Watcher, monkeypatch: pytest.MonkeyPatch, every_s: float = 0.05
) -> AsyncIterator[None]:
    """The heads are asked meanwhile, more often than in earnest."""
    monkeypatch.setattr(feed_module, "HEADS_EVERY_S", every_s)
    task = asyncio.create_task(watcher.feed.watch_heads())
    async with AsyncExitStack() as at_end:
        at_end.callback(task.cancel)
        yield


async def test_what_is_rung_is_delivered_from_where_one_began_to_follow(watcher: Watcher) -> None:
    await watcher.note(3)
    await watcher.feed.follow([DESK])
    watcher.feed.heard(DESK, await watcher.note())
    await watcher.has(4)
    watcher.feed.heard(DESK, await watcher.note(2))
    await watcher.has(4, 5, 6)


async def test_without_any_ring_the_heads_that_are_asked_are_enough(
    watcher: Watcher, monkeypatch: pytest.MonkeyPatch
) -> None:
    """I2: Redis may be away altogether."""
    await watcher.feed.follow([DESK])
    async with asking(watcher, monkeypatch):
        for _ in range(3):
            await watcher.note()
        await watcher.has(1, 2, 3)


async def test_the_heads_are_asked_every_second() -> None:
    """The promise that Redis away costs at most a second stands on this."""
    assert feed_module.HEADS_EVERY_S <= 1.0


async def test_rings_lost_doubled_late_and_out_of_order_change_nothing(watcher: Watcher) -> None:
    """I2: none missing, none twice, in order."""
    await watcher.feed.follow([DESK])
    for _ in range(5):
        await watcher.note()
    for _ in range(2):
        for seq in (3, 3, 1, 5, 2, 4, 5, 0, -1):
            watcher.feed.heard(DESK, seq)
        await watcher.has(1, 2, 3, 4, 5)
    assert watcher.feed.cursor(DESK) == 5


async def test_a_forged_ring_delivers_nothing(watcher: Watcher) -> None:
    await watcher.feed.follow([DESK])
    for seq in (10**30, 2**63, 7):
        watcher.feed.heard(DESK, seq)
        watcher.feed.heard("999999", seq)
        watcher.feed.heard(OTHER_DESK, seq)
    await asyncio.sleep(0.1)
    assert watcher.got == []
    watcher.feed.heard(DESK, await watcher.note())
    await watcher.has(1)


async def test_a_line_made_anew_looks_at_every_desk(watcher: Watcher) -> None:
    await watcher.feed.follow([DESK, OTHER_DESK])
    await watcher.note(2)
    await watcher.note(1, OTHER_DESK)
    watcher.feed.missed()
    await eventually(lambda: len(watcher.seqs) == 3, SOON_S, "both are read")
    assert sorted((desk, seqs) for desk, _, seqs in watcher.got) == [(OTHER_DESK, [1]), (DESK, [1, 2])]


async def test_what_is_committed_while_one_reads_is_read_next(watcher: Watcher) -> None:
    """A ring that comes amid a reading must not be lost, or its event waits for the next."""
    await watcher.feed.follow([DESK])
    loop = asyncio.get_running_loop()
    more = iter([True, True])

    def commit_another() -> None:
        if next(more, False):
            asyncio.run_coroutine_threadsafe(_note_and_ring(watcher), loop).result(SOON_S)

    watcher.while_loading = commit_another
    await _note_and_ring(watcher)
    await watcher.has(1, 2, 3)


async def test_a_batch_costs_one_reading_however_often_it_is_rung(watcher: Watcher) -> None:
    await watcher.feed.follow([DESK])
    reads = watcher.feed._reads
    asked = 0

    async def counted(function: Callable[[Session], Any]) -> Any:
        nonlocal asked
        asked += 1
        return await reads(function)

    watcher.feed._reads = cast(Reads, counted)
    last = await watcher.note(3)
    for seq in range(1, last + 1):
        watcher.feed.heard(DESK, seq)
    await watcher.has(1, 2, 3)
    assert asked == 1


async def test_many_events_come_in_bites_and_all_of_them(
    watcher: Watcher, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(feed_module, "AT_ONCE", 10)
    await watcher.feed.follow([DESK])
    watcher.feed.heard(DESK, await watcher.note(35))
    await watcher.has(*range(1, 36))
    assert [len(seqs) for _, _, seqs in watcher.got] == [10, 10, 10, 5]


async def test_a_reading_that_fails_delivers_nothing_and_is_done_again(
    watcher: Watcher, monkeypatch: pytest.MonkeyPatch
) -> None:
    await watcher.feed.follow([DESK])
    watcher.failures = 3
    async with asking(watcher, monkeypatch):
        watcher.feed.heard(DESK, await watcher.note(2))
        await watcher.has(1, 2)
    assert watcher.failures == 0


async def test_a_delivery_that_fails_makes_everybody_read_anew(watcher: Watcher) -> None:
    """Whoever may have missed it must not be left with a gap."""
    await watcher.feed.follow([DESK])
    failing = itertools.chain([True], itertools.repeat(False))
    deliver = watcher.feed._deliver

    def sometimes(desk: str, seq: int, loaded: list[int]) -> None:
        if next(failing):
            raise ZeroDivisionError
        deliver(desk, seq, loaded)

    watcher.feed._deliver = sometimes
    watcher.feed.heard(DESK, await watcher.note())
    await eventually(lambda: watcher.resynced == [DESK], SOON_S, "everybody reads anew")
    watcher.feed.heard(DESK, await watcher.note())
    await watcher.has(2)


async def test_a_desk_not_followed_any_more_is_not_delivered_and_is_again_when_followed_again(
    watcher: Watcher,
) -> None:
    await watcher.feed.follow([DESK])
    watcher.feed.unfollow(DESK)
    watcher.feed.heard(DESK, await watcher.note())
    watcher.feed.missed()
    await asyncio.sleep(0.1)
    assert watcher.got == []
    assert watcher.feed.cursor(DESK) is None
    await watcher.feed.follow([DESK])
    watcher.feed.heard(DESK, await watcher.note())
    await watcher.has(2)


async def test_another_database_under_the_same_address_makes_everybody_read_anew(
    watcher: Watcher, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A cursor of another epoch means nothing, even if the numbers look alike."""
    await watcher.feed.follow([DESK])
    watcher.feed.heard(DESK, await watcher.note(2))
    await watcher.has(1, 2)
    _change_epoch(database, uuid4())
    async with asking(watcher, monkeypatch):
        await eventually(lambda: watcher.resynced == [DESK], SOON_S, "everybody reads anew")
        await watcher.note()
        await watcher.has(1, 2, 3)
        assert watcher.resynced == [DESK], "once"


async def test_a_log_that_goes_back_makes_everybody_read_anew(
    watcher: Watcher, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An older copy of the database was put back: what was shown may never have been."""
    await watcher.feed.follow([DESK])
    watcher.feed.heard(DESK, await watcher.note(5))
    await watcher.has(1, 2, 3, 4, 5)
    set_head(database, DESK, seq=2)
    async with asking(watcher, monkeypatch):
        await eventually(lambda: watcher.resynced == [DESK], SOON_S, "everybody reads anew")
    assert watcher.feed.cursor(DESK) == 2


async def _note_and_ring(watcher: Watcher) -> None:
    watcher.feed.heard(DESK, await watcher.note())


def _change_epoch(database: Database, epoch: UUID) -> None:
    with Session(database.writing) as session:
        session.connection().execute(update(TABLES["installation"]).values(epoch=epoch))
        session.commit()
