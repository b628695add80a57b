"""Between two desks, and between two people of one, at 1366 × 768; and what reporters read of how it ended."""

from dataclasses import replace
from datetime import timedelta
from functools import partial
from typing import Any

from playwright.async_api import expect

from dispatch import unanswered
from dispatch.clock import now
from tests.domain import done, writing
from tests.people import Dispatcher, Reporter
from tests.stack import DESK
from tests.states.covert import sent
from tests.states.scene import Scene, state

GROUP = "At the desk"
OTHER = "330102"
ASKER, COLLEAGUE = f"{DESK}03", f"{DESK}01"
# A county in which no other state leaves anything.
CALM = "330182"
IN_CALM = {"lat": 29.4907, "lon": 119.4506, "crs": "wgs84", "accuracy_m": 15, "source": "gnss"}


async def _act(dispatcher: Dispatcher, report: str, act: str, **form: str) -> None:
    answer = await dispatcher.http.post(
        f"/console/reports/{report}/{act}", headers={"x-csrf-token": dispatcher.csrf}, data=form
    )
    assert answer.status_code == 200, answer.text


async def _received(
    scene: Scene, text: str, number: str, location: dict[str, Any] | None = None
) -> tuple[Dispatcher, str]:
    """A report that somebody has accepted."""
    reporter = scene.people.also(await Reporter.signed_in(scene.stack.citizens[0], location=location))
    report = (await reporter.filed(text))["id"]
    dispatcher = await scene.people.dispatcher(scene.stack.consoles[0], number)
    await _act(dispatcher, report, "acknowledgement")
    return dispatcher, report


async def _mine(scene: Scene, text: str) -> str:
    """A report that is accepted on the page by its key."""
    reporter = scene.people.also(await Reporter.signed_in(scene.stack.citizens[0]))
    report = str((await reporter.filed(text))["id"])
    card = scene.page.locator(f"#report-{report}")
    await card.click()
    await scene.page.keyboard.press("a")
    await expect(card).to_have_attribute("data-status", "received")
    await expect(scene.page.locator("#in-hand[data-page-mine]")).to_have_attribute("data-report", report)
    return report


@state(GROUP, app="console", at=None)
async def console_transfer(scene: Scene) -> None:
    """To which desk, and why? Those around the place stand first; a few letters find any other."""
    await scene.at_console()
    await _mine(scene, scene.say("河对岸有人打架", "A fight across the river"))
    await scene.page.keyboard.press("2")
    await expect(scene.page.locator("#transfer-list li").first).to_be_visible()
    await scene.page.keyboard.type("sc")
    await scene.page.keyboard.press("Enter")
    await expect(scene.page.locator("#transfer-reason")).to_be_focused()


@state(GROUP, app="console", at=None)
async def console_transfer_comes(scene: Scene) -> None:
    """Another desk would transfer a report here: it waits, with the reason and from whom."""
    await scene.at_console(f"{OTHER}02")
    asker, report = await _received(scene, scene.say("河对岸有人打架", "A fight across the river"), ASKER)
    reason = scene.say("现场在上城区", "The scene is in Shangcheng")
    await _act(asker, report, "transfer", desk=OTHER, reason=reason)
    await scene.page.locator(f"#waiting #report-{report}").click()
    await expect(scene.page.locator("#give-back")).to_be_visible()


@state(GROUP, app="console", at=None)
async def console_transfer_pending(scene: Scene) -> None:
    """The other desk has not answered: the report is in hand here, and can be taken back."""
    await scene.at_console()
    report = await _mine(scene, scene.say("河对岸有人打架", "A fight across the river"))
    same = await scene.people.dispatcher(scene.stack.consoles[0], f"{DESK}02")
    await _act(same, report, "transfer", desk=OTHER, reason=scene.say("现场在上城区", "It is in Shangcheng"))
    await expect(scene.page.locator(".banner-routing")).to_be_visible()


