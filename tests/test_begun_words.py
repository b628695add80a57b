"""Words that were begun outlive the page: a reload, another language, a killed tab. Sent, they are gone; old, they
come no more; and behind a look nobody sees that there are any."""

import pytest
from playwright.async_api import Page, expect

from tests import test_citizen_page as citizen
from tests.people import Dispatcher
from tests.phone_store import ITEMS
from tests.test_citizen_page import OpenPhone
from tests.test_covert import WATCH, gives_nothing_away

pytestmark = [pytest.mark.anyio, pytest.mark.browser]

browser = citizen.browser
phone = citizen.phone
dispatcher = citizen.dispatcher

DRAFTS = f'async () => (await {ITEMS}).filter(({{ key, values }}) => key.startsWith("draft ") && values.text).length'
LATER = "{ const now = Date.now; const ahead = HOURS * 3_600_000; Date.now = () => now() + ahead; }"


async def ready(page: Page) -> None:
    await expect(page.locator("html[data-ready]")).to_be_attached()


async def test_words_before_the_tap_outlive_a_reload_and_another_language_and_go_with_the_tap(
    phone: OpenPhone, dispatcher: Dispatcher
) -> None:
    held = await phone()
    await held.sign_in()
    words = held.page.locator("#first-words")
    await words.fill("楼上有人喊救命")
    await held.page.reload()
    await expect(words).to_have_value("楼上有人喊救命")
    href = await held.page.get_attribute("#text-police", "href") or ""
    assert "%E6%95%91%E5%91%BD" in href, "the message that is written already has them too"
    await held.page.tap("#language")
    await expect(held.page.locator("#quick")).to_contain_text("Report now")
    await expect(words).to_have_value("楼上有人喊救命")
    tab = await held.page.context.new_page()
    await held.page.close()
    await tab.goto("/")
    await expect(tab.locator("#first-words")).to_have_value("楼上有人喊救命")
    await tab.tap("#quick")
    await expect(tab.locator("[data-rung=shown][data-state=now]")).to_be_visible()
    assert "楼上有人喊救命" in dispatcher.words[next(iter(dispatcher.cards))]
    assert await tab.evaluate(DRAFTS) == 0
    await tab.goto("/")
    await ready(tab)
    await tab.wait_for_timeout(300)
    assert await tab.input_value("#first-words") == ""
    held.page = tab


async def test_words_before_the_tap_go_along_from_where_the_place_is_said_too(
    phone: OpenPhone, dispatcher: Dispatcher
) -> None:
    held = await phone()
    await held.sign_in()
    await held.page.fill("#first-words", "车祸")
    await held.page.tap("#where")
    await held.page.get_by_role("button", name="现在就报警").tap()
    await expect(held.rung("shown")).to_be_visible()
    assert "车祸" in dispatcher.words[await held.report()]


async def test_what_happened_an_hour_ago_does_not_come_back(phone: OpenPhone) -> None:
    held = await phone()
    await held.page.goto("/")
    await ready(held.page)
    await held.page.fill("#first-words", "有人落水")
    await held.page.add_init_script(LATER.replace("HOURS", "1.1"))
    await held.page.reload()
    await ready(held.page)
    await held.page.wait_for_timeout(500)
    assert await held.page.input_value("#first-words") == ""
    await held.page.add_init_script(LATER.replace("HOURS", "60"))
    await held.page.reload()
    await ready(held.page)
    await held.page.wait_for_timeout(500)
    assert await held.page.evaluate(DRAFTS) == 0, "what nobody asks for is swept away"


async def test_words_to_the_desk_outlive_a_reload_each_at_its_own_report(phone: OpenPhone) -> None:
    held = await phone()
    await held.sign_in()
    await held.tap()
    await expect(held.reached("stored")).to_be_visible()
    first, say = held.page.url, held.page.locator("#say")
    await say.fill("他拿着刀")
    await held.page.reload()
    await expect(say).to_have_value("他拿着刀")
    await held.page.tap("#back")
    await held.tap()
    await expect(held.page.locator("#need [name=name]")).to_be_visible()
    assert await say.input_value() == ""
    await held.page.goto(first)
    await expect(say).to_have_value("他拿着刀")
    await held.page.tap("#composer [type=submit]")
    await expect(held.page.locator(".bubble")).to_contain_text("已送达")
    await held.page.reload()
    await expect(held.page.locator("#composer")).to_be_visible()
    await held.page.wait_for_timeout(500)
    assert await say.input_value() == ""
    assert await held.page.evaluate(DRAFTS) == 0


async def test_a_place_that_is_being_written_outlives_a_reload(phone: OpenPhone) -> None:
    held = await phone(at=None)
    await held.sign_in()
    await held.tap()
    await held.page.fill("#need textarea", "杭州市西湖区灵隐路 18 号")
    await held.page.reload()
    await expect(held.page.locator("#need textarea")).to_have_value("杭州市西湖区灵隐路 18 号")
    await held.page.tap("#need [type=submit]")
    await expect(held.reached("stored")).to_contain_text("西湖区110报警服务台")
    assert await held.page.evaluate(DRAFTS) == 0


async def test_behind_a_look_there_is_nothing_of_it(phone: OpenPhone) -> None:
    held = await phone()
    await held.page.add_init_script(WATCH)
    await held.page.goto("/")
    await ready(held.page)
    await held.page.fill("#first-words", "报警：他在打人")
    await held.page.tap("#to-covert")
    await expect(held.page.locator("#covert")).to_be_visible()
    for look in ("weather", "notes", "calculator"):
        await held.page.tap(f"[data-to={look}]")
        await gives_nothing_away(held.page)
        fields = "[...document.querySelectorAll('#covert :is(input, textarea)')].map(({ value }) => value).join('')"
        assert await held.page.evaluate(fields) == ""
    await held.page.reload()
    await ready(held.page)
    everything = "[...document.querySelectorAll('input, textarea')].map(({ value }) => value).join('')"
    assert "他在打人" not in await held.page.evaluate(everything)
    await gives_nothing_away(held.page)


async def test_whoever_signs_out_leaves_no_words_behind(phone: OpenPhone) -> None:
    held = await phone()
    await held.sign_in()
    await held.page.fill("#first-words", "只有我知道")
    await held.page.tap("#to-account")
    await held.page.tap("#sign-out")
    await expect(held.page.locator("#account-sign-in [name=phone]")).to_be_visible()
    await held.page.tap("#back")
    await expect(held.page.locator("#quick")).to_be_visible()
    assert await held.page.input_value("#first-words") == ""
    assert await held.page.evaluate(DRAFTS) == 0
