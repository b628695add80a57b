"""Several reports of one event."""

from playwright.async_api import expect

from tests.people import Reporter
from tests.states.scene import Scene, state

GROUP = "At the desk"


async def _three(scene: Scene) -> list[str]:
    words = (
        scene.say("文一路口两车相撞，有人流血", "Two cars crashed at Wenyi Road, somebody bleeds"),
        scene.say("路口撞车了，堵住了", "A crash at the crossing, all is blocked"),
        scene.say("看见两车相撞", "I saw two cars crash"),
    )
    found = []
    for text in words:
        reporter = scene.people.also(await Reporter.signed_in(scene.stack.citizens[0], verified=True))
        found.append((await reporter.filed(text))["id"])
    return found


@state(GROUP, app="console", at=None)
async def console_likely(scene: Scene) -> None:
    """Reports that may be of the same event, with the reasons; `Y` links the first."""
    await scene.at_console()
    first, *_ = await _three(scene)
    await scene.page.locator(f"#report-{first}").click()
    await expect(scene.page.locator("#incident [data-link]")).to_have_count(2)
    await scene.page.locator("#incident").scroll_into_view_if_needed()


@state(GROUP, app="console", at=None)
async def console_incident(scene: Scene) -> None:
    """One incident: each report keeps its own conversation, one answer goes to all who may be written to."""
    await scene.at_console()
    reports = await _three(scene)
    dispatcher = await scene.on_duty()
    for report in reports[:2]:
        assert (await dispatcher.accept(report)).status_code == 200
    for report in reports[1:]:
        answer = await dispatcher.http.post(
            f"/console/reports/{reports[0]}/incident",
            headers={"x-csrf-token": dispatcher.csrf},
            data={"with": report},
        )
        assert answer.status_code == 200, answer.text
    await scene.page.locator(f"#report-{reports[0]}").click()
    await expect(scene.page.locator(".incident-reports li")).to_have_count(3)
    await scene.page.locator("#incident").scroll_into_view_if_needed()
