"""The rules on false reports and the notice on personal information: there before the first report, in nobody's way."""

import re

import httpx2
import pytest
from playwright.async_api import Page, expect

from dispatch.consents import EDITIONS
from dispatch.words import Words
from tests import test_citizen_page as citizen
from tests.places import Place
from tests.stack import Stack
from tests.test_citizen_page import OpenPhone

pytestmark = [pytest.mark.anyio, pytest.mark.browser]

browser = citizen.browser
phone = citizen.phone
dispatcher = citizen.dispatcher


async def test_the_rules_stand_beside_the_button_before_the_first_report_and_cost_no_tap(
    phone: OpenPhone, place: Place
) -> None:
    held = await phone()
    await held.sign_in()
    line = held.page.locator(".rules")
    await expect(line).to_contain_text("故意谎报要负法律责任")
    button, rules = await held.page.locator("#quick").bounding_box(), await line.bounding_box()
    assert button
    assert rules
    assert abs(rules["y"] - (button["y"] + button["height"])) < 20
    await held.tap()
    await expect(held.reached("stored")).to_be_visible()
    assert await held.page.locator("dialog[open], [role=dialog], [role=alertdialog]").count() == 0


async def test_the_line_stands_in_the_page_before_any_script_runs(stack: Stack) -> None:
    async with httpx2.AsyncClient(base_url=stack.citizens[0].url) as client:
        for language, words in (("zh-CN", "故意谎报"), ("en", "Deliberate false reports")):
            page = (await client.get("/", headers={"accept-language": language})).text
            assert words in page
            # Nothing is to be ticked before a report.
            home = page[page.index('id="home"') : page.index("</section>", page.index('id="home"'))]
            assert "checkbox" not in home


async def test_the_whole_is_one_tap_away_and_back_again(phone: OpenPhone) -> None:
    held = await phone()
    await held.page.goto("/")
    await held.page.tap(".rules a")
    await expect(held.page.locator("#law")).to_contain_text("《治安管理处罚法》第二十九条")
    await expect(held.page.locator("#law")).to_contain_text("《刑法》第二百九十一条之一第二款")
    await expect(held.page).to_have_title(re.compile("报警须知"))
    await expect(held.page.locator("#lifeline a[href='tel:110']")).to_be_in_viewport()
    await held.page.tap("#back")
    await expect(held.page.locator("#quick")).to_be_visible()


async def test_a_report_on_its_way_goes_on_while_the_rules_are_read(phone: OpenPhone) -> None:
    held = await phone()
    await held.sign_in()
    await held.page.evaluate("window.here = true")
    await held.page.tap(".rules a")
    await expect(held.page.locator("#law h2").first).to_be_visible()
    assert await held.page.evaluate("window.here") is True


async def test_where_the_text_cannot_be_fetched_the_rule_is_said_all_the_same(phone: OpenPhone) -> None:
    held = await phone()
    await held.page.goto("/")
    await held.page.route("**/shell/law*", lambda route: route.abort())
    await held.page.tap(".rules a")
    await expect(held.page.locator("#law")).to_contain_text("故意谎报要负法律责任")


@pytest.mark.parametrize("language", ["zh-CN", "en"])
async def test_it_reads_whole_without_scripts(stack: Stack, language: str) -> None:
    words = Words.of(language)
    said = {**words.under("citizen.law"), **words.under("citizen.privacy")}
    operator, contact = words("citizen.privacy.demo_operator"), words("citizen.privacy.demo_contact")
    said["citizen.privacy.operator"] = words("citizen.privacy.operator", operator=operator, contact=contact)
    async with httpx2.AsyncClient(base_url=stack.citizens[0].url) as client:
        page = (await client.get("/law", headers={"accept-language": language})).text
    text = re.sub(r"<script.*?</script>", "", page, flags=re.DOTALL)
    text = text.replace("&#39;", "'").replace("&#34;", '"').replace("&amp;", "&")
    assert [key for key, value in said.items() if value not in text and key != "citizen.law.title"] == []


async def test_the_first_load_does_not_carry_it(stack: Stack) -> None:
    async with httpx2.AsyncClient(base_url=stack.citizens[0].url) as client:
        page = (await client.get("/")).text
    assert Words.of("zh-CN")("citizen.privacy.sensitive") not in page
    assert Words.of("zh-CN")("citizen.law.crime") not in page


@pytest.mark.parametrize("language", ["zh-CN", "en"])
def test_the_notice_says_what_the_law_asks_for(language: str) -> None:
    """Personal Information Protection Law, 17: who, what for, which kinds, how long, one's rights."""
    words = Words.of(language)
    said = " ".join(words.under("citizen.privacy").values())
    for article in (
        ("13", "18", "23", "28", "50") if language == "en" else ("十三", "十八", "二十三", "二十八", "五十")
    ):
        assert article in said
    assert "12345" in said
    assert "190" in said
    for purpose in EDITIONS:
        assert words.get(f"citizen.consents.{purpose}")
        assert words.get(f"citizen.consents.{purpose}_note")


@pytest.mark.parametrize("look", ["light", "dark"])
@pytest.mark.parametrize("language", ["zh-CN", "en"])
async def test_every_page_of_it_fits_everybody(phone: OpenPhone, language: str, look: str) -> None:
    held = await phone(language=language, scheme=look)
    for path, there in (("/law", "#law h2"), ("/receipt", "#receipt textarea"), ("/#account", "#display")):
        await held.page.goto(path)
        await ready(held.page, there)
        await citizen._fit_for_all(held)
    await held.sign_in()
    await held.page.goto("/my-data")
    await ready(held.page, "#mydata .part")
    for fold in await held.page.locator("#mydata summary").all():
        await fold.tap()
    await citizen._fit_for_all(held)


@pytest.mark.parametrize("size", ["large", "largest"])
async def test_larger_words_and_more_contrast_are_there_from_the_first_byte_and_stay_on_the_device(
    phone: OpenPhone, stack: Stack, size: str
) -> None:
    held = await phone()
    await held.page.goto("/#account")
    await ready(held.page, "#display")
    before = await held.page.evaluate("getComputedStyle(document.documentElement).fontSize")
    await held.page.check(f"#display [value={size}]")
    await held.page.check("#display [name=contrast]")
    await held.page.goto("/")
    assert await held.page.get_attribute("html", "data-size") == size
    assert float(
        (await held.page.evaluate("getComputedStyle(document.documentElement).fontSize"))[:-2]
    ) > float(before[:-2])
    await expect(held.page.locator("#quick")).to_be_visible()
    assert await held.page.evaluate("document.documentElement.scrollWidth") <= 390
    async with httpx2.AsyncClient(base_url=stack.citizens[0].url) as client:
        page = (await client.get("/", headers={"cookie": f"display={size}.contrast"})).text
        assert re.search(rf'<html[^>]* data-size="{size}" data-contrast>', page)
        assert "data-size" not in (await client.get("/", headers={"cookie": 'display="><b>'})).text[:300]


async def ready(page: Page, there: str) -> None:
    await expect(page.locator("html[data-ready]")).to_be_attached()
    await expect(page.locator(there).first).to_be_visible()
