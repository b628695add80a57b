"""Redis frozen: connections are taken and nothing is answered, the way of failing that hurts most (I2)."""

import time

import pytest

from tests.outages import SEEN_AFTER_S, SEEN_WHILE_AWAY_S, Outage
from tests.people import People, eventually
from tests.places import Place, places
from tests.promises import promised
from tests.stack import Stack

pytestmark = pytest.mark.anyio

FROZEN_S = 12
DESKS = 24


async def test_with_redis_frozen_for_12_s_every_report_is_taken_and_seen(
    whole: Stack, place: Place, people: People
) -> None:
    outage = await Outage.awaited(people, whole, place)
    whole.valkey.freeze()
    try:
        await outage.file_for(FROZEN_S / 2)
        await outage.accept_one()
        await outage.file_for(FROZEN_S / 2)
        await outage.all_seen("with Redis frozen", SEEN_WHILE_AWAY_S)
    finally:
        whole.valkey.thaw()
    back = time.monotonic()
    await outage.file_for(1.0, every_s=0.1)
    await outage.all_seen("after Redis thawed", SEEN_AFTER_S, since=back)
    outage.assert_once_and_in_order()
    await outage.screens_are_known_again()


async def test_with_redis_frozen_the_word_of_life_still_comes_to_the_consoles_of_many_desks(
    whole: Stack, people: People
) -> None:
    """A lamp must not go out because Redis does not say who is on duty."""
    consoles = [await people.dispatcher(whole.consoles[0], place.number("90")) for place in places()[-DESKS:]]
    whole.valkey.freeze()
    try:
        for console in consoles:
            console.ticks.clear()
        began = time.monotonic()
        await eventually(lambda: all(len(console.ticks) >= 3 for console in consoles), 30, "three ticks each")
        promised(f"three ticks to consoles of {DESKS} desks", time.monotonic() - began, 5.0)
    finally:
        whole.valkey.thaw()
