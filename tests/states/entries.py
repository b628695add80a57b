"""The other entries: the position to be read out, a fraud, a tip-off."""

from playwright.async_api import expect

from tests.states.scene import Scene, state

GROUP = "The other entries"


async def _choose(scene: Scene, *values: str) -> None:
    """Big buttons of a guide, by what they mean."""
    for value in values:
        await scene.page.locator(f".choice-button[data-value={value}]:visible").click()


async def _on(scene: Scene, view: str) -> None:
    await scene.page.locator(f"#{view} [type=submit]").click()


@state(GROUP)
async def position_code(scene: Scene) -> None:
    """Already on the telephone with 110: one tap sends the position, and six digits are read out."""
    await scene.on_duty()
    await scene.sign_in()
    await scene.page.click("#to-location")
    await expect(scene.page.locator("#code .code-digits")).to_be_visible()
    await expect(scene.rung("shown")).to_be_visible()


@state(GROUP)
async def fraud_begun(scene: Scene) -> None:
    """A fraud is told step by step, each step one question."""
    await scene.sign_in()
    await scene.page.click("#to-fraud")
    await expect(scene.page.locator("#fraud .choice-button").first).to_be_visible()


@state(GROUP)
async def fraud_by_what(scene: Scene) -> None:
    """How they were in contact: numbers and accounts as they stand."""
    await fraud_begun(scene)
    await _choose(scene, "shop")
    await _on(scene, "fraud")
    await scene.page.locator(".moment .choice-button").click()
    await _choose(scene, "no")
    await _on(scene, "fraud")
    await _choose(scene, "call", "meeting")
    await scene.page.fill("#fraud [name=contact_call]", "00852 6155 0000")


@state(GROUP)
async def fraud_just_now(scene: Scene) -> None:
    """Money that has just gone may be stopped: the telephone first, and loudly."""
    await fraud_by_what(scene)
    await _on(scene, "fraud")
    await _choose(scene, "yes")
    await scene.page.fill("#fraud [name=amount]", "38000")
    await scene.page.locator(".moment .choice-button").click()
    await expect(scene.page.locator(".guide-loud")).to_be_visible()


@state(GROUP)
async def tip_begun(scene: Scene) -> None:
    """A tip-off: what, when and where it happens, apart from where the phone is."""
    await scene.sign_in()
    await scene.page.click("#to-tip")
    await scene.page.fill(
        "#tip [name=text]", scene.say("桥下夜里有人赌博", "They gamble under the bridge at night")
    )


@state(GROUP)
async def tip_time(scene: Scene) -> None:
    """When it happens, as exactly as somebody knows."""
    await tip_begun(scene)
    await _on(scene, "tip")
    await _choose(scene, "about")
    await scene.page.fill("#tip [name=at_text]", scene.say("夜里十一点以后", "After eleven at night"))
