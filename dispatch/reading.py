"""Reading reports: the newest state of those asked for, in one snapshot of the database."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Row, Select, and_, bindparam, case, exists, or_, select
from sqlmodel import Session

from dispatch import waiting
from dispatch.corrections import Former
from dispatch.danger_words import Dangers
from dispatch.hanging import HANGS, Hung, hung_on
from dispatch.models import TABLES
from dispatch.states import (
    OPEN,
    AcknowledgementState,
    Caller,
    MarkState,
    Place,
    ReportState,
)
from dispatch.turns import giving_way

# So many reports are read in one go, where a desk's are read all.
STEP: Final = 50

_T = TABLES
_REPORT, _REPORTER, _ACKNOWLEDGEMENT = _T["report"], _T["reporter"], _T["acknowledgement"]
_DESK, _MESSAGE, _MEDIA, _LOCATION = _T["desk"], _T["message"], _T["media"], _T["location"]
_REQUEST, _CODE, _INCIDENT = _T["request"], _T["location_code"], _T["incident"]
_INSTALLATION = _T["installation"]

_HERE = _DESK.alias("here")
_THERE = _DESK.alias("there")
_STATE = (
    select(
        _REPORT,
        _HERE.c.name.label("desk_name"),
        _HERE.c.name_en.label("desk_name_en"),
        _HERE.c.sms.label("desk_sms"),
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
        _INCIDENT.c.number.label("incident_number"),
        *HANGS,
    )
    .join(_REPORTER, _REPORTER.c.id == _REPORT.c.reporter)
    .join(_HERE, _HERE.c.adcode == _REPORT.c.desk)
    .outerjoin(_ACKNOWLEDGEMENT, _ACKNOWLEDGEMENT.c.report == _REPORT.c.id)
    .outerjoin(_THERE, _THERE.c.adcode == _ACKNOWLEDGEMENT.c.desk)
    .outerjoin(_CODE, _CODE.c.report == _REPORT.c.id)
    .outerjoin(_INCIDENT, _INCIDENT.c.id == _REPORT.c.incident)
)


# Statements are built once: building one costs three times as much as running it.
_THESE = _STATE.where(_REPORT.c.id.in_(bindparam("ids", expanding=True)))
_NEWEST_FIRST = (_REPORT.c.filed_at.desc(), _REPORT.c.id.desc())
_TAKEN = (
    select(_REPORT.c.id)
    .where(
        _REPORT.c.desk == bindparam("of"),
        _REPORT.c.status.in_([status for status in OPEN if status != "filed"]),
        or_(_REPORT.c.status != "withdrawn", exists().where(_ACKNOWLEDGEMENT.c.report == _REPORT.c.id)),
    )
    # However many there are: who is threatened is never beyond the limit, nor what nobody has in hand.
    .order_by(
        case((_REPORT.c.duress_said > _REPORT.c.duress_heard, 0), else_=1),
        _REPORT.c.handler.is_not(None),
        *_NEWEST_FIRST,
    )
    .limit(bindparam("most"))
)
# With the database's epoch, so that it is one statement: when a line breaks, thousands ask it at once.
_OPEN_OF = (
    select(_INSTALLATION.c.epoch, _REPORT.c.id)
    .select_from(
        _INSTALLATION.outerjoin(
            _REPORT, and_(_REPORT.c.reporter == bindparam("of"), _REPORT.c.status.in_(OPEN))
        )
    )
    .order_by(*_NEWEST_FIRST)
    .limit(bindparam("most"))
)


@dataclass(frozen=True, slots=True)
class Queue:
    """A desk's open reports, as many of each sort as a page holds; `beyond`: those that wait besides; `floods`: what
    of one person's flood does, by person."""

    reports: list[ReportState]
    beyond: list[UUID]
    floods: dict[UUID, list[UUID]] = field(default_factory=dict)


def states(session: Session, ids: Sequence[UUID]) -> dict[UUID, ReportState]:
    """The newest state of these reports, by id, in the order asked for. Unknown ids are left out."""
    if not ids:
        return {}
    found = session.connection().execute(_THESE, {"ids": list(ids)})
    rows: dict[UUID, Row[Any]] = {row.id: row for row in found}
    hung = hung_on(session, rows.values())
    return {id_: _state(rows[id_], hung) for id_ in ids if id_ in rows}


