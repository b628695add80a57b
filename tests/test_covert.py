"""静默 in a phone-sized browser, on real processes: what whoever looks over the shoulder may notice."""

import re
from uuid import uuid4

import pytest
from playwright.async_api import Page, Route, expect

from dispatch.settings import CHECKOUT
from dispatch.words import Words
from tests import test_citizen_page as citizen
from tests.interception import intercept
from tests.people import Dispatcher, eventually
from tests.test_citizen_page import FILING, OpenPhone, Phone

pytestmark = [pytest.mark.anyio, pytest.mark.browser]

browser = citizen.browser
phone = citizen.phone
dispatcher = citizen.dispatcher

TITLES = {"天气", "备忘录", "Weather", "Notes"}
TELLING = re.compile(
    r"110|警|公安|派出所|静默|接收|服务台|police|desk|dispatch|report|emergency|covert", re.IGNORECASE
)
# Each way of making oneself heard or felt notes that it was taken.
WATCH = """
  window.noise = [];
  navigator.vibrate = () => noise.push("vibrate");
  for (const name of ["AudioContext", "Audio", "Notification", "SpeechSynthesisUtterance"]) {
    window[name] = new Proxy(window[name], { construct: () => { noise.push(name); return {}; } });
  }
  HTMLMediaElement.prototype.play = async () => noise.push("play");
"""
# All that can be read or read out: text on the screen, names, hints, live regions, colours of shouting.
READABLE = """() => {
  const seen = [...document.body.querySelectorAll("*")].filter((one) => one.checkVisibility?.() ?? one.offsetParent);
  const hints = ["aria-label", "title", "placeholder", "alt"];
  const names = seen.flatMap((one) => hints.map((name) => one.getAttribute(name) ?? ""));
  return [document.title, document.body.innerText, ...names].join("\\n");
}"""
LIVE = """() => [...document.querySelectorAll("[aria-live], [role=status], [role=alert]")]
  .filter((one) => one.getClientRects().length).length"""


async def gives_nothing_away(page: Page) -> None:
    """Nothing to read, to hear, to feel, or in the history tells what the page is."""
    assert await page.title() in TITLES
    assert re.search(r"/(weather|notes)$", page.url)
    assert TELLING.findall(await page.evaluate(READABLE)) == []
    assert await page.evaluate("noise") == []
    assert await page.evaluate(LIVE) == 0


async def shows(page: Page, sign: str, within_ms: float = 6_000) -> None:
    await expect(page.locator(f"#covert[data-sign={sign}]")).to_be_visible(timeout=within_ms)


async def taps(page: Page, target: str, times: int) -> None:
    for _ in range(times):
        await page.tap(target)


async def hidden_in(held: Phone, look: str = "weather") -> Page:
    """Signed in, then disguised: by the explanation, the first time."""
    await held.page.add_init_script(WATCH)
    await held.sign_in()
    await expect(held.page.locator("#where:not([data-state=asking])")).to_be_visible()
    await held.page.tap("#to-covert")
    await held.page.tap(f"[data-enter={look}]")
    await expect(held.page.locator("#covert")).to_be_visible()
    return held.page


async def waiting_for(dispatcher: Dispatcher) -> str:
    """The only report on the desk that is still to be accepted."""
    waiting = [id_ for id_, card in dispatcher.cards.items() if card["status"] == "filed"]
    assert len(waiting) == 1
    return waiting[0]


@pytest.mark.parametrize("language", ["zh-CN", "en"])
@pytest.mark.parametrize("look", ["weather", "notes"])
async def test_a_covert_report_is_filed_and_received_and_no_step_gives_it_away(
    phone: OpenPhone, dispatcher: Dispatcher, look: str, language: str
) -> None:
    page = await hidden_in(await phone(language=language), look)
    length = await page.evaluate("history.length")
    await gives_nothing_away(page)
    if look == "notes":
        await page.fill("#covert-text", "他在门外")
    await page.tap("#covert-act")
    await shows(page, "waiting")
    await gives_nothing_away(page)
    report = await waiting_for(dispatcher)
    answer = await page.request.get(f"/api/v1/reports/{report}")
    said = await answer.json()
    assert (said["covert"], said["text"]) == (True, "他在门外" if look == "notes" else "")
    word = Words.of(language)(f"citizen.covert.{look}.received", time="").strip()
    assert word not in await page.inner_text("body")

    await dispatcher.accept(report)
    await shows(page, "received")
    assert word in await page.inner_text("#covert-sign")
    await gives_nothing_away(page)
    assert await page.evaluate("history.length") == length


