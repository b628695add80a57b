"""The way of a report, once through two real browsers: a phone's and a desk's."""

from collections.abc import Iterator

import pytest
from playwright.async_api import Page, async_playwright, expect

from tests.both_screens import FLAGS, contexts, walk
from tests.servers import chromium
from tests.stack import Stack

pytestmark = [pytest.mark.anyio, pytest.mark.browser]


@pytest.fixture
def complaints() -> Iterator[list[str]]:
    """Errors of either page and breaches of its policy; there are none."""
    found: list[str] = []
    yield found
    assert found == []


async def test_a_report_with_photo_and_position_is_accepted_by_one_key_and_both_screens_say_so(
    stack: Stack, complaints: list[str]
) -> None:
    reloads: list[str] = []

    async def look(name: str, page: Page) -> None:
        """Nothing is green before the acknowledgement, and the console never loads anew."""
        if name in {"phone-home", "phone-waiting"}:
            assert "已接收" not in await page.inner_text("body")
        if name == "console-waiting":
            page.on("load", lambda _: reloads.append(name))

    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=chromium(), args=FLAGS)
        phone, desk = await contexts(browser, "zh-CN")
        for context in (phone, desk):
            context.on("weberror", lambda error: complaints.append(str(error.error)))
            await context.expose_function("violated", lambda directive: complaints.append(directive))
            await context.add_init_script(
                "addEventListener('securitypolicyviolation', event => violated(event.violatedDirective))"
            )
        page, console, report = await walk(
            stack,
            phone,
            desk,
            look,
            number="13900110110",
            words="路口两车相撞，有人受伤",
            reply="救护车和民警已在路上，请站到路边安全处",
        )
        received = page.locator("[data-rung=received]")
        await expect(received).to_contain_text("已接收")
        await expect(received).to_contain_text("33010601")
        await expect(console.locator(f"#report-{report}")).to_have_attribute("data-status", "received")
        await expect(console.locator("#report, main")).to_contain_text("30.2430")
        width = await console.locator(".media img").evaluate("image => image.naturalWidth")
        assert width > 100, "the photo is not shown at the desk"
        # The desk is told that the reporter's screen has shown it.
        await expect(console.locator("body")).to_contain_text("已显示")
        await browser.close()
    assert reloads == []
