"""Every state of the desk for everybody, by `tests/for_everybody.py`."""

import pytest

from tests import for_everybody
from tests.for_everybody import CHINESE, Everybody
from tests.states import STATES, State

pytestmark = [pytest.mark.anyio, pytest.mark.browser]

browser, checker, everybody = for_everybody.browser, for_everybody.checker, for_everybody.everybody


@pytest.mark.parametrize(
    "state", [state for state in STATES if state.app == "console"], ids=lambda state: state.name
)
async def test_no_state_of_the_desk_shuts_anybody_out(everybody: Everybody, state: State) -> None:
    assert await everybody.complaints(state, CHINESE) == []
