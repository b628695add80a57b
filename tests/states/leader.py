"""The shift leader's own line, and a card that says why it stands where it stands."""

from functools import partial
from uuid import UUID

from playwright.async_api import expect

from dispatch.escalation import TOLD_LEADER, Due, escalate
from tests.domain import done, writing
from tests.people import Reporter
from tests.stack import DESK
from tests.states.scene import Scene, state

GROUP = "The shift leader"


@state(GROUP, app="console", at=None)
async def leader_calm(scene: Scene) -> None:
    """Nobody waits too long."""
    await scene.at_console("33012290")
    await expect(scene.page.locator("#leader-load li")).to_have_count(1)


@state(GROUP, app="console", at=None)
async def leader_told(scene: Scene) -> None:
    """Somebody has waited so long that the shift leader was told; their card says why it stands first."""
    await scene.at_console(f"{DESK}90")
    reporter = scene.people.also(await Reporter.signed_in(scene.stack.citizens[0]))
    report = await reporter.filed(scene.say("他手里有刀", "he has a knife"))
    due = Due(UUID(report["id"]), DESK, None, TOLD_LEADER)
    with writing(scene.stack.database) as writer:
        done(writer, partial(escalate, late=due), DESK)
    await expect(scene.page.locator(f"#leader-late [data-of='{report['id']}']")).to_be_visible()
    await scene.page.locator(f"#report-{report['id']}").click()
    await scene.page.keyboard.press("w")
    await expect(scene.page.locator(f"#report-{report['id']} .card-why")).to_be_visible()
