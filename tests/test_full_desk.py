"""A desk on its worst day: hundreds of cards wait, and twenty more of all sorts come every second while a dispatcher
writes."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import httpx2
import pytest
from playwright.async_api import Page, async_playwright, expect

from bench.people import add_reporters
from console.hub import CARDS
from console.standing import rank_in
from dispatch.danger_words import Dangers
from dispatch.reading import open_at_desk
from tests.both_screens import FLAGS
from tests.people import eventually
from tests.servers import Valkey, chromium
from tests.stack import PASSWORD, XIHU, Stack
from tests.stack import stack as running_stack
from tests.truth import assert_whole, rows

pytestmark = [pytest.mark.anyio, pytest.mark.browser, pytest.mark.timeout(600)]

DESK = "330106"
WAITING, EVERY_S, COMING = 500, 0.05, 20 * 60
AT_ONCE = 8
# Nobody has more than three waiting, so nothing folds (dispatch/floods.py).
PEOPLE = 600
# What a report is, one after the other: most are plain, some say that they come before, some that they can wait.
SORTS: tuple[dict[str, Any], ...] = (
    {"text": "在桥头"},
    {"text": "在桥头，有人拿刀"},
    {"text": "在桥头，别出声", "covert": True},
    {"text": "在桥头"},
    {"text": "被骗了", "kind": "fraud"},
    {"text": "着火了，有人流血"},
    {"text": "看见有人倒废油", "kind": "tip"},
)
WORDS = "请不要挂断，民警正在赶来。您现在在几楼？门能从里面锁上吗？"

# Tasks that keep the page from answering the hand for longer than 50 ms.
LONG_TASKS = """
globalThis.longTasks = [];
new PerformanceObserver((list) => longTasks.push(...list.getEntries().map((task) => task.duration)))
  .observe({ type: "longtask" });
"""
# How many wait that have no card on the page, as it says itself.
BEYOND = "async () => (await import('/static/console/cards.js')).besides().count"


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory, valkey_of_session: Valkey) -> Iterator[Stack]:
    """Processes that ask nobody to slow down."""
    folder = Path(tmp_path_factory.mktemp("full"))
    with running_stack(folder, valkey_of_session, DESK110_LIMITS="off") as running:
        yield running


@pytest.fixture
async def page(desk: Stack) -> AsyncIterator[Page]:
    """A console's page, not yet signed in."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=chromium(), args=FLAGS)
        context = await browser.new_context(
            base_url=desk.consoles[0].url, viewport={"width": 1920, "height": 1080}
        )
        opened = await context.new_page()
        await opened.add_init_script(LONG_TASKS)
        yield opened
        await browser.close()


@dataclass
class Crowd:
    """So many people that nobody's reports fold, on one line."""

    tokens: list[str]
    http: httpx2.AsyncClient

    def of(self, n: int) -> dict[str, str]:
        """Whose report the n-th is."""
        return {"authorization": f"Bearer {self.tokens[n % len(self.tokens)]}"}


async def _file(crowd: Crowd, first: int, count: int, every_s: float) -> None:
    """So many reports, each by the next person, no faster than one in `every_s` seconds."""
    room = asyncio.Semaphore(AT_ONCE)

    async def one(n: int) -> None:
        async with room:
            sort = SORTS[n % len(SORTS)]
            body = {"kind": "quick", "location": XIHU, **sort, "text": f"第 {n} 个人{sort['text']}"}
            headers = {**crowd.of(first + n), "idempotency-key": str(uuid4())}
            answer = await crowd.http.post("/api/v1/reports", json=body, headers=headers)
            assert answer.status_code == 201, answer.text

    begun = asyncio.get_running_loop().time()
    async with asyncio.TaskGroup() as filing:
        for n in range(count):
            await asyncio.sleep(max(0.0, begun + n * every_s - asyncio.get_running_loop().time()))
            filing.create_task(one(n))


