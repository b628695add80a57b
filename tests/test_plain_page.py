"""The plain pages in a browser whose scripts are switched off: the whole way, and what goes wrong on it."""

import re
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest
from playwright.async_api import Browser, BrowserContext, Page, Route, async_playwright, expect

from tests.both_screens import FLAGS, PHONE, photo
from tests.faults.arming import Fault
from tests.people import ID_NUMBER, Dispatcher, People, eventually
from tests.places import Place
from tests.servers import chromium
from tests.stack import Stack
from tests.truth import filed_under

pytestmark = [pytest.mark.anyio, pytest.mark.browser]

_numbers = iter(range(13_400_000_000, 13_500_000_000))
OpenPage = Callable[..., Awaitable[Page]]


@pytest.fixture(scope="module")
async def browser() -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        launched = await playwright.chromium.launch(executable_path=chromium(), args=FLAGS)
        yield launched
        await launched.close()


@pytest.fixture
async def open_page(stack: Stack, browser: Browser) -> AsyncIterator[OpenPage]:
    """A phone on which scripts are switched off, at the report form."""
    opened: list[BrowserContext] = []

    async def open_(url: str = "", *, scripts: bool = False, signed_in: bool = True, **options: Any) -> Page:
        context = await browser.new_context(
            base_url=url or stack.citizens[0].url,
            viewport=PHONE,  # type: ignore[arg-type]  # its stub wants its own TypedDict
            is_mobile=True,
            has_touch=True,
            locale="zh-CN",
            java_script_enabled=scripts,
            **options,
        )
        opened.append(context)
        page = await context.new_page()
        if signed_in:
            await page.goto("/plain")
            await page.fill("#phone", str(next(_numbers)))
            await page.tap("main form button")
            await page.tap("main form:has(#code) button")
            await expect(page.locator("#area")).to_be_visible()
        return page

    yield open_
    for context in opened:
        await context.close()


@pytest.fixture
async def desk(stack: Stack, people: People, place: Place) -> Dispatcher:
    """Somebody on duty in the test's own county."""
    return await people.dispatcher(stack.consoles[0], place.number())


async def report_on(page: Page) -> str:
    """The report whose page is on the screen."""
    await expect(page).to_have_url(re.compile(r"/plain/reports/[0-9a-f-]{36}"))
    found = re.search(r"[0-9a-f-]{36}", page.url)
    assert found
    return found[0]


async def test_from_the_first_screen_to_received_without_a_script(
    stack: Stack, open_page: OpenPage, desk: Dispatcher, place: Place
) -> None:
    page = await open_page(signed_in=False)
    await page.goto("/")
    await page.tap("noscript a")
    await expect(page.locator("a[href='tel:110']")).to_be_in_viewport()
    await page.fill("#phone", str(next(_numbers)))
    await page.tap("main form button")
    await expect(page.locator(".demo")).to_contain_text("演示")
    await page.tap("main form:has(#code) button")
    await page.fill("#text", "有人在砸门，我躲在卧室")
    await page.select_option("#area", place.desk)
    await page.fill("#place", "三楼左手")
    taken = photo()
    files: Any = [{"name": f"{n}.jpg", "mimeType": "image/jpeg", "buffer": taken} for n in (1, 2)]
    await page.set_input_files("#photos", files)
    await page.tap(".send")
    report = await report_on(page)
    await expect(page.locator("a[href='tel:110']")).to_be_in_viewport()
    await eventually(lambda: desk.cards.get(report), 15, "on the desk's screen")
    assert await page.locator("[data-rung=received]").get_attribute("data-state") == "todo"
    # Nobody touches the page: it asks for itself.
    await expect(page.locator("[data-rung=shown][data-state=now]")).to_contain_text("已显示在 1 个屏幕")
    assert (await desk.accept(report)).status_code == 200
    received = page.locator("[data-rung=received][data-state=now]")
    await expect(received).to_contain_text("已接收", timeout=20_000)
    await expect(received).to_contain_text(f"接警员 {place.number()}")
    await expect(page.locator(".media img")).to_have_count(1)  # the same photo under two names is one
    width = await page.locator(".media img").evaluate("image => image.naturalWidth")
    assert width > 0


async def test_a_message_and_an_answer_while_the_page_goes_on(
    open_page: OpenPage, desk: Dispatcher, place: Place
) -> None:
    page = await open_page()
    await page.fill("#text", "楼上打架")
    await page.select_option("#area", place.desk)
    await page.tap(".send")
    report = await report_on(page)
    await desk.accept(report)
    asked = await desk.http.post(
        f"/console/reports/{report}/requests",
        headers={"x-csrf-token": desk.csrf},
        data={"client_id": "q", "kind": "answer", "text": "有刀吗？", "answers": "有\n没有"},
    )
    assert asked.status_code == 200
    await page.locator(".question button", has_text=re.compile("^有$")).tap(timeout=30_000)
    await expect(page.locator(".talk")).to_contain_text("您的回答：有")
    await page.tap("a[href$='/message']")
    await page.fill("#text", "两个人，一个拿刀")
    # Longer than the report's page takes to ask for itself.
    await page.wait_for_timeout(11_000)
    await expect(page.locator("#text")).to_have_value("两个人，一个拿刀")
    await page.tap("main form button")
    await expect(page.locator(".talk")).to_contain_text("两个人，一个拿刀")
    await page.tap("a[href$='/withdrawal']")
    await page.check("#reason-solved")
    await page.tap("main form button")
    await expect(page.locator(".after")).to_contain_text("已撤回")


