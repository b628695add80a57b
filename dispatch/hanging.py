"""What hangs on reports: their messages, requests, media, positions and all else that has a table of its own."""

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import Row, bindparam, select
from sqlmodel import Session

from dispatch.corrections import Former, formers
from dispatch.handling import histories
from dispatch.marks import marks_of
from dispatch.media_reading import state_of as media_state
from dispatch.models import TABLES
from dispatch.routing import Routed, routed
from dispatch.scenes import newest as newest_scenes
from dispatch.sending_reading import sendings_of
from dispatch.states import (
    HandlingState,
    MarkState,
    MediaState,
    MessageState,
    Place,
    RequestState,
    SceneState,
    SendingState,
)

_MESSAGE, _MEDIA, _LOCATION = TABLES["message"], TABLES["media"], TABLES["location"]
_REQUEST, _OFFERING = TABLES["request"], TABLES["offering"]

TRAIL = 50  # positions of a report's trail that are shown, the newest

# Statements are built once: building one costs three times as much as running it.
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
_OFFERED = (
    select(_OFFERING.c.report, _OFFERING.c.desk)
    .where(_OFFERING.c.report.in_(bindparam("ids", expanding=True)))
    .order_by(_OFFERING.c.report, _OFFERING.c.desk)
)


@dataclass(frozen=True, slots=True)
class Hung:
    """What hangs on reports, by report."""

    messages: dict[UUID, tuple[MessageState, ...]]
    requests: dict[UUID, tuple[RequestState, ...]]
    media: dict[UUID, tuple[MediaState, ...]]
    trails: dict[UUID, tuple[Place, ...]]
    scenes: dict[UUID, SceneState]
    formers: dict[UUID, list[Former]]  # by reporter
    offered: dict[UUID, tuple[str, ...]]
    handlings: dict[UUID, tuple[HandlingState, ...]]
    sendings: dict[UUID, tuple[SendingState, ...]]
    routed: Routed
    marks: dict[UUID, MarkState]  # by reporter


def hung_on(session: Session, rows: Collection[Row[Any]], these: dict[str, Any]) -> Hung:
    """What hangs on the reports of these rows, whose `ids` are in `these`."""
    # Asked for only where the report did not simply stay with who accepted it.
    moved = [row.id for row in rows if row.handled > 1]
    return Hung(
        _messages(session, these),
        _requests(session, these),
        _media(session, these),
        _trails(session, these),
        newest_scenes(session, these["ids"]),
        _formers(session, rows),
        _offered(session, [row.id for row in rows if row.status == "filed"]),
        histories(session, moved),
        sendings_of(session, [row.id for row in rows if row.sent]),
        routed(session, moved),
        marks_of(session, {row.reporter for row in rows}),
    )


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


def _formers(session: Session, rows: Collection[Row[Any]]) -> dict[UUID, list[Former]]:
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
