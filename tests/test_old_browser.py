"""The reporter's page and the desk's in Chromium 107, the floor: that of WeChat's built-in browser and of old offices.

Every state of `tests/states` is reached in it, with no error in any script: what linters cannot see is seen here. They
are reached in a third language, whose words are longer: where one is cut off, the page is too narrow for it.
"""

from collections.abc import AsyncIterator, Iterator

import pytest
from playwright.async_api import Browser, async_playwright, expect

from tests import audit
from tests.pseudo import TAG, speaking
from tests.servers import Valkey, needs
from tests.stack import Stack
from tests.states import STATES, State, scene
from tests.states.scene import BROWSER

pytestmark = [pytest.mark.anyio, pytest.mark.browser]

# It is a build for machines without a display.
OLD_FLAGS = [*BROWSER, "--headless", "--no-zygote", "--disable-dev-shm-usage"]


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory, valkey_of_session: Valkey) -> Iterator[Stack]:
    """Processes that know a third language."""
    valkey_of_session.flushall()
    with speaking(tmp_path_factory.mktemp("old"), valkey_of_session) as running:
        yield running


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
async def test_every_state_is_reached_in_an_old_browser_and_breaks_under_no_longer_word(
    stack: Stack, old_browser: Browser, state: State
) -> None:
    async with scene(stack, old_browser, state, TAG) as found:
        await expect(found.page.locator("main")).to_be_visible()
        assert await audit.fits(found.page) == []
        if state.app == "citizen":
            assert await audit.targets(found.page) == []
