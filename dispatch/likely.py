"""Which reports may be of the same event as another: by time, distance, text, photo and reporter, with the reason.

Only a hint: people link, nothing links itself (`dispatch.incidents`).
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, Literal
from uuid import UUID

from sqlalchemy import Row, bindparam, select
from sqlmodel import Session

from dispatch.coordinates import LatLon, distance_m
from dispatch.likeness import differing_bits, text_likeness
from dispatch.models import TABLES
from dispatch.scenes import newest as newest_scenes
from dispatch.states import LikelyState, ReportState

Sign = Literal["photo", "reporter", "text", "near", "soon"]

# Reports so much earlier or later are looked at, the nearest in time first, at most so many before and after.
WINDOW: Final = timedelta(hours=2)
EACH_WAY: Final = 100
SHOWN: Final = 4

# What a sign is worth; a report is named from `ENOUGH` on. No sign but a photo is enough alone.
NEAR_M: Final = ((300, 40), (1_000, 20))
SOON_S: Final = ((600, 20), (1_800, 10))
TEXT: Final = ((75, 40), (55, 25))
PHOTO_BITS: Final = 10  # of 64: below that two photos are of one picture
PHOTO: Final = 60
REPORTER: Final = 40
ENOUGH: Final = 60
# So far apart (metres, beyond what both positions may be wrong by) only a photo says that it is one event.
TOO_FAR_M: Final = 5_000

_REPORT, _MEDIA = TABLES["report"], TABLES["media"]

# Statements are built once: building one costs three times as much as running it.
_ONE = select(
    _REPORT.c.id,
    _REPORT.c.number,
    _REPORT.c.status,
    _REPORT.c.reporter,
    _REPORT.c.filed_at,
    _REPORT.c.text,
    _REPORT.c.lat,
    _REPORT.c.lon,
    _REPORT.c.accuracy_m,
    _REPORT.c.incident,
).where(_REPORT.c.desk == bindparam("at_desk"), _REPORT.c.exercise == bindparam("practised"))
_BEFORE = (
    _ONE.where(_REPORT.c.filed_at <= bindparam("at"), _REPORT.c.filed_at >= bindparam("since"))
    .order_by(_REPORT.c.filed_at.desc(), _REPORT.c.id.desc())
    .limit(EACH_WAY)
)
_AFTER = (
    _ONE.where(_REPORT.c.filed_at > bindparam("at"), _REPORT.c.filed_at <= bindparam("until"))
    .order_by(_REPORT.c.filed_at, _REPORT.c.id)
    .limit(EACH_WAY)
)
_PHOTOS = select(_MEDIA.c.report, _MEDIA.c.likeness).where(
    _MEDIA.c.report.in_(bindparam("ids", expanding=True)),
    _MEDIA.c.likeness.is_not(None),
    _MEDIA.c.state == "ready",
)


@dataclass(frozen=True, slots=True)
class Facts:
    """What is compared of a report. `at` is where it happens, as far as that is known; `wrong_m` how far off."""

    reporter: UUID
    filed_at: datetime
    text: str
    at: LatLon | None
    wrong_m: float
    photos: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class Reason:
    """Why two reports may be of one event. `value`: metres, seconds (below 0: the other was earlier), percent."""

    sign: Sign
    worth: int
    value: int = 0


def reasons(one: Facts, other: Facts) -> tuple[Reason, ...]:
    """All that speaks for it, the weightiest first; nothing where they are too far apart for one event."""
    found = []
    apart_m = _apart_m(one, other)
    if any(differing_bits(a, b) <= PHOTO_BITS for a in one.photos for b in other.photos):
        found.append(Reason("photo", PHOTO))
    elif apart_m is not None and apart_m - one.wrong_m - other.wrong_m > TOO_FAR_M:
        return ()
    if one.reporter == other.reporter:
        found.append(Reason("reporter", REPORTER))
    alike = text_likeness(one.text, other.text)
    if worth := next((worth for least, worth in TEXT if alike >= least), 0):
        found.append(Reason("text", worth, alike))
    if apart_m is not None and (worth := next((worth for most, worth in NEAR_M if apart_m <= most), 0)):
        found.append(Reason("near", worth, round(apart_m)))
    later_s = (other.filed_at - one.filed_at).total_seconds()
    if worth := next((worth for most, worth in SOON_S if abs(later_s) <= most), 0):
        found.append(Reason("soon", worth, round(later_s)))
    return tuple(sorted(found, key=lambda reason: -reason.worth))


def enough(why: Iterable[Reason]) -> bool:
    """Whether so much speaks for one event that a dispatcher should see it."""
    return sum(reason.worth for reason in why) >= ENOUGH


def _apart_m(one: Facts, other: Facts) -> float | None:
    return None if one.at is None or other.at is None else distance_m(one.at, other.at)


def likely(session: Session, report: ReportState, desk: str) -> tuple[LikelyState, ...]:
    """The desk's reports that may be of the same event and are not linked to it yet, the likeliest first."""
    around = {
        "at_desk": desk,
        "practised": report.exercise,
        "at": report.filed_at,
        "since": report.filed_at - WINDOW,
        "until": report.filed_at + WINDOW,
    }
    connection = session.connection()
    rows = [*connection.execute(_BEFORE, around), *connection.execute(_AFTER, around)]
    rows = [row for row in rows if row.id != report.id and _is_other(row, report)]
    ids = [report.id, *(row.id for row in rows)]
    photos = _photos(session, ids)
    scenes = {id_: LatLon(scene.lat, scene.lon) for id_, scene in newest_scenes(session, ids).items()}
    own = _facts_of_state(report, photos[report.id], scenes.get(report.id))
    found = []
    for row in rows:
        why = reasons(own, _facts_of_row(row, photos[row.id], scenes.get(row.id)))
        if enough(why):
            found.append((sum(reason.worth for reason in why), row, why))
    found.sort(key=lambda one: (-one[0], abs((one[1].filed_at - report.filed_at).total_seconds())))
    return tuple(
        LikelyState(
            row.id,
            row.number,
            row.status,
            row.text,
            row.filed_at,
            tuple((reason.sign, reason.value) for reason in why),
        )
        for _, row, why in found[:SHOWN]
    )


def _is_other(row: Row[Any], report: ReportState) -> bool:
    return row.incident is None or row.incident != report.incident


def _photos(session: Session, ids: Sequence[UUID]) -> dict[UUID, tuple[bytes, ...]]:
    found: dict[UUID, tuple[bytes, ...]] = defaultdict(tuple)
    for report, likeness in session.connection().execute(_PHOTOS, {"ids": list(ids)}):
        found[report] = (*found[report], bytes(likeness))
    return found


def _facts_of_state(report: ReportState, photos: tuple[bytes, ...], scene: LatLon | None) -> Facts:
    place = report.place
    at = scene or (LatLon(place.lat, place.lon) if place else None)
    wrong_m = 0.0 if scene or place is None else place.accuracy_m or 0.0
    return Facts(report.caller.reporter, report.filed_at, report.text, at, wrong_m, photos)


def _facts_of_row(row: Row[Any], photos: tuple[bytes, ...], scene: LatLon | None) -> Facts:
    at = scene or (LatLon(row.lat, row.lon) if row.lat is not None else None)
    wrong_m = 0.0 if scene else row.accuracy_m or 0.0
    return Facts(row.reporter, row.filed_at, row.text, at, wrong_m, photos)
