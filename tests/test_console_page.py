"""The desk's page in a real browser, on real processes: what a dispatcher sees, and what their keys do."""

import re
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import anyio
import pytest
from playwright.async_api import Browser, Page, Route, WebSocketRoute, async_playwright, expect

from dispatch.settings import CHECKOUT
from tests.interception import intercept
from tests.people import CARD, Dispatcher, Reporter, card_attributes, eventually
from tests.servers import chromium
from tests.stack import PASSWORD, Stack

pytestmark = [pytest.mark.anyio, pytest.mark.browser]

FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-audio-output",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
LIVE = "**/console/live**"
ACCEPT = "**/acknowledgement"

# Every field a reporter can write in gets this: it must stay words.
HOSTILE = '<img src=x onerror=alert(1)><script>alert(2)</script></bdi></article><b hx-get="/console">“{{7*7}}'


@pytest.fixture(scope="module")
async def browser() -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        launched = await playwright.chromium.launch(executable_path=chromium(), args=FLAGS)
        yield launched
        await launched.close()


@dataclass
class Line:
    """The page's socket, which a test can cut, hold back, and speak through."""

    cut: bool = False
    hushed: set[WebSocketRoute] = field(default_factory=set)
    sockets: list[WebSocketRoute] = field(default_factory=list)
    frames: list[str] = field(default_factory=list)

    async def open(self, socket: WebSocketRoute) -> None:
        if self.cut:
            await socket.close(code=1013)
            return
        server = socket.connect_to_server()
        self.sockets.append(socket)

        def pass_on(frame: str | bytes) -> None:
            if socket in self.hushed:
                return
            if isinstance(frame, str):
                self.frames.append(frame)
            socket.send(frame)

        server.on_message(pass_on)

    async def hang_up(self) -> None:
        """End the connection as a restarting server does; while `cut`, none comes back."""
        await self.sockets[-1].close(code=1012)

    def hush(self) -> None:
        """The connection stays open and nothing more comes by it, as when a network has forgotten it."""
        self.hushed.add(self.sockets[-1])

    def inject(self, frame: str) -> None:
        """A frame from the server that the server did not send."""
        self.sockets[-1].send(frame)


@dataclass
class Desk:
    """A dispatcher in front of the desk's page."""

    page: Page
    line: Line
    complaints: list[str] = field(default_factory=list)

    async def cards(self, list_: str = "waiting") -> list[str]:
        """The reports of a list, in its order."""
        found: list[str] = await self.page.eval_on_selector_all(
            f"#{list_} .card", "cards => cards.map(card => card.dataset.report)"
        )
        return found

    async def lamp(self, state: str, within_s: float = 40) -> None:
        await expect(self.page.locator("#live")).to_have_attribute(
            "data-state", state, timeout=within_s * 1000
        )

    def complain(self, complaint: str) -> None:
        self.complaints.append(complaint)

    def card(self, report: str) -> str:
        return f"#report-{report}"


@pytest.fixture
async def at_desk(stack: Stack, browser: Browser) -> AsyncIterator[Callable[..., Awaitable[Desk]]]:
    """Opens the page of a dispatcher who has signed in; whatever the page complains of fails the test."""
    desks: list[Desk] = []

    async def open_desk(number: str = "33010601", language: str = "zh-CN", height: int = 1080) -> Desk:
        context = await browser.new_context(
            base_url=stack.consoles[0].url,
            locale=language,
            viewport={"width": 1920 if height > 768 else 1366, "height": height},
            service_workers="block",
        )
        page = await context.new_page()
        desk = Desk(page, Line())
        desks.append(desk)
        page.on("pageerror", lambda error: desk.complain(str(error)))
        page.on("dialog", lambda dialog: desk.complain(f"dialog: {dialog.message}"))
        await context.expose_function("violated", desk.complain)
        await page.add_init_script(
            "addEventListener('securitypolicyviolation', event => violated(event.violatedDirective))"
        )
        await page.route_web_socket(re.compile("/console/live"), desk.line.open)
        await sign_in(page, number)
        await desk.lamp("live")
        return desk

    yield open_desk
    for desk in desks:
        await desk.page.context.close()
        assert desk.complaints == []


