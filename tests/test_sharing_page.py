"""The phone's position on the reporter's page: as old as it is, on its way until the desk has it, and nowhere once it
was switched off."""

import re
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from playwright.async_api import Locator, Page, Route, expect

from tests import test_citizen_page as citizen
from tests.interception import intercept
from tests.people import Dispatcher, eventually
from tests.places import Place
from tests.test_citizen_page import FILING, OpenPhone, Phone
from tests.test_covert import WATCH, code, gives_nothing_away, shows, waiting_for
from tests.test_position_page import LOCATIONS, here, move, watch

pytestmark = [pytest.mark.anyio, pytest.mark.browser]

browser = citizen.browser
phone = citizen.phone
dispatcher = citizen.dispatcher

# A phone that tells one position by itself, as old as `first`, and another only when it is asked, after `later` (ms).
FIXES = """
  (({ lat, lon, first, later }) => {
    const fix = (age, north) => ({
      coords: { latitude: lat + north, longitude: lon, accuracy: 12 }, timestamp: Date.now() - age,
    });
    const told = {
      watchPosition: (heard) => setTimeout(heard, 0, fix(first, 0)),
      getCurrentPosition: (heard, failed, { enableHighAccuracy }) => {
        if (enableHighAccuracy && later !== null) setTimeout(() => heard(fix(0, 0.001)), later);
      },
    };
    Object.defineProperty(navigator, "geolocation", { value: told, configurable: true });
  })(FACTS);
"""
HOURS = 3 * 3_600_000


async def remembering(phone: OpenPhone, place: Place, first: int, later: int | None) -> Phone:
    """A phone whose position is `first` ms old, signed in; a new one takes `later` ms, or never comes."""
    lat, lon = here(place)
    held = await phone()
    facts = f"{{ lat: {lat}, lon: {lon}, first: {first}, later: {'null' if later is None else later} }}"
    await held.page.add_init_script(FIXES.replace("FACTS", facts))
    await held.sign_in()
    return held


WAITS = """() => {
  window.waited = [];
  const what = document.querySelector("#wait [data-part=what]");
  new MutationObserver(() => waited.push(what.textContent)).observe(what, { childList: true });
}"""


# --- how old it is


async def test_a_fix_of_hours_ago_is_waited_out_and_the_report_goes_with_the_new_one(
    phone: OpenPhone, place: Place
) -> None:
    held = await remembering(phone, place, HOURS, 2_500)
    filed = watch(held.page, FILING)
    await expect(held.page.locator("#where")).to_contain_text("3 小时前")
    await held.page.evaluate(WAITS)
    await held.tap()
    await expect(held.reached("stored")).to_be_visible()
    assert "正在取位置" in await held.page.evaluate("waited")
    [body] = filed
    assert body["location"]["lat"] == pytest.approx(place.location["lat"] + 0.001, abs=1e-6)
    taken = datetime.fromisoformat(body["location"]["at"])
    assert datetime.now(UTC) - taken < timedelta(minutes=1)


async def test_where_no_new_fix_comes_the_old_one_goes_with_its_time_and_the_desk_is_told(
    phone: OpenPhone, place: Place, dispatcher: Dispatcher
) -> None:
    held = await remembering(phone, place, HOURS, None)
    filed = watch(held.page, FILING)
    await held.tap()
    await expect(held.rung("shown")).to_be_visible()
    [body] = filed
    age = datetime.now(UTC) - datetime.fromisoformat(body["location"]["at"])
    assert timedelta(hours=3) <= age < timedelta(hours=3, minutes=2)
    shown = await dispatcher.http.get(f"/console/reports/{await held.report()}")
    assert "报警人可能已经离开" in shown.text


async def test_a_fresh_fix_goes_at_once(phone: OpenPhone, place: Place, dispatcher: Dispatcher) -> None:
    held = await remembering(phone, place, 20_000, None)
    await held.page.evaluate(WAITS)
    await held.tap()
    await expect(held.rung("shown")).to_be_visible()
    assert "正在取位置" not in await held.page.evaluate("waited")
    shown = await dispatcher.http.get(f"/console/reports/{await held.report()}")
    assert "报警人可能已经离开" not in shown.text


