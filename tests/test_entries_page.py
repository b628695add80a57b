"""The other entries on the reporter's page: a position read out by its code, a fraud, a tip-off; taps are counted."""

import re
from typing import Any

import pytest
from playwright.async_api import FilePayload, Page, expect

from tests import audit
from tests import test_citizen_page as citizen
from tests.people import Dispatcher, People
from tests.phone_store import HAS, HAS_NOT
from tests.places import Place
from tests.stack import Stack
from tests.test_citizen_page import IN_SHANGHAI, OpenPhone, Phone

pytestmark = [pytest.mark.anyio, pytest.mark.browser]

browser = citizen.browser
phone = citizen.phone
dispatcher = citizen.dispatcher

HOSTILE = "<img src=x onerror=alert(1)>{{7*7}}"


def choice(page: Page, value: str) -> Any:
    """A big button of the guide, by what it means."""
    return page.locator(f".choice-button[data-value={value}]:visible")


async def onward(held: Phone, view: str) -> None:
    await held.page.locator(f"#{view} [type=submit]").tap()


async def fine(page: Page) -> list[str]:
    await page.evaluate("scrollTo(0, document.documentElement.scrollHeight)")
    return [*await audit.axe(page), *await audit.fits(page), *await audit.targets(page)]


async def test_all_entries_stand_on_the_first_screen_and_quick_stays_under_the_thumb(
    phone: OpenPhone,
) -> None:
    held = await phone()
    await held.sign_in()
    page = held.page
    quick = await page.locator("#quick").bounding_box()
    dock = await page.locator(".dock").bounding_box()
    assert quick
    assert dock
    assert quick["height"] >= 185
    assert quick["y"] + quick["height"] <= dock["y"]
    assert quick["y"] + quick["height"] / 2 > 844 * 0.4
    entries = page.locator(".entries .entry strong")
    names = await entries.all_inner_texts()
    assert names[:4] == ["静默", "位置上传", "诈骗登记", "线索举报"]
    assert "语音报警" in await page.locator('.entries a[href="tel:110"]').inner_text()
    for name in names[:3]:
        box = await page.locator(".entry", has_text=name).first.bounding_box()
        assert box
        assert box["y"] + box["height"] <= dock["y"], name


async def test_one_tap_uploads_the_position_and_the_desk_finds_it_by_the_code_read_out(
    phone: OpenPhone, dispatcher: Dispatcher, stack: Stack, people: People, place: Place
) -> None:
    held = await phone()
    await held.sign_in()
    await held.page.tap("#to-location")  # the one tap
    digits = held.page.locator("#code .code-digits")
    await expect(digits).to_have_text(re.compile(r"^[2-8]\d\d \d\d\d$"))
    await expect(digits).to_be_in_viewport()
    await expect(held.page.locator("#code")).to_contain_text("请对接警员说")
    await expect(held.page.locator("#code")).to_contain_text(
        re.compile(r"\d\d:\d\d:\d\d 前有效 · 位置误差约")
    )
    assert not await held.sees("已接收")
    code = (await digits.inner_text()).replace(" ", "")
    answer = await dispatcher.http.get(f"/console/location-codes/{code}")
    report = await held.report()
    assert answer.json()["report"] == report
    await expect(held.rung("shown")).to_be_visible()
    assert (await dispatcher.accept(report)).status_code == 200
    await expect(held.rung("received")).to_be_visible()
    await expect(digits).to_have_text(f"{code[:3]} {code[3:]}")
    await held.page.reload()
    await expect(digits).to_have_text(f"{code[:3]} {code[3:]}")


async def test_without_a_position_the_words_for_the_place_are_asked_and_the_code_follows(
    phone: OpenPhone,
) -> None:
    held = await phone(at=None)
    await held.sign_in()
    await held.page.tap("#to-location")
    await expect(held.page.locator("#code")).to_contain_text("马上有位置码")
    await held.page.fill("#need textarea", "杭州市西湖区灵隐路 18 号")
    await held.page.tap("#need [type=submit]")
    await expect(held.page.locator("#code .code-digits")).to_be_visible()


async def test_a_hand_that_shakes_uploads_one_position(phone: OpenPhone, dispatcher: Dispatcher) -> None:
    held = await phone()
    await held.sign_in()
    await held.page.evaluate("for (let n = 0; n < 5; n++) document.getElementById('to-location').click()")
    await expect(held.page.locator("#code .code-digits")).to_be_visible()
    await expect(held.rung("shown")).to_be_visible()
    assert len(dispatcher.cards) == 1


