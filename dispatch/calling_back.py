"""Calling back (回电): the full number is shown by an act that the log tells, and never before.

Who must not be noticed, and who cannot hear or speak, is not called without a reason. Runs as a command of the writer:
the number is given only once the event of it stands. The event holds the reason's code, never the number.
"""

from typing import Final
from uuid import UUID

from sqlalchemy import bindparam, select
from sqlmodel import Session

from dispatch.cipher import FieldCipher
from dispatch.errors import Refused
from dispatch.events import PHONE_SHOWN, record
from dispatch.models import TABLES

# They asked for it; it is certain that they can talk now; somebody else answers; a life is at stake.
REASONS: Final = ("asked", "safe_now", "relay", "life")

_REPORT, _REPORTER, _ACKNOWLEDGEMENT = TABLES["report"], TABLES["reporter"], TABLES["acknowledgement"]
_FOUND = (
    select(
        _REPORT.c.status,
        _REPORT.c.covert,
        _REPORT.c.duress_said,
        _REPORTER.c.id.label("reporter"),
        _REPORTER.c.phone,
        _REPORTER.c.hearing_speech_impaired,
        _REPORTER.c.erased_at,
        _ACKNOWLEDGEMENT.c.at.label("received_at"),
    )
    .join(_REPORTER, _REPORTER.c.id == _REPORT.c.reporter)
    .outerjoin(_ACKNOWLEDGEMENT, _ACKNOWLEDGEMENT.c.report == _REPORT.c.id)
    .where(_REPORT.c.id == bindparam("of"), _REPORT.c.desk == bindparam("at"))
)


def show_phone(
    session: Session, cipher: FieldCipher, report: UUID, desk: str, dispatcher: str, why: str
) -> str:
    """The reporter's number (E.164), for a report that this desk has received. `why` is one of `REASONS`, or empty
    where none is needed.

    Raises Refused: `report_unknown`, `not_received`, `phone_unknown`, `reason_required`.
    """
    found = session.connection().execute(_FOUND, {"of": report, "at": desk}).one_or_none()
    if found is None:
        raise Refused("report_unknown")
    if found.received_at is None:
        raise Refused("not_received")
    if found.erased_at is not None:
        raise Refused("phone_unknown")
    states = {
        "covert": found.covert,
        "duress": found.duress_said > 0,
        "impaired": found.hearing_speech_impaired,
        "closed": found.status == "closed",
    }
    guard = [name for name, holds in states.items() if holds]
    if why not in REASONS and (guard or why):
        raise Refused("reason_required")
    phone = cipher.open("reporter", "phone", found.reporter, found.phone)
    # Without the reporter: that a dispatcher looked is no news for their screen.
    data = {"why": why or None, "guard": guard}
    record(session, desk, PHONE_SHOWN, actor=f"dispatcher:{dispatcher}", report=report, data=data)
    return phone
