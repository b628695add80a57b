"""Photos, videos and voice notes at the desk: played in place, looked at at large, and who did it in the log."""

import re
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest
from playwright.async_api import Browser, Page, async_playwright, expect

from console.attachments import WAVE_HEIGHT, tally_in, wave
from dispatch.words import Words
from tests import audit
from tests.footage import PLACE, film, voice
from tests.people import People, Reporter, eventually
from tests.pictures import exif, jpeg
from tests.servers import chromium
from tests.stack import PASSWORD, Stack
from tests.test_console_rendering import REPORT
from tests.truth import log_of

pytestmark = [pytest.mark.anyio]

FLAGS = ["--no-sandbox", "--disable-gpu", "--autoplay-policy=user-gesture-required", "--mute-audio"]
OpenDesk = Callable[..., Awaitable[Page]]


@pytest.fixture(scope="module")
async def browser() -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        launched = await playwright.chromium.launch(executable_path=chromium(), args=FLAGS)
        yield launched
        await launched.close()


@pytest.fixture
async def at_desk(stack: Stack, browser: Browser) -> AsyncIterator[OpenDesk]:
    """Opens the desk's page; what it complains of, or what its policy forbids, fails the test."""
    pages: list[Page] = []
    complaints: list[str] = []

    async def open_desk(number: str = "33010601", language: str = "zh-CN", width: int = 1920) -> Page:
        context = await browser.new_context(
            base_url=stack.consoles[0].url, locale=language, viewport={"width": width, "height": 1080}
        )
        page = await context.new_page()
        pages.append(page)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        await context.expose_function("violated", lambda directive: complaints.append(directive))
        await page.add_init_script(
            "addEventListener('securitypolicyviolation', event => violated(event.violatedDirective))"
        )
        await page.goto("/console/sign-in")
        await page.fill("#number", number)
        await page.fill("#password", PASSWORD)
        await page.keyboard.press("Enter")
        await expect(page.locator("#live")).to_have_attribute("data-state", "live", timeout=20_000)
        return page

    yield open_desk
    for page in pages:
        await page.context.close()
    assert complaints == []


async def sent(phone: Reporter, report: str, data: bytes, filetype: str, name: str = "a") -> str:
    """The identifier of what was sent, once it can be shown."""
    form = f"/api/v1/reports/{report}/media/form"
    answer = await phone.http.post(form, files={"file": (name, data, filetype)})
    assert answer.status_code == 201, answer.text
    id_: str = answer.json()["id"]
    if phone.socket is None:
        await phone.listen()
    await eventually(
        lambda: any(
            item["id"] == id_ and item["state"] == "ready"
            for item in phone.reports.get(report, {}).get("media", [])
        ),
        60,
        "it can be shown",
    )
    return id_


def looks(stack: Stack, media: str) -> list[tuple[str, Any]]:
    """Who opened it, as the desk's log tells."""
    return [
        (event.actor, event.reporter)
        for event in log_of(stack.database, "330106")
        if event.kind == "MediaViewed" and event.data["media"] == media
    ]


# --- counted and drawn


@pytest.mark.parametrize(("language", "said"), [("zh-CN", "照片 1 · 视频 1"), ("en", "Photos 1 · Video 1")])
def test_a_card_counts_by_kind_and_says_what_is_still_to_come(language: str, said: str) -> None:
    found = tally_in(Words.of(language))(REPORT)
    assert found.words.startswith(said)
    assert [(count.kind, count.n) for count in found.counts] == [("photo", 1), ("video", 1)]
    assert found.missing == 2
    assert "2" in found.words.removeprefix(said)


def test_a_waveform_is_as_high_as_it_is_loud() -> None:
    heights = [int(height) for height in re.findall(r"v(\d+)", wave(bytes([0, 128, 255])))]
    assert heights == [2, 16, WAVE_HEIGHT]


# --- rights, and the log


