"""What a page must be for everybody, asked of the page as it stands in a browser. Each check gives its complaints."""

from pathlib import Path
from typing import Literal

from playwright.async_api import Page

from dispatch.settings import CHECKOUT

AXE = CHECKOUT / "node_modules" / "axe-core" / "axe.min.js"
OURS = Path(__file__).with_name("audit.js")
# CSS pixels, for fingers that shake (WCAG 2.2 asks for 24).
TARGET = 56


async def axe(page: Page, *only: str) -> list[str]:
    """WCAG 2.2 AA and axe's good practice; or certain rules."""
    return await _ask(page, "axe", list(only))


async def fits(page: Page) -> list[str]:
    """Nothing is wider than the screen, reaches out of it or is cut off."""
    return await _ask(page, "fits")


async def targets(page: Page, least: int = TARGET) -> list[str]:
    """What is tapped is at least so many CSS pixels high."""
    return await _ask(page, "targets", least)


async def names(page: Page) -> list[str]:
    """A drawing is silent beside words, or has a name."""
    return await _ask(page, "names")


async def stillness(page: Page) -> list[str]:
    """Nothing moves where somebody has asked for that."""
    await page.emulate_media(reduced_motion="reduce")
    return await _ask(page, "stillness")


async def contrast(
    page: Page, scheme: Literal["light", "dark"], wish: Literal["more", "no-preference"]
) -> list[str]:
    """7:1 under other colours of the system."""
    await page.emulate_media(color_scheme=scheme, contrast=wish)
    found = await axe(page, "color-contrast", "color-contrast-enhanced")
    await page.emulate_media(color_scheme="light", contrast="no-preference")
    return [f"{scheme}, contrast {wish}: {one}" for one in found]


async def enlarge(page: Page, percent: int) -> None:
    """The size of words that somebody has set in the browser; 100 is the usual one, 18 px of ours."""
    size = "" if percent == 100 else f"{1.125 * percent}%"
    await page.evaluate("size => { document.documentElement.style.fontSize = size; }", size)


async def _ask(page: Page, check: str, value: object = None) -> list[str]:
    if not await page.evaluate("'audit' in window"):
        await page.evaluate(AXE.read_text(encoding="utf-8"))
        await page.evaluate(OURS.read_text(encoding="utf-8"))
    found: list[str] = await page.evaluate(f"value => audit.{check}(value)", value)
    return found
