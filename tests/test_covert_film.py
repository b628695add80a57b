"""A video from behind a disguise: filmed while the look stays, picked, or taken by the phone's own camera."""

from collections.abc import AsyncIterator

import pytest
from playwright.async_api import Browser, FilePayload, Locator, Page, async_playwright, expect

from tests import test_citizen_page as citizen
from tests.footage import film
from tests.people import Dispatcher, eventually
from tests.servers import chromium
from tests.test_citizen_page import FLAGS, OpenPhone
from tests.test_covert import gives_nothing_away, hidden_in, shows, waiting_for

pytestmark = [pytest.mark.anyio, pytest.mark.browser]

phone = citizen.phone
dispatcher = citizen.dispatcher

# A made-up camera and microphone, given without a question; and whether any of it is still on.
CAMERA = ["--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream", "--mute-audio"]
NOTE = """
  window.tracks = [];
  const ask = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
  navigator.mediaDevices.getUserMedia = async (wanted) => {
    const stream = await ask(wanted);
    tracks.push(...stream.getTracks());
    return stream;
  };
"""
LIVE_TRACKS = "tracks.filter(({ readyState }) => readyState === 'live').length"
SHOWN = "document.querySelectorAll('video').length"


@pytest.fixture(scope="module")
async def browser() -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        launched = await playwright.chromium.launch(executable_path=chromium(), args=[*FLAGS, *CAMERA])
        yield launched
        await launched.close()


async def asked(phone: OpenPhone, dispatcher: Dispatcher, kind: str = "video") -> tuple[Page, str, Locator]:
    """Behind the weather, a report on the desk, and its request on the page: as a line that is open."""
    held = await phone()
    await held.page.add_init_script(NOTE)
    page = await hidden_in(held)
    await page.tap("#covert-act")
    await shows(page, "waiting")
    report = await waiting_for(dispatcher)
    await dispatcher.accept(report)
    csrf = {"x-csrf-token": dispatcher.csrf}
    fields = {"client_id": "v", "kind": kind}
    await dispatcher.http.post(f"/console/reports/{report}/requests", headers=csrf, data=fields)
    line = page.locator("#covert-lines li").first
    await line.locator("button").first.tap()
    await expect(line.locator(".covert-answers")).to_be_visible()
    return page, report, line


async def comes(page: Page, report: str, kind: str = "video") -> dict[str, object]:
    """The server has it, whole and readable; the request is answered by it."""

    async def there() -> dict[str, object] | None:
        said = await (await page.request.get(f"/api/v1/reports/{report}")).json()
        assert all(one["state"] != "rejected" for one in said["media"]), said["media"]
        ready = [one for one in said["media"] if (one["kind"], one["state"]) == (kind, "ready")]
        return ready[0] if ready and said["requests"][0]["answered_at"] else None

    found: dict[str, object] = await eventually(there, 60, f"the {kind} is there")
    return found


async def test_it_is_filmed_while_the_look_stays_and_no_moment_of_it_tells(
    phone: OpenPhone, dispatcher: Dispatcher
) -> None:
    page, report, line = await asked(phone, dispatcher)
    await gives_nothing_away(page)
    await line.locator("[data-film]").tap()
    await expect(line.locator("[data-film]")).to_have_text("停下")
    assert await page.evaluate(LIVE_TRACKS) == 2
    assert await page.evaluate(SHOWN) == 0
    await expect(line.locator("button").first).to_contain_text("2″")
    await gives_nothing_away(page)
    await line.locator("[data-film]").tap()
    await eventually(lambda: page.evaluate(f"{LIVE_TRACKS} === 0"), 10, "the camera is off")
    filmed = await comes(page, report)
    assert 1.5 < float(str(filmed["duration_s"])) < 15
    await expect(line.locator(".covert-answers")).to_be_hidden()
    await gives_nothing_away(page)


async def test_whoever_leaves_puts_the_camera_out_at_once_and_what_was_filmed_still_goes(
    phone: OpenPhone, dispatcher: Dispatcher
) -> None:
    page, report, line = await asked(phone, dispatcher)
    await line.locator("[data-film]").tap()
    await expect(line.locator("button").first).to_contain_text("2″")
    await page.keyboard.press("Escape")
    await expect(page.locator("#covert-bar")).to_be_hidden()
    await eventually(lambda: page.evaluate(f"{LIVE_TRACKS} === 0"), 10, "the camera is off")
    await gives_nothing_away(page)
    await comes(page, report)


async def test_what_a_page_that_died_had_filmed_goes_when_it_is_opened_again(
    phone: OpenPhone, dispatcher: Dispatcher
) -> None:
    page, report, line = await asked(phone, dispatcher)
    await line.locator("[data-film]").tap()
    await expect(line.locator("button").first).to_contain_text("4″")
    await page.reload()
    filmed = await comes(page, report)
    assert float(str(filmed["duration_s"])) > 1
    await gives_nothing_away(page)


async def test_without_a_camera_the_line_says_so_in_harmless_words_and_the_other_ways_stay(
    phone: OpenPhone, dispatcher: Dispatcher
) -> None:
    page, _, line = await asked(phone, dispatcher)
    refuse = "async () => { throw new DOMException('', 'NotAllowedError'); }"
    await page.evaluate(f"() => {{ navigator.mediaDevices.getUserMedia = {refuse}; }}")
    await line.locator("[data-film]").tap()
    await expect(line.locator("[data-film]")).to_be_disabled()
    await expect(line.locator("[data-film]")).to_have_text("打不开")
    await expect(line.locator(".covert-answers button:enabled")).to_have_count(2)
    await gives_nothing_away(page)


@pytest.mark.parametrize("way", ["camera", "album"])
async def test_the_phones_own_camera_and_the_album_give_one_too(
    phone: OpenPhone, dispatcher: Dispatcher, way: str
) -> None:
    page, report, line = await asked(phone, dispatcher)
    async with page.expect_file_chooser() as chosen:
        await line.get_by_text("用相机" if way == "camera" else "选一张").tap()
    field = (await chosen.value).element
    assert await field.get_attribute("accept") == "video/*"
    assert await field.get_attribute("capture") == ("environment" if way == "camera" else None)
    await gives_nothing_away(page)
    video = FilePayload(name="a.mp4", mimeType="video/mp4", buffer=film(seconds=2))
    await (await chosen.value).set_files([video])
    await comes(page, report)
    await gives_nothing_away(page)


async def test_a_photo_that_was_asked_for_comes_by_the_camera_too(
    phone: OpenPhone, dispatcher: Dispatcher
) -> None:
    page, report, line = await asked(phone, dispatcher, "photo")
    assert await line.locator("[data-film]").count() == 0
    async with page.expect_file_chooser() as chosen:
        await line.get_by_text("用相机").tap()
    assert await (await chosen.value).element.get_attribute("accept") == "image/*"
    photo = FilePayload(name="a.jpg", mimeType="image/jpeg", buffer=citizen._noise(320, 240))
    await (await chosen.value).set_files([photo])
    await comes(page, report, "photo")
