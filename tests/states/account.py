"""Who reports: phone, name."""

import re

from playwright.async_api import expect

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
