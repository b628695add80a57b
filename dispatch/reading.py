"""Reading reports: the newest state of those asked for, in one snapshot of the database."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, Select, bindparam, func, select
from sqlmodel import Session

from dispatch.corrections import Former, formers
from dispatch.media_reading import state_of as media_state
from dispatch.models import TABLES
from dispatch.offering import concerns
from dispatch.states import (
    OPEN,
    AcknowledgementState,
    Caller,
    MediaState,
    MessageState,
    Place,
    ReportState,
    RequestState,
)

_T = TABLES
_REPORT, _REPORTER, _ACKNOWLEDGEMENT = _T["report"], _T["reporter"], _T["acknowledgement"]
_DESK, _MESSAGE, _MEDIA, _LOCATION = _T["desk"], _T["message"], _T["media"], _T["location"]
_REQUEST, _OFFERING, _CODE = _T["request"], _T["offering"], _T["location_code"]

TRAIL = 50  # positions of a report's trail that are shown, the newest

_HERE = _DESK.alias("here")
_THERE = _DESK.alias("there")
_STATE = (
    select(
        _REPORT,
        _HERE.c.name.label("desk_name"),
        _HERE.c.name_en.label("desk_name_en"),
        _REPORTER.c.phone_masked,
        _REPORTER.c.identity,
        _REPORTER.c.name_masked,
        _REPORTER.c.hearing_speech_impaired,
        _REPORTER.c.language,
        _REPORTER.c.reports,
        _REPORTER.c.invalid_reports,
        _REPORTER.c.corrected_at,
        _ACKNOWLEDGEMENT.c.at.label("received_at"),
        _ACKNOWLEDGEMENT.c.desk.label("received_desk"),
        _THERE.c.name.label("received_desk_name"),
        _THERE.c.name_en.label("received_desk_name_en"),
        _ACKNOWLEDGEMENT.c.dispatcher,
        _ACKNOWLEDGEMENT.c.receipt,
        _ACKNOWLEDGEMENT.c.shown_at,
        _CODE.c.code.label("location_code"),
        _CODE.c.expires_at.label("location_code_until"),
    )
    .join(_REPORTER, _REPORTER.c.id == _REPORT.c.reporter)
    .join(_HERE, _HERE.c.adcode == _REPORT.c.desk)
    .outerjoin(_ACKNOWLEDGEMENT, _ACKNOWLEDGEMENT.c.report == _REPORT.c.id)
    .outerjoin(_THERE, _THERE.c.adcode == _ACKNOWLEDGEMENT.c.desk)
    .outerjoin(_CODE, _CODE.c.report == _REPORT.c.id)
)


# Statements are built once: building one costs three times as much as running it.
_THESE = _STATE.where(_REPORT.c.id.in_(bindparam("ids", expanding=True)))
_MESSAGES = (
    select(_MESSAGE)
    .where(_MESSAGE.c.report.in_(bindparam("ids", expanding=True)))
    .order_by(_MESSAGE.c.at, _MESSAGE.c.id)
)
_REQUESTS = (
    select(_REQUEST)
    .where(_REQUEST.c.report.in_(bindparam("ids", expanding=True)))
    .order_by(_REQUEST.c.at, _REQUEST.c.id)
)
_ALL_MEDIA = (
    select(_MEDIA)
    .where(_MEDIA.c.report.in_(bindparam("ids", expanding=True)), _MEDIA.c.state != "removed")
    .order_by(_MEDIA.c.begun_at, _MEDIA.c.id)
)
_LOCATIONS = (
    select(_LOCATION)
    .where(_LOCATION.c.report.in_(bindparam("ids", expanding=True)))
    .order_by(_LOCATION.c.at, _LOCATION.c.id)
)
_NEWEST_FIRST = (_REPORT.c.filed_at.desc(), _REPORT.c.id.desc())
_WAITING = (
    select(_REPORT.c.id)
    .where(concerns(bindparam("of")), _REPORT.c.status == "filed")
    .order_by(_REPORT.c.filed_at, _REPORT.c.id)
    .limit(bindparam("most"))
)
_TAKEN = (
    select(_REPORT.c.id)
    .where(
        _REPORT.c.desk == bindparam("of"),
        _REPORT.c.status.in_([status for status in OPEN if status != "filed"]),
    )
    .order_by(*_NEWEST_FIRST)
    .limit(bindparam("most"))
)
_COUNT_WAITING = select(func.count()).where(_REPORT.c.desk == bindparam("of"), _REPORT.c.status == "filed")
_COUNT_OFFERED = select(func.count()).where(_OFFERING.c.desk == bindparam("of"))
_OFFERED = (
    select(_OFFERING.c.report, _OFFERING.c.desk)
    .where(_OFFERING.c.report.in_(bindparam("ids", expanding=True)))
    .order_by(_OFFERING.c.report, _OFFERING.c.desk)
)
_OPEN_OF = (
    select(_REPORT.c.id)
    .where(_REPORT.c.reporter == bindparam("of"), _REPORT.c.status.in_(OPEN))
    .order_by(*_NEWEST_FIRST)
    .limit(bindparam("most"))
)


def states(session: Session, ids: Sequence[UUID]) -> dict[UUID, ReportState]:
    """The newest state of these reports, by id, in the order asked for. Unknown ids are left out."""
    if not ids:
        return {}
    these = {"ids": list(ids)}
    rows: dict[UUID, Row[Any]] = {row.id: row for row in session.connection().execute(_THESE, these)}
    hung = _Hung(
        _messages(session, these),
        _requests(session, these),
        _media(session, these),
        _trails(session, these),
        _formers(session, rows.values()),
        _offered(session, [row.id for row in rows.values() if row.status == "filed"]),
    )
    return {id_: _state(rows[id_], hung) for id_ in ids if id_ in rows}


def state(session: Session, id_: UUID) -> ReportState | None:
    """The newest state of one report."""
    return states(session, [id_]).get(id_)


def open_at_desk(session: Session, desk: str, limit: int) -> list[ReportState]:
    """The desk's open reports: those that wait first, by time of filing, then the others, newest first."""
    some = {"of": desk, "most": limit}
    return list(states(session, [*_ids(session, _WAITING, some), *_ids(session, _TAKEN, some)]).values())


