"""静默: the page as something ordinary."""

from playwright.async_api import Route, expect

from tests.interception import intercept
from tests.people import eventually
from tests.states.a_report import FILING
from tests.states.afterwards import close
from tests.states.first_screen import SHANGHAI
from tests.states.scene import Scene, state

GROUP = "Covert"


async def sent(scene: Scene) -> str:
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


async def _weather(scene: Scene) -> None:
    """Signed in, and disguised by one tap."""
    await scene.sign_in()
    await scene.page.click("#to-covert")
    await expect(scene.page.locator("#covert[data-look=weather]")).to_be_visible()


async def _shows(scene: Scene, sign: str, within_ms: float = 20_000) -> None:
    await expect(scene.page.locator(f"#covert[data-sign={sign}]")).to_be_visible(timeout=within_ms)


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
    await sent(scene)
    await expect(scene.page.locator("#covert[data-sign=waiting]")).to_be_visible()


@state(GROUP)
async def weather_received(scene: Scene) -> None:
    """已接收, as the sign that was agreed."""
    report = await sent(scene)
    dispatcher = await scene.on_duty()
    assert (await dispatcher.accept(report)).status_code == 200
    await expect(scene.page.locator("#covert[data-sign=received]")).to_be_visible()


@state(GROUP)
async def weather_late(scene: Scene) -> None:
    """Not accepted after 15 s: a tap on the line gives two words that call and text."""
    await sent(scene)
    await _shows(scene, "late", 25_000)
    await scene.page.click("#covert-sign")
    await expect(scene.page.locator("#covert-ways")).to_be_visible()


@state(GROUP)
async def weather_failed(scene: Scene) -> None:
    """Not at the server after 10 s; it tries again by itself."""
    await _weather(scene)

    async def lose(route: Route) -> None:
        await route.abort()

    await intercept(scene.page, FILING, lose)
    await scene.page.click("#covert-act")
    await _shows(scene, "failed", 20_000)


@state(GROUP)
async def weather_lost(scene: Scene) -> None:
    """Nothing was heard of the desk for 18 s: nobody knows how it stands."""
    await sent(scene)
    await scene.page.context.set_offline(True)
    await _shows(scene, "lost", 40_000)


@state(GROUP, at=SHANGHAI)
async def weather_none(scene: Scene) -> None:
    """Not taken: no desk for this place."""
    await _weather(scene)
    await scene.page.click("#covert-act")
    await _shows(scene, "none")


@state(GROUP)
async def weather_login(scene: Scene) -> None:
    """The phone has to be proved first: asked for as anything else asks for it."""
    await scene.home()
    await scene.page.click("#to-covert")
    await scene.page.click("#covert-act")
    await _shows(scene, "login")
    await expect(scene.page.locator("#covert-need form")).to_be_visible()


@state(GROUP, at=None)
async def weather_place(scene: Scene) -> None:
    """The phone tells no position: the place is asked for, as the weather asks for a city."""
    await _weather(scene)
    await scene.page.click("#covert-act")
    await _shows(scene, "place")
    await expect(scene.page.locator("#covert-need form")).to_be_visible()


@state(GROUP)
async def weather_done(scene: Scene) -> None:
    """Closed, however it ended."""
    report = await sent(scene)
    dispatcher = await scene.on_duty()
    assert (await dispatcher.accept(report)).status_code == 200
    await close(scene, report, "handled")
    await _shows(scene, "done")


@state(GROUP)
async def notes(scene: Scene) -> None:
    """The notes: what is written goes to the desk with the button that saves it."""
    await weather(scene)
    await expect(scene.page.locator("#covert[data-live]")).to_be_visible()
    await scene.page.click("[data-to=notes]")
    await expect(scene.page.locator("#covert[data-look=notes]")).to_be_visible()
    await scene.page.fill("#covert-text", scene.say("牛奶、鸡蛋、青菜", "Milk, eggs, greens"))


@state(GROUP)
async def calculator(scene: Scene) -> None:
    """The calculator, which calculates: a digit and its memory key say what was agreed."""
    await weather(scene)
    await expect(scene.page.locator("#covert[data-live]")).to_be_visible()
    await scene.page.click("[data-to=calculator]")
    for key in ("1", "2", "×", "8", "="):
        await scene.page.click(f"[data-press='{key}']")
    await expect(scene.page.locator("#covert-display")).to_contain_text("96")


@state(GROUP)
async def covert_question(scene: Scene) -> None:
    """A question of the dispatcher: a line that opens when it is tapped, and closes by itself."""
    report = await sent(scene)
    dispatcher = await scene.on_duty()
    assert (await dispatcher.accept(report)).status_code == 200
    yes_no = scene.say("是\n不是\n不知道", "Yes\nNo\nI do not know")
    await scene.ask(
        report, kind="answer", text=scene.say("对方还在吗？", "Are they still there?"), answers=yes_no
    )
    await scene.page.locator("#covert-lines button").first.click()
    await expect(scene.page.locator(".covert-answers button").first).to_be_visible()


@state(GROUP)
async def covert_video(scene: Scene) -> None:
    """A video is asked for: filmed while the weather stays, by the phone's own camera, or from the album."""
    report = await sent(scene)
    dispatcher = await scene.on_duty()
    assert (await dispatcher.accept(report)).status_code == 200
    await scene.ask(
        report, kind="video", text=scene.say("能悄悄拍一下吗？", "Can you film it without being seen?")
    )
    await scene.page.locator("#covert-lines button").first.click()
    await expect(scene.page.locator(".covert-answers [data-film]")).to_be_visible()


@state(GROUP)
async def covert_filming(scene: Scene) -> None:
    """Filming: only the seconds beside the line move."""
    await covert_video(scene)
    await scene.page.locator("[data-film]").click()
    await expect(scene.page.locator("#covert-lines button").first).to_contain_text("1″")
