"""Taken back before anybody had it: it may have been forced, so it waits on until somebody has looked."""

from collections.abc import Awaitable, Callable, Iterator

import pytest
from playwright.async_api import expect

from tests import test_console_page as console
from tests.people import People, eventually
from tests.places import Place
from tests.stack import Stack
from tests.test_console_page import Desk
from tests.test_sound import LISTEN, WAITS_S

pytestmark = [pytest.mark.anyio, pytest.mark.browser]

browser = console.browser
at_desk = console.at_desk
OpenDesk = Callable[..., Awaitable[Desk]]


@pytest.fixture
def place(places_left: Iterator[Place]) -> Place:
    """A county of the test's own."""
    return next(places_left)


async def test_it_stands_after_the_others_with_a_sign_is_counted_heard_and_accepted_last(
    stack: Stack, at_desk: OpenDesk, place: Place, people: People
) -> None:
    afraid = await people.reporter(stack.citizens[0], place.location)
    other = await people.reporter(stack.citizens[0], place.location)
    desk = await at_desk(place.number())
    await desk.page.evaluate(f"() => {{ {LISTEN} }}")
    await desk.page.keyboard.press("Escape")
    first = (await afraid.filed("他回来了"))["id"]
    second = (await other.filed("楼下停车位被占"))["id"]
    await expect(desk.page.locator("#waiting .card")).to_have_count(2)
    assert await desk.cards() == [first, second]
    await desk.page.evaluate("tones.length = 0")

    answer = await afraid.http.post(f"/api/v1/reports/{first}/withdrawal", json={"reason": "没事了"})
    assert answer.status_code == 200
    card = desk.page.locator(desk.card(first))
    await expect(card).to_have_attribute("data-status", "withdrawn")
    assert await desk.cards() == [second, first]
    assert await desk.cards("taken") == []
    await expect(card.locator(".sign-withdrawn")).to_contain_text("已撤回 · 没人接收")
    await expect(card.locator(".card-why")).to_contain_text("报警人已撤回，推后 24 小时")
    await expect(desk.page.locator("#figure-waiting dd")).to_have_text("2")
    assert (await desk.page.title()).startswith("(2)")

    async def heard() -> bool:
        return bool(await desk.page.evaluate("tones.length"))

    await eventually(heard, 10, "it is heard once")
    # It grows late as what waits does, only later.
    await card.evaluate(WAITS_S, 70)
    await expect(card).to_have_attribute("data-page-late", "1")

    # Loaded anew and asked for anew, it stands there still; the server counts it too.
    await desk.page.reload()
    await desk.lamp("live")
    assert await desk.cards() == [second, first]
    await expect(desk.page.locator("#figure-waiting dd")).to_have_text("2")
    await expect(desk.page.locator("#waiting-count")).to_have_text("2")

    await desk.page.keyboard.press("a")
    await expect(desk.page.locator(f"#taken {desk.card(second)}")).to_be_visible()
    await expect(card).to_have_attribute("data-page-next", "")
    await desk.page.keyboard.press("Escape")
    await desk.page.wait_for_timeout(500)  # a key pressed twice in a moment is meant once
    await desk.page.keyboard.press("a")
    await expect(desk.page.locator(f"#taken {desk.card(first)}[data-page-mine]")).to_be_visible()
    await expect(desk.page.locator("#in-hand")).to_have_attribute("data-report", first)
    await expect(desk.page.locator("#in-hand .banner").first).to_contain_text("撤回也可能是被迫的")
    assert (await afraid.report(first))["received"] is not None
    assert (await afraid.report(first))["status"] == "withdrawn"
