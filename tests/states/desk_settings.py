"""The desk's settings page."""

from playwright.async_api import expect

from tests.stack import DESK
from tests.states.scene import Scene, state

GROUP = "The desk's settings"


@state(GROUP, app="console", at=None)
async def settings_of_the_desk(scene: Scene) -> None:
    """The shift leader may change them."""
    await _at_settings(scene, f"{DESK}90")
    await expect(scene.page.locator("#tell_desk_s")).to_be_enabled()


@state(GROUP, app="console", at=None)
async def settings_looked_at(scene: Scene) -> None:
    """A dispatcher may look."""
    await _at_settings(scene, f"{DESK}01")
    await expect(scene.page.locator("#tell_desk_s")).to_be_disabled()


@state(GROUP, app="console", at=None)
async def settings_refused(scene: Scene) -> None:
    """The steps do not follow one another."""
    await _at_settings(scene, f"{DESK}90")
    await scene.page.fill("#tell_leader_s", "12")
    await scene.page.locator("#times button[type=submit]").click()
    await expect(scene.page.locator("#tell_leader_s-fault")).to_be_visible()


@state(GROUP, app="console", at=None)
async def settings_of_the_province(scene: Scene) -> None:
    """The province's danger words, and one that is none."""
    await _at_settings(scene, "33000090")
    await scene.page.fill("#danger-word", "，，")
    await scene.page.locator("#dangers form button[type=submit]").first.click()
    await expect(scene.page.locator("#danger-word-fault")).to_be_visible()


async def _at_settings(scene: Scene, number: str) -> None:
    await scene.at_console(number)
    await scene.page.goto(f"{scene.stack.consoles[0].url}/console/settings")
