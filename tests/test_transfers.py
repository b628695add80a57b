"""Transfer between desks: asked, accepted, returned, recalled, left unanswered; received stays received."""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from functools import partial
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import insert
from sqlmodel import Session

from dispatch import (
    handling,
    messages,
    openings,
    outcomes,
    reading,
    reports,
    scenes,
    sendings,
    transfers,
    unanswered,
    waiting,
)
from dispatch.clock import now
from dispatch.danger_words import Dangers
from dispatch.database import Database
from dispatch.errors import Refused
from dispatch.events import read_since
from dispatch.media_reading import of_desk
from dispatch.models import TABLES
from dispatch.scenes import Spot
from dispatch.searching import find, wanted_of
from dispatch.states import Place, ReportState
from dispatch.writer import Writer
from tests.domain import DESK, OTHER_DESK, acknowledge, add_reporter, done, file, filing, writing
from tests.test_handling import FIRST, NEIGHBOUR, SECOND, act, received, released, state, taken
from tests.test_units import unit
from tests.truth import assert_whole, rows

THIRD_DESK = "330105"
NEXT_NEIGHBOUR = f"{OTHER_DESK}02"
REASON = "现场在上城区"


def ask(report: UUID, by: str = FIRST, to: str = OTHER_DESK) -> Callable[[Session], None]:
    return lambda session: transfers.ask(session, report, DESK, by, to, REASON)


def accept(report: UUID, by: str = NEIGHBOUR, desk: str = OTHER_DESK) -> Callable[[Session], None]:
    return lambda session: transfers.accept(session, report, desk, by)


def give_back(report: UUID, by: str = NEIGHBOUR) -> Callable[[Session], None]:
    return lambda session: transfers.give_back(session, report, OTHER_DESK, by, "仍在西湖区")


def recall(report: UUID, by: str = FIRST) -> Callable[[Session], None]:
    return lambda session: transfers.recall(session, report, DESK, by)


@contextmanager
def asked(database: Database) -> Iterator[tuple[Writer, UUID]]:
    """A report that `FIRST` has accepted, and that the desk next door is asked to take over."""
    with received(database) as (writer, report):
        act(writer, ask(report))
        yield writer, report
    assert_whole(database, DESK, OTHER_DESK)


def told(database: Database, desk: str, report: UUID) -> list[str]:
    """What a desk's log says of a report."""
    with database.read() as session:
        return [event.kind for event in read_since(session, desk, 0, 1000) if event.report == report]


def at_desk(database: Database, desk: str) -> list[ReportState]:
    """What a desk's screens show, and that the figure of who waits says as much."""
    with database.read() as session:
        found = reading.open_at_desk(session, desk, 10, Dangers()).reports
        assert waiting.count(session, desk) == sum(report.waits for report in found)
    return found


def refusal(writer: Writer, command: Callable[[Session], Any]) -> tuple[str, object]:
    with pytest.raises(Refused) as refused:
        act(writer, command)
    return refused.value.code, refused.value.values.get("dispatcher")


# --- asked


def test_until_the_other_desk_accepts_the_first_has_it_in_hand_and_the_other_looks(
    database: Database,
) -> None:
    with received(database) as (writer, report):
        before = state(database, report)
        act(writer, ask(report))
        act(writer, ask(report))  # twice is once
        after = state(database, report)
        assert (after.desk, after.status, after.handler, after.version) == (
            DESK,
            "received",
            FIRST,
            before.version,
        )
        assert after.handled == before.handled + 1
        assert [after.concerns(desk) for desk in (DESK, OTHER_DESK, THIRD_DESK)] == [True, True, False]
        (own,), (theirs,) = at_desk(database, DESK), at_desk(database, OTHER_DESK)
        assert (own.waits, own.goes and own.goes.to_desk, own.comes) == (False, OTHER_DESK, None)
        assert (theirs.waits, theirs.goes, theirs.comes and theirs.comes.reason) == (True, None, REASON)
        assert theirs.waits_since == own.transfers[0].asked_at
        assert told(database, DESK, report)[2:] == ["TransferAsked"]
        assert told(database, OTHER_DESK, report) == ["TransferOffered"]


def test_its_reason_is_in_no_event_and_no_event_of_it_names_the_reporter(database: Database) -> None:
    with asked(database) as (writer, report):
        act(writer, give_back(report))
        with database.read() as session:
            events = [event for event in rows(session, "event", report=report) if event.kind[:3] == "Tra"]
        assert len(events) == 4
        assert REASON not in str(events)
        assert "仍在西湖区" not in str(events)
        assert {event.reporter for event in events} == {None}


