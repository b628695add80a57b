"""The console's pages, at 1366 × 768."""

from playwright.async_api import expect

from tests.people import Reporter
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
async def console_refused(scene: Scene) -> None:
    """Somebody without a desk."""
    await scene.page.goto("/console")
    await scene.page.fill("#number", "auditor")
    await scene.page.fill("#password", "desk110-demo")
    await scene.page.keyboard.press("Enter")
    await expect(scene.page.locator("form[action='/console/sign-out']")).to_be_visible()
