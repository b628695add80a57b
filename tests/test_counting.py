"""The roll-ups are what a plain count of the reports gives: whatever is done to a report, whoever dies meanwhile."""

from collections.abc import Iterator
from datetime import timedelta
from functools import partial
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import false, select, update
from sqlmodel import Session

from bench.year import Year, fill
from console.figures_tables import INVALID
from dispatch import counting, incidents, outcomes, sendings, tallies, transfers, unit_editing
from dispatch.closures import COUNTS, Results
from dispatch.counting import look, take
from dispatch.database import Database
from dispatch.errors import Unfit
from dispatch.events import record
from dispatch.models import TABLES
from dispatch.offering import offer
from dispatch.recounting import rebuild
from dispatch.spans import hour_of
from dispatch.tallies import Tally, pack, unpack
from dispatch.writer import Writer
from tests.domain import DESK, OTHER_DESK, acknowledge, add_reporter, done, file, filing, writing
from tests.plain_counts import PlainCounts, in_every_row

FIRST, SECOND = f"{DESK}01", f"{DESK}02"
SMALL = Year(reports=900, told=True)


@pytest.fixture
def writer(database: Database) -> Iterator[Writer]:
    with writing(database) as found:
        yield found


def counted(database: Database, writer: Writer, most: int = counting.EVENTS) -> int:
    """Rounds until nothing is left, as the worker does; how many there were."""
    rounds = 0
    while True:
        with database.read() as session:
            found = look(session, most)
        if found is None:
            return rounds
        assert done(writer, partial(take, found=found))
        rounds += 1


def kept(database: Database) -> dict[tuple[str, int], Tally]:
    """Every row that holds."""
    tally, round_ = TABLES["tally"], TABLES["tally_round"]
    chosen = select(tally).where(tally.c.generation == select(round_.c.generation).scalar_subquery())
    with database.read() as session:
        rows = session.connection().execute(chosen).all()
    return {(row.area, row.span): unpack(row.counts) for row in rows}


def plain(database: Database, also: str = "1 = 1") -> dict[tuple[str, int], Tally]:
    """Every row that there should be."""
    with database.read() as session:
        return in_every_row(PlainCounts(session, also), tallies.areas_of)


def assert_counted(database: Database, also: str = "1 = 1") -> None:
    assert kept(database) == plain(database, also) != {}


def filed(writer: Writer, desk: str = DESK) -> UUID:
    wanted = filing(done(writer, add_reporter), desk)
    done(writer, file(wanted), desk)
    return wanted.id


def change(database: Database, report: UUID, **values: object) -> None:
    table = TABLES["report"]
    with Session(database.writing) as session:
        session.connection().execute(update(table).where(table.c.id == report).values(**values))
        session.commit()


def unit(writer: Writer, call_sign: str) -> UUID:
    added: UUID = done(
        writer, lambda session: unit_editing.add(session, DESK, f"{DESK}90", call_sign, "car"), DESK
    )
    return added


def sent_and_back(database: Database, writer: Writer, report: UUID, call_sign: str) -> None:
    """A unit was there, and is done."""
    wanted = unit(writer, call_sign)
    done(writer, lambda session: sendings.send(session, report, DESK, FIRST, [wanted]), DESK)
    with database.read() as session:
        sending = TABLES["sending"]
        chosen = select(sending.c.id).where(sending.c.unit == wanted)
        id_ = session.connection().execute(chosen).scalar_one()
    done(writer, lambda session: sendings.arrive(session, report, DESK, FIRST, id_), DESK)
    done(writer, lambda session: sendings.clear(session, report, DESK, FIRST, [id_], "已处理"), DESK)


def test_whatever_becomes_of_a_report_the_hour_of_its_filing_tells(
    database: Database, writer: Writer
) -> None:
    report, other = filed(writer), filed(writer)
    counted(database, writer)
    assert_counted(database)
    steps: list[tuple[Any, dict[str, int]]] = [
        (acknowledge(report, FIRST), {"open": 2}),
        (lambda _: None, {"open": 2}),
        (
            lambda session: outcomes.close(session, report, DESK, FIRST, "invalid", "误按"),
            {"open": 1, "invalid": 1},
        ),
        (lambda session: outcomes.reopen(session, report, DESK, SECOND, "看错了"), {"open": 2}),
        (
            lambda session: outcomes.close(
                session, report, DESK, SECOND, "handled", None, results=Results(caught=2, helped=1)
            ),
            {"open": 1, "handled": 1},
        ),
        (acknowledge(other, SECOND), {"open": 1, "handled": 1}),
    ]
    for n, (command, ended) in enumerate(steps):
        done(writer, command, DESK)
        if n == 1:
            sent_and_back(database, writer, report, "1")
        assert counted(database, writer) == 1
        assert_counted(database)
        (of_hour,) = [
            tally for (area, span), tally in kept(database).items() if area == DESK and span > 10**9
        ]
        assert of_hour["outcome"] == ended
        assert of_hour.get("results", {}) == ({"caught": 2, "helped": 1} if "handled" in ended else {})
        assert ("arrived" in of_hour) == (n >= 1), "opened again or not, somebody was there"


