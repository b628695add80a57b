"""静默 in a phone-sized browser, on real processes: what whoever looks over the shoulder may notice."""

import re
from uuid import uuid4

import anyio
import pytest
from playwright.async_api import FilePayload, Page, Route, expect

from dispatch.settings import CHECKOUT
from dispatch.words import Words
from tests import test_citizen_page as citizen
from tests.interception import intercept
from tests.people import ID_NUMBER, Dispatcher, eventually
from tests.test_citizen_page import FILING, OpenPhone, Phone

pytestmark = [pytest.mark.anyio, pytest.mark.browser]

browser = citizen.browser
phone = citizen.phone
dispatcher = citizen.dispatcher

LOOKS = ("weather", "notes", "calculator")
TITLES = {"天气", "备忘录", "计算器", "Weather", "Notes", "Calculator"}
TAUGHT = "2580"
PICTURE = FilePayload(name="a.jpg", mimeType="image/jpeg", buffer=citizen._noise(320, 240))
TELLING = re.compile(
    r"110|警|公安|派出所|静默|接收|服务台|police|desk|dispatch|report|emergency|covert", re.IGNORECASE
)
# Before any script of the page: each way of making oneself heard or felt, and each title, is noted. Each name is noted
# with what the document was called at that moment; what the page had said before it was covered is its own business.
WATCH = """
  window.noise = [];
  window.titles = [];
  navigator.vibrate = () => noise.push("vibrate");
  for (const name of ["AudioContext", "Audio", "Notification", "SpeechSynthesisUtterance"]) {
    window[name] = new Proxy(window[name], { construct: () => { noise.push(name); return {}; } });
  }
  HTMLMediaElement.prototype.play = async () => noise.push("play");
  speechSynthesis.speak = () => noise.push("speak");
  ServiceWorkerRegistration.prototype.showNotification = async () => noise.push("showNotification");
  const title = Object.getOwnPropertyDescriptor(Document.prototype, "title");
  Object.defineProperty(document, "title", {
    get: () => title.get.call(document),
    set: value => { titles.push(value); title.set.call(document, value); },
  });
  for (const way of ["pushState", "replaceState"]) {
    const told = history[way].bind(history);
    history[way] = (state, unused, address) => {
      titles.push(String(address ?? "") + " " + JSON.stringify(state ?? ""));
      told(state, unused, address);
    };
  }
"""
# All that can be read or read out, and all that the browser shows of a page: text, names, hints, what a field is
# called to whoever fills it in, its picture, its colour, its referrer.
READABLE = """() => {
  const seen = [...document.body.querySelectorAll("*")].filter((one) => one.checkVisibility?.() ?? one.offsetParent);
  const hints = ["aria-label", "title", "placeholder", "alt", "autocomplete", "name", "accept", "download"];
  const names = seen.flatMap((one) => hints.map((name) => one.getAttribute(name) ?? ""));
  const metas = [...document.querySelectorAll("meta")].map((meta) => meta.content);
  const links = [...document.querySelectorAll("link:not([rel=modulepreload], [rel=stylesheet])")];
  const said = [document.title, document.body.innerText, document.referrer, ...names, ...metas];
  return [...said, ...links.map((one) => one.href)].join("\\n");
}"""
LIVE = """() => [...document.querySelectorAll("[aria-live], [role=status], [role=alert]")]
  .filter((one) => one.getClientRects().length).length"""
KEPT = """async () => {
  const names = (await indexedDB.databases?.() ?? []).map(({ name }) => name);
  return [...Object.keys(localStorage), ...Object.keys(sessionStorage), ...names].join(" ");
}"""


async def gives_nothing_away(page: Page) -> None:
    """Nothing to read, to hear, to feel, in the browser's own bars or in this tab's history tells what the page is."""
    assert await page.title() in TITLES
    await expect(page).to_have_url(re.compile(r"/(weather|notes|calculator)$"))
    assert TELLING.findall(await page.evaluate(READABLE)) == []
    assert await page.evaluate("noise") == []
    assert await page.evaluate(LIVE) == 0
    named = "document.querySelectorAll('link[rel=manifest], link[rel=apple-touch-icon]').length"
    assert await page.evaluate(named) == 0
    icon = await page.get_attribute("#favicon", "href") or ""
    assert re.search(r"/look-(weather|notes|calculator)\.svg$", icon)


