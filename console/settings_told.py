"""What reporters read of the units, as a section of the desk's settings page."""

from collections.abc import Mapping
from typing import Final

from console.parts import Parts
from console.sections import Section
from console.sign_in import AtDesk
from dispatch.told import NAMES, Rule, rule_of, set_rule


async def act(parts: Parts, leader: AtDesk, form: Mapping[str, str]) -> None:
    """A field each of `dispatch.told.NAMES`, `1` where it is ticked."""
    rule = Rule(**{name: form.get(name) == "1" for name in NAMES})
    await parts.writer.do(lambda session: set_rule(session, leader.desk, leader.number, rule), leader.desk)


SECTION: Final = Section("told", rule_of, act)
