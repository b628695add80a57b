"""The reporter's own pages: consents, my data, my reports, and a phone that several people use."""

import json
import re
from typing import Any

import pytest
from playwright.async_api import Page, Route, expect

from dispatch.models import TABLES
from tests import test_citizen_page as citizen
from tests.interception import intercept
from tests.people import ID_NUMBER, Dispatcher, eventually
from tests.places import Place
from tests.stack import Stack
from tests.test_citizen_page import FILING, OpenPhone, Phone

pytestmark = [pytest.mark.anyio, pytest.mark.browser]

browser = citizen.browser
phone = citizen.phone
dispatcher = citizen.dispatcher


async def my_data(held: Phone) -> Page:
    await held.page.goto("/my-data")
    await expect(held.page.locator("#mydata .part").first).to_be_visible()
    return held.page


async def sign_out_by_force(page: Page) -> None:
    """The session is over, as after thirty days."""
    await page.context.clear_cookies(name="desk110_session")


async def written_signed_out(held: Phone, words: str) -> None:
    """A report on the phone that nobody has signed for."""
    await held.page.goto("/")
    await held.page.fill("#first-words", words)
    await held.tap()
    await expect(held.page.locator("#need [name=phone]")).to_be_visible()


# --- consents


async def test_every_switch_is_off_until_it_is_switched_on_and_off_again_by_the_same_tap(
    phone: OpenPhone,
) -> None:
    held = await phone()
    await held.sign_in()
    page = await my_data(held)
    switches = page.locator(".switches [role=switch]")
    await expect(switches).to_have_count(4)
    for one in await switches.all():
        await expect(one).not_to_be_checked()
    await page.tap("label[for=consent-notices]")
    await expect(page.locator("#consent-notices-state")).to_contain_text("同意")
    await page.reload()
    await expect(page.locator("#consent-notices")).to_be_checked()
    await page.tap("label[for=consent-notices]")
    await expect(page.locator("#consent-notices-state")).to_contain_text("已撤回")
    await page.reload()
    await expect(page.locator("#consent-notices")).not_to_be_checked()


async def test_a_switch_shows_what_the_server_has_not_what_was_tapped(phone: OpenPhone) -> None:
    held = await phone()
    await held.sign_in()
    page = await my_data(held)

    async def refuse(route: Route) -> None:
        await route.fulfill(status=503, json={"code": "overloaded", "detail": "系统繁忙"})

    await intercept(page, "**/me/consents/*", refuse)
    await page.tap("label[for=consent-follow_up]")
    await expect(page.locator(".purpose .error:visible")).to_contain_text("系统繁忙")
    await expect(page.locator("#consent-follow_up")).not_to_be_checked()


async def test_a_new_wording_is_asked_about_again_and_counts_as_not_agreed(phone: OpenPhone) -> None:
    held = await phone()
    await held.sign_in()
    await held.page.goto("/")

    async def outdated(route: Route) -> None:
        standing = {"purpose": "keep_identity", "edition": "2099-01", "agreed": False, "outdated": True}
        await route.fulfill(json={"consents": [{**standing, "at": "2026-11-23T10:20:00.000Z"}]})

    await intercept(held.page, "**/me/consents", outdated)
    await held.page.tap("#to-account")
    await expect(held.page.locator("#consents-due")).to_contain_text("更新了")
    await held.page.tap("a[href='/my-data']")
    await expect(held.page.locator(".renewed")).to_contain_text("说明有更新")
    await expect(held.page.locator("#consent-keep_identity")).not_to_be_checked()


# --- my data