def state(session: Session, id_: UUID) -> ReportState | None:
    """The newest state of one report."""
    return states(session, [id_]).get(id_)


def open_at_desk(session: Session, desk: str, limit: int, dangers: Dangers) -> Queue:
    """The desk's open reports, as it sees them: those that wait, then those that somebody has received, the newest
    first."""
    wait = waiting.first(session, desk, limit, dangers)
    taken = _ids(session, _TAKEN, {"of": desk, "most": limit})
    ids, found = [*wait.cards, *taken], []
    for start in giving_way(range(0, len(ids), STEP)):
        some = states(session, ids[start : start + STEP]).values()
        found += [replace(report, at=desk) for report in some]
    return Queue(found, wait.beyond, wait.floods)


def open_of_reporter(session: Session, reporter: UUID, limit: int = 100) -> tuple[str, list[ReportState]]:
    """The epoch of the database, and the reporter's open reports in it, newest first."""
    rows = session.connection().execute(_OPEN_OF, {"of": reporter, "most": limit}).all()
    return str(rows[0].epoch), list(states(session, [row.id for row in rows if row.id]).values())


def page_of_reporter(
    session: Session, reporter: UUID, before: tuple[datetime, UUID] | None, limit: int
) -> list[ReportState]:
    """A page of all the reporter's reports, newest first, those filed before the cursor. What was removed is not."""
    chosen = select(_REPORT.c.id).where(_REPORT.c.reporter == reporter, _REPORT.c.removed_at.is_(None))
    if before is not None:
        at, id_ = before
        chosen = chosen.where((_REPORT.c.filed_at < at) | ((_REPORT.c.filed_at == at) & (_REPORT.c.id < id_)))
    return list(states(session, _ids(session, chosen.order_by(*_NEWEST_FIRST).limit(limit), {})).values())


def _ids(session: Session, chosen: Select[UUID], values: dict[str, Any]) -> list[UUID]:
    return list(session.connection().execute(chosen, values).scalars())


def _state(row: Row[Any], hung: Hung) -> ReportState:
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
        written_at=row.written_at,
        filed_at=row.filed_at,
        filed_seq=row.filed_seq,
        desk=row.desk,
        desk_name=row.desk_name,
        desk_name_en=row.desk_name_en,
        desk_sms=row.desk_sms,
        escalation=row.escalation,
        outcome=row.outcome,
        withdrawn_at=row.withdrawn_at,
        withdrawn_reason=row.withdrawn_reason,
        place=_place(row),
        trail=hung.trails.get(row.id, ()),
        scene=hung.scenes.get(row.id),
        notes=tuple(row.notes),
        media_expected=row.media_expected,
        media=hung.media.get(row.id, ()),
        messages=hung.messages.get(row.id, ()),
        requests=hung.requests.get(row.id, ()),
        offered=hung.offered.get(row.id, ()),
        acknowledgement=_acknowledgement(row),
        caller=_caller(row, hung.formers.get(row.reporter, []), hung.marks.get(row.reporter)),
        fraud=row.fraud,
        reporter_saw=row.reporter_saw,
        desk_saw=row.desk_saw,
        duress_at=row.duress_at,
        duress_said=row.duress_said,
        duress_heard=row.duress_heard,
        deed=row.deed,
        location_code=row.location_code,
        location_code_until=row.location_code_until,
        handler=row.handler,
        handled=row.handled,
        handlings=hung.handlings.get(row.id, ()),
        incident=row.incident,
        incident_number=row.incident_number,
        sendings=hung.sendings.get(row.id, ()),
        sent=row.sent,
        dispatched_at=row.dispatched_at,
        on_scene_at=row.on_scene_at,
        units_told=row.units_told,
        transfers=hung.routed.transfers.get(row.id, ()),
        proposals=hung.routed.proposals.get(row.id, ()),
        closures=hung.routed.closures.get(row.id, ()),
        exercise=row.exercise,
        removed_at=row.removed_at,
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


def _caller(row: Row[Any], formers: Sequence[Former], mark: MarkState | None) -> Caller:
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
        mark=mark,
    )
