"""What stands ready at the desk: quick replies, calling back, the command line, a photo at large; at 1366 × 768."""

from playwright.async_api import expect

from tests.people import Reporter
from tests.pictures import jpeg
from tests.states.scene import Scene, state

GROUP = "At the desk"


async def _accepted(scene: Scene, text: str, **fields: object) -> tuple[Reporter, str]:
    """A report that whoever is at the console has accepted."""
    await scene.at_console()
    reporter = scene.people.also(await Reporter.signed_in(scene.stack.citizens[0]))
    report = (await reporter.filed(text, **fields))["id"]
    await scene.page.locator(f"#report-{report}").click()
    await scene.page.keyboard.press("a")
    await expect(scene.page.locator("#pick-reply")).to_be_enabled()
    return reporter, report


@state(GROUP, app="console", at=None)
async def console_quick_replies(scene: Scene) -> None:
    """Quick replies, those of the report's category first: a digit puts one into the reply."""
    await _accepted(scene, scene.say("路口两车相撞", "Two cars crashed at the crossing"), category="traffic")
    await scene.page.keyboard.press("e")
    await expect(scene.page.locator("#replies")).to_be_visible()


@state(GROUP, app="console", at=None)
async def console_covert_reply(scene: Scene) -> None:
    """A covert report: words that give nothing away go as they stand, or not at all."""
    await _accepted(scene, scene.say("别出声", "Be quiet"), covert=True)
    await scene.page.keyboard.press("e")
    await scene.page.keyboard.press("1")
    await expect(scene.page.locator("#reply-text")).to_have_js_property("readOnly", True)


@state(GROUP, app="console", at=None)
async def console_call_back(scene: Scene) -> None:
    """Calling back somebody who must not be noticed: what speaks against it, and the reasons."""
    await _accepted(scene, scene.say("他就在门外", "He is outside the door"), covert=True)
    await scene.page.keyboard.press("h")
    await expect(scene.page.locator("#call-reasons")).to_be_visible()


@state(GROUP, app="console", at=None)
async def console_command_line(scene: Scene) -> None:
    """The command line with what a search has found."""
    words = scene.say("走失的老人", "an old man is lost")
    _, report = await _accepted(scene, words, place_text=scene.say("断桥", "Broken Bridge"))
    await scene.page.keyboard.press("/")
    await scene.page.fill("#command-words", words)
    await scene.page.keyboard.press("ArrowUp")
    await scene.page.keyboard.press("Enter")
    await expect(scene.page.locator(f"#found-{report}")).to_be_visible()


@state(GROUP, app="console", at=None)
async def console_commands(scene: Scene) -> None:
    """The command line: what can be done, by its name."""
    await _accepted(scene, scene.say("有人打架", "People are fighting"))
    await scene.page.keyboard.press("/")
    await expect(scene.page.locator("#command-act-question")).to_be_visible()


@state(GROUP, app="console", at=None)
async def console_photo(scene: Scene) -> None:
    """A photo at large, twice as large as it fits."""
    reporter, report = await _accepted(scene, scene.say("拍到了", "I have a photo"))
    form = f"/api/v1/reports/{report}/media/form"
    await reporter.http.post(form, files={"file": ("a.jpg", jpeg((1600, 1200)), "image/jpeg")})
    await expect(scene.page.locator("#media a[data-view]")).to_be_visible(timeout=30_000)
    await scene.page.keyboard.press("Escape")
    await scene.page.keyboard.press("i")
    await expect(scene.page.locator("#viewer img")).to_have_js_property("naturalWidth", 1600)
    await scene.page.keyboard.press("+")
    await expect(scene.page.locator(".viewer-scale")).to_have_text("150 %")


@state(GROUP, app="console", at=None)
async def console_original(scene: Scene) -> None:
    """The original of a photo: what it may do, and why it is opened."""
    await console_photo(scene)
    await scene.page.keyboard.press("o")
    await expect(scene.page.locator("#original")).to_be_visible()
