"""Photos, videos and voice notes on the reporter's page, in a Chromium with a made-up camera and microphone."""

import asyncio
import json
import re
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import (
    Browser,
    BrowserContext,
    FilePayload,
    Locator,
    Playwright,
    Request,
    Route,
    async_playwright,
    expect,
)
from playwright.async_api import Error as PlaywrightError

from tests import test_citizen_page as citizen
from tests.footage import film, heard, wav
from tests.interception import intercept
from tests.people import Dispatcher, eventually
from tests.places import Place
from tests.servers import chromium
from tests.stack import Stack
from tests.test_citizen_page import FLAGS, PHONE, OpenPhone, Phone

pytestmark = [pytest.mark.anyio, pytest.mark.browser]

CAMERA = ["--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream", "--mute-audio"]
DEVICES = ["geolocation", "microphone", "camera"]
UPLOADS = re.compile(r"/api/v1/reports/[^/]+/media(/[^/]+)?$")
REFUSED = (
    "navigator.mediaDevices.getUserMedia = async () => { throw new DOMException('', 'NotAllowedError'); }"
)
# What would take a minute, or a quarter of one, is over in three seconds.
HURRY = """
  const patient = window.setTimeout;
  window.setTimeout = (work, ms, ...rest) => patient(work, ms > 14_000 ? 3_000 : ms, ...rest);
"""
FULL_DISK = """
  const put = IDBObjectStore.prototype.put;
  IDBObjectStore.prototype.put = function (value, ...rest) {
    if (["files", "pieces"].includes(this.name)) throw new DOMException("", "QuotaExceededError");
    return put.call(this, value, ...rest);
  };
"""
# Remembers every stream that the page was given.
LISTEN = """
  const given = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
  window.streams = [];
  navigator.mediaDevices.getUserMedia = async (wanted) => {
    const stream = await given(wanted);
    window.streams.push(stream);
    return stream;
  };
"""

phone = citizen.phone
dispatcher = citizen.dispatcher


@pytest.fixture(scope="module")
async def playwright() -> AsyncIterator[Playwright]:
    async with async_playwright() as running:
        yield running


@pytest.fixture(scope="module")
async def browser(playwright: Playwright) -> AsyncIterator[Browser]:
    launched = await playwright.chromium.launch(executable_path=chromium(), args=[*FLAGS, *CAMERA])
    yield launched
    await launched.close()


@pytest.fixture
async def held(phone: OpenPhone) -> Phone:
    """A phone with a report that the server has, and with camera and microphone allowed."""
    opened = await phone()
    await opened.page.context.grant_permissions(DEVICES)
    await _reported(opened)
    return opened


async def _reported(held: Phone) -> None:
    await held.sign_in()
    await held.tap()
    await expect(
        held.page.locator("#ladder[data-phase=storing], #ladder[data-phase=waiting]")
    ).to_be_visible()


def photo(name: str = "门口.jpg", data: bytes | None = None) -> FilePayload:
    return FilePayload(name=name, mimeType="image/jpeg", buffer=data or citizen._noise(320, 240))


def tile(held: Phone, kind: str) -> Locator:
    return held.page.locator(f".tile[data-kind={kind}]")


async def sent(held: Phone) -> list[dict[str, Any]]:
    """The report's media, as the server tells them."""
    answer = await held.page.request.get(f"/api/v1/reports/{await held.report()}")
    media: list[dict[str, Any]] = (await answer.json())["media"]
    return media


async def _comes_true(held: Phone, what: str) -> None:
    """Waits for an expression of the page; `wait_for_function` would need what the page's policy forbids."""
    for _ in range(150):
        if await held.page.evaluate(what):
            return
        await asyncio.sleep(0.1)
    raise AssertionError(what)