def waiting_at_desk(session: Session, desk: str) -> int:
    """How many reports of the desk, and of those offered to it, nobody has accepted yet."""
    connection = session.connection()
    own, offered = (connection.execute(count, {"of": desk}) for count in (_COUNT_WAITING, _COUNT_OFFERED))
    return int(own.scalar_one()) + int(offered.scalar_one())


def open_of_reporter(session: Session, reporter: UUID, limit: int = 100) -> list[ReportState]:
    """The reporter's open reports, newest first."""
    return list(states(session, _ids(session, _OPEN_OF, {"of": reporter, "most": limit})).values())


def page_of_reporter(
    session: Session, reporter: UUID, before: tuple[datetime, UUID] | None, limit: int
) -> list[ReportState]:
    """A page of all the reporter's reports, newest first, those filed before the cursor."""
    chosen = select(_REPORT.c.id).where(_REPORT.c.reporter == reporter)
    if before is not None:
        at, id_ = before
        chosen = chosen.where((_REPORT.c.filed_at < at) | ((_REPORT.c.filed_at == at) & (_REPORT.c.id < id_)))
    return list(states(session, _ids(session, chosen.order_by(*_NEWEST_FIRST).limit(limit), {})).values())


def _ids(session: Session, chosen: Select[UUID], values: dict[str, Any]) -> list[UUID]:
    return list(session.connection().execute(chosen, values).scalars())


def _messages(session: Session, these: dict[str, Any]) -> dict[UUID, tuple[MessageState, ...]]:
    rows = session.connection().execute(_MESSAGES, these)
    found: dict[UUID, list[MessageState]] = defaultdict(list)
    for row in rows:
        found[row.report].append(
            MessageState(row.id, row.client_id, row.author, row.dispatcher, row.text, row.at, row.version)
        )
    return {report: tuple(lines) for report, lines in found.items()}


def _requests(session: Session, these: dict[str, Any]) -> dict[UUID, tuple[RequestState, ...]]:
    found: dict[UUID, list[RequestState]] = defaultdict(list)
    for row in session.connection().execute(_REQUESTS, these):
        found[row.report].append(request_of(row))
    return {report: tuple(requests) for report, requests in found.items()}


def request_of(row: Row[Any]) -> RequestState:
    """A row of the table `request` as its state."""
    return RequestState(
        row.id,
        row.client_id,
        row.dispatcher,
        row.kind,
        row.text,
        tuple(row.answers),
        row.version,
        row.at,
        row.answer,
        row.answered_at,
    )


def _media(session: Session, these: dict[str, Any]) -> dict[UUID, tuple[MediaState, ...]]:
    rows = session.connection().execute(_ALL_MEDIA, these)
    found: dict[UUID, list[MediaState]] = defaultdict(list)
    for row in rows:
        found[row.report].append(media_state(row))
    return {report: tuple(items) for report, items in found.items()}


