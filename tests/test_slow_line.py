"""A thin, slow line that drops: the report arrives once, the photo goes on where it stopped, and the page says what is
true at each moment. In a real browser, through a proxy at 30 kbit/s with two seconds each way, or with what Chromium's
own tools make of its network."""

import asyncio
import itertools
import json
import re
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx2
import pytest
from playwright.async_api import FilePayload, Page, Playwright, Request, Response, async_playwright, expect
from websockets.asyncio.client import connect

from api import live
from dispatch.incoming import Incoming
from tests import test_citizen_page as citizen
from tests.people import Dispatcher, People, Reporter, eventually
from tests.phones import LastingPhone, lasting_phone
from tests.places import Place
from tests.server import free_port
from tests.servers import Valkey, chromium
from tests.slow_line import SlowLine
from tests.stack import Stack
from tests.stack import stack as running_stack
from tests.truth import rows

pytestmark = [pytest.mark.anyio, pytest.mark.browser]

BITS_PER_S, DELAY_S = 30_000, 2.0
# A minute and a half is what a small photo takes over such a line.
PATIENCE_MS = 180_000
_numbers = itertools.count(13_500_000_000)

SAID = """() => {
  const words = (id) => {
    const one = document.querySelector(id);
    return one?.getClientRects().length ? one.innerText : "";
  };
  return {
    rung: document.querySelector(".rung[aria-current]")?.dataset.rung ?? "",
    ladder: words("#ladder"), alarm: words("#alarm"), line: words("#line"),
    tiles: [...document.querySelectorAll(".tile")].map((tile) => ({
      key: tile.dataset.key, state: tile.dataset.state, words: tile.querySelector(".tile-state span").innerText,
    })),
  };
}"""


@pytest.fixture(scope="module")
def port() -> int:
    """Where the phones find the server: at the other end of a line."""
    return free_port()


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory, valkey_of_session: Valkey, port: int) -> Iterator[Stack]:
    valkey_of_session.flushall()
    folder = Path(tmp_path_factory.mktemp("slow"))
    origin = f"http://127.0.0.1:{port}"
    with running_stack(
        folder, valkey_of_session, DESK110_CITIZEN_ORIGIN=origin, DESK110_IDENTITY_REQUIRED="never"
    ) as running:
        yield running


@pytest.fixture(scope="module")
async def playwright() -> AsyncIterator[Playwright]:
    async with async_playwright() as started:
        yield started


@pytest.fixture
async def line(stack: Stack, port: int) -> AsyncIterator[SlowLine]:
    found = SlowLine(port, stack.citizens[0].port)
    await found.open()
    yield found
    await found.close()


@pytest.fixture
async def dispatcher(stack: Stack, place: Place, people: People) -> Dispatcher:
    """On duty at the desk of the test's county."""
    return await people.dispatcher(stack.consoles[0], place.number())


@pytest.fixture
async def held(playwright: Playwright, line: SlowLine, place: Place) -> AsyncIterator[LastingPhone]:
    """A phone whose owner is signed in, and that has the page: the line was good until now."""
    async with lasting_phone(playwright, line.url, str(next(_numbers)), place.location) as phone:
        await phone.page.goto("/#account")
        await phone.prove("#account-sign-in")
        await expect(phone.page.locator("#account-me")).to_be_visible()
        await phone.page.tap("#back")
        await phone.kept()
        yield phone