@pytest.fixture
async def reporter(stack: Stack) -> AsyncIterator[Reporter]:
    person = await Reporter.signed_in(stack.citizens[0], verified=True)
    yield person
    await person.leave()


@pytest.fixture(scope="module")
async def sweeper(stack: Stack) -> AsyncIterator[Dispatcher]:
    dispatcher = await Dispatcher.signed_in(stack.consoles[0], "33010690")
    yield dispatcher
    await dispatcher.leave()


@pytest.fixture(autouse=True)
async def _empty_desk(sweeper: Dispatcher) -> None:
    """Each test begins with a desk at which nothing waits."""
    queue = await sweeper.http.get("/console/queue")
    for card in CARD.finditer(queue.text):
        if card_attributes(card[0])["status"] == "filed":
            assert (await sweeper.accept(card[1])).status_code == 200


async def sign_in(page: Page, number: str, password: str = PASSWORD) -> None:
    await page.goto("/console/sign-in")
    await page.fill("#number", number)
    await page.fill("#password", password)
    await page.keyboard.press("Enter")


@asynccontextmanager
async def held(page: Page) -> AsyncIterator[anyio.Event]:
    """The page's acceptances stay on the way until the event is set."""
    go = anyio.Event()

    async def wait(route: Route) -> None:
        await go.wait()
        await route.continue_()

    await intercept(page, ACCEPT, wait)
    yield go
    await page.unroute(ACCEPT)


async def test_a_wrong_password_is_said_in_a_sentence_and_the_right_one_opens_the_desk(
    stack: Stack, browser: Browser
) -> None:
    context = await browser.new_context(base_url=stack.consoles[0].url, locale="zh-CN")
    page = await context.new_page()
    await sign_in(page, "33010601", "wrong")
    await expect(page.get_by_role("alert")).to_contain_text("警号或密码不对")
    await expect(page.locator("#number")).to_have_value("33010601")
    await sign_in(page, "33010601")
    await expect(page.locator(".top-me")).to_contain_text("33010601")
    await page.locator(".top-out button").click()
    await expect(page.locator("#password")).to_be_visible()
    await page.goto("/console")
    await expect(page.locator("#password")).to_be_visible()
    await context.close()


async def test_a_report_is_on_the_screen_without_a_reload_and_the_reporter_learns_of_the_screen(
    at_desk: Callable[..., Awaitable[Desk]], reporter: Reporter
) -> None:
    desk = await at_desk()
    report = await reporter.filed("有人砸门", place_text="文三路 478 号", media_expected=2)
    card = desk.page.locator(desk.card(report["id"]))
    await expect(card).to_be_visible(timeout=3000)
    await expect(card).to_contain_text("有人砸门")
    await expect(card).to_contain_text("文三路 478 号")
    await expect(card).to_contain_text("2 个未到")
    await expect(card).to_have_attribute("data-status", "filed")
    await expect(card.locator(".card-time")).to_have_text(re.compile(r"\d+ 秒"))
    await expect(desk.page).to_have_title(re.compile(r"^\(1\)"))
    with anyio.fail_after(5):
        while (await reporter.report(report["id"]))["screens"] != 1:  # noqa: ASYNC110 - asked over HTTP
            await anyio.sleep(0.05)


async def test_one_key_accepts_what_waits_longest_and_the_report_is_in_hand(
    at_desk: Callable[..., Awaitable[Desk]], reporter: Reporter
) -> None:
    desk = await at_desk()
    first = await reporter.filed("第一条")
    second = await reporter.filed("第二条")
    await expect(desk.page.locator(desk.card(second["id"]))).to_be_visible()
    await desk.page.keyboard.press("a")
    await expect(desk.page.locator(f"#taken {desk.card(first['id'])}")).to_have_attribute(
        "data-status", "received"
    )
    await expect(desk.page.locator(f"{desk.card(first['id'])} .card-mine")).to_be_visible()
    in_hand = desk.page.locator("#in-hand")
    await expect(in_hand).to_have_attribute("data-report", first["id"])
    await expect(in_hand).to_have_attribute("data-status", "received")
    await expect(in_hand.locator(".report-head .card-time")).to_have_count(0)  # it no longer waits
    assert (await reporter.report(first["id"]))["received"]["dispatcher_number"] == "33010601"
    assert await desk.cards() == [second["id"]]


