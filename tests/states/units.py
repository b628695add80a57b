"""Units: whom to send, where they are, and what the reporter reads of it."""

import re

from playwright.async_api import expect

from tests.people import Dispatcher, Reporter
from tests.stack import DESK
from tests.states.scene import Scene, state
from tests.unit_work import act, all_clear, send, sendings_of, to_the_scene, units_at

GROUP = "At the desk"
SETTINGS = "The desk's settings"
REPORTERS = "The way of a report"
COLLEAGUE = f"{DESK}03"


async def _everybody_free(scene: Scene) -> Dispatcher:
    """A colleague at the desk, whose units are all free."""
    colleague = await scene.people.dispatcher(scene.stack.consoles[0], COLLEAGUE)
    for report in {str(unit.out.report) for unit in units_at(scene.stack.database) if unit.out}:
        await all_clear(colleague, scene.stack.database, report)
    return colleague


async def _colleagues(scene: Scene, colleague: Dispatcher) -> str:
    """A report of a colleague's, to which a unit was sent."""
    reporter = scene.people.also(await Reporter.signed_in(scene.stack.citizens[0]))
    report = (await reporter.filed(scene.say("楼下有人吵架", "A quarrel downstairs")))["id"]
    assert (await colleague.accept(report)).status_code == 200
    assert (await send(colleague, report, units_at(scene.stack.database)[-1])).status_code == 200
    return str(report)


async def _in_hand(scene: Scene) -> str:
    """A report that was accepted on the page."""
    await scene.at_console()
    reporter = scene.people.also(await Reporter.signed_in(scene.stack.citizens[0]))
    report = (await reporter.filed(scene.say("路口两车相撞", "Two cars crashed at the crossing")))["id"]
    await scene.page.locator(f"#report-{report}").click()
    await scene.page.keyboard.press("a")
    await expect(scene.page.locator("#send-units")).to_be_visible()
    return str(report)


@state(GROUP, app="console", at=None)
async def console_units(scene: Scene) -> None:
    """Whom to send: the free units, the nearest first, and where the others are."""
    await _colleagues(scene, await _everybody_free(scene))
    await _in_hand(scene)
    await scene.page.keyboard.press("u")
    await expect(scene.page.locator("#units-busy li")).to_have_count(1)
    await scene.page.keyboard.press("1")
    await scene.page.keyboard.press("3")
    await expect(scene.page.locator("#units-count")).to_have_text("2")


@state(GROUP, app="console", at=None)
async def console_units_lost(scene: Scene) -> None:
    """A colleague was first: who, for which report, and the nearest free unit is chosen instead."""
    colleague = await _everybody_free(scene)
    theirs = await _colleagues(scene, colleague)
    await _in_hand(scene)
    await scene.page.keyboard.press("u")
    await expect(scene.page.locator("#units-free [data-unit]").first).to_be_visible()
    await scene.page.route("**/units", lambda route: route.abort())
    first = await scene.page.locator("#units-free [data-unit]").first.get_attribute("data-unit")
    wanted = next(unit for unit in units_at(scene.stack.database) if str(unit.id) == first)
    assert (await send(colleague, theirs, wanted)).status_code == 200
    await scene.page.keyboard.press("1")
    await scene.page.keyboard.press("Enter")
    await expect(scene.page.locator(".units-lost")).to_be_visible()


@state(GROUP, app="console", at=None)
async def console_units_out(scene: Scene) -> None:
    """One unit is on its way, one at the scene, one is clear: each with its time, on the report and on the map."""
    colleague = await _everybody_free(scene)
    report = await _in_hand(scene)
    database = scene.stack.database
    first, second, third = units_at(database)[:3]
    assert (await send(colleague, report, first, second)).status_code == 200
    await to_the_scene(colleague, database, report)
    done = sendings_of(database, report)[0].id
    words = scene.say("已调解，双方离开", "Settled, both sides left")
    assert (await act(colleague, report, "clearings", sendings=done, reason=words)).status_code == 200
    assert (await send(colleague, report, third)).status_code == 200
    for reached in ("clear", "on_scene", "dispatched"):
        await expect(scene.page.locator(f"#units-out [data-state={reached}]")).to_have_count(1)


@state(GROUP, app="console", at=None)
async def console_unit_clear(scene: Scene) -> None:
    """A unit is done there: what was done, by a digit or in words."""
    colleague = await _everybody_free(scene)
    report = await _in_hand(scene)
    assert (await send(colleague, report, units_at(scene.stack.database)[0])).status_code == 200
    await to_the_scene(colleague, scene.stack.database, report)
    await expect(scene.page.locator("#units-out [data-state=on_scene]")).to_have_count(1)
    await scene.page.keyboard.press("u")
    await expect(scene.page.locator("#units-here button")).to_have_count(1)
    await scene.page.keyboard.press("a")
    await expect(scene.page.locator("#clearing-text")).to_be_focused()


@state(SETTINGS, app="console", at=None)
async def settings_units(scene: Scene) -> None:
    """The desk's units and officers, and what reporters read; a position that is none."""
    await scene.at_console(f"{DESK}90")
    await scene.page.goto(f"{scene.stack.consoles[0].url}/console/settings")
    unit = scene.page.locator("#units .ready-one").first
    await unit.locator("summary").click()
    await unit.locator("[name=place]").fill(scene.say("断桥", "the bridge"))
    await unit.locator("form:has([value=place]) button").click()
    await expect(scene.page.locator("#units .setting-fault")).to_be_visible()


async def _sent(scene: Scene) -> str:
    colleague = await _everybody_free(scene)
    report = await scene.received(scene.say("有人在砸门", "Somebody is breaking in"))
    assert (await send(colleague, report, units_at(scene.stack.database)[0])).status_code == 200
    return report


@state(REPORTERS)
async def units_sent(scene: Scene) -> None:
    """已派警: said in words under 已接收, which stays the only thing that is green."""
    await _sent(scene)
    await expect(scene.page.locator("#after")).to_be_visible()


@state(REPORTERS)
async def units_on_scene(scene: Scene) -> None:
    """已到场: with both times."""
    report = await _sent(scene)
    await to_the_scene(await scene.on_duty(), scene.stack.database, report)
    await expect(scene.page.locator("#after")).to_contain_text(re.compile(r"(\d\d:\d\d:\d\d.*){2}"))