async def test_the_data_are_shown_and_saved_whole(phone: OpenPhone) -> None:
    held = await phone()
    await held.sign_in()
    page = await my_data(held)
    await expect(page.locator("#mydata")).to_contain_text(f"{held.number[:3]}****{held.number[-4:]}")
    await expect(page.locator("#mydata")).to_contain_text("这台设备")
    async with page.expect_download() as saving:
        await page.tap("#save-data")
    saved = await saving.value
    assert re.fullmatch(r"desk110-my-data-\d{4}-\d\d-\d\d\.json", saved.suggested_filename)
    data = json.loads((await saved.path()).read_text(encoding="utf-8"))
    assert data["reporter"]["phone"] == f"{held.number[:3]}****{held.number[-4:]}"


async def test_name_and_phone_are_corrected_there(phone: OpenPhone) -> None:
    held = await phone()
    await held.sign_in()
    await held.page.goto("/#account")
    await held.page.fill("#account-identity [name=name]", "张三")
    await held.page.fill("#account-identity [name=id_number]", ID_NUMBER)
    await held.page.tap("#account-identity [type=submit]")
    await expect(held.page.locator("#me-verified")).to_be_visible()
    page = await my_data(held)
    await page.tap("#correct-identity summary")
    await page.fill("#correct-identity [name=name]", "李四")
    await page.fill("#correct-identity [name=id_number]", "110101199003071233")
    await page.tap("#correct-identity [type=submit]")
    await expect(page.locator("#mydata .pairs")).to_contain_text("李四")
    await expect(page.locator("#mydata .pairs")).to_contain_text("张*")
    new = str(int(held.number) + 50_000_001)  # whose end, all that is shown, is another
    await page.tap("#change-phone summary")
    await page.fill("#change-phone [name=phone]", new)
    await page.tap("#change-phone [type=submit]")
    await expect(page.locator("#change-phone [name=code]")).to_have_value(re.compile(r"\d{6}"))
    await page.tap("#change-phone [type=submit]")
    await expect(page.locator("#mydata .pairs")).to_contain_text(f"****{new[-4:]}")
    await page.tap("#erase-identity summary")
    await page.tap("#erase-identity [type=submit]")
    await expect(page.locator("#erase-identity")).to_have_count(0)


async def test_closing_says_what_stays_before_and_after(phone: OpenPhone, place: Place) -> None:
    held = await phone()
    await held.sign_in()
    await held.tap()
    await expect(held.reached("stored")).to_be_visible()
    number = (await held.page.inner_text("#number")).split()[-1]
    page = await my_data(held)
    await page.tap("#close-account summary")
    await expect(page.locator("#close-account")).to_contain_text(number)
    await expect(page.locator("#close-account")).to_contain_text("有报警还在处理")
    await page.tap("#close-account [type=submit]")
    await expect(page.locator(".verdict")).to_contain_text("账号已注销")
    await expect(page.locator(".verdict")).to_contain_text(number)
    await page.goto("/#account")
    await expect(page.locator("#account-sign-in [name=phone]")).to_be_visible()


async def test_an_account_is_not_closed_while_a_report_is_on_its_way(phone: OpenPhone) -> None:
    held = await phone()
    await held.sign_in()

    async def lose(route: Route) -> None:
        await (route.abort() if route.request.method == "POST" else route.continue_())

    await intercept(held.page, FILING, lose)
    await held.tap()
    await expect(held.rung("saved")).to_be_visible()
    await held.page.tap("#back")
    await held.page.tap("#to-account")
    await held.page.tap("a[href='/my-data']")
    await held.page.tap("#close-account summary")
    await expect(held.page.locator("#close-account [type=submit]")).to_be_disabled()
    await expect(held.page.locator("#close-account [type=submit]")).to_contain_text("还没送到")


# --- my reports


