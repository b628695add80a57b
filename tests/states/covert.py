"""静默: the page as something ordinary."""

from playwright.async_api import expect

from tests.states.scene import Scene, state

GROUP = "Covert"


@state(GROUP)
async def covert_explained(scene: Scene) -> None:
    """How it works, to be read beforehand."""
    await scene.home()
    await scene.page.click("#to-covert-help")
    await expect(scene.page.locator("#silent")).to_be_visible()


@state(GROUP)
async def weather(scene: Scene) -> None:
    """One tap from the first screen: a weather page, with a report behind it."""
    await scene.on_duty()
    await scene.sign_in()
    await scene.page.click("#to-covert")
    await expect(scene.page.locator("#covert")).to_be_visible()
