"""The order on the desk's page: what stands first, why, and what the shift leader changes while everybody looks on."""

from collections.abc import AsyncIterator, Iterator

import pytest
from playwright.async_api import Browser, Page, async_playwright, expect

from dispatch.danger_words import Dangers
from dispatch.order import COVERT_MIN, IMPAIRED_MIN
from dispatch.reading import open_at_desk
from tests.both_screens import FLAGS
from tests.dispatcher import card_attributes
from tests.people import Dispatcher, People, eventually
from tests.places import Place
from tests.servers import chromium
from tests.stack import PASSWORD, Stack
from tests.witness import change

pytestmark = [pytest.mark.anyio, pytest.mark.browser]


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


@pytest.fixture
async def desk(stack: Stack, browser: Browser, place: Place) -> AsyncIterator[Page]:
    context = await browser.new_context(base_url=stack.consoles[0].url, locale="zh-CN")
    page = await context.new_page()
    await page.goto("/console/sign-in")
    await page.fill("[name=number]", place.number())
    await page.fill("[name=password]", PASSWORD)
    await page.press("[name=password]", "Enter")
    await expect(page.locator("#live")).to_have_attribute("data-state", "live", timeout=15_000)
    yield page
    await context.close()


async def leading(stack: Stack, people: People, place: Place) -> Dispatcher:
    """The desk's shift leader."""
    return people.also(await Dispatcher.signed_in(stack.consoles[0], place.number("90")))


async def sets(leader: Dispatcher, section: str, **form: str) -> None:
    answer = await leader.http.post(
        f"/console/settings/{section}", headers={"x-csrf-token": leader.csrf}, data=form
    )
    assert answer.status_code == 303, answer.text


async def order(page: Page) -> list[str]:
    found: list[str] = await page.eval_on_selector_all(
        "#waiting .card", "cards => cards.map(card => card.dataset.report)"
    )
    return found


async def test_what_is_grave_stands_first_and_each_card_says_why(
    stack: Stack, desk: Page, place: Place, people: People
) -> None:
    plain = await people.reporter(stack.citizens[0], place.location)
    deaf = await people.reporter(stack.citizens[0], place.location)
    watched = await people.reporter(stack.citizens[0], place.location)
    first = await plain.filed("楼下停车位被占")
    await deaf.http.patch("/api/v1/me", json={"hearing_speech_impaired": True})
    second = await deaf.filed("门口有人吵架")
    third = await watched.filed("他手里有 刀", covert=True)
    cards = [report["id"] for report in (third, second, first)]
    await expect(desk.locator("#waiting .card")).to_have_count(3)
    await eventually(lambda: _is(desk, cards), 10, "the order")
    await expect(desk.locator(f"#report-{third['id']} .sign-danger")).to_contain_text("危险词 刀")
    why = desk.locator(f"#report-{third['id']} .card-why")
    await expect(why).to_be_hidden()
    await desk.keyboard.press("w")
    await expect(why).to_be_visible()
    await expect(why).to_have_text(
        f"按等候时间排；静默，提前 {COVERT_MIN // 60} 小时；危险词 刀，提前 30 分钟。"
    )
    await desk.keyboard.press("w")
    await expect(why).to_be_hidden()
    await desk.keyboard.press("ArrowDown")
    await desk.keyboard.press("w")
    told = desk.locator(f"#report-{second['id']} .card-why")
    await expect(told).to_contain_text(f"提前 {IMPAIRED_MIN} 分钟")
    await expect(desk.locator("#in-hand")).to_contain_text(f"提前 {IMPAIRED_MIN} 分钟")
    await desk.keyboard.press("ArrowDown")
    await expect(told).to_be_hidden()
    await desk.keyboard.press("w")
    await desk.keyboard.press("Escape")
    await expect(desk.locator(f"#report-{first['id']} .card-why")).to_be_hidden()
    for reporter, report in ((watched, third), (deaf, second)):
        told_reporter = (await reporter.http.get(f"/api/v1/reports/{report['id']}")).text
        assert not {word for word in ("rank", "提前", "危险") if word in told_reporter}


async def _is(page: Page, cards: list[str]) -> bool:
    return await order(page) == cards


