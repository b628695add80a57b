"""The way of a report in two real browsers, as one scenario: a test asserts on it, and

    python -m tests.both_screens

makes the README's pictures of it anew, into `docs/pictures/`.
"""

import asyncio
import io
import re
import tempfile
from collections.abc import Awaitable, Callable
from pathlib import Path

from PIL import Image, ImageDraw
from playwright.async_api import Browser, BrowserContext, Page, async_playwright, expect

from dispatch.settings import CHECKOUT
from tests.people import Reporter
from tests.servers import chromium, valkey
from tests.stack import PASSWORD, Stack, stack

PHONE = {"width": 390, "height": 844}
DESK_SCREEN = {"width": 1920, "height": 1080}
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-audio-output",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
# By the West Lake: 330106's.
WEST_LAKE = {"latitude": 30.2430, "longitude": 120.1210, "accuracy": 12}

PICTURES = CHECKOUT / "docs" / "pictures"

Look = Callable[[str, Page], Awaitable[None]]


def photo() -> bytes:
    """A photo as a phone would take it: a few hundred kilobytes of JPEG, drawn, not of anybody."""
    picture = Image.effect_noise((1600, 1200), 60).convert("RGB")
    draw = ImageDraw.Draw(picture)
    draw.rectangle((0, 760, 1600, 1200), fill=(70, 74, 80))
    draw.polygon([(500, 1200), (760, 760), (840, 760), (1100, 1200)], fill=(95, 99, 105))
    draw.rectangle((1040, 420, 1420, 860), fill=(168, 62, 48))
    draw.rectangle((1090, 480, 1370, 620), fill=(206, 226, 236))
    draw.ellipse((1080, 800, 1180, 900), fill=(25, 25, 28))
    draw.ellipse((1290, 800, 1390, 900), fill=(25, 25, 28))
    into = io.BytesIO()
    picture.save(into, "JPEG", quality=88)
    return into.getvalue()


async def sign_in_reporter(page: Page, stack: Stack, number: str) -> None:
    """Prove the phone on the page; in a demo the code is filled in."""
    await page.goto(f"{stack.citizens[0].url}/#account")
    await page.fill("#account-sign-in [name=phone]", number)
    await page.tap("#account-sign-in [type=submit]")
    await expect(page.locator("#account-sign-in [name=code]")).to_have_value(re.compile(r"\d{6}"))
    await page.tap("#account-sign-in [type=submit]")
    await expect(page.locator("#account-me")).to_be_visible()
    await page.tap("#back")


async def sign_in_dispatcher(page: Page, stack: Stack, number: str) -> None:
    """Sign in on the console's page; its desk opens, live."""
    await page.goto(f"{stack.consoles[0].url}/console")
    await page.fill("#number", number)
    await page.fill("#password", PASSWORD)
    await page.keyboard.press("Enter")
    await expect(page.locator("#live")).to_have_attribute("data-state", "live")


async def walk(
    stack: Stack,
    phone: BrowserContext,
    desk: BrowserContext,
    look: Look,
    *,
    number: str,
    words: str,
    reply: str,
) -> tuple[Page, Page, str]:
    """File with one tap, words and a photo; see it at the desk; press one key; see 已接收. Gives the report's id."""
    page, console = await phone.new_page(), await desk.new_page()
    await sign_in_dispatcher(console, stack, "33010601")
    await sign_in_reporter(page, stack, number)
    await page.fill("#first-words", words)
    await look("phone-home", page)
    await page.tap("#quick")
    await expect(page.locator("[data-rung=shown][data-state=now]")).to_be_visible()
    report = page.url.rpartition("/")[2]
    picture = {"name": "路口.jpg", "mimeType": "image/jpeg", "buffer": photo()}
    await page.set_input_files("#pick", [picture])  # type: ignore[arg-type]  # its stub wants its own TypedDict
    card = console.locator(f"#report-{report}")
    await expect(card).to_have_attribute("data-status", "filed")
    await expect(card).to_contain_text(words[:6])
    await look("phone-waiting", page)
    await look("console-waiting", console)

    await console.keyboard.press("a")
    await expect(page.locator("[data-rung=received][data-state=now]")).to_be_visible()
    thumb = console.locator(".media img")
    await expect(thumb).to_have_js_property("complete", value=True)
    await console.keyboard.press("r")
    await console.keyboard.type(reply)
    await console.keyboard.press("Enter")
    await expect(page.locator("#talk")).to_contain_text(reply)
    await look("console-received", console)
    await look("phone-received", page)
    return page, console, report


async def contexts(browser: Browser, language: str) -> tuple[BrowserContext, BrowserContext]:
    """A phone held near the West Lake, and a desk's large screen."""
    phone = await browser.new_context(
        viewport=PHONE,  # type: ignore[arg-type]  # its stub wants its own TypedDict
        is_mobile=True,
        has_touch=True,
        locale=language,
        timezone_id="Asia/Shanghai",
        geolocation=WEST_LAKE,  # type: ignore[arg-type]  # likewise
        permissions=["geolocation"],
    )
    desk = await browser.new_context(
        viewport=DESK_SCREEN,  # type: ignore[arg-type]  # likewise
        locale=language,
        timezone_id="Asia/Shanghai",
    )
    return phone, desk


SAID = {
    "zh-CN": ("路口两车相撞，有人受伤", "救护车和民警已在路上，请站到路边安全处"),
    "en": ("Two cars crashed, one person hurt", "Ambulance and police are on the way. Stand off the road."),
}


async def _picture(running: Stack, language: str) -> None:
    """One language's pictures; the desk has some others waiting, as on an ordinary evening."""

    async def look(name: str, page: Page) -> None:
        if name == "console-waiting":
            for text in ("楼上打架，听见女人喊救命", "老人走失，穿蓝色外套", "我迷路了，在山上，天黑了"):
                reporter = await Reporter.signed_in(running.citizens[0])
                await reporter.filed(text)
                await reporter.leave()
        await page.wait_for_timeout(1500)
        await page.screenshot(path=PICTURES / f"{name}-{language.partition('-')[0]}.png")

    words, reply = SAID[language]
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=chromium(), args=FLAGS)
        phone, desk = await contexts(browser, language)
        await walk(running, phone, desk, look, number="13900110110", words=words, reply=reply)
        await browser.close()


if __name__ == "__main__":
    PICTURES.mkdir(parents=True, exist_ok=True)
    for language in SAID:
        with (
            valkey() as server,
            tempfile.TemporaryDirectory() as folder,
            stack(Path(folder), server, DESK110_IDENTITY_REQUIRED="never") as running,
        ):
            asyncio.run(_picture(running, language))
