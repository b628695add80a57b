"""Every figure of the figures page equals a plain count of the reports, on both databases; and what is measured how."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from functools import partial
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select, update
from sqlmodel import Session

from bench.year import Year, fill
from console import figures as page
from console.charts import lying, round_step, upright
from console.figures import Choice
from console.figures_tables import Table, label_of, tables, took
from console.heat_map import CLASSES, _steps
from console.sheets import safe
from dispatch import moment, repeats, spans, tally_reading
from dispatch.clock import now
from dispatch.database import Database
from dispatch.desks import DESKS
from dispatch.models import TABLES
from dispatch.recounting import rebuild
from dispatch.scales import ACCEPTED, ARRIVED, BEYOND, CLOSED, SCALES, Scale, percentile, within
from dispatch.spans import BEIJING, beginning, end, grain_of, hour_of, inside, neighbour
from dispatch.words import Words, languages
from dispatch.writer import Writer
from tests.domain import DESK, acknowledge, add_reporter, done, file, filing, writing
from tests.plain_counts import PlainCounts
from tests.plain_figures import Cells, plain_cells
from tests.test_counting import counted

YEAR = Year(reports=1200, year=2025, told=True)


@pytest.fixture
def writer(database: Database) -> Iterator[Writer]:
    with writing(database) as found:
        yield found


def cells_of(found: list[Table]) -> Cells:
    """The page's own, by table, row and column."""
    return {
        (table.name, row.key, column): (cell.kind, cell.n, cell.of)
        for table in found
        for row in table.rows
        for column, cell in zip(table.columns, row.cells, strict=True)
    }


def assert_as_counted(database: Database, desk: str, span: int, *, below: bool) -> None:
    by = {4: "year", 6: "month", 8: "day"}.get(len(str(span)), "ever")
    day = beginning(span).date() if span else date(2025, 1, 1)
    choice = Choice(desk, below, by, day)
    with database.read() as session:
        found = page.read(session, choice)
        plain = plain_cells(session, desk, span, below=below)
        area = "33" if desk == "330000" and below else desk[:4] if below and desk.endswith("00") else desk
        often = PlainCounts(session).repeated(area, span or "", 10)
    shown = tables(found.figures, Words.of("en"), str, found.open_now, found.held)
    mine = cells_of(shown)
    assert mine == plain
    assert found.figures.often == often


def test_every_figure_of_a_year_is_what_counting_the_reports_gives(
    database: Database, writer: Writer
) -> None:
    fill(database, YEAR)
    # What is open, in hand, and of another year.
    for _ in range(3):
        report = filing(done(writer, add_reporter))
        done(writer, file(report), DESK)
    done(writer, acknowledge(report.id, f"{DESK}01"), DESK)
    rebuild(database, partial(done, writer))
    busiest = _busiest(database)
    for desk, below in (
        ("330000", True),
        (f"{busiest[:4]}00", True),
        (f"{busiest[:4]}00", False),
        (busiest, True),
    ):
        for span in (0, 2025, 202507, 20250704):
            assert_as_counted(database, desk, span, below=below)
    assert_as_counted(database, "330000", spans.day_of(now()), below=True)


def _busiest(database: Database) -> str:
    with database.read() as session:
        counts = PlainCounts(session).by("33", 2025, "r.desk")
    return max((desk for desk in counts if not desk.endswith("00")), key=lambda desk: counts[desk])


