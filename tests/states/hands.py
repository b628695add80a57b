"""Whose hands a report is in, at 1366 × 768."""

from playwright.async_api import expect

from tests.people import Dispatcher, Reporter
from tests.states.scene import Scene, state

GROUP = "At the desk"
COLLEAGUE, ANOTHER = "33010603", "33010601"


async def _in_hand(scene: Scene, text: str, number: str) -> tuple[Dispatcher, str]:
    """A report that a colleague has accepted."""
    reporter = scene.people.also(await Reporter.signed_in(scene.stack.citizens[0]))
    report = (await reporter.filed(text))["id"]
    colleague = await scene.people.dispatcher(scene.stack.consoles[0], number)
    assert (await colleague.accept(report)).status_code == 200
    return colleague, report


async def _act(dispatcher: Dispatcher, report: str, act: str, **form: str) -> None:
    answer = await dispatcher.http.post(
        f"/console/reports/{report}/{act}", headers={"x-csrf-token": dispatcher.csrf}, data=form
    )
    assert answer.status_code == 200, answer.text


@state(GROUP, app="console", at=None)
async def console_put_back(scene: Scene) -> None:
    """One report was put back and waits for anybody, one is a colleague's, one waits to be accepted."""
    await scene.at_console()
    waits = scene.people.also(await Reporter.signed_in(scene.stack.citizens[0]))
    await waits.filed(scene.say("路口两车相撞", "Two cars crashed at the crossing"))
    await _in_hand(scene, scene.say("楼下有人吵架", "A quarrel downstairs"), ANOTHER)
    text = scene.say("老人走失，穿蓝色外套", "An old man is lost, blue jacket")
    colleague, report = await _in_hand(scene, text, COLLEAGUE)
    await _act(colleague, report, "release", reason=scene.say("要离开座位", "I must leave my seat"))
    await scene.page.locator(f"#released #report-{report}").click()
    await expect(scene.page.locator("#hands .accept")).to_be_visible()


@state(GROUP, app="console", at=None)
async def console_take_over(scene: Scene) -> None:
    """A colleague's report is to be taken over: why?"""
    await scene.at_console()
    _, report = await _in_hand(scene, scene.say("楼下有人吵架", "A quarrel downstairs"), COLLEAGUE)
    await scene.page.locator(f"#taken #report-{report}").click()
    await expect(scene.page.locator("#in-hand")).to_have_attribute("data-report", report)
    await scene.page.keyboard.press("t")
    await expect(scene.page.locator("#reason-text")).to_be_focused()


@state(GROUP, app="console", at=None)
async def console_close(scene: Scene) -> None:
    """The report in hand is done: how did it end?"""
    await scene.at_console()
    reporter = scene.people.also(await Reporter.signed_in(scene.stack.citizens[0]))
    report = (await reporter.filed(scene.say("电话一直响，没人说话", "The phone rings and nobody speaks")))[
        "id"
    ]
    card = scene.page.locator(f"#report-{report}")
    await card.click()
    await scene.page.keyboard.press("a")
    await expect(card).to_have_attribute("data-status", "received")
    await scene.page.keyboard.press("z")
    await scene.page.keyboard.press("2")
    await expect(scene.page.locator("#outcome-reason")).to_be_focused()


async def begin_shift(dispatcher: Dispatcher) -> None:
    answer = await dispatcher.http.post("/console/shift", headers={"x-csrf-token": dispatcher.csrf})
    assert answer.status_code == 200, answer.text


@state(GROUP, app="console", at=None)
async def console_hand_over(scene: Scene) -> None:
    """The shift ends: to whom goes what is in hand, and what is the next shift to do?"""
    mine = await scene.people.dispatcher(scene.stack.consoles[0], "33010602")
    _, report = await _in_hand(scene, scene.say("楼下有人吵架", "A quarrel downstairs"), "33010602")
    await begin_shift(mine)
    await begin_shift(await scene.people.dispatcher(scene.stack.consoles[0], COLLEAGUE))
    await scene.at_console()
    await scene.page.keyboard.press("s")
    await expect(scene.page.locator(f"#to-{report}")).to_be_visible()


@state(GROUP, app="console", at=None)
async def console_colleagues(scene: Scene) -> None:
    """Who is on; a colleague looks at the same report, and a note stands beside it."""
    colleague, report = await _in_hand(scene, scene.say("楼下有人吵架", "A quarrel downstairs"), COLLEAGUE)
    await begin_shift(colleague)
    await scene.at_console()
    await scene.page.locator(f"#taken #report-{report}").click()
    note = {"client_id": "s1", "text": scene.say("邻居说他常来", "A neighbour says he comes often")}
    await colleague.http.post(
        f"/console/reports/{report}/notes", headers={"x-csrf-token": colleague.csrf}, data=note
    )
    assert colleague.socket is not None
    await colleague.socket.send(f'{{"type":"looking","report":"{report}"}}')
    await expect(scene.page.locator("#looking")).not_to_be_empty()
    await expect(scene.page.locator("#desk-notes li")).to_have_count(1)
    await scene.page.keyboard.press("c")
    await expect(scene.page.locator("#colleagues tbody tr")).not_to_have_count(0)
