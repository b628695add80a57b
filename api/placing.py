"""Which desk a report belongs to, from what its reporter's phone or words say of the place."""

import asyncio
import re

from api.bodies import LocationBody, ReportBody
from dispatch.clock import now
from dispatch.coordinates import to_wgs84, validated
from dispatch.desks import DESKS, PROVINCE
from dispatch.errors import Refused
from dispatch.jurisdiction import CALL_ON_LAND, WIDEST_M, Jurisdiction, Placement, first_open
from dispatch.openings import open_desks
from dispatch.reads import Reads
from dispatch.states import Place

OPENINGS_KEPT_S = 1.0


class Placing:
    """The jurisdiction together with which desks are open just now."""

    def __init__(self, jurisdiction: Jurisdiction, read: Reads) -> None:
        self._jurisdiction = jurisdiction
        self._read = read
        self._open: frozenset[str] = frozenset()
        self._asked_at = float("-inf")

    async def placed(self, body: ReportBody) -> tuple[str, tuple[str, ...], Place | None]:
        """The desk for a report, the notes for its dispatcher, and the position.

        Raises Refused: `position_invalid`, `outside_jurisdiction`, `no_desk_open`.
        """
        location = body.location
        if location is None:
            desk, notes = await self._placed_by_words(body.place_text or "")
            return desk, notes, None
        placement = await self.placement(location)
        notes = (
            *placement.notes,
            *(f"county:{adcode}" for adcode in placement.others),
            *(f"province:{adcode}" for adcode in placement.beyond),
        )
        return placement.desk, notes, place_of(location)

    async def placement(self, location: LocationBody) -> Placement:
        """Where a position is and which desk takes it now."""
        found = self._jurisdiction.place(location.lat, location.lon, location.accuracy_m, location.crs)
        return self._jurisdiction.desk_for(found, await self.open_desks())

    async def _placed_by_words(self, words: str) -> tuple[str, tuple[str, ...]]:
        area = area_in(words)
        desk = first_open(area, await self.open_desks())
        if desk is None:
            raise Refused("no_desk_open", county=area, calls=list(CALL_ON_LAND))
        return desk, ("no_position",) if desk == area else ("no_position", "parent_desk")

    async def open_desks(self) -> frozenset[str]:
        """The desks that are open, as of a second ago at most."""
        at = asyncio.get_running_loop().time()
        if at - self._asked_at > OPENINGS_KEPT_S:
            self._open = await self._read(open_desks)
            self._asked_at = at
        return self._open


def place_of(location: LocationBody) -> Place:
    """The position to store: WGS-84, and what came. Raises Refused `position_invalid`."""
    came = validated(location.lat, location.lon)
    here = to_wgs84(came.lat, came.lon, location.crs)
    accuracy = location.accuracy_m  # iOS says -1 for "unknown"; NaN is not ≥ 0 either
    return Place(
        lat=here.lat,
        lon=here.lon,
        accuracy_m=min(accuracy, WIDEST_M) if accuracy is not None and accuracy >= 0 else None,
        source=location.source,
        at=location.at or now(),
        crs=location.crs,
        came_lat=came.lat,
        came_lon=came.lon,
    )


def area_in(words: str) -> str:
    """The area that the words name: a county before a city, the longest name first; the province when none.

    A county's name that stands in two cities (there is none today) goes to the city that is named as well.
    """
    for desk in _BY_LENGTH:
        if desk.name_zh in words or _english(desk.name_en).search(words):
            return desk.adcode
    return PROVINCE


_BY_LENGTH = sorted(
    (desk for desk in DESKS.values() if desk.adcode != PROVINCE),
    key=lambda desk: (desk.level == "city", -len(desk.name_zh)),
)


def _english(name: str) -> re.Pattern[str]:
    return re.compile(rf"\b{re.escape(name)}\b", re.IGNORECASE)