async def test_pressed_twice_it_is_one_report(stack: Stack, open_page: OpenPage, place: Place) -> None:
    page = await open_page()
    await page.fill("#text", "快来")
    await page.select_option("#area", place.desk)
    key = await page.locator("[name=key]").input_value()
    await page.locator(".send").dblclick()
    await report_on(page)
    await expect(page.locator(".ladder")).to_be_visible()
    await page.go_back()
    await page.goto("/plain/reports")
    await expect(page.locator(".row")).to_have_count(1)
    assert filed_under(stack.database, key) == 1


async def test_what_was_chosen_and_written_is_there_again_when_something_is_wrong(
    open_page: OpenPage,
) -> None:
    page = await open_page()
    await page.fill("#text", "第一行\n第二行")
    await page.select_option("#category", "dispute")
    await page.check("#impaired")
    await page.tap(".send")
    await expect(page.locator("#error")).to_contain_text("请选区、县")
    await expect(page.locator("#text")).to_have_value("第一行\n第二行")
    await expect(page.locator("#category")).to_have_value("dispute")
    await expect(page.locator("#impaired")).to_be_checked()
    await page.select_option("#area", "outside")
    await page.tap(".send")
    await expect(page.locator("#error")).to_contain_text("不在浙江省内")
    await expect(page.locator("#area")).to_have_value("outside")
    await expect(page.locator("a[href='tel:110']")).to_be_in_viewport()


async def test_a_large_photo_is_no_hindrance_to_being_asked_for_a_name(
    stack: Stack, open_page: OpenPage, place: Place
) -> None:
    """The answer comes before the photos are through the line, and the browser shows it."""
    page = await open_page()
    await page.select_option("#area", place.desk)
    await page.tap(".send")
    await report_on(page)
    await page.goto("/plain")
    await page.fill("#text", "又来了")
    await page.select_option("#area", place.desk)
    files: Any = [{"name": "a.jpg", "mimeType": "image/jpeg", "buffer": photo() + bytes(12_000_000)}]
    await page.set_input_files("#photos", files)
    await page.tap(".send")
    await expect(page.locator("#kept-text")).to_have_value("又来了")
    await page.fill("#name", "张三")
    await page.fill("#id-number", ID_NUMBER)
    await page.tap("main form button")
    await expect(page.locator(".line-text").first).to_have_text("又来了")


@pytest.mark.parametrize("fault", ["killed_before_answer", "killed_before_commit"])
async def test_a_process_that_dies_meanwhile_costs_one_reload_and_makes_no_second_report(
    stack: Stack, open_page: OpenPage, place: Place, fault: str
) -> None:
    with stack.another("citizen", f"tests.faults.{fault}") as doomed:
        page = await open_page(doomed.url)
        await page.fill("#text", "门口有人持刀")
        await page.select_option("#area", place.desk)
        key = await page.locator("[name=key]").input_value()
        Fault(fault, stack.home).arm()
        await page.locator(".send").tap(no_wait_after=True)
        await eventually(lambda: not doomed.running, 20, "it died")
        assert filed_under(stack.database, key) == (fault == "killed_before_answer")
        doomed.start()

        async def again() -> bool:
            # The browser's own page for a line that broke; reloading it sends the form again.
            await page.reload()
            return "/plain/reports/" in page.url

        await eventually(again, 20, "sent again")
        await expect(page.locator(".ladder")).to_be_visible()
        assert filed_under(stack.database, key) == 1


async def test_where_the_scripts_are_blocked_the_first_screen_leads_here(open_page: OpenPage) -> None:
    page = await open_page(scripts=True, signed_in=False, service_workers="block")

    async def lose(route: Route) -> None:
        await route.abort()

    await page.route("**/*.js", lose)
    await page.goto("/")
    way = page.locator(".plain-way")
    await expect(way).to_be_hidden()
    await expect(way).to_be_visible(timeout=20_000)
    await way.tap()
    await expect(page.locator("#phone")).to_be_visible()


async def test_a_first_screen_that_works_shows_no_other_way_and_a_disguise_never_does(
    open_page: OpenPage,
) -> None:
    page = await open_page(scripts=True, signed_in=False)
    await page.goto("/")
    await expect(page.locator("html[data-ready]")).to_be_attached()
    await expect(page.locator(".plain-way")).to_be_hidden()
    disguised = await open_page(signed_in=False)
    await disguised.goto("/weather")
    assert await disguised.locator("noscript a").count() == 0
    await expect(disguised.locator(".plain-way")).to_be_hidden()
