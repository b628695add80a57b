"""Two consoles and one phone, three browsers' pages at once: after every act, each shows what the database holds."""

import re
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from uuid import UUID

import anyio
import pytest
from playwright.async_api import Browser, FilePayload, Page, WebSocketRoute, async_playwright, expect

from dispatch import reading
from dispatch.states import ReportState
from tests.both_screens import FLAGS, contexts, sign_in_reporter
from tests.people import eventually
from tests.pictures import jpeg
from tests.servers import Valkey, chromium
from tests.stack import DESK, PASSWORD, App, Stack
from tests.stack import stack as running_stack
from tests.truth import assert_whole

pytestmark = [pytest.mark.anyio, pytest.mark.browser, pytest.mark.timeout(400)]

FIRST, SECOND = f"{DESK}01", f"{DESK}02"
CUT_S = 30
PICTURE = FilePayload(name="IMG_1.jpg", mimeType="image/jpeg", buffer=jpeg())


@pytest.fixture
def whole_desk(tmp_path: Path, valkey: Valkey) -> Iterator[Stack]:
    """Two console processes, and a Valkey to be hurt."""
    with running_stack(tmp_path, valkey, consoles=2) as running:
        yield running


@dataclass
class Seat:
    """A dispatcher's page, whose line the test can cut."""

    page: Page
    number: str
    cut: bool = False
    sockets: list[WebSocketRoute] = field(default_factory=list)

    async def open(self, socket: WebSocketRoute) -> None:
        if self.cut:
            await socket.close(code=1013)
            return
        socket.connect_to_server()
        self.sockets.append(socket)

    async def lose_the_network(self) -> None:
        self.cut = True
        await self.page.context.set_offline(True)
        await self.sockets[-1].close(code=1012)

    async def find_the_network(self) -> None:
        self.cut = False
        await self.page.context.set_offline(False)

    async def live(self) -> None:
        await expect(self.page.locator("#live")).to_have_attribute("data-state", "live", timeout=30_000)


async def sit_down(browser: Browser, app: App, number: str) -> Seat:
    context = await browser.new_context(
        base_url=app.url, locale="zh-CN", viewport={"width": 1920, "height": 1080}, service_workers="block"
    )
    seat = Seat(await context.new_page(), number)
    await seat.page.route_web_socket(re.compile("/console/live"), seat.open)
    await seat.page.goto("/console/sign-in")
    await seat.page.fill("#number", number)
    await seat.page.fill("#password", PASSWORD)
    await seat.page.keyboard.press("Enter")
    await seat.live()
    return seat


@dataclass
class Room:
    """Everybody who looks at one report, and the report itself."""

    stack: Stack
    phone: Page
    seats: list[Seat]
    report: str = ""

    def truth(self) -> ReportState:
        with self.stack.database.read() as session:
            found = reading.state(session, UUID(self.report))
        assert found is not None
        return found

    async def same(self, *but: Seat) -> None:
        """Each screen shows what is stored; those without a line are left out."""
        truth = self.truth()
        for seat in self.seats:
            if seat not in but:
                await _shows(seat.page, truth)
        await _phone_shows(self.phone, truth)

    async def stored(self, status: str, handler: str | None) -> None:
        """The act has come to the database."""
        await eventually(
            lambda: (self.truth().status, self.truth().handler) == (status, handler),
            20,
            f"{status} {handler}",
        )

    async def say(self, words: str) -> None:
        """The reporter writes on the phone."""
        await self.phone.fill("#say", words)
        await self.phone.tap("#composer [type=submit]")
        await eventually(lambda: words in [line.text for line in self.truth().messages], 30, "stored")


async def _shows(page: Page, truth: ReportState) -> None:
    card = page.locator(f"#report-{truth.id}")
    if truth.status == "closed":
        await expect(card).to_have_count(0)
        return
    await expect(card).to_have_attribute("data-status", truth.status)
    await expect(card).to_have_attribute("data-version", str(truth.version))
    if truth.handler:
        await expect(card).to_have_attribute("data-dispatcher", truth.handler)
    elif truth.acknowledgement:
        await expect(card).to_have_attribute("data-released-by", re.compile("."))
    await expect(page.locator("#in-hand")).to_have_attribute("data-version", str(truth.version))
    for message in truth.messages:
        await expect(page.locator("#lines")).to_contain_text(message.text)
    for request in truth.requests:
        asked = page.locator(f"#line-{request.id}")
        await expect(asked).to_contain_text(request.text)
        chosen = [request.answer] if request.answer else []
        await expect(asked.locator("[data-chosen]")).to_contain_text(chosen)
    for item in truth.media:
        await expect(page.locator(f"#media-{item.id}")).to_have_attribute("data-state", item.state)