async def record(held: Phone, kind: str = "voice", seconds: int = 2) -> None:
    """Records for so long, and sends it."""
    capture = held.page.locator("#capture")
    await held.page.tap(f"#way-{kind}")
    if kind == "video":
        await expect(capture).to_contain_text("对准后")
        await held.page.wait_for_timeout(900)
        await capture.get_by_role("button", name="开始录像").tap()
    await expect(capture.get_by_role("button", name="停止并发送")).to_be_visible()
    await held.page.wait_for_timeout(seconds * 1000)
    await capture.get_by_role("button", name="停止并发送").tap()
    await expect(capture).to_be_hidden()


# --- voice


async def test_a_voice_note_is_one_tap_to_begin_and_one_to_send(held: Phone) -> None:
    capture, note = held.page.locator("#capture"), tile(held, "voice")
    await held.page.tap("#way-voice")
    await expect(capture).to_contain_text("正在录音")
    await expect(held.page.locator("#media-status")).to_have_text("正在录音")
    await _comes_true(held, "document.querySelector('.capture-level').value > 0.05")
    await expect(capture.locator(".counter")).to_have_text("0:02 / 1:00")
    await expect(held.page.locator("#call-110")).to_be_in_viewport()
    await capture.get_by_role("button", name="停止并发送").tap()
    await expect(capture).to_be_hidden()
    await expect(note).to_contain_text("已送达")
    await expect(note).to_have_attribute("data-state", "stored")
    [media] = await sent(held)
    assert (media["kind"], media["state"]) == ("voice", "ready")
    assert 1.5 < media["duration_s"] < 6


async def test_ones_own_voice_note_is_played_by_a_tap_and_never_by_itself(held: Phone) -> None:
    await held.page.evaluate(
        """() => {
            window.played = 0;
            const play = HTMLMediaElement.prototype.play;
            HTMLMediaElement.prototype.play = function () { window.played += 1; return play.call(this); };
        }"""
    )
    await record(held)
    await expect(tile(held, "voice")).to_have_attribute("data-state", "stored")
    assert await held.page.evaluate("played") == 0
    await tile(held, "voice").locator(".tile-look").tap()
    await expect(tile(held, "voice").get_by_role("button", name="停止播放")).to_be_visible()
    assert await held.page.evaluate("played") == 1
    await expect(tile(held, "voice").get_by_role("button", name=re.compile("^播放"))).to_be_visible()


async def test_a_recording_ends_and_goes_by_itself_when_it_is_full(phone: OpenPhone) -> None:
    held = await phone()
    await held.page.add_init_script(HURRY)
    await held.page.context.grant_permissions(DEVICES)
    await _reported(held)
    await held.page.tap("#way-voice")
    await expect(held.page.locator("#capture")).to_contain_text("正在录音")
    await expect(tile(held, "voice")).to_contain_text("已送达", timeout=20_000)
    await expect(held.page.locator("#capture")).to_be_hidden()


async def test_a_second_tap_of_a_shaking_hand_does_not_end_what_has_just_begun(held: Phone) -> None:
    await held.page.tap("#way-voice")
    stop = held.page.locator("#capture").get_by_role("button", name="停止并发送")
    await expect(stop).to_be_visible()
    await stop.evaluate("button => button.click()")
    await held.page.wait_for_timeout(300)
    await expect(stop).to_be_visible()
    await held.page.locator("#capture").get_by_role("button", name="取消").tap()


async def test_what_is_cancelled_leaves_nothing_behind(held: Phone) -> None:
    await held.page.evaluate(f"() => {{ {LISTEN} }}")
    await held.page.tap("#way-voice")
    await expect(held.page.locator("#capture .counter")).to_contain_text("0:02")
    await held.page.locator("#capture").get_by_role("button", name="取消").tap()
    await expect(held.page.locator("#capture")).to_be_hidden()
    await expect(held.page.locator("#media-ways")).to_be_visible()
    tracks = await held.page.evaluate(
        "streams.flatMap((one) => one.getTracks()).map((one) => one.readyState)"
    )
    assert set(tracks) == {"ended"}, "the microphone is given back"
    await held.page.reload()
    await expect(held.page.locator("#composer")).to_be_visible()
    await held.page.wait_for_timeout(1_000)
    assert await held.page.locator(".tile, .offer").count() == 0
    assert await sent(held) == []


