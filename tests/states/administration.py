"""Administration, one's own account and the first sign-in."""

from functools import partial
from itertools import count

import pyotp
from playwright.async_api import expect
from sqlmodel import Session

from dispatch import accounts
from dispatch.accounts import HANDED_OUT
from dispatch.clock import now
from dispatch.dispatchers import hash_password
from tests.domain import done, writing
from tests.stack import DESK, PASSWORD
from tests.states.scene import Scene, state

GROUP = "Administration"
HANDED = "k7mq-2hvx-p9dn-4rst"

_new = (f"{DESK}{n}" for n in count(200))


@state(GROUP, app="console", at=None)
async def administration_desks(scene: Scene) -> None:
    """All desks by city: open or not, since when, who is on, who waits."""
    await _inside(scene, "desks")
    await expect(scene.page.locator("tr[data-desk]")).to_have_count(102)


@state(GROUP, app="console", at=None)
async def administration_desk(scene: Scene) -> None:
    """One desk: who takes its reports, what it lacks, and no reason was given for closing it."""
    await _inside(scene, "desks/330122")
    await scene.page.fill("#opening-reason", "  ")
    await scene.page.keyboard.press("Enter")
    await expect(scene.page.locator("#opening-reason-fault")).to_be_visible()


@state(GROUP, app="console", at=None)
async def administration_cities(scene: Scene) -> None:
    """The roll-out: what each city lacks, beside its figures of seven days."""
    await _inside(scene, "cities")
    await expect(scene.page.locator("tr[data-city]")).to_have_count(11)


@state(GROUP, app="console", at=None)
async def administration_city(scene: Scene) -> None:
    """One city: its figures, its check list, opened and closed in one act."""
    await _inside(scene, "cities/330600")
    await expect(scene.page.locator("[data-gap]").first).to_be_visible()


@state(GROUP, app="console", at=None)
async def administration_accounts(scene: Scene) -> None:
    """The accounts of a desk."""
    await _inside(scene, "accounts?desk=330122")
    await expect(scene.page.locator("tr[data-account='33012290']")).to_be_visible()


@state(GROUP, app="console", at=None)
async def administration_account(scene: Scene) -> None:
    """One account, and a role that goes with no desk."""
    await _inside(scene, "accounts/33012203")
    await scene.page.select_option("#role", "auditor")
    await scene.page.fill("#change-reason", scene.say("调到督察", "moves to audit"))
    await scene.page.keyboard.press("Enter")
    await expect(scene.page.locator("#desk-fault")).to_be_visible()


@state(GROUP, app="console", at=None)
async def administration_handed_out(scene: Scene) -> None:
    """A new account's password, shown this once."""
    await _inside(scene, "new-account?desk=330122&role=shift_leader")
    await scene.page.fill("#number", next(_new))
    await scene.page.fill("#reason", scene.say("新值班长", "a new shift leader"))
    await scene.page.keyboard.press("Enter")
    await expect(scene.page.locator("#once")).to_be_visible()


@state(GROUP, app="console", at=None)
async def first_sign_in(scene: Scene) -> None:
    """A password that was handed out is changed, and the two are not the same."""
    number = next(_new)
    with writing(scene.stack.database) as writer:
        done(writer, partial(_add, number=number))
    await _signs_in(scene, number, HANDED)
    await scene.page.fill("#password", "a-password-of-ones-own")
    await scene.page.fill("#again", "another")
    await scene.page.keyboard.press("Enter")
    await expect(scene.page.locator("#again-fault")).to_be_visible()


@state(GROUP, app="console", at=None)
async def own_second_factor(scene: Scene) -> None:
    """One's own account: a second factor is being set up."""
    await scene.at_console(f"{DESK}03")
    await scene.page.goto(f"{scene.stack.consoles[0].url}/console/account")
    await scene.page.fill("#totp-current", PASSWORD)
    await scene.page.keyboard.press("Enter")
    await expect(scene.page.locator("#totp-secret")).to_be_visible()


@state(GROUP, app="console", at=None)
async def own_recovery_codes(scene: Scene) -> None:
    """The codes that open in place of a second factor, shown this once."""
    number = next(_new)
    with writing(scene.stack.database) as writer:
        done(writer, partial(_add, number=number, once=False))
    await scene.at_console(number)
    await scene.page.goto(f"{scene.stack.consoles[0].url}/console/account")
    await scene.page.fill("#totp-current", PASSWORD)
    await scene.page.keyboard.press("Enter")
    secret = await scene.page.locator("#totp-secret").inner_text()
    await scene.page.fill("#code", pyotp.TOTP(secret).at(now()))
    await scene.page.keyboard.press("Enter")
    await expect(scene.page.locator(".own-codes li")).to_have_count(10)


async def _inside(scene: Scene, page: str) -> None:
    await _signs_in(scene, "admin", PASSWORD)
    await expect(scene.page.locator(".admin-top")).to_be_visible()
    await scene.page.goto(f"{scene.stack.consoles[0].url}/console/admin/{page}")


async def _signs_in(scene: Scene, number: str, password: str) -> None:
    await scene.page.goto(f"{scene.stack.consoles[0].url}/console/sign-in")
    await scene.page.fill("#number", number)
    await scene.page.fill("#password", password)
    await scene.page.keyboard.press("Enter")


def _add(session: Session, number: str, *, once: bool = True) -> None:
    accounts.add(
        session,
        number,
        accounts.LEADER,
        DESK,
        hash_password(HANDED if once else PASSWORD),
        "dispatcher:admin",
        until=now() + HANDED_OUT if once else None,
        reason="新值班长",
    )