async def entries(page: Page) -> list[tuple[str, str]]:
    """Address and title of each entry that the tab's back and forward buttons list."""
    tab = await page.context.new_cdp_session(page)
    found = await tab.send("Page.getNavigationHistory")
    await tab.detach()
    return [(entry["url"], entry["title"]) for entry in found["entries"] if entry["url"] != "about:blank"]


async def history_is_covered(page: Page) -> None:
    """No entry of this tab's history has another address or title than those of the looks."""

    async def covered() -> bool:
        found = await entries(page)
        return all(
            re.search(r"/(weather|notes|calculator)$", url) and title in TITLES for url, title in found
        )

    await eventually(covered, 10, f"the tab's history is covered: {await entries(page)}")


async def shows(page: Page, sign: str, within_ms: float = 6_000) -> None:
    await expect(page.locator(f"#covert[data-sign={sign}]")).to_be_visible(timeout=within_ms)


async def taps(page: Page, target: str, times: int) -> None:
    for _ in range(times):
        await page.tap(target)


async def code(page: Page, look: str, digits: str = TAUGHT) -> None:
    """Enter the code as that look takes it."""
    if look == "weather":
        await page.fill("#covert-city [name=q]", digits)
    elif look == "notes":
        await page.fill("#covert-text", digits)
    else:
        for key in [*digits, "="]:
            await page.tap(f"[data-press='{key}']")


async def hidden_in(held: Phone, look: str = "weather") -> Page:
    """Signed in, then disguised by one tap."""
    await held.page.add_init_script(WATCH)
    await held.sign_in()
    await expect(held.page.locator("#where:not([data-state=asking])")).to_be_visible()
    await held.page.tap("#to-covert")
    await expect(held.page.locator("#covert")).to_be_visible()
    if look != "weather":
        await held.page.tap(f"[data-to={look}]")
    await history_is_covered(held.page)
    await held.page.evaluate("titles.length = 0")
    return held.page


async def waiting_for(dispatcher: Dispatcher) -> str:
    """The only report on the desk that is still to be accepted."""
    waiting = [id_ for id_, card in dispatcher.cards.items() if card["status"] == "filed"]
    assert len(waiting) == 1
    return waiting[0]


@pytest.mark.parametrize("language", ["zh-CN", "en"])
@pytest.mark.parametrize("look", LOOKS)
async def test_a_covert_report_is_filed_and_received_and_no_step_gives_it_away(
    phone: OpenPhone, dispatcher: Dispatcher, look: str, language: str
) -> None:
    said: list[str] = []
    held = await phone(language=language)
    held.page.on("console", lambda line: said.append(line.text))
    page = await hidden_in(held, look)
    length = await page.evaluate("history.length")
    await gives_nothing_away(page)
    wrote = {"notes": "他在门外", "calculator": "478"}.get(look, "")
    if look == "notes":
        await page.fill("#covert-text", wrote)
    for key in wrote if look == "calculator" else "":
        await page.tap(f"[data-press='{key}']")
    await page.tap("#covert-act")
    await shows(page, "waiting")
    await gives_nothing_away(page)
    report = await waiting_for(dispatcher)
    answer = await page.request.get(f"/api/v1/reports/{report}")
    filed = await answer.json()
    assert filed["covert"]
    assert wrote in filed["text"]
    assert bool(filed["text"]) == bool(wrote)
    word = Words.of(language)(f"citizen.covert.{look}.received", time="").strip()
    assert word not in await page.inner_text("body")

    await dispatcher.accept(report)
    await shows(page, "received")
    assert word in await page.inner_text("#covert-sign")
    await gives_nothing_away(page)
    assert await page.evaluate("history.length") == length
    await history_is_covered(page)
    assert (
        TELLING.findall("\n".join([*said, *await page.evaluate("titles"), await page.evaluate(KEPT)])) == []
    )
    assert "/reports" not in "".join(await page.evaluate("titles"))