def test_of_an_incidents_reports_the_first_counts_whoever_joins_or_leaves(
    database: Database, writer: Writer
) -> None:
    """The first may be in another hour, and become another by what happens to others."""
    reports = [filed(writer) for _ in range(4)]
    with database.read() as session:
        at = session.connection().execute(select(TABLES["report"].c.filed_at).limit(1)).scalar_one()
    for n, report in enumerate(reports):
        change(database, report, filed_at=at - timedelta(hours=9 - 2 * n))
    first, second, third, fourth = reports

    def link(one: UUID, other: UUID) -> None:
        done(writer, lambda session: incidents.link(session, one, other, DESK, FIRST), DESK)

    def later() -> int:
        counted(database, writer)
        assert_counted(database)
        (year,) = [tally for (area, span), tally in kept(database).items() if area == "33" and span < 10**4]
        return year.get("incident", {}).get("later", 0)

    assert later() == 0
    link(second, third)
    assert later() == 1
    link(third, fourth)
    assert later() == 2
    link(fourth, first)
    assert later() == 3
    done(writer, lambda session: incidents.unlink(session, first, DESK, FIRST), DESK)
    assert later() == 2, "the second is the first now, and no event names it"
    done(writer, lambda session: incidents.unlink(session, third, DESK, FIRST), DESK)
    done(writer, lambda session: incidents.unlink(session, second, DESK, FIRST), DESK)
    assert later() == 0


def test_nothing_is_told_twice_of_what_was_long_ago(database: Database, writer: Writer) -> None:
    report = filed(writer)
    counted(database, writer)
    with database.read() as session:
        filed_at = session.connection().execute(select(TABLES["report"].c.filed_at)).scalar_one()
    change(database, report, filed_at=filed_at - timedelta(days=40))
    done(writer, lambda session: tallies_again(session, report), DESK)
    counted(database, writer)
    # The hour that it was filed in before is not asked for any more: nothing but a defect changes when it was filed.
    assert (
        kept(database)[DESK, hour_of(filed_at - timedelta(days=40))]
        == plain(database)[DESK, hour_of(filed_at - timedelta(days=40))]
    )


def tallies_again(session: Session, report: UUID) -> int:
    return record(session, DESK, "SomethingNew", actor="system", report=report)


def test_a_report_that_another_desk_accepts_is_counted_there_and_no_more_here(
    database: Database, writer: Writer
) -> None:
    report = filed(writer)
    done(writer, lambda session: offer(session, report, DESK, ["330100"], "escalation"), DESK, "330100")
    counted(database, writer)
    done(writer, acknowledge(report, "33010001", "330100"), DESK, "330100")
    counted(database, writer)
    assert_counted(database)
    areas = {area for area, _ in kept(database)}
    assert areas == {"330100", "3301", "33"}
    (year,) = [tally for (area, span), tally in kept(database).items() if area == "33" and span < 10**4]
    assert year["county"] == {DESK: 1}, "it was filed where it was filed"


def test_a_report_that_is_transferred_is_counted_once_whichever_log_is_read_first(
    database: Database, writer: Writer
) -> None:
    """It counts where it is, in the hour in which it was filed; each desk's log says that it came or left."""
    report = filed(writer)
    done(writer, acknowledge(report, FIRST), DESK)
    counted(database, writer)
    there = f"{OTHER_DESK}01"
    done(
        writer,
        lambda session: transfers.ask(session, report, DESK, FIRST, OTHER_DESK, "那边近"),
        DESK,
        OTHER_DESK,
    )
    done(writer, lambda session: transfers.accept(session, report, OTHER_DESK, there), DESK, OTHER_DESK)
    assert counted(database, writer, most=1) > 1
    assert_counted(database)
    assert {area for area, _ in kept(database)} == {OTHER_DESK, "3301", "33"}


