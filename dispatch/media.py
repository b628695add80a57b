"""Photos of a report: begun, finished, rejected, removed. What is done here runs as a command of the writer.

A row is `ready` only after its bytes lie in the store (`dispatch.uploads` sees to that). Video and voice have their
place in the tables; until they are taken, their types are refused.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Row, func, insert, select, update
from sqlmodel import Session

from dispatch.clock import now
from dispatch.errors import Refused
from dispatch.events import MEDIA_BEGUN, MEDIA_REJECTED, MEDIA_REMOVED, MEDIA_STORED
from dispatch.ids import new_id
from dispatch.models import TABLES
from dispatch.offers import Offer, checked_type, plain_name
from dispatch.reports import change
from dispatch.requests import answer_by_act
from dispatch.states import MediaState

_MEDIA, _REPORT, _EVENT = TABLES["media"], TABLES["report"], TABLES["event"]

PHOTOS = 8  # of a report; what was removed or rejected does not count
ABANDONED = "upload_abandoned"
ATTEMPTS = 40  # of a report, with those: nobody can fill a disk or a log by removing and sending again


@dataclass(frozen=True, slots=True)
class Found:
    """A photo and whose it is. `sha256` is the original's, once it is ready."""

    media: MediaState
    report: UUID
    reporter: UUID
    desk: str
    covert: bool
    sha256: bytes | None


@dataclass(frozen=True, slots=True)
class Stored:
    """What lies in the store: digest of the original, its true type, size of the view in pixels."""

    sha256: bytes
    content_type: str
    width: int
    height: int


def begin(session: Session, report: UUID, reporter: UUID, offer: Offer) -> MediaState:
    """Make room for a photo of the reporter's report. The same `client_id` again gives the same photo.

    Media may come before and after the acknowledgement and to a withdrawn report, until it is closed.
    Raises Refused: `report_unknown`, `report_closed`, `media_type_unsupported`, `photo_unreadable` (no bytes),
    `photo_too_large`, `photos_too_many`, `upload_conflict` (the `client_id` was used for another file).
    """
    # Locked, so that two that come at once are counted one after the other.
    held = (
        session.connection()
        .execute(
            select(_REPORT.c.status)
            .where(_REPORT.c.id == report, _REPORT.c.reporter == reporter)
            .with_for_update()
        )
        .one_or_none()
    )
    if held is None:
        raise Refused("report_unknown")
    earlier = _select(session, _MEDIA.c.report == report, _MEDIA.c.client_id == offer.client_id)
    if earlier:
        return _begun_before(session, earlier[0], offer)
    if held.status == "closed":
        raise Refused("report_closed")
    content_type = checked_type(offer)
    _check_count(session, report)
    media, begun_at = new_id(), now()
    session.connection().execute(
        insert(_MEDIA),
        {
            "id": media,
            "report": report,
            "client_id": offer.client_id,
            "kind": "photo",
            "filename": plain_name(offer.filename),
            "content_type": content_type,
            "length": offer.length,
            "state": "uploading",
            "begun_at": begun_at,
        },
    )
    data = {"media": str(media), "kind": "photo", "length": offer.length}
    change(session, report, MEDIA_BEGUN, actor=f"reporter:{reporter}", data=data)
    return _state(_select(session, _MEDIA.c.id == media)[0])


def _begun_before(session: Session, row: Row[Any], offer: Offer) -> MediaState:
    if row.length != offer.length or row.state == "removed":
        raise Refused("upload_conflict")
    if row.state != "rejected" or refusal_of(session, _found(row)) != ABANDONED:
        return _state(row)
    # Given up after a day, and here its phone is again.
    if row.status == "closed":
        raise Refused("report_closed")
    _check_count(session, row.report)
    values = {"state": "uploading", "begun_at": now()}
    session.connection().execute(update(_MEDIA).where(_MEDIA.c.id == row.id).values(**values))
    data = {"media": str(row.id), "kind": row.kind, "length": row.length}
    change(session, row.report, MEDIA_BEGUN, actor=f"reporter:{row.reporter}", data=data)
    return _state(_one(session, row.id))


def finish(session: Session, media: UUID, stored: Stored) -> MediaState:
    """The photo is in the store and may be shown. Twice is once.

    Raises Refused `upload_unknown` when it was removed or rejected meanwhile.
    """
    row = _one(session, media)
    if row.state == "ready":
        return _state(row)
    if row.state != "uploading":
        raise Refused("upload_unknown")
    values = {
        "state": "ready",
        "sha256": stored.sha256,
        "content_type": stored.content_type,
        "width": stored.width,
        "height": stored.height,
        "stored_at": now(),
    }
    session.connection().execute(update(_MEDIA).where(_MEDIA.c.id == media).values(**values))
    change(
        session,
        row.report,
        MEDIA_STORED,
        actor=f"reporter:{row.reporter}",
        data={
            "media": str(media),
            "kind": row.kind,
            "sha256": stored.sha256.hex(),
            "length": row.length,
            "content_type": stored.content_type,
        },
    )
    if row.kind in {"photo", "video"}:
        answer_by_act(session, row.report, row.reporter, row.kind)
    return _state(_one(session, media))


