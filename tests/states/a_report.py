"""A report from the tap to 已接收, and what can come between."""

import re

from playwright.async_api import Route, expect

from tests.interception import intercept
from tests.states.first_screen import SHANGHAI
from tests.states.scene import NOBODY, Scene, state

GROUP = "The way of a report"
FILING = re.compile(r"/api/v1/reports$")


@state(GROUP)
async def kept_on_the_phone(scene: Scene) -> None:
    """The first report of somebody new: it is kept at once, and the phone is proved after the tap."""
    await scene.on_duty()
    await scene.home()
    await expect(scene.page.locator("#where[data-state=found]")).to_be_visible()
    await scene.file(scene.say("有人在砸门", "Somebody is breaking in"), until="saved")
    await expect(scene.page.locator("#need form")).to_be_visible()


@state(GROUP, at=None)
async def place_asked_for(scene: Scene) -> None:
    """Without a position the place is asked for in words."""
    await scene.sign_in()
    await scene.page.click("#quick")
    await expect(scene.page.locator("#need textarea")).to_be_visible()


@state(GROUP)
async def name_asked_for(scene: Scene) -> None:
    """A second report needs a verified name: asked for in the middle, then it goes by itself."""
    await scene.sign_in()
    await scene.file()
    await scene.page.click("#back")
    await scene.page.click("#quick")
    await expect(scene.page.locator("#need [name=id_number]")).to_be_visible()


@state(GROUP)
async def without_a_network(scene: Scene) -> None:
    """No network: it is kept on the phone, and goes when the network is back."""
    await scene.sign_in()
    await scene.page.context.set_offline(True)
    await scene.file(until="saved")
    await expect(scene.page.locator("#line")).to_be_visible()


@state(GROUP)
async def undelivered(scene: Scene) -> None:
    """未送达: not at the server after 10 s. 110 and 12110 stand out; the text message is written already."""
    await scene.sign_in()

    async def lose(route: Route) -> None:
        await route.abort()

    await intercept(scene.page, FILING, lose)
    await scene.file(until="saved")
    await expect(scene.page.locator("#alarm")).to_be_visible(timeout=20_000)


@state(GROUP, at=NOBODY)
async def stored(scene: Scene) -> None:
    """Stored at the desk, and on no screen yet."""
    await scene.sign_in()
    await scene.file(until="stored")


@state(GROUP)
async def waiting(scene: Scene) -> None:
    """On a screen of the desk, and nobody has accepted yet: the seconds are counted."""
    await scene.sign_in()
    await scene.file()


@state(GROUP)
async def nobody_has_accepted(scene: Scene) -> None:
    """Not accepted after 15 s: said so, with 110 and 12110, and so until it is."""
    await waiting(scene)
    await expect(scene.page.locator("#alarm")).to_be_visible(timeout=25_000)


@state(GROUP)
async def received(scene: Scene) -> None:
    """已接收, with desk, number and time. The only thing that turns green, and the only success."""
    await scene.received()


@state(GROUP, at=SHANGHAI)
async def refused(scene: Scene) -> None:
    """Outside the province: not taken, and whom to call."""
    await scene.sign_in()
    await scene.page.click("#quick")
    await expect(scene.page.locator("#refusal")).to_be_visible()


@state(GROUP)
async def withdrawing(scene: Scene) -> None:
    """Withdrawing asks why, and nothing else."""
    await waiting(scene)
    await scene.page.click("#withdraw summary")
    await scene.page.check("#withdraw [value=other]")
    await scene.page.locator("#withdraw [type=submit]").scroll_into_view_if_needed()


@state(GROUP)
async def withdrawn(scene: Scene) -> None:
    """Withdrawn; the desk still sees it."""
    await waiting(scene)
    await scene.page.click("#withdraw summary")
    await scene.page.check("#withdraw [value=mistake]")
    await scene.page.click("#withdraw [type=submit]")
    await expect(scene.page.locator("#after")).to_be_visible()


@state(GROUP)
async def not_found(scene: Scene) -> None:
    """An address of a report that is not one's own."""
    await scene.sign_in()
    await scene.page.goto("/reports/01900000-0000-7000-8000-000000000000")
    await expect(scene.page.locator("#report-empty")).to_be_visible()
    await expect(scene.page.locator("#report-empty span")).not_to_be_empty()


@state(GROUP)
async def signed_out_amid_a_report(scene: Scene) -> None:
    """A session that ended is asked for again; nothing is shown of the report until then."""
    await waiting(scene)
    await scene.page.context.clear_cookies()
    await scene.page.reload()
    await expect(scene.page.locator("#need form")).to_be_visible()