@state(GROUP, app="console", at=None)
async def console_transfer_returned(scene: Scene) -> None:
    """The other desk returned it, and says why."""
    await scene.at_console()
    report = await _mine(scene, scene.say("河对岸有人打架", "A fight across the river"))
    same = await scene.people.dispatcher(scene.stack.consoles[0], f"{DESK}02")
    await _act(same, report, "transfer", desk=OTHER, reason=scene.say("现场在上城区", "It is in Shangcheng"))
    there = await scene.people.dispatcher(scene.stack.consoles[0], f"{OTHER}01")
    await _act(there, report, "transfer-return", reason=scene.say("现场在西湖区一侧", "It is on your side"))
    await expect(scene.page.locator("#notices [data-kind=fault]")).to_be_visible()
    await expect(scene.page.locator("#in-hand .banner-routing")).to_be_visible()


@state(GROUP, app="console", at=None)
async def console_refer(scene: Scene) -> None:
    """Not for the police: to 12345, for a reason by its digit."""
    await scene.at_console()
    await _mine(scene, scene.say("楼下广场舞太吵", "Dancing downstairs is too loud"))
    await scene.page.keyboard.press("5")
    await expect(scene.page.locator("#referral-reason")).to_be_focused()


@state(GROUP, app="console", at=None)
async def console_refer_elsewhere(scene: Scene) -> None:
    """The scene lies outside of the province: to the 110 of that place."""
    await scene.at_console()
    report = await _mine(scene, scene.say("老人在上海走失", "My father is lost in Shanghai"))
    same = await scene.people.dispatcher(scene.stack.consoles[0], f"{DESK}02")
    await _act(same, report, "scene", client_id="s", lat="31.2304", lon="121.4737", crs="wgs84")
    await expect(scene.page.locator("#spot-scene")).to_be_visible()
    await scene.page.keyboard.press("5")
    await expect(scene.page.locator("#referral-number")).to_be_focused()


@state(GROUP, app="console", at=None)
async def console_close_handled(scene: Scene) -> None:
    """Handled: how many were caught, rescued, helped can be said."""
    await scene.at_console()
    await _mine(scene, scene.say("有人落水", "Somebody fell into the river"))
    await scene.page.keyboard.press("z")
    await scene.page.fill("#outcome-rescued", "1")


@state(GROUP, app="console", at=None)
async def console_propose(scene: Scene) -> None:
    """A false report is proposed, with a reason; a second person decides."""
    await scene.at_console()
    await _mine(scene, scene.say("银行里有炸弹", "A bomb in the bank"))
    await scene.page.keyboard.press("z")
    await scene.page.keyboard.press("5")
    await scene.page.keyboard.type(scene.say("现场没有人", "Nobody was there"))


@state(GROUP, app="console", at=None)
async def console_decide(scene: Scene) -> None:
    """A colleague proposes a false report: the second person decides."""
    await scene.at_console()
    colleague, report = await _received(scene, scene.say("银行里有炸弹", "A bomb in the bank"), COLLEAGUE)
    reason = scene.say("现场没有人，监控里只有他自己", "Nobody was there; the camera shows him alone")
    await _act(colleague, report, "proposal", outcome="false_report", reason=reason)
    await scene.page.locator(f"#taken #report-{report}").click()
    await expect(scene.page.locator("#proposal-banner")).to_be_visible()
    await scene.page.keyboard.press("z")
    await expect(scene.page.locator("#proposal")).to_be_visible()
    await scene.page.keyboard.press("2")
    await expect(scene.page.locator("#proposal-answer")).to_be_focused()


