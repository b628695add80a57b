"""A state of the pages for everybody: screen readers, large type, high contrast, few pixels, no movement, no mouse.

Two modules walk the states of `tests/states` in Chinese, those of the phone and those of the desk; a third walks all of
them in an old browser, in English whose words are longer (`tests/test_old_browser.py`). Whoever adds a state there adds
it to them. A module takes the fixtures by name (`browser = for_everybody.browser`).
"""

from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass

import pytest
from playwright.async_api import Browser, async_playwright

from tests import audit
from tests.html_checker import Checker, html_checker
from tests.servers import chromium
from tests.stack import Stack
from tests.states import State, scene
from tests.states.scene import BROWSER

CHINESE = "zh-CN"
# WCAG 2.2, 1.4.10: what fits 320 CSS pixels needs no scrolling sideways; 1.4.4: words at twice their size.
NARROW = {"width": 320, "height": 640}
LARGE = 200


@pytest.fixture(scope="module")
async def browser() -> AsyncIterator[Browser]:
    """The browser of the module."""
    async with async_playwright() as playwright:
        launched = await playwright.chromium.launch(executable_path=chromium(), args=BROWSER)
        yield launched
        await launched.close()


@pytest.fixture(scope="module")
def checker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Checker]:
    """The checker of HTML of the module."""
    with html_checker(tmp_path_factory.mktemp("checker")) as running:
        yield running


@dataclass(frozen=True, slots=True)
class Everybody:
    """What a state is held against."""

    stack: Stack
    browser: Browser
    checker: Checker

    async def complaints(self, state: State, language: str) -> list[str]:
        """What shuts somebody out of the state; empty when nothing does."""
        async with scene(self.stack, self.browser, state, language) as found:
            page = found.page
            complaints = await self.checker.complaints(await page.content())
            complaints += [*await audit.axe(page), *await audit.names(page), *await audit.fits(page)]
            if state.app == "console":
                return complaints
            complaints += await audit.targets(page)
            if language == CHINESE:  # colours and movement know no language
                complaints += await audit.contrast(page, "light", "no-preference")
                complaints += await audit.contrast(page, "dark", "no-preference")
                complaints += await audit.contrast(page, "light", "more")
                complaints += await audit.contrast(page, "dark", "more")
                complaints += await audit.stillness(page)
            await audit.enlarge(page, LARGE)
            complaints += [f"{LARGE} %: {one}" for one in await audit.fits(page)]
            await audit.enlarge(page, 100)
            await page.set_viewport_size(NARROW)  # type: ignore[arg-type]  # its stub wants its own TypedDict
            complaints += [f"{NARROW['width']} px: {one}" for one in await audit.fits(page)]
            await page.emulate_media(forced_colors="active")
            return complaints + [f"forced colours: {one}" for one in await audit.fits(page)]


@pytest.fixture
def everybody(stack: Stack, browser: Browser, checker: Checker) -> Everybody:
    """Everybody at once."""
    return Everybody(stack, browser, checker)
