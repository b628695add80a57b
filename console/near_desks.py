"""The desks that a report can be transferred to: first that of its place and those around, then the rest."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Final

from console.spots import described, dot_of
from dispatch.desks import DESKS, PROVINCE, city_of
from dispatch.states import ReportState
from dispatch.surroundings import Surroundings
from dispatch.tongues import in_chinese

# So many counties around the place come first: it may lie in any of them, and hardly in others.
AROUND: Final = 5


@dataclass(frozen=True, slots=True)
class DeskToAsk:
    """A desk, and what it is found by: its code, its names, the first letters of its name's syllables."""

    adcode: str
    name: str
    found_by: str
    near: bool


def desks_for(
    report: ReportState, open_desks: Collection[str], surroundings: Surroundings | None, language: str
) -> Sequence[DeskToAsk]:
    """The other open desks, those that come first first."""
    near = _near(report, surroundings)
    first = near[0] if near else report.desk
    city = "" if first == PROVINCE else city_of(first)
    siblings = [adcode for adcode in DESKS if city and adcode[:4] == city[:4]]
    order = dict.fromkeys((*near, *siblings, *DESKS))
    around = set(near)
    return [
        DeskToAsk(
            adcode,
            DESKS[adcode].name_zh if in_chinese(language) else DESKS[adcode].name_en,
            f"{adcode} {DESKS[adcode].name_zh} {DESKS[adcode].initials} {DESKS[adcode].name_en.lower()}",
            adcode in around,
        )
        for adcode in order
        if adcode in open_desks and adcode != report.desk
    ]


def _near(report: ReportState, surroundings: Surroundings | None) -> list[str]:
    place = dot_of(report)
    if place is not None and surroundings is not None:
        around = [adcode for adcode in surroundings.counties(place) if adcode != report.desk]
        return around[:AROUND]
    said = described(report)
    return [said.area] if said and said.area in DESKS and said.area != report.desk else []
