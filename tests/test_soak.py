"""The soak in its short form, and what it must find: that its own parts count rightly."""

import random
from collections import Counter
from pathlib import Path

import pytest

from tests.history.checker import SORTS
from tests.soak.faults import EVERYWHERE, faults
from tests.soak.run import Effort, Result, rounds, soak
from tests.soak.table import lines

FEW = (
    "citizen killed between commit and ring",
    "console killed before its push",
    "Redis' memory full for 2 s",
    "forged rings",
)


@pytest.mark.alone
def test_a_short_soak_loses_doubles_misorders_and_falsely_receives_nothing(tmp_path: Path) -> None:
    effort = Effort(minutes=1, rate=15, desks=2, consoles=4, only=FEW, most=len(FEW))
    result = soak(effort, tmp_path, print)
    print(*lines(effort, result), sep="\n")
    assert result.held, [*result.first, *result.problems]
    assert result.gaps.keys() | result.not_fired.keys() == set(FEW)
    assert result.filed > 0
    assert result.filed == result.acknowledged


def test_every_fault_has_its_turn_before_any_has_its_second() -> None:
    names = list(faults(on_postgresql=True))
    assert len(names) > len(EVERYWHERE)
    order = rounds(names, random.Random(1))
    first, second = ([next(order) for _ in names] for _ in range(2))
    assert sorted(first) == sorted(second) == sorted(names)
    assert first != second
    again = rounds(names, random.Random(1))
    assert first == [next(again) for _ in names]


@pytest.mark.parametrize("sort", SORTS)
def test_one_violation_is_one_too_many(sort: str) -> None:
    assert Result(took_s=60.0).held
    result = Result(took_s=60.0, sorts=Counter([sort]))
    assert not result.held
    table = "\n".join(lines(Effort(1), result))
    assert "| 1 |" in table


def test_what_is_no_violation_and_not_well_is_told() -> None:
    result = Result(took_s=60.0, problems=["a report was not taken"])
    assert not result.held
    assert "BROKEN: a report was not taken" in "\n".join(lines(Effort(1), result))