def test_only_who_has_it_in_hand_asks_and_only_what_is_received_is_transferred(database: Database) -> None:
    with received(database) as (writer, report):
        waits = filing(done(writer, add_reporter))
        done(writer, file(waits), DESK)
        assert refusal(writer, ask(waits.id)) == ("not_received", None)
        assert refusal(writer, ask(report, by=SECOND)) == ("handled_by_another", FIRST)
        released(writer, report)
        assert refusal(writer, ask(report)) == ("not_in_hand", None)
        assert at_desk(database, OTHER_DESK) == []


def test_it_goes_to_another_desk_that_is_open(database: Database) -> None:
    with received(database) as (writer, report):
        for nowhere in (DESK, "310101", "上城"):
            assert refusal(writer, ask(report, to=nowhere)) == ("desk_unknown", None)
        done(writer, lambda session: openings.close_desk(session, OTHER_DESK, "system"), OTHER_DESK)
        assert refusal(writer, ask(report)) == ("desk_not_open", None)


def test_a_report_has_one_open_transfer(database: Database) -> None:
    with asked(database) as (writer, report):
        assert refusal(writer, ask(report, to=THIRD_DESK)) == ("transfer_pending", None)
        assert at_desk(database, THIRD_DESK) == []


def test_of_two_who_ask_different_desks_at_once_one_is_heard(database: Database) -> None:
    with received(database) as (writer, report), writing(database) as other:
        answers = at_once(
            (writer, DESK, ask(report, to=OTHER_DESK)), (other, DESK, ask(report, to=THIRD_DESK))
        )
        assert sorted(answer or "" for answer in answers) == ["", "transfer_pending"]
        with database.read() as session:
            assert len(rows(session, "transfer", report=report)) == 1


def test_the_other_desk_looks_and_does_nothing_else(database: Database) -> None:
    with asked(database) as (writer, report):
        attempts: list[Callable[[Session], Any]] = [
            lambda session: messages.send_from_dispatcher(
                session, report, OTHER_DESK, NEIGHBOUR, "c", "您好"
            ),
            lambda session: handling.take_over(session, report, OTHER_DESK, NEIGHBOUR, FIRST, "急"),
            lambda session: outcomes.close(session, report, OTHER_DESK, NEIGHBOUR, "handled", None),
            lambda session: scenes.place(
                session, report, OTHER_DESK, NEIGHBOUR, "c", Spot(30.25, 120.15, "wgs84", 10)
            ),
            lambda session: transfers.ask(session, report, OTHER_DESK, NEIGHBOUR, THIRD_DESK, "不是我们的"),
        ]
        for attempt in attempts:
            with pytest.raises(Refused, match="report_unknown"):
                done(writer, attempt, OTHER_DESK)
        done_by_them = acknowledge(report, NEIGHBOUR, OTHER_DESK)
        with pytest.raises(Refused, match="report_unknown"):
            done(writer, done_by_them, OTHER_DESK)


def test_a_desk_that_was_never_asked_does_not_learn_that_it_exists(database: Database) -> None:
    with asked(database) as (writer, report):
        stranger = f"{THIRD_DESK}01"
        for attempt in (
            accept(report, stranger, THIRD_DESK),
            lambda session: transfers.give_back(session, report, THIRD_DESK, stranger, "不是"),
            lambda session: transfers.recall(session, report, THIRD_DESK, stranger),
        ):
            with pytest.raises(Refused, match="report_unknown"):
                done(writer, attempt, THIRD_DESK)


# --- accepted


def test_accepted_it_is_the_other_desks_and_stays_received_by_the_first(database: Database) -> None:
    with asked(database) as (writer, report):
        before = state(database, report)
        done(writer, accept(report), OTHER_DESK)
        done(writer, accept(report), OTHER_DESK)  # the winner may press again
        after = state(database, report)
        assert (after.desk, after.status, after.handler) == (OTHER_DESK, "received", NEIGHBOUR)
        assert after.acknowledgement == before.acknowledgement
        assert (after.number, after.filed_at) == (before.number, before.filed_at)
        assert (after.version, after.handled) == (before.version + 1, before.handled + 1)
        assert [(one.dispatcher_number, one.began_by, one.ended_by) for one in after.handlings] == [
            (FIRST, "accepted", "transferred"),
            (NEIGHBOUR, "transferred", None),
        ]
        assert not after.concerns(DESK)
        assert at_desk(database, DESK) == []
        (theirs,) = at_desk(database, OTHER_DESK)
        assert (theirs.waits, theirs.comes, theirs.goes) == (False, None, None)
        assert told(database, DESK, report)[2:] == ["TransferAsked", "TransferEnded"]
        assert told(database, OTHER_DESK, report) == ["TransferOffered", "ReportTransferred"]