def _trails(session: Session, these: dict[str, Any]) -> dict[UUID, tuple[Place, ...]]:
    rows = session.connection().execute(_LOCATIONS, these)
    found: dict[UUID, list[Place]] = defaultdict(list)
    for row in rows:
        found[row.report].append(
            Place(row.lat, row.lon, row.accuracy_m, row.source, row.at, row.crs, row.came_lat, row.came_lon)
        )
    return {report: tuple(places[-TRAIL:]) for report, places in found.items()}


def _formers(session: Session, rows: Iterable[Row[Any]]) -> dict[UUID, list[Former]]:
    """What the reporters of these reports were known by, asked for only where something was corrected since."""
    corrected = {row.reporter for row in rows if row.corrected_at and row.corrected_at > row.filed_at}
    return formers(session, corrected) if corrected else {}


def _offered(session: Session, waiting: list[UUID]) -> dict[UUID, tuple[str, ...]]:
    """Only what waits is offered to anybody else."""
    found: dict[UUID, list[str]] = defaultdict(list)
    if waiting:
        for report, desk in session.connection().execute(_OFFERED, {"ids": waiting}):
            found[report].append(desk)
    return {report: tuple(desks) for report, desks in found.items()}


@dataclass(frozen=True, slots=True)
class _Hung:
    """What hangs on reports, by report."""

    messages: dict[UUID, tuple[MessageState, ...]]
    requests: dict[UUID, tuple[RequestState, ...]]
    media: dict[UUID, tuple[MediaState, ...]]
    trails: dict[UUID, tuple[Place, ...]]
    formers: dict[UUID, list[Former]]  # by reporter
    offered: dict[UUID, tuple[str, ...]]


def _state(row: Row[Any], hung: _Hung) -> ReportState:
    return ReportState(
        id=row.id,
        number=row.number,
        version=row.version,
        kind=row.kind,
        status=row.status,
        category=row.category,
        text=row.text,
        covert=row.covert,
        place_text=row.place_text,
        filed_at=row.filed_at,
        filed_seq=row.filed_seq,
        desk=row.desk,
        desk_name=row.desk_name,
        desk_name_en=row.desk_name_en,
        escalation=row.escalation,
        outcome=row.outcome,
        withdrawn_at=row.withdrawn_at,
        withdrawn_reason=row.withdrawn_reason,
        place=_place(row),
        trail=hung.trails.get(row.id, ()),
        notes=tuple(row.notes),
        media_expected=row.media_expected,
        media=hung.media.get(row.id, ()),
        messages=hung.messages.get(row.id, ()),
        requests=hung.requests.get(row.id, ()),
        offered=hung.offered.get(row.id, ()),
        acknowledgement=_acknowledgement(row),
        caller=_caller(row, hung.formers.get(row.reporter, [])),
        fraud=row.fraud,
        reporter_saw=row.reporter_saw,
        desk_saw=row.desk_saw,
        duress_at=row.duress_at,
        duress_said=row.duress_said,
        duress_heard=row.duress_heard,
        deed=row.deed,
        location_code=row.location_code,
        location_code_until=row.location_code_until,
    )


def _place(row: Row[Any]) -> Place | None:
    if row.lat is None:
        return None
    return Place(
        row.lat,
        row.lon,
        row.accuracy_m,
        row.position_source,
        row.position_at,
        row.crs,
        row.came_lat,
        row.came_lon,
    )


def _acknowledgement(row: Row[Any]) -> AcknowledgementState | None:
    if row.received_at is None:
        return None
    return AcknowledgementState(
        row.received_at,
        row.received_desk,
        row.received_desk_name,
        row.received_desk_name_en,
        row.dispatcher,
        row.receipt,
        row.shown_at,
    )


def _caller(row: Row[Any], formers: Sequence[Former]) -> Caller:
    """Who filed it: by the name that stood then, however often it was corrected since."""
    replaced = [former for former in formers if former.replaced_at > row.filed_at]
    names = [former for former in replaced if former.name_masked is not None]
    phones = [former for former in replaced if former.phone_masked is not None]
    return Caller(
        reporter=row.reporter,
        phone_masked=row.phone_masked,
        identity="verified" if names else row.identity,
        name_masked=names[0].name_masked if names else row.name_masked,
        hearing_speech_impaired=row.hearing_speech_impaired,
        language=row.language,
        earlier_reports=max(0, row.reports - 1),
        earlier_invalid=row.invalid_reports,
        identity_changed_at=names[-1].replaced_at if names else None,
        name_now=row.name_masked if names else None,
        phone_changed_at=phones[-1].replaced_at if phones else None,
        phone_before=phones[0].phone_masked if phones else None,
    )
