"""Put back, taken over and picked up on two dispatchers' screens; the reporter's stays as it is."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
from playwright.async_api import Browser, Page, async_playwright, expect

from tests.interception import intercept
from tests.people import Dispatcher, Reporter, eventually
from tests.servers import chromium
from tests.stack import DESK, PASSWORD, Stack
from tests.truth import assert_whole, kinds_of
from tests.witness import assert_problem, nothing_written

pytestmark = pytest.mark.anyio

FIRST, SECOND, THIRD = f"{DESK}01", f"{DESK}02", f"{DESK}03"


@pytest.fixture(scope="module")
async def browser() -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        found = await playwright.chromium.launch(
            executable_path=chromium(),
            args=["--no-sandbox", "--disable-gpu", "--disable-quic", "--mute-audio"],
        )
        yield found
        await found.close()


async def sit_down(stack: Stack, browser: Browser, number: str) -> Page:
    """The desk's page of a dispatcher, live."""
    context = await browser.new_context(
        base_url=stack.consoles[0].url, locale="zh-CN", viewport={"width": 1366, "height": 768}
    )
    page = await context.new_page()
    await page.goto("/console/sign-in")
    await page.fill("[name=number]", number)
    await page.fill("[name=password]", PASSWORD)
    await page.press("[name=password]", "Enter")
    await expect(page.locator("#live")).to_have_attribute("data-state", "live", timeout=15_000)
    return page


@pytest.fixture
async def first(stack: Stack, browser: Browser) -> AsyncIterator[Page]:
    page = await sit_down(stack, browser, FIRST)
    yield page
    await page.context.close()


@pytest.fixture
async def second(stack: Stack, browser: Browser) -> AsyncIterator[Page]:
    page = await sit_down(stack, browser, SECOND)
    yield page
    await page.context.close()


@pytest.fixture
async def reporter(stack: Stack) -> AsyncIterator[Reporter]:
    person = await Reporter.signed_in(stack.citizens[0], verified=True)
    yield person
    await person.leave()


@pytest.fixture
async def third(stack: Stack) -> AsyncIterator[Dispatcher]:
    """A colleague without a browser."""
    someone = await Dispatcher.signed_in(stack.consoles[0], THIRD)
    yield someone
    await someone.leave()


async def press(dispatcher: Dispatcher, report: str, act: str, **form: str) -> Any:
    return await dispatcher.http.post(
        f"/console/reports/{report}/{act}", headers={"x-csrf-token": dispatcher.csrf}, data=form
    )


async def accepted(page: Page, report: str) -> None:
    """This page accepts it, by the key."""
    await expect(page.locator(f"#waiting #report-{report}")).to_be_visible()
    await page.keyboard.press("a")
    await expect(page.locator(f"#taken #report-{report}[data-page-mine]")).to_be_visible()


async def test_put_back_with_two_keys_it_lies_there_and_one_key_picks_it_up(
    stack: Stack, first: Page, second: Page, reporter: Reporter
) -> None:
    await reporter.listen(known={})
    report = (await reporter.filed("有人敲门不走"))["id"]
    await accepted(first, report)
    await eventually(lambda: reporter.status(report) == "received", 15, "已接收 on the phone")
    receipt = reporter.reports[report]["receipt"]
    heard = len(reporter.frames)
    await first.keyboard.press("b")
    await expect(first.locator("#reason-text")).to_be_focused()
    await first.keyboard.press("3")
    lies = second.locator(f"#released #report-{report}")
    await expect(lies).to_contain_text("已接收 · 待接手")
    await expect(lies.locator(".sign-released")).to_have_attribute("title", f"{FIRST} 放回")
    await expect(lies.locator(".accept")).to_contain_text("接手")
    await expect(first.locator(f"#released #report-{report}")).to_be_visible()
    await second.keyboard.press("a")
    await expect(second.locator(f"#taken #report-{report}[data-page-mine]")).to_be_visible()
    await expect(first.locator(f"#taken #report-{report} .card-who")).to_contain_text(SECOND)
    await expect(first.locator(f"#report-{report}[data-page-mine]")).to_have_count(0)
    # The report in hand tells the way it went, with the reason.
    await expect(second.locator("#lines")).to_contain_text(f"{FIRST} 放回，等人接手: 要离开座位")
    await expect(second.locator("#lines")).to_contain_text(f"{SECOND} 接手")
    acts = [kind for kind in kinds_of(stack.database, report) if kind != "ReportLookedAt"]
    assert acts[-2:] == ["ReportReleased", "ReportPickedUp"]
    # The reporter's screen was told nothing of it, and asked anew it reads the same as before.
    assert [frame for frame in reporter.frames[heard:] if frame["type"] != "ping"] == []
    again = (await reporter.http.get(f"/api/v1/reports/{report}")).json()
    assert (again["status"], again["receipt"], again["version"]) == ("received", receipt, 2)
    assert SECOND not in str(again)
    assert_whole(stack.database, DESK)


