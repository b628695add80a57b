"""The console's line in every state of its lamp, and what stands over the page: keys, a lost race, an alarm."""

from playwright.async_api import expect

from dispatch.words import Words
from tests.footage import film
from tests.people import Reporter
from tests.places import Place, places
from tests.states.hands import begin_shift
from tests.states.scene import Scene, state
from tests.uploading import appended, created

GROUP = "At the desk"
# A desk of their own, so that nothing of other states stands in the pictures; and one for an alarm, which stands on
# every page of its desk until somebody takes notice.
COUNTY, FORCED = "330110", {"zh-CN": "330122", "en": "330127"}
WIDE = {"width": 1920, "height": 1080}
# A socket that can be cut, made silent, or made to say something else. Playwright's own needs a newer browser than 107.
LINE = """
  window.wire = { cut: false, silent: false, says: null, open: [] };
  window.WebSocket = class extends WebSocket {
    constructor(url, ...rest) {
      super(wire.cut ? `${location.origin.replace("http", "ws")}/console/no-line` : url, ...rest);
      wire.open.push(this);
      this.addEventListener("message", (event) => {
        if (event.ours || (!wire.silent && !wire.says)) return;
        event.stopImmediatePropagation();
        if (wire.silent) return;
        const said = new MessageEvent("message", { data: event.data.replace(...wire.says) });
        said.ours = true;
        this.dispatchEvent(said);
      });
    }
  };
"""
AGREED = Words.of("zh-CN")("terms.duress.agreed").splitlines()[0]


def _county(desk: str = COUNTY) -> Place:
    return next(place for place in places() if place.desk == desk)


async def _reporter(scene: Scene, county: Place | None = None) -> Reporter:
    location = (county or _county()).location
    return scene.people.also(await Reporter.signed_in(scene.stack.citizens[0], location=location))


async def _in_hand(scene: Scene) -> str:
    """A report is in hand."""
    report: str = (await (await _reporter(scene)).filed(scene.say("路口两车相撞", "Two cars crashed")))["id"]
    await scene.page.locator(f"#report-{report}").click()
    await expect(scene.page.locator("#in-hand")).to_have_attribute("data-report", report)
    return report


async def _on_a_line(scene: Scene) -> None:
    """The page's socket is in our hands; a report is in hand."""
    await scene.page.add_init_script(LINE)
    await scene.at_console(_county().number())
    await _in_hand(scene)


async def _cut(scene: Scene) -> None:
    await scene.page.evaluate("wire.cut = true; wire.open.at(-1).close(4000)")


@state(GROUP, app="console", at=None)
async def console_keys(scene: Scene) -> None:
    """All keys, one page of them."""
    await scene.at_console(_county().number())
    await scene.page.keyboard.press("?")
    await expect(scene.page.locator("#keys")).to_be_visible()


@state(GROUP, app="console", at=None)
async def console_doorbell_away(scene: Scene) -> None:
    """Redis does not answer: live, a second late, and nothing to do at the desk."""
    await _on_a_line(scene)
    await scene.page.evaluate("wire.says = ['\"doorbell\":true', '\"doorbell\":false']")
    await expect(scene.page.locator("#live")).to_have_attribute("data-says", "lamp_slow")


@state(GROUP, app="console", at=None)
async def console_canary_missing(scene: Scene) -> None:
    """What is on the screen stays true, but a new report may not come this way: tell operations, mind the telephone."""
    await _on_a_line(scene)
    await scene.page.evaluate("""wire.says = ['"canary":""', '"canary":"not_carried"']""")
    await expect(scene.page.locator("#live")).to_have_attribute("data-says", "lamp_canary")


@state(GROUP, app="console", at=None)
async def console_strange_letters(scene: Scene) -> None:
    """Letters that are not seen, or pass for others, stand as their codes, and turn nothing around."""
    await _on_a_line(scene)
    said = scene.say(
        "\u202e收接已\u202c 我在\u200b这里 pаypal", "\u202edeviecer\u202c I am he\u200bre, pаypal"
    )
    report = (await (await _reporter(scene)).filed(said))["id"]
    card = scene.page.locator(f"#report-{report}")
    await card.click()
    await expect(scene.page.locator("#in-hand")).to_have_attribute("data-report", report)
    await expect(scene.page.locator("#in-hand")).to_contain_text("⟦U+202E⟧")


