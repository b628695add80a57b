"""The desk's page for the covert and the forced: yes/no first, no call-back, an alarm until somebody takes notice."""

import re
from collections.abc import Awaitable, Callable

import pytest
from playwright.async_api import expect

from dispatch.settings import CHECKOUT
from dispatch.words import Words
from tests import test_console_page as console
from tests.people import People, Reporter
from tests.stack import Stack
from tests.test_console_page import Desk

pytestmark = [pytest.mark.anyio, pytest.mark.browser]

browser = console.browser
at_desk = console.at_desk
reporter = console.reporter
OpenDesk = Callable[..., Awaitable[Desk]]

AGREED = Words.of("zh-CN")("terms.duress.agreed")
# Each time that something is heard, and each alarm that others could sound for.
WATCH = """
  window.sounded = [];
  window.alarms = [];
  AudioContext.prototype.createOscillator = new Proxy(AudioContext.prototype.createOscillator, {
    apply: (make, machine, all) => { sounded.push("tone"); return Reflect.apply(make, machine, all); },
  });
  document.addEventListener("desk:alarm", event => alarms.push(event.detail.kind));
"""


async def say(reporter: Reporter, report: str, text: str) -> None:
    answer = await reporter.http.post(
        f"/api/v1/reports/{report}/messages", json={"client_id": f"c{len(text)}", "text": text}
    )
    assert answer.status_code == 201


async def test_who_is_covert_is_asked_by_one_tap_and_words_and_calls_are_guarded(
    at_desk: OpenDesk, reporter: Reporter
) -> None:
    desk = await at_desk()
    report = (await reporter.filed("别出声", covert=True))["id"]
    card = desk.page.locator(desk.card(report))
    await expect(card.locator(".sign-covert")).to_have_text("静默")
    await desk.page.keyboard.press("a")
    await expect(desk.page.locator("#first-watched")).to_be_enabled()
    await expect(desk.page.locator(".banner-covert")).to_contain_text("不要回拨")
    await expect(desk.page.locator(".no-call")).to_contain_text("不要回拨")
    assert await desk.page.locator("a[href^='tel:']").count() == 0
    await expect(desk.page.locator("#reply-text")).to_be_hidden()
    await desk.page.click("#first-safe")
    await expect(desk.page.locator("#lines")).to_contain_text("您现在安全吗")
    asked = (await reporter.report(report))["requests"][0]
    assert asked["answers"] == ["是", "否"]
    await desk.page.keyboard.press("r")
    await expect(desk.page.locator("#reply-text")).to_be_focused()
    await desk.page.keyboard.type("马上到")
    await say(reporter, report, "他还在")
    await expect(desk.page.locator("#lines")).to_contain_text("他还在")
    await expect(desk.page.locator("#reply-text")).to_have_value("马上到")  # what came has not closed it


async def test_a_report_that_turns_covert_turns_so_on_the_open_page_and_back(
    at_desk: OpenDesk, reporter: Reporter
) -> None:
    desk = await at_desk()
    report = (await reporter.filed("有人跟着我"))["id"]
    await expect(desk.page.locator(desk.card(report))).to_be_visible()
    await desk.page.keyboard.press("a")
    await expect(desk.page.locator("#reply-text")).to_be_enabled()
    for covert in (True, False):
        path = f"/api/v1/reports/{report}/covert"
        assert (await reporter.http.put(path, json={"covert": covert})).json()["covert"] == covert
        await expect(desk.page.locator(".banner-covert")).to_have_count(int(covert))
        await expect(desk.page.locator(f"{desk.card(report)} .sign-covert")).to_have_count(int(covert))


async def test_a_duress_word_goes_to_the_top_of_every_screen_and_sounds_until_somebody_takes_notice(
    at_desk: OpenDesk, reporter: Reporter, stack: Stack, people: People
) -> None:
    desk, colleague = await at_desk(), await at_desk("33010602")
    for screen in (desk, colleague):
        await screen.page.evaluate(WATCH)
        await screen.page.click(
            "#queue", position={"x": 5, "y": 5}
        )  # a browser is silent before the first click
    await reporter.filed("先来的")
    forced = await reporter.filed("后来的")
    for screen in (desk, colleague):
        await expect(screen.page.locator("#waiting .card")).to_have_count(2)
    await desk.page.mouse.move(5, 5)
    await say(reporter, forced["id"], f"没事了，{AGREED}")
    for screen in (desk, colleague):
        first = screen.page.locator("#waiting .card").first
        await expect(first).to_have_attribute("data-report", forced["id"])
        await expect(first.locator(".sign-duress")).to_have_text("胁迫暗语")
        notice = screen.page.locator('.notice[data-kind="duress"]')
        await expect(notice).to_contain_text(forced["number"])
        await screen.page.wait_for_function("sounded.length >= 3 && alarms.length >= 1", timeout=20_000)
        await screen.page.keyboard.press("Escape")  # closes what went wrong, not this
        await expect(notice).to_be_visible()
    # A page opened anew shows it as well.
    await colleague.page.reload()
    await expect(colleague.page.locator('.notice[data-kind="duress"]')).to_be_visible()
    await desk.page.keyboard.press("a")  # the one on top
    await expect(desk.page.locator("#duress[data-alarm]")).to_contain_text("不要回拨")
    await desk.page.keyboard.press("d")
    await expect(desk.page.locator("#duress:not([data-alarm])")).to_be_visible()
    for screen in (desk, colleague):
        await expect(screen.page.locator('.notice[data-kind="duress"]')).to_have_count(0)
        sign = screen.page.locator(f'{screen.card(forced["id"])}[data-duress="heard"] .sign-duress')
        await expect(sign).to_be_visible()
    # Said again, it alarms again.
    await say(reporter, forced["id"], f"真的没事，{AGREED}！")
    await expect(desk.page.locator("#duress[data-alarm]")).to_be_visible()
    await expect(colleague.page.locator('.notice[data-kind="duress"]')).to_be_visible()
    assert not re.search("胁迫|duress", str(await reporter.report(forced["id"])))


@pytest.mark.parametrize("language", ["zh-CN", "en"])
async def test_axe_finds_nothing_on_a_desk_with_a_forced_and_covert_reporter(
    at_desk: OpenDesk, reporter: Reporter, language: str
) -> None:
    desk = await at_desk(language=language, height=768)
    report = (await reporter.filed(AGREED, covert=True))["id"]
    await expect(desk.page.locator(desk.card(report))).to_be_visible()
    await desk.page.click(desk.card(report))
    await desk.page.keyboard.press("a")
    await expect(desk.page.locator("#ask-duress")).to_be_visible()
    await desk.page.evaluate((CHECKOUT / "node_modules" / "axe-core" / "axe.min.js").read_text("utf-8"))
    found = await desk.page.evaluate("() => axe.run()")
    assert [(each["id"], each["nodes"][0]["html"]) for each in found["violations"]] == []
