"""A harasser's three hundred reports in one evening, and another person's among them, at the real console."""

from collections.abc import AsyncIterator, Iterator
from uuid import UUID

import pytest
from playwright.async_api import Browser, Page, async_playwright, expect

from console.floods import LINES
from dispatch.crowds import CARDS, FROM
from dispatch.settings import CHECKOUT
from tests.both_screens import FLAGS
from tests.people import People, Reporter
from tests.places import Place
from tests.servers import chromium
from tests.stack import Stack
from tests.test_hands import sit_down
from tests.truth import assert_whole, rows

pytestmark = [pytest.mark.anyio, pytest.mark.browser, pytest.mark.timeout(600)]

MANY = 300


@pytest.fixture(scope="module")
async def browser() -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        launched = await playwright.chromium.launch(executable_path=chromium(), args=[*FLAGS, "--mute-audio"])
        yield launched
        await launched.close()


@pytest.fixture
def place(places_left: Iterator[Place]) -> Place:
    """A county of the test's own."""
    return next(places_left)


@pytest.fixture
async def desk(stack: Stack, browser: Browser, place: Place) -> AsyncIterator[Page]:
    """Its first dispatcher's page; no error on it."""
    page = await sit_down(stack, browser, place.number())
    complaints: list[str] = []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    yield page
    await page.context.close()
    assert complaints == []


async def somebody(people: People, stack: Stack, place: Place) -> Reporter:
    """A reporter with a name, as the second report wants one."""
    return people.also(await Reporter.signed_in(stack.citizens[0], verified=True, location=place.location))


async def flooding(people: People, stack: Stack, place: Place, count: int) -> tuple[Reporter, list[str]]:
    """Somebody who files so many reports; their ids."""
    pest = await somebody(people, stack, place)
    return pest, [(await pest.filed(f"第 {n} 次，你们管不管"))["id"] for n in range(count)]


def test_the_page_folds_from_as_many_on_as_the_server_does() -> None:
    script = (CHECKOUT / "static/console/flood.js").read_text("utf-8")
    assert f"const FROM = {FROM};" in script


async def test_amid_three_hundred_reports_of_one_person_anothers_is_accepted_in_time(
    stack: Stack, desk: Page, place: Place, people: People
) -> None:
    reloads: list[str] = []
    desk.on("load", lambda _: reloads.append("load"))
    pest = await somebody(people, stack, place)
    neighbour = await somebody(people, stack, place)
    grave = theirs = ""
    for n in range(MANY):
        text = "第 200 次，有人拿刀" if n == 200 else f"第 {n} 次，你们管不管"
        report = await pest.filed(text)  # 201: nothing is refused
        grave = report["id"] if n == 200 else grave
        if n == MANY // 2:
            theirs = (await neighbour.filed("楼下有人摔倒了"))["id"]
    # One card for all of them; what has a danger word stands on its own, before everybody.
    flood = desk.locator("#waiting .flood")
    await expect(flood).to_have_count(1)
    await expect(flood.locator(".sign-flood")).to_contain_text(f"×{MANY - 1}")
    await expect(flood).to_contain_text(f"第 {MANY - 1} 次")
    await expect(desk.locator("#waiting .card")).to_have_count(3)
    first = desk.locator("#waiting .card").first
    await expect(first).to_have_attribute("data-report", grave)
    await expect(desk.locator("#figure-waiting dd")).to_have_text(str(MANY + 1))
    await expect(desk.locator(f"#report-{theirs}")).to_be_visible()
    assert await desk.locator("#folded").is_hidden()
    # By the key alone: the knife, then one of the flood, then whoever else waits.
    await desk.keyboard.press("a")
    await expect(desk.locator(f"#taken #report-{grave}")).to_be_visible()
    for _ in range(2):
        await desk.wait_for_timeout(500)  # a second press so soon would be taken for the same
        await desk.keyboard.press("Escape")
        await desk.locator("#hand").focus()
        await desk.keyboard.press("ArrowLeft")
        await desk.keyboard.press("a")
        await expect(
            desk.locator("#waiting .card[data-page-busy], #folded .card[data-page-busy]")
        ).to_have_count(0)
    await expect(desk.locator(f"#taken #report-{theirs}")).to_be_visible()
    told = (await neighbour.http.get(f"/api/v1/reports/{theirs}")).json()
    assert told["status_label"] == "已接收"
    await expect(flood.locator(".sign-flood")).to_contain_text(f"×{MANY - 2}")
    await expect(desk.locator("#figure-waiting dd")).to_have_text(str(MANY - 2))
    assert reloads == []
    # Loaded anew, the page is given a few of them and counts the same.
    await desk.reload()
    await expect(desk.locator("#live")).to_have_attribute("data-state", "live")
    await expect(flood.locator(".sign-flood")).to_contain_text(f"×{MANY - 2}")
    await expect(desk.locator("#folded > .card")).to_have_count(CARDS)
    await expect(flood).to_contain_text(f"第 {MANY - 1} 次")
    await expect(desk.locator("#figure-waiting dd")).to_have_text(str(MANY - 2))
    # Opened, and all proposed as harassment in one act; a second person agrees in one.
    await flood.click()
    await expect(desk.locator("#flood-said")).to_contain_text(f"{MANY - 2}")
    await expect(desk.locator(".flood-line")).to_have_count(LINES)
    await desk.keyboard.press("4")
    await desk.keyboard.type("一晚上三百条，没有事")
    await desk.keyboard.press("Enter")
    await expect(desk.locator("#notices")).to_contain_text(f"已提请 {MANY - 2} 条", timeout=60_000)
    await expect(desk.locator("#waiting .card")).to_have_count(0)
    await expect(desk.locator("#figure-waiting dd")).to_have_text("0")
    proposed = desk.locator("#taken .flood")
    await expect(proposed).to_have_count(1)
    await expect(proposed.locator(".sign-flood")).to_contain_text(f"×{MANY - 2}")
    second = await sit_down(stack, desk.context.browser, place.number("02"))  # type: ignore[arg-type]
    await second.locator("#taken .flood").click()
    await expect(second.locator("#flood-list")).to_contain_text("一晚上三百条，没有事")
    await second.keyboard.press("1")
    await second.keyboard.press("Enter")
    await expect(second.locator("#notices")).to_contain_text(f"已同意并办结 {MANY - 2} 条", timeout=60_000)
    await expect(desk.locator("#taken .flood")).to_have_count(0)
    await second.context.close()
    with stack.database.read() as session:
        whose = rows(session, "report", id=UUID(grave))[0].reporter
        outcomes = [row.outcome for row in rows(session, "report", reporter=whose)]
        assert outcomes.count("harassment") == MANY - 2
        assert rows(session, "reporter", id=whose)[0].invalid_reports == MANY - 2
    assert_whole(stack.database, place.desk)