async def _phone_shows(page: Page, truth: ReportState) -> None:
    received = page.locator("[data-rung=received][data-state=now]")
    if truth.acknowledgement is None:
        await expect(page.locator("[data-rung=shown][data-state=now]")).to_be_visible()
        await expect(received).to_have_count(0)
    else:
        await expect(page.locator("[data-rung=received]")).to_contain_text(
            truth.acknowledgement.dispatcher_number
        )
    for message in truth.messages:
        await expect(page.locator("#talk")).to_contain_text(message.text)
    for request in truth.requests:
        await expect(page.locator("#talk")).to_contain_text(request.text)
        if request.answer:
            await expect(page.locator("#talk")).to_contain_text(request.answer)
    ready = [item for item in truth.media if item.state == "ready"]
    await expect(page.locator(".tile[data-state=stored]")).to_have_count(len(ready))
    if truth.status == "closed":
        await expect(page.locator("#after")).to_contain_text("处置完毕")


@pytest.fixture
async def room(whole_desk: Stack) -> AsyncIterator[Room]:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=chromium(), args=FLAGS)
        phones, desk = await contexts(browser, "zh-CN")
        await desk.close()
        phone = await phones.new_page()
        await sign_in_reporter(phone, whole_desk, "13900110777")
        seats = [
            await sit_down(browser, app, number)
            for app, number in zip(whole_desk.consoles, (FIRST, SECOND), strict=True)
        ]
        yield Room(whole_desk, phone, seats)
        await browser.close()


async def test_each_screen_tells_the_same_truth_after_every_act_and_every_outage(room: Room) -> None:
    first, second = room.seats
    phone = room.phone
    await phone.fill("#first-words", "楼道里有人持刀")
    await phone.tap("#quick")
    await expect(phone.locator("[data-rung=shown][data-state=now]")).to_be_visible()
    room.report = phone.url.rpartition("/")[2]
    for seat in room.seats:
        await seat.page.locator(f"#report-{room.report}").click()
    await room.same()

    await first.page.keyboard.press("a")
    await room.stored("received", FIRST)
    await room.same()

    # The second console is cut off for half a minute; the world goes on.
    await second.lose_the_network()
    await room.say("他往楼上去了")
    await first.page.keyboard.press("r")
    await first.page.keyboard.type("民警两分钟到")
    await first.page.keyboard.press("Enter")
    await expect(phone.locator("#talk")).to_contain_text("民警两分钟到")
    await first.page.keyboard.press("Escape")
    await first.page.keyboard.press("b")
    await expect(first.page.locator("#reason-text")).to_be_focused()
    await first.page.keyboard.press("1")
    await room.stored("received", None)
    await room.same(second)
    await expect(second.page.locator("#live")).to_have_attribute("data-state", "offline")
    await expect(second.page.locator("#gone")).to_be_visible()
    await anyio.sleep(CUT_S)
    await second.find_the_network()
    await second.live()
    await room.same()

    await second.page.keyboard.press("Escape")
    await second.page.keyboard.press("a")
    await room.stored("received", SECOND)
    await room.same()

    # A question, a tap that answers it, and a photo.
    await second.page.keyboard.press("q")
    await expect(second.page.locator("#questions")).to_be_visible()
    await second.page.keyboard.press("1")
    await eventually(lambda: room.truth().requests, 20, "the question is stored")
    await room.same()
    await phone.locator("#talk").get_by_role("button", name=room.truth().requests[0].answers[1]).tap()
    await eventually(lambda: room.truth().requests[0].answer, 30, "the answer is stored")
    await room.same()
    await phone.set_input_files("#pick", [PICTURE])
    await eventually(lambda: [item.state for item in room.truth().media] == ["ready"], 60, "the photo")
    await room.same()

    # The first takes it over; then its process dies, and the second takes it back. What came meanwhile is on the
    # first's screen when it is back.
    await first.page.keyboard.press("Escape")
    await first.page.keyboard.press("t")
    await expect(first.page.locator("#reason-text")).to_be_focused()
    await first.page.keyboard.press("1")
    await room.stored("received", FIRST)
    await room.same()
    process = room.stack.consoles[0]
    process.kill()
    await room.say("我锁了门")
    await room.same(first)
    await second.page.keyboard.press("Escape")
    await second.page.keyboard.press("t")
    await expect(second.page.locator("#reason-text")).to_be_focused()
    await second.page.keyboard.press("1")
    await room.stored("received", SECOND)
    await room.same(first)
    process.launch()
    await anyio.to_thread.run_sync(process.wait)
    await first.live()
    await room.same()

    # Without Redis nobody is rung for; the logs are read all the same.
    room.stack.valkey.kill()
    await room.say("听见脚步声")
    await second.page.keyboard.press("r")
    await second.page.keyboard.type("不要出声")
    await second.page.keyboard.press("Enter")
    await expect(phone.locator("#talk")).to_contain_text("不要出声")
    await room.same()
    room.stack.valkey.launch()
    await anyio.to_thread.run_sync(room.stack.valkey.wait)
    await room.same()

    await second.page.keyboard.press("Escape")
    await second.page.keyboard.press("z")
    await expect(second.page.locator("#outcome")).to_be_visible()
    await second.page.keyboard.press("Enter")
    await room.stored("closed", None)
    await room.same()
    assert_whole(room.stack.database, DESK)