async def test_the_sign_for_received_waits_for_the_acknowledgement_however_long(
    phone: OpenPhone, dispatcher: Dispatcher
) -> None:
    page = await hidden_in(await phone())
    await page.tap("#covert-act")
    await shows(page, "waiting")
    await shows(page, "late", 18_000)
    assert "已更新" not in await page.inner_text("body")
    await gives_nothing_away(page)
    await page.tap("#covert-sign")
    calls = [await link.get_attribute("href") or "" for link in await page.locator("#covert-ways a").all()]
    assert calls[0] == "tel:110"
    assert calls[1].startswith("sms:12110")
    await gives_nothing_away(page)
    await dispatcher.accept(await waiting_for(dispatcher))
    await shows(page, "received")


async def test_what_did_not_get_through_is_shown_as_the_agreed_sign(
    phone: OpenPhone, dispatcher: Dispatcher
) -> None:
    page = await hidden_in(await phone())

    async def lose(route: Route) -> None:
        await route.abort()

    await intercept(page, FILING, lose)
    await page.tap("#covert-act")
    await shows(page, "failed", 13_000)
    await gives_nothing_away(page)
    await page.unroute(FILING)
    await shows(page, "waiting", 20_000)


async def test_whoever_leaves_at_once_is_still_reported(phone: OpenPhone, dispatcher: Dispatcher) -> None:
    page = await hidden_in(await phone())

    async def lose(route: Route) -> None:
        await route.abort()

    await intercept(page, FILING, lose)
    await page.tap("#covert-act")
    await taps(page, "#covert-title", 2)
    await expect(page.locator("#covert-bar")).to_be_hidden()
    await page.reload()
    await page.unroute(FILING)
    await eventually(lambda: dispatcher.cards, 20, "the report is on the desk's screens")
    await expect(page.locator("#covert-bar")).to_be_hidden()
    await gives_nothing_away(page)


@pytest.mark.parametrize("way", ["taps", "key"])
async def test_one_gesture_leaves_and_four_taps_bring_it_back_where_it_was(
    phone: OpenPhone, dispatcher: Dispatcher, way: str
) -> None:
    page = await hidden_in(await phone(), "notes")
    await page.fill("#covert-text", "第一句")
    await page.tap("#covert-act")
    await shows(page, "waiting")
    await page.fill("#covert-text", "还没写完")
    await (taps(page, "#covert-title", 2) if way == "taps" else page.keyboard.press("Escape"))
    await expect(page.locator("#covert-bar")).to_be_hidden()
    await expect(page.locator("#covert-lines")).to_be_hidden()
    assert await page.input_value("#covert-text") == ""
    await gives_nothing_away(page)
    await page.reload()
    await expect(page.locator("html[data-ready]")).to_be_attached()
    await expect(page.locator("#covert-bar")).to_be_hidden()
    await gives_nothing_away(page)
    # Three taps are not enough, and neither is another double tap.
    await taps(page, "#covert-mark", 3)
    await page.wait_for_timeout(900)
    await expect(page.locator("#covert-bar")).to_be_hidden()
    await taps(page, "#covert-mark", 4)
    await shows(page, "waiting")
    await dispatcher.accept(await waiting_for(dispatcher))
    await shows(page, "received")


async def test_a_reload_and_going_back_stay_disguised_from_the_first_byte(
    phone: OpenPhone, dispatcher: Dispatcher
) -> None:
    held = await phone()
    page = await hidden_in(held)
    await page.tap("#covert-act")
    await shows(page, "waiting")
    await page.reload()
    await shows(page, "waiting")
    await gives_nothing_away(page)
    await page.evaluate("history.back()")
    await page.wait_for_timeout(500)
    await shows(page, "waiting")
    await gives_nothing_away(page)
    for address in ("/", "/reports", "/weather"):
        first = await (await page.request.get(address)).text()
        assert "<title>天气</title>" in first
    # The next time it is one tap; and four more show the page as it is.
    await taps(page, "#covert-mark", 4)
    await expect(held.rung("shown")).to_be_visible()
    await page.tap("#back")
    await page.tap("#to-covert")
    await shows(page, "waiting")


