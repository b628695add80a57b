"""One event on the desk's page: three reports become one incident by the keyboard, and one answer reaches everybody who
may be written to; each reporter keeps their own 已接收."""

from collections.abc import Awaitable, Callable

import pytest
from playwright.async_api import expect

from tests import test_console_page as console
from tests.both_screens import photo
from tests.people import Dispatcher, People, Reporter, eventually
from tests.stack import DESK, XIHU, Stack
from tests.test_console_page import Desk
from tests.truth import assert_whole

pytestmark = [pytest.mark.anyio, pytest.mark.browser]

browser = console.browser
at_desk = console.at_desk
sweeper = console.sweeper
_empty_desk = console._empty_desk

AWAY = {**XIHU, "lat": 30.2720}  # some two kilometres north
WORDS = ("文一路口两车相撞，有人受伤流血", "路口撞车了", "看见事故，拍了照片")


async def reporters(stack: Stack, people: People, many: int) -> list[Reporter]:
    return [people.also(await Reporter.signed_in(stack.citizens[0], verified=True)) for _ in range(many)]


async def test_three_reports_become_one_incident_and_one_answer_reaches_all_who_may_be_written_to(
    stack: Stack, people: People, at_desk: Callable[..., Awaitable[Desk]]
) -> None:
    desk = await at_desk()
    phones = await reporters(stack, people, 3)
    reports = [(await phone.filed(words))["id"] for phone, words in zip(phones, WORDS, strict=True)]
    for phone in phones:
        await phone.listen()
    page, keys = desk.page, desk.page.keyboard
    for report in reports[:2]:
        await expect(page.locator(desk.card(report))).to_be_visible()
        await keys.press("a")
        await expect(page.locator(f"#in-hand[data-report='{report}'][data-received-at]")).to_be_visible()
        await page.wait_for_timeout(500)  # a key pressed twice at once was meant once
    # Both others lie near and came soon: one key links the likeliest, the next key the next one.
    await expect(page.locator("#incident [data-link]")).to_have_count(2)
    await expect(page.locator(".incident-why").first).to_contain_text("相距")
    await keys.press("y")
    await expect(page.locator("#incident [data-link]")).to_have_count(1)
    await keys.press("y")
    await expect(page.locator("#incident [data-link]")).to_have_count(0)
    for report in reports:
        await expect(page.locator(f"{desk.card(report)} .sign-incident")).to_be_visible()
    # Who is not received is not told, and stays waiting: linking accepts nothing.
    waiting = page.locator(f".incident-reports li:has([data-open='{reports[2]}'])")
    await expect(waiting).to_contain_text("未接收，不会收到")
    await expect(page.locator(f"#waiting {desk.card(reports[2])}")).to_be_visible()
    await page.fill("#incident-text", "警车已经出发，请留在安全的地方")
    await page.locator("#incident-say [type=submit]").click()
    await expect(page.locator("#lines")).to_contain_text("警车已经出发")
    await expect(page.locator("#incident-text")).to_have_value("")

    async def told() -> list[int]:
        states = [await phone.report(report) for phone, report in zip(phones, reports, strict=True)]
        return [sum("警车" in line["text"] for line in state["messages"]) for state in states]

    await eventually(lambda: told(), 10, "two of three are told")
    assert await told() == [1, 1, 0]
    third = await phones[2].report(reports[2])
    assert third["status"] == "filed"
    assert third["received"] is None
    assert "incident" not in third, "no reporter sees it"
    # The third is told by the next answer, once it is received; the same words again are another answer.
    await keys.press("Escape")
    await keys.press("a")
    await expect(page.locator(f"#in-hand[data-report='{reports[2]}'][data-received-at]")).to_be_visible()
    await page.fill("#incident-text", "警车已经出发，请留在安全的地方")
    await page.locator("#incident-say [type=submit]").click()
    await eventually(lambda: told_all(told), 10, "all three are told")
    assert await told() == [2, 2, 1]
    assert_whole(stack.database, DESK)


async def told_all(told: Callable[[], Awaitable[list[int]]]) -> bool:
    return all(await told())


async def test_the_same_photo_names_a_report_and_a_number_links_what_nothing_names(
    stack: Stack, people: People, at_desk: Callable[..., Awaitable[Desk]]
) -> None:
    desk = await at_desk()
    phones = await reporters(stack, people, 3)
    one = (await phones[0].filed("有人打架"))["id"]
    other = (await phones[1].filed("快来", location=AWAY))["id"]
    third = await phones[2].filed("丢了一只猫", location=AWAY)
    for phone, report in ((phones[0], one), (phones[1], other)):
        files = {"file": ("现场.jpg", photo(), "image/jpeg")}
        answer = await phone.http.post(f"/api/v1/reports/{report}/media/form", files=files)
        assert answer.status_code == 201, answer.text
    page = desk.page
    await page.locator(desk.card(one)).click()
    await expect(page.locator(f"#likely-{other} .incident-why")).to_contain_text("照片相同")
    await page.fill("#incident-number", third["number"][-6:].lstrip("0"))
    await page.keyboard.press("Enter")
    await expect(page.locator(f".incident-reports [data-open='{third['id']}']")).to_be_visible()
    await page.fill("#incident-number", "999999")
    await page.keyboard.press("Enter")
    await expect(page.locator("#incident-fault")).not_to_be_empty()
    # A linked one is opened from here, and leaves from there.
    await page.locator(f"#incident [data-open='{third['id']}']").click()
    await expect(page.locator("#in-hand")).to_have_attribute("data-report", third["id"])
    await page.locator("#incident-leave").click()
    await expect(page.locator("#incident-leave")).to_have_count(0)
    await expect(page.locator(f"{desk.card(one)} .sign-incident")).to_have_count(0)


async def test_what_a_colleague_links_is_seen_with_the_report_in_hand(
    stack: Stack, people: People, at_desk: Callable[..., Awaitable[Desk]], sweeper: Dispatcher
) -> None:
    desk = await at_desk()
    phones = await reporters(stack, people, 2)
    one, other = [(await phone.filed("两车相撞"))["id"] for phone in phones]
    await desk.page.locator(desk.card(one)).click()
    await expect(desk.page.locator(f"#incident [data-link='{other}']")).to_be_visible()
    answer = await sweeper.http.post(
        f"/console/reports/{other}/incident", headers={"x-csrf-token": sweeper.csrf}, data={"with": one}
    )
    assert answer.status_code == 200, answer.text
    await expect(desk.page.locator(f".incident-reports [data-open='{other}']")).to_be_visible()
    await expect(desk.page.locator(f"#incident [data-link='{other}']")).to_have_count(0)
