"""Shifts and notes: begun and ended with a key, with nothing left in anybody's hands; no reporter reads a note."""

from collections.abc import Callable
from functools import partial
from typing import Any
from uuid import UUID

import pytest
from sqlmodel import Session

from dispatch import notes, reading, shifts
from dispatch.database import Database
from dispatch.errors import Refused
from dispatch.shifts import HandOver
from dispatch.writer import Writer
from tests.domain import DESK, OTHER_DESK, acknowledge, add_reporter, done, file, filing, writing
from tests.truth import assert_whole, log_of, rows

FIRST, SECOND, THIRD = f"{DESK}01", f"{DESK}02", f"{DESK}03"
NEIGHBOUR = f"{OTHER_DESK}01"


def act(writer: Writer, command: Callable[[Session], Any]) -> Any:
    return done(writer, command, DESK)


def begin(writer: Writer, *numbers: str) -> None:
    for number in numbers:
        act(writer, partial(shifts.begin, dispatcher=number, desk=number[:6]))


def end(writer: Writer, number: str, *handed: HandOver, note: str = "") -> None:
    act(writer, lambda session: shifts.end(session, number, DESK, handed, note))


def in_hand(writer: Writer, number: str = FIRST) -> UUID:
    """A report that the dispatcher has accepted."""
    wanted = filing(done(writer, add_reporter))
    done(writer, file(wanted), DESK)
    done(writer, acknowledge(wanted.id, number), DESK)
    return wanted.id


def kinds(database: Database) -> list[str]:
    return [event.kind for event in log_of(database, DESK)]


def test_a_shift_begins_and_ends_once_however_often_the_key_is_pressed(database: Database) -> None:
    with writing(database) as writer:
        begin(writer, FIRST, FIRST)
        with database.read() as session:
            assert [one.dispatcher for one in shifts.on(session, DESK)] == [FIRST]
            assert shifts.since(session, FIRST) is not None
        end(writer, FIRST)
        end(writer, FIRST)
        with database.read() as session:
            assert shifts.on(session, DESK) == []
            assert shifts.since(session, FIRST) is None
        assert kinds(database) == ["ShiftBegan", "ShiftEnded"]
        begin(writer, FIRST)
        assert kinds(database)[-1] == "ShiftBegan"


def test_who_is_not_on_shift_accepts_all_the_same(database: Database) -> None:
    with writing(database) as writer:
        report = in_hand(writer)
        with database.read() as session:
            found = reading.state(session, report)
        assert found is not None
        assert found.handler == FIRST


def test_what_is_in_hand_goes_to_a_colleague_or_back_with_its_note_all_in_one(database: Database) -> None:
    with writing(database) as writer:
        begin(writer, FIRST, SECOND)
        given, back = in_hand(writer), in_hand(writer)
        end(
            writer,
            FIRST,
            HandOver(given, SECOND, "家属在路上"),
            HandOver(back, None, "等回电"),
            note="3 号机键盘坏了",
        )
        with database.read() as session:
            states = reading.states(session, [given, back])
            assert states[given].handler == SECOND
            assert states[given].handlings[0].ended_by == "handed_over"
            lies = states[back].released
            assert lies is not None
            assert lies.reason == "等回电"
            assert [note.text for note in notes.of_report(session, given, DESK)] == ["家属在路上"]
            assert [note.text for note in notes.for_next_shift(session, DESK)] == ["3 号机键盘坏了"]
            assert shifts.counts(session, DESK) == {SECOND: 1}
        # In the first transaction of the end: nobody saw half of it.
        tail = kinds(database)[-6:]
        assert sorted(tail) == sorted(
            ["ReportHandedOver", "NoteWritten", "ReportReleased", "NoteWritten", "NoteWritten", "ShiftEnded"]
        )
    assert_whole(database, DESK)


def test_a_shift_does_not_end_while_something_is_left_in_hand(database: Database) -> None:
    with writing(database) as writer:
        begin(writer, FIRST, SECOND)
        known, new = in_hand(writer), in_hand(writer)
        with pytest.raises(Refused, match="reports_in_hand"):
            end(writer, FIRST, HandOver(known, SECOND))
        with database.read() as session:
            assert shifts.in_hand(session, FIRST, DESK) == [known, new]
            assert shifts.since(session, FIRST) is not None


@pytest.mark.parametrize("to", [THIRD, FIRST, NEIGHBOUR, "nobody"])
def test_nothing_is_handed_to_who_is_not_on_shift_at_this_desk(database: Database, to: str) -> None:
    with writing(database) as writer:
        begin(writer, FIRST, SECOND, NEIGHBOUR)
        known, other = in_hand(writer), in_hand(writer)
        with pytest.raises(Refused) as refused:
            end(writer, FIRST, HandOver(known, SECOND), HandOver(other, to))
        assert (refused.value.code, refused.value.values["dispatcher"]) == ("not_on_shift", to)
        with database.read() as session:
            assert shifts.in_hand(session, FIRST, DESK) == [known, other]


def test_what_another_took_over_meanwhile_stays_theirs(database: Database) -> None:
    with writing(database) as writer:
        begin(writer, FIRST, SECOND)
        theirs = in_hand(writer, THIRD)
        end(writer, FIRST, HandOver(theirs, SECOND))
        with database.read() as session:
            assert shifts.in_hand(session, THIRD, DESK) == [theirs]


def test_a_note_is_kept_once_and_done_once(database: Database) -> None:
    with writing(database) as writer:
        write = lambda session: notes.write(session, DESK, FIRST, "c1", "充电宝在抽屉里")  # noqa: E731
        assert act(writer, write)
        assert not act(writer, write)
        with database.read() as session:
            (note,) = notes.for_next_shift(session, DESK)
        with pytest.raises(Refused, match="note_unknown"):
            done(
                writer, partial(notes.settle, desk=OTHER_DESK, dispatcher=NEIGHBOUR, note=note.id), OTHER_DESK
            )
        for _ in range(2):
            act(writer, partial(notes.settle, desk=DESK, dispatcher=SECOND, note=note.id))
        with database.read() as session:
            assert notes.for_next_shift(session, DESK) == ()
        assert kinds(database) == ["NoteWritten", "NoteDone"]


def test_an_id_that_was_used_elsewhere_keeps_no_note_away(database: Database) -> None:
    with writing(database) as writer:
        one, other = in_hand(writer), in_hand(writer)
        for report, number in ((one, FIRST), (other, FIRST), (one, SECOND), (None, FIRST)):
            command = partial(
                notes.write, desk=DESK, dispatcher=number, client_id="c1", text="同一个号", report=report
            )
            assert act(writer, command)
            assert not act(writer, command)


def test_a_note_is_of_its_desks_own_reports_and_its_words_stand_in_no_event(database: Database) -> None:
    with writing(database) as writer:
        report = in_hand(writer)
        act(writer, lambda session: notes.write(session, DESK, SECOND, "c1", "邻居认识他", report))
        with pytest.raises(Refused, match="report_unknown"):
            done(
                writer,
                lambda session: notes.write(session, OTHER_DESK, NEIGHBOUR, "c2", "不是我们的", report),
                OTHER_DESK,
            )
        with database.read() as session:
            assert [note.text for note in notes.of_report(session, report, DESK)] == ["邻居认识他"]
            assert notes.of_report(session, report, OTHER_DESK) == ()
            (event,) = [
                event for event in rows(session, "event", report=report) if event.kind == "NoteWritten"
            ]
        assert event.reporter is None
        assert "邻居认识他" not in str(event)
    assert_whole(database, DESK)
