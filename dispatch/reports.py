"""What is done to a report that was filed: acknowledged, withdrawn, followed.

Every function here runs as a command of the writer: the change and its event are one transaction.
"""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from sqlalchemy import Result, Row, bindparam, select, update
from sqlmodel import Session

from dispatch.clock import iso, now
from dispatch.database import insert_or_leave
from dispatch.errors import Refused
from dispatch.events import (
    COVERT_SWITCHED,
    LOCATION_SHARED,
    OFFERING_ENDED,
    REPORT_RECEIVED,
    REPORT_WITHDRAWN,
    lock_log,
    record,
)
from dispatch.exercises import MARK
from dispatch.handling import begin as begin_handling
from dispatch.ids import new_id
from dispatch.models import TABLES
from dispatch.offering import SEEN_ELSEWHERE, end, offered_at, seen_by, tell_offered
from dispatch.receipts import Statement, place_digest, text_digest
from dispatch.states import Place
from dispatch.told import when_switched

_T = TABLES
_REPORT, _REPORTER, _ACKNOWLEDGEMENT = _T["report"], _T["reporter"], _T["acknowledgement"]
_LOCATION, _DESK, _EVENT = _T["location"], _T["desk"], _T["event"]


Sign = Callable[[Statement], str]

# Statements are built once: building one costs three times as much as running it.
_TO_RECEIVE = (
    select(
        _REPORT.c.status,
        _REPORT.c.version,
        _REPORT.c.number,
        _REPORT.c.kind,
        _REPORT.c.filed_at,
        _REPORT.c.text,
        _REPORT.c.place_text,
        _REPORT.c.came_lat,
        _REPORT.c.came_lon,
        _REPORT.c.crs,
        _REPORT.c.exercise,
        _DESK.c.name,
        SEEN_ELSEWHERE.label("elsewhere"),
    )
    .join(_DESK, _DESK.c.adcode == bindparam("at"))
    .where(_REPORT.c.id == bindparam("report"), offered_at(bindparam("at")))
)
# Who came second at a desk that the report was offered to no longer has to do with it: it is told all the same.
_WAS_OFFERED = (
    select(_EVENT.c.seq)
    .where(
        _EVENT.c.desk == bindparam("at"),
        _EVENT.c.report == bindparam("of"),
        _EVENT.c.kind == OFFERING_ENDED,
    )
    .limit(1)
)
_WINNER = select(_ACKNOWLEDGEMENT.c.dispatcher, _ACKNOWLEDGEMENT.c.at).where(
    _ACKNOWLEDGEMENT.c.report == bindparam("of")
)
_OWN = select(_REPORT.c.status).where(
    _REPORT.c.id == bindparam("report"), _REPORT.c.reporter == bindparam("of")
)
_AT_DESK = select(_REPORT.c.status).where(
    _REPORT.c.id == bindparam("report"), _REPORT.c.desk == bindparam("at")
)
_WHOSE = select(
    _REPORT.c.desk,
    _REPORT.c.reporter,
    _REPORT.c.status,
    _REPORT.c.version,
    SEEN_ELSEWHERE.label("elsewhere"),
).where(_REPORT.c.id == bindparam("report"))
_VERSION = select(_REPORT.c.version).where(_REPORT.c.id == bindparam("report"))
_COVERT = select(_REPORT.c.covert).where(_REPORT.c.id == bindparam("report"))
_CHANGE = (
    update(_REPORT)
    .where(_REPORT.c.id == bindparam("of"))
    .values(version=_REPORT.c.version + 1)
    .returning(_REPORT.c.version, _REPORT.c.desk, _REPORT.c.reporter)
)


def acknowledge(session: Session, report: UUID, desk: str, dispatcher: str, sign: Sign) -> int | None:
    """Receive a report (接收) for the dispatcher's desk, be it its own or offered to it. One wins; the winner may
    press again. From then on the report is the winner's desk's. Gives the version that it has by that; None when it
    was received before.

    Raises Refused: `report_unknown` (none such at this desk), `report_closed`, `already_received` with the
    winner's `dispatcher` number and `at`.
    """
    wanted = {"report": report, "at": desk}
    found = session.connection().execute(_TO_RECEIVE, wanted).one_or_none()
    if found is not None and found.elsewhere:
        # All logs first, and only then the acknowledgement's row: else two desks hold what the other waits for.
        _held(session, report)
        found = session.connection().execute(_TO_RECEIVE, wanted).one_or_none()
    if found is None:
        if session.connection().execute(_WAS_OFFERED, {"at": desk, "of": report}).first() is None:
            raise Refused("report_unknown")
        _tell_the_winner(session, report, dispatcher)
        return None
    if found.status == "closed":
        raise Refused("report_closed")
    at = now()
    position = None if found.crs is None else (found.came_lat, found.came_lon, found.crs)
    statement = Statement(
        jti=new_id(),
        report=report,
        number=found.number,
        kind=found.kind,
        desk=desk,
        desk_name=f"{MARK}{found.name}" if found.exercise else found.name,
        dispatcher_number=dispatcher,
        filed_at=found.filed_at,
        received_at=at,
        text_sha256=text_digest(found.text),
        place_sha256=place_digest(found.place_text, position),
    )
    won = insert_or_leave(
        session,
        _ACKNOWLEDGEMENT,
        {
            "report": report,
            "desk": desk,
            "dispatcher": dispatcher,
            "at": at,
            "version": found.version + 1,
            "receipt": sign(statement),
        },
    )
    if not won:
        _tell_the_winner(session, report, dispatcher)
        return None
    # A report withdrawn a moment ago stays withdrawn; the reporter still learns that it was received.
    status = "received" if found.status == "filed" else found.status
    begin_handling(session, report, dispatcher, "accepted", at)
    return change(
        session,
        report,
        REPORT_RECEIVED,
        actor=f"dispatcher:{dispatcher}",
        status=status,
        desk=desk,
        handler=dispatcher,
        handled=1,
    )


