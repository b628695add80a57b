"""What a desk's times may be."""

from hypothesis import given
from hypothesis import strategies as st

from dispatch.desk_times import BOUNDS, Times, faults_in

USUAL = Times(15, 30, 60, 15, 20, 60, 60, 600)


@given(st.tuples(*(st.integers(-5, 10_000) for _ in BOUNDS)))
def test_times_without_a_fault_are_within_bounds_and_ascend(numbers: tuple[int, ...]) -> None:
    times = Times(*numbers)
    if faults_in(times):
        return
    assert 0 < times.tell_desk_s < times.tell_leader_s < times.tell_parent_s
    assert 0 < times.late_1_s < times.late_2_s < times.late_3_s
    assert times.again_idle_s >= 0
    assert times.again_offline_s >= 0


def test_the_times_that_come_with_us_are_without_fault() -> None:
    assert faults_in(USUAL) == {}
