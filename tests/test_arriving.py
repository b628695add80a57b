"""How much of a photo or a video has come, as the desk reads it: and nothing of it in any log."""

import asyncio
import math
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self
from uuid import UUID, uuid4

import httpx2
import pytest
from playwright.async_api import expect
from redis.asyncio import Redis

from realtime.arriving import STILL_S, Arriving, Came
from realtime.channels import arriving_key
from realtime.redis_at import connect
from tests import test_console_page as console
from tests.footage import film
from tests.people import Dispatcher, People, Reporter, eventually
from tests.pictures import jpeg
from tests.servers import LOOPBACK, Valkey
from tests.stack import DESK, Stack
from tests.stack import stack as running_stack
from tests.test_company import tell
from tests.test_console_page import Desk
from tests.truth import log_of
from tests.uploading import appended, created

pytestmark = pytest.mark.anyio

browser = console.browser
at_desk = console.at_desk
OpenDesk = Callable[..., Awaitable[Desk]]

SOON_S = 30
MP4 = {"filename": "VID_1.mp4", "filetype": "video/mp4"}


@dataclass
class Sending:
    """An upload by tus, of which as much comes as a test lets."""

    phone: Reporter
    report: str
    data: bytes
    media: str
    address: str
    sent: int = 0

    @classmethod
    async def begun(cls, phone: Reporter, report: str, data: bytes, **metadata: str) -> Self:
        """There is room for it, and not a byte has come."""
        answer = await created(phone.http, UUID(report), len(data), **metadata)
        assert answer.status_code == 201, answer.text
        return cls(phone, report, data, answer.json()["id"], answer.headers["location"])

    def at(self, percent: int) -> int:
        """The byte from which on so much of it has come."""
        return math.ceil(len(self.data) * percent / 100)

    async def until(self, percent: int) -> None:
        """Send a piece that ends there, as phones do, one after the other."""
        upto = self.at(percent)
        answer = await appended(self.phone.http, self.address, self.sent, self.data[self.sent : upto])
        assert answer.status_code == 204, answer.text
        self.sent = upto

    async def slowly(self, upto: "asyncio.Queue[int]") -> httpx2.Response:
        """All of it in one request, which stays open: as far as the queue says."""

        async def body() -> AsyncIterator[bytes]:
            while self.sent < len(self.data):
                end = self.at(await upto.get())
                yield self.data[self.sent : end]
                self.sent = end

        return await appended(self.phone.http, self.address, 0, body())


def arriving(dispatcher: Dispatcher, sending: Sending) -> dict[str, Any]:
    """What this console was last told of the upload."""
    if not dispatcher.told:
        return {}
    told: dict[str, Any] = dispatcher.told[-1]["arriving"].get(sending.report, {}).get(sending.media, {})
    return told


# --- in Redis


@pytest.fixture
async def redis(valkey_of_session: Valkey) -> AsyncIterator[Redis]:
    client = connect(f"redis://{LOOPBACK}:{valkey_of_session.port}/0")
    yield client
    await client.aclose()


async def pieces(*sizes: int) -> AsyncIterator[bytes]:
    for size in sizes:
        yield b"x" * size


async def test_what_is_no_word_of_ours_is_passed_over(redis: Redis) -> None:
    report, good, bad = uuid4(), str(uuid4()), str(uuid4())
    await redis.hset(arriving_key(report), mapping={good: "50 200 99999999999", bad: "half of it"})
    assert await Arriving(redis).of([report, uuid4()]) == {report: {good: Came(25, None)}}
    assert await Arriving(redis).of([]) == {}


async def test_an_upload_is_never_whole_before_its_last_byte_and_a_whole_one_never_stands_still(
    redis: Redis,
) -> None:
    report, nearly, whole, still = uuid4(), str(uuid4()), str(uuid4()), str(uuid4())
    long_ago = "1000.5"
    await redis.hset(
        arriving_key(report),
        mapping={
            nearly: "9999999 10000000 99999999999",
            whole: f"10000000 10000000 {long_ago}",
            still: f"1 10000000 {long_ago}",
        },
    )
    assert (await Arriving(redis).of([report]))[report] == {
        nearly: Came(99, None),
        whole: Came(100, None),
        still: Came(0, 1000.5),
    }


async def test_the_body_is_passed_on_as_it_is_and_told_at_most_once_a_second(redis: Redis) -> None:
    told = Arriving(redis)
    report, media = uuid4(), uuid4()
    writes: list[int] = []
    write = told._write

    async def counted(moved: dict[tuple[UUID, UUID], str]) -> None:
        writes.append(len(moved))
        await write(moved)

    told._write = counted  # type: ignore[method-assign]
    telling = asyncio.create_task(told.tell())
    passed = [piece async for piece in told.watched(report, media, 1000, 100, pieces(*[1] * 500))]
    assert passed == [b"x"] * 500
    await eventually(lambda: _percent(told, report, media), SOON_S, "a word in Redis")
    assert writes == [1]
    assert await _percent(told, report, media) == 60
    assert 0 < await redis.ttl(arriving_key(report)) <= 24 * 3600
    telling.cancel()


async def _percent(told: Arriving, report: UUID, media: UUID) -> int | None:
    came = (await told.of([report])).get(report, {}).get(str(media))
    return came.percent if came else None


async def test_with_redis_away_nothing_is_known_and_the_body_comes_all_the_same() -> None:
    away = connect(f"redis://{LOOPBACK}:1/0")
    told = Arriving(away)
    telling = asyncio.create_task(told.tell())
    passed = [piece async for piece in told.watched(uuid4(), uuid4(), 3, 0, pieces(1, 2))]
    assert passed == [b"x", b"xx"]
    assert await told.of([uuid4()]) == {}
    assert not telling.done()
    telling.cancel()
    await away.aclose()


