"""The one thread that writes: batches, failures, overload, patience. On both databases, without processes."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import insert
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlmodel import Session

from dispatch import writer as writer_module
from dispatch.database import Database
from dispatch.errors import Overloaded, Refused
from dispatch.events import Recorded, read_since, record
from dispatch.models import TABLES
from dispatch.writer import BATCH, Writer
from tests.domain import (
    DESK,
    OTHER_DESK,
    WITHIN_S,
    acknowledge,
    add_reporter,
    done,
    file,
    filing,
    note,
    writing,
)
from tests.truth import assert_whole, log_of, rows


def broken(desk: str = DESK) -> Any:
    """A command that writes and records, and then fails."""

    def command(session: Session) -> None:
        add_reporter(session)
        record(session, desk, "NeverSeen", actor="system")
        raise ZeroDivisionError

    return command


def reporters(database: Database) -> int:
    with database.read() as session:
        return len(rows(session, "reporter"))


def test_an_answer_comes_when_the_change_is_there_for_everybody(database: Database) -> None:
    """I1."""
    with writing(database) as writer:
        id_ = done(writer, add_reporter)
        with database.read() as session:
            assert rows(session, "reporter", id=id_)


def test_a_commit_is_on_the_disk(database: Database) -> None:
    """I1: the writer's connection waits for the disk at every commit."""
    with database.writing.connect() as connection:
        if database.sqlite:
            assert connection.exec_driver_sql("PRAGMA synchronous").scalar_one() == 2  # FULL
            assert connection.exec_driver_sql("PRAGMA journal_mode").scalar_one() == "wal"
        else:
            assert connection.exec_driver_sql("SHOW synchronous_commit").scalar_one() == "on"
            assert connection.exec_driver_sql("SHOW fsync").scalar_one() == "on"


def test_commands_that_wait_are_committed_together(database: Database) -> None:
    batches: list[list[Recorded]] = []
    with writing(database, batches.append, start=False) as writer:
        answers = [writer.submit(note(), [DESK]) for _ in range(BATCH + 10)]
        writer.start()
        assert [answer.result(WITHIN_S) for answer in answers] == list(range(1, BATCH + 11))
    assert [len(batch) for batch in batches] == [BATCH, 10]
    assert_whole(database, DESK)


def test_a_command_that_fails_is_undone_alone(database: Database) -> None:
    with writing(database, start=False) as writer:
        before = writer.submit(note(), [DESK])
        failing = writer.submit(broken())
        after = writer.submit(note())
        writer.start()
        assert (before.result(WITHIN_S), after.result(WITHIN_S)) == (1, 2)
        with pytest.raises(ZeroDivisionError):
            failing.result(WITHIN_S)
    assert reporters(database) == 0
    assert [event.kind for event in log_of(database, DESK)] == ["Noted", "Noted"]
    assert_whole(database, DESK)


def test_a_command_that_the_database_refuses_is_undone_alone(database: Database) -> None:
    def twice(session: Session) -> None:
        record(session, DESK, "NeverSeen", actor="system")
        session.connection().execute(insert(TABLES["installation"]), dict(_installation(database)))

    with writing(database, start=False) as writer:
        before, failing, after = (writer.submit(command) for command in (note(), twice, note()))
        writer.start()
        assert (before.result(WITHIN_S), after.result(WITHIN_S)) == (1, 2)
        with pytest.raises(IntegrityError):
            failing.result(WITHIN_S)
        assert done(writer, note()) == 3, "the thread lives on"
    assert_whole(database, DESK)


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.sampled_from(["note", "file", "break", "elsewhere", "refuse"]), min_size=1, max_size=30))
def test_whatever_fails_numbers_have_no_gaps(database: Database, acts: list[str]) -> None:
    """Event numbers and report numbers are given in the transaction, so a failure takes none with it."""
    with writing(database, start=False) as writer:
        found = Writer(database, lambda _: None)
        found.start()
        reporter = done(found, add_reporter)
        found.stop()
        commands: dict[str, Any] = {
            "note": note,
            "file": lambda: file(filing(reporter)),
            "break": broken,
            "elsewhere": lambda: broken(OTHER_DESK),
            "refuse": lambda: acknowledge(UUID(int=0), f"{DESK}01"),
        }
        answers = [(act, writer.submit(commands[act](), [DESK])) for act in acts]
        writer.start()
        for act, answer in answers:
            failure = answer.exception(WITHIN_S)
            assert (failure is None) == (act in {"note", "file"}), act
    assert_whole(database, DESK, OTHER_DESK)


def test_what_waits_when_it_is_stopped_is_written(database: Database) -> None:
    writer = Writer(database, lambda _: None)
    answers = [writer.submit(note(), [DESK]) for _ in range(20)]
    writer.start()
    writer.stop()
    assert [answer.result(0) for answer in answers] == list(range(1, 21))
    with pytest.raises(Overloaded):
        writer.submit(note())


