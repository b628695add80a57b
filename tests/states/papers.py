"""The rules, my data, receipts."""

from playwright.async_api import expect

from tests.states.account import agreed_of_old
from tests.states.afterwards import close
from tests.states.scene import Scene, state

GROUP = "Law, data and receipts"


@state(GROUP)
async def rules(scene: Scene) -> None:
    """The rules on reporting and the notice on personal information, one tap beside the large button."""
    await scene.home()
    await scene.page.click(".rules a")
    await expect(scene.page.locator("#law h2").first).to_be_visible()


@state(GROUP)
async def my_data(scene: Scene) -> None:
    """All that is held, with what can be corrected beside it. Every consent is off until it is switched on."""
    await scene.sign_in(verified=True)
    await scene.page.goto("/my-data")
    await expect(scene.page.locator("#mydata .part").first).to_be_visible()


@state(GROUP)
async def my_data_acts(scene: Scene) -> None:
    """Correcting, erasing, closing: what each does is said before its button."""
    await my_data(scene)
    for summary in await scene.page.locator("#mydata summary").all():
        await summary.click()
    await scene.page.click("label[for=consent-follow_up]")
    await expect(scene.page.locator("#consent-follow_up")).to_be_checked()


@state(GROUP)
async def consent_worded_anew(scene: Scene) -> None:
    """A purpose that is worded anew: marked, and off until it is switched on again."""
    await scene.sign_in(verified=True)
    await agreed_of_old(scene)
    await scene.page.goto("/my-data")
    renewed = scene.page.locator(".renewed:visible")
    await expect(renewed).to_be_visible()
    await renewed.scroll_into_view_if_needed()


@state(GROUP)
async def account_closed(scene: Scene) -> None:
    """The account is closed: what was erased, and what stays for which report until when."""
    report = await scene.received()
    await close(scene, report, "handled")
    await scene.page.goto("/my-data")
    await scene.page.locator("#close-account summary").click()
    await scene.page.locator("#close-account [type=submit]").click()
    await expect(scene.page.locator("#mydata .verdict")).to_be_visible()


@state(GROUP)
async def my_data_signed_out(scene: Scene) -> None:
    """Signed out: the phone first."""
    await scene.page.goto("/my-data")
    await expect(scene.page.locator("#mydata form")).to_be_visible()


@state(GROUP)
async def receipt(scene: Scene) -> None:
    """The receipt of one's report, verified on the phone: what was received, when, by which desk and number."""
    await scene.received(scene.say("有人在砸门", "Somebody is breaking my door"))
    await scene.page.click("#to-receipt")
    await expect(scene.page.locator(".verdict[data-verdict=good]")).to_be_visible()


@state(GROUP)
async def receipt_to_verify(scene: Scene) -> None:
    """A receipt that somebody brings: pasted, or opened as a file. Nothing is uploaded."""
    await scene.page.goto("/receipt")
    await expect(scene.page.locator("#receipt textarea")).to_be_visible()


@state(GROUP)
async def no_receipt(scene: Scene) -> None:
    """What is no receipt is said to be none."""
    await receipt_to_verify(scene)
    await scene.page.fill("#receipt textarea", "110")
    await scene.page.click("#receipt [type=submit]")
    await expect(scene.page.locator(".verdict[data-verdict=not_receipt]")).to_be_visible()


@state(GROUP)
async def whose_report(scene: Scene) -> None:
    """Written while nobody was signed in, on a phone that others use too: asked about before it goes under a name."""
    await scene.home()
    await scene.page.fill("#first-words", scene.say("有人在砸门", "Somebody is breaking my door"))
    await scene.page.click("#quick")
    await expect(scene.page.locator("#need [name=phone]")).to_be_visible()
    await scene.sign_in()
    await expect(scene.page.locator("#need [data-part=not-mine]")).to_be_visible()
