"""What is practised and what is real never meet: no real report comes to a desk that practises, and what is practised
there is offered, escalated, transferred, linked, counted nowhere else."""

from collections.abc import Iterator
from datetime import timedelta
from functools import partial
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import update
from sqlmodel import Session

from dispatch import (
    acceptance,
    counting,
    escalation,
    exercises,
    incidents,
    location_codes,
    moment,
    offering,
    openings,
    outcomes,
    transfers,
)
from dispatch.cipher import FieldCipher
from dispatch.clock import now
from dispatch.database import Database
from dispatch.errors import Refused
from dispatch.exercises import Player
from dispatch.keys import KeyRing
from dispatch.models import TABLES
from dispatch.writer import Writer
from tests.domain import DESK, OTHER_DESK, acknowledge, add_reporter, done, file, filing, writing
from tests.truth import log_of, rows

CITY, PROVINCE = "330100", "330000"
FIRST = f"{DESK}01"
CIPHER = FieldCipher(KeyRing(b"\0\0\0\1", {b"\0\0\0\1": b"\x05" * 32}), b"\x06" * 32)


@pytest.fixture
def writer(database: Database) -> Iterator[Writer]:
    with writing(database) as found:
        yield found


def practise(writer: Writer, *desks: str, off: bool = False) -> None:
    act = exercises.end if off else exercises.begin
    for desk in desks:
        done(writer, partial(act, desk=desk, actor="operator:test"), desk)


def player(writer: Writer, desk: str = DESK) -> Player:
    cast = [("周女士", "zh-CN")]
    (one,) = done(writer, lambda s: exercises.enlist(s, CIPHER, desk, cast, "operator:test"), desk)
    return one


def filed(writer: Writer, reporter: UUID, desk: str = DESK, **more: Any) -> UUID:
    wanted = filing(reporter, desk)
    if more:
        from dataclasses import replace

        wanted = replace(wanted, **more)
    done(writer, file(wanted), desk, *wanted.others)
    return wanted.id


def waited(database: Database, report: UUID, time: timedelta) -> None:
    table = TABLES["report"]
    with Session(database.writing) as session:
        session.connection().execute(update(table).where(table.c.id == report).values(filed_at=now() - time))
        session.commit()


def offered(database: Database, report: UUID) -> set[str]:
    with database.read() as session:
        return set(offering.offered_to(session, report))


def test_a_desk_that_practises_is_open_to_what_is_practised_alone(database: Database, writer: Writer) -> None:
    practise(writer, DESK)
    practise(writer, DESK)
    with database.read() as session:
        real, practised = openings.open_desks(session), openings.open_desks(session, exercise=True)
    assert (DESK in real, practised) == (False, frozenset({DESK}))
    assert [event.kind for event in log_of(database, DESK)] == ["ExerciseBegan"]
    practise(writer, DESK, off=True)
    with database.read() as session:
        assert openings.open_desks(session, exercise=True) == frozenset()
    assert [event.kind for event in log_of(database, DESK)][-1] == "ExerciseEnded"


@pytest.mark.parametrize("opened", ["own", "offered", "asked"])
def test_no_desk_begins_to_practise_with_anything_open(
    database: Database, writer: Writer, opened: str
) -> None:
    report = filed(writer, done(writer, add_reporter), OTHER_DESK if opened != "own" else DESK)
    if opened == "offered":
        done(writer, lambda s: offering.offer(s, report, OTHER_DESK, [DESK], "border"))
    if opened == "asked":
        done(writer, acknowledge(report, f"{OTHER_DESK}01", OTHER_DESK), OTHER_DESK)
        done(writer, lambda s: transfers.ask(s, report, OTHER_DESK, f"{OTHER_DESK}01", DESK, "管辖"))
    with pytest.raises(Refused, match="desk_has_open_reports"):
        practise(writer, DESK)
    with database.read() as session:
        assert not exercises.practises(session, DESK)


def test_who_is_real_is_refused_at_a_desk_that_practises_and_who_plays_at_one_that_does_not(
    database: Database, writer: Writer
) -> None:
    """Even where the process that takes the report has not learned of it yet: the row is what decides."""
    practise(writer, DESK)
    someone, one = done(writer, add_reporter), player(writer)
    with pytest.raises(Refused, match="no_desk_open"):
        filed(writer, someone)
    with pytest.raises(Refused, match="no_desk_open"):
        filed(writer, one.id, OTHER_DESK)
    with database.read() as session:
        assert rows(session, "report") == []
    report = filed(writer, one.id)
    practise(writer, OTHER_DESK, "330108")
    with pytest.raises(Refused, match="desk_has_open_reports"):
        practise(writer, DESK, off=True)
    with database.read() as session:
        (row,) = rows(session, "report")
    assert (row.id, row.exercise) == (report, True)


