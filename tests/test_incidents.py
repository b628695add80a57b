"""Incidents: reports of one event are linked and unlinked by hand and answered together; no reporter sees it, each
keeps their own 已接收, and whoever must not be written to is not."""

from collections.abc import Callable
from contextlib import closing
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import update
from sqlmodel import Session

from dispatch import incidents, outcomes
from dispatch.database import Database
from dispatch.errors import Refused
from dispatch.events import MESSAGE_SENT, REPORT_LINKED, REPORT_UNLINKED
from dispatch.models import TABLES
from dispatch.reading import state
from dispatch.writer import Writer
from tests.domain import DESK, OTHER_DESK, acknowledge, add_reporter, done, file, filing, writing
from tests.truth import assert_whole, kinds_of, rows

WHO = f"{DESK}01"


def filed(writer: Writer, desk: str = DESK, text: str = "有人打架") -> UUID:
    """A report of the desk."""
    return done(writer, file(filing(done(writer, add_reporter), desk=desk, text=text))).id


def linked(report: UUID, other: UUID, desk: str = DESK) -> Callable[[Session], None]:
    return lambda session: incidents.link(session, report, other, desk, f"{desk}01")


def unlinked(report: UUID) -> Callable[[Session], None]:
    return lambda session: incidents.unlink(session, report, DESK, WHO)


def said(
    report: UUID, client_id: str = "c", text: str = "警车已经出发"
) -> Callable[[Session], tuple[UUID, ...]]:
    return lambda session: incidents.say_to_all(session, report, DESK, WHO, client_id, text)


def incident_of(database: Database, report: UUID) -> UUID | None:
    with database.read() as session:
        found = state(session, report)
    assert found is not None
    return found.incident


def set_report(database: Database, report: UUID, **values: Any) -> None:
    table = TABLES["report"]
    with Session(database.writing) as session:
        session.connection().execute(update(table).where(table.c.id == report).values(**values))
        session.commit()


def test_two_reports_are_linked_once_and_neither_is_accepted_or_changed_for_its_reporter(
    database: Database,
) -> None:
    with writing(database) as writer:
        one, other = filed(writer), filed(writer)
        done(writer, linked(one, other))
        done(writer, linked(other, one))
    with database.read() as session:
        first, second = state(session, one), state(session, other)
        assert first is not None
        assert second is not None
        assert first.incident == second.incident is not None
        assert first.incident_number == f"E{first.number}"
        assert [(each.status, each.version, each.acknowledgement) for each in (first, second)] == [
            ("filed", 1, None)
        ] * 2
        events = rows(session, "event", kind=REPORT_LINKED)
    assert {event.report for event in events} == {one, other}
    assert [event.reporter for event in events] == [None, None], "no reporter's screen follows it"
    assert_whole(database, DESK)


def test_of_two_incidents_that_are_linked_the_older_one_stays(database: Database) -> None:
    with writing(database) as writer:
        reports = [filed(writer) for _ in range(4)]
        done(writer, linked(reports[0], reports[1]))
        done(writer, linked(reports[2], reports[3]))
        older = incident_of(database, reports[0])
        done(writer, linked(reports[3], reports[0]))
        assert {incident_of(database, report) for report in reports} == {older}
        with database.read() as session:
            ended = [row.ended_at for row in rows(session, "incident")]
    assert sorted(moment is None for moment in ended) == [False, True]
    assert_whole(database, DESK)


def test_whoever_leaves_an_incident_of_two_leaves_nothing_of_it(database: Database) -> None:
    with writing(database) as writer:
        reports = [filed(writer) for _ in range(3)]
        done(writer, linked(reports[0], reports[1]))
        done(writer, linked(reports[0], reports[2]))
        done(writer, unlinked(reports[2]))
        assert incident_of(database, reports[2]) is None
        assert incident_of(database, reports[0]) == incident_of(database, reports[1]) is not None
        done(writer, unlinked(reports[0]))
        done(writer, unlinked(reports[0]))
        assert [incident_of(database, report) for report in reports] == [None] * 3
        done(writer, linked(reports[0], reports[1]))
    assert kinds_of(database, str(reports[1]))[1:] == [REPORT_LINKED, REPORT_UNLINKED, REPORT_LINKED]
    with database.read() as session:
        assert len({row.number for row in rows(session, "incident")}) == 2
    assert_whole(database, DESK)