async def test_what_the_dispatcher_says_is_a_harmless_line_until_it_is_pressed(
    phone: OpenPhone, dispatcher: Dispatcher
) -> None:
    page = await hidden_in(await phone())
    await page.tap("#covert-act")
    await shows(page, "waiting")
    report = await waiting_for(dispatcher)
    await dispatcher.accept(report)
    await dispatcher.answer(report, "警察马上就到")
    line = page.locator("#covert-lines li")
    await expect(line).to_have_count(1)
    await gives_nothing_away(page)
    await line.locator("button").tap()
    await expect(line).to_contain_text("警察马上就到")
    await line.locator("button").tap()
    await gives_nothing_away(page)

    fields = {"client_id": str(uuid4()), "kind": "answer", "text": "坏人还在吗？", "answers": "是\n否"}
    path = f"/console/reports/{report}/requests"
    asked = await dispatcher.http.post(path, headers={"x-csrf-token": dispatcher.csrf}, data=fields)
    assert asked.status_code == 200
    await expect(line).to_have_count(2)
    await line.nth(1).locator("button").first.tap()
    await expect(line.nth(1).locator(".covert-answers button")).to_have_text(["好", "不用"])
    await line.nth(1).get_by_text("好", exact=True).tap()

    async def answered() -> str | None:
        said = await (await page.request.get(f"/api/v1/reports/{report}")).json()
        answer: str | None = said["requests"][0]["answer"]
        return answer

    await expect(line.nth(1).locator(".covert-answers")).to_be_hidden()
    for _ in range(20):
        if await answered():
            break
        await page.wait_for_timeout(200)
    assert await answered() == "是"


async def test_without_a_position_the_weather_asks_for_a_city(
    phone: OpenPhone, dispatcher: Dispatcher
) -> None:
    held = await phone(at=None)
    await held.page.add_init_script(WATCH)
    await held.sign_in()
    await held.page.tap("#to-covert")
    await held.page.tap("[data-enter=weather]")
    await held.page.tap("#covert-act")
    await shows(held.page, "place")
    await gives_nothing_away(held.page)
    await held.page.fill("#covert-need input", "杭州市西湖区灵隐路 18 号")
    await held.page.tap("#covert-need [type=submit]")
    await expect(held.page.locator("#covert")).to_have_attribute("data-sign", re.compile("stored|waiting"))


@pytest.mark.parametrize("language", ["zh-CN", "en"])
async def test_whoever_is_not_signed_in_is_asked_as_any_weather_page_asks(
    phone: OpenPhone, language: str
) -> None:
    held = await phone(language=language)
    await held.page.add_init_script(WATCH)
    await held.page.goto("/weather")
    await held.page.tap("#covert-act")
    await shows(held.page, "login")
    await held.page.fill("#covert-need [name=phone]", held.number)
    await gives_nothing_away(held.page)


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_the_disguise_shuts_nobody_out(phone: OpenPhone, scheme: str) -> None:
    held = await phone(scheme=scheme)
    await held.page.goto("/")
    await held.page.tap("#to-covert")
    await citizen._fit_for_all(held)
    await held.page.tap("[data-enter=notes]")
    await citizen._fit_for_all(held)
    await held.page.tap("[data-to=weather]")
    await citizen._fit_for_all(held)


def test_every_string_of_a_look_is_free_of_telling_words_and_both_looks_have_the_same_signs() -> None:
    code = (CHECKOUT / "static/citizen/covert-signs.js").read_text(encoding="utf-8")
    listed = re.search(r"@returns \{string\} (.+)", code)
    assert listed
    signs = set(listed[1].split(" · "))
    for language in ("zh-CN", "en"):
        words = Words.of(language).under("citizen.covert")
        for key, text in words.items():
            if key.split(".")[2] not in {"sheet", "meaning", "entry", "entry_note", "help", "help_note"}:
                assert TELLING.findall(text) == [], key
        for look in ("weather", "notes"):
            assert {f"citizen.covert.{look}.{sign}" for sign in signs} <= set(words)
            # Whoever glances must be able to tell received from everything before it.
            received = words[f"citizen.covert.{look}.received"].split(" ")[0]
            before = signs - {"received", "coming", "arrived"}
            assert not [
                sign for sign in before if words[f"citizen.covert.{look}.{sign}"].startswith(received)
            ]