async def test_a_fraud_is_registered_step_by_step_and_the_desk_reads_it_as_facts(
    phone: OpenPhone, dispatcher: Dispatcher
) -> None:
    held = await phone()
    await held.sign_in()
    page = held.page
    await page.tap("#to-fraud")
    # What a screen reader calls the choices: the question over them.
    asked = await page.locator("#fraud h2").inner_text()
    await expect(page.get_by_role("group", name=asked, exact=True)).to_have_count(1)
    await onward(held, "fraud")
    await expect(page.locator("#fraud .error")).to_contain_text("请选一种")
    await choice(page, "shop").tap()
    await page.fill("#fraud [name=text]", HOSTILE)
    await onward(held, "fraud")
    await page.locator(".moment .choice-button").tap()
    await choice(page, "no").tap()
    await onward(held, "fraud")
    await choice(page, "call").tap()
    await choice(page, "meeting").tap()
    await page.fill("#fraud [name=contact_call]", "00852 6155 0000")
    await onward(held, "fraud")
    await choice(page, "yes").tap()
    await page.fill("#fraud [name=amount]", "很多")
    await onward(held, "fraud")
    await expect(page.locator("#fraud .error")).to_contain_text("只写数字")
    await page.fill("#fraud [name=amount]", "38,000.5")
    await expect(page.locator(".guide-loud")).to_be_hidden()
    await page.locator(".moment .choice-button").tap()
    loud = page.locator(".guide-loud")
    await expect(loud).to_contain_text("马上打电话")
    assert [await link.get_attribute("href") for link in await loud.locator("a").all()] == [
        "tel:110",
        "tel:96110",
    ]
    await choice(page, "bank").tap()
    await onward(held, "fraud")
    await page.fill("#fraud [name=transfer_0_number]", "6222000011112222333")
    await page.fill("#fraud [name=transfer_0_name]", "王某")
    await page.fill("#fraud [name=transfer_0_amount]", "38000.50")
    await page.locator("#fraud .guide-body > .plain").tap()
    await page.fill("#fraud [name=transfer_1_number]", "6222999")
    await onward(held, "fraud")
    await onward(held, "fraud")
    await expect(held.rung("shown")).to_be_visible()
    card = dispatcher.words[await held.report()]
    assert "诈骗登记" in card
    assert "损失 ¥38,000.50" in card
    view = (await dispatcher.http.get(f"/console/reports/{await held.report()}")).text
    assert 'data-copy="6222000011112222333"' in view
    assert 'data-copy="6222999"' in view
    for words in ("冒充客服退款", "电话 00852 6155 0000", "视频会议", "银行转账", "已断开", "&lt;img src=x"):
        assert words in view, words
    assert "<img src=x" not in view
    await page.goto("/#fraud")
    await expect(page.locator("#fraud .guide-count")).to_contain_text("第 1 步")
    await expect(page.locator("#fraud [aria-pressed=true]")).to_have_count(0)


async def test_the_slips_of_a_fraud_follow_it_as_photos_also_over_a_broken_line_and_the_desk_opens_them(
    phone: OpenPhone, dispatcher: Dispatcher
) -> None:
    held = await phone()
    await held.sign_in()
    page = held.page
    await page.tap("#to-fraud")
    await choice(page, "shop").tap()
    for _ in range(5):
        await onward(held, "fraud")
    await expect(page.locator("#fraud .guide-after")).to_contain_text("转账")
    await onward(held, "fraud")
    await expect(held.rung("shown")).to_be_visible()
    report = await held.report()
    await dispatcher.accept(report)
    await page.context.set_offline(True)
    slips = [
        FilePayload(name=f"转账 {n}.jpg", mimeType="image/jpeg", buffer=citizen._noise(400, 300))
        for n in (1, 2)
    ]
    await page.set_input_files("#pick", files=slips)
    tiles = page.locator(".tile[data-kind=photo]")
    await expect(tiles).to_have_count(2)
    await page.context.set_offline(False)
    for n in range(2):
        await expect(tiles.nth(n)).to_have_attribute("data-state", "stored", timeout=30_000)
    filed = await (await page.request.get(f"/api/v1/reports/{report}")).json()
    assert [(one["kind"], one["state"]) for one in filed["media"]] == [("photo", "ready")] * 2
    view = (await dispatcher.http.get(f"/console/reports/{report}")).text
    for one in filed["media"]:
        assert f"/console/media/{one['id']}" in view
        assert (await dispatcher.http.get(f"/console/media/{one['id']}")).status_code == 200


async def test_a_form_that_is_not_finished_survives_a_reload_and_can_be_cleared(phone: OpenPhone) -> None:
    held = await phone()
    await held.sign_in()
    page = held.page
    await page.tap("#to-tip")
    await page.fill("#tip [name=text]", "桥下有人赌博")
    await onward(held, "tip")
    await choice(page, "about").tap()
    await page.fill("#tip [name=at_text]", "夜里十一点以后")
    # On the disk, which a busy machine takes its time for: what is on its way there goes with the page.
    await page.wait_for_function(HAS, arg="夜里十一点以后")
    await page.reload()
    await expect(page.locator("#tip .guide-count")).to_contain_text("第 2 步")
    await expect(page.locator("#tip [name=at_text]")).to_have_value("夜里十一点以后")
    await page.locator("#tip .guide-acts .plain").tap()
    await expect(page.locator("#tip [name=text]")).to_have_value("桥下有人赌博")
    await page.locator("#tip .link").tap()
    await expect(page.locator("#tip [name=text]")).to_have_value("")
    await page.wait_for_function(HAS_NOT, arg="桥下有人赌博")
    await page.reload()
    await expect(page.locator("#tip [name=text]")).to_have_value("")