@pytest.mark.parametrize("turn", range(3))
def test_dispatchers_who_link_crosswise_at_once_end_in_one_incident(database: Database, turn: int) -> None:
    with writing(database) as one, closing(Database(database.url)) as elsewhere, writing(elsewhere) as other:
        a, b, c, d = (filed(one) for _ in range(4))
        pairs = [(a, b), (c, d), (b, c), (d, a), (a, c), (b, d)]
        answers = [
            (one if n % 2 else other).submit(linked(*pair), (DESK,)) for n, pair in enumerate(pairs, turn)
        ]
        for answer in answers:
            answer.result(60)
    assert len({incident_of(database, report) for report in (a, b, c, d)}) == 1
    with database.read() as session:
        assert [row.ended_at for row in rows(session, "incident")].count(None) == 1
    assert_whole(database, DESK)


def test_another_desks_report_and_a_report_itself_are_refused_and_nothing_is_written(
    database: Database,
) -> None:
    with writing(database) as writer:
        own, foreign = filed(writer), filed(writer, OTHER_DESK)
        for command in (linked(own, foreign), linked(foreign, own), linked(own, foreign, OTHER_DESK)):
            with pytest.raises(Refused, match="report_unknown"):
                done(writer, command)
        with pytest.raises(Refused, match="field_invalid"):
            done(writer, linked(own, own))
        with pytest.raises(Refused, match="incident_unknown"):
            done(writer, said(own))
    with database.read() as session:
        assert rows(session, "incident") == []


def test_one_answer_reaches_each_reporter_once_except_who_must_not_be_written_to(database: Database) -> None:
    with writing(database) as writer:
        one, two, waiting, covert, closed = (filed(writer) for _ in range(5))
        for report in (one, two, covert, closed):
            done(writer, acknowledge(report, WHO))
        for report in (two, waiting, covert, closed):
            done(writer, linked(one, report))
        set_report(database, covert, covert=True)
        done(writer, lambda session: outcomes.close(session, closed, DESK, WHO, "handled", None))
        assert set(done(writer, said(one))) == {one, two}
        done(writer, said(two))
    with database.read() as session:
        told = [(row.report, row.text) for row in rows(session, "message")]
        assert sorted(told) == sorted([(one, "警车已经出发"), (two, "警车已经出发")])
        listed = {
            each.id: each.left_out for each in incidents.linked(session, incident_of_(session, one), DESK)
        }
        events = rows(session, "event", kind=MESSAGE_SENT)
    assert listed == {one: None, two: None, waiting: "not_received", covert: "guarded", closed: "closed"}
    assert {event.report for event in events} == {one, two}
    assert_whole(database, DESK)


def incident_of_(session: Session, report: UUID) -> UUID:
    found = state(session, report)
    assert found is not None
    assert found.incident is not None
    return found.incident


def test_a_report_is_found_by_its_number_or_by_its_end_of_today_or_yesterday(database: Database) -> None:
    with writing(database) as writer:
        report = filed(writer)
    with database.read() as session:
        found = state(session, report)
        assert found is not None
        assert incidents.numbered(session, DESK, found.number) == report
        assert incidents.numbered(session, DESK, found.number[-6:].lstrip("0")) == report
        for number, desk in ((found.number, OTHER_DESK), ("999999", DESK)):
            with pytest.raises(Refused, match="report_unknown"):
                incidents.numbered(session, desk, number)


def test_a_report_that_moved_to_another_desk_is_counted_and_not_shown(database: Database) -> None:
    with writing(database) as writer:
        one, other = filed(writer), filed(writer)
        done(writer, linked(one, other))
        set_report(database, other, desk=OTHER_DESK)
    with database.read() as session:
        incident = incident_of_(session, one)
        assert [each.id for each in incidents.linked(session, incident, DESK)] == [one]
        assert incidents.elsewhere(session, incident, DESK) == 1
        assert incidents.elsewhere(session, incident, OTHER_DESK) == 1


def test_hours_do_not_matter_to_what_people_link_by_hand(database: Database) -> None:
    with writing(database) as writer:
        one, other = filed(writer), filed(writer)
        with database.read() as session:
            found = state(session, one)
        assert found is not None
        set_report(database, other, filed_at=found.filed_at - timedelta(days=30))
        done(writer, linked(one, other))
    assert incident_of(database, one) == incident_of(database, other) is not None
