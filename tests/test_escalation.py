"""Escalation: the desk, its shift leader, the desk above, each told once and in time."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from functools import partial
from uuid import UUID

import pytest
from sqlalchemy import update
from sqlmodel import Session

from dispatch import escalation, reading
from dispatch.clock import now
from dispatch.database import Database
from dispatch.events import read_since
from dispatch.models import TABLES
from dispatch.states import ReportState
from dispatch.writer import Writer
from tests.domain import DESK, OTHER_DESK, acknowledge, add_reporter, done, file, filing, writing

CITY = "330100"


@pytest.fixture
def writer(database: Database) -> Iterator[Writer]:
    with Session(database.writing) as session:
        session.connection().execute(update(TABLES["desk"]).values(open=True))
        session.commit()
    with writing(database) as found:
        yield found


def filed(writer: Writer, kind: str = "quick", desk: str = DESK) -> UUID:
    wanted = replace(filing(done(writer, add_reporter), desk), kind=kind)
    done(writer, file(wanted), desk)
    return wanted.id


def look(database: Database, writer: Writer, after_s: float) -> list[int]:
    """What a worker does who looks so many seconds after now; gives the steps taken."""
    with database.read() as session:
        due = escalation.due(session, now() + timedelta(seconds=after_s))
    return [late.step for late in due if done(writer, partial(escalation.escalate, late=late), late.desk)]


def state(database: Database, report: UUID) -> ReportState:
    with database.read() as session:
        found = reading.state(session, report)
    assert found is not None
    return found


def kinds(database: Database, desk: str) -> list[str]:
    with database.read() as session:
        return [event.kind for event in read_since(session, desk, 0, 100)]


def test_the_desk_its_leader_and_the_desk_above_are_told_at_their_times(
    database: Database, writer: Writer
) -> None:
    report = filed(writer)
    assert look(database, writer, 14) == []
    for after_s, step in ((15.1, 1), (20, None), (30.1, 2), (59, None), (60.1, 3), (600, None)):
        assert look(database, writer, after_s) == ([] if step is None else [step])
    assert state(database, report).escalation == 3
    assert state(database, report).offered == (CITY,)
    assert state(database, report).version == 4, "each step is a change that the reporter may read"
    assert kinds(database, DESK) == ["ReportFiled", *["ReportEscalated"] * 3]
    assert kinds(database, CITY)[0] == "ReportOffered"


def test_a_step_that_was_missed_is_passed_over_for_the_one_that_is_due(
    database: Database, writer: Writer
) -> None:
    report = filed(writer)
    assert look(database, writer, 300) == [3]
    assert state(database, report).version == 2


def test_two_workers_take_each_step_once(database: Database, writer: Writer) -> None:
    filed(writer)
    with database.read() as session:
        (late,) = escalation.due(session, now() + timedelta(seconds=40))
    with writing(database) as other:
        took = [done(which, partial(escalation.escalate, late=late), DESK) for which in (writer, other)]
    assert sorted(took) == [False, True]
    assert kinds(database, DESK) == ["ReportFiled", "ReportEscalated"]


def test_what_was_accepted_or_taken_back_is_not_escalated(database: Database, writer: Writer) -> None:
    report = filed(writer)
    with database.read() as session:
        (late,) = escalation.due(session, now() + timedelta(seconds=100))
    done(writer, acknowledge(report, f"{DESK}01"), DESK)
    assert not done(writer, partial(escalation.escalate, late=late), DESK), "it was accepted meanwhile"
    assert look(database, writer, 100) == []
    assert state(database, report).escalation == 0


def test_the_desk_above_can_accept_what_was_escalated_to_it(database: Database, writer: Writer) -> None:
    report = filed(writer)
    look(database, writer, 61)
    done(writer, acknowledge(report, f"{CITY}01", CITY), CITY)
    assert (state(database, report).desk, state(database, report).status) == (CITY, "received")
    assert kinds(database, DESK)[-1] == "OfferingEnded"


def test_each_desk_sets_its_own_times(database: Database, writer: Writer) -> None:
    def patient(session: Session) -> None:
        times = {"tell_desk_s": 100, "tell_leader_s": 200, "tell_parent_s": 300}
        session.connection().execute(
            update(TABLES["desk"]).where(TABLES["desk"].c.adcode == DESK).values(**times)
        )

    done(writer, patient)
    filed(writer)
    filed(writer, desk=OTHER_DESK)
    assert look(database, writer, 61) == [3], "the other desk's"
    assert look(database, writer, 101) == [1]


def test_a_closed_desk_above_is_offered_nothing(database: Database, writer: Writer) -> None:
    def close(session: Session) -> None:
        session.connection().execute(
            update(TABLES["desk"]).where(TABLES["desk"].c.adcode == CITY).values(open=False)
        )

    done(writer, close)
    report = filed(writer)
    assert look(database, writer, 1000) == [2]
    assert state(database, report).offered == ()


@pytest.mark.parametrize(("entry", "patience"), [("location", 1), ("fraud", 4), ("tip", 20)])
def test_what_is_no_emergency_waits_longer(
    database: Database, writer: Writer, entry: str, patience: int
) -> None:
    filed(writer, entry)
    assert look(database, writer, 15 * patience - 1) == []
    assert look(database, writer, 15 * patience + 1) == [1]
