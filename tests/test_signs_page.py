"""The signs of a card: whatever a report has, what decides is read, and nothing is cut off without a mark."""

import re
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager

import pytest
from playwright.async_api import Browser, Page, async_playwright, expect

from dispatch.escalation import OFFERED_PARENT
from dispatch.words import Words
from tests.both_screens import FLAGS
from tests.people import People, Reporter, eventually
from tests.places import Place
from tests.servers import chromium
from tests.stack import PASSWORD, Stack
from tests.states.late import moments
from tests.test_leader_page import reach
from tests.witness import change

pytestmark = [pytest.mark.anyio, pytest.mark.browser]

AGREED = Words.of("zh-CN")("terms.duress.agreed")
SCREENS = [
    (width, height, language) for width, height in ((1920, 1080), (1366, 768)) for language in ("zh-CN", "en")
]
# Of each sign that is shown: whether it lies whole on its line and in its card, and whether its words do in it.
MEASURE = """card => {
  const within = (box, frame) => box.left >= frame.left - 0.5 && box.right <= frame.right + 0.5
    && box.top >= frame.top - 0.5 && box.bottom <= frame.bottom + 0.5;
  const frame = card.getBoundingClientRect();
  return [...card.querySelectorAll(".card-kind, .sign")].filter((sign) => sign.getClientRects().length).map((sign) => {
    const line = sign.parentElement.getBoundingClientRect();
    const box = sign.getBoundingClientRect();
    const parts = [...sign.childNodes].filter((part) => !(part.clientWidth <= 1));
    return {
      name: [...sign.classList].find((name) => name !== "sign"),
      whole: within(box, line) && within(box, frame)
        && parts.every((part) => !(part.scrollWidth > part.clientWidth + 1)),
      words: parts.map((part) => part.textContent).join("").trim(),
    };
  });
}"""


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


@asynccontextmanager
async def at_desk(
    stack: Stack, browser: Browser, number: str, width: int, height: int, language: str
) -> AsyncIterator[Page]:
    context = await browser.new_context(
        base_url=stack.consoles[0].url, locale=language, viewport={"width": width, "height": height}
    )
    page = await context.new_page()
    await page.goto("/console/sign-in")
    await page.fill("[name=number]", number)
    await page.fill("[name=password]", PASSWORD)
    await page.press("[name=password]", "Enter")
    await expect(page.locator("#live")).to_have_attribute("data-state", "live")
    yield page
    await context.close()


async def with_every_sign(reporter: Reporter, stack: Stack, place: Place) -> str:
    """A report of which everything is true at once, but that it was taken back."""
    await reporter.http.patch("/api/v1/me", json={"hearing_speech_impaired": True})
    text = "他手里有刀，流血了，he has a knife"
    report: str = (await reporter.filed(text, covert=True, media_expected=12, **moments()))["id"]
    masked = f"{reporter.phone[:3]}****{reporter.phone[-4:]}"
    change(stack, "reporter", {"phone_masked": masked}, reports=13, invalid_reports=3)
    for n, words in enumerate((AGREED, "他还在门口")):
        said = {"client_id": f"c{n}", "text": words}
        answer = await reporter.http.post(f"/api/v1/reports/{report}/messages", json=said)
        assert answer.status_code == 201
    return report


async def measured(page: Page, report: str) -> dict[str, str]:
    """The words of each sign that the card shows, all of which are whole."""
    card = page.locator(f"#report-{report}")
    await expect(card).to_be_in_viewport(ratio=0.9)

    async def are_whole() -> dict[str, str] | None:
        signs = await card.evaluate(MEASURE)
        found = {sign["name"]: sign["words"] for sign in signs}
        return found if all(sign["whole"] for sign in signs) else None

    # The page measures once a frame.
    found: dict[str, str] = await eventually(are_whole, 20, "each sign is whole")
    return found


async def read(page: Page, report: str) -> dict[str, str]:
    """As `measured`, with what never gives way."""
    words = Words.of(await page.evaluate("document.documentElement.lang"))
    found = await measured(page, report)
    assert found["sign-covert"] == words("console.card.covert")
    assert found["sign-impaired"] == words("console.card.impaired")
    assert "刀" in found["sign-danger"]
    assert "sign-duress" in found
    assert (
        "sign-late" in found
        or await page.locator(f"#report-{report}[data-escalation][data-status=filed]").count() == 0
    )
    return found


@pytest.mark.parametrize(("width", "height", "language"), SCREENS)
async def test_with_every_sign_at_once_none_is_cut_off_and_what_decides_is_read(
    stack: Stack, browser: Browser, place: Place, people: People, width: int, height: int, language: str
) -> None:
    reporter = await people.reporter(stack.citizens[0], place.location)
    report = await with_every_sign(reporter, stack, place)
    async with at_desk(stack, browser, place.number(), width, height, language) as page:
        card = page.locator(f"#report-{report}")
        await read(page, report)
        # Nobody accepts it: one more sign, while the card stands there.
        reach(stack, report, place, OFFERED_PARENT)
        await expect(card).to_have_attribute("data-escalation", "3")
        shown = await read(page, report)
        more = card.locator(".sign-more")
        gone = await card.locator("[data-page-over]").evaluate_all(
            "signs => signs.map(sign => (sign.querySelector('.unseen') ?? sign).textContent.trim())"
        )
        assert gone
        assert shown["sign-more"] == f"+{len(gone)}"
        for name in gone:
            await expect(more).to_have_attribute("title", re.compile(re.escape(name)))
            await expect(more.locator(".unseen")).to_contain_text(name)
        # Nothing of it was lost to who cannot see it.
        await expect(card.locator(".card-signs")).to_contain_text(
            Words.of(language)("console.card.history", earlier=12, invalid=3)
        )
        # The first minute is over: the time needs more room, the signs have less.
        await card.evaluate("card => card.dataset.filedAt = new Date(Date.now() - 40_000_000).toISOString()")
        await expect(card.locator(".card-time")).to_contain_text("11")
        await read(page, report)
        # Taken back: nobody has received it, and that is said as well.
        answer = await reporter.http.post(f"/api/v1/reports/{report}/withdrawal", json={"reason": "没事了"})
        assert answer.status_code == 200
        await expect(card).to_have_attribute("data-status", "withdrawn")
        assert "sign-withdrawn" in await read(page, report)
        # In hand, in the narrower list, nothing is cut off either; the report beside it says it all.
        await page.keyboard.press("a")
        await expect(page.locator(f"#taken #report-{report}")).to_be_visible()
        assert {"sign-duress", "sign-covert", "sign-impaired", "sign-danger"} <= set(
            await measured(page, report)
        )