async def test_who_opens_a_medium_stands_in_the_log_once_a_session(stack: Stack, people: People) -> None:
    phone = await people.reporter(stack.citizens[0])
    id_ = (await phone.filed())["id"]
    photo = await sent(phone, id_, jpeg(), "image/jpeg")
    video = await sent(phone, id_, film(seconds=1), "video/mp4")
    note = await sent(phone, id_, voice(seconds=1), "audio/mp4")
    one = await people.dispatcher(stack.consoles[0], "33010601")
    version = phone.reports[id_]["version"]
    # What stands in the report in hand by itself is no look.
    for path in (f"{photo}/thumb", f"{video}/thumb", f"{video}/view"):
        assert (await one.http.get(f"/console/media/{path}")).status_code == 200
    assert (await one.http.head(f"/console/media/{video}")).status_code == 200
    assert not looks(stack, photo) + looks(stack, video)
    for path, media in ((f"{photo}/view", photo), (video, video), (note, note)):
        for _ in range(3):
            answer = await one.http.get(f"/console/media/{path}", headers={"range": "bytes=0-99"})
            assert answer.status_code in {200, 206}
        assert looks(stack, media) == [("dispatcher:33010601", None)]
    assert (await one.http.get(f"/console/media/{photo}")).headers["content-type"] == "image/webp"
    assert len(looks(stack, photo)) == 1
    other = await people.dispatcher(stack.consoles[0], "33010602")
    again = await people.dispatcher(stack.consoles[0], "33010601")
    for someone in (other, again):
        assert (await someone.http.get(f"/console/media/{video}")).status_code == 200
    assert [actor for actor, _ in looks(stack, video)] == [
        "dispatcher:33010601",
        "dispatcher:33010602",
        "dispatcher:33010601",
    ]
    # It is no change of the report, and no news for its reporter.
    assert (await phone.report(id_))["version"] == version


async def test_another_desk_and_nobody_open_nothing_and_leave_no_line(stack: Stack, people: People) -> None:
    phone = await people.reporter(stack.citizens[0])
    id_ = (await phone.filed())["id"]
    video = await sent(phone, id_, film(seconds=0.5), "video/mp4")
    neighbour = await people.dispatcher(stack.consoles[0], "33010801")
    for part in ("", "/view", "/thumb"):
        refused = await neighbour.http.get(f"/console/media/{video}{part}", headers={"range": "bytes=0-9"})
        assert (refused.status_code, refused.json()["code"]) == (404, "media_unknown")
    assert looks(stack, video) == []


# --- on the screen


async def in_hand(page: Page, report: str) -> None:
    """Accept it, so that it is in hand."""
    await expect(page.locator(f"#report-{report}")).to_be_visible(timeout=20_000)
    await page.locator(f"#report-{report}").click()
    await page.keyboard.press("a")
    await expect(page.locator(f"#in-hand[data-report='{report}'][data-status='received']")).to_be_visible(
        timeout=20_000
    )


@pytest.mark.browser
async def test_a_video_plays_in_its_place_and_goes_on_while_the_report_changes(
    stack: Stack, people: People, at_desk: OpenDesk
) -> None:
    phone = await people.reporter(stack.citizens[0])
    id_ = (await phone.filed("拍到了"))["id"]
    # HEVC, which this browser does not play: what it is given is ours.
    media = await sent(phone, id_, film("libx265", "mov", seconds=12), "video/quicktime")
    page = await at_desk()
    await in_hand(page, id_)
    await expect(page.locator(f"#report-{id_} .sign-media")).to_have_attribute("title", "视频 1")
    video = page.locator(f"#media-{media} video")
    await expect(video).to_be_visible()
    assert await audit.axe(page) == []
    assert await video.evaluate("video => [video.controls, video.preload, video.paused]") == [
        True,
        "none",
        True,
    ]
    assert looks(stack, media) == []
    await video.focus()
    await page.keyboard.press("Space")
    await expect(page.locator(f"#media-{media} video")).to_have_js_property("paused", False)
    await _until(page, f"document.querySelector('#media-{media} video').currentTime > 0.3")
    assert looks(stack, media) == [("dispatcher:33010601", None)]
    assert await video.evaluate("video => [video.videoWidth, video.videoHeight]") == [320, 180]
    # The report changes meanwhile: what plays goes on.
    await phone.http.post(f"/api/v1/reports/{id_}/messages", json={"client_id": "m1", "text": "他还在"})
    await expect(page.locator("#lines")).to_contain_text("他还在", timeout=20_000)
    before = await video.evaluate("video => video.currentTime")
    await _until(page, f"document.querySelector('#media-{media} video').currentTime > {before} + 0.2")
    # And from anywhere: by ranges.
    await video.evaluate("video => { video.currentTime = 10.5 }")
    await _until(page, f"document.querySelector('#media-{media} video').currentTime >= 10.5")
    await _until(page, f"document.querySelector('#media-{media} video').ended", 30)


