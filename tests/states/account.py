"""Who reports: phone, name."""

import re
from uuid import UUID

from playwright.async_api import expect
from sqlalchemy import insert
from sqlmodel import Session

from dispatch.clock import now
from dispatch.ids import new_id
from dispatch.models import TABLES
from tests.people import ID_NUMBER
from tests.states.scene import Scene, state

GROUP = "Phone and name"


@state(GROUP)
async def sign_in(scene: Scene) -> None:
    """The phone is proved by a code; beforehand, or in the middle of the first report."""
    await scene.page.goto("/#account")
    await expect(scene.page.locator("#account-sign-in [name=phone]")).to_be_visible()


@state(GROUP)
async def code(scene: Scene) -> None:
    """The code was sent."""
    await sign_in(scene)
    form = scene.page.locator("#account-sign-in")
    await form.locator("[name=phone]").fill(scene.number)
    await form.locator("[type=submit]").click()
    await expect(form.locator("[name=code]")).to_have_value(re.compile(r"\d{6}"))


@state(GROUP)
async def name_to_verify(scene: Scene) -> None:
    """Signed in. Name and identity number are asked for beforehand, gently: the second report needs them."""
    await scene.sign_in()
    await scene.page.goto("/#account")
    await expect(scene.page.locator("#account-identity form")).to_be_visible()


@state(GROUP)
async def name_refused(scene: Scene) -> None:
    """Name and number do not belong together."""
    await name_to_verify(scene)
    await scene.page.fill("#account-identity [name=name]", "拒绝")
    await scene.page.fill("#account-identity [name=id_number]", ID_NUMBER)
    await scene.page.click("#account-identity [type=submit]")
    await expect(scene.page.locator("#account-identity .error")).to_be_visible()


@state(GROUP)
async def verified(scene: Scene) -> None:
    """Everything is ready for a report in need."""
    await scene.sign_in(verified=True)
    await scene.page.goto("/#account")
    await expect(scene.page.locator("#me-verified")).to_be_visible()


@state(GROUP)
async def consents_due(scene: Scene) -> None:
    """What was agreed to is worded anew: it counts no more, and the page says where to look."""
    await scene.sign_in(verified=True)
    await agreed_of_old(scene)
    await scene.page.goto("/#account")
    await expect(scene.page.locator("#consents-due")).to_be_visible()


async def agreed_of_old(scene: Scene) -> None:
    """An answer to an edition of before."""
    me = await (await scene.page.context.request.get("/api/v1/me")).json()
    answer = {"reporter": UUID(me["id"]), "purpose": "follow_up", "wording": "2025-01", "given": True}
    with Session(scene.stack.database.writing) as session:
        session.connection().execute(insert(TABLES["consent"]), {"id": new_id(), "at": now(), **answer})
        session.commit()
