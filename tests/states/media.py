"""Photos, videos and voice notes, as they are taken and as they arrive. The camera is the browser's made-up one."""

import json
import re
from collections.abc import Awaitable, Callable

from playwright.async_api import FilePayload, Route, expect

from tests.both_screens import photo
from tests.footage import film
from tests.interception import intercept
from tests.states.scene import Scene, state

GROUP = "Photos, videos, voice"
MAY = ["microphone", "camera"]
UPLOADS = re.compile(r"/api/v1/reports/[^/]+/media(?:/|$)")


@state(GROUP)
async def photos_sent(scene: Scene) -> None:
    """Several photos, each with how far it is; text and position never wait for them."""
    await scene.received()
    pictures = [FilePayload(name=f"{n}.jpg", mimeType="image/jpeg", buffer=photo()) for n in range(3)]
    await scene.page.set_input_files("#pick", pictures)
    await expect(scene.page.locator(".tile img:visible")).to_have_count(3, timeout=30_000)
    await scene.page.locator(".tile").last.scroll_into_view_if_needed()


@state(GROUP, permissions=MAY)
async def voice_being_recorded(scene: Scene) -> None:
    """A voice note while it is spoken: kept second by second, ended and sent by one tap."""
    await scene.received()
    await scene.page.click("#way-voice")
    await expect(scene.page.locator("#capture .counter")).to_contain_text("0:02")


@state(GROUP, permissions=MAY)
async def video_being_recorded(scene: Scene) -> None:
    """A video of 15 s at most, in the page."""
    await scene.received()
    await scene.page.click("#way-video")
    await expect(scene.page.locator("#capture button").first).to_be_visible()


@state(GROUP)
async def microphone_refused(scene: Scene) -> None:
    """Without the permission: the phone's own recorder, and the words."""
    refusal = "() => Promise.reject(new DOMException('', 'NotAllowedError'))"
    await scene.page.add_init_script(f"navigator.mediaDevices.getUserMedia = {refusal};")
    await scene.received()
    await scene.page.click("#way-voice")
    await expect(scene.page.locator("#capture input[type=file]")).to_be_attached()


async def _sent(scene: Scene, handler: Callable[[Route], Awaitable[None]], words: str) -> None:
    """A photo whose way to the server a state stands in."""
    await scene.received()
    await intercept(scene.page, UPLOADS, handler)
    picture = FilePayload(name=words, mimeType="image/jpeg", buffer=photo())
    await scene.page.set_input_files("#pick", [picture])


@state(GROUP)
async def photo_not_taken(scene: Scene) -> None:
    """A photo that the server did not take: why, and sent again by a tap."""

    async def refuse(route: Route) -> None:
        detail = scene.say("照片不能超过 20 MB。", "A photo must not be larger than 20 MB.")
        problem = {"code": "photo_too_large", "status": 413, "detail": detail}
        await route.fulfill(status=413, content_type="application/problem+json", body=json.dumps(problem))

    await _sent(scene, refuse, scene.say("现场.jpg", "scene.jpg"))
    await expect(scene.page.locator(".tile[data-state=refused] .tile-again")).to_be_visible()
    await scene.page.locator(".tile").scroll_into_view_if_needed()


@state(GROUP)
async def photo_tried_again(scene: Scene) -> None:
    """A photo whose line broke: it goes on by itself from where it stopped."""

    async def break_off(route: Route) -> None:
        await (route.abort() if route.request.method == "PATCH" else route.continue_())

    await _sent(scene, break_off, scene.say("现场.jpg", "scene.jpg"))
    await expect(scene.page.locator(".tile[data-retrying] progress")).to_be_visible()
    await scene.page.locator(".tile").scroll_into_view_if_needed()


@state(GROUP)
async def video_rejected(scene: Scene) -> None:
    """A file that cannot be read: said on its tile, with why. Nothing is left to be done about it."""
    await scene.received()
    broken = FilePayload(name="x.mp4", mimeType="video/mp4", buffer=b"no video at all" * 400)
    await scene.page.set_input_files("#pick", [broken])
    await expect(scene.page.locator(".tile[data-state=rejected]")).to_be_visible(timeout=60_000)
    await scene.page.locator(".tile").scroll_into_view_if_needed()


@state(GROUP)
async def long_video(scene: Scene) -> None:
    """A video that is too long: its first 15 s, or nothing."""
    await scene.received()
    long = film("libvpx", "webm", size=(160, 90), rate=5, seconds=19, sound=None)
    name = scene.say("现场.webm", "scene.webm")
    await scene.page.set_input_files("#pick", [FilePayload(name=name, mimeType="video/webm", buffer=long)])
    await expect(scene.page.locator(".offer button").first).to_be_visible()


@state(GROUP, permissions=MAY)
async def recording_cut_off(scene: Scene) -> None:
    """A voice note that the phone cut off before it was sent: offered on its report, never sent by itself."""
    await voice_being_recorded(scene)
    await scene.page.reload()
    await expect(scene.page.locator(".offer button").first).to_be_visible()
