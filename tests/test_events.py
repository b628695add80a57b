"""The event log: its chain, its numbers, the numbers of reports over midnights, odd clocks and large counters."""

import hashlib
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlmodel import Session

from dispatch import events
from dispatch.database import Database
from dispatch.events import chain, epoch, heads, next_number, read_since, record
from dispatch.reading import state
from dispatch.writer import Command
from tests.domain import DESK, OTHER_DESK, acknowledge, add_reporter, done, file, filing, set_head, writing
from tests.truth import assert_whole, log_of

AT = datetime(2026, 11, 23, 10, 0, 0, 123000, tzinfo=UTC)
EVENT: dict[str, Any] = {
    "desk": DESK,
    "seq": 17,
    "at": AT,
    "kind": "ReportFiled",
    "report": UUID(int=1),
    "reporter": UUID(int=2),
    "actor": "reporter:00000000-0000-0000-0000-000000000002",
    "data": {"b": [1, None, True], "a": "甲"},
}
OTHERWISE: dict[str, Any] = {
    "desk": OTHER_DESK,
    "seq": 18,
    "at": AT + timedelta(milliseconds=1),
    "kind": "ReportReceived",
    "report": None,
    "reporter": UUID(int=3),
    "actor": "system",
    "data": {"b": [1, None, True], "a": "乙"},
}


def noted(database: Database, count: int = 1, desk: str = DESK) -> None:
    with writing(database) as writer:
        for _ in range(count):
            done(writer, lambda session: record(session, desk, "Noted", actor="system"), desk)


def test_the_chain_is_what_anybody_can_compute_who_has_the_events() -> None:
    """The form is fixed for ever: an auditor's own program must find the same."""
    fields = (
        f'["{DESK}",17,"2026-11-23T10:00:00.123Z","ReportFiled","{UUID(int=1)}","{UUID(int=2)}",'
        f'"reporter:{UUID(int=2)}",{{"a":"甲","b":[1,null,true]}}]'
    )
    assert chain(b"previous", EVENT) == hashlib.sha256(b"previous" + fields.encode()).digest()


@pytest.mark.parametrize("field", EVENT)
def test_whatever_of_an_event_is_changed_the_chain_tells(field: str) -> None:
    assert chain(b"previous", {**EVENT, field: OTHERWISE[field]}) != chain(b"previous", EVENT)
    assert chain(b"another", EVENT) != chain(b"previous", EVENT)


def test_each_desk_has_its_own_numbers_and_its_own_chain(database: Database) -> None:
    for desk in (DESK, OTHER_DESK, DESK, DESK, OTHER_DESK):
        noted(database, desk=desk)
    with database.read() as session:
        assert heads(session, [DESK, OTHER_DESK]) == {DESK: 3, OTHER_DESK: 2}
        assert [found.seq for found in read_since(session, DESK, 1, 10)] == [2, 3]
        assert [found.seq for found in read_since(session, DESK, 0, 2)] == [1, 2]
        assert read_since(session, DESK, 3, 10) == []
    assert_whole(database)


def test_the_epoch_says_which_database_it_is(database: Database) -> None:
    with database.read() as session:
        assert UUID(epoch(session)) == UUID(epoch(session))


def test_what_is_read_back_chains_as_what_was_written(database: Database) -> None:
    data = {"z": 1, "a": {"y": [1, 2.5, None, True, "字"], "b": ""}, "": "empty", "n": -(2**53)}
    with writing(database) as writer:
        for _ in range(3):
            done(writer, lambda session: record(session, DESK, "Noted", actor="system", data=data), DESK)
    assert [found.data for found in log_of(database, DESK)] == [data] * 3
    assert_whole(database, DESK)


def test_reports_are_numbered_anew_at_local_midnight(database: Database) -> None:
    """In Zhejiang the day begins at 16:00 UTC."""
    midnight = datetime(2026, 11, 23, 16, tzinfo=UTC)
    moments = [
        midnight - timedelta(hours=1),
        midnight - timedelta(milliseconds=1),
        midnight,
        midnight + timedelta(hours=23),
    ]
    assert _numbers(database, *moments, midnight + timedelta(days=1)) == [
        f"{DESK}-20261123-000001",
        f"{DESK}-20261123-000002",
        f"{DESK}-20261124-000001",
        f"{DESK}-20261124-000002",
        f"{DESK}-20261125-000001",
    ]


def test_a_clock_that_steps_back_over_midnight_gives_no_number_twice(database: Database) -> None:
    midnight = datetime(2026, 12, 31, 16, tzinfo=UTC)
    before, after = midnight - timedelta(seconds=5), midnight + timedelta(seconds=5)
    numbers = _numbers(database, before, after, before, before, after, before - timedelta(days=400))
    assert numbers == [
        f"{DESK}-20261231-000001",
        *(f"{DESK}-20270101-{n:06d}" for n in range(1, 6)),
    ]


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.integers(-4_000_000, 4_000_000), max_size=15))
def test_however_the_clock_jumps_no_number_is_given_twice(database: Database, jumps: list[int]) -> None:
    set_head(database, DESK, numbered_on="", numbered=0)
    numbers = _numbers(database, *(AT + timedelta(seconds=jump) for jump in jumps))
    assert len(set(numbers)) == len(numbers)


def test_the_millionth_report_of_a_day_has_a_number_like_any_other(database: Database) -> None:
    set_head(database, DESK, numbered_on="20261123", numbered=999_998)
    assert _numbers(database, AT, AT) == [f"{DESK}-20261123-999999", f"{DESK}-20261123-1000000"]


def test_a_clock_that_steps_back_leaves_the_log_in_the_order_of_its_commits(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    moments = iter([AT, AT - timedelta(hours=2), AT - timedelta(days=1), AT])
    monkeypatch.setattr(events, "now", lambda: next(moments))
    noted(database, 4)
    assert [found.seq for found in log_of(database, DESK)] == [1, 2, 3, 4]
    assert [found.at for found in log_of(database, DESK)] == [
        AT,
        AT - timedelta(hours=2),
        AT - timedelta(days=1),
        AT,
    ]
    assert_whole(database, DESK)


@pytest.mark.parametrize("edge", [2**31, 2**32, 2**53], ids=["2**31", "2**32", "2**53"])
def test_a_log_goes_on_over_the_edges_of_numbers(database: Database, edge: int) -> None:
    """No database, no column and no JSON on the way may stop counting there."""
    set_head(database, DESK, seq=edge - 3)
    with writing(database) as writer:
        reporter = done(writer, add_reporter)
        filed = [done(writer, file(filing(reporter)), DESK).id for _ in range(3)]
        for report in filed:
            done(writer, acknowledge(report, f"{DESK}01"), DESK)
    assert [found.seq for found in log_of(database, DESK)] == list(range(edge - 2, edge + 4))
    with database.read() as session:
        assert heads(session, [DESK]) == {DESK: edge + 3}
        assert [found.seq for found in read_since(session, DESK, edge - 1, 10)] == list(range(edge, edge + 4))
        states = [state(session, report) for report in filed]
    assert [found and found.filed_seq for found in states] == [edge - 2, edge - 1, edge]
    assert_whole(database, DESK)


def _numbers(database: Database, *moments: datetime) -> list[str]:
    """The numbers that reports filed at these moments are given, one transaction each."""

    def numbered(at: datetime) -> Command[str]:
        def command(session: Session) -> str:
            record(session, DESK, "Noted", actor="system")
            return next_number(session, DESK, at)

        return command

    with writing(database) as writer:
        return [done(writer, numbered(moment), DESK) for moment in moments]
