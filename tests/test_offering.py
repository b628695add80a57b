"""A waiting report that another desk is offered too: the first to accept has it, and the others' cards leave."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from uuid import UUID

import pytest
from sqlmodel import Session

from dispatch import offering, reading, reports
from dispatch.danger_words import Dangers
from dispatch.database import Database
from dispatch.errors import Refused
from dispatch.events import read_since
from dispatch.filing import Filing
from dispatch.waiting import count
from dispatch.writer import Writer
from tests.domain import DESK, OTHER_DESK, WITHIN_S, acknowledge, add_reporter, done, file, filing, writing

THIRD_DESK = "330105"
OWN, NEIGHBOUR, THIRD = f"{DESK}01", f"{OTHER_DESK}01", f"{THIRD_DESK}01"


def at_the_border(writer: Writer, *others: str) -> Filing:
    """A report of `DESK` that is filed and offered to the others."""
    reporter = done(writer, add_reporter)
    wanted = replace(filing(reporter), others=others or (OTHER_DESK,))
    done(writer, file(wanted), DESK)
    return wanted


def waiting(database: Database, desk: str) -> list[UUID]:
    """What a desk's screens show, and that the figure beside it says as much."""
    with database.read() as session:
        found = [report.id for report in reading.open_at_desk(session, desk, 10, Dangers()).reports]
        assert count(session, desk) == len(found)
    return found


def kinds(database: Database, desk: str, report: UUID) -> list[str]:
    with database.read() as session:
        return [event.kind for event in read_since(session, desk, 0, 1000) if event.report == report]


def test_a_report_near_a_border_is_on_the_screens_of_both_desks(database: Database) -> None:
    with writing(database) as writer:
        wanted = at_the_border(writer)
    assert waiting(database, DESK) == waiting(database, OTHER_DESK) == [wanted.id]
    assert waiting(database, THIRD_DESK) == []
    with database.read() as session:
        report = reading.state(session, wanted.id)
    assert report is not None
    assert (report.desk, report.offered) == (DESK, (OTHER_DESK,))
    assert [report.concerns(desk) for desk in (DESK, OTHER_DESK, THIRD_DESK)] == [True, True, False]
    assert kinds(database, DESK, wanted.id) == ["ReportFiled"]
    assert kinds(database, OTHER_DESK, wanted.id) == ["ReportOffered"]


def test_whoever_it_is_offered_to_can_have_it_and_then_it_is_theirs_alone(database: Database) -> None:
    with writing(database) as writer:
        wanted = at_the_border(writer, OTHER_DESK, THIRD_DESK)
        done(writer, acknowledge(wanted.id, NEIGHBOUR, OTHER_DESK), OTHER_DESK)
        for dispatcher, desk in ((OWN, DESK), (THIRD, THIRD_DESK)):
            with pytest.raises(Refused) as refused:
                done(writer, acknowledge(wanted.id, dispatcher, desk), desk)
            assert (refused.value.code, refused.value.values["dispatcher"]) == ("already_received", NEIGHBOUR)
    with database.read() as session:
        report = reading.state(session, wanted.id)
    assert report is not None
    assert (report.desk, report.status, report.offered) == (OTHER_DESK, "received", ())
    assert report.acknowledgement is not None
    assert report.acknowledgement.desk == OTHER_DESK
    assert [len(waiting_or_taken(database, desk)) for desk in (DESK, OTHER_DESK, THIRD_DESK)] == [0, 1, 0]
    assert kinds(database, OTHER_DESK, wanted.id) == ["ReportOffered", "ReportReceived"]
    assert kinds(database, DESK, wanted.id) == ["ReportFiled", "OfferingEnded"]
    assert kinds(database, THIRD_DESK, wanted.id) == ["ReportOffered", "OfferingEnded"]


def waiting_or_taken(database: Database, desk: str) -> list[UUID]:
    with database.read() as session:
        return [report.id for report in reading.open_at_desk(session, desk, 10, Dangers()).reports]


def test_a_desk_that_it_was_never_offered_to_does_not_learn_that_it_exists(database: Database) -> None:
    with writing(database) as writer:
        wanted = at_the_border(writer)
        with pytest.raises(Refused) as refused:
            done(writer, acknowledge(wanted.id, THIRD, THIRD_DESK), THIRD_DESK)
    assert refused.value.code == "report_unknown"


def test_two_desks_that_accept_at_once_have_one_winner(database: Database) -> None:
    with writing(database) as one, writing(database) as other, ThreadPoolExecutor(2) as both:
        for _ in range(10):
            wanted = at_the_border(one)
            pressed = [
                both.submit(done, one, acknowledge(wanted.id, OWN, DESK), DESK),
                both.submit(done, other, acknowledge(wanted.id, NEIGHBOUR, OTHER_DESK), OTHER_DESK),
            ]
            errors = [error for press in pressed if (error := press.exception()) is not None]
            assert [getattr(error, "code", error) for error in errors] == ["already_received"]
            refusals = [error for error in errors if isinstance(error, Refused)]
            with database.read() as session:
                report = reading.state(session, wanted.id)
            assert report is not None
            assert report.acknowledgement is not None
            assert report.desk == report.acknowledgement.desk
            assert refusals[0].values["dispatcher"] == report.acknowledgement.dispatcher_number


def test_what_the_reporter_does_meanwhile_reaches_the_other_desks_too(database: Database) -> None:
    with writing(database) as writer:
        wanted = at_the_border(writer)
        done(writer, lambda session: reports.change(session, wanted.id, "Noted", actor="system"))
        assert kinds(database, OTHER_DESK, wanted.id) == ["ReportOffered", "OfferedReportChanged"]
        done(writer, lambda session: reports.withdraw(session, wanted.id, wanted.reporter, "解决了"))
    assert waiting_or_taken(database, OTHER_DESK) == []
    assert waiting_or_taken(database, DESK) == [wanted.id]
    assert kinds(database, OTHER_DESK, wanted.id)[-1] == "OfferingEnded"


def test_offering_it_again_changes_nothing(database: Database) -> None:
    with writing(database) as writer:
        wanted = at_the_border(writer)
        again = done(
            writer, lambda session: offering.offer(session, wanted.id, DESK, [OTHER_DESK], "escalation")
        )
    assert again == []
    assert kinds(database, OTHER_DESK, wanted.id) == ["ReportOffered"]


def test_what_is_offered_while_it_is_taken_back_leaves_that_desk_too(database: Database) -> None:
    """The one who takes back has read to whom it is offered, and waits for the log that the one who offers holds."""
    offered, taken_back = threading.Event(), threading.Event()

    def offer_slowly(session: Session) -> None:
        offering.offer(session, wanted.id, DESK, [OTHER_DESK], "escalation")
        offered.set()
        # SQLite lets nobody begin meanwhile; on PostgreSQL the other reads now, and then waits for the log.
        if taken_back.wait(1):
            time.sleep(0.5)

    def take_back(session: Session) -> None:
        taken_back.set()
        reports.withdraw(session, wanted.id, wanted.reporter, "解决了")

    with writing(database) as one, writing(database) as other, ThreadPoolExecutor(1) as apart:
        wanted = filing(done(one, add_reporter))
        done(one, file(wanted), DESK)
        first = apart.submit(done, one, offer_slowly)
        assert offered.wait(WITHIN_S)
        done(other, take_back)
        first.result(WITHIN_S)
    assert waiting_or_taken(database, OTHER_DESK) == []
    assert kinds(database, OTHER_DESK, wanted.id)[-1] == "OfferingEnded"
    assert waiting(database, OTHER_DESK) == []
