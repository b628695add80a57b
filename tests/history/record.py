"""What the database holds at the end of a run: the record that sightings are held against."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

from sqlalchemy import Column, ColumnElement, Table, and_, or_, select, true

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
    def of(cls, database: Database, after: Mapping[str, int] | None = None) -> Self:
        """All that is stored; or, by desk, what came after that event of its log: a long run is held in stretches."""
        report, event, acknowledgement = T["report"], T["event"], T["acknowledgement"]
        filed: ColumnElement[bool] = true()
        logged: ColumnElement[bool] = true()
        if after is not None:
            filed = or_(*(and_(report.c.desk == at, report.c.filed_seq > seq) for at, seq in after.items()))
            logged = or_(*(and_(event.c.desk == at, event.c.seq > seq) for at, seq in after.items()))
        received_of = acknowledgement.join(report, report.c.id == acknowledgement.c.report)
        with database.read() as session:  # and out of it soon: a server ends who dwells in a transaction
            connection = session.connection()
            reported = connection.execute(select(*_of_report(report)).where(filed)).all()
            accepted = connection.execute(select(acknowledgement).select_from(received_of).where(filed)).all()
            events = connection.execute(select(event).where(logged).order_by(event.c.desk, event.c.seq)).all()
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
            for row in reported
        }
        received = {str(row.report): Received(row.desk, row.dispatcher, row.version) for row in accepted}
        logs: dict[str, list[Logged]] = defaultdict(list)
        for row in events:
            version = 1 if row.kind == "ReportFiled" else int(row.data.get("version", 0))
            of = str(row.report) if row.report else None
            logs[row.desk].append(Logged(row.seq, row.kind, of, version))
        return cls(reports, received, dict(logs))

    def acknowledged(self) -> dict[str, int]:
        """How many acknowledgements the logs tell of, by report."""
        found: dict[str, int] = defaultdict(int)
        for log in self.logs.values():
            for event in log:
                if event.kind == REPORT_RECEIVED and event.report:
                    found[event.report] += 1
        return dict(found)


def _of_report(report: Table) -> list[Column[Any]]:
    names = ("id", "desk", "reporter", "idempotency_key", "number", "status", "version")
    return [report.c[name] for name in names]