async def test_without_permission_the_page_says_what_to_do_and_takes_a_file(held: Phone) -> None:
    await held.page.evaluate(f"() => {{ {REFUSED} }}")
    await held.page.tap("#way-voice")
    capture = held.page.locator("#capture")
    await expect(capture).to_contain_text("没有得到权限")
    recorder = capture.locator("input[type=file]")
    assert await recorder.get_attribute("accept") == "audio/*"
    assert await recorder.get_attribute("capture") is not None
    await recorder.set_input_files([FilePayload(name="录音.wav", mimeType="audio/wav", buffer=wav(2))])
    await expect(tile(held, "voice")).to_contain_text("已送达")
    await expect(capture).to_be_hidden()


# --- video


async def test_a_video_is_looked_through_begun_and_sent(held: Phone) -> None:
    await held.page.tap("#way-video")
    screen = held.page.locator(".camera-screen")
    await expect(screen).to_be_visible()
    await _comes_true(held, "document.querySelector('.camera-screen').videoWidth > 0")
    assert await screen.evaluate("screen => screen.muted")
    await expect(held.page.locator("#call-110")).to_be_in_viewport()
    await held.page.locator("#capture").get_by_role("button", name="取消").tap()
    await expect(screen).to_be_hidden()

    await record(held, "video", 3)
    await expect(tile(held, "video")).to_have_attribute("data-state", "stored", timeout=60_000)
    [media] = await sent(held)
    assert media["kind"] == "video"
    assert 2 < media["duration_s"] < 8
    await expect(tile(held, "video").locator("img")).to_be_visible()

    await held.page.tap("#way-video")
    await expect(held.page.locator("#media-error")).to_contain_text("最多 1 段视频")


async def test_without_a_microphone_a_video_is_recorded_all_the_same(held: Phone) -> None:
    await held.page.evaluate(
        """() => {
            const given = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
            navigator.mediaDevices.getUserMedia = async (wanted) => {
                if (wanted.audio) throw new DOMException("", "NotFoundError");
                return given(wanted);
            };
        }"""
    )
    await record(held, "video")
    await expect(tile(held, "video")).to_have_attribute("data-state", "stored", timeout=60_000)


async def test_a_video_counts_down_and_ends_by_itself(phone: OpenPhone) -> None:
    held = await phone()
    await held.page.add_init_script(HURRY)
    await held.page.context.grant_permissions(DEVICES)
    await _reported(held)
    await held.page.tap("#way-video")
    await held.page.wait_for_timeout(900)
    await held.page.locator("#capture").get_by_role("button", name="开始录像").tap()
    await expect(held.page.locator("#capture .counter")).to_have_text(re.compile("还剩 1[34] 秒"))
    await expect(tile(held, "video")).to_contain_text("已送达", timeout=40_000)


async def test_of_a_longer_video_the_first_fifteen_seconds_are_sent_with_their_sound(held: Phone) -> None:
    long = film("libvpx", "webm", size=(160, 90), rate=5, seconds=19, sound="libopus")
    await held.page.set_input_files(
        "#pick", [FilePayload(name="长.webm", mimeType="video/webm", buffer=long)]
    )
    offer = held.page.locator(".offer")
    await expect(offer).to_contain_text("长.webm 长 0:19，最多 15 秒")
    assert await held.page.locator(".tile").count() == 0
    await offer.get_by_role("button", name="发前 15 秒").tap()
    await expect(offer).to_contain_text("正在截取")
    await expect(tile(held, "video")).to_have_attribute("data-state", "stored", timeout=60_000)
    await expect(offer).to_have_count(0)
    [media] = await sent(held)
    assert 12 < media["duration_s"] <= 15.5
    played = await held.page.request.get(f"/api/v1/media/{media['id']}")
    assert heard(await played.body()) > 10, "its sound goes along, though nobody heard it"


