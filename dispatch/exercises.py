"""Exercises (演练): what is only practised, kept apart from what is real.

A desk is made to practise, and people are enlisted to play: nobody becomes one by signing in. Whatever they report is
an exercise for good (`report.exercise`), goes to a desk that practises and nowhere else: it is offered, escalated and
transferred among such desks alone, and is in no figure. What anybody else reports goes to the desk above one that
practises, as if that were closed. Both are decided where a report is stored (`dispatch.filing`), with the desk's log
held, so that it cannot begin to practise in between.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import ColumnElement, Table, bindparam, exists, false, insert, or_, select, update
from sqlmodel import Session

from dispatch.cipher import FieldCipher
from dispatch.clock import now
from dispatch.errors import Refused
from dispatch.events import (
    EXERCISE_BEGAN,
    EXERCISE_ENDED,
    PLAYERS_ENLISTED,
    lock_log,
    record,
    rows_to_insert,
)
from dispatch.ids import new_id
from dispatch.models import TABLES
from dispatch.states import OPEN

_T = TABLES
_DESK, _REPORT, _OFFERING, _TRANSFER = _T["desk"], _T["report"], _T["offering"], _T["transfer"]
_REPORTER, _SESSION = _T["reporter"], _T["reporter_session"]

PLAYERS: Final = 500  # at most in one exercise
LASTS: Final = timedelta(hours=12)
MARK: Final = "【演练】"

# Statements are built once: building one costs three times as much as running it.
_PRACTISES = select(_DESK.c.exercise).where(_DESK.c.adcode == bindparam("of"))
_ALIKE = select(_DESK.c.adcode).where(
    _DESK.c.adcode.in_(bindparam("desks", expanding=True)), _DESK.c.exercise == bindparam("wanted")
)
_IS_EXERCISE = select(_REPORT.c.exercise).where(_REPORT.c.id == bindparam("of"))


@dataclass(frozen=True, slots=True)
class Player:
    """Somebody who plays a reporter."""

    id: UUID
    token: str


def is_real(report: Table) -> ColumnElement[bool]:
    """The condition on `report` that it is no exercise.

    Every count of reports asks it: the roll-ups, their rebuilding, the figures of the moment.
    """
    return report.c.exercise == false()


def practising(session: Session) -> frozenset[str]:
    """The desks that practise."""
    chosen = select(_DESK.c.adcode).where(_DESK.c.exercise)
    return frozenset(session.connection().execute(chosen).scalars())


def practises(session: Session, desk: str) -> bool:
    """Whether a desk practises."""
    return bool(session.connection().execute(_PRACTISES, {"of": desk}).scalar_one_or_none())


def is_exercise(session: Session, report: UUID) -> bool:
    """Whether a report is one."""
    return bool(session.connection().execute(_IS_EXERCISE, {"of": report}).scalar_one_or_none())


def alike(session: Session, desks: Collection[str], *, exercise: bool) -> list[str]:
    """Of these desks, those that practise, or those that do not; in their order."""
    if not desks:
        return []
    these = {"desks": list(desks), "wanted": exercise}
    found = set(session.connection().execute(_ALIKE, these).scalars())
    return [desk for desk in desks if desk in found]


def begin(session: Session, desk: str, actor: str) -> bool:
    """From now on the desk practises, and real reports go to the desk above; whether that is news. Runs as a command
    of the writer. Raises Refused: `desk_unknown`, `desk_has_open_reports`."""
    return _set(session, desk, actor, exercise=True)


def end(session: Session, desk: str, actor: str) -> bool:
    """The desk practises no longer. Raises Refused as `begin`."""
    return _set(session, desk, actor, exercise=False)


def _set(session: Session, desk: str, actor: str, *, exercise: bool) -> bool:
    lock_log(session, desk)
    stands = session.connection().execute(_PRACTISES, {"of": desk}).scalar_one_or_none()
    if stands is None:
        raise Refused("desk_unknown", desk=desk)
    if stands is exercise:
        return False
    if _has_open_reports(session, desk):
        raise Refused("desk_has_open_reports")
    session.connection().execute(update(_DESK).where(_DESK.c.adcode == desk).values(exercise=exercise))
    record(session, desk, EXERCISE_BEGAN if exercise else EXERCISE_ENDED, actor=actor)
    return True


def _has_open_reports(session: Session, desk: str) -> bool:
    """Whether anything waits at the desk or is worked on: its own, offered to it, or asked of it."""
    anything = or_(
        exists().where(_REPORT.c.desk == desk, _REPORT.c.status.in_(OPEN)),
        exists().where(_OFFERING.c.desk == desk),
        exists().where(_TRANSFER.c.to_desk == desk, _TRANSFER.c.ended_at.is_(None)),
    )
    if session.connection().execute(select(anything)).scalar_one():
        return True
    return any(row.get("desk") == desk for row in rows_to_insert(session))


def enlist(
    session: Session, cipher: FieldCipher, desk: str, names: Sequence[tuple[str, str]], actor: str
) -> list[Player]:
    """People who play reporters for a desk that practises, signed in and verified: a name and a language each.

    Their phones are nobody's, so that none can be signed in with. Runs as a command of the writer. Raises Refused
    `not_practised` (the desk does not practise), `field_invalid` (more than `PLAYERS`).
    """
    from dispatch.reporters import new_token, token_digest  # it reads reports, and this is asked by who does

    if len(names) > PLAYERS:
        raise Refused("field_invalid", fields=["people"])
    lock_log(session, desk)
    if not practises(session, desk):
        raise Refused("not_practised")
    players, at = [], now()
    for number, (name, language) in enumerate(names, start=1):
        player = Player(new_id(), new_token())
        session.connection().execute(
            insert(_REPORTER),
            {
                "id": player.id,
                "phone": cipher.seal("reporter", "phone", player.id, f"00000000{number:03d}"),
                "phone_index": cipher.index("phone", f"exercise {player.id}"),
                "phone_masked": f"000****0{number:03d}",
                "identity": "verified",
                "name": cipher.seal("reporter", "name", player.id, f"{MARK}{name}"),
                "name_masked": f"{MARK}{name}",
                "verified_at": at,
                "hearing_speech_impaired": False,
                "language": language,
                "reports": 0,
                "invalid_reports": 0,
                "made_at": at,
                "exercise": True,
            },
        )
        session.connection().execute(
            insert(_SESSION),
            {
                "token_digest": token_digest(player.token),
                "reporter": player.id,
                "made_at": at,
                "expires_at": at + LASTS,
                "device": "exercise",
                "seen_at": at,
            },
        )
        players.append(player)
    record(session, desk, PLAYERS_ENLISTED, actor=actor, data={"people": len(players)})
    return players
