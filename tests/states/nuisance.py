"""One person's flood, a nuisance marked and the appeal against it, at 1366 × 768; and what the person reads."""

from playwright.async_api import expect

from tests.people import Dispatcher, Reporter
from tests.states.scene import Scene, state

# A county in which no other state leaves anything.
QUIET = "330781"
IN_QUIET = {"lat": 29.273719, "lon": 119.5168, "crs": "wgs84", "accuracy_m": 5, "source": "gnss"}


async def _flood(scene: Scene) -> tuple[Reporter, list[str]]:
    """Five of one person, and one of somebody else."""
    app = scene.stack.citizens[0]
    pest = scene.people.also(await Reporter.signed_in(app, verified=True, location=IN_QUIET))
    other = scene.people.also(await Reporter.signed_in(app, location=IN_QUIET))
    words = scene.say("你们管不管", "Do you do anything at all?")
    ids = [(await pest.filed(f"{words} {n}"))["id"] for n in range(5)]
    await other.filed(scene.say("楼下有人摔倒了", "Somebody fell downstairs"))
    return pest, ids


async def _marked(scene: Scene, report: str) -> None:
    leader = scene.people.also(await Dispatcher.signed_in(scene.stack.consoles[0], f"{QUIET}90"))
    why = scene.say("一晚上五次，接通就骂人", "Five times in one evening, and only insults")
    answer = await leader.http.post(
        f"/console/reports/{report}/mark",
        headers={"x-csrf-token": leader.csrf},
        data={"category": "harassment", "reason": why},
    )
    assert answer.status_code == 200, answer.text


@state("At the desk", app="console", at=None)
async def console_flood(scene: Scene) -> None:
    """One person's reports on one card, opened: each by itself, or all in one act."""
    await scene.at_console(f"{QUIET}01")
    _, ids = await _flood(scene)
    await _marked(scene, ids[0])
    await expect(scene.page.locator("#waiting .flood .sign-marked")).to_be_attached()
    await scene.page.locator("#waiting .flood").first.click()
    await expect(scene.page.locator(".flood-line").first).to_be_visible()
    await scene.page.keyboard.press("4")
    await expect(scene.page.locator("#flood-reason")).to_be_visible()


@state("The shift leader", app="console", at=None)
async def leader_appeal(scene: Scene) -> None:
    """Somebody who is marked as a nuisance appeals; the shift leader reads both sides and answers."""
    await scene.at_console(f"{QUIET}90")
    pest, ids = await _flood(scene)
    await _marked(scene, ids[0])
    text = scene.say("是我孩子按的，手机已经收起来了", "It was my child; I have taken the phone away.")
    await pest.http.post("/api/v1/me/mark/appeal", json={"text": text})
    await scene.page.locator("#leader-appeals-list button").last.click()
    await expect(scene.page.locator("#appeal .appeal-words")).to_be_visible()


@state("My reports")
async def my_reports_marked(scene: Scene) -> None:
    """Marked as a nuisance: why, until when, and the one appeal."""
    await mark_reporter(scene, await scene.received(scene.say("喂喂喂", "Hello hello")))
    await scene.page.goto("/reports")
    await scene.page.locator(".marked-appeal summary").click()
    await expect(scene.page.locator("[name=appeal]")).to_be_visible()


async def mark_reporter(scene: Scene, report: str) -> None:
    """The shift leader of the report's desk marks who filed it."""
    leader = scene.people.also(await Dispatcher.signed_in(scene.stack.consoles[0], "33010690"))
    form = {"category": "empty", "reason": scene.say("反复空报", "empty again and again")}
    answer = await leader.http.post(
        f"/console/reports/{report}/mark", headers={"x-csrf-token": leader.csrf}, data=form
    )
    assert answer.status_code == 200, answer.text