async def test_open_reports_come_first_with_who_received_them(
    phone: OpenPhone, dispatcher: Dispatcher, place: Place
) -> None:
    held = await phone()
    await held.sign_in()
    await held.page.fill("#first-words", "第一条")
    await held.tap()
    await expect(held.rung("shown")).to_be_visible()
    first = await held.report()
    await dispatcher.accept(first)
    await expect(held.rung("received")).to_be_visible()
    await held.page.goto("/reports")
    row = held.page.locator("#mine-list .row")
    await expect(row).to_contain_text("已接收")
    await expect(row).to_contain_text(place.number())
    await expect(held.page.locator("#mine-list .row-head")).to_have_text(["进行中"])
    await held.page.tap("#mine-list .row")
    await held.page.tap("#withdraw summary")
    await held.page.check("#withdraw [value=solved]")
    await held.page.tap("#withdraw [type=submit]")
    await eventually(lambda: dispatcher.status(first) == "withdrawn", 20, "the desk has it")
    await held.page.goto("/reports")
    await expect(held.page.locator("#mine-list .row")).to_contain_text("已撤回")
    await expect(held.page.locator("#mine-list .row-head")).to_have_count(0)


async def test_without_a_network_the_list_shows_what_the_phone_knows_and_says_so(
    phone: OpenPhone, place: Place
) -> None:
    held = await phone()
    await held.sign_in()
    await held.page.fill("#first-words", "手机知道的")
    await held.tap()
    await expect(held.reached("stored")).to_be_visible()
    await held.page.goto("/")
    await expect(held.page.locator("html[data-ready]")).to_be_attached()
    await expect(held.page.locator(".notice[data-kind=pending]")).to_be_visible()
    await held.page.context.set_offline(True)
    await held.page.tap(".entries a[href='/reports']")
    await expect(held.page.locator("#mine-known")).to_contain_text("手机里的记录")
    await expect(held.page.locator("#mine-list .row")).to_contain_text("手机知道的")


# --- a phone that several people use


async def test_a_report_written_signed_out_is_asked_about_when_somebody_signs_in_elsewhere(
    phone: OpenPhone, stack: Stack, dispatcher: Dispatcher
) -> None:
    held = await phone()
    sent: list[str] = []
    held.page.on("request", lambda request: sent.append(request.url) if is_filing(request) else None)
    await written_signed_out(held, "登录前写的")
    await held.page.goto("/#account")
    await held.prove("#account-sign-in")
    await expect(held.page.locator("#need")).to_contain_text("这条报警是谁写的？")
    before = len(sent)
    await held.page.wait_for_timeout(1_500)
    assert len(sent) == before
    assert dispatcher.cards == {}
    await held.page.tap("#need [type=submit]")
    await expect(held.rung("shown")).to_be_visible()
    assert "登录前写的" in dispatcher.words[await held.report()]


def is_filing(request: Any) -> bool:
    return request.method == "POST" and bool(FILING.search(request.url))


async def test_a_report_written_signed_out_does_not_go_before_the_page_knows_who_is_signed_in(
    phone: OpenPhone, stack: Stack
) -> None:
    """Written without a network and signed by nobody; somebody else signs in before the page is opened again."""
    held = await phone()
    await held.page.goto("/")
    await expect(held.page.locator("html[data-ready]")).to_be_attached()
    await held.page.context.set_offline(True)
    await held.page.fill("#first-words", "没有网络时写的")
    await held.tap()
    await expect(held.rung("saved")).to_be_visible()
    context = held.page.context
    await held.page.close()
    await context.set_offline(False)
    origin = {"origin": stack.citizens[0].url}
    body = {"phone": held.number}
    code = (await (await context.request.post("/api/v1/phone-codes", data=body, headers=origin)).json())[
        "demo_code"
    ]
    signed = await context.request.post("/api/v1/sessions", data={**body, "code": code}, headers=origin)
    assert signed.status == 201
    page = await context.new_page()
    sent: list[str] = []
    page.on("request", lambda request: sent.append(request.url) if is_filing(request) else None)
    await page.goto("/")
    await expect(page.locator("#need [data-part=not-mine]")).to_be_visible()
    assert sent == []