async def test_a_nuisance_stands_lower_and_a_word_of_danger_lifts_it_again(
    stack: Stack, desk: Page, place: Place, people: People
) -> None:
    pest = await people.reporter(stack.citizens[0], place.location)
    masked = f"{pest.phone[:3]}****{pest.phone[-4:]}"
    change(stack, "reporter", {"phone_masked": masked}, invalid_reports=5)
    other = await people.reporter(stack.citizens[0], place.location)
    theirs = (await pest.filed("又是我"))["id"]
    newer = (await other.filed("楼下停车位被占"))["id"]
    await eventually(lambda: _is(desk, [newer, theirs]), 10, "the newcomer first")
    await pest.http.post(f"/api/v1/reports/{theirs}/messages", json={"client_id": "a", "text": "救命"})
    await eventually(lambda: _is(desk, [theirs, newer]), 10, "lifted by a word")
    await expect(desk.locator(f"#report-{theirs} .card-why")).to_contain_text(
        "此前无效 5 次，有危险信号，不推后"
    )


async def test_a_word_that_the_shift_leader_adds_moves_cards_that_wait_on_open_consoles(
    stack: Stack, desk: Page, place: Place, people: People
) -> None:
    one = await people.reporter(stack.citizens[0], place.location)
    two = await people.reporter(stack.citizens[0], place.location)
    first = (await one.filed("普通的事"))["id"]
    second = (await two.filed("有人开拖拉机"))["id"]
    await eventually(lambda: _is(desk, [first, second]), 10, "by time")
    leader = await leading(stack, people, place)
    await leader.watch()
    await sets(leader, "dangers", word="拖拉机", minutes="20")
    await eventually(lambda: _is(desk, [second, first]), 10, "the new word lifts")
    await expect(desk.locator(f"#report-{second} .sign-danger")).to_contain_text("危险词 拖拉机")
    page = (await leader.http.get("/console/settings")).text
    remove = page[: page.index("去掉 拖拉机")].rpartition('value="')[2][:36]
    await sets(leader, "dangers", remove=remove)
    await eventually(lambda: _is(desk, [first, second]), 10, "without it, by time again")
    fresh = card_attributes((await leader.http.get("/console")).text.partition(f'id="report-{second}"')[2])
    assert "rank" in fresh


async def test_open_consoles_follow_new_late_times_without_a_reload(
    stack: Stack, desk: Page, place: Place, people: People
) -> None:
    reporter = await people.reporter(stack.citizens[0], place.location)
    report = (await reporter.filed("等着"))["id"]
    card = desk.locator(f"#report-{report}")
    await expect(card).to_be_visible()
    await card.evaluate("card => card.dataset.filedAt = new Date(Date.now() - 100_000).toISOString()")
    await expect(card).to_have_attribute("data-page-late", "3")
    leader = await leading(stack, people, place)
    times = {"tell_desk_s": "15", "tell_leader_s": "30", "tell_parent_s": "60"}
    again = {"again_offline_s": "60", "again_idle_s": "600"}
    await sets(leader, "times", late_1_s="50", late_2_s="90", late_3_s="900", **times, **again)
    await expect(card).to_have_attribute("data-page-late", "2")
    await desk.reload()
    assert await desk.locator("meta[name=late-seconds]").get_attribute("content") == "50 90 900"


@pytest.mark.parametrize(
    "form", [{"remove": "x"}, {"remove": ""}, {"word": "刀"}, {"word": "刀", "minutes": "３０"}, {}]
)
async def test_a_word_that_cannot_be_taken_is_answered_with_a_sentence(
    stack: Stack, people: People, place: Place, form: dict[str, str]
) -> None:
    leader = await leading(stack, people, place)
    answer = await leader.http.post(
        "/console/settings/dangers", headers={"x-csrf-token": leader.csrf}, data=form
    )
    assert answer.status_code == 422
    assert 'class="setting-faults"' in answer.text


async def test_who_may_be_watched_is_on_the_page_however_many_wait(
    stack: Stack, place: Place, people: People
) -> None:
    for n in range(2):
        reporter = await people.reporter(stack.citizens[0], place.location)
        await reporter.filed(f"普通的事 {n}")
    watched = await people.reporter(stack.citizens[0], place.location)
    last = (await watched.filed("别出声", covert=True))["id"]
    with stack.database.read() as session:
        assert [str(report.id) for report in open_at_desk(session, place.desk, 1, Dangers()).reports] == [
            last
        ]
