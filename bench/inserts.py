"""The floor of durable reports: the same rows by bare group commit, one thread, nothing looked up before.

Tables and indexes are copies of ours, and each row is like one that the writer made. There are no foreign keys, no
head to lock and no reporter to count up.
"""

import sqlite3
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import psycopg
from psycopg.rows import dict_row
from psycopg.types.json import Jsonb

from dispatch.ids import new_id

TOGETHER = 50
AT_MOST = 100_000  # reports made ready for a round

Row = tuple[Any, ...]
Commit = Callable[[Sequence[Row], Sequence[Row]], None]


def in_sqlite(source: Path, seconds: float) -> float:
    """Reports/s, 50 reports and their 50 events a commit, the disk synced.

    `source` is a database in which the writer has filed something; a new one is made beside it, and removed.
    """
    path = source.with_name(f"bare-{new_id().hex}.db")
    connection = sqlite3.connect(path, isolation_level=None)
    connection.row_factory = sqlite3.Row
    try:
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=FULL")
        connection.execute("ATTACH ? AS source", (str(source),))
        made = (
            "SELECT sql FROM source.sqlite_master WHERE tbl_name IN ('report', 'event') AND sql IS NOT NULL"
        )
        for (sql,) in connection.execute(made).fetchall():
            connection.execute(sql)
        report = dict(connection.execute("SELECT * FROM source.report LIMIT 1").fetchone())
        event = dict(
            connection.execute("SELECT * FROM source.event WHERE kind = 'ReportFiled' LIMIT 1").fetchone()
        )
        connection.execute("DETACH source")
        insert_report, insert_event = _insert("report", report, "?"), _insert("event", event, "?")

        def commit(reports: Sequence[Row], events: Sequence[Row]) -> None:
            connection.execute("BEGIN IMMEDIATE")
            connection.executemany(insert_report, reports)
            connection.executemany(insert_event, events)
            connection.execute("COMMIT")

        return _per_s(commit, _batches(report, event, lambda: new_id().hex), seconds)
    finally:
        connection.close()
        for one in path.parent.glob(f"{path.name}*"):
            one.unlink()


def in_postgres(url: str, seconds: float) -> float:
    """The same on PostgreSQL, in a schema of its own that is removed again."""
    with psycopg.connect(url, autocommit=True, row_factory=dict_row) as connection:
        connection.execute("DROP SCHEMA IF EXISTS bare CASCADE")
        connection.execute("CREATE SCHEMA bare")
        for table in ("report", "event"):
            connection.execute(f"CREATE TABLE bare.{table} (LIKE public.{table} INCLUDING ALL)")
        report = connection.execute("SELECT * FROM public.report LIMIT 1").fetchone()
        event = connection.execute("SELECT * FROM public.event WHERE kind = 'ReportFiled' LIMIT 1").fetchone()
        assert report is not None
        assert event is not None
        insert_report, insert_event = _insert("bare.report", report, "%s"), _insert("bare.event", event, "%s")

        def commit(reports: Sequence[Row], events: Sequence[Row]) -> None:
            with connection.transaction(), connection.cursor() as cursor:
                cursor.executemany(insert_report.encode(), reports)
                cursor.executemany(insert_event.encode(), events)

        per_s = _per_s(commit, _batches(_for_postgres(report), _for_postgres(event), new_id), seconds)
        connection.execute("DROP SCHEMA bare CASCADE")
        return per_s


def _for_postgres(row: dict[str, Any]) -> dict[str, Any]:
    return {name: Jsonb(value) if isinstance(value, dict | list) else value for name, value in row.items()}


def _insert(table: str, row: dict[str, Any], placeholder: str) -> str:
    places = ", ".join([placeholder] * len(row))
    return f"INSERT INTO {table} ({', '.join(row)}) VALUES ({places})"  # noqa: S608 - our own tables' names


def _batches(
    report: dict[str, Any], event: dict[str, Any], identifier: Callable[[], Any]
) -> Iterator[tuple[list[Row], list[Row]]]:
    """Rows like these two, each with what must be its own."""
    assert isinstance(report["filed_at"], str | datetime)
    seq = 0
    while seq < AT_MOST:
        reports: list[Row] = []
        events: list[Row] = []
        for _ in range(TOGETHER):
            seq += 1
            id_ = identifier()
            own = {
                "id": id_,
                "number": f"{report['desk']}-20261123-{seq:06d}",
                "idempotency_key": identifier(),
                "filed_seq": seq,
            }
            reports.append(tuple((report | own).values()))
            events.append(tuple((event | {"seq": seq, "report": id_}).values()))
        yield reports, events


def _per_s(commit: Commit, batches: Iterator[tuple[list[Row], list[Row]]], seconds: float) -> float:
    """Only the commits' time counts, not that of making rows."""
    took, count = 0.0, 0
    for reports, events in batches:
        begin = time.perf_counter()
        commit(reports, events)
        took += time.perf_counter() - begin
        count += len(reports)
        if took >= seconds:
            break
    return count / took