async def test_covert_is_one_tap_from_the_first_screen_and_the_report_one_more(
    phone: OpenPhone, dispatcher: Dispatcher
) -> None:
    held = await phone()
    await held.page.add_init_script(
        "window.taps = 0; addEventListener('click', () => { window.taps += 1; }, { capture: true });"
    )
    await held.sign_in()
    await expect(held.page.locator("#where:not([data-state=asking])")).to_be_visible()
    await held.page.evaluate("window.taps = 0")
    await held.page.tap("#to-covert")
    await expect(held.page.locator("#covert")).to_be_visible()
    assert await held.page.evaluate("window.taps") == 1
    await held.page.tap("#covert-act")
    await shows(held.page, "waiting")
    assert await held.page.evaluate("window.taps") == 2


async def test_a_press_behind_the_look_is_not_lost_while_its_script_is_on_the_way(
    phone: OpenPhone, dispatcher: Dispatcher
) -> None:
    held = await phone()
    go = anyio.Event()

    async def slowly(route: Route) -> None:
        await go.wait()
        await route.continue_()

    await held.page.route("**/citizen/covert.js", slowly)
    await held.sign_in()
    await held.page.tap("#to-covert")
    await expect(held.page.locator("#covert")).to_be_visible()
    await held.page.tap("#covert-act")
    go.set()
    await shows(held.page, "waiting")
    await waiting_for(dispatcher)


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


@pytest.mark.parametrize("look", LOOKS)
@pytest.mark.parametrize("way", ["taps", "key"])
async def test_one_gesture_leaves_and_the_code_alone_brings_it_back_where_it_was(
    phone: OpenPhone, dispatcher: Dispatcher, way: str, look: str
) -> None:
    page = await hidden_in(await phone(), "notes")
    await page.fill("#covert-text", "第一句")
    await page.tap("#covert-act")
    await shows(page, "waiting")
    await page.fill("#covert-text", "还没写完")
    await page.tap(f"[data-to={look}]")
    await (taps(page, "#covert-title", 2) if way == "taps" else page.keyboard.press("Escape"))
    await expect(page.locator("#covert-bar")).to_be_hidden()
    await expect(page.locator("#covert-lines")).to_be_hidden()
    assert await page.input_value("#covert-text") == ""
    await gives_nothing_away(page)
    await page.reload()
    await expect(page.locator("html[data-ready]")).to_be_attached()
    await expect(page.locator("#covert-bar")).to_be_hidden()
    await gives_nothing_away(page)
    # Neither another code nor going back brings anything.
    await code(page, look, "1470")
    await page.evaluate("history.back()")
    await page.wait_for_timeout(300)
    await expect(page.locator("#covert-bar")).to_be_hidden()
    await gives_nothing_away(page)
    if look == "calculator":
        await page.tap("[data-press=C]")
    await code(page, look)
    await shows(page, "waiting")
    await page.tap("[data-to=notes]")
    assert await page.input_value("#covert-text") == "还没写完"
    await dispatcher.accept(await waiting_for(dispatcher))
    await shows(page, "received")


async def test_the_code_is_ones_own_once_it_was_chosen_and_cannot_be_read_on_the_phone(
    phone: OpenPhone,
) -> None:
    held = await phone()
    await held.page.add_init_script(WATCH)
    await held.page.goto("/")
    await held.page.tap("#to-covert-help")
    status = held.page.locator("#covert-code [role=status]")
    for wrong in ("12", "abcd"):
        await held.page.fill("#covert-code [name=code]", wrong)
        await held.page.tap("#covert-code [type=submit]")
        await expect(status).to_contain_text("四到八位")
    await held.page.fill("#covert-code [name=code]", "190046")
    await held.page.tap("#covert-code [type=submit]")
    await expect(status).to_contain_text("已记住")
    assert "190046" not in await held.page.evaluate("JSON.stringify({ ...localStorage })")
    await held.page.tap("[data-enter=calculator]")
    await expect(held.page.locator("#covert-bar")).to_be_visible()
    await held.page.keyboard.press("Escape")
    await expect(held.page.locator("#covert-bar")).to_be_hidden()
    await code(held.page, "calculator")
    await expect(held.page.locator("#covert-bar")).to_be_hidden()
    await held.page.tap("[data-press=C]")
    await code(held.page, "calculator", "190046")
    await expect(held.page.locator("#covert-bar")).to_be_visible()
    await code(held.page, "calculator", "190046")
    await expect(held.page.locator("#home")).to_be_visible()
    assert await held.page.title() == Words.of("zh-CN")("citizen.page.title")
    assert "icon.svg" in (await held.page.get_attribute("#favicon", "href") or "")


