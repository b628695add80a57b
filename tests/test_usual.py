"""A desk's usual time to accept is read once for many who ask, and is never another desk's."""

from collections.abc import Callable
from typing import Any

import pytest

from api import usual as module
from api.usual import KEPT_S, UsualTimes
from dispatch.errors import Refused

pytestmark = pytest.mark.anyio

XIHU, GONGSHU = "330106", "330105"


class Desks:
    """What the database says of each desk, how often it was asked, and a clock that goes when it is told to."""

    def __init__(self) -> None:
        self.says: dict[str, float | None] = {XIHU: 6.4, GONGSHU: None}
        self.asked: list[str] = []
        self.away = False
        self.now = 1_000.0

    async def read(self, function: Callable[[Any], Any]) -> Any:
        if self.away:
            raise Refused("database_unavailable")
        return function(None)

    def usual(self, _session: object, desk: str) -> float | None:
        self.asked.append(desk)
        return self.says[desk]


@pytest.fixture
def desks(monkeypatch: pytest.MonkeyPatch) -> Desks:
    found = Desks()
    monkeypatch.setattr(module, "usual_acceptance_s", found.usual)
    return found


@pytest.fixture
def times(desks: Desks) -> UsualTimes:
    return UsualTimes(desks.read, lambda: desks.now)  # type: ignore[arg-type]  # it is called alike


async def test_each_desk_is_read_once_for_some_seconds_and_then_anew(desks: Desks, times: UsualTimes) -> None:
    assert [await times.of(XIHU) for _ in range(3)] == [6.4] * 3
    assert [await times.of(GONGSHU) for _ in range(3)] == [None] * 3
    assert desks.asked == [XIHU, GONGSHU]
    desks.says = {XIHU: 3.0, GONGSHU: 9.1}
    desks.now += KEPT_S
    assert (await times.of(XIHU), await times.of(GONGSHU)) == (3.0, 9.1)


async def test_a_database_that_is_away_is_said_and_asked_again(desks: Desks, times: UsualTimes) -> None:
    desks.away = True
    with pytest.raises(Refused, match="database_unavailable"):
        await times.of(XIHU)
    desks.away = False
    assert await times.of(XIHU) == 6.4


async def test_what_was_read_stands_while_the_database_is_away(desks: Desks, times: UsualTimes) -> None:
    await times.of(XIHU)
    desks.away = True
    assert await times.of(XIHU) == 6.4
