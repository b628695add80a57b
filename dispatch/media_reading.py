"""Reading media: a photo, video or voice note and whose it is; and which uploads are still on their way."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Row, literal, select
from sqlmodel import Session

from dispatch.errors import Refused
from dispatch.models import TABLES
from dispatch.offering import concerns
from dispatch.states import MediaState

_MEDIA, _REPORT = TABLES["media"], TABLES["report"]


@dataclass(frozen=True, slots=True)
class Found:
    """A medium and whose it is. `sha256` is the original's, once it is ready."""

    media: MediaState
    report: UUID
    reporter: UUID
    desk: str
    covert: bool
    sha256: bytes | None


def of_reporter(session: Session, media: UUID, reporter: UUID) -> Found:
    """The reporter's own medium. Raises Refused `media_unknown` for anyone else's and for a removed one."""
    row = one_of_reporter(session, media, reporter)
    if row.state == "removed":
        raise Refused("media_unknown")
    return _found(row)


def of_desk(session: Session, media: UUID, desk: str) -> Found:
    """A medium of a report of this desk or offered to it, also one that the reporter took back after it was ready.

    Raises Refused `media_unknown` for any other desk's.
    """
    rows = chosen(session, _MEDIA.c.id == media, concerns(literal(desk)))
    if not rows:
        raise Refused("media_unknown")
    return _found(rows[0])


def on_their_way(session: Session, ids: Sequence[UUID]) -> dict[UUID, Found]:
    """Those of these uploads that still are to become media."""
    rows = chosen(session, _MEDIA.c.id.in_(list(ids)), _MEDIA.c.state == "uploading") if ids else []
    return {row.id: _found(row) for row in rows}


def begun_before(session: Session, moment: datetime, limit: int) -> list[UUID]:
    """Uploads that were begun before `moment` and are still not finished, the oldest first."""
    oldest = (
        select(_MEDIA.c.id)
        .where(_MEDIA.c.state == "uploading", _MEDIA.c.begun_at < moment)
        .order_by(_MEDIA.c.begun_at)
        .limit(limit)
    )
    return list(session.connection().execute(oldest).scalars())


def one_of_reporter(session: Session, media: UUID, reporter: UUID, lock: bool = False) -> Row[Any]:
    """The row, removed or not. Raises Refused `media_unknown` for anyone else's."""
    rows = chosen(session, _MEDIA.c.id == media, _REPORT.c.reporter == reporter, lock=lock)
    if not rows:
        raise Refused("media_unknown")
    return rows[0]


def chosen(session: Session, *conditions: ColumnElement[bool], lock: bool = False) -> Sequence[Row[Any]]:
    """Rows with whose they are; `lock` is for commands, so that finishing and removing cannot cross."""
    statement = (
        select(_MEDIA, _REPORT.c.reporter, _REPORT.c.desk, _REPORT.c.status, _REPORT.c.covert)
        .join(_REPORT, _REPORT.c.id == _MEDIA.c.report)
        .where(*conditions)
    )
    if lock:
        statement = statement.with_for_update(of=_MEDIA)
    return session.connection().execute(statement).all()


def state_of(row: Row[Any]) -> MediaState:
    """A row of the table `media` as its state."""
    return MediaState(
        id=row.id,
        client_id=row.client_id,
        kind=row.kind,
        filename=row.filename,
        content_type=row.content_type,
        length=row.length,
        state=row.state,
        width=row.width,
        height=row.height,
        at=row.stored_at or row.begun_at,
        refused=row.refused,
        duration_ms=row.duration_ms,
        waveform=row.waveform,
        taken_at=row.taken_at,
        taken_lat=row.taken_lat,
        taken_lon=row.taken_lon,
    )


def _found(row: Row[Any]) -> Found:
    return Found(state_of(row), row.report, row.reporter, row.desk, row.covert, row.sha256)