def reject(session: Session, media: UUID, code: str) -> None:
    """The upload cannot become a photo; `code` says why. One that is no longer on its way is left as it is."""
    row = _one(session, media)
    if row.state != "uploading":
        return
    session.connection().execute(update(_MEDIA).where(_MEDIA.c.id == media).values(state="rejected"))
    change(session, row.report, MEDIA_REJECTED, actor="system", data={"media": str(media), "code": code})


def remove(session: Session, media: UUID, reporter: UUID) -> None:
    """The reporter takes a photo back; it counts no more and leaves their screen. Twice is once.

    What had reached the desk stays in the store, for the desk and for the record.
    Raises Refused: `media_unknown`, `report_closed`.
    """
    row = _one_of_reporter(session, media, reporter, lock=True)
    if row.state == "removed":
        return
    if row.status == "closed":
        raise Refused("report_closed")
    session.connection().execute(update(_MEDIA).where(_MEDIA.c.id == media).values(state="removed"))
    data = {"media": str(media), "was": row.state}
    change(session, row.report, MEDIA_REMOVED, actor=f"reporter:{reporter}", data=data)


def of_reporter(session: Session, media: UUID, reporter: UUID) -> Found:
    """The reporter's own photo. Raises Refused `media_unknown` for anyone else's and for a removed one."""
    row = _one_of_reporter(session, media, reporter)
    if row.state == "removed":
        raise Refused("media_unknown")
    return _found(row)


def of_desk(session: Session, media: UUID, desk: str) -> Found:
    """A photo of a report of this desk, also one that the reporter took back after it was ready.

    Raises Refused `media_unknown` for any other desk's.
    """
    rows = _select(session, _MEDIA.c.id == media, _REPORT.c.desk == desk)
    if not rows:
        raise Refused("media_unknown")
    return _found(rows[0])


def refusal_of(session: Session, found: Found) -> str:
    """The code that a rejected upload was refused with: the log has it."""
    rows = session.connection().execute(
        select(_EVENT.c.data)
        .where(_EVENT.c.report == found.report, _EVENT.c.kind == MEDIA_REJECTED)
        .order_by(_EVENT.c.seq)
    )
    codes = {data["media"]: str(data["code"]) for (data,) in rows}
    return codes.get(str(found.media.id), "photo_unreadable")


def on_their_way(session: Session, ids: Sequence[UUID]) -> dict[UUID, Found]:
    """Those of these uploads that still are to become photos."""
    rows = _select(session, _MEDIA.c.id.in_(list(ids)), _MEDIA.c.state == "uploading") if ids else []
    return {row.id: _found(row) for row in rows}


def begun_before(session: Session, moment: datetime, limit: int) -> list[UUID]:
    """Uploads that were begun before `moment` and are still not finished, the oldest first."""
    chosen = (
        select(_MEDIA.c.id)
        .where(_MEDIA.c.state == "uploading", _MEDIA.c.begun_at < moment)
        .order_by(_MEDIA.c.begun_at)
        .limit(limit)
    )
    return list(session.connection().execute(chosen).scalars())


def _check_count(session: Session, report: UUID) -> None:
    rows = session.connection().execute(
        select(_MEDIA.c.state, func.count()).where(_MEDIA.c.report == report).group_by(_MEDIA.c.state)
    )
    counted: dict[str, int] = {row[0]: row[1] for row in rows}
    if counted.get("uploading", 0) + counted.get("ready", 0) >= PHOTOS or sum(counted.values()) >= ATTEMPTS:
        raise Refused("photos_too_many", limit=PHOTOS)


def _one(session: Session, media: UUID) -> Row[Any]:
    rows = _select(session, _MEDIA.c.id == media, lock=True)
    if not rows:
        raise Refused("upload_unknown")
    return rows[0]


def _one_of_reporter(session: Session, media: UUID, reporter: UUID, lock: bool = False) -> Row[Any]:
    rows = _select(session, _MEDIA.c.id == media, _REPORT.c.reporter == reporter, lock=lock)
    if not rows:
        raise Refused("media_unknown")
    return rows[0]


def _select(session: Session, *conditions: ColumnElement[bool], lock: bool = False) -> Sequence[Row[Any]]:
    """Rows with whose they are; `lock` is for commands, so that finishing and removing cannot cross."""
    statement = (
        select(_MEDIA, _REPORT.c.reporter, _REPORT.c.desk, _REPORT.c.status, _REPORT.c.covert)
        .join(_REPORT, _REPORT.c.id == _MEDIA.c.report)
        .where(*conditions)
    )
    if lock:
        statement = statement.with_for_update(of=_MEDIA)
    return session.connection().execute(statement).all()


def _found(row: Row[Any]) -> Found:
    return Found(_state(row), row.report, row.reporter, row.desk, row.covert, row.sha256)


def _state(row: Row[Any]) -> MediaState:
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
    )
