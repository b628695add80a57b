"""What the retention rules keep no longer is removed, whole and once, with a record of it; what is open, held or
appealed against stays; the chain of events is verified as before."""

import subprocess
import sys
from collections.abc import Iterator
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import insert, select, text, update
from sqlmodel import Session

from dispatch import closing, exports, holds, incidents, outcomes, removing, retention, tallies
from dispatch.clock import now
from dispatch.database import Database
from dispatch.errors import Refused
from dispatch.ids import new_id
from dispatch.models import TABLES
from dispatch.removing import Done
from dispatch.retention import Rule
from dispatch.settings import CHECKOUT
from dispatch.store import MediaStore, StoreAway
from dispatch.verifying import walk
from dispatch.writer import Writer
from tests.command_line import Installation, installation
from tests.domain import DESK, acknowledge, add_reporter, done, file, filing, writing
from tests.plain_counts import PlainCounts, in_every_row
from tests.removing import (
    FIRST,
    HALF_A_YEAR,
    LEADER,
    SECRET,
    STAYS,
    YEARS,
    ago,
    files_in,
    full,
    left_of,
    stays,
)
from tests.servers import until
from tests.truth import log_of, rows


@pytest.fixture
def writer(database: Database) -> Iterator[Writer]:
    with writing(database) as found:
        yield found


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "media"


@pytest.fixture
def store(folder: Path) -> MediaStore:
    return MediaStore(f"file://{folder}")


def run(database: Database, writer: Writer, store: MediaStore, most: int = 1000) -> Done:
    return removing.run(database, writer.submit, store, "operator:test", most)


def removed(database: Database, report: UUID) -> bool:
    return left_of(database, report)["report"][0]["removed_at"] is not None


def plain(report: UUID, database: Database) -> Any:
    return left_of(database, report)["report"][0]


def counted(database: Database) -> Any:
    with database.read() as session:
        return in_every_row(PlainCounts(session), tallies.areas_of)


def test_nothing_that_anybody_wrote_is_left_of_a_report_whose_time_is_over(
    database: Database, writer: Writer, store: MediaStore, folder: Path
) -> None:
    report = full(database, writer, store)
    ago(database, report, YEARS)
    before, figures = left_of(database, report), counted(database)
    assert len(files_in(folder)) == 8
    ended = run(database, writer, store)
    assert (ended.reports, ended.files) == (1, 2)
    after = left_of(database, report)
    assert SECRET not in str(after)
    assert files_in(folder) == []
    for name in (*removing.GONE, "media"):
        assert (len(before[name]) > 0, after[name]) == (True, [])
    for name, columns in ((name, stays(name)) for name in STAYS):
        was = {str(row.get("id", row.get("report"))): row for row in before[name]}
        for row in after[name]:
            words = {column: value for column, value in row.items() if column not in columns}
            assert not any(words.values()), (name, words)
            if (old := was.get(str(row.get("id", row.get("report"))))) is not None:
                kept = columns - {"removed_at"}
                assert {one: row[one] for one in kept} == {one: old[one] for one in kept}
    assert rows_of_views(database) == 0
    assert counted(database) == figures
    if database.sqlite:
        with Session(database.writing) as session:
            session.connection().execute(text("SELECT 1"))
        connection = database.writing.raw_connection()
        connection.cursor().execute("PRAGMA wal_checkpoint(TRUNCATE)")
        connection.close()
        assert SECRET.encode() not in Path(database.url.removeprefix("sqlite:///")).read_bytes()


def rows_of_views(database: Database) -> int:
    with database.read() as session:
        return len(rows(session, "media_view"))


def test_whoever_adds_a_table_or_a_column_to_a_report_says_whether_it_is_removed() -> None:
    hanging = {name for name, table in TABLES.items() if "report" in table.c and name != "event"}
    assert hanging == {*removing.GONE, *removing.BLANKED, "media", "offering", "export", "hold", "removal"}
    for name, values in {**removing.BLANKED, "report": removing._OF_REPORT}.items():
        assert stays(name) | set(values) == set(TABLES[name].c.keys()), name


