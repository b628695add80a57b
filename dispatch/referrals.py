"""Referral (转介): what is not for the police of this province goes to 12345, the government service line, or to the
110 of the place where it is. The reporter is told whom to call, in their language; who may be watched reads nothing
that gives them away.
"""

import re
from dataclasses import dataclass
from typing import Final

from dispatch.errors import Refused
from dispatch.words import Words

SERVICE_LINE: Final = "12345"
# Another place's 110 or 12345 by its area code; at sea the coast guard and the maritime rescue.
_NUMBER: Final = re.compile(r"(?:0[1-9][0-9]{1,2})?(?:110|12345)|95110|12395")
WHERE_LIMIT: Final = 30


@dataclass(frozen=True, slots=True)
class Referral:
    """Who takes it: the number to call, and, when that is not 12345 itself, the place in words."""

    number: str = SERVICE_LINE
    where: str | None = None


def referral(number: str, where: str) -> Referral:
    """The referral that was asked for. Raises Refused `field_invalid`."""
    if number == SERVICE_LINE:
        return Referral()
    if not _NUMBER.fullmatch(number):
        raise Refused("field_invalid", fields=["number"])
    if not where or len(where) > WHERE_LIMIT:
        raise Refused("field_invalid", fields=["where"])
    return Referral(number, where)


def said_of(found: Referral, language: str, *, guarded: bool) -> str:
    """What the reporter reads of it. `guarded`: somebody else may read it too."""
    who = "service_line" if found.number == SERVICE_LINE else "elsewhere"
    key = f"terms.referral.{who}_guarded" if guarded else f"terms.referral.{who}"
    return Words.of(language)(key, number=found.number, where=found.where or "")
