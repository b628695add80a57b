"""The whole way by keys in a real browser: an administrator opens a desk and makes a shift leader, who signs in for the
first time; another role closes the leader's console."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pyotp
import pytest
from playwright.async_api import Browser, Page, async_playwright, expect

from dispatch.clock import now
from dispatch.openings import opening_of
from tests.servers import Valkey, chromium
from tests.stack import DESK, PASSWORD, Stack
from tests.stack import stack as running_stack
from tests.states.scene import BROWSER
from tests.witness import change, unharmed

pytestmark = [pytest.mark.anyio, pytest.mark.browser]

NUMBER, OWN = f"{DESK}91", "a-password-of-ones-own"


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory, valkey_of_session: Valkey) -> Iterator[Stack]:
    """Where whoever leads, audits or administers needs a second factor."""
    valkey_of_session.flushall()
    folder = Path(tmp_path_factory.mktemp("walk"))
    with running_stack(folder, valkey_of_session, DESK110_SECOND_FACTOR="offices") as running:
        yield running


@pytest.fixture(scope="module")
async def browser() -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        launched = await playwright.chromium.launch(executable_path=chromium(), args=BROWSER)
        yield launched
        await launched.close()


async def types(page: Page, at: str, *fields: str) -> None:
    """Into the field that is in focus and those after it; then Enter."""
    await expect(page.locator(at)).to_be_focused()
    for n, words in enumerate(fields):
        if n:
            await page.keyboard.press("Tab")
        await page.keyboard.type(words)
    await page.keyboard.press("Enter")


async def sets_up_second_factor(page: Page) -> None:
    secret = await page.locator("#totp-secret").inner_text()
    await expect(page.locator(".own-qr svg")).to_be_visible()
    await types(page, "#code", pyotp.TOTP(secret).at(now()))
    await expect(page.locator(".own-codes li")).to_have_count(10)
    await expect(page.locator(".own-onward")).to_be_focused()
    await page.keyboard.press("Enter")


async def test_a_desk_is_opened_and_its_leader_signs_in_until_the_role_is_another(
    stack: Stack, browser: Browser
) -> None:
    change(stack, "desk", {"adcode": DESK}, open=False)
    options = {"base_url": stack.consoles[0].url, "locale": "zh-CN"}
    async with unharmed(stack):
        admin = await (await browser.new_context(**options)).new_page()  # type: ignore[arg-type]
        await admin.goto("/console")
        await types(admin, "#number", "admin", PASSWORD)
        await sets_up_second_factor(admin)

        await types(admin, "#q", "xh 3301")
        await expect(admin.locator("tr[data-desk]")).to_have_count(1)
        await admin.locator(f"tr[data-desk='{DESK}'] a").focus()
        await admin.keyboard.press("Enter")
        await expect(admin.locator("#who-takes")).to_contain_text("杭州市")
        await types(admin, "#opening-reason", "试点开通")
        await expect(admin.locator("#who-takes")).to_contain_text("由本台受理")
        with stack.database.read() as session:
            assert opening_of(session, DESK).open

        await admin.get_by_role("link", name="新建账户").focus()
        await admin.keyboard.press("Enter")
        await expect(admin.locator("#number")).to_be_focused()
        await admin.keyboard.type(NUMBER)
        await admin.fill("#reason", "新值班长")
        await admin.keyboard.press("Enter")
        password = await admin.locator("#once").inner_text()

        leader = await (await browser.new_context(**options)).new_page()  # type: ignore[arg-type]
        await leader.goto("/console")
        await types(leader, "#number", NUMBER, password)
        await types(leader, "#password", OWN, OWN)
        await sets_up_second_factor(leader)
        await expect(leader.locator("#live")).to_have_attribute("data-state", "live")

        await expect(admin.locator(".admin-ways a")).to_be_focused()
        await admin.keyboard.press("Enter")  # on to the account
        await expect(admin.locator("#change-title")).to_be_visible()
        await admin.select_option("#role", "dispatcher")
        await admin.fill("#change-reason", "改任接警员")
        await admin.keyboard.press("Enter")
        await expect(admin.locator(".admin-saved")).to_be_visible()
        # Nobody touches the leader's page: it is led to the door.
        # A dispatcher needs no second factor here, but has one now.
        await types(leader, "#number", NUMBER, OWN)
        await expect(leader.locator("#totp")).to_be_visible()


async def test_whoever_leaves_the_first_sign_in_has_no_session(stack: Stack, browser: Browser) -> None:
    page = await (await browser.new_context(base_url=stack.consoles[0].url, locale="zh-CN")).new_page()
    await page.goto("/console")
    await types(page, "#number", "auditor", PASSWORD)
    await expect(page.locator("#totp-secret")).to_be_visible()
    secret = await page.locator("#totp-secret").inner_text()
    await page.goto("/console/audit")
    await expect(page.locator("#number")).to_be_visible()
    await types(page, "#number", "auditor", PASSWORD)
    await expect(page.locator("#totp-secret")).to_be_visible()
    # The secret that was seen before is none any more.
    assert await page.locator("#totp-secret").inner_text() != secret
    await types(page, "#code", pyotp.TOTP(secret).at(now()))
    await expect(page.locator("#code-fault")).to_be_visible()