async def test_a_key_pressed_twice_accepts_once(
    at_desk: Callable[..., Awaitable[Desk]], reporter: Reporter
) -> None:
    desk = await at_desk()
    for text in ("一", "二", "三"):
        last = await reporter.filed(text)
    await expect(desk.page.locator(desk.card(last["id"]))).to_be_visible()
    await desk.page.keyboard.press("a")
    await desk.page.keyboard.press("a")
    await expect(desk.page.locator("#waiting .card")).to_have_count(2)
    await anyio.sleep(0.6)
    assert len(await desk.cards()) == 2


async def test_who_comes_second_is_told_who_was_first_in_words_on_the_screen(
    at_desk: Callable[..., Awaitable[Desk]], reporter: Reporter
) -> None:
    winner, loser = await at_desk("33010602"), await at_desk("33010603")
    report = await reporter.filed("抢着接")
    for desk in (winner, loser):
        await expect(desk.page.locator(desk.card(report["id"]))).to_be_visible()
    async with held(loser.page) as go:
        await loser.page.keyboard.press("a")
        await expect(loser.page.locator(loser.card(report["id"]))).to_have_attribute("data-page-busy", "")
        await expect(loser.page.locator(loser.card(report["id"]))).to_have_attribute("data-status", "filed")
        await winner.page.keyboard.press("a")
        await expect(winner.page.locator(f"#taken {winner.card(report['id'])}")).to_be_visible()
        go.set()
        await expect(loser.page.locator("#notices")).to_contain_text("33010602 已先接收")
    await expect(loser.page.locator(f"#taken {loser.card(report['id'])}")).to_contain_text("33010602")
    await expect(loser.page.locator(f"{loser.card(report['id'])} .card-mine")).to_be_hidden()


@pytest.mark.parametrize("fault", ["no answer", "500", "403", "409"])
async def test_an_acceptance_that_failed_is_said_on_the_card_and_never_shown_as_accepted(
    at_desk: Callable[..., Awaitable[Desk]], reporter: Reporter, fault: str
) -> None:
    desk = await at_desk()
    report = await reporter.filed("接不上")
    card = desk.page.locator(desk.card(report["id"]))
    await expect(card).to_be_visible()

    async def fail(route: Route) -> None:
        if fault == "no answer":
            await route.abort()
        elif fault == "409":
            problem = '{"code":"report_closed","detail":"这条警情已处置完毕。"}'
            await route.fulfill(status=409, content_type="application/problem+json", body=problem)
        else:
            await route.fulfill(status=int(fault), content_type="text/html", body="<h1>error</h1>")

    await intercept(desk.page, ACCEPT, fail)
    await desk.page.keyboard.press("a")
    await expect(card.locator(".card-fault")).to_contain_text("没有接收成功")
    await expect(desk.page.locator(f"#waiting {desk.card(report['id'])}")).to_have_attribute(
        "data-status", "filed"
    )
    await desk.page.unroute(ACCEPT)
    await anyio.sleep(0.5)
    await desk.page.keyboard.press("a")
    await expect(desk.page.locator(f"#taken {desk.card(report['id'])}")).to_be_visible()
    await expect(card.locator(".card-fault")).to_be_hidden()