async def test_a_report_written_before_the_page_knew_who_is_signed_in_goes_by_itself_after_a_kill(
    phone: OpenPhone, dispatcher: Dispatcher
) -> None:
    """The network is away from the first moment: who is signed in was never said, and the report still goes."""
    held = await phone()
    await held.sign_in()

    async def lose(route: Route) -> None:
        await route.abort()

    await held.page.route("**/api/v1/**", lose)
    await held.page.goto("/?again")
    await expect(held.page.locator("html[data-ready]")).to_be_attached()
    await held.page.fill("#first-words", "断网时写的")
    await held.tap()
    await expect(held.rung("saved")).to_be_visible()
    context = held.page.context
    await held.page.close()
    page = await context.new_page()
    await page.goto("/")
    await eventually(lambda: "断网时写的" in str(dispatcher.words), 30, "the report arrives, asked of nobody")


async def test_a_report_that_is_not_theirs_stays_on_the_phone_unread_and_goes_when_its_writer_signs_in(
    phone: OpenPhone, dispatcher: Dispatcher
) -> None:
    held = await phone()
    await written_signed_out(held, "别人写的")
    await held.page.goto("/#account")
    await held.prove("#account-sign-in")
    await held.page.tap("#need [data-part=not-mine]")
    await expect(held.page.locator(".notice[data-kind=pending]")).to_contain_text("别人写的一条报警")
    await held.page.goto("/reports")
    await expect(held.page.locator("#mine-empty")).to_contain_text("还没有报警记录")
    assert await held.page.locator("#mine-list .row").count() == 0
    await held.page.goto("/#account")
    await held.page.tap("#sign-out")
    await expect(held.page.locator("#account-sign-in [name=phone]")).to_be_visible()
    held.number = str(int(held.number) + 40_000_000)
    await held.page.goto("/")
    await held.prove("#need")
    await expect(held.rung("shown")).to_be_visible()
    assert "别人写的" in dispatcher.words[await held.report()]


async def test_a_report_is_not_sent_under_the_name_of_who_signs_in_after_its_writer(
    phone: OpenPhone, stack: Stack, dispatcher: Dispatcher
) -> None:
    """The first person's session ends while their report is on its way; another signs in on the same phone."""
    held = await phone()
    await held.sign_in()
    answered: list[int] = []

    async def lose(route: Route) -> None:
        await (route.abort() if is_filing(route.request) else route.continue_())

    await intercept(held.page, FILING, lose)
    await held.page.fill("#first-words", "第一个人写的")
    await held.tap()
    await expect(held.rung("saved")).to_be_visible()
    await sign_out_by_force(held.page)
    await held.page.unroute(FILING, lose)
    held.page.on(
        "response", lambda answer: answered.append(answer.status) if is_filing(answer.request) else None
    )
    await held.page.reload()
    await expect(held.page.locator("#need [name=phone]")).to_be_visible()
    first, held.number = held.number, str(int(held.number) + 30_000_000)
    await held.prove("#need")
    await expect(held.page.locator("#need")).to_contain_text("别人写的一条报警")
    assert set(answered) <= {401}
    with stack.database.read() as session:
        table = TABLES["report"]
        assert session.connection().execute(table.select().where(table.c.text == "第一个人写的")).all() == []
    await held.page.goto("/#account")
    await held.page.tap("#sign-out")
    await expect(held.page.locator("#account-sign-in [name=phone]")).to_be_visible()
    held.number = first
    await held.prove("#account-sign-in")
    await eventually(
        lambda: "第一个人写的" in str(dispatcher.words), 20, "the report of who wrote it arrives"
    )