@pytest.mark.browser
async def test_voice_notes_are_played_stopped_and_sought_in_one_at_a_time(
    stack: Stack, people: People, at_desk: OpenDesk
) -> None:
    phone = await people.reporter(stack.citizens[0])
    id_ = (await phone.filed("说不了太多"))["id"]
    one = await sent(phone, id_, voice("libopencore_amrnb", "amr", seconds=9), "audio/amr")
    two = await sent(phone, id_, voice("libopus", "webm", seconds=75 / 10), "audio/webm")
    page = await at_desk()
    await in_hand(page, id_)
    first, second = page.locator(f"#voice-{one}"), page.locator(f"#voice-{two}")
    await expect(first.locator(".voice-time")).to_contain_text("0:00 / 0:09")
    await expect(first.locator("path")).to_have_attribute("d", re.compile(r"^(M\d+ \d+v\d+){64}$"))
    await first.get_by_role("button", name="播放语音 1，时长 0:09").click()
    await expect(first).to_have_attribute("data-page-playing", "")
    await _until(page, f"document.querySelector('#voice-{one} audio').currentTime > 0.2")
    assert looks(stack, one) == [("dispatcher:33010601", None)]
    await second.locator(".voice-play").press("Enter")
    await expect(second).to_have_attribute("data-page-playing", "")
    await expect(first).not_to_have_attribute("data-page-playing", "")
    await second.get_by_role("slider").press("End")
    await expect(second).not_to_have_attribute("data-page-playing", "", timeout=20_000)
    await expect(second.locator(".voice-time")).to_contain_text("0:07 / 0:0")
    await first.get_by_role("slider").focus()
    for _ in range(20):
        await page.keyboard.press("ArrowRight")
    assert await first.locator("audio").evaluate("sound => sound.currentTime > 1.5")
    await expect(page.locator("#media h3")).to_have_text("语音 2")
    assert await audit.axe(page) == []


@pytest.mark.browser
async def test_photos_are_looked_at_at_large_by_keys_turned_and_each_look_is_told(
    stack: Stack, people: People, at_desk: OpenDesk
) -> None:
    phone = await people.reporter(stack.citizens[0])
    id_ = (await phone.filed("三张照片"))["id"]
    photos = [await sent(phone, id_, jpeg((800, 600 + n)), "image/jpeg", f"{n}.jpg") for n in range(3)]
    page = await at_desk()
    await in_hand(page, id_)
    thumbs = page.locator("#media a[data-view]")
    await thumbs.nth(1).click()
    viewer = page.locator("#viewer")
    await expect(viewer).to_be_visible()
    await expect(viewer.locator("img")).to_have_js_property("naturalHeight", 601)
    await expect(viewer.locator(".viewer-caption")).to_contain_text("2/3 · 照片")
    await page.keyboard.press("ArrowRight")
    await expect(viewer.locator("img")).to_have_js_property("naturalHeight", 602)
    await page.keyboard.press("ArrowRight")
    await expect(viewer.locator("img")).to_have_js_property("naturalHeight", 600)
    assert await audit.axe(page) == []
    await page.keyboard.press("r")
    await expect(viewer.locator("img")).to_have_attribute("data-turned", "1")
    box = await viewer.locator("img").bounding_box()
    assert box is not None
    assert box["height"] > box["width"], "it stands upright now"
    await viewer.get_by_role("button", name="旋转").click()
    await expect(viewer.locator("img")).to_have_attribute("data-turned", "2")
    await viewer.get_by_role("button", name="上一张").click()
    await expect(viewer.locator("img")).to_have_attribute("data-turned", "0")
    await page.keyboard.press("Escape")
    await expect(viewer).to_be_hidden()
    await expect(thumbs.nth(2)).to_be_focused()
    for photo in photos:
        assert looks(stack, photo) == [("dispatcher:33010601", None)]


@pytest.mark.browser
async def test_one_key_asks_for_a_video_and_the_video_answers_it(
    stack: Stack, people: People, at_desk: OpenDesk
) -> None:
    phone = await people.reporter(stack.citizens[0])
    await phone.listen()
    id_ = (await phone.filed("在楼下打起来了"))["id"]
    page = await at_desk()
    await in_hand(page, id_)
    await page.keyboard.press("v")
    await eventually(
        lambda: [asked["request"] for asked in phone.reports[id_]["requests"]] == ["video"], 20, "it is asked"
    )
    await expect(page.locator("#lines")).to_contain_text("等待视频")
    await sent(phone, id_, film(seconds=1), "video/mp4")
    await expect(page.locator("#lines")).to_contain_text("已发来视频", timeout=20_000)
    assert phone.reports[id_]["requests"][0]["answered_at"] is not None