def test_the_event_of_the_acceptance_is_one_that_the_reporters_screens_follow(database: Database) -> None:
    with asked(database) as (writer, report):
        done(writer, accept(report), OTHER_DESK)
        with database.read() as session:
            (event,) = rows(session, "event", report=report, kind="ReportTransferred")
        now_ = state(database, report)
        assert (event.desk, event.reporter) == (OTHER_DESK, now_.caller.reporter)
        assert event.data["version"] == now_.version
        # On how many screens it is counts from the event by which it came on the new desk's.
        with database.read() as session:
            (offered,) = rows(session, "event", report=report, kind="TransferOffered")
        assert now_.on_screens_since == offered.seq


def test_the_new_desk_does_with_it_what_the_first_may_do_no_longer(database: Database) -> None:
    with asked(database) as (writer, report):
        done(writer, accept(report), OTHER_DESK)
        for attempt in (
            lambda session: messages.send_from_dispatcher(session, report, DESK, FIRST, "c", "您好"),
            lambda session: handling.release(session, report, DESK, FIRST, "要出警"),
            lambda session: outcomes.close(session, report, DESK, FIRST, "handled", None),
        ):
            with pytest.raises(Refused, match="report_unknown"):
                act(writer, attempt)
        with database.read() as session:
            assert find(session, DESK, wanted_of("打架")).reports == ()
            assert find(session, OTHER_DESK, wanted_of("打架")).reports == (report,)
        done(
            writer,
            lambda session: outcomes.close(session, report, OTHER_DESK, NEIGHBOUR, "handled", None),
            OTHER_DESK,
        )
        assert state(database, report).status == "closed"


def test_it_can_go_on_to_a_third_desk_and_come_back(database: Database) -> None:
    with asked(database) as (writer, report):
        done(writer, accept(report), OTHER_DESK)
        onward = lambda session: transfers.ask(  # noqa: E731 - the command, as everywhere here
            session, report, OTHER_DESK, NEIGHBOUR, DESK, "还是在西湖区"
        )
        done(writer, onward, OTHER_DESK, DESK)
        act(writer, accept(report, SECOND, DESK))
        after = state(database, report)
        assert (after.desk, after.handler) == (DESK, SECOND)
        assert [transfer.ended_by for transfer in after.transfers] == ["accepted", "accepted"]


def test_of_two_who_accept_at_once_one_wins_and_the_other_learns_who(database: Database) -> None:
    with asked(database) as (writer, report), writing(database) as other:
        answers = at_once(
            (writer, OTHER_DESK, accept(report, NEIGHBOUR)),
            (other, OTHER_DESK, accept(report, NEXT_NEIGHBOUR)),
        )
        assert sorted(answer or "" for answer in answers) == ["", "transfer_ended"]
        winner = NEIGHBOUR if answers[0] is None else NEXT_NEIGHBOUR
        loser = NEXT_NEIGHBOUR if winner == NEIGHBOUR else NEIGHBOUR
        assert state(database, report).handler == winner
        assert refusal(writer, accept(report, loser)) == ("transfer_ended", winner)


def test_what_was_put_back_meanwhile_is_taken_over_all_the_same(database: Database) -> None:
    with asked(database) as (writer, report):
        released(writer, report)
        (theirs,) = at_desk(database, OTHER_DESK)
        assert (theirs.comes is not None, theirs.released) == (True, None)
        assert state(database, report).released is not None
        done(writer, accept(report), OTHER_DESK)
        assert state(database, report).handler == NEIGHBOUR


# --- returned and recalled


def test_returned_it_stays_where_it_was_and_the_first_desk_reads_why(database: Database) -> None:
    with asked(database) as (writer, report):
        before = state(database, report)
        done(writer, give_back(report), OTHER_DESK)
        done(writer, give_back(report), OTHER_DESK)  # twice is once
        after = state(database, report)
        assert (after.desk, after.handler, after.version) == (DESK, FIRST, before.version)
        assert after.sent_back is not None
        assert (after.sent_back.answered_by, after.sent_back.answer) == (NEIGHBOUR, "仍在西湖区")
        assert at_desk(database, OTHER_DESK) == []
        assert not after.concerns(OTHER_DESK)
        assert told(database, OTHER_DESK, report) == ["TransferOffered", "TransferReturned"]
        assert told(database, DESK, report)[2:] == ["TransferAsked", "TransferEnded"]
        act(writer, ask(report, to=THIRD_DESK))
        assert state(database, report).sent_back is None


