"""The console's pages, at 1366 × 768."""

from playwright.async_api import expect

from tests.footage import film, voice
from tests.people import Reporter
from tests.pictures import exif, jpeg
from tests.states.scene import Scene, state

GROUP = "At the desk"


@state(GROUP, app="console", at=None)
async def console_sign_in(scene: Scene) -> None:
    """Signing in."""
    await scene.page.goto("/console/sign-in")


@state(GROUP, app="console", at=None)
async def console_sign_in_refused(scene: Scene) -> None:
    """A wrong password."""
    await scene.page.goto("/console/sign-in")
    await scene.page.fill("#number", "33010601")
    await scene.page.fill("#password", "not this")
    await scene.page.keyboard.press("Enter")
    await expect(scene.page.locator("#sign-in-error")).to_be_visible()


@state(GROUP, app="console", at=None)
async def console_quiet(scene: Scene) -> None:
    """Nothing waits."""
    await scene.at_console("33018201")


@state(GROUP, app="console", at=None)
async def console_in_hand(scene: Scene) -> None:
    """One report waits, one is in hand."""
    await scene.at_console()
    for text in ("楼上打架，听见女人喊救命", "路口两车相撞"):
        reporter = scene.people.also(await Reporter.signed_in(scene.stack.citizens[0]))
        report = await reporter.filed(text)
    await expect(scene.page.locator(f"#report-{report['id']}")).to_be_visible()
    await scene.page.keyboard.press("a")
    await expect(scene.page.locator("#reply-text")).to_be_enabled()
    await scene.page.keyboard.press("q")
    await expect(scene.page.locator("#questions")).to_be_visible()


@state(GROUP, app="console", at=None)
async def console_media(scene: Scene) -> None:
    """A photo, a video and a voice note are in hand, with where the photo was taken; one did not come through."""
    await scene.at_console()
    reporter = scene.people.also(await Reporter.signed_in(scene.stack.citizens[0]))
    report = await reporter.filed("拍到了，也录了音", media_expected=5)
    form = f"/api/v1/reports/{report['id']}/media/form"
    for filetype, data in (
        ("image/jpeg", jpeg((1200, 900), exif=exif().tobytes())),
        ("video/mp4", film(seconds=2)),
        ("audio/amr", voice("libopencore_amrnb", "amr", seconds=4)),
        ("audio/amr", b"nothing to be heard"),
    ):
        await reporter.http.post(form, files={"file": ("现场", data, filetype)})
    await expect(scene.page.locator(f"#report-{report['id']}")).to_be_visible()
    await scene.page.locator(f"#report-{report['id']}").click()
    await scene.page.keyboard.press("a")
    await expect(scene.page.locator("#media video")).to_be_visible(timeout=30_000)
    await expect(scene.page.locator("#media .voice")).to_be_visible()


@state(GROUP, app="console", at=None)
async def console_refused(scene: Scene) -> None:
    """Somebody without a desk."""
    await scene.page.goto("/console")
    await scene.page.fill("#number", "auditor")
    await scene.page.fill("#password", "desk110-demo")
    await scene.page.keyboard.press("Enter")
    await expect(scene.page.locator("form[action='/console/sign-out']")).to_be_visible()