async def test_the_calculator_calculates(phone: OpenPhone) -> None:
    held = await phone()
    await held.page.goto("/calculator")
    await expect(held.page.locator("html[data-ready]")).to_be_attached()
    shown = held.page.locator("#covert-display p").last
    for keys, result in {
        "2+3×4=": "14",
        "0.1+0.2=": "0.3",
        "7−9=": "−2",
        "50%": "0.5",
        "1÷0=": "–",
        "12+⌫3": "123",
    }.items():
        await held.page.tap("[data-press=C]")
        for key in keys:
            await held.page.tap(f"[data-press='{key}']")
        await expect(shown).to_have_text(result)


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
    for address in ("/", "/reports", "/weather", "/law", "/my-data"):
        first = await (await page.request.get(address)).text()
        assert "<title>天气</title>" in first
        assert "look-weather.svg" in first
        head = first[: first.index("</head>")]
        assert "manifest" not in head
        assert "apple-touch-icon" not in head
    # A tab that was killed and opened again, at the same address.
    again = await page.context.new_page()
    await again.add_init_script(WATCH)
    await again.goto("/weather")
    await shows(again, "waiting")
    await gives_nothing_away(again)
    await again.close()
    # The code shows the page as it is; the next time it is one tap again.
    await code(page, "weather")
    await expect(held.rung("shown")).to_be_visible()
    await page.tap("#back")
    await page.tap("#to-covert")
    await shows(page, "waiting")
    await history_is_covered(page)


async def test_a_report_under_way_becomes_covert_with_the_tap_and_can_be_switched_back(
    phone: OpenPhone, dispatcher: Dispatcher
) -> None:
    held = await phone()
    await held.page.add_init_script(WATCH)
    await held.sign_in()
    await held.tap()
    await expect(held.rung("shown")).to_be_visible()
    report = await held.report()
    assert "sign-covert" not in dispatcher.words[report]
    await held.page.tap("#back")
    await held.page.tap("#to-covert")
    await shows(held.page, "waiting")
    await gives_nothing_away(held.page)
    await history_is_covered(held.page)
    await eventually(lambda: "sign-covert" in dispatcher.words[report], 20, "the desk sees that it is covert")
    await code(held.page, "weather")
    switch = held.page.locator("#covert-switch")
    await expect(switch).to_have_attribute("data-on", "")
    await switch.locator("button").tap()
    await eventually(lambda: "sign-covert" not in dispatcher.words[report], 20, "and that it no longer is")
    await expect(switch).not_to_have_attribute("data-on", "")


async def test_a_draft_survives_a_reload_and_a_picture_goes_from_the_album(
    phone: OpenPhone, dispatcher: Dispatcher
) -> None:
    page = await hidden_in(await phone(), "notes")
    await page.fill("#covert-text", "写到一半")
    await page.reload()
    await expect(page.locator("#covert-text")).to_have_value("写到一半")
    assert await page.get_attribute("#covert-pick", "capture") is None
    await page.set_input_files("#covert-pick", files=[PICTURE])
    await shows(page, "waiting")
    report = await waiting_for(dispatcher)

    async def there() -> bool:
        said = await (await page.request.get(f"/api/v1/reports/{report}")).json()
        return [media["state"] for media in said["media"]] == ["ready"]

    await eventually(there, 30, "the picture is there")
    await gives_nothing_away(page)
    await expect(page.locator("#covert-text")).to_have_value("写到一半")