async def test_of_several_reports_that_are_not_delivered_each_is_reached(phone: OpenPhone) -> None:
    held = await phone(at=None)
    await held.sign_in()
    for words in ("第一条", "第二条"):
        await held.page.fill("#first-words", words)
        await held.tap()
        await expect(held.page.locator("#need textarea")).to_be_visible()
        await held.page.tap("#back")
    await expect(held.page.locator(".notice[data-kind=pending]")).to_contain_text("有 2 条报警还没送到")
    await held.page.tap(".notice[data-kind=pending]")
    await held.page.locator(".row", has_text="第一条").tap()
    for _ in range(2):
        await expect(held.page.locator(".bubble")).to_have_text(re.compile("第一条"))
        await expect(held.page.locator("#need textarea")).to_be_visible()
        await held.page.reload()
    await held.page.fill("#need textarea", "西湖区灵隐路 18 号")
    await held.page.tap("#need [type=submit]")
    await expect(held.reached("stored")).to_be_visible()
    await held.page.tap("#back")
    await held.page.locator(".notice[data-kind=pending]").first.tap()
    await expect(held.page.locator(".bubble")).to_have_text(re.compile("第二条"))


IMPAIRED = re.compile(r"/api/v1/me$")


async def told_impaired(page: Page) -> bool:
    return bool((await (await page.request.get("/api/v1/me")).json())["hearing_speech_impaired"])


async def no_line(route: Route) -> None:
    await (route.abort() if route.request.method == "PATCH" else route.continue_())


async def test_whoever_says_without_a_network_that_they_cannot_hear_has_said_it(phone: OpenPhone) -> None:
    held = await phone()
    await held.sign_in()
    await held.page.tap("#to-account")
    await intercept(held.page, IMPAIRED, no_line)
    box, state = held.page.locator("#impaired"), held.page.locator("#impaired-state")
    await box.check()
    await expect(state).to_contain_text("还没有告诉接警台")
    await expect(box).to_be_checked()
    await held.page.reload()
    await expect(state).to_contain_text("还没有告诉接警台")
    await expect(box).to_be_checked()
    assert not await told_impaired(held.page)
    await held.page.unroute(IMPAIRED)
    await expect(state).to_be_empty()
    await expect(box).to_be_checked()
    assert await told_impaired(held.page)


async def test_of_what_was_switched_to_and_fro_without_a_network_the_last_counts(phone: OpenPhone) -> None:
    held = await phone()
    await held.sign_in()
    await held.page.tap("#to-account")
    await intercept(held.page, IMPAIRED, no_line)
    box, state = held.page.locator("#impaired"), held.page.locator("#impaired-state")
    for _ in range(3):
        await box.click()
    await expect(state).to_contain_text("还没有告诉接警台")
    await held.page.unroute(IMPAIRED)
    await expect(state).to_be_empty()
    assert await told_impaired(held.page)


async def test_what_the_server_does_not_take_is_said_and_the_switch_shows_what_it_has(
    phone: OpenPhone,
) -> None:
    held = await phone()
    await held.sign_in()
    await held.page.tap("#to-account")

    async def refuse(route: Route) -> None:
        if route.request.method != "PATCH":
            await route.continue_()
            return
        await route.fulfill(status=422, json={"code": "field_invalid", "detail": "内容有误"})

    await intercept(held.page, IMPAIRED, refuse)
    await held.page.locator("#impaired").click()
    await expect(held.page.locator("#impaired-state")).to_contain_text("内容有误")
    await expect(held.page.locator("#impaired")).not_to_be_checked()


async def test_what_one_person_said_of_themselves_is_not_said_of_the_next(phone: OpenPhone) -> None:
    held = await phone()
    await held.sign_in()
    await held.page.tap("#to-account")
    await intercept(held.page, IMPAIRED, no_line)
    await held.page.locator("#impaired").check()
    await expect(held.page.locator("#impaired-state")).to_contain_text("还没有告诉接警台")
    await sign_out_by_force(held.page)
    await held.page.reload()
    held.number = str(int(held.number) + 60_000_000)
    await held.prove("#account-sign-in")
    await expect(held.page.locator("#account-me")).to_be_visible()
    await held.page.unroute(IMPAIRED)
    await expect(held.page.locator("#impaired-state")).to_be_empty()
    await expect(held.page.locator("#impaired")).not_to_be_checked()
    await held.page.wait_for_timeout(2_000)
    assert not await told_impaired(held.page)
