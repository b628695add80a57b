"""我的报警记录."""

from playwright.async_api import expect

from tests.states.scene import Scene, state

GROUP = "My reports"


@state(GROUP)
async def my_reports(scene: Scene) -> None:
    """Each with its state; only 已接收 means success."""
    await scene.received(
        scene.say("老人走失，穿蓝色外套", "My grandfather is missing. He wears a blue coat.")
    )
    await scene.page.goto("/reports")
    await expect(scene.page.locator(".row").first).to_be_visible()


@state(GROUP)
async def no_reports(scene: Scene) -> None:
    """None yet."""
    await scene.sign_in()
    await scene.page.goto("/reports")
    await expect(scene.page.locator("#mine-empty span")).not_to_be_empty()


@state(GROUP)
async def my_reports_signed_out(scene: Scene) -> None:
    """Signed out: the phone first."""
    await scene.page.goto("/reports")
    await expect(scene.page.locator("#mine-sign-in form")).to_be_visible()