def test_who_asked_takes_it_back_and_so_does_who_has_it_in_hand_by_then(database: Database) -> None:
    with asked(database) as (writer, report):
        assert refusal(writer, recall(report, SECOND)) == ("handled_by_another", FIRST)
        act(writer, recall(report))
        act(writer, recall(report))
        assert at_desk(database, OTHER_DESK) == []
        assert told(database, OTHER_DESK, report)[-1] == "TransferEnded"
        act(writer, ask(report))
        taken(writer, report, SECOND)
        act(writer, recall(report, SECOND))
        after = state(database, report)
        assert [(transfer.ended_by, transfer.answered_by) for transfer in after.transfers] == [
            ("recalled", FIRST),
            ("recalled", SECOND),
        ]


@pytest.mark.parametrize(
    ("one", "other"),
    [("accept", "give_back"), ("accept", "recall"), ("give_back", "recall"), ("accept", "close")],
)
def test_of_two_acts_at_once_one_holds(database: Database, one: str, other: str) -> None:
    with asked(database) as (writer, report), writing(database) as second:
        acts: dict[str, tuple[str, Callable[[Session], None]]] = {
            "accept": (OTHER_DESK, accept(report)),
            "give_back": (OTHER_DESK, give_back(report, NEXT_NEIGHBOUR)),
            "recall": (DESK, recall(report)),
            "close": (DESK, lambda session: outcomes.close(session, report, DESK, FIRST, "handled", None)),
        }
        answers = at_once((writer, *acts[one]), (second, *acts[other]))
        assert answers.count(None) == 1
        held = (one, other)[answers.index(None)]
        refused = next(answer for answer in answers if answer)
        # Who closes after the acceptance has no right to the report any more; everybody else is told who was first.
        assert refused == ("report_unknown" if held == "accept" and other == "close" else "transfer_ended")
        after = state(database, report)
        ended = {"accept": "accepted", "give_back": "returned", "recall": "recalled", "close": "closed"}
        assert [transfer.ended_by for transfer in after.transfers] == [ended[held]]
        assert after.desk == (OTHER_DESK if held == "accept" else DESK)


# --- what happens meanwhile


def test_what_is_said_sent_and_shared_meanwhile_reaches_both_desks(database: Database) -> None:
    with asked(database) as (writer, report):
        reporter = state(database, report).caller.reporter
        here = Place(30.25, 120.16, 10, "gnss", now(), "wgs84", 30.25, 120.16)
        for happening in (
            lambda session: messages.send_from_reporter(session, report, reporter, "a", "他往东走了"),
            lambda session: messages.send_from_dispatcher(session, report, DESK, FIRST, "b", "请别跟"),
            lambda session: reports.share_location(session, uuid4(), report, reporter, here),
            lambda session: reports.switch_covert(session, report, reporter, True),
            lambda session: scenes.place(session, report, DESK, FIRST, "c", Spot(30.25, 120.15, "wgs84", 10)),
        ):
            seen = len(told(database, OTHER_DESK, report))
            act(writer, happening)
            assert told(database, OTHER_DESK, report)[seen:] == ["OfferedReportChanged"]
        done(writer, accept(report), OTHER_DESK)
        after = state(database, report)
        assert [message.text for message in after.messages] == ["他往东走了", "请别跟"]
        assert (len(after.trail), after.covert, after.scene is not None) == (1, True, True)


def test_units_that_are_out_stay_out_for_it_and_both_desks_see_them(database: Database) -> None:
    with asked(database) as (writer, report):
        one, two = unit(writer, "测-1"), unit(writer, "测-2")
        act(writer, lambda session: sendings.send(session, report, DESK, FIRST, [one, two]))
        assert told(database, OTHER_DESK, report)[1:] == ["OfferedReportChanged"] * 2
        (theirs,) = at_desk(database, OTHER_DESK)
        assert (theirs.status, len(theirs.out), theirs.comes is not None) == ("dispatched", 2, True)
        with pytest.raises(Refused, match="report_unknown"):
            done(
                writer,
                lambda session: sendings.send(session, report, OTHER_DESK, NEIGHBOUR, [one]),
                OTHER_DESK,
            )
        done(writer, accept(report), OTHER_DESK)
        after = state(database, report)
        assert (after.desk, after.status, len(after.out)) == (OTHER_DESK, "dispatched", 2)
        # Either desk marks how far they are: the one that has the report, and the one whose they are.
        first, second = (sending.id for sending in after.sendings)
        done(
            writer, lambda session: sendings.arrive(session, report, OTHER_DESK, NEIGHBOUR, first), OTHER_DESK
        )
        act(writer, lambda session: sendings.arrive(session, report, DESK, FIRST, second))
        assert state(database, report).status == "on_scene"


