"""The times that a desk sets for itself: when who is told of a report that waits, when a card changes its look, when
a report is offered again.

A change is an event with the old and the new numbers, so that a figure of last month can be read by the times that
held then.
"""

from collections.abc import Mapping
from dataclasses import asdict, astuple, dataclass
from itertools import pairwise
from typing import Final, Literal

from sqlalchemy import bindparam, select, update
from sqlmodel import Session

from dispatch.errors import Refused
from dispatch.events import DESK_SET, lock_log, record
from dispatch.models import TABLES

Rule = Literal["number", "least", "most", "ascending"]

_DESK = TABLES["desk"]


@dataclass(frozen=True, slots=True)
class Times:
    """Seconds. The first six count from the filing; the last two from when the dispatcher was last heard of, or last
    did something, and 0 means never."""

    tell_desk_s: int
    tell_leader_s: int
    tell_parent_s: int
    late_1_s: int
    late_2_s: int
    late_3_s: int
    again_offline_s: int
    again_idle_s: int

    @property
    def late_s(self) -> tuple[int, int, int]:
        """The three steps of a waiting card's look."""
        return self.late_1_s, self.late_2_s, self.late_3_s


@dataclass(frozen=True, slots=True)
class Fault:
    """Why a number cannot stand: `rule`, and the number that it is measured by."""

    rule: Rule
    limit: int = 0


# Nobody can be told sooner than a person can press a key; and what waits longer than a quarter of an hour untold has
# been lost, whoever set it so.
BOUNDS: Final[Mapping[str, tuple[int, int]]] = {
    "tell_desk_s": (5, 300),
    "tell_leader_s": (10, 600),
    "tell_parent_s": (15, 900),
    "late_1_s": (5, 300),
    "late_2_s": (6, 600),
    "late_3_s": (7, 900),
    "again_offline_s": (15, 3600),
    "again_idle_s": (60, 7200),
}
ASCENDING: Final = (("tell_desk_s", "tell_leader_s", "tell_parent_s"), ("late_1_s", "late_2_s", "late_3_s"))
MAY_BE_NEVER: Final = frozenset({"again_offline_s", "again_idle_s"})

_TIMES = select(*(_DESK.c[name] for name in BOUNDS)).where(_DESK.c.adcode == bindparam("of"))


def times_of(session: Session, desk: str) -> Times:
    """The desk's times. Raises Refused `desk_unknown`."""
    row = session.connection().execute(_TIMES, {"of": desk}).one_or_none()
    if row is None:
        raise Refused("desk_unknown", desk=desk)
    return Times(*row)


def faults_in(times: Times) -> dict[str, Fault]:
    """What is wrong with these times, by field; nothing when they can stand."""
    found: dict[str, Fault] = {}
    numbers = asdict(times)
    for name, (least, most) in BOUNDS.items():
        never = name in MAY_BE_NEVER and numbers[name] == 0
        if numbers[name] < least and not never:
            found[name] = Fault("least", least)
        elif numbers[name] > most:
            found[name] = Fault("most", most)
    for steps in ASCENDING:
        for before, after in pairwise(steps):
            if before not in found and after not in found and numbers[after] <= numbers[before]:
                found[after] = Fault("ascending", numbers[before])
    return found


def set_times(session: Session, desk: str, dispatcher: str, times: Times, seen: Times | None = None) -> bool:
    """Let these times hold from now on. `seen` are those that whoever changes them had before their eyes: gives False,
    and changes nothing, when others hold meanwhile.

    Raises Refused `field_invalid` with the `fields`.
    """
    if faults := faults_in(times):
        raise Refused("field_invalid", fields=sorted(faults))
    lock_log(session, desk)
    before = times_of(session, desk)
    if seen is not None and seen != before:
        return False
    old, new = asdict(before), asdict(times)
    changed = {name: [old[name], new[name]] for name in BOUNDS if old[name] != new[name]}
    if changed:
        values = {name: after for name, (_, after) in changed.items()}
        session.connection().execute(update(_DESK).where(_DESK.c.adcode == desk).values(**values))
        record(session, desk, DESK_SET, actor=f"dispatcher:{dispatcher}", data={"set": changed})
    return True


def written(times: Times) -> str:
    """The times on one line, in the order of their fields."""
    return " ".join(map(str, astuple(times)))
