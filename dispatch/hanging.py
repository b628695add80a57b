"""What hangs on reports: their messages, requests, media, positions and all else that has a table of its own."""

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Label, Row, Select, bindparam, exists, select
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
_REPORT, _SCENE, _MARK = TABLES["report"], TABLES["scene"], TABLES["mark"]

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


def _any(name: str, *where: ColumnElement[bool]) -> Label[bool]:
    return exists().where(*where).label(f"has_{name}")


# Which of them a report has, asked with its row: on most hangs nothing, and a query for nothing costs as much as one
# that finds something.
HANGS = (
    _any("messages", _MESSAGE.c.report == _REPORT.c.id),
    _any("requests", _REQUEST.c.report == _REPORT.c.id),
    _any("media", _MEDIA.c.report == _REPORT.c.id),
    _any("trail", _LOCATION.c.report == _REPORT.c.id),
    _any("scene", _SCENE.c.report == _REPORT.c.id),
    _any("offerings", _OFFERING.c.report == _REPORT.c.id),
    _any("mark", _MARK.c.reporter == _REPORT.c.reporter, _MARK.c.ended_at.is_(None)),
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


def hung_on(session: Session, rows: Collection[Row[Any]]) -> Hung:
    """What hangs on the reports of these rows, which have `HANGS` among their columns."""
    # Asked for only where the report did not simply stay with who accepted it.
    moved = [row.id for row in rows if row.handled > 1]
    return Hung(
        _messages(session, [row.id for row in rows if row.has_messages]),
        _requests(session, [row.id for row in rows if row.has_requests]),
        _media(session, [row.id for row in rows if row.has_media]),
        _trails(session, [row.id for row in rows if row.has_trail]),
        newest_scenes(session, [row.id for row in rows if row.has_scene]),
        _formers(session, rows),
        # Only what waits is offered to anybody else.
        _offered(session, [row.id for row in rows if row.has_offerings and row.status == "filed"]),
        histories(session, moved),
        sendings_of(session, [row.id for row in rows if row.sent]),
        routed(session, moved),
        marks_of(session, {row.reporter for row in rows if row.has_mark}),
    )


def _asked(session: Session, statement: Select[Any], reports: list[UUID]) -> Iterable[Row[Any]]:
    return session.connection().execute(statement, {"ids": reports}) if reports else ()


def _messages(session: Session, reports: list[UUID]) -> dict[UUID, tuple[MessageState, ...]]:
    found: dict[UUID, list[MessageState]] = defaultdict(list)
    for row in _asked(session, _MESSAGES, reports):
        found[row.report].append(
            MessageState(row.id, row.client_id, row.author, row.dispatcher, row.text, row.at, row.version)
        )
    return {report: tuple(lines) for report, lines in found.items()}


def _requests(session: Session, reports: list[UUID]) -> dict[UUID, tuple[RequestState, ...]]:
    found: dict[UUID, list[RequestState]] = defaultdict(list)
    for row in _asked(session, _REQUESTS, reports):
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


def _media(session: Session, reports: list[UUID]) -> dict[UUID, tuple[MediaState, ...]]:
    found: dict[UUID, list[MediaState]] = defaultdict(list)
    for row in _asked(session, _ALL_MEDIA, reports):
        found[row.report].append(media_state(row))
    return {report: tuple(items) for report, items in found.items()}


def _trails(session: Session, reports: list[UUID]) -> dict[UUID, tuple[Place, ...]]:
    found: dict[UUID, list[Place]] = defaultdict(list)
    for row in _asked(session, _LOCATIONS, reports):
        found[row.report].append(
            Place(row.lat, row.lon, row.accuracy_m, row.source, row.at, row.crs, row.came_lat, row.came_lon)
        )
    return {report: tuple(places[-TRAIL:]) for report, places in found.items()}


def _formers(session: Session, rows: Collection[Row[Any]]) -> dict[UUID, list[Former]]:
    """What the reporters of these reports were known by, asked for only where something was corrected since."""
    corrected = {row.reporter for row in rows if row.corrected_at and row.corrected_at > row.filed_at}
    return formers(session, corrected) if corrected else {}


def _offered(session: Session, reports: list[UUID]) -> dict[UUID, tuple[str, ...]]:
    found: dict[UUID, list[str]] = defaultdict(list)
    for row in _asked(session, _OFFERED, reports):
        found[row.report].append(row.desk)
    return {report: tuple(desks) for report, desks in found.items()}
