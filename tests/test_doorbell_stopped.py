"""Redis stopped, or started anew: nothing that matters is lost or late (I2)."""

import asyncio
import time

import pytest

from tests.outages import SEEN_AFTER_S, SEEN_WHILE_AWAY_S, Outage
from tests.people import People
from tests.places import Place
from tests.stack import Stack

pytestmark = pytest.mark.anyio

STOPPED_S = 20


async def test_with_redis_stopped_for_20_s_every_report_is_taken_and_seen(
    whole: Stack, place: Place, people: People
) -> None:
    outage = await Outage.awaited(people, whole, place)
    whole.valkey.kill()
    try:
        await outage.file_for(STOPPED_S / 2)
        await outage.accept_one()
        await outage.file_for(STOPPED_S / 2)
        await outage.all_seen("with Redis stopped", SEEN_WHILE_AWAY_S)
    finally:
        whole.valkey.launch()
    back = time.monotonic()
    await outage.file_for(1.0, every_s=0.1)
    await outage.all_seen("after Redis came back", SEEN_AFTER_S, since=back)
    outage.assert_once_and_in_order()
    await outage.screens_are_known_again()


async def test_while_redis_is_started_anew_every_report_is_taken_and_seen(
    whole: Stack, place: Place, people: People
) -> None:
    outage = await Outage.awaited(people, whole, place)
    for _ in range(3):
        filing = asyncio.create_task(outage.file_for(1.0, every_s=0.05))
        await asyncio.sleep(0.3)
        whole.valkey.kill()
        whole.valkey.launch()
        await filing
    await outage.all_seen("with Redis started anew three times", SEEN_AFTER_S)
    outage.assert_once_and_in_order()
    await outage.screens_are_known_again()


async def test_a_redis_that_forgets_everything_changes_nothing(
    whole: Stack, place: Place, people: People
) -> None:
    outage = await Outage.awaited(people, whole, place)
    for _ in range(3):
        filing = asyncio.create_task(outage.file_for(0.6, every_s=0.03))
        await asyncio.sleep(0.3)
        whole.valkey.flushall()
        await filing
    await outage.all_seen("with Redis flushed three times", SEEN_AFTER_S)
    outage.assert_once_and_in_order()
    await outage.screens_are_known_again()