# --- on real processes


async def test_the_desk_is_told_how_much_has_come_amid_a_slow_request_and_no_log_is(
    stack: Stack, people: People
) -> None:
    phone = await people.reporter(stack.citizens[0])
    report = (await phone.filed("拍到了", media_expected=1))["id"]
    own = await people.dispatcher(stack.consoles[0])
    other = await people.dispatcher(stack.consoles[0], "33010801")
    await tell(own, type="looking", report=report)
    sending = await Sending.begun(phone, report, jpeg((2400, 1800)))
    seen = len(log_of(stack.database, DESK))
    upto: asyncio.Queue[int] = asyncio.Queue()
    request = asyncio.create_task(sending.slowly(upto))
    for percent in (30, 55, 80):
        upto.put_nowait(percent)
        await eventually(
            lambda now=percent: arriving(own, sending) == {"percent": now, "still_since": None},
            SOON_S,
            f"{percent} %",
        )
    assert len(log_of(stack.database, DESK)) == seen
    upto.put_nowait(100)
    assert (await request).status_code == 204
    await eventually(lambda: arriving(own, sending).get("percent") == 100, SOON_S, "all of it")
    assert report not in str(other.told), "another desk is told nothing"
    told = [event.kind for event in log_of(stack.database, DESK)[seen:]]
    assert told == ["MediaStored"]


async def test_what_stands_still_is_told_as_such_and_goes_on_where_it_was(
    stack: Stack, people: People
) -> None:
    phone = await people.reporter(stack.citizens[0])
    report = (await phone.filed("线路断了"))["id"]
    own = await people.dispatcher(stack.consoles[0])
    await tell(own, type="looking", report=report)
    sending = await Sending.begun(phone, report, jpeg((1200, 900)))
    await sending.until(60)
    await eventually(lambda: arriving(own, sending).get("still_since"), STILL_S + SOON_S, "it stands still")
    assert arriving(own, sending)["percent"] == 60
    await sending.until(75)
    await eventually(
        lambda: arriving(own, sending) == {"percent": 75, "still_since": None}, SOON_S, "it goes on"
    )
    await sending.until(100)


async def test_nobody_who_looks_at_another_report_is_told(stack: Stack, people: People) -> None:
    phone = await people.reporter(stack.citizens[0])
    report = (await phone.filed("没有人看"))["id"]
    own = await people.dispatcher(stack.consoles[0])
    sending = await Sending.begun(phone, report, jpeg((1200, 900)))
    await sending.until(50)
    own.told.clear()
    await eventually(lambda: len(own.told) >= 2, SOON_S, "two words")
    assert report not in str(own.told)
    await tell(own, type="looking", report=report)
    await eventually(lambda: arriving(own, sending).get("percent") == 50, SOON_S, "who looks is told")
    await sending.until(100)


@pytest.mark.browser
@pytest.mark.parametrize(
    ("language", "size", "said", "stopped"),
    [("zh-CN", 1080, "40% · 共", "停在 70%，已停"), ("en", 768, "40% of", "Stopped at 70% for")],
)
async def test_a_tile_says_in_words_and_as_a_bar_how_much_has_come(
    at_desk: OpenDesk,
    stack: Stack,
    people: People,
    language: str,
    size: int,
    said: str,
    stopped: str,
) -> None:
    desk = await at_desk(language=language, height=size)
    phone = await people.reporter(stack.citizens[0])
    report = (await phone.filed("拍到了"))["id"]
    await desk.page.locator(desk.card(report)).click()
    sending = await Sending.begun(phone, report, film(seconds=2), **MP4)
    tile = desk.page.locator(f"#media-{sending.media}")
    words, bar = tile.locator("small"), tile.locator("progress")
    await expect(words).to_contain_text("KB")
    await expect(bar).to_be_hidden()  # nothing has come, and nothing is said of it
    await sending.until(40)
    await expect(words).to_contain_text(said)
    await expect(bar).to_have_js_property("value", 40)
    await expect(bar).to_be_visible()
    # Another change of the report morphs the tile, and takes nothing back.
    await phone.http.post(f"/api/v1/reports/{report}/messages", json={"client_id": "a", "text": "在传"})
    await expect(desk.page.locator("#lines")).to_contain_text("在传")
    assert said in await words.inner_text()
    await sending.until(70)
    await expect(words).to_contain_text(stopped, timeout=(STILL_S + SOON_S) * 1000)
    box = await tile.bounding_box()
    inner = await tile.locator(".tile-wait").evaluate("tile => [tile.scrollHeight, tile.scrollWidth]")
    assert box
    assert inner[0] <= box["height"]
    assert inner[1] <= box["width"]
    await sending.until(100)
    await expect(tile).to_have_attribute("data-state", "ready", timeout=SOON_S * 1000)
    await expect(bar).to_have_count(0)


async def test_without_redis_a_photo_comes_and_no_progress_is_said(
    tmp_path: Path, valkey: Valkey, people: People
) -> None:
    with running_stack(tmp_path, valkey) as lonely:
        phone = await people.reporter(lonely.citizens[0])
        report = (await phone.filed("拍到了"))["id"]
        own = await people.dispatcher(lonely.consoles[0])
        await tell(own, type="looking", report=report)
        valkey.kill()
        sending = await Sending.begun(phone, report, jpeg((1200, 900)))
        await sending.until(50)
        own.told.clear()
        await eventually(lambda: len(own.told) >= 2, SOON_S, "two words")
        assert all(word["arriving"] == {} for word in own.told)
        await sending.until(100)
        await people.leave()
