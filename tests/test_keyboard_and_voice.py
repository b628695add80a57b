"""The reporter's page without a finger and without eyes: by keyboard alone, and as a screen reader tells it."""

from collections.abc import AsyncIterator

import pytest
from playwright.async_api import Browser, Page, async_playwright, expect

from tests.servers import chromium
from tests.stack import Stack
from tests.states.scene import BROWSER, PHONE, WEST_LAKE, Scene, State, scene

pytestmark = [pytest.mark.anyio, pytest.mark.browser]

# What the live regions of the page say, in order; an attribute of each tells how they say it.
HEARD = """
globalThis.heard = [];
const regions = "[aria-live], [role=status], [role=alert]";
const tell = (node) => {
  const region = (node.nodeType === 1 ? node : node.parentElement)?.closest(regions);
  const words = region?.textContent.trim();
  if (words && !region.closest("[hidden]")) heard.push(words);
};
addEventListener("DOMContentLoaded", () => new MutationObserver((changes) => {
  for (const { target } of changes) tell(target);
}).observe(document.body, { subtree: true, childList: true, characterData: true }));
"""
LIT = """() => {
  const { outlineStyle, outlineWidth, boxShadow } = getComputedStyle(document.activeElement);
  const around = getComputedStyle(document.activeElement.parentElement);
  return [outlineStyle, around.outlineStyle].some((style) => style !== "none") && (parseFloat(outlineWidth) >= 2
    || parseFloat(around.outlineWidth) >= 2) || boxShadow !== "none";
}"""
WHERE = "document.activeElement.id || document.activeElement.className || document.activeElement.tagName"


@pytest.fixture(scope="module")
async def browser() -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        launched = await playwright.chromium.launch(executable_path=chromium(), args=BROWSER)
        yield launched
        await launched.close()


async def _signed_in(scene: Scene) -> None:
    await scene.page.add_init_script(HEARD)
    await scene.on_duty()
    await scene.sign_in()
    await expect(scene.page.locator("#where[data-state=found]")).to_be_visible()


@pytest.fixture
async def held(stack: Stack, browser: Browser) -> AsyncIterator[Scene]:
    """Somebody signed in, on the first screen."""
    position = {"latitude": WEST_LAKE[0], "longitude": WEST_LAKE[1], "accuracy": 12}
    options = {"geolocation": position, "permissions": ["geolocation"]}
    state = State("signed-in", "", "", _signed_in, "citizen", options)
    async with scene(stack, browser, state, "zh-CN") as found:
        yield found


async def tab_to(page: Page, wanted: str) -> list[str]:
    """Presses Tab until the focus is on what the selector names; each stop must be seen. Gives the stops."""
    stops: list[str] = []
    for _ in range(60):
        await page.keyboard.press("Tab")
        stops.append(str(await page.evaluate(WHERE)))
        assert await page.evaluate(LIT), f"the focus is not seen on {stops[-1]}"
        if await page.evaluate("wanted => document.activeElement.matches(wanted)", wanted):
            return stops
    pytest.fail(f"no way by keyboard to {wanted}: {stops}")


async def test_a_report_is_filed_and_a_question_answered_by_keyboard_alone(held: Scene) -> None:
    page = held.page
    await tab_to(page, "#first-words")
    await page.keyboard.type("有人在砸门")
    await tab_to(page, "#quick")
    await page.keyboard.press("Enter")
    await expect(held.rung("shown")).to_be_visible()
    await expect(page.locator("#title")).to_be_focused()

    dispatcher = await held.on_duty()
    report = await held.report()
    await dispatcher.accept(report)
    await held.ask(report, kind="answer", text="有人受伤吗？", answers="有\n没有")
    await expect(page.locator(".question button").first).to_be_visible()
    assert await page.evaluate("document.activeElement.id") == "title", (
        "what comes takes the focus from nobody"
    )
    await tab_to(page, ".question button:nth-of-type(2)")
    await page.keyboard.press("Enter")
    await expect(page.locator(".question")).to_contain_text("您的回答：没有")
    assert await page.evaluate("document.activeElement !== document.body"), (
        "the focus is lost with the buttons"
    )
    await tab_to(page, "#say")
    await page.keyboard.type("在二楼")
    await tab_to(page, "#composer [type=submit]")
    await page.keyboard.press("Enter")
    await expect(page.locator(".bubble[data-state=stored]").last).to_contain_text("在二楼")


async def test_each_rung_is_told_once_and_received_never_twice(held: Scene) -> None:
    page = held.page
    await page.evaluate("heard.length = 0")
    await page.click("#quick")
    await expect(held.rung("shown")).to_be_visible()
    dispatcher = await held.on_duty()
    await dispatcher.accept(await held.report())
    await expect(held.rung("received")).to_be_visible()
    await dispatcher.answer(await held.report(), "民警已出发")
    await expect(page.locator(".bubble")).to_be_visible()
    await page.wait_for_function("() => heard.some((words) => words.includes('民警已出发'))")
    heard: list[str] = await page.evaluate("heard")
    assert len([words for words in heard if "已接收" in words]) == 1, heard
    assert len(heard) == len(set(heard)), "nothing is told twice"
    assert any("民警已出发" in words for words in heard)
    await page.wait_for_timeout(2_500)
    assert await page.evaluate("heard.length") == len(heard), "seconds that pass are not told"


@pytest.mark.parametrize(
    ("link", "view"),
    [("#to-account", "account"), (".entry[href='/reports']", "mine"), ("#to-covert-help", "silent")],
)
async def test_every_view_begins_at_its_heading_and_going_back_too(held: Scene, link: str, view: str) -> None:
    page = held.page
    await page.click(link)
    await expect(page.locator("html")).to_have_attribute("data-view", view)
    await expect(page.locator("#title")).to_be_focused()
    assert await page.locator("h1:visible").count() == 1
    await page.click("#back")
    await expect(page.locator("html")).to_have_attribute("data-view", "home")
    await expect(page.locator("#title")).to_be_focused()


async def test_a_screen_is_as_high_as_the_phone_and_the_bar_never_leaves(held: Scene) -> None:
    page = held.page
    for selector in ("#lifeline a[href='tel:110']", "#text-police"):
        await expect(page.locator(selector)).to_be_in_viewport(ratio=1)
    assert await page.evaluate("innerHeight") == PHONE[1]
    await page.click("#quick")
    await expect(held.rung("shown")).to_be_visible()
    for selector in ("#lifeline a[href='tel:110']", "#text-police"):
        await expect(page.locator(selector)).to_be_in_viewport(ratio=1)
