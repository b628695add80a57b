"""A report that was written long before it came."""

from datetime import timedelta
from uuid import uuid4

from playwright.async_api import expect

from dispatch.clock import iso, now
from tests.people import Reporter
from tests.stack import XIHU
from tests.states.scene import Scene, state

LAY = timedelta(minutes=37, seconds=12)  # on the phone


def moments() -> dict[str, str]:
    """What a phone says that had no network for so long."""
    sent = now()
    return {"written_at": iso(sent - LAY), "sent_at": iso(sent)}


@state("The way of a report")
async def came_late(scene: Scene) -> None:
    """Written without a network: it says when that was, and how long it took."""
    await scene.on_duty()
    await scene.sign_in()
    text = scene.say("掉进沟里了，脚动不了", "I fell into a ditch and cannot move my foot")
    body = {"kind": "quick", "text": text, "location": XIHU, **moments()}
    headers = {"idempotency-key": str(uuid4()), "origin": scene.stack.citizens[0].url}
    filed = await scene.page.context.request.post("/api/v1/reports", data=body, headers=headers)
    await scene.page.goto(f"/reports/{(await filed.json())['id']}")
    await expect(scene.rung("shown")).to_be_visible()


@state("At the desk", app="console", at=None)
async def console_late(scene: Scene) -> None:
    """A report that came long after it was written, on its card and in hand."""
    await scene.at_console()
    reporter = scene.people.also(await Reporter.signed_in(scene.stack.citizens[0]))
    report = await reporter.filed("掉进沟里了，脚动不了", **moments())
    card = scene.page.locator(f"#report-{report['id']}")
    await expect(card.locator(".sign-written")).to_be_visible()
    await card.click()
    await expect(scene.page.locator("#report-written")).to_be_visible()
