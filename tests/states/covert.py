"""静默: the page as something ordinary."""

from playwright.async_api import expect

from tests.people import eventually
from tests.states.scene import Scene, state

GROUP = "Covert"


async def _sent(scene: Scene) -> str:
    """A report from behind the weather. Gives its id."""
    dispatcher = await scene.on_duty()
    before = set(dispatcher.cards)
    await scene.sign_in()
    await scene.page.click("#to-covert")
    await expect(scene.page.locator("#covert")).to_be_visible()
    await scene.page.click("#covert-act")
    await eventually(lambda: set(dispatcher.cards) - before, 15, "the desk sees the report")
    return (set(dispatcher.cards) - before).pop()


@state(GROUP)
async def covert_explained(scene: Scene) -> None:
    """How it works, to be read beforehand, with the signs and the words for each look."""
    await scene.home()
    await scene.page.click("#to-covert-help")
    await expect(scene.page.locator("#silent")).to_be_visible()


@state(GROUP)
async def weather(scene: Scene) -> None:
    """One tap from the first screen: the weather. Its button files the report."""
    await scene.on_duty()
    await scene.sign_in()
    await scene.page.click("#to-covert")
    await expect(scene.page.locator("#covert[data-look=weather]")).to_be_visible()


@state(GROUP)
async def weather_waiting(scene: Scene) -> None:
    """Filed, and not accepted yet: a sign that only its reader knows."""
    await _sent(scene)
    await expect(scene.page.locator("#covert[data-sign=waiting]")).to_be_visible()


@state(GROUP)
async def weather_received(scene: Scene) -> None:
    """已接收, as the sign that was agreed."""
    report = await _sent(scene)
    dispatcher = await scene.on_duty()
    assert (await dispatcher.accept(report)).status_code == 200
    await expect(scene.page.locator("#covert[data-sign=received]")).to_be_visible()


@state(GROUP)
async def notes(scene: Scene) -> None:
    """The notes: what is written goes to the desk with the button that saves it."""
    await weather(scene)
    await scene.page.click("[data-to=notes]")
    await expect(scene.page.locator("#covert[data-look=notes]")).to_be_visible()
    await scene.page.fill("#covert-text", scene.say("牛奶、鸡蛋、青菜", "Milk, eggs, greens"))


@state(GROUP)
async def calculator(scene: Scene) -> None:
    """The calculator, which calculates: a digit and its memory key say what was agreed."""
    await weather(scene)
    await scene.page.click("[data-to=calculator]")
    for key in ("1", "2", "×", "8", "="):
        await scene.page.click(f"[data-press='{key}']")
    await expect(scene.page.locator("#covert-display")).to_contain_text("96")


@state(GROUP)
async def covert_question(scene: Scene) -> None:
    """A question of the dispatcher: a line that opens when it is tapped, and closes by itself."""
    report = await _sent(scene)
    dispatcher = await scene.on_duty()
    assert (await dispatcher.accept(report)).status_code == 200
    yes_no = scene.say("是\n不是\n不知道", "Yes\nNo\nI do not know")
    await scene.ask(
        report, kind="answer", text=scene.say("对方还在吗？", "Are they still there?"), answers=yes_no
    )
    await scene.page.locator("#covert-lines button").first.click()
    await expect(scene.page.locator(".covert-answers button").first).to_be_visible()