async def test_typed_words_and_focus_stay_while_reports_and_messages_come(
    at_desk: Callable[..., Awaitable[Desk]], reporter: Reporter
) -> None:
    desk = await at_desk()
    report = await reporter.filed("正在处理的")
    await expect(desk.page.locator(desk.card(report["id"]))).to_be_visible()
    await desk.page.keyboard.press("a")
    box = desk.page.locator("#reply-text")
    await expect(box).to_be_enabled()
    await desk.page.keyboard.press("r")
    await desk.page.keyboard.type("您在几楼？ajkr")
    await reporter.filed("又来一条")
    answer = await reporter.http.post(
        f"/api/v1/reports/{report['id']}/messages", json={"client_id": "c1", "text": "他走了"}
    )
    assert answer.status_code == 201
    await expect(desk.page.locator("#lines")).to_contain_text("他走了")
    await expect(desk.page.locator("#waiting .card")).to_have_count(1)
    await expect(box).to_have_value("您在几楼？ajkr")
    await expect(box).to_be_focused()

    # Another report in hand, and back: the words are still there.
    await desk.page.keyboard.press("Escape")
    await desk.page.keyboard.press("ArrowLeft")
    await expect(desk.page.locator("#in-hand")).not_to_have_attribute("data-report", report["id"])
    await desk.page.keyboard.press("ArrowRight")
    await expect(desk.page.locator("#in-hand")).to_have_attribute("data-report", report["id"])
    await expect(box).to_have_value("您在几楼？ajkr")

    await desk.page.keyboard.press("r")
    await desk.page.keyboard.press("Enter")
    await expect(desk.page.locator('.line[data-author="dispatcher"]')).to_contain_text("您在几楼？ajkr")
    await expect(box).to_have_value("")
    await expect(box).to_be_focused()
    said = (await reporter.report(report["id"]))["messages"]
    assert [message["text"] for message in said if message["author"] == "dispatcher"] == ["您在几楼？ajkr"]


async def test_words_that_were_not_sent_stay_in_the_box_and_a_retry_is_read_once(
    at_desk: Callable[..., Awaitable[Desk]], reporter: Reporter
) -> None:
    desk = await at_desk()
    report = await reporter.filed("回复会失败")
    await expect(desk.page.locator(desk.card(report["id"]))).to_be_visible()
    await desk.page.keyboard.press("a")
    box = desk.page.locator("#reply-text")
    await expect(box).to_be_enabled()

    async def answer_lost(route: Route) -> None:
        await route.fetch()  # the server has it; the page does not learn so
        await route.abort()

    await intercept(desk.page, "**/messages", answer_lost)
    await box.fill("马上到")
    await box.press("Enter")
    await expect(desk.page.locator("#reply-fault")).to_contain_text("没有发出")
    await expect(box).to_have_value("马上到")
    await desk.page.unroute("**/messages")
    await box.press("Enter")
    await expect(box).to_have_value("")
    said = (await reporter.report(report["id"]))["messages"]
    assert [message["text"] for message in said if message["author"] == "dispatcher"] == ["马上到"]


async def test_one_key_asks_another_answers_the_phone_and_each_side_sees_what_the_other_saw(
    at_desk: Callable[..., Awaitable[Desk]], reporter: Reporter
) -> None:
    desk = await at_desk()
    report = (await reporter.filed("有人跟着我"))["id"]
    await expect(desk.page.locator(desk.card(report))).to_be_visible()
    await desk.page.keyboard.press("a")
    await expect(desk.page.locator("#ask-location")).to_be_enabled()
    await desk.page.keyboard.press("q")
    await expect(desk.page.locator("#questions")).to_be_visible()
    await desk.page.keyboard.press("1")
    await expect(desk.page.locator("#questions")).to_be_hidden()
    line = desk.page.locator('.line[data-request="answer"]')
    await expect(line).to_contain_text("等待回答")
    await expect(line).to_contain_text("已存储")
    await desk.page.keyboard.press("p")
    await expect(desk.page.locator('.line[data-request="location"]')).to_contain_text("等待位置")
    await desk.page.keyboard.press("f")
    await expect(desk.page.locator('.line[data-request="photo"]')).to_contain_text("等待照片")
    asked = (await reporter.report(report))["requests"]
    assert [(one["request"], one["text"], one["answers"]) for one in asked] == [
        ("answer", "您现在安全吗？", ["是", "否"]),
        ("location", "", []),
        ("photo", "", []),
    ]

    # The phone shows it, and the tick says so; then a tap answers, and its line says so.
    await reporter.listen()
    await reporter.say(type="shown", report_id=report, version=reporter.reports[report]["version"])
    await expect(line).to_contain_text("已送达")
    await reporter.say(type="answer", report_id=report, request_id=asked[0]["id"], answer="否")
    await expect(line.locator("[data-chosen]")).to_have_text(re.compile("否$"))
    await expect(line).to_contain_text("已回答")

    # What the reporter writes is seen when it is on this screen, and the phone learns of it.
    await reporter.say(type="message", report_id=report, client_id="m", text="在三楼")
    await expect(desk.page.locator("#lines")).to_contain_text("在三楼")
    await eventually(
        lambda: [one["seen"] for one in reporter.reports[report]["messages"]] == [True], 10, "the second tick"
    )


