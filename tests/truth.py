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
    MARK_APPEALED,
    MARK_EXPIRED,
    MARK_FOLLOWED,
    MARK_LIFTED,
    MARK_REMOVED,
    MARK_UPHELD,
    MEDIA_VIEWED,
    MESSAGE_SENT,
    NOTE_WRITTEN,
    OFFERED_CHANGED,
    OFFERING_ENDED,
    OUTCOME_PROPOSED,
    PERSON_EXPORTED,
    PROPOSAL_REFUSED,
    PROPOSAL_WITHDRAWN,
    RECEIPT_SHOWN,
    REPORT_CLOSED,
    REPORT_EXPORTED,
    REPORT_FILED,
    REPORT_HANDED_OVER,
    REPORT_LINKED,
    REPORT_LOOKED_AT,
    REPORT_OFFERED,
    REPORT_OFFERED_AGAIN,
    REPORT_PICKED_UP,
    REPORT_RECEIVED,
    REPORT_RELEASED,
    REPORT_REOPENED,
    REPORT_SHOWN,
    REPORT_TAKEN_OVER,
    REPORT_UNLINKED,
    REPORT_WITHDRAWN,
    REPORTER_MARKED,
    SCENE_PLACED,
    TRANSFER_ASKED,
    TRANSFER_ENDED,
    TRANSFER_OFFERED,
    TRANSFER_RECALLED,
    TRANSFER_RETURNED,
    TRANSFER_UNANSWERED,
    UNIT_ARRIVED,
    UNIT_CLEARED,
    UNIT_SENT,
    chain,
)
from dispatch.models import TABLES

T = TABLES

# Who of the desk has a report in hand: nothing of it reaches the reporter.
HANDLING = {REPORT_RELEASED, REPORT_TAKEN_OVER, REPORT_PICKED_UP, REPORT_HANDED_OVER, REPORT_OFFERED_AGAIN}

# That its reporter is marked as a nuisance: they read it where they ask for it, and nothing is pushed to them.
MARKS = {
    REPORTER_MARKED,
    MARK_REMOVED,
    MARK_EXPIRED,
    MARK_APPEALED,
    MARK_UPHELD,
    MARK_LIFTED,
    MARK_FOLLOWED,
}

# Acts with units; the reporter's screens follow those alone by which they may read something new.
UNITS = {UNIT_SENT, UNIT_ARRIVED, UNIT_CLEARED}
# Who of the desk has looked at what, and where it put the scene: nor this.
LOOKS = {
    REPORT_LOOKED_AT,
    REPORT_EXPORTED,
    PERSON_EXPORTED,
    MEDIA_VIEWED,
    LOCATION_CODE_LOOKED_UP,
    SCENE_PLACED,
}
# What is asked of another desk, or of a second person: it counts as a change of hands.
ASKED = {
    TRANSFER_ASKED,
    TRANSFER_RECALLED,
    TRANSFER_UNANSWERED,
    OUTCOME_PROPOSED,
    PROPOSAL_REFUSED,
    PROPOSAL_WITHDRAWN,
}

# What a desk's log tells of a report that is, or was, another's.
OFFERING = {
    REPORT_OFFERED,
    OFFERED_CHANGED,
    OFFERING_ENDED,
    TRANSFER_OFFERED,
    TRANSFER_RETURNED,
    TRANSFER_ENDED,
}


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

    Of a report that was offered to several desks, or transferred, each desk's log has a part: tests/test_offering.py
    and tests/test_transfers.py hold those.
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
    # Nor is who of the desk has looked at what, or where the desk put the scene.
    looks = [event for event in events if event.kind in LOOKS]
    # Nor who of the desk has it in hand, or what they wrote for each other.
    hands = [event for event in events if event.kind in HANDLING | ASKED]
    # Nor with what else they linked it.
    links = [event for event in events if event.kind in {REPORT_LINKED, REPORT_UNLINKED}]
    units = [event for event in events if event.kind in UNITS]
    untold = [event for event in units if "version" not in event.data]
    notes = [event for event in events if event.kind == NOTE_WRITTEN]
    marked = [event for event in events if event.kind in MARKS]
    desks_own = [*alarms, *looks, *hands, *links, *notes, *untold, *marked]
    assert all(event.reporter is None for event in desks_own)
    assert all(event.reporter == report.reporter for event in events if event not in desks_own)
    done = [event for event in events if event.kind in {REPORT_CLOSED, REPORT_REOPENED}]
    assert (len(done) % 2 == 1) is (report.status == "closed")
    _assert_handled(session, report, [*hands, *done])
    linked = links[-1].data["incident"] if links and links[-1].kind == REPORT_LINKED else None
    assert (str(report.incident) if report.incident else None) == linked
    _assert_sent(session, report, units)
    assert (kinds[DURESS_WORD_SAID], bool(alarms)) == (report.duress_said, report.duress_at is not None)
    _assert_received(session, report, events)
    assert kinds[REPORT_WITHDRAWN] == (report.withdrawn_at is not None)
    for table, kind, name in (
        ("message", MESSAGE_SENT, "message"),
        ("location", LOCATION_SHARED, "location"),
        ("scene", SCENE_PLACED, "scene"),
    ):
        told = sorted(event.data[name] for event in events if event.kind == kind)
        assert told == sorted(str(row.id) for row in rows(session, table, report=report.id)), kind
    versions = [event.data["version"] for event in events if _changes(event)]
    assert versions == list(range(2, report.version + 1)), versions


def _assert_handled(session: Session, report: Row[Any], hands: list[Row[Any]]) -> None:
    """One has it at most, the report says who, and each change of hands has its event."""
    handlings = rows(session, "handling", report=report.id)
    assert [row.dispatcher for row in handlings if row.ended_at is None] == (
        [report.handler] if report.handler else []
    )
    assert all(row.ended_by for row in handlings if row.ended_at is not None)
    assert report.handled == (len(hands) + 1 if handlings else 0)


def _assert_sent(session: Session, report: Row[Any], units: list[Row[Any]]) -> None:
    """Each act with a unit has its event, and nobody is out for a closed report."""
    sendings = rows(session, "sending", report=report.id)
    assert report.sent == len(units)
    for kind, moment in ((UNIT_SENT, "sent_at"), (UNIT_ARRIVED, "on_scene_at"), (UNIT_CLEARED, "cleared_at")):
        told = sorted(event.data["sending"] for event in units if event.kind == kind)
        done = [row for row in sendings if getattr(row, moment) is not None]
        assert told == sorted(str(row.id) for row in done), kind
    assert report.status != "closed" or all(row.cleared_at for row in sendings)
    assert (report.status in {"dispatched", "on_scene"}) <= (report.dispatched_at is not None)
    assert report.on_scene_at is None or report.dispatched_at is not None


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
    return event.kind not in {REPORT_FILED, RECEIPT_SHOWN, REPORT_SHOWN} and "version" in event.data