def test_the_record_and_the_event_tell_of_it_and_the_chain_is_whole(
    database: Database, writer: Writer, store: MediaStore
) -> None:
    report = full(database, writer, store)
    ago(database, report, YEARS)
    run(database, writer, store)
    number = plain(report, database)["number"]
    with database.read() as session:
        (one,) = removing.records(session, number=number)
        assert removing.records(session, desk="330102") == []
        assert removing.records(session, until=one.at) == []
    assert (one.number, one.rule, one.days, one.actor) == (number, "*/handled", 1095, "operator:test")
    assert one.files_gone_at is not None
    assert one.counts == {
        "message": 2, "request": 1, "location": 1, "scene": 1, "note": 1, "location_code": 1,
        "wechat_notice": 1, "media": 2, "bytes": 20
    }  # fmt: skip
    event = log_of(database, DESK)[-1]
    assert (event.kind, event.report, event.reporter) == ("ReportRemoved", report, None)
    assert event.data == {"removal": str(one.id), "rule": "*/handled", "days": 1095, **one.counts}
    assert walk(database, DESK).wrong is None


@pytest.mark.parametrize(
    ("outcome", "time", "goes"),
    [
        ("handled", HALF_A_YEAR, False),
        ("handled", YEARS, True),
        ("invalid", HALF_A_YEAR, True),
        ("invalid", timedelta(days=189), False),
    ],
)
def test_each_goes_by_the_longest_rule_that_fits(
    database: Database, writer: Writer, store: MediaStore, outcome: Any, time: timedelta, goes: bool
) -> None:
    report = full(database, writer, store, outcome)
    ago(database, report, time)
    assert run(database, writer, store).reports == int(goes)
    assert removed(database, report) is goes


def test_what_is_open_is_kept_however_old(database: Database, writer: Writer, store: MediaStore) -> None:
    report = full(database, writer, store, "invalid")
    ago(database, report, YEARS)
    done(writer, lambda s: outcomes.reopen(s, report, DESK, FIRST, "又来了"), DESK)
    with database.read() as session:
        assert removing.due(session, now(), 10) == []
    assert run(database, writer, store).reports == 0


def test_one_that_is_opened_or_held_between_the_look_and_the_act_stays(
    database: Database, writer: Writer, store: MediaStore
) -> None:
    report, other = (full(database, writer, store, "invalid") for _ in range(2))
    for one in (report, other):
        ago(database, one, YEARS)
    with database.read() as session:
        found = removing.due(session, now(), 10)
    assert {one.report for one in found} == {report, other}
    done(writer, lambda s: outcomes.reopen(s, report, DESK, FIRST, "又来了"), DESK)
    done(writer, lambda s: holds.put(s, other, "report", "operator:test", "案件"), DESK)
    for overdue in found:
        assert done(writer, partial(removing.remove, one=overdue, actor="system"), DESK) is None
    assert not removed(database, report)
    assert not removed(database, other)


def test_a_removed_report_is_not_opened_again_nor_held(
    database: Database, writer: Writer, store: MediaStore
) -> None:
    report = full(database, writer, store, "invalid")
    ago(database, report, YEARS)
    run(database, writer, store)
    with pytest.raises(Refused, match="report_removed"):
        done(writer, lambda s: outcomes.reopen(s, report, DESK, FIRST, "x"), DESK)
    with pytest.raises(Refused, match="report_removed"):
        done(writer, lambda s: holds.put(s, report, "report", "operator:test", "x"), DESK)


# --- holds


def linked(writer: Writer, *reports: UUID) -> None:
    for other in reports[1:]:
        link = partial(incidents.link, report=reports[0], other=other, desk=DESK, dispatcher=FIRST)
        done(writer, link, DESK)