@state("The shift leader", app="console", at=None)
async def leader_asked(scene: Scene) -> None:
    """A false report waits for a second person; another desk returned a report, and one does not answer."""
    await scene.at_console(f"{CALM}90")
    asker, back = await _received(
        scene, scene.say("河对岸有人打架", "A fight across the river"), f"{CALM}01", IN_CALM
    )
    there = await scene.people.dispatcher(scene.stack.consoles[0], "33012201")
    await _act(asker, back, "transfer", desk="330122", reason=scene.say("在桐庐县", "In Tonglu"))
    await _act(there, back, "transfer-return", reason=scene.say("不在桐庐县", "Not in Tonglu"))
    asker, silent = await _received(
        scene, scene.say("山上有人迷路", "Lost in the hills"), f"{CALM}01", IN_CALM
    )
    await _act(asker, silent, "transfer", desk="330127", reason=scene.say("在淳安县", "In Chun'an"))
    with scene.stack.database.read() as session:
        (late,) = [
            one for one in unanswered.due(session, now() + timedelta(days=1)) if str(one.report) == silent
        ]
    with writing(scene.stack.database) as writer:
        done(writer, partial(unanswered.tell, late=replace(late, step=3)))
    asker, false = await _received(
        scene, scene.say("银行里有炸弹", "A bomb in the bank"), f"{CALM}02", IN_CALM
    )
    reason = scene.say("现场没有人", "Nobody was there")
    await _act(asker, false, "proposal", outcome="false_report", reason=reason)
    await scene.page.locator(f"#taken #report-{false}").click()
    await expect(scene.page.locator("#proposal-banner")).to_be_visible()
    await expect(scene.page.locator("#leader-asked-list li")).not_to_have_count(0)


async def _in_their_language(scene: Scene) -> None:
    """What the system writes to them is in the language that they chose."""
    headers = {"origin": scene.stack.citizens[0].url}
    answer = await scene.page.context.request.patch(
        f"{headers['origin']}/api/v1/me", data={"language": scene.language}, headers=headers
    )
    assert answer.status == 200, await answer.text()


async def _ended(scene: Scene, text: str, **form: str) -> str:
    """The phone's own report, accepted and closed."""
    report = await scene.received(text)
    await _in_their_language(scene)
    dispatcher = await scene.on_duty()
    await _act(dispatcher, report, "closing", **form)
    await expect(scene.page.locator("#after")).to_be_visible()
    return report


@state("The way of a report")
async def referred(scene: Scene) -> None:
    """Not a police matter: referred to 12345, with a number to tap. 已接收 stays."""
    text = scene.say("楼下广场舞太吵", "Dancing downstairs is too loud")
    await _ended(scene, text, outcome="referred", reason="noise")
    await expect(scene.page.locator("#after-calls a")).to_be_visible()
    await scene.page.locator("#after").scroll_into_view_if_needed()


@state("The way of a report")
async def closed_as_false(scene: Scene) -> None:
    """Closed as a false report by two dispatchers: said in plain words, with how to object."""
    report = await scene.received(scene.say("银行里有炸弹", "A bomb in the bank"))
    dispatcher = await scene.on_duty()
    await _act(dispatcher, report, "proposal", outcome="false_report", reason="nobody there")
    second = await scene.people.dispatcher(scene.stack.consoles[0], f"{DESK}02")
    await _act(second, report, "proposal-confirmation")
    await expect(scene.page.locator("#after")).to_be_visible()
    await scene.page.locator("#after").scroll_into_view_if_needed()


@state("The way of a report")
async def transferred(scene: Scene) -> None:
    """Another desk has it by now: the same 已接收, and who has it."""
    report = await scene.received(scene.say("河对岸有人打架", "A fight across the river"))
    dispatcher = await scene.on_duty()
    await _act(dispatcher, report, "transfer", desk=OTHER, reason="there")
    there = await scene.people.dispatcher(scene.stack.consoles[0], f"{OTHER}01")
    await _act(there, report, "transfer-acceptance")
    await expect(scene.rung("received")).to_contain_text(scene.say("上城区", "Shangcheng"))


@state("My reports")
async def my_reports_referred(scene: Scene) -> None:
    """One was referred: whom to call stands under it."""
    await _ended(
        scene, scene.say("楼下广场舞太吵", "Too loud downstairs"), outcome="referred", reason="noise"
    )
    await scene.page.goto("/reports")
    await expect(scene.page.locator("#mine-list a.call").first).to_be_visible()


@state("Covert")
async def weather_referred(scene: Scene) -> None:
    """Referred: the sign that was agreed, and a line that names no police."""
    report = await sent(scene)
    await _in_their_language(scene)
    dispatcher = await scene.on_duty()
    await _act(dispatcher, report, "acknowledgement")
    await _act(dispatcher, report, "closing", outcome="referred", reason="question")
    await expect(scene.page.locator("#covert[data-sign=referred]")).to_be_visible()
    await scene.page.locator("#covert-lines button").first.click()