def test_when_too_much_waits_no_more_is_taken_and_what_was_taken_is_written(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writer_module, "WAITING", 5)
    with writing(database, start=False) as writer:
        answers = [writer.submit(note(), [DESK]) for _ in range(5)]
        with pytest.raises(Overloaded):
            writer.submit(note())
        writer.start()
        assert [answer.result(WITHIN_S) for answer in answers] == [1, 2, 3, 4, 5]
        assert done(writer, note()) == 6


def test_the_bell_is_rung_after_the_commit_and_before_the_answer(database: Database) -> None:
    """I4: what is told is there for everybody; and nobody is answered of what the others were not told."""
    told: list[tuple[list[int], int, bool]] = []

    def on_commit(events: list[Recorded]) -> None:
        with database.read() as session:
            there = len(read_since(session, DESK, 0, 100))
        told.append(([event.seq for event in events], there, answer.done()))

    with writing(database, on_commit, start=False) as writer:
        answer = writer.submit(note(), [DESK])
        writer.start()
        answer.result(WITHIN_S)
    assert told == [([1], 1, False)]


def test_of_a_change_without_an_event_nobody_is_told(database: Database) -> None:
    told: list[list[Recorded]] = []
    with writing(database, told.append) as writer:
        done(writer, add_reporter)
    assert told == []


def test_neither_a_change_is_stored_without_its_event_nor_an_event_without_its_change(
    database: Database,
) -> None:
    """I8."""
    with writing(database) as writer:
        reporter = done(writer, add_reporter)
        first = done(writer, file(filing(reporter)), DESK).id
        for table in ("event", "desk_head"):
            with _refusing(database, table):
                for command in (file(filing(reporter)), acknowledge(first, f"{DESK}01")):
                    with pytest.raises(DBAPIError):
                        done(writer, command, DESK)
        for table, command in (
            ("report", file(filing(reporter))),
            ("acknowledgement", acknowledge(first, f"{DESK}01")),
        ):
            with _refusing(database, table), pytest.raises(DBAPIError):
                done(writer, command, DESK)
        assert [event.kind for event in log_of(database, DESK)] == ["ReportFiled"]
        with database.read() as session:
            assert len(rows(session, "report")) == 1
            assert not rows(session, "acknowledgement")
        done(writer, acknowledge(first, f"{DESK}01"), DESK)
    assert_whole(database, DESK)


def test_an_unknown_desk_is_refused_and_nothing_is_written(database: Database) -> None:
    with writing(database) as writer:
        with pytest.raises(Refused, match="desk_unknown"):
            done(writer, note("999999"), "999999")
        assert done(writer, note(), DESK) == 1


@pytest.mark.anyio
async def test_a_caller_that_goes_away_does_not_undo_what_it_asked_for(database: Database) -> None:
    with writing(database, start=False) as writer:
        asking = asyncio.create_task(writer.do(note(), DESK))
        await asyncio.sleep(0)
        asking.cancel()
        writer.start()
        assert await writer.do(note(), DESK) == 2
    assert_whole(database, DESK)


@pytest.mark.anyio
async def test_a_caller_is_told_when_the_database_is_held_up(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """I6: it hears so in time, and what it asked for may still come."""
    monkeypatch.setattr(writer_module, "PATIENCE_S", 0.1)
    with writing(database, start=False) as writer:
        with pytest.raises(Refused, match="database_unavailable"):
            await writer.do(note(), DESK)
        writer.start()
        assert await asyncio.to_thread(done, writer, note(), DESK) == 2


def _installation(database: Database) -> Any:
    with database.read() as session:
        return rows(session, "installation")[0]._mapping


@contextmanager
def _refusing(database: Database, table: str) -> Iterator[None]:
    """The database takes no change of this table for a while."""
    with database.writing.begin() as connection:
        if database.sqlite:
            for act in ("INSERT", "UPDATE"):
                name = f"refuse_{table}_{act.lower()}"
                body = "SELECT RAISE(ABORT, 'refused');"
                connection.exec_driver_sql(f"CREATE TRIGGER {name} BEFORE {act} ON {table} BEGIN {body} END")
        else:
            connection.exec_driver_sql(
                "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS"
                " $$ BEGIN RAISE EXCEPTION 'refused'; END $$"
            )
            connection.exec_driver_sql(
                f"CREATE TRIGGER refuse BEFORE INSERT OR UPDATE ON {table} EXECUTE FUNCTION refuse()"
            )
    yield
    with database.writing.begin() as connection:
        if database.sqlite:
            for act in ("insert", "update"):
                connection.exec_driver_sql(f"DROP TRIGGER refuse_{table}_{act}")
        else:
            connection.exec_driver_sql("DROP FUNCTION refuse CASCADE")