@pytest.mark.parametrize("on", holds.ON)
def test_a_hold_keeps_what_it_is_on_until_it_is_lifted(
    database: Database, writer: Writer, store: MediaStore, on: str
) -> None:
    report, same, other = (full(database, writer, store, "invalid") for _ in range(3))
    linked(writer, report, same)
    reporter = plain(report, database)["reporter"]
    with Session(database.writing) as session:  # the same person's, at another time
        chosen = TABLES["report"].c.id == other
        session.connection().execute(update(TABLES["report"]).where(chosen).values(reporter=reporter))
        session.commit()
    for one in (report, same, other):
        ago(database, one, HALF_A_YEAR)
    put = lambda s: holds.put(s, report, on, f"dispatcher:{LEADER}", f" {SECRET}\n", desk=DESK)  # noqa: E731
    hold = done(writer, put, DESK)
    assert done(writer, put, DESK) == hold
    kept = {"report": {report}, "incident": {report, same}, "person": {report, other}}[on]
    with database.read() as session:
        due, stay = removing.preview(session, now())
        shown = {one: [h.id for h in holds.on_report(session, one)] for one in (report, same, other)}
    assert (sum(one.reports for one in due), stay.held) == (3 - len(kept), len(kept))
    assert {one for one, ids in shown.items() if ids == [hold]} == kept
    assert run(database, writer, store).reports == 3 - len(kept)
    assert {one for one in (report, same, other) if not removed(database, one)} == kept
    with pytest.raises(Refused, match="hold_unknown"):
        done(writer, lambda s: holds.lift(s, hold, "x", "y", desk="330102"), DESK)
    with pytest.raises(Refused, match="reason_required"):
        done(writer, lambda s: holds.lift(s, hold, "x", " ", desk=DESK), DESK)
    assert done(writer, lambda s: holds.lift(s, hold, f"dispatcher:{LEADER}", "结案", desk=DESK), DESK)
    assert not done(writer, lambda s: holds.lift(s, hold, f"dispatcher:{LEADER}", "结案", desk=DESK), DESK)
    assert run(database, writer, store).reports == len(kept)
    told = [event for event in log_of(database, DESK) if event.kind in {"HoldPut", "HoldLifted"}]
    assert [(event.kind, event.report, event.reporter) for event in told] == [
        ("HoldPut", report, None),
        ("HoldLifted", report, None),
    ]
    assert all(event.data == {"hold": str(hold), "on": on} for event in told)
    with database.read() as session:
        (row,) = rows(session, "hold")
    assert (row.reason, row.answer, row.lifted_by) == (SECRET, "结案", f"dispatcher:{LEADER}")
    assert walk(database, DESK).wrong is None


def test_nothing_leaves_an_incident_on_hold_and_the_hold_goes_with_two_that_become_one(
    database: Database, writer: Writer, store: MediaStore
) -> None:
    a, b, c, d = (full(database, writer, store, "invalid") for _ in range(4))
    linked(writer, a, b)
    linked(writer, c, d)
    done(writer, lambda s: holds.put(s, c, "incident", "operator:test", "案件"), DESK)
    linked(writer, a, c)
    with pytest.raises(Refused, match="incident_held"):
        done(writer, lambda s: incidents.unlink(s, b, DESK, FIRST), DESK)
    for one in (a, b, c, d):
        ago(database, one, HALF_A_YEAR)
    assert run(database, writer, store).reports == 0


def test_a_hold_on_a_person_keeps_who_they_are(database: Database, writer: Writer, store: MediaStore) -> None:
    report = full(database, writer, store, "invalid")
    ago(database, report, HALF_A_YEAR)
    run(database, writer, store)
    reporter = plain(report, database)["reporter"]
    hold = done(writer, lambda s: holds.put(s, report, "person", "operator:test", "案件"), DESK)
    closed, _ = done(writer, lambda s: closing.close(s, reporter), DESK)
    assert (closed.erased, closed.kept) == (False, ())
    assert done(writer, closing.erase_due) == 0
    done(writer, lambda s: holds.lift(s, hold, "operator:test", "结案"), DESK)
    assert done(writer, closing.erase_due) == 1


def test_a_held_report_keeps_its_reporter_known_past_its_time(
    database: Database, writer: Writer, store: MediaStore
) -> None:
    report = full(database, writer, store, "invalid")
    ago(database, report, HALF_A_YEAR)
    reporter = plain(report, database)["reporter"]
    hold = done(writer, lambda s: holds.put(s, report, "report", "operator:test", "案件"), DESK)
    closed, _ = done(writer, lambda s: closing.close(s, reporter), DESK)
    assert [one.until for one in closed.kept] == [None]
    done(writer, lambda s: holds.lift(s, hold, "operator:test", "结案"), DESK)
    assert done(writer, closing.erase_due) == 1