def test_people_with_ten_are_counted_wherever_and_whenever_the_ten_were(
    database: Database, writer: Writer
) -> None:
    """Nine are not ten; ten in two cities are ten in the province alone; ten in two months, in the year."""
    fill(database, YEAR)
    report, reporter = TABLES["report"], TABLES["reporter"]
    with Session(database.writing) as session:
        connection = session.connection()
        people = list(connection.execute(select(reporter.c.id).limit(3)).scalars())
        connection.execute(update(report).values(outcome="handled"))
        connection.execute(update(reporter).values(invalid_reports=9))
        ids = list(connection.execute(select(report.c.id).limit(29)).scalars())
        for person, some in zip(people, (ids[:9], ids[9:19], ids[19:]), strict=True):
            connection.execute(
                update(report).where(report.c.id.in_(some)).values(reporter=person, outcome="harassment")
            )
            connection.execute(
                update(reporter).where(reporter.c.id == person).values(invalid_reports=len(some))
            )
        at = datetime(2025, 3, 31, 15, 59, tzinfo=UTC)
        for n, id_ in enumerate(ids):
            filed_at = at + timedelta(minutes=n % 2)
            desk = ("330106", "330203")[n % 2 if n >= 19 else 0]
            connection.execute(update(report).where(report.c.id == id_).values(filed_at=filed_at, desk=desk))
        session.commit()
    with database.read() as session:
        count = partial(repeats.people, session)
        march, april = (beginning(202503), end(202503)), (beginning(202504), end(202504))
        assert count(None) == 2
        assert count(["330106"]) == 1
        assert count(["330203"]) == 0
        assert count(["330106", "330203"], *march) == 0, "half of them were filed after midnight in China"
        assert count(None, *april) == 0
        assert count(None, beginning(2025), end(2025)) == 2


def test_the_moment_counts_what_waits_and_what_is_worked_on(database: Database, writer: Writer) -> None:
    with database.read() as session:
        assert moment.at_desk(session, DESK) == moment.Moment(0, None, 0)
    filed = [filing(done(writer, add_reporter)) for _ in range(3)]
    for one in filed:
        done(writer, file(one), DESK)
    done(writer, acknowledge(filed[0].id, f"{DESK}01"), DESK)
    other = filing(done(writer, add_reporter), "330102")
    done(writer, file(replace(other, others=(DESK,))), "330102", DESK)
    with database.read() as session:
        report = TABLES["report"].c
        first = (
            session.connection().execute(select(report.filed_at).where(report.id == filed[1].id)).scalar_one()
        )
        assert moment.at_desk(session, DESK) == moment.Moment(3, first, 1)
        assert moment.open_at(session, [DESK, "330102", "330108"]) == {DESK: 3, "330102": 1}


def test_it_is_said_since_when_something_is_not_counted(database: Database, writer: Writer) -> None:
    done(writer, file(filing(done(writer, add_reporter))), DESK)
    with database.read() as session:
        event = TABLES["event"].c
        at = session.connection().execute(select(event.at).where(event.desk == DESK)).scalar_one()
        assert tally_reading.behind(session, list(DESKS)) == at
        assert tally_reading.behind(session, ["330102"]) is None
    counted(database, writer)
    with database.read() as session:
        assert tally_reading.behind(session, list(DESKS)) is None


# --- scales


@given(st.integers(0, 8 * 86_400_000), st.sampled_from(SCALES))
def test_a_duration_is_counted_within_its_step_and_never_across_a_band(ms: int, scale: Scale) -> None:
    seconds = ms / 1000
    edge = scale.edge(seconds)
    if edge == BEYOND:
        assert seconds > scale.reach
        return
    assert edge - scale.step_at(edge) <= seconds <= edge
    for limit in (*scale.bands, *scale.within):
        assert (seconds <= limit) == (edge <= limit)


@pytest.mark.parametrize("scale", SCALES)
def test_every_limit_that_is_told_is_an_edge(scale: Scale) -> None:
    assert all(scale.edge(limit) == limit for limit in (*scale.bands, *scale.within, scale.reach))
    assert scale.edge(-3) == scale.edge(0) == scale.steps[0][1]


