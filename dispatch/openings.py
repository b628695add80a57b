"""Which desks take reports by internet, and between which hours. Each is opened and closed by an act that is recorded.

A desk that is closed, or outside its hours, is passed by: the next desk above that is open has its reports, and where
none is, the reporter is told whom to call. What a desk has already stays with it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import select, update
from sqlmodel import Session

from dispatch.administration import because
from dispatch.clock import now
from dispatch.desks import PROVINCE
from dispatch.errors import Refused
from dispatch.events import DESK_CLOSED, DESK_OPENED, DESK_SET, LOCAL, lock_log, record
from dispatch.models import TABLES

DAY_MIN: Final = 24 * 60

_DESK = TABLES["desk"]
_ALL = select(
    _DESK.c.adcode, _DESK.c.open, _DESK.c.open_since, _DESK.c.hours_from, _DESK.c.hours_until, _DESK.c.sms
).order_by(_DESK.c.adcode)
_OPEN = select(_DESK.c.adcode, _DESK.c.hours_from, _DESK.c.hours_until, _DESK.c.exercise).where(_DESK.c.open)


@dataclass(frozen=True, slots=True)
class Hours:
    """From which minute of the day in China until which; over midnight when the first is the later one."""

    since: int
    until: int

    def hold(self, at: datetime) -> bool:
        """Whether this moment lies in them."""
        here = at.astimezone(LOCAL)
        minute = here.hour * 60 + here.minute
        if self.since < self.until:
            return self.since <= minute < self.until
        return minute >= self.since or minute < self.until

    def __str__(self) -> str:
        """`08:00–22:30`"""
        return "–".join(f"{minute // 60:02d}:{minute % 60:02d}" for minute in (self.since, self.until))


@dataclass(frozen=True, slots=True)
class Opening:
    """How a desk stands: opened or closed, since when (None: since set-up), its hours (None: day and night)."""

    desk: str
    open: bool
    since: datetime | None
    hours: Hours | None
    sms: str

    def takes_reports(self, at: datetime) -> bool:
        """Whether reports of its area come to it at this moment."""
        return self.open and (self.hours is None or self.hours.hold(at))

    @property
    def seen(self) -> str:
        """What whoever changes it had before their eyes, to be sent back."""
        return f"{'open' if self.open else 'closed'} {self.hours or 'always'}"


def all_openings(session: Session) -> Mapping[str, Opening]:
    """How every desk stands, by adcode."""
    return {row.adcode: _opening(row) for row in session.connection().execute(_ALL)}


def opening_of(session: Session, desk: str) -> Opening:
    """How the desk stands. Raises Refused `desk_unknown`."""
    row = session.connection().execute(_ALL.where(_DESK.c.adcode == desk)).one_or_none()
    if row is None:
        raise Refused("desk_unknown", desk=desk)
    return _opening(row)


def open_desks(
    session: Session, at: datetime | None = None, *, exercise: bool | None = False
) -> frozenset[str]:
    """The adcodes of the desks that take reports at this moment, now if none is named: real ones, or those that are
    practised; None: either."""
    moment = at or now()
    rows = session.connection().execute(_OPEN)
    return frozenset(
        row.adcode
        for row in rows
        if exercise in {None, row.exercise} and ((hours := _hours(row)) is None or hours.hold(moment))
    )


def open_desk(
    session: Session, desk: str, actor: str, reason: str | None = None, seen: str | None = None
) -> bool:
    """Let the desk take reports by internet; whether that is so now by this act. `seen` is how it stood before the eyes
    of whoever acts (`Opening.seen`): gives False, and changes nothing, when it stands otherwise meanwhile.

    Raises Refused: `desk_unknown`, `reason_required`.
    """
    return _turn(session, desk, actor, reason, seen, opened=True)


def close_desk(
    session: Session, desk: str, actor: str, reason: str | None = None, seen: str | None = None
) -> bool:
    """Let the desk's reports go to the desk above it from now on; as `open_desk`."""
    return _turn(session, desk, actor, reason, seen, opened=False)


def turn_all(session: Session, desks: Mapping[str, str], actor: str, reason: str, *, opened: bool) -> bool:
    """Open or close several desks in one act, for one reason; those that stand so already are left. `desks`: how each
    stood before the eyes of whoever acts. Gives False, and changes nothing, when any stands otherwise meanwhile.

    Raises Refused: `desk_unknown`, `reason_required`.
    """
    lock_log(session, *desks)
    stand = {desk: opening_of(session, desk) for desk in desks}
    if any(stand[desk].seen != seen for desk, seen in desks.items()):
        return False
    told = because(session, actor, reason)
    for desk, opening in stand.items():
        if opening.open is not opened:
            _set_open(session, desk, actor, told, opened=opened)
    return True


def set_hours(
    session: Session, desk: str, actor: str, hours: Hours | None, reason: str, seen: str | None = None
) -> bool:
    """Let the desk, while it is open, take reports between these hours alone; None: day and night. As `open_desk`.

    Raises Refused: `hours_unfit` (no minutes of a day, no time between them, or of the province's desk, to which
    everything comes in the end), `desk_unknown`, `reason_required`.
    """
    if hours is not None and (desk == PROVINCE or not _fit(hours)):
        raise Refused("hours_unfit")
    lock_log(session, desk)
    before = opening_of(session, desk)
    if seen is not None and seen != before.seen:
        return False
    if hours == before.hours:
        return True
    values = {"hours_from": hours and hours.since, "hours_until": hours and hours.until}
    session.connection().execute(update(_DESK).where(_DESK.c.adcode == desk).values(**values))
    changed = {"hours": [str(one) if one else None for one in (before.hours, hours)]}
    data = {"set": changed, **because(session, actor, reason)}
    record(session, desk, DESK_SET, actor=actor, data=data)
    return True


def _turn(
    session: Session, desk: str, actor: str, reason: str | None, seen: str | None, *, opened: bool
) -> bool:
    lock_log(session, desk)
    before = opening_of(session, desk)
    if seen is not None and seen != before.seen:
        return False
    told = {} if reason is None else because(session, actor, reason)
    _set_open(session, desk, actor, told, opened=opened)
    return True


def _set_open(session: Session, desk: str, actor: str, told: dict[str, str], *, opened: bool) -> None:
    record(session, desk, DESK_OPENED if opened else DESK_CLOSED, actor=actor, data=dict(told))
    values = {"open": opened, "open_since": now()}
    session.connection().execute(update(_DESK).where(_DESK.c.adcode == desk).values(**values))


def _fit(hours: Hours) -> bool:
    return hours.since != hours.until and all(0 <= m < DAY_MIN for m in (hours.since, hours.until))


def _hours(row: Any) -> Hours | None:
    return None if row.hours_from is None else Hours(row.hours_from, row.hours_until)


def _opening(row: Any) -> Opening:
    return Opening(row.adcode, row.open, row.open_since, _hours(row), row.sms)
