"""Run `figures`: how fast the figures page and the wallboard answer with few reports and with many, side by side.

Two installations stand beside each other, one with few reports and one with many, and each page is asked of one and
right after of the other: what slows the machine for a while slows both. The ratio says how much slower many are.
"""

import http.client
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

from sqlalchemy import func, insert, select, text
from sqlmodel import Session

from bench.effort import Effort
from bench.figures import Figure, percentile
from bench.machine import Watch
from bench.record import Record
from bench.wire import HOST
from bench.year import Year, fill
from dispatch.clock import now
from dispatch.counting import look, take
from dispatch.models import TABLES
from dispatch.recounting import recount
from dispatch.reporters import new_token, token_digest
from dispatch.writer import Writer
from tests.servers import Postgres, Valkey
from tests.stack import Stack, stack

YEAR: Final = 2025
ROUNDS: Final = 3  # at most: a page hardly differs from one to the next
PROVINCE, CITY, COUNTY = "330000", "330200", "330281"
_DAY, _MONTH, _YEAR = (f"by={by}&on={YEAR}-07-04" for by in ("day", "month", "year"))
# What is asked, as whom.
PAGES: Final = {
    "province, a day by hour": (PROVINCE, f"/console/figures?{_DAY}"),
    "province, a month by day": (PROVINCE, f"/console/figures?{_MONTH}"),
    "province, a year by month": (PROVINCE, f"/console/figures?{_YEAR}"),
    "province, all years": (PROVINCE, "/console/figures?by=ever"),
    "city, a year by month": (CITY, f"/console/figures?{_YEAR}"),
    "county, a year by month": (COUNTY, f"/console/figures?{_YEAR}"),
    "province, a year as XLSX": (PROVINCE, f"/console/figures.xlsx?{_YEAR}"),
    "wallboard of a county": (COUNTY, "/console/wallboard/board"),
}
# What a page would ask without roll-ups: one of its dozen tables, counted from the reports.
PLAIN: Final = (
    "SELECT outcome, count(*) FROM report WHERE filed_at >= :since AND filed_at < :until GROUP BY outcome"
)


@dataclass(slots=True)
class Side:
    """An installation with a year of reports in it, counted."""

    stack: Stack
    reports: int
    sessions: dict[str, str]  # a shift leader's token, by desk
    line: http.client.HTTPConnection

    def ask(self, desk: str, path: str) -> float:
        """How long the answer takes, in milliseconds, from the first byte asked to the last byte answered."""
        begin = time.perf_counter()
        self.line.request("GET", path, headers={"cookie": f"desk110_console={self.sessions[desk]}"})
        answer = self.line.getresponse()
        content = answer.read()
        took = (time.perf_counter() - begin) * 1000
        assert answer.status == 200, content[:300]
        return took


def reckoning(
    effort: Effort, folder: Path, server: Valkey, record: Record, name: str, databases: Postgres | None
) -> None:
    """Both installations on one kind of database; `databases` None: SQLite."""
    with ExitStack() as opened:
        few, many = (
            opened.enter_context(
                _side(effort, folder / f"{name}-{reports}", server, databases, reports, record, name)
            )
            for reports in (effort.year_few, effort.year_many)
        )
        floor_name = f"{few.reports:,} reports"

        def line(what: str, unit: str = "ms") -> Figure:
            return record.figure(Figure("figures", f"{name}: {what}", unit, floor_name=floor_name))

        watch = Watch.begin({"few": few.stack.consoles[0].pid, "many": many.stack.consoles[0].pid})
        for page, (desk, path) in PAGES.items():
            _compare(line(f"{page}: p95"), few, many, effort, lambda side, d=desk, p=path: side.ask(d, p))  # type: ignore[misc]
        _compare(line("a year's outcomes without roll-ups: p95"), few, many, effort, _plain, least=5)
        used = watch.used()
        record.rounds.append(
            {"run": f"figures {name}", "elsewhere": watch.elsewhere([*used.values(), time.process_time()])}
        )