def test_withdrawn_meanwhile_it_is_still_to_be_decided_on(database: Database) -> None:
    with asked(database) as (writer, report):
        reporter = state(database, report).caller.reporter
        act(writer, lambda session: reports.withdraw(session, report, reporter, "解决了"))
        (theirs,) = at_desk(database, OTHER_DESK)
        assert (theirs.status, theirs.comes is not None) == ("withdrawn", True)
        done(writer, accept(report), OTHER_DESK)
        assert state(database, report).status == "withdrawn"


def test_closed_meanwhile_it_leaves_the_other_desk(database: Database) -> None:
    with asked(database) as (writer, report):
        act(writer, lambda session: outcomes.close(session, report, DESK, FIRST, "handled", None))
        assert at_desk(database, OTHER_DESK) == []
        assert told(database, OTHER_DESK, report) == ["TransferOffered", "TransferEnded"]
        assert state(database, report).transfers[0].ended_by == "closed"


def test_its_media_are_opened_and_it_is_found_by_the_other_desk_while_it_is_asked(
    database: Database,
) -> None:
    with asked(database) as (writer, report):
        media = uuid4()
        act(writer, lambda session: _photo(session, report, media))
        with database.read() as session:
            assert of_desk(session, media, OTHER_DESK).report == report
            assert find(session, OTHER_DESK, wanted_of("打架")).reports == (report,)
        act(writer, recall(report))
        with database.read() as session:
            with pytest.raises(Refused, match="media_unknown"):
                of_desk(session, media, OTHER_DESK)
            assert find(session, OTHER_DESK, wanted_of("打架")).reports == ()


# --- unanswered


def test_nobody_answers_step_by_step_by_the_times_of_the_desk_that_is_asked(database: Database) -> None:
    with asked(database) as (writer, report):
        asked_at = state(database, report).transfers[0].asked_at
        for seconds, step in ((14, None), (15, 1), (31, 2), (61, 3), (600, None)):
            with database.read() as session:
                due = unanswered.due(session, asked_at + timedelta(seconds=seconds))
            assert [late.step for late in due] == ([step] if step else [])
            for late in due:
                assert act(writer, partial(unanswered.tell, late=late))
                assert not act(writer, partial(unanswered.tell, late=late))
        assert state(database, report).transfers[0].told == 3
        for desk in (DESK, OTHER_DESK):
            assert told(database, desk, report).count("TransferUnanswered") == 3
        done(writer, accept(report), OTHER_DESK)  # late is better than never


def test_a_step_that_was_missed_is_passed_over_and_what_is_answered_is_told_nobody(
    database: Database,
) -> None:
    with asked(database) as (writer, report):
        asked_at = state(database, report).transfers[0].asked_at
        with database.read() as session:
            (late,) = unanswered.due(session, asked_at + timedelta(seconds=100))
        assert late.step == 3
        done(writer, give_back(report), OTHER_DESK)
        assert not act(writer, lambda session: unanswered.tell(session, late))
        assert state(database, report).transfers[0].told == 0


def test_a_tip_off_may_wait_longer(database: Database) -> None:
    with writing(database) as writer:
        tip = replace(filing(done(writer, add_reporter)), kind="tip")
        done(writer, file(tip), DESK)
        done(writer, acknowledge(tip.id, FIRST), DESK)
        act(writer, ask(tip.id))
        asked_at = state(database, tip.id).transfers[0].asked_at
        with database.read() as session:
            assert unanswered.due(session, asked_at + timedelta(seconds=299)) == []
            assert [late.step for late in unanswered.due(session, asked_at + timedelta(seconds=300))] == [1]


def at_once(*acts: tuple[Writer, str, Callable[[Session], None]]) -> list[str | None]:
    """What each of these, begun at one moment, is refused with."""
    together = threading.Barrier(len(acts))

    def press(writer: Writer, desk: str, command: Callable[[Session], None]) -> str | None:
        together.wait()
        try:
            done(writer, command, desk)
        except Refused as refused:
            return refused.code
        return None

    with ThreadPoolExecutor(len(acts)) as pool:
        return list(pool.map(lambda one: press(*one), acts))


def _photo(session: Session, report: UUID, media: UUID) -> None:
    row = {
        "id": media,
        "report": report,
        "client_id": "a",
        "kind": "photo",
        "filename": "现场.jpg",
        "content_type": "image/jpeg",
        "length": 1000,
        "state": "uploading",
        "begun_at": now(),
    }
    session.connection().execute(insert(TABLES["media"]), row)