def _tell_the_winner(session: Session, report: UUID, dispatcher: str) -> None:
    first = session.connection().execute(_WINNER, {"of": report}).one_or_none()
    if first is None:
        raise Refused("report_unknown")  # offered once, and taken back before anybody had it
    if first.dispatcher != dispatcher:
        raise Refused("already_received", dispatcher=first.dispatcher, at=iso(first.at))


def withdraw(session: Session, report: UUID, reporter: UUID, reason: str) -> bool:
    """The reporter takes the report back; the desk still sees it. Twice is once: gives whether it is new.

    Raises Refused: `report_unknown`, `report_closed`.
    """
    status = own(session, report, reporter)
    if status == "withdrawn":
        return False
    if status == "closed":
        raise Refused("report_closed")
    change(
        session,
        report,
        REPORT_WITHDRAWN,
        actor=f"reporter:{reporter}",
        status="withdrawn",
        withdrawn_at=now(),
        withdrawn_reason=reason,
    )
    return True


def switch_covert(session: Session, report: UUID, reporter: UUID, covert: bool) -> None:
    """The reporter may be watched from now on (静默), or is no longer. The same again changes nothing.

    Raises Refused: `report_unknown`, `report_closed`.
    """
    if own(session, report, reporter) == "closed":
        raise Refused("report_closed")
    next_version(session, report)  # holds the log: two who switch at once take turns
    if session.connection().execute(_COVERT, {"report": report}).scalar_one() == covert:
        return
    data = {"covert": covert}
    actor = f"reporter:{reporter}"
    told = when_switched(session, report, covert)
    change(session, report, COVERT_SWITCHED, actor=actor, data=data, covert=covert, units_told=told)


def share_location(session: Session, id: UUID, report: UUID, reporter: UUID, place: Place) -> None:
    """Add a position to the report's trail. The same `id` again adds nothing.

    Raises Refused: `report_unknown`, `report_closed`.
    """
    if own(session, report, reporter) == "closed":
        raise Refused("report_closed")
    added = insert_or_leave(
        session,
        _LOCATION,
        {
            "id": id,
            "report": report,
            "lat": place.lat,
            "lon": place.lon,
            "came_lat": place.came_lat,
            "came_lon": place.came_lon,
            "crs": place.crs,
            "accuracy_m": place.accuracy_m,
            "source": place.source,
            "at": place.at,
            "stored_at": now(),
        },
    )
    if added:
        follow(session, report, LOCATION_SHARED, actor=f"reporter:{reporter}", data={"location": str(id)})


def own(session: Session, report: UUID, reporter: UUID) -> str:
    """The status of the reporter's own report. Raises Refused `report_unknown` for anyone else's."""
    return _status(session.connection().execute(_OWN, {"report": report, "of": reporter}))


def at_desk(session: Session, report: UUID, desk: str) -> str:
    """The status of a report of this desk. Raises Refused `report_unknown` for any other desk's."""
    return _status(session.connection().execute(_AT_DESK, {"report": report, "at": desk}))


def _status(found: Result[Any]) -> str:
    status: str | None = found.scalar_one_or_none()
    if status is None:
        raise Refused("report_unknown")
    return status


def change(
    session: Session,
    report: UUID,
    kind: str,
    *,
    actor: str,
    data: dict[str, Any] | None = None,
    **values: Any,
) -> int:
    """Change what the reporter may see: a new version, and the event of it. Gives the version.

    Other desks on whose screens the report is are told; those that it was offered to it leaves once it no longer
    waits. The desks' heads are locked before the report's row, by everybody: else two processes wait for each other.
    """
    before, elsewhere = _held(session, report)
    statement = _CHANGE.values(**values) if values else _CHANGE
    row = session.connection().execute(statement, {"of": report}).one()
    record(
        session,
        row.desk,
        kind,
        actor=actor,
        report=report,
        reporter=row.reporter,
        data={"version": row.version} | (data or {}),
    )
    if before.status != "filed" or values.get("status", "filed") == "filed":
        tell_offered(session, report, elsewhere, row.version)
    elif elsewhere:
        end(session, report, [desk for desk in (before.desk, *elsewhere) if desk != row.desk], row.version)
    return int(row.version)


def _held(session: Session, report: UUID) -> tuple[Row[Any, Any, Any, Any, Any], list[str]]:
    """How the report stands, and the other desks on whose screens it is; the logs of all of them are held."""
    while True:
        stands = session.connection().execute(_WHOSE, {"report": report}).one()
        elsewhere = seen_by(session, report) if stands.elsewhere else []
        # Until the logs are held, somebody may offer it to one more desk, or accept it at another.
        if not lock_log(session, stands.desk, *elsewhere):
            return stands, elsewhere


def next_version(session: Session, report: UUID) -> int:
    """The version that the report's next `change` in this transaction will give it. Nobody can come between."""
    connection = session.connection()
    lock_log(session, connection.execute(_WHOSE, {"report": report}).one().desk)
    return int(connection.execute(_VERSION, {"report": report}).scalar_one()) + 1


def follow(
    session: Session, report: UUID, kind: str, *, actor: str, data: dict[str, Any] | None = None
) -> None:
    """Record an event about the report that leaves what the reporter sees as it is."""
    stands, elsewhere = _held(session, report)
    record(session, stands.desk, kind, actor=actor, report=report, reporter=stands.reporter, data=data)
    tell_offered(session, report, elsewhere, stands.version)
