"""The conversation under the ladder."""

from uuid import UUID

from playwright.async_api import FilePayload, Route, expect

from tests.both_screens import photo
from tests.interception import intercept
from tests.states.scene import Scene, state
from tests.witness import change

GROUP = "Talking"


@state(GROUP)
async def talk(scene: Scene) -> None:
    """Words both ways; each says how far it has come."""
    report = await scene.received(scene.say("路口两车相撞", "Two cars crashed"))
    await scene.page.fill("#say", scene.say("有一人腿部受伤", "One person has a hurt leg"))
    await scene.page.click("#composer [type=submit]")
    await expect(scene.page.locator(".bubble[data-state=stored]").last).to_be_visible()
    dispatcher = await scene.on_duty()
    said = scene.say("救护车和民警已在路上，请站到路边安全处", "Help is on the way. Stand off the road.")
    assert (await dispatcher.answer(report, said)).status_code < 300
    await expect(scene.page.locator(".bubble[data-author=dispatcher]").last).to_contain_text(said)
    await scene.page.locator(".bubble").last.scroll_into_view_if_needed()


@state(GROUP)
async def question(scene: Scene) -> None:
    """A question of the dispatcher, answered by one tap."""
    report = await scene.received()
    yes_no = scene.say("是\n不是\n不知道", "Yes\nNo\nI do not know")
    await scene.ask(report, kind="answer", text=scene.say("有人受伤吗？", "Is anybody hurt?"), answers=yes_no)
    await expect(scene.page.locator(".question button").first).to_be_visible()
    await scene.page.locator(".question button").last.scroll_into_view_if_needed()


@state(GROUP)
async def answered(scene: Scene) -> None:
    """Answered."""
    await question(scene)
    await scene.page.locator(".question button").nth(1).click()
    await expect(scene.page.locator(".question .bubble-state")).to_be_visible()


@state(GROUP)
async def asked_for_a_photo(scene: Scene) -> None:
    """Asked for a photo, and for the position."""
    report = await scene.received()
    await scene.ask(report, kind="photo", text="")
    await expect(scene.page.locator(".question .solid").first).to_be_visible()
    await scene.page.locator(".question").last.scroll_into_view_if_needed()


@state(GROUP)
async def photo_sent(scene: Scene) -> None:
    """A photo that has arrived."""
    await scene.received()
    picture = FilePayload(name="photo.jpg", mimeType="image/jpeg", buffer=photo())
    await scene.page.set_input_files("#pick", [picture])
    await expect(scene.page.locator(".tile img")).to_be_visible(timeout=20_000)
    await scene.page.locator(".tile").last.scroll_into_view_if_needed()


@state(GROUP)
async def message_refused(scene: Scene) -> None:
    """Words that were not taken: why, and sent again by a tap. Here the desk has closed the report meanwhile."""
    report = await scene.received()

    async def too_late(route: Route) -> None:
        change(scene.stack, "report", {"id": UUID(report)}, status="closed")
        await route.continue_()

    await intercept(scene.page, "**/messages", too_late)
    await scene.page.fill("#say", scene.say("他们又回来了", "They are back"))
    await scene.page.click("#composer [type=submit]")
    await expect(scene.page.locator(".bubble[data-state=refused]")).to_be_visible()
    await scene.page.locator(".bubble").last.scroll_into_view_if_needed()