def test_what_a_reporter_filed_is_kept_while_their_appeal_is_open(
    database: Database, writer: Writer, store: MediaStore
) -> None:
    report = full(database, writer, store, "invalid")
    ago(database, report, HALF_A_YEAR)
    mark = TABLES["mark"]
    row = {
        "id": new_id(),
        "reporter": plain(report, database)["reporter"],
        "report": report,
        "desk": DESK,
        "dispatcher": LEADER,
        "category": "harassment",
        "reason": SECRET,
        "at": now(),
        "until": now(),
        "appealed_at": now(),
        "appeal": SECRET,
    }
    with Session(database.writing) as session:
        session.connection().execute(insert(mark), row)
        session.commit()
    with database.read() as session:
        assert removing.preview(session, now())[1].appealed == 1
    assert run(database, writer, store).reports == 0
    with Session(database.writing) as session:
        session.connection().execute(
            update(mark).values(answered_at=now(), answered_by=LEADER, answer=SECRET)
        )
        session.commit()
    assert run(database, writer, store).reports == 1
    assert SECRET not in str(left_of(database, report))


def test_another_desk_and_a_hold_without_a_subject_are_refused(
    database: Database, writer: Writer, store: MediaStore
) -> None:
    report = full(database, writer, store, "invalid")
    for on, desk, reason, code in (
        ("report", "330102", "x", "report_unknown"),
        ("report", DESK, " \0", "reason_required"),
        ("incident", DESK, "x", "incident_unknown"),
        ("desk", DESK, "x", "field_invalid"),
    ):
        with pytest.raises(Refused, match=code):
            done(writer, partial(holds.put, report=report, on=on, actor="x", reason=reason, desk=desk))
    assert log_of(database, DESK)[-1].kind == "ReportClosed"


# --- rules


def test_the_province_sets_rules_and_none_is_shorter_than_the_law(database: Database, writer: Writer) -> None:
    def set_(kind: Any, outcome: Any, days: Any) -> bool:
        return done(writer, lambda s: retention.set_rule(s, kind, outcome, days, "operator:test"))

    for rule, code in (
        ((None, "invalid", 189), "retention_too_short"),
        (("phone", None, 200), "field_invalid"),
        ((None, "lost", 200), "field_invalid"),
        (("exercise", "handled", 200), "field_invalid"),
        ((None, None, None), "field_invalid"),
        ((None, None, 40_000), "field_invalid"),
    ):
        with pytest.raises(Refused, match=code):
            set_(*rule)
    assert set_("fraud", "invalid", 2000)
    assert not set_("fraud", "invalid", 2000)
    assert set_(None, None, 365)
    with database.read() as session:
        standing = retention.rules(session)
    assert retention.rule_for(standing, "fraud", "invalid") == Rule("fraud", "invalid", 2000)
    assert retention.rule_for(standing, "quick", "invalid") == Rule(None, None, 365)
    assert retention.rule_for(standing, "quick", None, exercise=True) == Rule("exercise", None, 30)
    assert set_("fraud", "invalid", None)
    with database.read() as session:
        assert retention.rule_for(retention.rules(session), "fraud", "invalid").name == "fraud"
    told = [event.data for event in log_of(database, "330000") if event.kind == "RetentionRuleSet"]
    assert told == [
        {"rule": "fraud/invalid", "was": None, "days": 2000},
        {"rule": "*", "was": 190, "days": 365},
        {"rule": "fraud/invalid", "was": 2000, "days": None},
    ]


# --- whatever is killed