async def test_taken_over_with_a_reason_and_the_colleague_reads_who_has_it(
    first: Page, second: Page, reporter: Reporter
) -> None:
    report = (await reporter.filed("楼下吵架"))["id"]
    await accepted(first, report)
    await second.locator(f"#taken #report-{report}").click()
    await expect(second.locator("#in-hand")).to_have_attribute("data-report", report)
    await second.keyboard.press("t")
    await expect(second.locator("#reason-title")).to_contain_text(FIRST)
    await second.keyboard.press("Enter")
    await expect(second.locator("#reason-fault")).to_contain_text("请写原因")
    await second.fill("#reason-text", "他在通话，我熟悉那栋楼")
    await second.keyboard.press("Enter")
    await expect(second.locator(f"#report-{report}[data-page-mine]")).to_be_visible()
    await expect(first.locator("#notices")).to_contain_text(f"已由 {SECOND} 接管")
    await expect(second.locator("#lines")).to_contain_text("他在通话，我熟悉那栋楼")
    await expect(second.locator("#hands")).to_contain_text("我在处理")


async def test_who_presses_second_reads_who_was_first(
    first: Page, second: Page, third: Dispatcher, reporter: Reporter
) -> None:
    report = (await reporter.filed("两个人同时按"))["id"]
    assert (await third.accept(report)).status_code == 200
    assert (await press(third, report, "release", reason="换岗")).status_code == 200
    for page in (first, second):
        await page.locator(f"#released #report-{report}").click()
        await expect(page.locator("#in-hand")).to_have_attribute("data-report", report)
    held = asyncio.Event()

    async def hold(route: Any) -> None:
        await held.wait()
        await route.continue_()

    await intercept(second, "**/pick-up", hold)
    await second.keyboard.press("a")
    await first.keyboard.press("a")
    await expect(first.locator(f"#taken #report-{report}[data-page-mine]")).to_be_visible()
    held.set()
    await expect(second.locator("#notices")).to_contain_text(f"{FIRST} 正在处理")
    await expect(second.locator(f"#taken #report-{report}")).to_be_visible()
    await expect(second.locator(f"#report-{report}[data-page-mine]")).to_have_count(0)


async def test_an_answer_that_comes_late_does_not_take_the_card_back(
    first: Page, third: Dispatcher, reporter: Reporter
) -> None:
    report = (await reporter.filed("迟到的答复"))["id"]
    await accepted(first, report)
    held = asyncio.Event()

    async def late(route: Any) -> None:
        answer = await route.fetch()
        await held.wait()
        await route.fulfill(response=answer)

    await intercept(first, "**/release", late)
    await first.keyboard.press("b")
    await first.keyboard.press("1")
    await expect(first.locator(f"#released #report-{report}")).to_be_visible()
    assert (await press(third, report, "pick-up")).status_code == 200
    await expect(first.locator(f"#taken #report-{report} .card-who")).to_contain_text(THIRD)
    held.set()  # the same version as the card has, and an older state
    await expect(first.locator("#reason")).to_be_hidden()
    await expect(first.locator(f"#taken #report-{report} .card-who")).to_contain_text(THIRD)


async def test_what_is_not_ones_own_is_not_put_back_and_what_nobody_has_is_not_taken_over(
    first: Page, second: Page, reporter: Reporter
) -> None:
    report = (await reporter.filed("不是我的"))["id"]
    await accepted(first, report)
    await second.locator(f"#taken #report-{report}").click()
    await second.keyboard.press("b")
    await expect(second.locator("#notices")).to_contain_text("不在您手上")
    await first.keyboard.press("t")
    await expect(first.locator("#notices")).to_contain_text("没有可接管的警情")
    await expect(first.locator("#reason")).to_be_hidden()


@pytest.mark.parametrize(
    ("act", "form", "code", "fields"),
    [
        ("release", {}, "field_invalid", ["reason"]),
        ("release", {"reason": " \x00\n "}, "field_invalid", ["reason"]),
        ("release", {"reason": "长" * 201}, "text_too_long", None),
        ("take-over", {"reason": "x"}, "field_invalid", ["handler"]),
        ("take-over", {"reason": "x", "handler": "'; drop"}, "field_invalid", ["handler"]),
        ("take-over", {"handler": FIRST}, "field_invalid", ["reason"]),
        ("pick-up", {}, "not_received", None),
        ("release", {"reason": "x"}, "not_received", None),
        ("take-over", {"reason": "x", "handler": FIRST}, "not_received", None),
    ],
)
async def test_what_cannot_be_done_gets_a_clear_no(
    stack: Stack,
    third: Dispatcher,
    reporter: Reporter,
    act: str,
    form: dict[str, str],
    code: str,
    fields: Any,
) -> None:
    report = (await reporter.filed("还没有人接"))["id"]
    with nothing_written(stack):
        problem = assert_problem(await press(third, report, act, **form), code)
        assert problem.get("fields") == fields
        assert_problem(
            await third.http.post(f"/console/reports/{report}/{act}", data={"handler": FIRST, "reason": "x"}),
            "csrf_refused",
        )
    await third.accept(report)
