"""The doorbell carries hints only: whatever anybody rings creates nothing and harms nothing (I2)."""

import asyncio

import pytest

from tests.forgeries import bodies, channels
from tests.people import People, eventually
from tests.places import Place
from tests.stack import Stack
from tests.truth import assert_whole, kinds_of, log_of

pytestmark = pytest.mark.anyio

SOON_S = 15


async def test_forged_rings_create_nothing_and_harm_nothing(
    whole: Stack, place: Place, people: People
) -> None:
    one = await people.dispatcher(whole.consoles[0], place.number("01"))
    other = await people.dispatcher(whole.consoles[1], place.number("02"))
    phone = await people.reporter(whole.citizens[0], place.location)
    await phone.listen()
    first = (await phone.filed("真的"))["id"]
    await eventually(
        lambda: first in one.cards and first in other.cards, SOON_S, "the first is on the screens"
    )
    pids = [app.pid for app in whole.apps]
    before = [event.seq for event in log_of(whole.database, place.desk)]
    seen = [len(console.history) for console in (one, other)]

    with whole.valkey.client() as client:
        for channel in channels(place):
            for body in bodies(first):
                client.publish(channel, body)
    second = (await phone.filed("也是真的"))["id"]
    for console in (one, other):
        await eventually(lambda at=console: second in at.cards, SOON_S, "what is true still comes")
        assert console.order == [first, second]
        assert console.status(first) == "filed"
        assert console.closed_with is None
    assert phone.status(first) == "filed"
    assert [len(console.history) for console in (one, other)] == [count + 1 for count in seen]
    assert kinds_of(whole.database, first) == ["ReportFiled"]
    assert [event.seq for event in log_of(whole.database, place.desk)] == [*before, before[-1] + 1]
    assert [app.pid for app in whole.apps] == pids, "no process has fallen over"
    for app in whole.apps:
        await eventually(lambda at=app: asyncio.to_thread(at.ready), SOON_S, "it does its work")
    assert_whole(whole.database, place.desk)


async def test_forged_presence_is_no_screen_and_harms_nothing(
    whole: Stack, place: Place, people: People
) -> None:
    console = await people.dispatcher(whole.consoles[0], place.number())
    phone = await people.reporter(whole.citizens[0], place.location)
    await phone.listen()
    junk = [
        b"",
        b"\xff\xfe",
        b"null",
        b"[]",
        b"{}",
        b'["x"]',
        b'["x",1]',
        b'["x","y","z"]',
        b"[1,2,3,4]",
        b"[" * 3000,
    ]
    with whole.valkey.client() as client:
        client.hset(f"presence:{place.desk}", mapping={f"junk{n}": value for n, value in enumerate(junk)})
        id_ = (await phone.filed())["id"]
        await eventually(lambda: phone.screens(id_) == 1, SOON_S, "the one true screen counts")
        client.delete(f"presence:{place.desk}")
        client.set(f"presence:{place.desk}", "no hash at all")
        later = (await phone.filed())["id"]
        await eventually(lambda: later in console.cards, SOON_S, "reports do not depend on it")
        client.delete(f"presence:{place.desk}")
    await eventually(lambda: phone.screens(later) == 1, SOON_S, "screens are counted again")
    await eventually(
        lambda: console.ticks and console.number in console.ticks[-1]["dispatchers"], SOON_S, "so are people"
    )