@pytest.mark.browser
async def test_where_a_camera_says_to_have_been_stands_beside_the_reporters_position(
    stack: Stack, people: People, at_desk: OpenDesk
) -> None:
    phone = await people.reporter(stack.citizens[0])
    id_ = (await phone.filed("照片是在别处拍的", place_text="断桥"))["id"]
    photo = await sent(phone, id_, jpeg(exif=exif().tobytes()), "image/jpeg")
    video = await sent(phone, id_, film(seconds=0.5, notes={"location": PLACE}), "video/mp4")
    page = await at_desk()
    await in_hand(page, id_)
    spot = page.locator(f"#taken-{photo}")
    await expect(spot).to_contain_text("照片拍摄于")
    await expect(spot).to_contain_text("2026-11-23 18:00:01")
    await expect(spot).to_contain_text("30.241667, 120.140000")
    await expect(spot).to_contain_text("距报警人位置 2.1 公里")
    await expect(page.locator(f"#taken-{video}")).to_contain_text("距报警人位置 0 米")
    await expect(page.locator("#place-wgs84")).to_have_text("30.250000, 120.120000")
    await expect(page.locator(".facts-place")).to_contain_text("断桥")


@pytest.mark.browser
async def test_what_comes_of_an_upload_is_said_in_its_place(
    stack: Stack, people: People, at_desk: OpenDesk
) -> None:
    phone = await people.reporter(stack.citizens[0])
    id_ = (await phone.filed("传了几样", media_expected=3))["id"]
    page = await at_desk(language="en")
    await in_hand(page, id_)
    await expect(page.locator("#media h3")).to_have_text("3 not here yet")
    form = f"/api/v1/reports/{id_}/media/form"
    long = film(size=(32, 32), rate=5, seconds=17, sound=None)
    answer = await phone.http.post(form, files={"file": ("a.mp4", long, "video/mp4")})
    tile = page.locator(f"#media-{answer.json()['id']}")
    await expect(tile).to_contain_text("Video too long, not taken", timeout=20_000)
    await sent(phone, id_, voice(seconds=1), "audio/mp4")
    await expect(page.locator("#media h3")).to_have_text("Voice 1 · 1 not here yet")


async def _until(page: Page, expression: str, seconds: float = 20) -> None:
    await page.wait_for_function(f"() => {expression}", timeout=seconds * 1000)


@pytest.mark.browser
async def test_a_video_and_a_voice_note_are_slower_faster_and_gone_through_by_keys(
    stack: Stack, people: People, at_desk: OpenDesk
) -> None:
    phone = await people.reporter(stack.citizens[0])
    id_ = (await phone.filed("慢慢看"))["id"]
    shot = await sent(phone, id_, film(seconds=3), "video/mp4")
    note = await sent(phone, id_, voice("libopencore_amrnb", "amr", seconds=6), "audio/amr")
    page = await at_desk()
    await in_hand(page, id_)
    tile = page.locator(f"#media-{shot}")
    video = tile.locator("video")
    await video.focus()
    await page.keyboard.press("k")
    await _until(page, f"document.querySelector('#media-{shot} video').currentTime > 0.2")
    await page.keyboard.press("<")
    await page.keyboard.press("<")
    await page.keyboard.press("<")  # there is none slower
    await expect(tile.locator(".rate-now")).to_have_text("0.5×")
    await page.keyboard.press(".")
    await expect(video).to_have_js_property("paused", True)
    await _until(page, f"!document.querySelector('#media-{shot} video').seeking")
    before = await video.evaluate("video => video.currentTime")
    for _ in range(3):
        await page.keyboard.press(".")
    await page.keyboard.press(",")
    await _until(
        page,
        f"Math.abs(document.querySelector('#media-{shot} video').currentTime - {before} - 2 / 30) < 0.01",
    )
    row = page.locator(f"#voice-{note}")
    await row.get_by_role("slider").focus()
    await page.keyboard.press("ArrowRight")
    for _ in range(4):
        await page.keyboard.press(">")
    await expect(row.locator(".rate-now")).to_have_text("2×")
    await page.keyboard.press(".")
    await expect(row.locator(".voice-now")).to_have_text("0:00")
    await page.keyboard.press(".")
    await expect(row.locator(".voice-now")).to_have_text("0:01")
    assert await audit.axe(page) == []
