"""Photos, videos and voice notes of a report: begun, finished, rejected, removed. All commands of the writer.

A row is `ready` only after its bytes lie in the store (`dispatch.uploads` sees to that).
"""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import Row, func, insert, select, update
from sqlmodel import Session

from dispatch import capping
from dispatch.clock import now
from dispatch.developed import Taken
from dispatch.errors import Refused
from dispatch.events import MEDIA_BEGUN, MEDIA_REJECTED, MEDIA_REMOVED, MEDIA_STORED
from dispatch.ids import new_id
from dispatch.media_bounds import BOUNDS, MediaKind, Offer, checked, plain_name
from dispatch.media_reading import chosen, one_of_reporter, state_of
from dispatch.models import TABLES
from dispatch.reports import change
from dispatch.requests import answer_by_act
from dispatch.states import MediaState

_MEDIA, _REPORT = TABLES["media"], TABLES["report"]

ABANDONED = "upload_abandoned"
ATTEMPTS = (
    40  # of a report, with what was removed or rejected: nobody fills a disk by removing and sending again
)


@dataclass(frozen=True, slots=True)
class Stored:
    """What lies in the store: digest of the original and its true type; of what is to be seen its size in pixels,
    of what moves or sounds its length; where and when the camera says it was taken."""

    sha256: bytes
    content_type: str
    width: int | None = None
    height: int | None = None
    duration_ms: int | None = None
    waveform: bytes | None = None
    taken: Taken | None = None
    likeness: bytes | None = None


def begin(session: Session, report: UUID, reporter: UUID, offer: Offer) -> MediaState:
    """Make room for a photo, video or voice note of the reporter's report. The same `client_id` again gives the same.

    Media may come before and after the acknowledgement and to a withdrawn report, until it is closed.
    Raises Refused: `report_unknown`, `report_closed`, `media_type_unsupported`, `photo_unreadable` (no bytes),
    `photo_too_large`, `photos_too_many` and their like of videos and voice notes, `media_capped` (of somebody marked as
    a nuisance), `upload_conflict` (the `client_id` was used for another file).
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
    earlier = chosen(session, _MEDIA.c.report == report, _MEDIA.c.client_id == offer.client_id)
    if earlier:
        return _begun_before(session, earlier[0], offer)
    if held.status == "closed":
        raise Refused("report_closed")
    kind, content_type = checked(offer)
    _check_count(session, report, kind, capping.most(session, report, reporter, kind))
    media, begun_at = new_id(), now()
    session.connection().execute(
        insert(_MEDIA),
        {
            "id": media,
            "report": report,
            "client_id": offer.client_id,
            "kind": kind,
            "filename": plain_name(offer.filename),
            "content_type": content_type,
            "length": offer.length,
            "state": "uploading",
            "begun_at": begun_at,
        },
    )
    data = {"media": str(media), "kind": kind, "length": offer.length}
    change(session, report, MEDIA_BEGUN, actor=f"reporter:{reporter}", data=data)
    return state_of(chosen(session, _MEDIA.c.id == media)[0])


def _begun_before(session: Session, row: Row[Any], offer: Offer) -> MediaState:
    if row.length != offer.length or row.state == "removed":
        raise Refused("upload_conflict")
    if row.state != "rejected" or row.refused != ABANDONED:
        return state_of(row)
    # Given up after a day, and here its phone is again.
    if row.status == "closed":
        raise Refused("report_closed")
    _check_count(session, row.report, row.kind, capping.most(session, row.report, row.reporter, row.kind))
    values = {"state": "uploading", "refused": None, "begun_at": now()}
    session.connection().execute(update(_MEDIA).where(_MEDIA.c.id == row.id).values(**values))
    data = {"media": str(row.id), "kind": row.kind, "length": row.length}
    change(session, row.report, MEDIA_BEGUN, actor=f"reporter:{row.reporter}", data=data)
    return state_of(_one(session, row.id))


def finish(session: Session, media: UUID, stored: Stored) -> MediaState:
    """The photo, video or voice note is in the store and may be shown. Twice is once.

    Raises Refused `upload_unknown` when it was removed or rejected meanwhile.
    """
    row = _one(session, media)
    if row.state == "ready":
        return state_of(row)
    if row.state != "uploading":
        raise Refused("upload_unknown")
    values: dict[str, object] = {
        "state": "ready",
        "sha256": stored.sha256,
        "content_type": stored.content_type,
        "width": stored.width,
        "height": stored.height,
        "duration_ms": stored.duration_ms,
        "waveform": stored.waveform,
        "stored_at": now(),
        "likeness": stored.likeness,
    }
    if stored.taken is not None:
        taken = stored.taken
        values |= {"taken_at": taken.at, "taken_lat": taken.lat, "taken_lon": taken.lon}
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
    return state_of(_one(session, media))


def reject(session: Session, media: UUID, code: str) -> None:
    """The upload cannot become what it was sent as; `code` says why.

    One that is no longer on its way is left as it is.
    """
    row = _one(session, media)
    if row.state != "uploading":
        return
    session.connection().execute(
        update(_MEDIA).where(_MEDIA.c.id == media).values(state="rejected", refused=code)
    )
    change(session, row.report, MEDIA_REJECTED, actor="system", data={"media": str(media), "code": code})


def remove(session: Session, media: UUID, reporter: UUID) -> None:
    """The reporter takes a medium back; it counts no more and leaves their screen. Twice is once.

    What had reached the desk stays in the store, for the desk and for the record.
    Raises Refused: `media_unknown`, `report_closed`.
    """
    row = one_of_reporter(session, media, reporter, lock=True)
    if row.state == "removed":
        return
    if row.status == "closed":
        raise Refused("report_closed")
    session.connection().execute(update(_MEDIA).where(_MEDIA.c.id == media).values(state="removed"))
    data = {"media": str(media), "was": row.state}
    change(session, row.report, MEDIA_REMOVED, actor=f"reporter:{reporter}", data=data)


def _check_count(session: Session, report: UUID, kind: MediaKind, capped: int | None) -> None:
    rows = session.connection().execute(
        select(_MEDIA.c.kind, _MEDIA.c.state, func.count())
        .where(_MEDIA.c.report == report)
        .group_by(_MEDIA.c.kind, _MEDIA.c.state)
    )
    counted: dict[tuple[str, str], int] = {(row[0], row[1]): row[2] for row in rows}
    kept = counted.get((kind, "uploading"), 0) + counted.get((kind, "ready"), 0)
    if capped is not None and kept >= capped:
        raise Refused("media_capped")
    if kept >= BOUNDS[kind].count or sum(counted.values()) >= ATTEMPTS:
        raise Refused(f"{kind}s_too_many", limit=BOUNDS[kind].count)


def _one(session: Session, media: UUID) -> Row[Any]:
    rows = chosen(session, _MEDIA.c.id == media, lock=True)
    if not rows:
        raise Refused("upload_unknown")
    return rows[0]
