"""Who has a received report in hand: put back, taken over, picked up; the acknowledgement stays."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any
from uuid import UUID

import pytest
from sqlmodel import Session

from dispatch import handling, reading
from dispatch.danger_words import Dangers
from dispatch.database import Database
from dispatch.errors import Refused
from dispatch.states import ReportState
from dispatch.writer import Writer
from tests.domain import DESK, OTHER_DESK, acknowledge, add_reporter, done, file, filing, writing
from tests.truth import assert_whole, kinds_of, rows

FIRST, SECOND, THIRD = f"{DESK}01", f"{DESK}02", f"{DESK}03"
NEIGHBOUR = f"{OTHER_DESK}01"


@contextmanager
def received(database: Database) -> Iterator[tuple[Writer, UUID]]:
    """A report that `FIRST` has accepted."""
    with writing(database) as writer:
        wanted = filing(done(writer, add_reporter))
        done(writer, file(wanted), DESK)
        done(writer, acknowledge(wanted.id, FIRST), DESK)
        yield writer, wanted.id
    assert_whole(database, DESK)


def state(database: Database, report: UUID) -> ReportState:
    with database.read() as session:
        found = reading.state(session, report)
    assert found is not None
    return found


def act(writer: Writer, command: Callable[[Session], Any]) -> Any:
    return done(writer, command, DESK)


def released(writer: Writer, report: UUID, by: str = FIRST, reason: str = "要出警") -> None:
    act(writer, lambda session: handling.release(session, report, DESK, by, reason))


def taken(writer: Writer, report: UUID, by: str, seen: str = FIRST, reason: str = "他在通话") -> None:
    act(writer, lambda session: handling.take_over(session, report, DESK, by, seen, reason))


def picked(writer: Writer, report: UUID, by: str) -> None:
    act(writer, lambda session: handling.pick_up(session, report, DESK, by))


def test_who_accepts_has_it_in_hand_in_the_same_transaction(database: Database) -> None:
    with received(database) as (_, report):
        now = state(database, report)
        assert (now.handler, now.handled, now.released, now.handlings) == (FIRST, 1, None, ())
        with database.read() as session:
            only = rows(session, "handling", report=report)
        assert [(row.dispatcher, row.began_by, row.ended_at) for row in only] == [(FIRST, "accepted", None)]
        assert now.acknowledgement is not None
        assert only[0].began_at == now.acknowledgement.at


def test_the_winner_who_accepts_again_has_it_once(database: Database) -> None:
    with received(database) as (writer, report):
        done(writer, acknowledge(report, FIRST), DESK)
        assert state(database, report).handled == 1


def test_put_back_it_waits_for_anybody_and_stays_received(database: Database) -> None:
    with received(database) as (writer, report):
        before = state(database, report)
        released(writer, report)
        released(writer, report)  # twice is once
        now = state(database, report)
        assert (now.handler, now.status, now.version) == (None, "received", before.version)
        assert now.acknowledgement == before.acknowledgement
        assert now.released is not None
        assert (now.released.dispatcher_number, now.released.ended_by) == (FIRST, "released")
        assert now.released.reason == "要出警"
        assert now.handled == before.handled + 1
        picked(writer, report, SECOND)
        picked(writer, report, SECOND)
        now = state(database, report)
        assert (now.handler, now.released) == (SECOND, None)
        assert [(was.dispatcher_number, was.began_by) for was in now.handlings] == [
            (FIRST, "accepted"),
            (SECOND, "picked_up"),
        ]
        assert now.acknowledgement == before.acknowledgement
        assert kinds_of(database, str(report))[2:] == ["ReportReleased", "ReportPickedUp"]


def test_taken_over_it_is_the_colleagues_and_the_reason_is_kept_in_no_event(database: Database) -> None:
    with received(database) as (writer, report):
        taken(writer, report, SECOND, reason="他在通话")
        now = state(database, report)
        assert now.handler == SECOND
        assert now.handlings[0].ended_by == "taken_over"
        assert now.handlings[0].reason == "他在通话"
        with database.read() as session:
            events = rows(session, "event", report=report)
        assert "他在通话" not in str(events)
        last = max(events, key=lambda event: event.seq)
        assert (last.kind, last.actor) == ("ReportTakenOver", f"dispatcher:{SECOND}")


def test_no_screen_of_the_reporter_follows_any_of_it(database: Database) -> None:
    with received(database) as (writer, report):
        released(writer, report)
        picked(writer, report, SECOND)
        taken(writer, report, THIRD, seen=SECOND)
        act(writer, lambda session: handling.lay_down(session, report, DESK, "idle"))
        with database.read() as session:
            events = [event for event in rows(session, "event", report=report) if event.seq > 2]
        assert len(events) == 4
        assert {event.reporter for event in events} == {None}
        assert all("version" not in event.data for event in events)


def test_of_many_who_pick_it_up_at_once_one_wins_and_the_others_learn_who(database: Database) -> None:
    with received(database) as (writer, report):
        released(writer, report)
        numbers = [SECOND, THIRD, f"{DESK}90"]
        with writing(database) as other:

            def press(nth: int) -> tuple[str, str | None]:
                number = numbers[nth % 3]
                try:
                    picked((writer, other)[nth % 2], report, number)
                except Refused as refused:
                    return number, str(refused.values["dispatcher"])
                return number, None

            with ThreadPoolExecutor(6) as pool:
                answers = list(pool.map(press, range(6)))
        winner = state(database, report).handler
        assert {number for number, lost_to in answers if lost_to is None} == {winner}
        assert {lost_to for number, lost_to in answers if number != winner} == {winner}
        with database.read() as session:
            open_rows = [row for row in rows(session, "handling", report=report) if row.ended_at is None]
        assert [row.dispatcher for row in open_rows] == [winner]


def test_who_wants_it_from_one_colleague_does_not_take_it_from_another(database: Database) -> None:
    with received(database) as (writer, report):
        taken(writer, report, SECOND, seen=FIRST)
        with pytest.raises(Refused) as refused:
            taken(writer, report, THIRD, seen=FIRST)
        assert (refused.value.code, refused.value.values["dispatcher"]) == ("handled_by_another", SECOND)
        taken(writer, report, SECOND, seen=FIRST)  # pressed twice
        assert state(database, report).handled == 2


def test_what_was_put_back_a_moment_ago_can_be_taken_over_all_the_same(database: Database) -> None:
    with received(database) as (writer, report):
        released(writer, report)
        taken(writer, report, SECOND, reason="催得急")
        now = state(database, report)
        assert (now.handler, now.handlings[-1].began_by) == (SECOND, "picked_up")


def test_only_who_has_it_puts_it_back_and_only_what_lies_there_is_picked_up(database: Database) -> None:
    with received(database) as (writer, report):
        attempts: list[Callable[[], None]] = [
            lambda: released(writer, report, by=SECOND),
            lambda: picked(writer, report, SECOND),
        ]
        for attempt in attempts:
            with pytest.raises(Refused) as refused:
                attempt()
            assert (refused.value.code, refused.value.values["dispatcher"]) == ("handled_by_another", FIRST)


def test_what_nobody_has_accepted_cannot_be_handled_nor_another_desks_report(database: Database) -> None:
    with received(database) as (writer, report):
        waits = filing(done(writer, add_reporter))
        done(writer, file(waits), DESK)
        with pytest.raises(Refused, match="not_received"):
            picked(writer, waits.id, FIRST)
        with pytest.raises(Refused, match="report_unknown"):
            act(writer, lambda session: handling.pick_up(session, report, OTHER_DESK, NEIGHBOUR))


def test_what_lies_there_stands_before_all_that_is_handled(database: Database) -> None:
    with received(database) as (writer, report):
        newer = filing(done(writer, add_reporter))
        done(writer, file(newer), DESK)
        done(writer, acknowledge(newer.id, SECOND), DESK)
        released(writer, report)
        with database.read() as session:
            assert [found.id for found in reading.open_at_desk(session, DESK, 10, Dangers()).reports] == [
                report,
                newer.id,
            ]