async def test_a_longer_video_may_be_left(held: Phone) -> None:
    long = film("libvpx", "webm", size=(160, 90), rate=5, seconds=17, sound=None)
    await held.page.set_input_files(
        "#pick", [FilePayload(name="长.webm", mimeType="video/webm", buffer=long)]
    )
    await held.page.locator(".offer").get_by_role("button", name="不发送").tap()
    await expect(held.page.locator(".offer")).to_have_count(0)
    assert await sent(held) == []


# --- what must not be lost


class Profile:
    """A phone's browser that can be killed and opened again."""

    def __init__(self, playwright: Playwright, folder: Path, stack: Stack, place: Place) -> None:
        self._playwright, self._folder, self._place = playwright, folder, place
        self._url, self._number = stack.citizens[0].url, str(next(citizen._numbers))
        self.context: BrowserContext | None = None

    async def open(self, address: str = "/") -> Phone:
        self.context = await self._playwright.chromium.launch_persistent_context(
            self._folder,
            executable_path=chromium(),
            args=[*FLAGS, *CAMERA],
            base_url=self._url,
            viewport=PHONE,
            is_mobile=True,
            has_touch=True,
            locale="zh-CN",
            geolocation={
                "latitude": self._place.location["lat"],
                "longitude": self._place.location["lon"],
                "accuracy": 8,
            },
            permissions=DEVICES,
        )
        page = self.context.pages[0]
        await page.goto(address)
        return Phone(page, self._number)

    async def kill(self) -> None:
        """The page's process ends at once, as when a phone is short of memory; then the browser is closed."""
        assert self.context is not None
        with suppress(PlaywrightError):
            await self.context.pages[0].goto("chrome://kill", timeout=3_000)
        await self.context.close()
        self.context = None


@pytest.fixture
async def profile(
    playwright: Playwright, tmp_path: Path, stack: Stack, place: Place
) -> AsyncIterator[Profile]:
    made = Profile(playwright, tmp_path / "profile", stack, place)
    yield made
    if made.context is not None:
        await made.context.close()


async def test_a_killed_tab_loses_no_more_than_a_second_of_what_was_said(profile: Profile) -> None:
    held = await profile.open()
    await _reported(held)
    address = f"/reports/{await held.report()}"
    await held.page.tap("#way-voice")
    await expect(held.page.locator("#capture .counter")).to_contain_text("0:04")
    await profile.kill()

    held = await profile.open(address)
    offer = held.page.locator(".offer")
    await expect(offer).to_contain_text("有一段语音没有发出")
    assert await sent(held) == [], "nobody has said that it should go"
    await offer.get_by_role("button", name="发送").tap()
    await expect(tile(held, "voice")).to_have_attribute("data-state", "stored")
    [media] = await sent(held)
    assert media["duration_s"] >= 2.5
    await held.page.reload()
    await expect(tile(held, "voice")).to_be_visible()
    await held.page.wait_for_timeout(1_000)
    await expect(held.page.locator(".offer")).to_have_count(0)


async def test_what_another_tab_is_just_recording_is_not_offered(held: Phone) -> None:
    await held.page.tap("#way-voice")
    await expect(held.page.locator("#capture .counter")).to_contain_text("0:02")
    other = await held.page.context.new_page()
    await other.goto(held.page.url)
    await expect(other.locator("#composer")).to_be_visible()
    await other.wait_for_timeout(1_500)
    assert await other.locator(".offer").count() == 0
    await other.close()


async def test_whoever_signs_out_leaves_no_recording_behind(held: Phone) -> None:
    await held.page.tap("#way-voice")
    await expect(held.page.locator("#capture .counter")).to_contain_text("0:02")
    await held.page.reload()
    await expect(held.page.locator(".offer")).to_be_visible()
    left = """() => new Promise((resolve) => {
        const opened = indexedDB.open("kept-files");
        opened.onsuccess = () => {
          const asked = opened.result.transaction(["takes"]).objectStore("takes").count();
          asked.onsuccess = () => resolve(asked.result);
        };
    })"""
    assert await held.page.evaluate(left) == 1
    await held.page.goto("/#account")
    await held.page.tap("#sign-out")
    await expect(held.page.locator("#account-sign-in [name=phone]")).to_be_visible()
    assert await held.page.evaluate(left) == 0