async def test_a_question_in_free_words_is_answered_and_one_digit_says_a_sentence(
    phone: OpenPhone, dispatcher: Dispatcher
) -> None:
    page = await hidden_in(await phone(), "calculator")
    await page.tap("#covert-act")
    await shows(page, "waiting")
    report = await waiting_for(dispatcher)
    await dispatcher.accept(report)
    fields = {"client_id": "q", "kind": "answer", "text": "在几楼？"}
    csrf = {"x-csrf-token": dispatcher.csrf}
    await dispatcher.http.post(f"/console/reports/{report}/requests", headers=csrf, data=fields)
    line = page.locator("#covert-lines li")
    await expect(line).to_have_count(1)
    await expect(line).to_contain_text("待核对")
    await gives_nothing_away(page)
    await line.locator("button").first.tap()
    await line.locator("input").fill("五楼")
    await line.locator("[type=submit]").tap()
    await page.tap("[data-press='4']")
    await page.tap("#covert-act")

    async def told() -> bool:
        said = await (await page.request.get(f"/api/v1/reports/{report}")).json()
        texts = [message["text"] for message in said["messages"]]
        return said["requests"][0]["answer"] == "五楼" and any("对方有刀或枪" in text for text in texts)

    await eventually(told, 20, "answer and digit are there")
    await gives_nothing_away(page)


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


async def refused(page: Page, status: int, **problem: object) -> None:
    """Whatever is filed from now on, the server says no."""

    async def say_no(route: Route) -> None:
        body = {"type": "x", "title": "x", "status": status, **problem}
        await route.fulfill(status=status, content_type="application/problem+json", json=body)

    await intercept(page, FILING, say_no)


async def test_what_the_server_refuses_is_a_sign_and_the_line_calls_whom_it_names(phone: OpenPhone) -> None:
    page = await hidden_in(await phone())
    detail = "这里不归浙江公安管辖，请拨打当地 110。"
    await refused(page, 422, code="outside_jurisdiction", detail=detail, call=["tel:95110"])
    await page.tap("#covert-act")
    await shows(page, "none")
    await gives_nothing_away(page)
    await page.tap("#covert-sign")
    await expect(page.locator("#covert-voice")).to_have_attribute("href", "tel:95110")
    await gives_nothing_away(page)


async def test_too_many_requests_are_tried_again_and_a_name_is_asked_for_as_any_page_asks(
    phone: OpenPhone,
) -> None:
    page = await hidden_in(await phone())
    await refused(page, 403, code="identity_required", detail="请先实名，或拨打 110。", call=["tel:110"])
    await page.tap("#covert-act")
    await shows(page, "login")
    await page.fill("#covert-need [name=name]", "拒绝")
    await page.fill("#covert-need [name=id_number]", ID_NUMBER)
    await page.tap("#covert-need [type=submit]")
    await expect(page.locator("#covert-need .error")).to_be_visible()
    await gives_nothing_away(page)
    await page.unroute(FILING)
    await refused(page, 429, code="too_many_requests", detail="太多了，请拨打 110。", call=["tel:110"])
    await page.fill("#covert-need [name=name]", "张三")
    await page.tap("#covert-need [type=submit]")
    await shows(page, "failed", 15_000)
    await gives_nothing_away(page)
    await page.unroute(FILING)
    await expect(page.locator("#covert")).to_have_attribute(
        "data-sign", re.compile("stored|waiting|late"), timeout=25_000
    )


async def test_a_session_that_ended_asks_to_sign_in_again_and_shows_the_truth_after(
    phone: OpenPhone, dispatcher: Dispatcher
) -> None:
    held = await phone()
    page = await hidden_in(held)
    await page.tap("#covert-act")
    await shows(page, "waiting")
    await page.context.clear_cookies(name="desk110_session")
    await page.reload()
    await shows(page, "login", 15_000)
    await gives_nothing_away(page)
    await dispatcher.accept(await waiting_for(dispatcher))
    await held.prove("#covert-need")
    await shows(page, "received", 15_000)
    await gives_nothing_away(page)