async def test_a_request_whose_answer_was_lost_is_asked_again_with_its_key_and_stands_once(
    at_desk: Callable[..., Awaitable[Desk]], reporter: Reporter
) -> None:
    desk = await at_desk()
    report = await reporter.filed("请求会失败")
    await expect(desk.page.locator(desk.card(report["id"]))).to_be_visible()
    await desk.page.keyboard.press("a")
    await expect(desk.page.locator("#ask-location")).to_be_enabled()

    async def answer_lost(route: Route) -> None:
        await route.fetch()  # the server has it; the page does not learn so
        await route.abort()

    await intercept(desk.page, "**/requests", answer_lost)
    await desk.page.keyboard.press("p")
    await expect(desk.page.locator("#asks-fault")).to_contain_text("没有答复")
    await desk.page.unroute("**/requests")
    await anyio.sleep(0.5)
    await desk.page.keyboard.press("p")
    await expect(desk.page.locator("#asks-fault")).to_be_empty()
    await desk.page.keyboard.press("p")  # pressed twice in no time: meant once
    await expect(desk.page.locator('.line[data-request="location"]')).to_have_count(1)
    await anyio.sleep(0.3)
    assert len((await reporter.report(report["id"]))["requests"]) == 1


async def test_the_questions_take_only_their_keys_and_give_the_focus_back(
    at_desk: Callable[..., Awaitable[Desk]], reporter: Reporter
) -> None:
    desk = await at_desk(height=768)
    report = await reporter.filed("有人在门外，我不能说话", covert=True)
    await expect(desk.page.locator(desk.card(report["id"]))).to_be_visible()
    await desk.page.keyboard.press("a")
    box = desk.page.locator("#reply-text")
    await expect(box).to_be_enabled()
    await expect(desk.page.locator("#reply")).to_be_hidden()  # free words are behind their key
    await desk.page.keyboard.press("r")
    await expect(desk.page.locator("#reply-guard")).to_be_visible()
    await desk.page.keyboard.type("qpf 16")  # in a field, letters are letters
    await expect(desk.page.locator("#questions")).to_be_hidden()
    await desk.page.keyboard.press("Escape")
    focused = "document.activeElement.id"
    before = await desk.page.evaluate(focused)
    await desk.page.keyboard.press("q")
    await expect(desk.page.locator("#question-safe")).to_be_focused()
    await expect(desk.page.locator("#question-how_many")).to_have_count(0)
    await reporter.http.post(
        f"/api/v1/reports/{report['id']}/messages", json={"client_id": "c", "text": "他还在"}
    )

    async def seen() -> bool:
        return bool((await reporter.report(report["id"]))["messages"][0]["seen"])

    await expect(desk.page.locator("#lines")).to_contain_text("他还在")
    await expect(desk.page.locator("#questions")).to_be_visible()  # what came has not closed it
    await expect(desk.page.locator("#ask-question")).to_have_attribute("aria-expanded", "true")
    await anyio.sleep(0.3)
    assert not await seen()  # the questions lie over it
    await desk.page.keyboard.press("0")  # a question of another kind: not offered to the covert
    await desk.page.keyboard.press("Escape")
    await expect(desk.page.locator("#questions")).to_be_hidden()
    assert await desk.page.evaluate(focused) == before
    await eventually(seen, 10, "the line that the questions covered is seen")
    assert (await reporter.report(report["id"]))["requests"] == []


