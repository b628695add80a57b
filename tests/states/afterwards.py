"""A report that waits longer than it should, and what follows 已接收."""

from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

from playwright.async_api import expect

from dispatch.clock import now
from tests.stack import XIHU
from tests.states.a_report import received, waiting
from tests.states.scene import Scene, state
from tests.witness import change

GROUP = "The way of a report"


async def moved_on(scene: Scene, report: str, version: int, **values: Any) -> None:
    """The report as the desk or the worker has it by now, opened anew."""
    change(scene.stack, "report", {"id": UUID(report)}, version=version, **values)
    await scene.page.goto(f"/reports/{report}")
    await expect(scene.page.locator("#report-body")).to_be_visible()


async def close(scene: Scene, report: str, outcome: str) -> None:
    """The dispatcher closes it."""
    dispatcher = await scene.on_duty()
    answer = await dispatcher.http.post(
        f"/console/reports/{report}/closing",
        headers={"x-csrf-token": dispatcher.csrf},
        data={"outcome": outcome},
    )
    assert answer.status_code == 200, answer.text


@state(GROUP)
async def escalated(scene: Scene) -> None:
    """Nobody has accepted for a minute: the desk above has it too. Said so, beside what to do instead."""
    await scene.on_duty()
    await scene.sign_in()
    body = {"kind": "quick", "text": scene.say("有人在砸门", "Somebody is breaking in"), "location": XIHU}
    headers = {"idempotency-key": str(uuid4()), "origin": scene.stack.citizens[0].url}
    filed = await scene.page.context.request.post("/api/v1/reports", data=body, headers=headers)
    long_ago = now() - timedelta(seconds=64)
    await moved_on(scene, (await filed.json())["id"], 4, filed_at=long_ago, escalation=3)
    await expect(scene.page.locator("#alarm")).to_be_visible()
    await expect(scene.page.locator("#wait-note")).to_be_visible()


@state(GROUP)
async def desk_unreachable(scene: Scene) -> None:
    """联系不上服务台: nothing was heard of the desk for 18 s. What the page shows is a memory, and it says so."""
    await waiting(scene)
    await scene.page.context.set_offline(True)
    await expect(scene.page.locator("#alarm[data-of=unsure]")).to_be_visible(timeout=40_000)


@state(GROUP)
async def closed(scene: Scene) -> None:
    """处警完毕, with how it ended; the receipt stays, and a new report is one tap away."""
    await received(scene)
    await close(scene, await scene.report(), "handled")
    await expect(scene.page.locator("#after-again")).to_be_visible()
    await scene.page.locator("#after").scroll_into_view_if_needed()