async def test_a_killed_tab_goes_on_with_a_photo_where_it_stopped(profile: Profile) -> None:
    held = await profile.open()
    await _reported(held)
    address = f"/reports/{await held.report()}"
    offsets: list[int] = []

    async def break_off(route: Route) -> None:
        if route.request.method == "PATCH":
            offsets.append(int(route.request.headers["upload-offset"]))
        await (route.abort() if len(offsets) > 3 else route.continue_())

    await intercept(held.page, UPLOADS, break_off)
    await held.page.set_input_files("#pick", [photo(data=citizen._noise(1800, 1500))])
    await expect(tile(held, "photo")).to_contain_text("断了，正在重试")
    await profile.kill()

    held = await profile.open("about:blank")
    resumed: list[int] = []

    def note(request: Request) -> None:
        if request.method == "PATCH":
            resumed.append(int(request.headers["upload-offset"]))

    held.page.on("request", note)
    await held.page.goto(address)
    await expect(tile(held, "photo")).to_contain_text("已送达", timeout=30_000)
    assert resumed[0] == max(offsets) > 0


async def test_a_photo_broken_off_goes_on_where_it_stopped_also_after_a_reload(held: Phone) -> None:
    offsets: list[int] = []

    async def break_off(route: Route) -> None:
        request = route.request
        if request.method != "PATCH":
            await route.continue_()
            return
        offsets.append(int(request.headers["upload-offset"]))
        await (route.continue_() if len(offsets) < 3 else route.abort())

    await intercept(held.page, UPLOADS, break_off)
    await held.page.set_input_files("#pick", [photo(data=citizen._noise(1800, 1500))])
    await expect(tile(held, "photo")).to_contain_text("断了，正在重试")
    await held.page.unroute(UPLOADS)
    resumed: list[int] = []

    def note(request: Request) -> None:
        if request.method == "PATCH":
            resumed.append(int(request.headers["upload-offset"]))

    held.page.on("request", note)
    await held.page.reload()
    await expect(tile(held, "photo")).to_contain_text("已送达", timeout=30_000)
    assert resumed[0] == max(offsets) > 0
    await expect(tile(held, "photo").locator("img")).to_be_visible()


async def test_a_full_phone_is_said_and_costs_neither_the_photo_nor_the_words(phone: OpenPhone) -> None:
    held = await phone()
    await held.page.add_init_script(FULL_DISK)
    await _reported(held)

    async def hold(route: Route) -> None:
        await route.abort()

    await intercept(held.page, UPLOADS, hold)
    await held.page.set_input_files("#pick", [photo()])
    await expect(tile(held, "photo")).to_contain_text("手机空间不足")
    await held.page.fill("#say", "在三楼")
    await held.page.tap("#composer [type=submit]")
    await expect(held.page.locator(".bubble")).to_contain_text("已送达")
    await held.page.unroute(UPLOADS)
    await expect(tile(held, "photo")).to_have_attribute("data-state", "stored", timeout=30_000)