async def test_nothing_moves_under_the_pointer(
    at_desk: Callable[..., Awaitable[Desk]], reporter: Reporter
) -> None:
    desk, colleague = await at_desk(), await at_desk("33010602")
    reports = [await reporter.filed(f"第 {n} 条") for n in range(3)]
    await expect(desk.page.locator("#waiting .card")).to_have_count(3)
    await expect(colleague.page.locator("#waiting .card")).to_have_count(3)
    pointed = desk.page.locator(desk.card(reports[2]["id"]))
    await pointed.hover()
    before = await pointed.bounding_box()
    await colleague.page.keyboard.press("a")
    await expect(desk.page.locator(f"#taken {desk.card(reports[0]['id'])}")).to_be_visible()
    await expect(desk.page.locator(".gap")).to_contain_text("33010602 已接收")
    await reporter.filed("新来的")
    await expect(desk.page.locator("#waiting .card")).to_have_count(3)
    assert await pointed.bounding_box() == before
    await desk.page.mouse.move(1400, 500)
    await expect(desk.page.locator(".gap")).to_have_count(0)


def _seq(cursor: str | None) -> int:
    """How far a page's cursor has come: what a dispatcher has in hand is told to the log, and moves it on."""
    assert cursor
    return int(cursor.partition(":")[2])


async def test_an_older_card_never_takes_a_newer_one_back(
    at_desk: Callable[..., Awaitable[Desk]], reporter: Reporter
) -> None:
    desk = await at_desk()
    report = await reporter.filed("先旧后新")
    await expect(desk.page.locator(desk.card(report["id"]))).to_be_visible()
    old = next(frame for frame in reversed(desk.line.frames) if report["id"] in frame)
    await desk.page.keyboard.press("a")
    await expect(desk.page.locator(f"#taken {desk.card(report['id'])}")).to_be_visible()
    cursor = await desk.page.get_attribute("#cursor", "value")
    desk.line.inject(old)
    await anyio.sleep(0.3)
    await expect(desk.page.locator(desk.card(report["id"]))).to_have_count(1)
    await expect(desk.page.locator(desk.card(report["id"]))).to_have_attribute("data-status", "received")
    assert _seq(await desk.page.get_attribute("#cursor", "value")) >= _seq(cursor)


async def test_a_frame_that_cannot_be_shown_is_fetched_again(
    at_desk: Callable[..., Awaitable[Desk]], reporter: Reporter
) -> None:
    desk = await at_desk()
    before = len(desk.line.sockets)
    desk.line.inject('<hx-partial hx-target="#queue" hx-swap="no-such-style"><p>x</p></hx-partial>')
    with anyio.fail_after(5):
        while len(desk.line.sockets) == before:  # noqa: ASYNC110 - the page tells nobody
            await anyio.sleep(0.05)
    assert "after=" not in desk.line.sockets[-1].url
    report = await reporter.filed("之后的")
    await expect(desk.page.locator(desk.card(report["id"]))).to_be_visible()
    await desk.lamp("live")


async def test_without_a_socket_the_page_asks_and_says_so_and_returns_by_itself(
    at_desk: Callable[..., Awaitable[Desk]], reporter: Reporter
) -> None:
    desk = await at_desk()
    desk.line.cut = True
    await desk.line.hang_up()
    await desk.lamp("catching-up")
    await desk.lamp("polling")
    report = await reporter.filed("没有实时线路")
    await expect(desk.page.locator(desk.card(report["id"]))).to_be_visible(timeout=4000)
    await expect(desk.page.locator("#live")).to_contain_text("轮询中")
    desk.line.cut = False
    await desk.lamp("live")


async def test_a_console_that_lost_everything_greys_out_says_since_when_and_misses_nothing(
    stack: Stack, at_desk: Callable[..., Awaitable[Desk]], reporter: Reporter
) -> None:
    desk = await at_desk()
    stack.consoles[0].kill()
    try:
        await desk.lamp("offline")
        await expect(desk.page.locator("#gone")).to_have_text(re.compile(r"自 \d\d:\d\d:\d\d 起"))
        report = await reporter.filed("断线期间")
    finally:
        stack.consoles[0].start()
    await expect(desk.page.locator(desk.card(report["id"]))).to_be_visible(timeout=20_000)
    await desk.lamp("live")
    await expect(desk.page.locator("#gone")).to_be_hidden()


