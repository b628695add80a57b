"""What the server did not take goes again with all that belongs to it: from the page, and from behind a look."""

import json

import pytest
from playwright.async_api import FilePayload, Page, Route, expect

from tests import test_citizen_page as citizen
from tests.interception import intercept
from tests.people import Dispatcher, eventually
from tests.test_citizen_page import FILING, OpenPhone, Phone
from tests.test_covert import PICTURE, gives_nothing_away, hidden_in, refused, shows, waiting_for
from tests.test_sending import at_page
from tests.test_sending import page as page_of_outbox

pytestmark = [pytest.mark.anyio, pytest.mark.browser]

browser = citizen.browser
phone = citizen.phone
dispatcher = citizen.dispatcher
page = page_of_outbox

OUTSIDE = {"code": "outside_jurisdiction", "detail": "这里不归浙江公安管辖，请拨打当地 110。"}


async def say_no(route: Route) -> None:
    body = {"status": 422, **OUTSIDE}
    await route.fulfill(status=422, content_type="application/problem+json", body=json.dumps(body))


async def told(held: Phone, report: str) -> tuple[list[str], list[str]]:
    """The messages and the media that the server has of it."""
    said = await (await held.page.request.get(f"/api/v1/reports/{report}")).json()
    return [message["text"] for message in said["messages"]], [media["state"] for media in said["media"]]


async def test_refused_once_it_goes_again_by_a_tap_with_its_words_its_message_and_its_photo(
    phone: OpenPhone, dispatcher: Dispatcher
) -> None:
    held = await phone()
    await held.sign_in()
    await held.page.fill("#first-words", "船上有人打架")
    line = {"there": False}

    async def first_none_then_no(route: Route) -> None:
        await (say_no(route) if line["there"] else route.abort())

    await intercept(held.page, FILING, first_none_then_no)
    await held.tap()
    await held.page.fill("#say", "三个人")
    await held.page.tap("#composer [type=submit]")
    await held.page.set_input_files("#pick", [PICTURE])
    await expect(held.page.locator(".tile")).to_be_visible()
    line["there"] = True
    await expect(held.page.locator("#refusal")).to_contain_text("没有受理")
    await held.page.unroute(FILING)
    # A hand that shakes.
    await held.page.evaluate("for (let n = 0; n < 4; n++) document.getElementById('refused-again').click()")
    await expect(held.rung("shown")).to_be_visible()
    await expect(held.page.locator(".bubble").last).to_contain_text("已送达")
    await expect(held.page.locator(".tile")).to_have_attribute("data-state", "stored")
    report = await held.report()
    assert "船上有人打架" in dispatcher.words[report]
    assert await told(held, report) == (["三个人"], ["ready"])
    assert len(dispatcher.cards) == 1
    await held.page.goto("/reports")
    await expect(held.page.locator(".row")).to_have_count(1)


async def test_what_was_said_to_one_report_is_said_to_another(page: Page) -> None:
    work = """async ({ outbox, kept, key }) => {
        await outbox.say(key, "a");
        await outbox.cover(key, true);
        const other = await outbox.file({ kind: "quick", text: "" });
        await outbox.readdress(key, other.key);
        await outbox.forget(key);
        window.addressed = [...kept.values()].filter(({ report }) => report).map(({ report }) => report === other.key);
        window.left = kept.has(key);
    }"""
    await at_page(page, work)
    assert await page.evaluate("[window.addressed, window.left]") == [[True, True], False]


async def test_behind_a_look_the_next_press_takes_the_earlier_words_and_pictures_along(
    phone: OpenPhone, dispatcher: Dispatcher
) -> None:
    held = await phone()
    page = await hidden_in(held, "notes")
    await refused(page, 422, **OUTSIDE, call=["tel:110"])
    await page.fill("#covert-text", "他拿着刀")
    await page.tap("#covert-act")
    await shows(page, "none")
    await page.set_input_files("#covert-pick", files=[PICTURE])
    await expect(page.locator("#covert-lines li")).to_have_count(2)
    await shows(page, "none")
    await page.unroute(FILING)
    await page.fill("#covert-text", "在四楼")
    await page.tap("#covert-act")
    await shows(page, "waiting")
    await gives_nothing_away(page)
    report = await waiting_for(dispatcher)
    said = await (await page.request.get(f"/api/v1/reports/{report}")).json()
    assert (said["text"], said["covert"]) == ("他拿着刀\n在四楼", True)

    async def there() -> bool:
        return (await told(held, report))[1] == ["ready"]

    await eventually(there, 30, "the picture went along")


async def test_behind_a_look_a_ninth_picture_is_said_not_to_have_gone(
    phone: OpenPhone, dispatcher: Dispatcher
) -> None:
    held = await phone()
    page = await hidden_in(held)
    pictures = [
        FilePayload(name=f"{n}.jpg", mimeType="image/jpeg", buffer=PICTURE["buffer"]) for n in range(9)
    ]
    await page.set_input_files("#covert-pick", files=pictures)
    await shows(page, "waiting")
    lines = page.locator("#covert-lines li")
    await expect(lines).to_have_count(9)
    await expect(lines.filter(has_text="未存")).to_have_count(1)
    await gives_nothing_away(page)
    report = await waiting_for(dispatcher)

    async def eight() -> bool:
        return len((await told(held, report))[1]) == 8

    await eventually(eight, 30, "eight are there")
    await expect(lines.filter(has_text="未存")).to_have_count(1)