def test_what_was_found_before_another_round_was_written_is_not_written(
    database: Database, writer: Writer
) -> None:
    """Two workers look at once: one writes, the other looks again."""
    report = filed(writer)
    with database.read() as session:
        first, second = look(session), look(session)
    assert first is not None
    assert second is not None
    done(writer, acknowledge(report, FIRST), DESK)
    assert done(writer, partial(take, found=first))
    assert not done(writer, partial(take, found=second))
    counted(database, writer)
    assert_counted(database)
    with database.read() as session:
        assert look(session) is None


def test_a_command_that_runs_twice_counts_once(database: Database, writer: Writer) -> None:
    """The writer runs a batch again when one of it fails."""
    filed(writer)
    with database.read() as session:
        found = look(session)
    assert found is not None

    def fails(_session: Session) -> None:
        raise LookupError

    with writing(database, start=False) as gathering:
        wrong = gathering.submit(fails)
        right = gathering.submit(partial(take, found=found))
        gathering.start()
        assert right.result(60)
        with pytest.raises(LookupError):
            wrong.result(60)
    assert_counted(database)


@pytest.mark.parametrize("most", [counting.EVENTS, 97])
def test_a_year_that_is_followed_by_its_logs_is_the_year_as_it_is_counted(
    database: Database, writer: Writer, most: int
) -> None:
    fill(database, SMALL)
    rounds = counted(database, writer, most)
    assert rounds > 1 or most > SMALL.reports
    assert_counted(database)


def test_a_year_that_is_counted_anew_is_the_same_and_what_comes_goes_on_from_there(
    database: Database, writer: Writer
) -> None:
    fill(database, SMALL)
    rebuild(database, partial(done, writer))
    assert_counted(database)
    with database.read() as session:
        assert look(session) is None
    before = kept(database)
    rebuild(database, partial(done, writer))
    assert kept(database) == before
    acknowledged = filed(writer)
    done(writer, acknowledge(acknowledged, FIRST), DESK)
    counted(database, writer)
    assert_counted(database)
    with database.read() as session:
        generations = set(session.connection().execute(select(TABLES["tally"].c.generation)).scalars())
    assert len(generations) == 1, "nothing is left of those before"


def test_counting_anew_mends_what_was_wrong(database: Database, writer: Writer) -> None:
    fill(database, Year(reports=60, told=True))
    counted(database, writer)
    with Session(database.writing) as session:
        session.connection().execute(update(TABLES["tally"]).values(counts=pack({"kind": {"quick": 7}})))
        session.commit()
    assert kept(database) != plain(database)
    rebuild(database, partial(done, writer))
    assert_counted(database)


def test_figures_stay_as_they_are_until_all_is_counted_anew(database: Database, writer: Writer) -> None:
    """Somebody who dies amid it leaves nothing that anybody sees, and the next one begins anew."""
    fill(database, Year(reports=60, told=True))
    counted(database, writer)
    before = kept(database)

    class Killed(BaseException):
        pass

    for at in (1, 2, 9):
        left = iter(range(at))

        def write(command: Any, left: Iterator[int] = left) -> None:
            if next(left, None) is None:
                raise Killed
            done(writer, command)

        with pytest.raises(Killed):
            rebuild(database, write)
        assert kept(database) == before
        filed(writer)
        counted(database, writer)
        before = kept(database)
        assert_counted(database)
    rebuild(database, partial(done, writer))
    assert_counted(database)


def test_of_two_who_count_anew_the_first_holds(database: Database, writer: Writer) -> None:
    fill(database, Year(reports=60, told=True))
    begun = False

    def write(command: Any) -> None:
        nonlocal begun
        if not begun:
            begun = True
            rebuild(database, partial(done, writer))
        done(writer, command)

    with pytest.raises(Unfit):
        rebuild(database, write)
    assert_counted(database)


def test_an_exercise_is_in_no_count(
    database: Database, writer: Writer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever will say so: the one predicate is asked by the round and by counting anew."""
    fill(database, SMALL)
    tallies.facts.cache_clear()
    monkeypatch.setattr(tallies, "is_real", lambda report: report.c.kind != "tip")
    try:
        counted(database, writer)
        assert_counted(database, "r.kind <> 'tip'")
        rebuild(database, partial(done, writer))
        assert_counted(database, "r.kind <> 'tip'")
        tallies.facts.cache_clear()
        monkeypatch.setattr(tallies, "is_real", lambda _report: false())
        rebuild(database, partial(done, writer))
        assert kept(database) == {}
    finally:
        tallies.facts.cache_clear()


def test_what_counts_against_somebody_is_what_figures_call_invalid() -> None:
    assert set(INVALID) == COUNTS