async def test_a_tip_goes_to_the_desk_of_the_deed_and_does_not_cry_wolf(
    phone: OpenPhone, stack: Stack, people: People
) -> None:
    """Its reporter is in Shanghai; the deed was in 天台县. After twenty seconds nobody is told to call 110."""
    desk = await people.dispatcher(stack.consoles[0], "33102301")
    held = await phone(at=IN_SHANGHAI)
    await held.sign_in()
    page = held.page
    await page.tap("#to-tip")
    await page.fill("#tip [name=text]", "山里有人私自采砂")
    await onward(held, "tip")
    await choice(page, "unknown").tap()
    await onward(held, "tip")
    await page.fill("#tip [name=place]", "天台县白鹤镇河边")
    await onward(held, "tip")
    await page.fill("#tip [name=vehicle]", "浙J·00000 白色货车")
    await choice(page, "yes").tap()
    await onward(held, "tip")
    await expect(held.rung("shown")).to_be_visible()
    report = await held.report()
    assert "线索举报" in desk.words[report]
    view = (await desk.http.get(f"/console/reports/{report}")).text
    for words in ("天台县白鹤镇河边", "浙J·00000 白色货车", "要求对第三方保密", "由线索发生地判定"):
        assert words in view, words
    await expect(page.locator("#wait-note")).to_contain_text("会有接警员看")
    await page.wait_for_timeout(17_000)
    await expect(page.locator("#alarm")).to_be_hidden()
    assert not await page.locator("#lifeline").get_attribute("data-urgent")
    assert (await desk.accept(report)).status_code == 200
    await expect(held.rung("received")).to_contain_text("已接收")


async def test_a_deed_outside_the_province_is_refused_with_whom_to_call(phone: OpenPhone) -> None:
    held = await phone(at=IN_SHANGHAI)
    await held.sign_in()
    page = held.page
    await page.tap("#to-tip")
    await page.fill("#tip [name=text]", "有人盗窃")
    await onward(held, "tip")
    await onward(held, "tip")
    await choice(page, "here").tap()
    await onward(held, "tip")
    await onward(held, "tip")
    await expect(page.locator("#refusal")).to_contain_text("不在浙江省内")
    await expect(page.locator("#refusal-calls a[href='tel:110']")).to_be_visible()


async def test_a_form_filed_without_a_network_goes_once_when_it_is_back(phone: OpenPhone) -> None:
    held = await phone()
    await held.sign_in()
    page = held.page
    await page.tap("#to-tip")
    await page.fill("#tip [name=text]", "没有网络时写的")
    await page.context.set_offline(True)
    for _ in range(4):
        await onward(held, "tip")
    await expect(held.rung("saved")).to_be_visible()
    await page.context.set_offline(False)
    await expect(held.rung("stored")).to_be_visible(timeout=10_000)


async def test_sums_are_read_to_the_fen_and_never_rounded(phone: OpenPhone) -> None:
    held = await phone()
    await held.page.goto("/")
    sums = {"0.1": 10, "38000": 3_800_000, "1,234.56": 123_456, "￥9.9 元": 990, "１２３": 12_300}
    wrong = ["", "1.234", "-5", "1e9", "abc", "1.2.3", "9999999999"]
    found = await held.page.evaluate(
        """async texts => {
          const { fenOf } = await import("/static/citizen/entries.js");
          return texts.map(fenOf);
        }""",
        [*sums, *wrong],
    )
    assert found == [*sums.values(), *([None] * len(wrong))]


@pytest.mark.parametrize(("language", "scheme"), [("zh-CN", "light"), ("en", "dark")])
async def test_no_step_shuts_anybody_out(phone: OpenPhone, language: str, scheme: str) -> None:
    held = await phone(language=language, scheme=scheme)
    await held.sign_in()
    page = held.page
    assert await fine(page) == []
    await page.tap("#to-fraud")
    await choice(page, "police").tap()
    assert await fine(page) == []
    await onward(held, "fraud")
    assert await fine(page) == []
    await onward(held, "fraud")
    await choice(page, "app").tap()
    assert await fine(page) == []
    await onward(held, "fraud")
    await choice(page, "yes").tap()
    await page.locator(".moment .choice-button").tap()
    assert await fine(page) == []
    await onward(held, "fraud")
    assert await fine(page) == []
    await onward(held, "fraud")
    assert await fine(page) == []
    await page.goto("/#tip")
    await page.fill("#tip [name=text]", "x")
    await onward(held, "tip")
    await choice(page, "ongoing").tap()
    assert await fine(page) == []
    await onward(held, "tip")
    await onward(held, "tip")
    assert await fine(page) == []
    await page.goto("/")
    await page.tap("#to-location")
    await expect(page.locator("#code .code-digits")).to_be_visible()
    assert await fine(page) == []
