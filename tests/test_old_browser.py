"""The reporter's page and the desk's in Chromium 107, the floor: that of WeChat's built-in browser and of old offices.

Every state of `tests/states` is reached in it, with no error in any script: what linters cannot see is seen here. They
are reached in a third language, English with longer words, and held against all that `tests/for_everybody.py` asks:
where a word is cut off, the page is too narrow for it.
"""

from collections.abc import AsyncIterator, Iterator

import pytest
from playwright.async_api import Browser, async_playwright

from tests import for_everybody
from tests.for_everybody import Everybody
from tests.html_checker import Checker
from tests.pseudo import TAG, speaking
from tests.servers import Valkey, needs
from tests.stack import Stack
from tests.states import STATES, State
from tests.states.scene import BROWSER

pytestmark = [pytest.mark.anyio, pytest.mark.browser]

# It is a build for machines without a display.
OLD_FLAGS = [*BROWSER, "--headless", "--no-zygote", "--disable-dev-shm-usage"]

checker = for_everybody.checker


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
async def test_every_state_is_reached_in_an_old_browser_and_in_longer_words_shuts_nobody_out(
    stack: Stack, old_browser: Browser, checker: Checker, state: State
) -> None:
    assert await Everybody(stack, old_browser, checker).complaints(state, TAG) == []
