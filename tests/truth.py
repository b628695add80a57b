"""What must hold in a database whatever happened to the processes: I3, I7 and I8, read from the tables."""

from collections import Counter, defaultdict
from typing import Any
from uuid import UUID

from sqlalchemy import Row, select
from sqlmodel import Session

from dispatch.database import Database
from dispatch.events import (
    DURESS_WORD_HEARD,
    DURESS_WORD_SAID,
    LOCATION_CODE_LOOKED_UP,
    LOCATION_SHARED,
    MEDIA_VIEWED,
    MESSAGE_SENT,
    OFFERED_CHANGED,
    OFFERING_ENDED,
    RECEIPT_SHOWN,
    REPORT_FILED,
    REPORT_OFFERED,
    REPORT_RECEIVED,
    REPORT_WITHDRAWN,
    chain,
)
from dispatch.models import TABLES

T = TABLES

# What a desk's log tells of a report that is, or was, another's.
OFFERING = {REPORT_OFFERED, OFFERED_CHANGED, OFFERING_ENDED}


def rows(session: Session, table: str, **equal: Any) -> list[Row[Any]]:
    """The rows of a table in which these columns have these values."""
    columns = T[table].c
    statement = select(T[table]).where(*(columns[name] == value for name, value in equal.items()))
    return list(session.connection().execute(statement))


def log_of(database: Database, desk: str) -> list[Row[Any]]:
    """The desk's events, in order."""
    with database.read() as session:
        return sorted(rows(session, "event", desk=desk), key=lambda event: event.seq)


def kinds_of(database: Database, report: str) -> list[str]:
    """What was recorded of a report, in order."""
    with database.read() as session:
        events = sorted(rows(session, "event", report=UUID(report)), key=lambda event: event.seq)
    return [event.kind for event in events]


def filed_under(database: Database, key: str) -> int:
    """How many reports stand under an idempotency key."""
    with database.read() as session:
        return len(rows(session, "report", idempotency_key=UUID(key)))


def assert_whole(database: Database, *desks: str) -> None:
    """The logs of these desks (of all when none are named) are unbroken, and each change has its event.

    Of a report that was offered to several desks, each desk's log has a part; tests/test_offering.py holds those.
    """
    with database.read() as session:
        heads = {head.desk: head for head in rows(session, "desk_head")}
        everywhere = rows(session, "report")
        for desk in desks or heads:
            events = sorted(rows(session, "event", desk=desk), key=lambda event: event.seq)
            _assert_chained(heads[desk], events)
            reports = rows(session, "report", desk=desk)
            _assert_numbered([report for report in everywhere if report.number.startswith(desk)])
            of_report: dict[UUID, list[Row[Any]]] = defaultdict(list)
            moved = {event.report for event in events if event.kind in OFFERING}
            for event in events:
                if event.report is not None and event.report not in moved:
                    of_report[event.report].append(event)
            own = [report for report in reports if report.id not in moved]
            assert set(of_report) == {report.id for report in own}
            for report in own:
                _assert_told(session, report, of_report[report.id])


def _assert_chained(head: Row[Any], events: list[Row[Any]]) -> None:
    first = events[0].seq if events else head.seq + 1
    assert [event.seq for event in events] == list(range(first, head.seq + 1)), f"gaps in {head.desk}"
    previous = bytes(32)
    for event in events:
        previous = chain(previous, dict(event._mapping))
        assert event.hash == previous, f"the chain of {head.desk} breaks at {event.seq}"
    assert head.hash == previous


def _assert_numbered(reports: list[Row[Any]]) -> None:
    """A desk's reports of a day are numbered 1, 2, 3 … in the order of their filing."""
    days = defaultdict(list)
    for report in sorted(reports, key=lambda report: report.filed_seq):
        _, day, number = report.number.split("-")
        days[day].append(int(number))
    assert all(numbers == list(range(1, len(numbers) + 1)) for numbers in days.values()), days


def _assert_told(session: Session, report: Row[Any], events: list[Row[Any]]) -> None:
    kinds = Counter(event.kind for event in events)
    assert events[0].kind == REPORT_FILED
    assert events[0].seq == report.filed_seq
    assert events[0].actor == f"reporter:{report.reporter}"
    assert kinds[REPORT_FILED] == 1
    # An alarm is no business of the reporter's screens, which follow their reporter's events.
    alarms = [event for event in events if event.kind in {DURESS_WORD_SAID, DURESS_WORD_HEARD}]
    # Nor is who of the desk has looked at what.
    looks = [event for event in events if event.kind in {MEDIA_VIEWED, LOCATION_CODE_LOOKED_UP}]
    assert all(event.reporter is None for event in (*alarms, *looks))
    assert all(event.reporter == report.reporter for event in events if event not in (*alarms, *looks))
    assert (kinds[DURESS_WORD_SAID], bool(alarms)) == (report.duress_said, report.duress_at is not None)
    _assert_received(session, report, events)
    assert kinds[REPORT_WITHDRAWN] == (report.withdrawn_at is not None)
    for table, kind, name in (
        ("message", MESSAGE_SENT, "message"),
        ("location", LOCATION_SHARED, "location"),
    ):
        told = sorted(event.data[name] for event in events if event.kind == kind)
        assert told == sorted(str(row.id) for row in rows(session, table, report=report.id)), kind
    versions = [event.data["version"] for event in events if _changes(event)]
    assert versions == list(range(2, report.version + 1)), versions


def _assert_received(session: Session, report: Row[Any], events: list[Row[Any]]) -> None:
    received = [event for event in events if event.kind == REPORT_RECEIVED]
    acknowledgements = rows(session, "acknowledgement", report=report.id)
    assert len(acknowledgements) <= 1
    told = [(f"dispatcher:{row.dispatcher}", row.version) for row in acknowledgements]
    assert [(event.actor, event.data["version"]) for event in received] == told
    assert (report.status in {"filed", "withdrawn"}) or acknowledgements
    shown = [row for row in acknowledgements if row.shown_at is not None]
    assert sum(event.kind == RECEIPT_SHOWN for event in events) == len(shown)


def _changes(event: Row[Any]) -> bool:
    """Whether the event is of a change that the reporter may see, which makes a version."""
    return event.kind not in {REPORT_FILED, RECEIPT_SHOWN} and "version" in event.data
