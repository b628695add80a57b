"""The plain pages, for where scripts fail."""

from playwright.async_api import expect

from tests.both_screens import photo
from tests.states.nuisance import mark_reporter
from tests.states.scene import Scene, state

GROUP = "Without scripts, without a network"


async def signed_in(scene: Scene) -> None:
    """At the form. No script is needed for any of this; those of the checks run."""
    await scene.page.goto("/plain")
    await scene.page.fill("#phone", scene.number)
    await scene.page.click("main form button")
    await scene.page.click("main form:has(#code) button")
    await expect(scene.page.locator("#area")).to_be_visible()


async def filed(scene: Scene, text: str, area: str = "330106", picture: bool = False) -> str:
    """A report on its page, which stands still: a check must not see two of them."""
    await scene.page.fill("#text", text)
    await scene.page.select_option("#area", area)
    await scene.page.fill("#place", scene.say("灵隐路 18 号", "18 Lingyin Road"))
    if picture:
        files = [{"name": "p.jpg", "mimeType": "image/jpeg", "buffer": photo()}]
        await scene.page.set_input_files("#photos", files)  # type: ignore[arg-type]  # its stub wants its own TypedDict
    await scene.page.click(".send")
    await expect(scene.page.locator(".ladder")).to_be_visible()
    report = await scene.report()
    await still(scene, report)
    return report


async def still(scene: Scene, report: str) -> None:
    """The report's page, not asking for itself again."""
    await scene.page.goto(f"/plain/reports/{report}?still")
    await expect(scene.page.locator(".ladder")).to_be_visible()


async def received_plainly(scene: Scene) -> str:
    """An accepted report, with a question and a line from the desk."""
    dispatcher = await scene.on_duty()
    await signed_in(scene)
    report = await filed(scene, scene.say("有人在砸门", "Somebody is breaking my door"), picture=True)
    assert (await dispatcher.accept(report)).status_code == 200
    question = scene.say("您受伤了吗？", "Are you hurt?")
    await scene.ask(report, kind="answer", text=question, answers=scene.say("是\n不是", "Yes\nNo"))
    said = scene.say("警察五分钟到，请锁好门", "Officers come in five minutes. Lock the door.")
    await dispatcher.answer(report, said)
    await still(scene, report)
    return report


@state(GROUP)
async def plain_sign_in(scene: Scene) -> None:
    """The phone first: the police must be able to reach whoever reports."""
    await scene.page.goto("/plain")
    await expect(scene.page.locator("#phone")).to_be_visible()


@state(GROUP)
async def plain_code(scene: Scene) -> None:
    """The code from the text message; another one, or another number."""
    await scene.page.goto("/plain")
    await scene.page.fill("#phone", scene.number)
    await scene.page.click("main form button")
    await expect(scene.page.locator("#code")).to_be_visible()


@state(GROUP)
async def plain_form(scene: Scene) -> None:
    """The report: what happens, where, photos if there are any. Sent twice it is one."""
    await signed_in(scene)


@state(GROUP)
async def plain_form_without_a_place(scene: Scene) -> None:
    """Nothing that was written is lost by what is missing."""
    await signed_in(scene)
    await scene.page.fill("#text", scene.say("有人打架，有刀", "A fight, one has a knife"))
    await scene.page.click(".send")
    await expect(scene.page.locator("#error")).to_be_visible()


@state(GROUP)
async def plain_waiting(scene: Scene) -> None:
    """Filed, on a screen, and nobody has accepted yet. The page asks for itself again; here that is stopped."""
    await scene.on_duty()
    await signed_in(scene)
    await filed(scene, scene.say("有人在砸门", "Somebody is breaking my door"))


@state(GROUP)
async def plain_nobody_there(scene: Scene) -> None:
    """Nobody is at the desk: the telephone first, said at once."""
    await signed_in(scene)
    await filed(scene, scene.say("山洪", "A flood"), area="330127")
    await expect(scene.page.locator(".alarm")).to_be_visible()


@state(GROUP)
async def plain_received(scene: Scene) -> None:
    """已接收, with desk, number and time; a question with its answers to press, and what was said."""
    await received_plainly(scene)
    await expect(scene.page.locator("[data-rung=received][data-state=now]")).to_be_visible()


@state(GROUP)
async def plain_message(scene: Scene) -> None:
    """What is typed is typed on a page of its own, which never reloads."""
    report = await received_plainly(scene)
    await scene.page.goto(f"/plain/reports/{report}/message")
    await expect(scene.page.locator("#text")).to_be_visible()


@state(GROUP)
async def plain_photos(scene: Scene) -> None:
    """More photos."""
    report = await received_plainly(scene)
    await scene.page.goto(f"/plain/reports/{report}/photos")
    await expect(scene.page.locator("#photos")).to_be_visible()


@state(GROUP)
async def plain_withdrawal(scene: Scene) -> None:
    """Taken back, with a reason."""
    report = await received_plainly(scene)
    await scene.page.goto(f"/plain/reports/{report}/withdrawal")
    await expect(scene.page.locator("#reason-mistake")).to_be_visible()


@state(GROUP)
async def plain_name(scene: Scene) -> None:
    """The second report needs a real name; its words wait beside and go at once."""
    await received_plainly(scene)
    await scene.page.goto("/plain")
    await scene.page.fill("#text", scene.say("又来了", "They are back"))
    await scene.page.select_option("#area", "330106")
    await scene.page.click(".send")
    await expect(scene.page.locator("#id-number")).to_be_visible()


@state(GROUP)
async def plain_reports(scene: Scene) -> None:
    """My reports, newest first."""
    await received_plainly(scene)
    await scene.page.goto("/plain/reports")
    await expect(scene.page.locator(".row")).to_be_visible()


@state(GROUP)
async def plain_reports_marked(scene: Scene) -> None:
    """My reports of somebody who is marked as a nuisance: said first, with the way to the appeal."""
    await mark_reporter(scene, await received_plainly(scene))
    await scene.page.goto("/plain/reports")
    await expect(scene.page.locator(".marked .way")).to_be_visible()


@state(GROUP)
async def plain_mark(scene: Scene) -> None:
    """Marked as a nuisance: why, until when, and the one appeal."""
    report = await received_plainly(scene)
    await mark_reporter(scene, report)
    await scene.page.goto("/plain/reports")
    await scene.page.click(".marked .way")
    await expect(scene.page.locator("#text")).to_be_visible()


@state(GROUP)
async def plain_not_found(scene: Scene) -> None:
    """What there is not, with whom to call all the same."""
    await signed_in(scene)
    await scene.page.goto("/plain/reports/x")
    await expect(scene.page.locator("#error")).to_be_visible()