@dataclass
class Watched:
    """What a page says, held against what is so: it is read first, so that what is so can only have gone further."""

    page: Page
    stack: Stack
    text: str
    broken: bool = False  # the line has dropped: then it may be said
    heard: float = field(default_factory=time.monotonic)  # when the server last said anything of the report
    said: list[dict[str, Any]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.page.on("response", self._answered)
        self.page.on("websocket", lambda socket: socket.on("framereceived", self._hear))

    def _answered(self, response: Response) -> None:
        if re.search(r"/api/v1/reports(/[^/]+)?$", response.url):
            self._hear()

    def _hear(self, *_what: object) -> None:
        self.heard = time.monotonic()

    async def watch(self) -> None:
        while True:
            said = await self.page.evaluate(SAID)
            self.hold(said)
            if not self.said or self.said[-1] != said:
                self.said.append(said)
            await asyncio.sleep(0.1)

    def hold(self, said: dict[str, Any]) -> None:
        with self.stack.database.read() as session:
            reports = rows(session, "report", text=self.text)
            received = [row for one in reports for row in rows(session, "acknowledgement", report=one.id)]
            media = [row for one in reports for row in rows(session, "media", report=one.id)]
        assert len(reports) <= 1
        if said["rung"] in {"stored", "shown", "received"}:
            assert reports, said
        if said["rung"] == "received" or "已接收" in said["ladder"]:
            assert received, said
        if "联系不上" in said["alarm"]:
            assert self.broken, said
            assert time.monotonic() - self.heard > 16, said  # it is said after eighteen seconds of silence
        assert "未送达" not in said["alarm"], said
        assert "没有网络" not in said["line"], said
        for tile in said["tiles"]:
            there = next((row for row in media if row.client_id == tile["key"]), None)
            self.hold_tile(tile, there)

    def hold_tile(self, tile: dict[str, Any], there: Any) -> None:
        if tile["state"] == "stored":
            assert there is not None, tile
            assert there.state == "ready", tile
        if "断了" in tile["words"]:
            assert self.broken, tile
        if percent := re.search(r"已发送 (\d+)%", tile["words"]):
            assert there is not None, tile
            came = (
                there.length
                if there.state == "ready"
                else Incoming.of(self.stack.home).size(UUID(str(there.id)))
            )
            assert came >= int(percent[1]) / 100 * there.length, (tile, came)


@asynccontextmanager
async def watched(page: Page, stack: Stack, text: str) -> AsyncIterator[Watched]:
    """Watches the page until the end; what was false fails the test."""
    found = Watched(page, stack, text)
    watching = asyncio.create_task(found.watch())
    try:
        yield found
        if watching.done():
            await watching
    finally:
        watching.cancel()


@dataclass
class Pieces:
    """How the photo went: each piece that left and each answer that told how much the server has, in order."""

    seen: list[tuple[str, int]] = field(default_factory=list)

    def of(self, page: Page) -> "Pieces":
        page.on("request", self._left)
        page.on("response", self._told)
        return self

    def _left(self, request: Request) -> None:
        if request.method == "PATCH":
            self.seen.append(("piece", int(request.headers["upload-offset"])))

    def _told(self, response: Response) -> None:
        if response.request.method in {"PATCH", "HEAD"} and "upload-offset" in response.headers:
            self.seen.append((response.request.method, int(response.headers["upload-offset"])))

    def count(self, what: str) -> int:
        return sum(kind == what for kind, _ in self.seen)


def photo(width: int, height: int) -> FilePayload:
    return FilePayload(name="门口.jpg", mimeType="image/jpeg", buffer=citizen._noise(width, height))


async def report_with(held: LastingPhone, text: str, picture: FilePayload) -> None:
    """One tap, and a photo right behind it."""
    await held.page.fill("#first-words", text)
    await held.page.tap("#quick")
    await expect(held.page.locator("#composer")).to_be_visible()
    await held.page.set_input_files("#pick", [picture])


async def by_proxy(_held: LastingPhone, line: SlowLine) -> None:
    line.thin(BITS_PER_S, DELAY_S)


async def by_chromium(held: LastingPhone, _line: SlowLine) -> None:
    tools = await held.session()
    each_way = {"downloadThroughput": BITS_PER_S / 8, "uploadThroughput": BITS_PER_S / 8}
    await tools.send("Network.enable")
    conditions = {"offline": False, "latency": 2_000 * DELAY_S, **each_way}
    await tools.send("Network.emulateNetworkConditions", conditions)


@pytest.mark.parametrize("slow", [by_proxy, by_chromium])
async def test_over_a_thin_and_slow_line_it_is_filed_once_and_received_comes_before_its_photo_is_there(
    held: LastingPhone, line: SlowLine, stack: Stack, dispatcher: Dispatcher, slow: Any
) -> None:
    text = f"慢线路 {slow.__name__}"
    await slow(held, line)
    await held.page.goto("/", wait_until="commit")
    await expect(held.page.locator("html[data-ready]")).to_be_attached(timeout=PATIENCE_MS)
    pieces = Pieces().of(held.page)
    async with watched(held.page, stack, text) as page:
        await report_with(held, text, photo(300, 220))
        await eventually(lambda: dispatcher.cards, 60, "the report is on the desk's screen")
        await eventually(lambda: pieces.count("piece"), 60, "the photo is on its way")
        (report,) = dispatcher.cards
        await dispatcher.accept(report)
        await expect(held.rung("received")).to_contain_text("已接收", timeout=PATIENCE_MS)
        assert [tile["state"] for tile in (await held.page.evaluate(SAID))["tiles"]] == ["sending"]
        tile = held.page.locator(".tile")
        await expect(tile).to_have_attribute("data-state", "stored", timeout=PATIENCE_MS)
    assert list(dispatcher.cards) == [report]
    assert [offset for kind, offset in pieces.seen if kind == "piece"] == sorted(
        {offset for kind, offset in pieces.seen if kind == "piece"}
    ), "each piece leaves once"
    assert [said["rung"] for said in page.said][-1] == "received"


async def test_dropped_in_the_middle_of_a_photo_it_goes_on_where_it_stopped_and_the_live_line_comes_first(
    held: LastingPhone, line: SlowLine, stack: Stack, dispatcher: Dispatcher
) -> None:
    text = "断在半路"
    line.thin(BITS_PER_S, DELAY_S)
    pieces = Pieces().of(held.page)
    sockets: list[str] = []
    held.page.on(
        "websocket", lambda socket: socket.on("framereceived", lambda frame: sockets.append(str(frame)))
    )
    async with watched(held.page, stack, text) as page:
        await report_with(held, text, photo(400, 300))
        await eventually(lambda: pieces.count("piece") > 1, 60, "the second piece is on its way")
        before = max(offset for kind, offset in pieces.seen if kind == "PATCH")
        page.broken = True
        line.break_after(8_000)
        await eventually(lambda: pieces.count("HEAD"), 120, "the server is asked how far it is")
        (report,) = dispatcher.cards
        at = next(at for at, (kind, _) in enumerate(pieces.seen) if kind == "HEAD")
        stopped = pieces.seen[at][1]
        assert stopped > before, "what came of the piece that broke off is kept"
        await eventually(
            lambda: any('"welcome"' in frame for frame in sockets), 120, "the live line is open again"
        )
        tile = held.page.locator(".tile")
        await expect(tile).to_have_attribute("data-state", "sending")
        await dispatcher.accept(report)
        await expect(held.rung("received")).to_contain_text("已接收", timeout=PATIENCE_MS)
        await expect(tile).to_have_attribute("data-state", "stored", timeout=PATIENCE_MS)
    after = [offset for kind, offset in pieces.seen[at + 1 :] if kind == "piece"]
    assert after[0] == stopped
    assert after == sorted(set(after)), "and nothing goes twice from there on"
    assert list(dispatcher.cards) == [report]
    with stack.database.read() as session:
        assert len(rows(session, "report", text=text)) == 1


# --- the parts of it, alone


@pytest.fixture
async def page(playwright: Playwright, stack: Stack) -> AsyncIterator[Page]:
    """A page whose clock is the test's, for the protocol's modules by themselves."""
    browser = await playwright.chromium.launch(executable_path=chromium(), args=citizen.FLAGS)
    opened = await browser.new_page(base_url=stack.citizens[0].url)
    await opened.clock.install()
    await opened.goto("/law")
    yield opened
    await browser.close()


LIVE = """async () => {
    const { createLive } = await import("/static/citizen/protocol/live.js");
    const { createPatience } = await import("/static/citizen/protocol/patience.js");
    window.asked = [];
    window.lines = [];
    class Line {
        constructor() { this.readyState = 0; lines.push(this); }
        send() {}
        close() {}
    }
    window.held = 0;
    const hold = (most) => {
        held += 1;
        let over = false;
        const end = () => { if (!over) { over = true; held -= 1; } };
        setTimeout(end, most);
        return end;
    };
    const http = { took: () => 0, call: (method, path, { timeout }) => new Promise((resolve, reject) => {
        const one = { path, resolve };
        asked.push(one);
        setTimeout(() => reject(Object.assign(new Error(), { status: 0 })), timeout);
    }) };
    window.live = createLive({
        WebSocket: Line, url: "wss://x", http, hold, patience: createPatience({ random: () => 0 }), known: new Map(),
        accept() {}, emit() {}, random: () => 0.5, now: () => Date.now(), token: () => null,
    });
    live.watch("a report");
    live.start();
}"""


async def test_a_line_that_opens_slowly_is_waited_for_and_photos_give_way_to_it_for_a_while(
    page: Page,
) -> None:
    await page.evaluate(LIVE)
    assert await page.evaluate("held") == 1
    await page.clock.run_for(9_000)
    assert await page.evaluate("[held, lines.length]") == [1, 1]
    await page.clock.run_for(15_000)
    assert await page.evaluate("[held, lines.length, live.state()]") == [0, 1, "connecting"]
    await page.evaluate(
        """() => {
            lines[0].readyState = 1;
            lines[0].onopen();
            lines[0].onmessage({ data: JSON.stringify({ type: "welcome", reports: [] }) });
        }"""
    )
    assert await page.evaluate("[held, lines.length, live.state()]") == [0, 1, "live"]


async def test_a_line_that_never_opens_is_given_up_and_tried_again(page: Page) -> None:
    await page.evaluate(LIVE)
    await page.clock.run_for(32_000)
    assert await page.evaluate("[lines.length, live.state()]") == [2, "polling"]


async def test_a_question_that_is_on_its_way_is_not_asked_over_and_over(page: Page) -> None:
    await page.evaluate(LIVE)
    await page.clock.run_for(14_000)
    assert await page.evaluate("asked.length") <= 3, "one in six seconds, not one in two"
    await page.evaluate("asked.splice(0).forEach(({ resolve }) => resolve({ said: {} }))")
    await page.clock.run_for(5_000)
    assert await page.evaluate("asked.length") >= 1, "answered, it is asked again soon"


TURNS = """async () => {
    const { createTurns } = await import("/static/citizen/protocol/turns.js");
    const turns = createTurns();
    window.order = [];
    window.goOn = turns.hold(10_000);
    turns.hold(10_000);
    turns.take(() => 1).then((end) => { order.push("first"); end(); });
}"""


async def test_no_piece_begins_while_something_more_urgent_is_on_the_line_but_not_for_ever(
    page: Page,
) -> None:
    await page.evaluate(TURNS)
    await page.evaluate("goOn(), goOn()")
    await page.clock.run_for(9_000)
    assert await page.evaluate("order") == []
    await page.clock.run_for(2_000)
    assert await page.evaluate("order") == ["first"]


# A server that has `had` bytes of a photo by each HEAD, and never answers the first `stuck` pieces.
UPLOADS = """async ({ size, took, had, stuck }) => {
    const { createUploads } = await import("/static/citizen/protocol/uploads.js");
    const { createTurns } = await import("/static/citizen/protocol/turns.js");
    const asked = window.asked = [];
    const told = [...had];
    const answer = (offset) => ({ status: 204, ok: true, headers: new Headers({ "Upload-Offset": String(offset) }) });
    const transmit = ({ method, headers, body, signal }) => new Promise((resolve, reject) => {
        const from = Number(headers["Upload-Offset"]);
        asked.push([method, from || 0, body?.byteLength ?? 0]);
        if (method === "HEAD") return resolve(answer(told.shift()));
        signal.addEventListener("abort", () => reject(new Error("given up")));
        if ((stuck -= 1) < 0) setTimeout(() => resolve(answer(from + body.byteLength)), 3_000);
        return undefined;
    });
    const http = { took: () => took, authorization: () => ({}) };
    const createStop = () => new AbortController();
    const given = { http, turns: createTurns(), base: "", language: "en", now: () => Date.now(), transmit, createStop };
    const uploads = createUploads(given);
    const item = { size, sent: 0, url: "/x" };
    const keep = async (changes) => { Object.assign(item, changes); };
    window.done = uploads.send(item, new Blob([new Uint8Array(size)]), "r", new AbortController().signal, keep);
    window.item = item;
}"""


async def uploaded(page: Page, seconds: int, **given: Any) -> list[list[Any]]:
    """What was asked of the server in so many seconds: the method, the offset, and how many bytes."""
    await page.evaluate(UPLOADS, given)
    for _ in range(seconds):
        await page.clock.run_for(1_000)
    asked: list[list[Any]] = await page.evaluate("asked")
    return asked


KIB = 1024


async def test_where_answers_are_slow_in_coming_the_first_piece_is_small(page: Page) -> None:
    slow = await uploaded(page, 2, size=64 * KIB, took=4_500, had=[0], stuck=1)
    assert slow[1] == ["PATCH", 0, 16 * KIB]
    quick = await uploaded(page, 2, size=64 * KIB, took=80, had=[0], stuck=1)
    assert quick[1] == ["PATCH", 0, 32 * KIB]


async def test_a_piece_that_the_line_does_not_carry_any_more_is_broken_off_and_goes_on_in_small_ones(
    page: Page,
) -> None:
    asked = await uploaded(page, 60, size=64 * KIB, took=80, had=[0, 9 * KIB], stuck=1)
    assert asked[:4] == [
        ["HEAD", 0, 0],
        ["PATCH", 0, 32 * KIB],
        ["HEAD", 0, 0],
        ["PATCH", 9 * KIB, 16 * KIB],
    ]
    assert await page.evaluate("item.sent") == 64 * KIB


# --- the server's part of it


async def test_who_is_known_by_the_cookie_may_be_slow_with_the_first_words_and_who_is_not_may_not(
    stack: Stack, port: int, people: People
) -> None:
    reporter: Reporter = await people.reporter(stack.citizens[0])
    url = stack.citizens[0].url.replace("http", "ws", 1) + "/api/v1/live"
    known = {"Cookie": f"desk110_session={reporter.token}", "Origin": f"http://127.0.0.1:{port}"}
    subprotocols: Any = ["desk110.v1"]
    async with (
        connect(url, subprotocols=subprotocols, additional_headers=known, proxy=None) as page,
        connect(url, subprotocols=subprotocols, proxy=None) as nobody,
    ):
        await nobody.wait_closed()
        assert nobody.close_code == live.NO_HELLO
        await page.send(json.dumps({"type": "hello"}))
        assert json.loads(await page.recv())["type"] == "welcome"


async def test_a_connection_that_rests_for_longer_than_a_slow_request_takes_is_kept(stack: Stack) -> None:
    address = stack.citizens[0].url
    async with httpx2.AsyncClient(
        base_url=address, limits=httpx2.Limits(max_connections=1, keepalive_expiry=60)
    ) as http:
        ports = []
        for rest in (0, 7):
            await asyncio.sleep(rest)
            answer = await http.get("/healthz")
            ports.append(answer.extensions["network_stream"].get_extra_info("client_addr"))
        assert ports[0] == ports[1]
