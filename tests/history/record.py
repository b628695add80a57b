"""What the database holds at the end of a run: the record that sightings are held against."""

from collections import defaultdict
from dataclasses import dataclass
from typing import Self

from sqlalchemy import select

from dispatch.database import Database
from dispatch.events import REPORT_RECEIVED
from dispatch.models import TABLES

T = TABLES


@dataclass(frozen=True, slots=True)
class Stored:
    """A report's row."""

    id: str
    desk: str
    reporter: str
    key: str
    number: str
    status: str
    version: int


@dataclass(frozen=True, slots=True)
class Received:
    """An acknowledgement's row: `version` is the report's that first showed it."""

    desk: str
    dispatcher: str
    version: int


@dataclass(frozen=True, slots=True)
class Logged:
    """An event of a desk's log, and the version of its report that it made; 0 when it made none."""

    seq: int
    kind: str
    report: str | None
    version: int


@dataclass(frozen=True, slots=True)
class Record:
    """The truth, by report and by desk; logs in the order of their numbers."""

    reports: dict[str, Stored]
    received: dict[str, Received]
    logs: dict[str, list[Logged]]

    @classmethod
    def of(cls, database: Database) -> Self:
        with database.read() as session:
            connection = session.connection()
            reports = {
                str(row.id): Stored(
                    str(row.id),
                    row.desk,
                    str(row.reporter),
                    str(row.idempotency_key),
                    row.number,
                    row.status,
                    row.version,
                )
                for row in connection.execute(select(T["report"]))
            }
            received = {
                str(row.report): Received(row.desk, row.dispatcher, row.version)
                for row in connection.execute(select(T["acknowledgement"]))
            }
            logs: dict[str, list[Logged]] = defaultdict(list)
            for row in connection.execute(select(T["event"]).order_by(T["event"].c.desk, T["event"].c.seq)):
                version = 1 if row.kind == "ReportFiled" else int(row.data.get("version", 0))
                report = str(row.report) if row.report else None
                logs[row.desk].append(Logged(row.seq, row.kind, report, version))
        return cls(reports, received, dict(logs))

    def acknowledged(self) -> dict[str, int]:
        """How many acknowledgements the logs tell of, by report."""
        found: dict[str, int] = defaultdict(int)
        for log in self.logs.values():
            for event in log:
                if event.kind == REPORT_RECEIVED and event.report:
                    found[event.report] += 1
        return dict(found)
