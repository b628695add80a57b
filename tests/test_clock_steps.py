"""The machines' clock is set an hour on, and two hours back, while people are at work: nothing is lost, nobody is sent
away, and the order stays that of the log."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.people import People, eventually
from tests.places import Place
from tests.servers import Valkey, needs
from tests.stack import Stack
from tests.stack import stack as running_stack
from tests.truth import assert_whole, log_of

pytestmark = pytest.mark.anyio

SOON_S = 20


@pytest.fixture
def clock(tmp_path: Path) -> Path:
    """What libfaketime reads: how far the clock is from the true one."""
    path = tmp_path / "clock"
    path.write_text("+0", "ascii")
    return path


@pytest.fixture
def stack(tmp_path: Path, valkey_of_session: Valkey, clock: Path) -> Iterator[Stack]:
    valkey_of_session.flushall()
    with running_stack(
        tmp_path,
        valkey_of_session,
        worker=True,
        DESK110_IDENTITY_REQUIRED="never",
        LD_PRELOAD=needs("DESK110_TEST_FAKETIME", "libfaketime"),
        FAKETIME_TIMESTAMP_FILE=str(clock),
        FAKETIME_NO_CACHE="1",
        FAKETIME_DONT_FAKE_MONOTONIC="1",  # nor does a real clock that is set move it
        DONT_FAKE_MONOTONIC="1",
    ) as running:
        yield running


async def test_a_clock_that_is_set_an_hour_either_way_loses_nothing_and_sends_nobody_away(
    stack: Stack, clock: Path, place: Place, people: People
) -> None:
    console = await people.dispatcher(stack.consoles[0], place.number())
    phone = await people.reporter(stack.citizens[0], place.location)
    await phone.listen()
    filed = []
    for step in ("+0", "+3600", "-3600", "+0"):
        before = (await phone.filed(f"{step} 之前"))["id"]
        await asyncio.to_thread(clock.write_text, step, "ascii")
        after = (await phone.filed(f"{step} 之后"))["id"]
        filed += [before, after]
        for report in (before, after):
            await eventually(lambda of=report: of in console.cards, SOON_S, "it is on the screen")
            assert (await console.accept(report)).status_code == 200
            await eventually(lambda of=report: phone.status(of) == "received", SOON_S, "已接收")
        ticks = len(console.ticks)
        await eventually(lambda seen=ticks: len(console.ticks) > seen, SOON_S, "the word of life goes on")
    assert console.order == filed, "in the order of the log"
    assert console.seqs == sorted(console.seqs)
    assert (console.closed_with, phone.closed_with) == (None, None), "nobody was sent away"
    times = [event.at for event in log_of(stack.database, place.desk)]
    assert times != sorted(times), "the clock did go back"
    assert_whole(stack.database, place.desk)
