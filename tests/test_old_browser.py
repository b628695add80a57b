"""The reporter's page and the desk's in Chromium 107, the floor: that of WeChat's built-in browser and of old offices.

Every state of `tests/states` is reached in it, with no error in any script: what linters cannot see is seen here.
"""

from collections.abc import AsyncIterator

import pytest
from playwright.async_api import Browser, async_playwright, expect

from tests import audit
from tests.servers import needs
from tests.stack import Stack
from tests.states import STATES, State, scene
from tests.states.scene import BROWSER

pytestmark = [pytest.mark.anyio, pytest.mark.browser]

# It is a build for machines without a display.
OLD_FLAGS = [*BROWSER, "--headless", "--no-zygote", "--disable-dev-shm-usage"]


@pytest.fixture(scope="module")
async def old_browser() -> AsyncIterator[Browser]:
    path = needs("DESK110_TEST_OLD_CHROMIUM", "Chromium 107")
    async with async_playwright() as playwright:
        launched = await playwright.chromium.launch(executable_path=path, args=OLD_FLAGS)
        yield launched
        await launched.close()


async def test_it_is_as_old_as_the_floor(old_browser: Browser) -> None:
    assert old_browser.version.startswith("107.")


@pytest.mark.parametrize("state", STATES, ids=lambda state: state.name)
async def test_every_state_is_reached_in_an_old_browser(
    stack: Stack, old_browser: Browser, state: State
) -> None:
    async with scene(stack, old_browser, state, "zh-CN") as found:
        await expect(found.page.locator("main")).to_be_visible()
        assert await audit.fits(found.page) == []