async def test_a_tab_that_is_killed_while_it_waits_for_a_fix_sends_the_old_one(
    phone: OpenPhone, place: Place
) -> None:
    held = await remembering(phone, place, HOURS, None)
    await held.tap()
    await expect(held.page.locator("#report")).to_be_visible()
    await held.page.add_init_script("Object.defineProperty(navigator, 'geolocation', { value: undefined })")
    filed = watch(held.page, FILING)
    await held.page.reload()
    await expect(held.reached("stored")).to_be_visible()
    assert filed[0]["location"]["lat"] == pytest.approx(place.location["lat"], abs=1e-6)


async def test_behind_a_look_an_old_fix_is_waited_out_too(
    phone: OpenPhone, place: Place, dispatcher: Dispatcher
) -> None:
    held = await remembering(phone, place, HOURS, 900)
    filed = watch(held.page, FILING)
    await held.page.tap("#to-covert")
    await held.page.tap("#covert-act")
    await shows(held.page, "waiting")
    assert filed[0]["location"]["lat"] == pytest.approx(place.location["lat"] + 0.001, abs=1e-6)


# --- asked for


async def asked(dispatcher: Dispatcher, report: str) -> None:
    """The dispatcher asks for the position."""
    fields = {"kind": "location", "text": "请发送您的位置", "answers": "", "client_id": "q1"}
    csrf = {"x-csrf-token": dispatcher.csrf}
    answer = await dispatcher.http.post(f"/console/reports/{report}/requests", headers=csrf, data=fields)
    assert answer.status_code == 200


async def lose(route: Route) -> None:
    await route.abort()


async def test_a_position_that_was_asked_for_outlives_a_line_that_drops_at_the_tap_and_a_reload(
    phone: OpenPhone, dispatcher: Dispatcher
) -> None:
    held = await phone()
    await held.sign_in()
    await held.tap()
    await expect(held.rung("shown")).to_be_visible()
    await asked(dispatcher, await held.report())
    question = held.page.locator(".question")
    await expect(question).to_be_visible()
    await intercept(held.page, LOCATIONS, lose)
    await question.get_by_role("button", name="发送我的位置").tap()
    await expect(question).to_contain_text("位置还没有发出，正在重试")
    await expect(question.get_by_role("button", name="发送我的位置")).to_be_hidden()
    await held.page.reload()
    await expect(question).to_contain_text("位置还没有发出，正在重试")
    sent = watch(held.page, LOCATIONS)
    await held.page.unroute(LOCATIONS)
    await expect(question).to_contain_text("已发送")
    assert sent[-1]["source"] == "gnss"


async def test_behind_a_look_it_outlives_the_line_as_well(phone: OpenPhone, dispatcher: Dispatcher) -> None:
    held = await phone()
    await held.page.add_init_script(WATCH)
    await held.sign_in()
    await expect(held.page.locator("#where[data-state=found]")).to_be_visible()
    await held.page.tap("#to-covert")
    await held.page.tap("#covert-act")
    await shows(held.page, "waiting")
    await asked(dispatcher, await waiting_for(dispatcher))
    line = held.page.locator("#covert-lines li")
    await intercept(held.page, LOCATIONS, lose)
    await line.locator("button").first.tap()
    await line.locator(".covert-answers").get_by_role("button").tap()
    await expect(line.locator(".covert-answers")).to_be_hidden()
    await gives_nothing_away(held.page)
    await held.page.unroute(LOCATIONS)
    await eventually(lambda: answered(held.page, dispatcher), 20, "the position is there")


async def answered(page: Page, dispatcher: Dispatcher) -> bool:
    said = await (await page.request.get(f"/api/v1/reports/{await waiting_for(dispatcher)}")).json()
    return bool(said["requests"][0]["answered_at"])


