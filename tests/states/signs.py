"""Cards whose signs do not all fit, and one that was taken back, at 1366 × 768."""

from playwright.async_api import expect

from dispatch.words import Words
from tests.people import Reporter
from tests.states.late import moments
from tests.states.scene import Scene, state

GROUP = "At the desk"


@state(GROUP, app="console", at=None)
async def console_signs(scene: Scene) -> None:
    """A card of which all is true at once, with its +n; and one that was taken back before anybody had it."""
    await scene.at_console()
    everything = scene.people.also(await Reporter.signed_in(scene.stack.citizens[0]))
    await everything.http.patch("/api/v1/me", json={"hearing_speech_impaired": True})
    text = scene.say("他手里有刀，流血了", "He has a knife, I am bleeding")
    report = await everything.filed(text, covert=True, media_expected=12, **moments())
    said = {"client_id": "s1", "text": Words.of("zh-CN")("terms.duress.agreed")}
    await everything.http.post(f"/api/v1/reports/{report['id']}/messages", json=said)
    other = scene.people.also(await Reporter.signed_in(scene.stack.citizens[0]))
    taken_back = await other.filed(scene.say("有人敲门", "Somebody knocks"))
    await other.http.post(
        f"/api/v1/reports/{taken_back['id']}/withdrawal", json={"reason": scene.say("没事了", "It is over")}
    )
    await expect(scene.page.locator(f"#report-{taken_back['id']} .sign-withdrawn")).to_be_visible()
    await expect(scene.page.locator(f"#report-{report['id']} .sign-duress")).to_be_visible()