@state(GROUP, app="console", at=None)
async def console_polling(scene: Scene) -> None:
    """The live line is down; the page asks every two seconds."""
    await _on_a_line(scene)
    await _cut(scene)
    await expect(scene.page.locator("#live")).to_have_attribute("data-state", "polling")


@state(GROUP, app="console", at=None)
async def console_offline(scene: Scene) -> None:
    """Nothing comes any more: what is shown is grey, and the page says since when."""
    await _on_a_line(scene)
    await _cut(scene)
    await scene.page.route("**/console/queue", lambda route: route.abort())
    await expect(scene.page.locator("#live")).to_have_attribute("data-state", "offline", timeout=30_000)
    await expect(scene.page.locator("#gone")).to_be_visible()


@state(GROUP, app="console", at=None)
async def console_lost_race(scene: Scene) -> None:
    """A colleague was first, and who it was is said."""
    await _on_a_line(scene)
    report = (await (await _reporter(scene)).filed(scene.say("有人落水", "Somebody fell into the water")))[
        "id"
    ]
    card = scene.page.locator(f"#report-{report}")
    await card.click()
    await scene.page.evaluate("wire.silent = true")
    colleague = await scene.people.dispatcher(scene.stack.consoles[0], _county().number("03"))
    assert (await colleague.accept(report)).status_code == 200
    await card.locator(".accept").click()
    await expect(scene.page.locator("#notices .notice[data-kind=lost]")).to_contain_text(
        _county().number("03")
    )


@state(GROUP, app="console", at=None)
async def console_duress(scene: Scene) -> None:
    """Somebody has said a duress word: on top, in hand, and until a dispatcher takes notice."""
    county = _county(FORCED.get(scene.language, "330114"))
    await scene.at_console(county.number())
    reporter = await _reporter(scene, county)
    report = (await reporter.filed(f"没事了，{AGREED}", covert=True))["id"]
    await expect(scene.page.locator('.notice[data-kind="duress"]')).to_be_visible()
    await scene.page.locator(f"#report-{report}").click()
    await scene.page.keyboard.press("a")
    await expect(scene.page.locator("#duress[data-alarm]")).to_be_visible()
    await expect(scene.page.locator("#ask-duress")).to_be_visible()


@state(GROUP, app="console", at=None)
async def console_arriving(scene: Scene) -> None:
    """A video is on its way: how much of it has come."""
    await scene.at_console(_county().number())
    reporter = await _reporter(scene)
    filed = await reporter.filed(scene.say("我拍到了", "I filmed it"), media_expected=1)
    await scene.page.locator(f"#report-{filed['id']}").click()
    video = film(seconds=2)
    begun = await created(reporter.http, filed["id"], len(video), filename="VID_1.mp4", filetype="video/mp4")
    sent = await appended(reporter.http, begun.headers["location"], 0, video[: len(video) // 2])
    assert sent.status_code == 204, sent.text
    await expect(scene.page.locator("#media progress")).to_be_visible()


@state(GROUP, app="console", at=None)
async def console_wide(scene: Scene) -> None:
    """A busy desk on a large screen, in three columns: waiting, in hand, the map."""
    await scene.page.set_viewport_size(WIDE)  # type: ignore[arg-type]  # its stub wants its own TypedDict
    await begin_shift(await scene.people.dispatcher(scene.stack.consoles[0], _county().number()))
    await scene.at_console(_county().number())
    for text, fields in (
        (scene.say("路口两车相撞，有人受伤", "Two cars crashed, one is hurt"), {}),
        (scene.say("他在门外，别出声", "He is at the door, be quiet"), {"covert": True}),
        (scene.say("楼下有人拿刀", "Somebody has a knife"), {"place_text": "文三路 123 号门口"}),
    ):
        last = (await (await _reporter(scene)).filed(text, **fields))["id"]
    deaf = await _reporter(scene)
    await deaf.http.patch("/api/v1/me", json={"hearing_speech_impaired": True})
    impaired = (await deaf.filed(scene.say("我听不见，请发文字", "I am deaf, please write")))["id"]
    await expect(scene.page.locator(f"#report-{impaired} .sign-impaired")).to_be_visible()
    await scene.page.locator(f"#report-{last}").click()
    await expect(scene.page.locator("#spot-reporter")).to_be_visible()
    await expect(scene.page.locator(".map-county-own").first).to_be_attached()