async def _on_page(page: Page, list_: str = "queue") -> list[str]:
    found: list[str] = await page.eval_on_selector_all(
        f"#{list_} .card", "cards => cards.map(card => card.dataset.report)"
    )
    return found


def _by_rank(desk: Stack) -> list[str]:
    """All who wait, in the order that the signs of each give them."""
    dangers = Dangers()
    with desk.database.read() as session:
        dangers.load(session)
        waiting = [one for one in open_at_desk(session, DESK, WAITING + COMING, dangers).reports if one.waits]
    rank = rank_in(dangers)
    return [str(report.id) for report in sorted(waiting, key=lambda report: (rank(report), report.id))]


def _stored(desk: Stack) -> set[str]:
    with desk.database.read() as session:
        return {str(UUID(str(row.id))) for row in rows(session, "report")}


async def test_with_500_waiting_and_20_coming_every_second_words_and_focus_stay_and_no_card_is_lost_or_doubled(
    desk: Stack, page: Page, capsys: pytest.CaptureFixture[str]
) -> None:
    crowd = Crowd(
        add_reporters(desk.database, desk.keys, PEOPLE), httpx2.AsyncClient(base_url=desk.citizens[0].url)
    )
    for n in range(0, PEOPLE, 20):
        said = {"hearing_speech_impaired": True}
        assert (await crowd.http.patch("/api/v1/me", json=said, headers=crowd.of(n))).status_code == 200
    await _file(crowd, 0, WAITING, 0)
    await page.goto("/console/sign-in")
    await page.fill("#number", "33010601")
    await page.fill("#password", PASSWORD)
    await page.keyboard.press("Enter")
    await expect(page.locator("#waiting .card")).to_have_count(WAITING)
    # Its scripts run: a key that is pressed before is nobody's.
    await page.wait_for_selector("#live[data-state=live]", timeout=60_000)
    await page.keyboard.press("a")
    box = page.locator("#reply-text")
    # An expectation that is not met yet reads the whole page each time, and this one is long.
    await page.wait_for_selector("#reply-text:enabled", state="attached", timeout=60_000)
    await page.keyboard.press("r")
    await expect(box).to_be_focused()
    taken = await page.locator("#in-hand").get_attribute("data-report")
    await page.evaluate("longTasks.length = 0")

    coming = asyncio.create_task(_file(crowd, WAITING, COMING, EVERY_S))
    typed = ""
    while not coming.done():
        letter = WORDS[len(typed) % len(WORDS)]
        await page.keyboard.insert_text(letter)
        typed += letter
        await asyncio.sleep(0.4)
    await coming

    stored = _stored(desk)
    assert len(stored) == WAITING + COMING

    async def all_there() -> bool:
        return bool(len(await _on_page(page)) + await page.evaluate(BEYOND) == len(stored))

    await eventually(all_there, 120, "a card of each report")
    shown = await _on_page(page)
    assert len(shown) == len(set(shown)), "a card is doubled"
    assert set(shown) <= stored
    # Each card that a push has brought, and each that was there before, stands where its signs put it. A page that was
    # left behind by more than a thousand events is given those that stand first, and the number of the others.
    by_rank, waiting = _by_rank(desk), await _on_page(page, "waiting")
    assert waiting == [report for report in by_rank if report in shown]
    assert set(by_rank[:CARDS]) <= set(waiting)
    assert waiting != sorted(waiting), "it is not the order in which they came"
    assert await box.input_value() == typed
    await expect(box).to_be_focused()
    assert await page.locator("#in-hand").get_attribute("data-report") == taken
    assert_whole(desk.database, DESK)

    tasks: list[float] = await page.evaluate("longTasks")
    with capsys.disabled():
        print(
            f"\n{len(shown)} of {len(stored)} cards: {len(tasks)} tasks over 50 ms, "
            f"the longest {max(tasks, default=0):.0f} ms"
        )
    await crowd.http.aclose()