async def test_the_smallest_goes_first_and_words_wait_for_nothing(held: Phone) -> None:
    order: list[str] = []
    gate = asyncio.Event()

    async def slowly(route: Route) -> None:
        request = route.request
        if request.method == "PATCH":
            order.append(request.url.rpartition("/")[2])
            if len(order) > 1:
                await gate.wait()
        await route.continue_()

    await intercept(held.page, UPLOADS, slowly)
    large = photo("大.jpg", citizen._noise(2400, 1800))
    await held.page.set_input_files("#pick", [large])
    await eventually(lambda: len(order) == 2, 10, "the large one is on its way")
    await held.page.set_input_files("#pick", [photo("小.jpg"), photo("中.jpg", citizen._noise(700, 600))])
    await held.page.fill("#say", "在三楼")
    await held.page.tap("#composer [type=submit]")
    await expect(held.page.locator(".bubble")).to_contain_text("已送达")
    gate.set()
    states = ".map((tile) => tile.dataset.state)"
    await expect(tile(held, "photo").nth(0)).to_have_attribute("data-state", "stored", timeout=40_000)
    assert await held.page.evaluate(f"[...document.querySelectorAll('.tile')]{states}") == ["stored"] * 3
    first = [id_ for at, id_ in enumerate(order) if id_ not in order[:at]]
    names = {media["id"]: media["filename"] for media in await sent(held)}
    assert [names[id_] for id_ in first] == ["大.jpg", "小.jpg", "中.jpg"]
    last = {names[id_]: at for at, id_ in enumerate(order)}
    assert last["小.jpg"] < last["中.jpg"] < last["大.jpg"]


async def test_a_photo_is_taken_back_while_it_is_sent_and_after(held: Phone) -> None:
    async def hold(route: Route) -> None:
        await (route.abort() if route.request.method == "PATCH" else route.continue_())

    await intercept(held.page, UPLOADS, hold)
    await held.page.set_input_files("#pick", [photo("发送中.jpg")])
    await expect(tile(held, "photo")).to_contain_text("正在重试")
    await tile(held, "photo").get_by_role("button", name="删除").tap()
    await expect(tile(held, "photo")).to_have_count(0)
    await held.page.unroute(UPLOADS)

    await held.page.set_input_files("#pick", [photo("已送达.jpg")])
    await expect(tile(held, "photo")).to_have_attribute("data-state", "stored")
    await tile(held, "photo").get_by_role("button", name="删除").tap()
    await expect(tile(held, "photo")).to_have_count(0)
    await _eventually_sent(held, 0)
    await held.page.reload()
    await expect(held.page.locator("#composer")).to_be_visible()
    await expect(tile(held, "photo")).to_have_count(0)


async def _eventually_sent(held: Phone, count: int) -> None:
    for _ in range(100):
        if len(await sent(held)) == count:
            return
        await asyncio.sleep(0.1)
    raise AssertionError(await sent(held))


async def test_a_photo_whose_beginning_was_never_answered_is_taken_back_too(held: Phone) -> None:
    async def unanswered(route: Route) -> None:
        await route.fetch()
        await route.abort()

    await intercept(held.page, UPLOADS, unanswered)
    await held.page.set_input_files("#pick", [photo()])
    await expect(tile(held, "photo")).to_contain_text("正在重试")
    await _eventually_sent(held, 1)
    await tile(held, "photo").get_by_role("button", name="删除").tap()
    await held.page.unroute(UPLOADS)
    await _eventually_sent(held, 0)


# --- which, and how many


async def test_several_are_picked_at_once_and_each_that_is_not_taken_is_named(held: Phone) -> None:
    picked = [photo(f"{n}.jpg") for n in range(9)]
    await held.page.set_input_files("#pick", picked)
    await expect(held.page.locator("#media-error")).to_contain_text("最多 8 张照片")
    await expect(held.page.locator(".tile[data-state=stored]")).to_have_count(8, timeout=30_000)
    text = FilePayload(name="a.txt", mimeType="text/plain", buffer=b"x")
    await held.page.set_input_files("#pick", [text])
    await expect(held.page.locator("#media-error")).to_contain_text("不能发送 a.txt")


async def test_what_the_server_cannot_read_is_said_on_its_tile(held: Phone) -> None:
    broken = FilePayload(name="坏.mp4", mimeType="video/mp4", buffer=b"no video at all" * 400)
    await held.page.set_input_files("#pick", [broken])
    await expect(tile(held, "video")).to_contain_text("无法识别为视频", timeout=30_000)