@given(st.lists(st.integers(0, 4000), min_size=1, max_size=60), st.sampled_from([50, 90]))
def test_a_percentile_is_the_edge_of_the_one_at_its_rank(seconds: list[int], percent: int) -> None:
    counts: dict[int, int] = {}
    for one in seconds:
        edge = ACCEPTED.edge(one)
        counts[edge] = counts.get(edge, 0) + 1
    rank = -(-len(seconds) * percent // 100)
    assert percentile(counts, percent) == ACCEPTED.edge(sorted(seconds)[rank - 1])
    assert percentile({}, percent) is None
    assert within(counts, 15) == sum(one <= 15 for one in seconds)
    assert sum(ACCEPTED.in_bands(counts)) == len(seconds)


# --- spans


@given(st.integers(978_307_200, 4_039_372_800))
def test_an_hour_lies_in_its_day_month_and_year(at: int) -> None:
    moment_ = datetime.fromtimestamp(at, UTC)
    hour, day, month, year = spans.around(hour_of(moment_))
    for span in (hour, day, month, year):
        assert beginning(span) <= moment_ < end(span)
        before, after = neighbour(span, -1), neighbour(span, 1)
        assert before is not None
        assert after is not None
        assert end(before) == beginning(span)
        assert beginning(after) == end(span)
        assert grain_of(before) == grain_of(span)
    assert hour in inside(day)
    assert day in inside(month)
    assert month in inside(year)
    assert [part for part in inside(month) if beginning(part).month != beginning(month).month] == []


def test_midnight_is_chinas() -> None:
    assert hour_of(datetime(2026, 1, 1, 15, 59, tzinfo=UTC)) == 2026010123
    assert hour_of(datetime(2025, 12, 31, 16, tzinfo=UTC)) == 2026010100
    assert beginning(2026).tzinfo is BEIJING


@pytest.mark.parametrize("wrong", [0, 26, 202613, 20260231, 2026112324, 1999, 2100, 20261123101])
def test_what_is_no_span_is_none(wrong: int) -> None:
    with pytest.raises(ValueError, match=r"no span|no year|must be in|out of range"):
        beginning(wrong)
    assert (neighbour(2099, 1), neighbour(20000101, -1)) == (None, None)


# --- what is drawn and written


def test_bars_are_as_high_as_their_numbers_say() -> None:
    chart = upright([("1", 50, 20), ("2", 100, 0), ("3", 0, 0)], [25.0, 50.0, 100.0])
    first, second, third = chart.bars
    assert second.height == pytest.approx(2 * first.height, abs=0.2)
    assert first.part_height == pytest.approx(0.4 * first.height, abs=0.2)
    assert third.height == 0
    assert second.mark_y == first.y
    assert [tick.label for tick in chart.ticks] == ["0", "50", "100"]
    assert upright([]).bars == ()
    assert [bar[2] for bar in lying([("a", 4), ("b", 2), ("c", 0)]).bars][1:] == [
        lying([("a", 4), ("b", 2), ("c", 0)]).bars[0][2] / 2,
        0,
    ]


@given(st.integers(0, 10**9))
def test_lines_of_a_scale_are_few_and_round(most: int) -> None:
    step = round_step(most)
    assert str(step).rstrip("0") in {"1", "2", "5"}
    assert step * 4 >= most
    assert step == 1 or step * 1.5 < most


@given(st.lists(st.integers(1, 1000), max_size=90))
def test_each_county_has_one_shade_and_more_is_never_darker(counts: list[int]) -> None:
    steps = _steps(counts)
    assert len(steps) <= CLASSES
    for (_, _, most), (_, least, _) in pairwise(steps):
        assert most < least
    for n in counts:
        assert sum(least <= n <= most for _, least, most in steps) == 1


@pytest.mark.parametrize(
    ("value", "written"),
    [
        ("=1+1", "'=1+1"),
        ("+86", "'+86"),
        ("-1", "'-1"),
        ("@SUM(A1)", "'@SUM(A1)"),
        ("\t=1", "'\t=1"),
        ("＝1", "'＝1"),
        ("西湖区", "西湖区"),
        (-5, -5),
        (0.5, 0.5),
        (None, ""),
    ],
)
def test_no_text_becomes_a_formula(value: object, written: object) -> None:
    assert safe(value) == written


@pytest.mark.parametrize("language", languages())
def test_how_long_something_took_is_said_as_fine_as_it_is_kept(language: str) -> None:
    words = Words.of(language)
    said = [
        took(words, edge, scale)
        for edge, scale in ((9, ACCEPTED), (125, ACCEPTED), (570, ARRIVED), (1800, CLOSED), (7800, CLOSED))
    ]
    assert (
        said
        == {
            "zh-CN": ["9 秒", "2 分 05 秒", "9 分 30 秒", "30 分", "2 时 10 分"],
            "en": ["9 s", "2 min 05 s", "9 min 30 s", "30 min", "2 h 10 min"],
        }[language]
    )
    assert took(words, BEYOND, CLOSED).endswith({"zh-CN": "7 天 0 时", "en": "7 d 0 h"}[language])
    assert label_of(2026112309) == "09:00"
