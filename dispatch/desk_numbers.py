"""The number that takes a desk's text messages: 12110, to which some cities append their area code.

Whom to call stands on every screen and in every refusal of a report, so what a desk sets here goes wherever its report
goes. A change is an event with the old and the new number.
"""

import re
from collections.abc import Mapping
from typing import Final

from sqlalchemy import bindparam, select, update
from sqlmodel import Session

from dispatch.errors import Refused
from dispatch.events import DESK_SET, lock_log, record
from dispatch.models import TABLES

FORM: Final = re.compile(r"[0-9]{5,12}")

_DESK = TABLES["desk"]
_ALL = select(_DESK.c.adcode, _DESK.c.sms)
_OF = select(_DESK.c.sms).where(_DESK.c.adcode == bindparam("of"))


def numbers(session: Session) -> Mapping[str, str]:
    """Every desk's number, by adcode."""
    return {row.adcode: row.sms for row in session.connection().execute(_ALL)}


def number_of(session: Session, desk: str) -> str:
    """The desk's number. Raises Refused `desk_unknown`."""
    number = session.connection().execute(_OF, {"of": desk}).scalar_one_or_none()
    if number is None:
        raise Refused("desk_unknown", desk=desk)
    return str(number)


def set_number(session: Session, desk: str, dispatcher: str, number: str, seen: str | None = None) -> bool:
    """Let the desk be texted at this number from now on. `seen` is the one that whoever changes it had before their
    eyes: gives False, and changes nothing, when another holds meanwhile.

    Raises Refused `field_invalid` for what is no number of five to twelve digits.
    """
    if not FORM.fullmatch(number):
        raise Refused("field_invalid", fields=["sms"])
    lock_log(session, desk)
    before = number_of(session, desk)
    if seen is not None and seen != before:
        return False
    if number != before:
        session.connection().execute(update(_DESK).where(_DESK.c.adcode == desk).values(sms=number))
        changed = {"sms": [before, number]}
        record(session, desk, DESK_SET, actor=f"dispatcher:{dispatcher}", data={"set": changed})
    return True
