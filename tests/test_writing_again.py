"""Writing that has to be done again: an answer lost, a line cut, two processes in each other's way."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.engine.default import DefaultDialect
from sqlalchemy.exc import OperationalError
from sqlmodel import Session

from dispatch import messages, reports
from dispatch.database import Database
from dispatch.events import record
from dispatch.writer import Command
from tests.domain import DESK, OTHER_DESK, acknowledge, add_reporter, done, file, filing, note, writing
from tests.truth import assert_whole, log_of, rows

ROUNDS = 25


def test_when_the_answer_to_a_commit_is_lost_the_second_run_does_no_harm(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """I7: the line broke after the commit; nobody knows whether it was one, and the key says that it was."""
    with writing(database) as writer:
        reporter = done(writer, add_reporter)
        with _answer_to_next_commit_lost(monkeypatch):
            filed = done(writer, file(filing(reporter)), DESK)
        with database.read() as session:
            assert [row.id for row in rows(session, "report")] == [filed.id]
        with _answer_to_next_commit_lost(monkeypatch):
            done(writer, acknowledge(filed.id, f"{DESK}01"), DESK)
        with _answer_to_next_commit_lost(monkeypatch):
            done(writer, lambda session: messages.send_from_reporter(session, filed.id, reporter, "c", "x"))
        with _answer_to_next_commit_lost(monkeypatch):
            done(writer, lambda session: reports.withdraw(session, filed.id, reporter, ""))
    kinds = [event.kind for event in log_of(database, DESK)]
    assert kinds == ["ReportFiled", "ReportReceived", "MessageSent", "ReportWithdrawn"]
    assert_whole(database, DESK)


@pytest.mark.parametrize("kind", [pytest.param("postgresql", marks=pytest.mark.postgres)], indirect=True)
def test_a_connection_that_was_cut_is_made_again_and_nobody_notices(database: Database) -> None:
    cut = text(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
        " WHERE datname = current_database() AND pid <> pg_backend_pid()"
    )
    with writing(database) as writer:
        for expected in (1, 2, 3):
            assert done(writer, note(), DESK) == expected
            with database.reading.connect() as connection:
                connection.execute(cut)
    assert_whole(database, DESK)


def test_two_processes_that_need_the_same_desks_in_any_order_both_get_them(database: Database) -> None:
    """They never wait for each other in a ring: who holds one and comes too late for the other begins again."""

    def across(first: str, second: str) -> Command[None]:
        def command(session: Session) -> None:
            record(session, first, "Noted", actor="system")
            time.sleep(0.002)
            record(session, second, "Noted", actor="system")

        return command

    other = Database(database.url)
    with writing(database) as one, writing(other) as two:
        failures = at_once(
            ROUNDS,
            lambda: done(one, across(DESK, OTHER_DESK)),
            lambda: done(two, across(OTHER_DESK, DESK)),
        )
    other.close()
    assert failures == []
    assert [event.seq for event in log_of(database, DESK)] == list(range(1, 2 * ROUNDS + 1))
    assert_whole(database, DESK, OTHER_DESK)
    assert_no_deadlock(database)


@pytest.mark.parametrize("kind", [pytest.param("postgresql", marks=pytest.mark.postgres)], indirect=True)
def test_two_processes_that_change_one_report_never_wait_for_each_other_in_a_ring(database: Database) -> None:
    """Everybody locks the desk's head before the report's row, also who cannot know the desk beforehand."""
    other = Database(database.url)
    with writing(database) as citizen, writing(other) as console:
        reporter = done(citizen, add_reporter)
        report = done(citizen, file(filing(reporter)), DESK).id
        changed: Command[int] = partial(reports.change, report=report, kind="Changed", actor="system")
        failures = at_once(100, lambda: done(citizen, changed), lambda: done(console, changed, DESK))
    other.close()
    assert failures == []
    assert_no_deadlock(database)
    assert_whole(database, DESK)


def assert_no_deadlock(database: Database) -> None:
    if database.sqlite:
        return
    with database.reading.connect() as connection:
        counted = "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()"
        assert connection.execute(text(counted)).scalar_one() == 0


def at_once(times: int, *acts: Callable[[], object]) -> list[BaseException]:
    """Each act so many times, in a thread of its own beside the others; gives what they raised."""
    together = threading.Barrier(len(acts))
    raised: list[BaseException] = []

    def repeat(act: Callable[[], object]) -> None:
        together.wait()
        try:
            for _ in range(times):
                act()
        except Exception as error:  # noqa: BLE001 - given to the test
            raised.append(error)

    threads = [threading.Thread(target=repeat, args=(act,)) for act in acts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return raised


@contextmanager
def _answer_to_next_commit_lost(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    commit: Callable[[DefaultDialect, Any], None] = DefaultDialect.do_commit
    lost: list[bool] = []

    def do_commit(self: DefaultDialect, connection: Any) -> None:
        commit(self, connection)
        if not lost:
            lost.append(True)
            raise OperationalError("COMMIT", {}, Exception("gone"), connection_invalidated=True)

    with monkeypatch.context() as patch:
        patch.setattr(DefaultDialect, "do_commit", do_commit)
        yield
    assert lost
