"""The desk's page on the screens it is made for: how many cards stand in view with what decides, and that nothing
needs scrolling sideways on a small laptop or a tablet."""

from collections.abc import AsyncIterator, Iterator

import pytest
from playwright.async_api import Browser, BrowserContext, Page, async_playwright, expect

from tests.both_screens import FLAGS
from tests.people import People
from tests.places import Place
from tests.servers import chromium
from tests.stack import PASSWORD, Stack

pytestmark = [pytest.mark.anyio, pytest.mark.browser]

WAITING = 14
# issue 4: a 1920 × 1080 screen shows at least so many.
IN_VIEW = 12
# Cards that lie whole in the window, and in their list, with all that decides.
WHOLE = """() => {
  const inside = (box, frame) => box.top >= frame.top - 1 && box.bottom <= frame.bottom + 1
    && box.left >= frame.left - 1 && box.right <= frame.right + 1;
  const list = document.getElementById("waiting").getBoundingClientRect();
  const screen = { top: 0, left: 0, bottom: innerHeight, right: innerWidth };
  return [...document.querySelectorAll("#waiting .card")].filter((card) => {
    const box = card.getBoundingClientRect();
    if (!inside(box, list) || !inside(box, screen)) return false;
    return [".card-time", ".card-kind", ".sign-danger", ".card-words", ".card-place", ".card-identity", ".accept"]
      .every((part) => {
        const found = card.querySelector(part);
        return found && found.getClientRects().length && inside(found.getBoundingClientRect(), box);
      });
  }).length;
}"""
OVERFLOW = "() => document.documentElement.scrollWidth - document.documentElement.clientWidth"


@pytest.fixture(scope="module")
async def browser() -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        launched = await playwright.chromium.launch(executable_path=chromium(), args=FLAGS)
        yield launched
        await launched.close()


@pytest.fixture
def place(places_left: Iterator[Place]) -> Place:
    """A county of the test's own."""
    return next(places_left)


async def at_desk(context: BrowserContext, number: str) -> Page:
    page = await context.new_page()
    await page.goto("/console/sign-in")
    await page.fill("[name=number]", number)
    await page.fill("[name=password]", PASSWORD)
    await page.press("[name=password]", "Enter")
    await expect(page.locator("#live")).to_have_attribute("data-state", "live")
    return page


@pytest.mark.parametrize("language", ["zh-CN", "en"])
async def test_a_large_screen_shows_twelve_cards_with_what_decides_also_to_the_shift_leader(
    stack: Stack, browser: Browser, place: Place, people: People, language: str
) -> None:
    for n in range(WAITING):
        reporter = await people.reporter(stack.citizens[0], place.location)
        await reporter.filed(f"第 {n} 件：楼下有人拿刀，looks like a knife", place_text="文三路 123 号门口")
    for number in (place.number("01"), place.number("90")):
        context = await browser.new_context(
            base_url=stack.consoles[0].url, locale=language, viewport={"width": 1920, "height": 1080}
        )
        page = await at_desk(context, number)
        await expect(page.locator("#waiting .card")).to_have_count(WAITING)
        assert await page.evaluate(WHOLE) >= IN_VIEW
        assert await page.evaluate(OVERFLOW) <= 0
        await context.close()


@pytest.mark.parametrize(("width", "height", "touch"), [(1366, 768, False), (1024, 768, True)])
async def test_a_small_laptop_and_a_tablet_can_be_worked_with(
    stack: Stack, browser: Browser, place: Place, people: People, width: int, height: int, touch: bool
) -> None:
    for n in range(3):
        reporter = await people.reporter(stack.citizens[0], place.location)
        report = await reporter.filed(f"第 {n} 件：楼下有人拿刀", place_text="文三路 123 号门口")
    context = await browser.new_context(
        base_url=stack.consoles[0].url,
        locale="zh-CN",
        viewport={"width": width, "height": height},
        has_touch=touch,
    )
    page = await at_desk(context, place.number("90"))
    card = page.locator(f"#report-{report['id']}")
    await expect(card).to_be_visible()
    assert await page.evaluate(OVERFLOW) <= 0
    if touch:
        await card.tap()
    else:
        await card.click()
    await expect(page.locator("#in-hand")).to_have_attribute("data-report", report["id"])
    accept = page.locator("#in-hand .accept")
    await expect(accept).to_be_in_viewport(ratio=1)
    if touch:
        await accept.tap()
    else:
        await accept.click()
    await expect(page.locator("#reply-text")).to_be_enabled()
    await expect(page.locator("#reply-text")).to_be_in_viewport()
    assert await page.evaluate(OVERFLOW) <= 0
    await context.close()
