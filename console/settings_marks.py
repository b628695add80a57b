"""For how long the desk marks a nuisance, as a section of its settings page."""

from collections.abc import Mapping
from typing import Final

from console.parts import Parts
from console.sections import Section, Sentence, Unfitting
from console.sign_in import AtDesk
from dispatch.marks import DAYS, days_of, set_days


async def act(parts: Parts, leader: AtDesk, form: Mapping[str, str]) -> None:
    """Field `mark_days`, one of `dispatch.marks.DAYS`."""
    given = form.get("mark_days", "")
    if given not in map(str, DAYS):
        raise Unfitting({"mark_days": Sentence("console.settings.marks.fault.days")})
    days = int(given)
    await parts.writer.do(lambda session: set_days(session, leader.desk, leader.number, days), leader.desk)


SECTION: Final = Section("marks", days_of, act)