async def test_what_was_refused_is_sent_again_by_a_tap(held: Phone) -> None:
    async def refuse(route: Route) -> None:
        problem = {"code": "media_type_unsupported", "status": 415, "detail": "不收这种文件。"}
        await route.fulfill(status=415, content_type="application/problem+json", body=json.dumps(problem))

    await intercept(held.page, UPLOADS, refuse)
    await held.page.set_input_files("#pick", [photo()])
    await expect(tile(held, "photo")).to_contain_text("没有送到：不收这种文件。")
    await held.page.unroute(UPLOADS)
    await tile(held, "photo").get_by_role("button", name="重发").tap()
    await expect(tile(held, "photo")).to_have_attribute("data-state", "stored")


async def test_ones_own_photo_is_looked_at_in_the_page(held: Phone) -> None:
    await held.page.set_input_files("#pick", [photo()])
    await expect(tile(held, "photo")).to_have_attribute("data-state", "stored")
    await tile(held, "photo").locator(".tile-look").tap()
    await _comes_true(held, "document.querySelector('#looking img')?.naturalWidth > 0")
    await held.page.locator("#looking").get_by_role("button", name="关闭").tap()
    await expect(held.page.locator("#looking")).to_be_hidden()


async def test_on_a_slow_line_photos_are_made_smaller_unless_the_original_is_wanted(phone: OpenPhone) -> None:
    held = await phone()
    await held.page.add_init_script(
        "Object.defineProperty(navigator, 'connection', { get: () => ({ effectiveType: '2g' }) })"
    )
    await _reported(held)
    data = citizen._noise(2000, 1500)
    await held.page.set_input_files("#pick", [photo("一.jpg", data)])
    await expect(held.page.locator(".tile[data-state=stored]")).to_have_count(1, timeout=30_000)
    await held.page.check("#original-size")
    await held.page.set_input_files("#pick", [photo("二.jpg", data)])
    await expect(held.page.locator(".tile[data-state=stored]")).to_have_count(2, timeout=30_000)
    smaller, original = sorted(await sent(held), key=lambda media: int(media["length"]))
    assert original["length"] == len(data) > 2 * smaller["length"]
    assert smaller["filename"] == "一.jpg"


async def test_the_pace_of_the_own_uploads_decides_where_the_phone_thinks_the_line_is_good(
    held: Phone,
) -> None:
    line = await held.page.context.new_cdp_session(held.page)
    slow = {"offline": False, "latency": 200, "downloadThroughput": -1, "uploadThroughput": 6_000}
    await line.send("Network.enable")
    await line.send("Network.emulateNetworkConditions", slow)
    await held.page.set_input_files("#pick", [photo("一.jpg", citizen._noise(420, 300))])
    await expect(held.page.locator(".tile[data-state=stored]")).to_have_count(1, timeout=60_000)
    data = citizen._noise(2000, 1500)
    await held.page.set_input_files("#pick", [photo("二.jpg", data)])
    await expect(tile(held, "photo").nth(1)).to_contain_text("已缩小", timeout=30_000)
    await line.send("Network.emulateNetworkConditions", {**slow, "latency": 0, "uploadThroughput": -1})
    await expect(held.page.locator(".tile[data-state=stored]")).to_have_count(2, timeout=60_000)
    assert [media["length"] < len(data) / 2 for media in await sent(held)] == [True, True]


# --- with the desk, and when somebody comes


async def test_the_dispatchers_request_opens_what_was_asked_for(held: Phone, dispatcher: Dispatcher) -> None:
    await expect(held.rung("shown")).to_be_visible()
    for kind in ("video", "photo"):
        answer = await dispatcher.http.post(
            f"/console/reports/{await held.report()}/requests",
            headers={"x-csrf-token": dispatcher.csrf},
            data={"kind": kind, "text": "", "answers": "", "client_id": kind},
        )
        assert answer.status_code == 200, answer.text
    questions = held.page.locator(".question")
    await expect(questions).to_have_count(2)
    async with held.page.expect_file_chooser():
        await questions.get_by_role("button", name="拍照").tap()
    await questions.get_by_role("button", name="录像").tap()
    await expect(held.page.locator(".camera-screen")).to_be_visible()
    await held.page.locator("#capture").get_by_role("button", name="取消").tap()
    await record(held, "video", 2)
    await expect(questions.nth(0)).to_contain_text("已发送", timeout=30_000)