def _compare(
    figure: Figure, few: Side, many: Side, effort: Effort, ask: Callable[[Side], float], least: int = 0
) -> None:
    """Asked of one and of the other, in turn; each round has its own 95th percentile."""
    for side in (few, many):
        ask(side)  # what is made at the first use is made
    for _ in range(min(ROUNDS, effort.rounds)):
        times: tuple[list[float], list[float]] = ([], [])
        for _ in range(least or effort.year_asked):
            for kept, side in zip(times, (few, many), strict=True):
                kept.append(ask(side))
        figure.floor.append(percentile(sorted(times[0]), 95))
        figure.ours.append(percentile(sorted(times[1]), 95))
        figure.n += len(times[1])


def _plain(side: Side) -> float:
    begin = time.perf_counter()
    with side.stack.database.read() as session:
        since, until = f"{YEAR - 1}-12-31 16:00:00+00:00", f"{YEAR}-12-31 16:00:00+00:00"
        session.connection().execute(text(PLAIN), {"since": since, "until": until}).all()
    return (time.perf_counter() - begin) * 1000


@contextmanager
def _side(
    effort: Effort,
    folder: Path,
    server: Valkey,
    databases: Postgres | None,
    reports: int,
    record: Record,
    name: str,
) -> Iterator[Side]:
    """An installation with so many reports; how long they took to be counted is a line of the table."""
    url = databases.database() if databases else ""
    with stack(folder, server, url, citizens=0, DESK110_LIMITS="off", DESK110_LOG_LEVEL="warning") as running:
        fill(running.database, Year(reports=reports, year=YEAR))
        begin = time.perf_counter()
        recount(running.environment["DATABASE_URL"], lambda _desk: None)
        took = time.perf_counter() - begin
        about = f"{name}, {reports:,} reports"
        _line(record, f"{about}: all counted anew", "reports/s", reports / took)
        rows, size = _kept(running)
        _line(record, f"{about}: rows of roll-ups", "rows", rows)
        _line(record, f"{about}: their text", "MB", size / 1e6)
        if reports == effort.year_few:
            _line(record, f"{about}: a log that is followed", "events/s", _followed(running, effort))
        sessions = _sessions(running)
        line = http.client.HTTPConnection(HOST, running.consoles[0].port, timeout=120)
        yield Side(running, reports, sessions, line)
        line.close()


def _line(record: Record, name: str, unit: str, value: float) -> None:
    record.figure(Figure("figures", name, unit, ours=[value], n=1))


def _kept(running: Stack) -> tuple[int, int]:
    tally = TABLES["tally"]
    chosen = select(func.count(), func.sum(func.length(tally.c.counts)))
    with running.database.read() as session:
        rows, size = session.connection().execute(chosen).one()
    return int(rows), int(size)


def _followed(running: Stack, effort: Effort) -> float:
    """A year's events as a worker counts them: read, counted, written and committed."""
    fill(running.database, Year(reports=effort.year_followed, year=YEAR - 1, seed=7, told=True))
    writer = Writer(running.database, lambda _: None)
    writer.start()
    events, begin = 0, time.perf_counter()
    try:
        while True:
            with running.database.read() as session:
                before = _counted(session)
                found = look(session)
            if found is None:
                return events / (time.perf_counter() - begin)
            assert writer.submit(lambda session, found=found: take(session, found)).result()  # type: ignore[misc]
            events += sum(found.cursors.values()) - sum(before.get(desk, 0) for desk in found.cursors)
    finally:
        writer.stop()


def _counted(session: Session) -> dict[str, int]:
    cursor = TABLES["tally_cursor"]
    return {row.desk: row.seq for row in session.connection().execute(select(cursor))}


def _sessions(running: Stack) -> dict[str, str]:
    """A session for the shift leader of each desk that is asked about."""
    at = now()
    tokens = {desk: new_token() for desk, _ in PAGES.values()}
    rows: list[dict[str, Any]] = [
        {
            "token_digest": token_digest(token),
            "dispatcher": f"{desk}90",
            "csrf": new_token(),
            "made_at": at,
            "expires_at": at + timedelta(hours=6),
        }
        for desk, token in tokens.items()
    ]
    with Session(running.database.writing) as session:
        session.connection().execute(insert(TABLES["console_session"]), rows)
        session.commit()
    return tokens