def test_what_is_filed_near_a_border_is_offered_to_its_like_alone(database: Database, writer: Writer) -> None:
    practise(writer, DESK, "330108")
    one, someone = player(writer), done(writer, add_reporter)
    practised = filed(writer, one.id, others=(OTHER_DESK, "330108"))
    real = filed(writer, someone, OTHER_DESK, others=(DESK, "330105"))
    assert (offered(database, practised), offered(database, real)) == ({"330108"}, {"330105"})
    assert [event.kind for event in log_of(database, OTHER_DESK)] == ["ReportFiled"]


@pytest.mark.parametrize("above", [(), (CITY,)])
def test_an_exercise_goes_up_to_who_practises_and_to_nobody_else(
    database: Database, writer: Writer, above: tuple[str, ...]
) -> None:
    practise(writer, DESK, *above)
    report = filed(writer, player(writer).id)
    waited(database, report, timedelta(hours=1))
    for _ in range(3):
        with database.read() as session:
            due = escalation.due(session, now())
        for late in due:
            done(writer, partial(escalation.escalate, late=late))
    assert offered(database, report) == set(above)
    assert [event.kind for event in log_of(database, CITY) if event.report][:1] == ["ReportOffered"] * len(
        above
    )
    with database.read() as session:
        assert escalation.due(session, now()) == []
    # Whoever asks for it by another way is not given it either.
    assert done(writer, lambda s: offering.offer(s, report, DESK, [OTHER_DESK, PROVINCE], "border")) == []


def test_a_real_one_passes_a_desk_that_practises_by(database: Database, writer: Writer) -> None:
    practise(writer, CITY)
    report = filed(writer, done(writer, add_reporter))
    waited(database, report, timedelta(hours=1))
    with database.read() as session:
        (late,) = escalation.due(session, now())
    done(writer, partial(escalation.escalate, late=late))
    assert (late.parent, offered(database, report)) == (PROVINCE, {PROVINCE})


def test_transfers_links_and_codes_stay_among_the_like(database: Database, writer: Writer) -> None:
    real = filed(writer, done(writer, add_reporter))
    done(writer, acknowledge(real, FIRST), DESK)
    done(writer, lambda s: outcomes.close(s, real, DESK, FIRST, "handled", None), DESK)
    practise(writer, DESK, "330108")
    one = player(writer)
    report = filed(writer, one.id, kind="location")
    done(writer, acknowledge(report, FIRST), DESK)
    with pytest.raises(Refused, match="desk_not_open"):
        done(writer, lambda s: transfers.ask(s, report, DESK, FIRST, OTHER_DESK, "管辖"))
    with pytest.raises(Refused, match="not_practised"):
        done(writer, lambda s: incidents.link(s, report, real, DESK, FIRST), DESK)
    with pytest.raises(Refused, match="not_practised"):
        done(writer, lambda s: outcomes.reopen(s, real, DESK, FIRST, "又来了"), DESK)
    with database.read() as session:
        (code,) = rows(session, "location_code")
    assert done(writer, lambda s: location_codes.look_up(s, code.code, OTHER_DESK, f"{OTHER_DESK}01")) is None
    found = done(writer, lambda s: location_codes.look_up(s, code.code, DESK, FIRST))
    assert found is not None
    assert found.report == report
    done(writer, lambda s: transfers.ask(s, report, DESK, FIRST, "330108", "管辖"))
    done(writer, lambda s: transfers.accept(s, report, "330108", "33010801"))
    with database.read() as session:
        (row,) = rows(session, "report", id=report)
    assert (row.desk, row.exercise) == ("330108", True)


def test_what_is_practised_is_in_no_figure(database: Database, writer: Writer) -> None:
    practise(writer, DESK)
    one = player(writer)
    for _ in range(3):
        done(writer, acknowledge(filed(writer, one.id), FIRST), DESK)
    filed(writer, one.id)
    while True:
        with database.read() as session:
            found = counting.look(session)
        if found is None:
            break
        done(writer, partial(counting.take, found=found))
    with database.read() as session:
        assert rows(session, "tally") == []
        assert moment.at_desk(session, DESK) == moment.Moment(0, None, 0)
        assert moment.open_at(session, [DESK]) == {}
        assert acceptance.usual_acceptance_s(session, DESK) is None


def test_people_are_enlisted_for_a_desk_that_practises_and_cannot_be_signed_in_as(
    database: Database, writer: Writer
) -> None:
    cast = [("甲", "zh-CN")]
    with pytest.raises(Refused, match="not_practised"):
        done(writer, lambda s: exercises.enlist(s, CIPHER, DESK, cast, "operator:test"), DESK)
    practise(writer, DESK)
    with pytest.raises(Refused, match="field_invalid"):
        done(writer, lambda s: exercises.enlist(s, CIPHER, DESK, cast * 501, "operator:test"), DESK)
    one = player(writer)
    with database.read() as session:
        (row,) = rows(session, "reporter", id=one.id)
    assert (row.exercise, row.identity, row.phone_masked) == (True, "verified", "000****0001")
    phone = CIPHER.open("reporter", "phone", one.id, bytes(row.phone))
    assert bytes(row.phone_index) != CIPHER.index("phone", phone)
    assert log_of(database, DESK)[-1].data == {"people": 1}
