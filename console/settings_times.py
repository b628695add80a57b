"""The desk's times, as a section of its settings page."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from sqlmodel import Session

from console.parts import Parts
from console.sections import Section, Sentence, Unfitting
from console.sign_in import AtDesk
from dispatch.desk_times import BOUNDS, MAY_BE_NEVER, Times, faults_in, set_times, times_of, written

LONGEST = 6

GROUPS: Final = {
    "tell": ("tell_desk_s", "tell_leader_s", "tell_parent_s"),
    "late": ("late_1_s", "late_2_s", "late_3_s"),
    "again": ("again_offline_s", "again_idle_s"),
}


@dataclass(frozen=True, slots=True)
class Field:
    """One number of the form, with its bounds (seconds)."""

    name: str
    value: int
    least: int
    most: int


@dataclass(frozen=True, slots=True)
class Shown:
    """The form: its groups of numbers, and all of them on a line, to be sent back as what was seen."""

    groups: Mapping[str, tuple[Field, ...]]
    seen: str


def read(session: Session, desk: str) -> Shown:
    times = times_of(session, desk)
    return Shown(
        {name: tuple(_field(times, of) for of in group) for name, group in GROUPS.items()}, written(times)
    )


def _field(times: Times, name: str) -> Field:
    least, most = BOUNDS[name]
    return Field(name, getattr(times, name), 0 if name in MAY_BE_NEVER else least, most)


async def act(parts: Parts, leader: AtDesk, form: Mapping[str, str]) -> None:
    """A field each of `dispatch.desk_times.BOUNDS`, and `seen`: the numbers that stood on the page."""
    numbers = {name: _number(form.get(name, "")) for name in BOUNDS}
    if missing := [name for name, number in numbers.items() if number is None]:
        raise Unfitting({name: Sentence("console.settings.times.fault.number") for name in missing})
    times = Times(**{name: number or 0 for name, number in numbers.items()})
    if faults := faults_in(times):
        raise Unfitting(
            {
                name: Sentence(f"console.settings.times.fault.{fault.rule}", {"n": fault.limit})
                for name, fault in faults.items()
            }
        )
    seen = _seen(form.get("seen", ""))
    done = await parts.writer.do(
        lambda session: set_times(session, leader.desk, leader.number, times, seen), leader.desk
    )
    if not done:
        raise Unfitting(await _changed(parts, leader.desk, times))


async def _changed(parts: Parts, desk: str, typed: Times) -> dict[str, Sentence]:
    """Somebody else was faster: beside each number what holds now, where it is another."""
    holds = await parts.read(lambda session: times_of(session, desk))
    other = [name for name in BOUNDS if getattr(holds, name) != getattr(typed, name)]
    beside = {
        name: Sentence("console.settings.times.fault.now", {"n": getattr(holds, name)}) for name in other
    }
    return {"": Sentence("console.settings.changed"), **beside}


def _number(typed: str) -> int | None:
    typed = typed.strip()
    return int(typed) if typed.isascii() and typed.isdigit() and len(typed) <= LONGEST else None


def _seen(typed: str) -> Times | None:
    """The numbers that stood on the page; None when it does not say."""
    numbers = [_number(part) for part in typed[:200].split()]
    if len(numbers) != len(BOUNDS) or any(number is None for number in numbers):
        return None
    return Times(*(number or 0 for number in numbers))


SECTION = Section("times", read, act)
