"""The desk's map: the column of a wide screen, the panel of a narrow one."""

from typing import Any

from playwright.async_api import expect

from tests.people import Reporter
from tests.states.scene import Scene, state

GROUP = "At the desk"
WIDE = {"width": 1920, "height": 1080}


async def _in_hand(scene: Scene) -> dict[str, Any]:
    """A report with a position, a trail and words about the place is in hand; another waits."""
    await scene.at_console()
    await scene.people.also(await Reporter.signed_in(scene.stack.citizens[0])).filed("路口两车相撞")
    reporter = scene.people.also(await Reporter.signed_in(scene.stack.citizens[0]))
    report = await reporter.filed("楼上打架，听见女人喊救命", place_text="灵隐街道 3 号楼")
    for step in range(3):
        moved = {**reporter.location, "lat": reporter.location["lat"] + step / 500}
        answer = await reporter.http.post(f"/api/v1/reports/{report['id']}/locations", json=moved)
        assert answer.status_code == 204, answer.text
    await scene.page.locator(f"#report-{report['id']}").click()
    await expect(scene.page.locator("#spot-reporter")).to_be_visible()
    return report


@state(GROUP, app="console", at=None)
async def console_map(scene: Scene) -> None:
    """A report in hand with its three places, on the map and in words; its scene was just placed by keys."""
    await scene.page.set_viewport_size(WIDE)  # type: ignore[arg-type]  # its stub wants its own TypedDict
    await _in_hand(scene)
    await expect(scene.page.locator(".map-county-own").first).to_be_attached()
    for key in ("x", "l", "ArrowRight", "ArrowRight", "Shift+ArrowDown", "Enter"):
        await scene.page.keyboard.press(key)
    await expect(scene.page.locator("#spot-scene")).to_be_visible()
    await expect(scene.page.locator(".map-spot [data-spot=scene]")).to_be_visible()


@state(GROUP, app="console", at=None)
async def console_map_placing(scene: Scene) -> None:
    """The map as a panel over the report, its key pressed; the scene is being placed."""
    await _in_hand(scene)
    await scene.page.keyboard.press("x")
    await expect(scene.page.locator(".map-county-own").first).to_be_attached()
    await scene.page.keyboard.press("l")
    await scene.page.keyboard.press("ArrowRight")
    await expect(scene.page.locator("#map-bar")).to_be_visible()