NO_TAKE_IS_KEPT = """async () => {
    const request = indexedDB.open("kept-files");
    const database = await new Promise((resolve) => { request.onsuccess = () => resolve(request.result); });
    const count = database.transaction("takes").objectStore("takes").count();
    const kept = await new Promise((resolve) => { count.onsuccess = () => resolve(count.result); });
    database.close();
    return kept === 0;
}"""


async def test_a_disguise_ends_the_recording_shows_nothing_of_it_and_loses_nothing(held: Phone) -> None:
    await held.page.evaluate(f"() => {{ {LISTEN} }}")
    await held.page.tap("#way-video")
    await held.page.wait_for_timeout(900)
    await held.page.locator("#capture").get_by_role("button", name="开始录像").tap()
    await expect(held.page.locator("#capture .counter")).to_have_text(re.compile("还剩 1[12] 秒"))
    address = await held.page.evaluate("location.pathname")
    await held.page.evaluate("document.cookie = 'look=weather; path=/; SameSite=Strict'; history.back()")
    await expect(held.page.locator("#covert")).to_be_visible()
    await expect(held.page.locator(".camera")).to_have_count(0)
    for hidden in ("#capture", "#composer", "#offers", "#tiles"):
        await expect(held.page.locator(hidden)).to_be_hidden()
    ended = "streams.flatMap((one) => one.getTracks()).every((one) => one.readyState === 'ended')"
    await _comes_true(held, ended)
    await held.page.evaluate("document.cookie = 'look=; path=/; SameSite=Strict; Max-Age=0'")
    await held.page.goto(address)
    await expect(held.page.locator(".offer")).to_contain_text("有一段视频没有发出")
    await held.page.locator(".offer").get_by_role("button", name="删除").tap()
    await held.page.wait_for_function(NO_TAKE_IS_KEPT)
    await held.page.reload()
    await expect(held.page.locator("#composer")).to_be_visible()
    await held.page.wait_for_timeout(1_000)
    await expect(held.page.locator(".offer")).to_have_count(0)


async def _fit_for_all(held: Phone) -> None:
    """As on every page; with nothing half under the dock, which axe takes for a target too small."""
    await held.page.evaluate("scrollTo(0, document.documentElement.scrollHeight)")
    await citizen._fit_for_all(held)


@pytest.mark.parametrize(("language", "scheme"), [("zh-CN", "light"), ("en", "dark")])
async def test_recording_and_tiles_shut_nobody_out(phone: OpenPhone, language: str, scheme: str) -> None:
    held = await phone(language=language, scheme=scheme)
    await held.page.context.grant_permissions(DEVICES)
    await _reported(held)
    await held.page.tap("#way-voice")
    await expect(held.page.locator("#capture .counter")).to_contain_text("0:01")
    await _fit_for_all(held)
    await held.page.locator("#capture .solid:visible").tap()
    await held.page.set_input_files(
        "#pick", [photo(), FilePayload(name="a.txt", mimeType="text/plain", buffer=b"x")]
    )
    await expect(held.page.locator(".tile[data-state=stored]")).to_have_count(2, timeout=30_000)
    await _fit_for_all(held)
    await held.page.tap("#way-video")
    await held.page.wait_for_timeout(900)
    await _fit_for_all(held)
    await held.page.locator("#capture .plain").tap()
    await held.page.evaluate(f"() => {{ {REFUSED} }}")
    await held.page.tap("#way-voice")
    await expect(held.page.locator("#capture input")).to_be_attached()
    await _fit_for_all(held)