async def test_a_report_that_was_not_there_is_fetched_again_when_it_is_chosen_again(
    at_desk: Callable[..., Awaitable[Desk]], reporter: Reporter
) -> None:
    desk = await at_desk()
    report = await reporter.filed("一时找不到")
    card = desk.page.locator(desk.card(report["id"]))
    await expect(card).to_be_visible()
    asked = 0

    async def unknown(route: Route) -> None:
        nonlocal asked
        asked += 1
        await route.fulfill(status=404, body="")

    await intercept(desk.page, f"**/console/reports/{report['id']}", unknown)
    await card.click()
    await expect(desk.page.locator("#in-hand")).to_contain_text("已不在本台")
    await card.click()
    await eventually(lambda: asked == 2, 10, "asked for again")
    await expect(desk.page.locator("#in-hand")).to_contain_text("已不在本台")
    await desk.page.unroute(f"**/console/reports/{report['id']}")
    await desk.page.keyboard.press("Enter")
    await expect(desk.page.locator("#in-hand")).to_have_attribute("data-report", report["id"])
    await expect(desk.page.locator("#in-hand")).to_contain_text("一时找不到")


async def test_a_session_that_ended_leads_to_the_door(
    at_desk: Callable[..., Awaitable[Desk]],
) -> None:
    desk = await at_desk("33010603")
    other = await desk.page.context.new_page()
    await other.goto("/console")
    await other.locator(".top-out button").click()
    await desk.page.wait_for_url("**/console/sign-in", timeout=10_000)


async def test_what_reporters_write_stays_words(
    at_desk: Callable[..., Awaitable[Desk]], reporter: Reporter
) -> None:
    desk = await at_desk()
    report = await reporter.filed(HOSTILE, place_text=HOSTILE, category=None)
    await reporter.http.post(
        f"/api/v1/reports/{report['id']}/messages", json={"client_id": "c", "text": HOSTILE}
    )
    card = desk.page.locator(desk.card(report["id"]))
    await expect(card.locator(".card-words")).to_contain_text("<img src=x onerror=alert(1)>")
    await card.click()
    lines = desk.page.locator("#lines")
    await expect(lines).to_contain_text("</bdi></article>")
    assert await desk.page.locator("#lines img, #lines b[hx-get], .card img, .card-words b").count() == 0
    # Loaded anew, the page holds the same words.
    await desk.page.reload()
    await desk.lamp("live")
    await expect(card.locator(".card-words")).to_contain_text("<img src=x onerror=alert(1)>")


async def test_twelve_waiting_cards_are_seen_at_once(
    at_desk: Callable[..., Awaitable[Desk]], reporter: Reporter
) -> None:
    desk = await at_desk()
    for n in range(13):
        await reporter.filed(f"第 {n} 条，路口两车相撞，有人受伤流血", place_text="古荡新村 5 幢 2 单元 301")
    await expect(desk.page.locator("#waiting .card")).to_have_count(13)
    assert await desk.page.evaluate(SEEN) >= 12


SEEN = """() => {
  const list = document.getElementById("waiting").getBoundingClientRect();
  return [...document.querySelectorAll("#waiting .card")].filter((card) => {
    const box = card.getBoundingClientRect();
    return box.top >= list.top && box.bottom <= list.bottom;
  }).length;
}"""


@pytest.mark.parametrize("language", ["zh-CN", "en"])
async def test_axe_finds_nothing_on_the_desk(
    at_desk: Callable[..., Awaitable[Desk]], reporter: Reporter, language: str
) -> None:
    desk = await at_desk(language=language, height=768)
    await reporter.filed("一条", covert=True, media_expected=1)
    report = await reporter.filed("另一条")
    await expect(desk.page.locator(desk.card(report["id"]))).to_be_visible()
    await desk.page.keyboard.press("a")
    await expect(desk.page.locator("#reply-text")).to_be_enabled()
    await desk.page.keyboard.press("q")
    await expect(desk.page.locator("#questions")).to_be_visible()
    await desk.page.evaluate((CHECKOUT / "node_modules" / "axe-core" / "axe.min.js").read_text("utf-8"))
    found = await desk.page.evaluate("() => axe.run()")
    assert [(each["id"], each["nodes"][0]["html"]) for each in found["violations"]] == []
    assert len(found["passes"]) > 20
