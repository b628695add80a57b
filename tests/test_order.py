"""The order of those who wait: total, steady, and won by time in the end."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import cmp_to_key

from hypothesis import given
from hypothesis import strategies as st

from dispatch.order import DANGER_MOST_MIN, SPAN_MIN, Danger, Signs, rank, reasons

BEGAN = datetime(2026, 11, 23, 10, tzinfo=UTC)

dangers = st.lists(
    st.builds(Danger, st.text(min_size=1, max_size=3), st.integers(1, DANGER_MOST_MIN)), max_size=3
)
signs = st.builds(
    Signs,
    kind=st.sampled_from(["quick", "location", "fraud", "tip"]),
    duress=st.booleans(),
    covert=st.booleans(),
    impaired=st.booleans(),
    dangers=dangers.map(tuple),
    invalid=st.integers(0, 40),
)
filed = st.integers(0, 10**7).map(lambda ms: BEGAN + timedelta(milliseconds=ms))
waiting = st.tuples(filed, signs)


def place(one: tuple[datetime, Signs]) -> int:
    return rank(one[0], reasons(one[1]))


def compared(one: tuple[datetime, Signs], other: tuple[datetime, Signs]) -> int:
    return (place(one) > place(other)) - (place(one) < place(other))


def minutes(of: Signs) -> int:
    return sum(reason.minutes for reason in reasons(of))


@given(st.lists(waiting, max_size=8))
def test_the_order_is_total_and_does_not_depend_on_how_it_was_come_by(
    reports: list[tuple[datetime, Signs]],
) -> None:
    by_number = sorted(reports, key=place)
    one_by_one = sorted(reports, key=cmp_to_key(compared))
    assert list(map(place, by_number)) == list(map(place, one_by_one)) == sorted(map(place, reports))


@given(signs, filed, st.integers(1, 10**6))
def test_who_was_filed_earlier_stands_before_their_like(of: Signs, at: datetime, ms: int) -> None:
    assert place((at, of)) < place((at + timedelta(milliseconds=ms), of))


@given(signs, signs, filed)
def test_whoever_has_waited_long_enough_comes_before_any_newcomer(
    late: Signs, new: Signs, at: datetime
) -> None:
    newcomer = at + timedelta(minutes=SPAN_MIN, milliseconds=1)
    assert place((at, late)) < place((newcomer, new))


@given(signs, dangers)
def test_a_sign_of_danger_never_lowers(of: Signs, more: list[Danger]) -> None:
    plain = minutes(of)
    assert minutes(replace(of, duress=True)) >= plain
    assert minutes(replace(of, covert=True)) >= plain
    assert minutes(replace(of, impaired=True)) >= plain
    assert minutes(replace(of, dangers=(*of.dangers, *more))) >= plain


@given(signs, st.integers(0, 40))
def test_a_worse_record_never_lifts_and_never_lowers_who_is_in_danger(of: Signs, more: int) -> None:
    worse = replace(of, invalid=of.invalid + more)
    assert minutes(worse) <= minutes(of)
    if of.duress or of.covert or of.impaired or of.dangers:
        assert minutes(worse) == minutes(replace(of, invalid=0))


def test_who_is_threatened_comes_before_who_is_covert_before_what_is_written_before_the_rest() -> None:
    threatened, covert = Signs(duress=True), Signs(covert=True)
    written = Signs(dangers=(Danger("刀", 60),), impaired=True)
    impaired, plain = Signs(impaired=True), Signs()
    nuisance, fraud, tip = Signs(invalid=12), Signs(kind="fraud"), Signs(kind="tip")
    expected = [threatened, covert, written, impaired, plain, nuisance, fraud, tip]
    places = [place((BEGAN, of)) for of in expected]
    assert places == sorted(places)
    assert len(set(places)) == len(expected)


def test_each_reason_is_given_with_its_minutes() -> None:
    of = Signs(kind="fraud", covert=True, dangers=(Danger("刀", 30), Danger("打人", 20)), invalid=4)
    said = [(reason.sign, reason.minutes) for reason in reasons(of)]
    assert said == [("covert", 120), ("danger", 30), ("nuisance_lifted", 0), ("fraud", -30)]
    assert reasons(of)[1].words == ("刀", "打人")
    assert reasons(Signs()) == ()
    assert [(reason.sign, reason.minutes) for reason in reasons(Signs(invalid=3))] == [("nuisance", -10)]
