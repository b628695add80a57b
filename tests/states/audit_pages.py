"""The auditor's pages, and the shift leader's export."""

import asyncio
import re
from datetime import timedelta
from uuid import UUID, uuid4

import httpx2
from playwright.async_api import expect

from dispatch import exercises, holds, removing
from dispatch.cipher import FieldCipher
from dispatch.clock import now
from dispatch.store import MediaStore
from tests.domain import done, writing
from tests.people import Dispatcher, Reporter
from tests.stack import DESK, PASSWORD
from tests.states.scene import Scene, state
from tests.witness import change

GROUP = "The auditor, and exports"
# A desk that no other state uses: from the first time on it practises.
PRACTISES = "330483"


@state(GROUP, app="console", at=None)
async def audit_start(scene: Scene) -> None:
    """Nothing was searched for yet."""
    await _inside(scene)


@state(GROUP, app="console", at=None)
async def audit_found(scene: Scene) -> None:
    """What was seen of a report and done to it, from where and why; one event as it was recorded."""
    number = await _happened(scene)
    await _inside(scene)
    await scene.page.fill("#audit-number", number)
    await scene.page.keyboard.press("Enter")
    await expect(scene.page.locator(".audit-acts tbody tr").first).to_be_visible()
    await scene.page.locator(".audit-acts summary").first.click()


@state(GROUP, app="console", at=None)
async def audit_refused(scene: Scene) -> None:
    """What was typed is no phone."""
    await _inside(scene)
    await scene.page.fill("#audit-phone", "12345")
    await scene.page.keyboard.press("Enter")
    await expect(scene.page.locator("#audit-phone-fault")).to_be_visible()


@state(GROUP, app="console", at=None)
async def audit_history(scene: Scene) -> None:
    """All acts on a report, and the way to hand it out."""
    number = await _happened(scene)
    await _inside(scene)
    await scene.page.fill("#audit-number", number)
    await scene.page.keyboard.press("Enter")
    await scene.page.locator(".audit-acts a").first.click()
    await expect(scene.page.locator(".audit-export")).to_be_visible()


@state(GROUP, app="console", at=None)
async def leader_export(scene: Scene) -> None:
    """The shift leader hands a report out: what the file holds, why, and in which form."""
    await scene.at_console(f"{DESK}90")
    reporter = scene.people.also(await Reporter.signed_in(scene.stack.citizens[0]))
    report = await reporter.filed(scene.say("有人砸门", "somebody breaks the door"))
    await scene.page.locator(f"#report-{report['id']}").click()
    await scene.page.locator("#export-open").click()
    await expect(scene.page.locator("#export-reason")).to_be_focused()


@state(GROUP, app="console", at=None)
async def leader_hold(scene: Scene) -> None:
    """A legal hold stands on the report: by whom, since when, why; the shift leader can lift it."""
    await scene.at_console(f"{DESK}90")
    reporter = scene.people.also(await Reporter.signed_in(scene.stack.citizens[0]))
    report = await reporter.filed(scene.say("有人砸门", "somebody breaks the door"))
    card, in_hand = scene.page.locator(f"#report-{report['id']}"), scene.page.locator("#in-hand")
    await card.click()
    await expect(in_hand).to_have_attribute("data-report", report["id"])
    await scene.page.fill("#hold-reason", scene.say("移送检察院，原件待取", "goes to the prosecutor"))
    await scene.page.locator("#hold-form button").click()
    await expect(scene.page.locator(".holds li")).to_have_count(1)
    await scene.page.locator("#hold-form button").scroll_into_view_if_needed()


@state(GROUP, app="console", at=None)
async def retention_page(scene: Scene) -> None:
    """How long reports are kept, what is held, and what was removed, as an administrator sees it."""
    reporter = scene.people.also(await Reporter.signed_in(scene.stack.citizens[0], verified=True))
    held, gone = [await reporter.filed(scene.say("已办结", "long closed")) for _ in range(2)]
    change(
        scene.stack,
        "report",
        {"id": UUID(gone["id"])},
        status="closed",
        outcome="invalid",
        closed_at=now() - timedelta(days=191),
    )
    why = scene.say("移送检察院", "goes to the prosecutor")
    with writing(scene.stack.database) as writer:
        id_ = UUID(held["id"])
        done(writer, lambda s: holds.put(s, id_, "report", f"dispatcher:{DESK}90", why), DESK)
        store = MediaStore(f"file://{scene.stack.home}/media")
        removing.run(scene.stack.database, writer.submit, store, "system", 100)
    await _sign_in(scene, "admin")
    await scene.page.goto(f"{scene.stack.consoles[0].url}/console/retention")
    await expect(scene.page.locator("#removals tbody tr").first).to_be_visible()


@state("At the desk", app="console", at=None)
async def console_exercise(scene: Scene) -> None:
    """A desk that practises: on its top line, on the card, on the report."""
    cipher = FieldCipher.load(scene.stack.keys)
    with writing(scene.stack.database) as writer:
        done(writer, lambda s: exercises.begin(s, PRACTISES, "operator:test"), PRACTISES)
        cast = [(scene.say("周女士", "Zhou"), scene.language)]
        (player,) = done(
            writer, lambda s: exercises.enlist(s, cipher, PRACTISES, cast, "operator:test"), PRACTISES
        )
    body = {"text": scene.say("有人打架", "A fight"), "place_text": "桐乡市", "area": PRACTISES}
    headers = {"authorization": f"Bearer {player.token}", "idempotency-key": str(uuid4())}
    async with httpx2.AsyncClient(base_url=scene.stack.citizens[0].url) as http:
        for _ in range(50):  # the process asks once a second which desks practise
            answer = await http.post("/api/v1/reports", json=body, headers=headers)
            if answer.status_code != 503:
                break
            await asyncio.sleep(0.2)
    assert answer.status_code == 201, answer.text
    await scene.at_console(f"{PRACTISES}01")
    await scene.page.locator(f"#report-{answer.json()['id']}").click()
    await expect(scene.page.locator(".banner-exercise")).to_be_visible()


async def _sign_in(scene: Scene, number: str) -> None:
    await scene.page.goto(f"{scene.stack.consoles[0].url}/console/sign-in")
    await scene.page.fill("#number", number)
    await scene.page.fill("#password", PASSWORD)
    await scene.page.keyboard.press("Enter")
    await scene.page.wait_for_url(re.compile(r"/console(/admin/.*)?$"))


async def _happened(scene: Scene) -> str:
    """A report that was accepted, whose phone was seen, and that was put back. Gives its number."""
    reporter = scene.people.also(await Reporter.signed_in(scene.stack.citizens[0]))
    report = await reporter.filed()
    dispatcher = scene.people.also(await Dispatcher.signed_in(scene.stack.consoles[0], f"{DESK}01"))
    assert (await dispatcher.accept(report["id"])).status_code == 200
    address, act = f"/console/reports/{report['id']}", {"x-csrf-token": dispatcher.csrf}
    await dispatcher.http.get(address)
    await dispatcher.http.post(f"{address}/phone", data={"reason": "asked"}, headers=act)
    why = scene.say("要离开座位，请同事接着办", "called away, please go on")
    await dispatcher.http.post(f"{address}/release", data={"reason": why}, headers=act)
    return str(report["number"])


async def _inside(scene: Scene) -> None:
    await scene.page.goto(f"{scene.stack.consoles[0].url}/console/sign-in")
    await scene.page.fill("#number", "auditor")
    await scene.page.fill("#password", PASSWORD)
    await scene.page.keyboard.press("Enter")
    await expect(scene.page.locator(".audit-search")).to_be_visible()