async def test_a_page_that_the_browser_kept_for_going_back_is_covered_when_it_is_shown_again(
    phone: OpenPhone,
) -> None:
    held = await phone()
    await held.page.add_init_script(WATCH)
    await held.page.goto("/law")
    await held.page.goto("/")
    await held.page.tap("#to-covert")
    await expect(held.page.locator("#covert")).to_be_visible()
    await held.page.go_back()
    await expect(held.page.locator("#covert")).to_be_visible()
    await gives_nothing_away(held.page)


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_the_disguise_shuts_nobody_out(phone: OpenPhone, scheme: str) -> None:
    held = await phone(scheme=scheme)
    await held.page.goto("/")
    await held.page.tap("#to-covert-help")
    await citizen._fit_for_all(held)
    await held.page.tap("[data-enter=notes]")
    for look in LOOKS:
        await held.page.tap(f"[data-to={look}]")
        await citizen._fit_for_all(held)


def test_every_string_of_a_look_is_free_of_telling_words_and_all_looks_have_the_same_signs() -> None:
    code_ = (CHECKOUT / "static/citizen/covert-signs.js").read_text(encoding="utf-8")
    listed = re.search(r"@returns \{string\} (.+)", code_)
    assert listed
    signs = set(listed[1].split(" · "))
    plain = {"sheet", "meaning", "entry", "entry_note", "help", "help_note", "switch", "digit"}
    for language in ("zh-CN", "en"):
        words = Words.of(language).under("citizen.covert")
        for key, text in words.items():
            if key.split(".")[2] not in plain:
                assert TELLING.findall(text) == [], key
        for look in LOOKS:
            assert {f"citizen.covert.{look}.{sign}" for sign in signs} <= set(words)
            # Whoever glances must be able to tell received from everything before it.
            received = words[f"citizen.covert.{look}.received"].partition("{")[0]
            before = signs - {"received", "coming", "arrived"}
            assert not [
                sign for sign in before if words[f"citizen.covert.{look}.{sign}"].startswith(received)
            ]


# What is true of a report, and the sign that stands for it.
OUTCOMES: list[tuple[dict[str, object] | None, dict[str, object], str]] = [
    (None, {}, "idle"),
    ({"phase": "held"}, {}, "place"),
    ({"phase": "held"}, {"locating": True}, "sending"),
    ({"phase": "sign_in"}, {}, "login"),
    ({"phase": "identity"}, {}, "login"),
    ({"phase": "whose"}, {}, "login"),
    ({"phase": "sending"}, {}, "sending"),
    ({"phase": "sending", "overdue": True}, {}, "failed"),
    ({"phase": "refused"}, {}, "none"),
    ({"phase": "storing"}, {}, "stored"),
    ({"phase": "waiting"}, {}, "waiting"),
    ({"phase": "waiting", "late": True}, {}, "late"),
    ({"phase": "waiting", "late": True, "unsure": True}, {}, "lost"),
    ({"phase": "waiting"}, {"expired": True}, "login"),
    ({"phase": "received"}, {"report": {"status": "received"}}, "received"),
    ({"phase": "received"}, {"report": {"status": "dispatched"}}, "coming"),
    ({"phase": "received"}, {"report": {"status": "on_scene"}}, "arrived"),
    ({"phase": "closed"}, {"report": {"status": "closed"}}, "done"),
    ({"phase": "withdrawn"}, {"report": {"status": "withdrawn"}}, "done"),
]


async def test_every_outcome_has_its_sign_and_every_sign_is_taught(phone: OpenPhone) -> None:
    held = await phone()
    await held.page.goto("/")
    given = [{**facts, "progress": progress} for progress, facts, _ in OUTCOMES]
    signs = await held.page.evaluate(
        "async facts => facts.map((await import('/static/citizen/covert-signs.js')).signOf)",
        given,
    )
    assert signs == [sign for _, _, sign in OUTCOMES]
    await held.page.tap("#to-covert-help")
    taught = await held.page.inner_text(".covert-signs")
    for look in LOOKS:
        for sign in {*signs, "line", "ask"} - {"idle"}:
            word = Words.of("zh-CN")(f"citizen.covert.{look}.{sign}", time="22:15")
            assert word in taught
            assert Words.of("zh-CN")(f"citizen.covert.meaning.{sign}") in taught