def test_a_store_that_is_away_is_gone_on_with(
    database: Database, writer: Writer, store: MediaStore, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    report = full(database, writer, store, "invalid")
    ago(database, report, HALF_A_YEAR)

    def away(_self: MediaStore, _media: UUID) -> None:
        raise StoreAway("gone")

    with monkeypatch.context() as patch:
        patch.setattr(MediaStore, "remove", away)
        with pytest.raises(StoreAway):
            run(database, writer, store)
    assert removed(database, report)
    assert SECRET not in str(left_of(database, report))
    assert len(files_in(folder)) == 8
    with database.read() as session:
        assert removing.records(session)[0].files_gone_at is None
    ended = run(database, writer, store)
    assert (ended.reports, ended.files, files_in(folder)) == (0, 2, [])
    assert left_of(database, report)["media"] == []


def test_killed_again_and_again_it_ends_as_if_it_never_was(
    prepared: str, database: Database, writer: Writer, tmp_path: Path
) -> None:
    """The real command, killed at whatever moment it has come to; then once to its end."""
    there = installation(tmp_path, database.url)
    folder = there.home / "media"
    store = MediaStore(f"file://{folder}")
    reports = [full(database, writer, store, "invalid") for _ in range(40)]
    for report in reports:
        ago(database, report, HALF_A_YEAR)
    held = reports[7]
    done(writer, lambda s: holds.put(s, held, "report", "operator:test", "案件"), DESK)
    figures = counted(database)
    assert prepared

    def gone() -> int:
        return sum(removed(database, one) for one in reports)

    killed = 0
    for upto in (1, 26):
        process = subprocess.Popen(
            [sys.executable, str(CHECKOUT / "cli.py"), "retention", "run"],
            env=there.environment,
            stdout=subprocess.DEVNULL,
        )

        def far_enough(upto: int = upto, process: Any = process) -> bool:
            return gone() >= upto or process.poll() is not None

        until(far_enough, 120, "some are gone")
        process.kill()
        killed += process.wait() == -9
    assert killed
    said = there.run("retention", "run")
    assert said.status == 0, said
    assert [one for one in reports if not removed(database, one)] == [held]
    assert len(files_in(folder)) == 8
    with database.read() as session:
        records = removing.records(session, most=100)
    assert len(records) == len({one.report for one in records}) == 39
    assert all(one.files_gone_at for one in records)
    assert len([event for event in log_of(database, DESK) if event.kind == "ReportRemoved"]) == 39
    assert walk(database, DESK).wrong is None
    assert counted(database) == figures
    again = there.run("retention", "run")
    assert "removed the content of 0 reports" in again.output


# --- the command


@pytest.fixture
def there(database: Database, tmp_path: Path) -> Installation:
    return installation(tmp_path, database.url)


def test_the_command_previews_runs_and_shows_the_record(
    there: Installation, database: Database, writer: Writer
) -> None:
    store = MediaStore(f"file://{there.home}/media")
    report, other = full(database, writer, store, "invalid"), full(database, writer, store, "invalid")
    for one in (report, other):
        ago(database, one, HALF_A_YEAR)
    number = plain(report, database)["number"]
    held = there.run("retention", "hold", plain(other, database)["number"], "--reason", "案件")
    assert held.status == 0, held
    id_ = held.output.split()[-1]
    preview = there.ask("retention", "preview")
    assert (preview.status, "1 reports are due" in preview.output) == (0, True), preview
    assert "1 held" in preview.output
    assert not removed(database, report)
    assert id_ in there.ask("retention", "holds").output
    assert there.ask("retention", "run").status == 0
    record = there.ask("retention", "record", "--number", number)
    assert (record.status, record.output.count(number), "message=2" in record.output) == (0, 1, True), record
    assert "Nothing fits" in there.ask("retention", "record", "--desk", "330102").output
    assert there.ask("retention", "lift", id_, "--reason", "结案").status == 0
    assert there.ask("retention", "lift", "x", "--reason", "结案").status == 1
    assert there.ask("retention", "hold", "330106-1", "--reason", "x").status == 1
    short = there.ask("retention", "set", "--outcome", "invalid", "--days", "30")
    assert (short.status, "190" in short.complaints) == (1, True)
    assert there.ask("retention", "set", "--outcome", "invalid", "--days", "400").status == 0
    assert "*/invalid" in there.ask("retention", "rules").output
    verified = there.ask("audit", "verify", "--desk", DESK)
    assert verified.status == 0, verified


def test_a_bundle_that_is_made_afterwards_tells_that_it_was_removed(
    database: Database, writer: Writer, store: MediaStore
) -> None:
    report = full(database, writer, store, "invalid")
    done(writer, lambda s: exports.begin(s, report, "operator:test", "bundle", "移送"), DESK)
    ago(database, report, HALF_A_YEAR)
    run(database, writer, store)
    left = left_of(database, report)
    assert [row["reason"] for row in left["export"]] == ["移送"]
    assert len(left["removal"]) == 1


def test_a_report_that_nobody_has_closed_keeps_its_reporter(database: Database, writer: Writer) -> None:
    wanted = filing(done(writer, add_reporter))
    done(writer, file(wanted), DESK)
    done(writer, acknowledge(wanted.id, FIRST), DESK)
    with database.read() as session:
        assert [one.until for one in closing.kept_reports(session, wanted.reporter, now())] == [None]
        assert session.connection().execute(select(TABLES["removal"].c.id)).first() is None
