"""Photos, videos and voice notes, as they are taken and as they arrive. The camera is the browser's made-up one."""

from playwright.async_api import FilePayload, expect

from tests.both_screens import photo
from tests.states.scene import Scene, state

GROUP = "Photos, videos, voice"
MAY = ["microphone", "camera"]


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
