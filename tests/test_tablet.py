"""The desk on a tablet, without a keyboard: a shift begun and ended, colleagues, the command line, all by touch."""

from collections.abc import AsyncIterator, Iterator

import pytest
from playwright.async_api import Browser, Locator, Page, async_playwright, expect

from tests import audit
from tests.both_screens import FLAGS
from tests.people import People
from tests.places import Place
from tests.servers import chromium
from tests.stack import PASSWORD, Stack
from tests.truth import log_of

pytestmark = [pytest.mark.anyio, pytest.mark.browser]

SIZES = [(1024, 768), (820, 1180)]
FINGER_PX = 44


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


@pytest.fixture(params=SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
async def tablet(
    stack: Stack, browser: Browser, place: Place, request: pytest.FixtureRequest
) -> AsyncIterator[Page]:
    """The desk's page on a tablet that has no mouse."""
    width, height = request.param
    context = await browser.new_context(
        base_url=stack.consoles[0].url,
        locale="zh-CN",
        viewport={"width": width, "height": height},
        has_touch=True,
        is_mobile=True,
    )
    page = await context.new_page()
    await page.goto("/console/sign-in")
    await page.fill("[name=number]", place.number("01"))
    await page.fill("[name=password]", PASSWORD)
    await page.press("[name=password]", "Enter")
    await expect(page.locator("#live")).to_have_attribute("data-state", "live")
    yield page
    await context.close()


async def tap(target: Locator) -> None:
    """With a finger: the target is whole in view and large enough."""
    await expect(target).to_be_in_viewport(ratio=1)
    box = await target.bounding_box()
    assert box
    assert (box["width"] >= FINGER_PX, box["height"] >= FINGER_PX) == (True, True), box
    await target.tap()


async def test_a_shift_begins_and_ends_by_touch(
    stack: Stack, tablet: Page, place: Place, people: People
) -> None:
    await expect(tablet.locator("#shift-open")).to_contain_text("未值班")
    await tap(tablet.locator("#shift-open"))
    await expect(tablet.locator("#shift-open")).to_contain_text("值班中")
    reporter = await people.reporter(stack.citizens[0], place.location)
    report = (await reporter.filed("楼下吵架"))["id"]
    await tablet.locator(f"#report-{report}").tap()
    await tablet.locator("#in-hand .accept").tap()
    await expect(tablet.locator(f"#report-{report}[data-page-mine]")).to_be_visible()
    await tap(tablet.locator("#shift-open"))
    await expect(tablet.locator(".shift-held li")).to_have_count(1)
    await tablet.fill("#shift-note", "平板快没电了")
    await tap(tablet.locator(f"#to-{report}"))
    await tap(tablet.locator("#shift-end .primary"))
    await expect(tablet.locator("#shift")).to_be_hidden()
    await expect(tablet.locator("#shift-open")).to_contain_text("未值班")
    assert [event.kind for event in log_of(stack.database, place.desk)][-1] == "ShiftEnded"
    await expect(tablet.locator(f"#released #report-{report}")).to_be_visible()


async def test_who_is_on_is_seen_by_touch_and_put_away_again(tablet: Page, place: Place) -> None:
    await tap(tablet.locator("#colleagues-open"))
    await expect(tablet.locator("#colleagues tbody")).to_contain_text(place.number("01"))
    await tap(tablet.locator("#colleagues [data-close]"))
    await expect(tablet.locator("#colleagues")).to_be_hidden()


async def test_the_command_line_finds_and_acts_by_touch(
    stack: Stack, tablet: Page, place: Place, people: People
) -> None:
    reporter = await people.reporter(stack.citizens[0], place.location)
    report = (await reporter.filed("断桥边有人落水"))["id"]
    await expect(tablet.locator(f"#report-{report}")).to_be_visible()
    await tap(tablet.locator("#command-open"))
    await expect(tablet.locator("#command-words")).to_be_focused()
    await tablet.locator("#command-words").fill("断桥")
    await tap(tablet.locator("#command-search"))
    found = tablet.locator(".found").first
    await expect(found).to_contain_text("断桥边有人落水")
    await tap(found)
    await expect(tablet.locator("#command")).to_be_hidden()
    await expect(tablet.locator("#in-hand")).to_have_attribute("data-report", report)
    await tap(tablet.locator("#command-open"))
    await tap(tablet.locator("#command-act-accept"))
    await expect(tablet.locator(f"#report-{report}[data-page-mine]")).to_be_visible()
    # And away without a key.
    await tap(tablet.locator("#command-open"))
    await tap(tablet.locator("#command form button"))
    await expect(tablet.locator("#command")).to_be_hidden()


async def test_everything_in_the_top_line_can_be_touched_and_nothing_is_out_of_sight(tablet: Page) -> None:
    await tap(tablet.locator("#shift-open"))
    await expect(tablet.locator("#shift-open")).to_contain_text("值班中")
    await expect(tablet.locator("#wake")).to_be_visible()  # no browser lets a page call by itself
    for target in await tablet.locator(".top button, .top a, .top input:not([type=hidden])").all():
        box = await target.bounding_box()
        assert box
        assert box["height"] >= FINGER_PX, await target.evaluate("target => target.outerHTML")
        assert box["width"] >= FINGER_PX, await target.evaluate("target => target.outerHTML")
    for part in ("#live", "#figure-waiting", "#figure-oldest", "#figure-mine", "#clock", ".top-out"):
        await expect(tablet.locator(part)).to_be_in_viewport(ratio=1)
    assert await audit.fits(tablet) == []


@pytest.mark.parametrize(("width", "height"), [(1920, 1080), (1366, 768)])
@pytest.mark.parametrize("language", ["zh-CN", "en"])
async def test_the_command_line_has_its_button_on_every_screen(
    stack: Stack, browser: Browser, place: Place, language: str, width: int, height: int
) -> None:
    context = await browser.new_context(
        base_url=stack.consoles[0].url, locale=language, viewport={"width": width, "height": height}
    )
    page = await context.new_page()
    await page.goto("/console/sign-in")
    await page.fill("[name=number]", place.number("01"))
    await page.fill("[name=password]", PASSWORD)
    await page.press("[name=password]", "Enter")
    await expect(page.locator("#live")).to_have_attribute("data-state", "live")
    await page.locator("#command-open").click()
    await expect(page.locator("#command-words")).to_be_focused()
    await page.keyboard.press("Escape")
    await expect(page.locator("#command-open")).to_be_focused()
    assert await audit.fits(page) == []
    await context.close()