async def test_behind_a_look_a_phone_without_a_position_is_asked_for_a_place_as_any_page_asks(
    phone: OpenPhone, people: Any, stack: Any
) -> None:
    province = await people.dispatcher(stack.consoles[0], "33000001")
    held = await phone(at=None)
    await held.page.add_init_script(WATCH)
    await held.sign_in()
    await held.page.tap("#to-covert")
    await held.page.tap("#covert-act")
    await shows(held.page, "place")
    await held.page.fill("#covert-need input", "不知道哪里")
    await held.page.tap("#covert-need [type=submit]")
    await shows(held.page, "waiting")
    report = await waiting_for(province)
    await asked(province, report)
    line = held.page.locator("#covert-lines li", has=held.page.locator(".covert-answers"))
    await line.locator("button").first.tap()
    await line.locator(".covert-answers").get_by_role("button").tap()
    await expect(line.locator("input")).to_have_attribute("placeholder", "城市、街道")
    await gives_nothing_away(held.page)
    await line.locator("input").fill("灵隐路 18 号")
    await line.locator("[type=submit]").tap()

    async def told() -> bool:
        said = await (await held.page.request.get(f"/api/v1/reports/{report}")).json()
        return [message["text"] for message in said["messages"]] == ["灵隐路 18 号"]

    await eventually(told, 20, "the words are there")


# --- switched off


Moved = Callable[[], Awaitable[None]]


def mover(held: Phone, place: Place) -> Moved:
    """Each call takes the phone a few hundred metres further."""
    lat, lon = here(place)
    steps = iter(range(1, 20))

    async def step() -> None:
        await move(held, (lat + next(steps) * 0.003, lon), 8)

    return step


async def follows(held: Phone, moved: Moved) -> None:
    """The position goes to the desk when the phone has moved."""
    async with held.page.expect_request(LOCATIONS):
        await moved()


async def stays(held: Phone, moved: Moved, sharing: Locator | None = None) -> None:
    """It does not, for longer than it ever waits between two."""
    sent = watch(held.page, LOCATIONS)
    await moved()
    await held.page.wait_for_timeout(6_500)
    assert sent == []
    if sharing is not None:
        await expect(sharing).to_contain_text("没有再发送位置")


async def test_switched_off_it_goes_nowhere_after_a_reload_behind_a_look_and_in_another_tab(
    phone: OpenPhone, place: Place, dispatcher: Dispatcher
) -> None:
    held = await phone()
    await held.sign_in()
    await held.tap()
    await expect(held.rung("shown")).to_be_visible()
    sharing, switch = held.page.locator("#sharing"), held.page.locator("#sharing-switch")
    moved = mover(held, place)
    await expect(sharing).to_contain_text("位置正在发送")
    await follows(held, moved)
    other = Phone(await held.page.context.new_page(), held.number)
    await other.page.goto(held.page.url)
    await expect(other.page.locator("#sharing")).to_contain_text("位置正在发送")
    await held.page.bring_to_front()

    await switch.tap()
    await expect(sharing).to_contain_text("没有再发送位置")
    await expect(other.page.locator("#sharing")).to_contain_text("没有再发送位置")
    await stays(held, moved)
    await other.page.close()
    await held.page.reload()
    await stays(held, moved, sharing)

    await held.page.tap("#back")
    await held.page.tap("#to-covert")
    await expect(held.page.locator("#covert")).to_have_attribute("data-sign", re.compile("waiting|late"))
    await stays(held, moved)
    await code(held.page, "weather")
    await expect(sharing).to_contain_text("没有再发送位置")

    await switch.tap()
    await expect(sharing).to_contain_text("位置正在发送")
    await follows(held, moved)  # by then the choice is on the disk, too
    await held.page.reload()
    await expect(sharing).to_contain_text("位置正在发送")
    await follows(held, moved)


async def test_switched_off_the_position_that_was_asked_for_goes_and_no_other(
    phone: OpenPhone, place: Place, dispatcher: Dispatcher
) -> None:
    held = await phone()
    await held.sign_in()
    await held.tap()
    await expect(held.rung("shown")).to_be_visible()
    sharing, moved = held.page.locator("#sharing"), mover(held, place)
    await held.page.tap("#sharing-switch")
    await expect(sharing).to_contain_text("没有再发送位置")
    await asked(dispatcher, await held.report())
    question = held.page.locator(".question")
    await question.get_by_role("button", name="发送我的位置").tap()
    await expect(question).to_contain_text("已发送")
    await stays(held, moved, sharing)
