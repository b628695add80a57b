"""Workers that die while they count, and two that count at once: nothing is counted twice, nothing is left out."""

import asyncio
import random
from typing import Any

import pytest
from sqlalchemy import select

from dispatch import tallies
from dispatch.models import TABLES
from dispatch.tallies import unpack
from tests.faults.arming import Fault
from tests.people import People, eventually
from tests.places import Place
from tests.plain_counts import PlainCounts, in_every_row
from tests.stack import Stack

pytestmark = pytest.mark.anyio

SOON_S = 60


def figures(stack: Stack, desk: str) -> tuple[Any, Any]:
    """What is kept of a desk, and what a plain count gives, in one snapshot."""
    tally, round_ = TABLES["tally"], TABLES["tally_round"]
    holds = select(round_.c.generation).scalar_subquery()
    chosen = select(tally.c.span, tally.c.counts).where(tally.c.generation == holds, tally.c.area == desk)
    with stack.database.read() as session:
        kept = {row.span: unpack(row.counts) for row in session.connection().execute(chosen)}
        every = in_every_row(PlainCounts(session, f"r.desk = '{desk}'"), tallies.areas_of)
    return kept, {span: tally for (area, span), tally in every.items() if area == desk}


async def soon_right(stack: Stack, desk: str, reports: int) -> None:
    def right() -> bool:
        kept, plain = figures(stack, desk)
        return bool(kept == plain and sum(plain[min(plain)]["kind"].values()) == reports)

    await eventually(right, SOON_S, "the figures are what a plain count gives")


async def test_a_worker_that_dies_with_all_written_and_nothing_committed_has_counted_nothing(
    whole: Stack, place: Place, people: People
) -> None:
    assert whole.worker is not None
    dispatcher = await people.dispatcher(whole.consoles[0], place.number())
    phone = await people.reporter(whole.citizens[0], place.location)
    whole.worker.kill()
    fault = Fault("killed_before_commit", whole.home)
    doomed = whole.another_worker("tests.faults.killed_before_commit")
    doomed.start()
    try:
        first = await phone.filed()
        await soon_right(whole, place.desk, 1)
        fault.arm()
        assert (await dispatcher.accept(first["id"])).status_code == 200
        await eventually(lambda: not doomed.running, SOON_S, "it has died of its commit")
        assert fault.fired
        kept, plain = figures(whole, place.desk)
        assert kept != plain
    finally:
        doomed.kill()
        fault.end()
        whole.worker.start()
    await soon_right(whole, place.desk, 1)


async def test_two_workers_that_are_killed_again_and_again_count_everything_once(
    whole: Stack, place: Place, people: People
) -> None:
    assert whole.worker is not None
    dispatcher = await people.dispatcher(whole.consoles[0], place.number())
    phone = await people.reporter(whole.citizens[0], place.location)
    second = whole.another_worker()
    second.start()
    try:
        for n in range(4):
            filed = [(await phone.filed(f"{n}.{m}"))["id"] for m in range(12)]
            victim = (whole.worker, second)[n % 2]
            accepting = asyncio.gather(*(dispatcher.accept(id_) for id_ in filed))
            await asyncio.sleep(random.uniform(0, 1.5))
            victim.kill()
            await accepting
            victim.start()
        await soon_right(whole, place.desk, 48)
    finally:
        second.kill()
    kept, _ = figures(whole, place.desk)
    assert sum(kept[min(kept)]["accepted"].values()) == 48
