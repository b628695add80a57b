"""The desk's number for text messages, as a section of its settings page."""

from collections.abc import Mapping

from console.parts import Parts
from console.sections import Section, Sentence, Unfitting
from console.sign_in import AtDesk
from dispatch.desk_numbers import FORM, number_of, set_number


async def act(parts: Parts, leader: AtDesk, form: Mapping[str, str]) -> None:
    """Field `sms`, and `seen`: the number that stood on the page."""
    number = form.get("sms", "").strip()
    if not FORM.fullmatch(number):
        raise Unfitting({"sms": Sentence("console.settings.sms.fault.form")})
    done = await parts.writer.do(
        lambda session: set_number(session, leader.desk, leader.number, number, form.get("seen")), leader.desk
    )
    if not done:
        holds = await parts.read(lambda session: number_of(session, leader.desk))
        beside = Sentence("console.settings.sms.fault.now", {"number": holds})
        raise Unfitting({"": Sentence("console.settings.changed"), "sms": beside})


SECTION = Section("sms", number_of, act)
