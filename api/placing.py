"""Which desk a report belongs to, from what its reporter's phone or words say of the place."""

import asyncio
import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

from api.bodies import LocationBody, ReportBody
from dispatch.clock import now
from dispatch.coordinates import to_wgs84, validated
from dispatch.desk_numbers import numbers
from dispatch.desks import DESKS, PROVINCE, SMS, Desk
from dispatch.jurisdiction import WIDEST_M, Jurisdiction, NoDeskOpen, Placement, first_open
from dispatch.offering import BORDER_DESKS
from dispatch.openings import open_desks
from dispatch.reads import Reads
from dispatch.states import Place
from dispatch.written import NEVER

KEPT_S = 1.0

OLD = timedelta(minutes=2)
MEASURED = frozenset({"gnss", "network"})

# A circle that reaches more counties than these is no border case: it is hardly a position.
AT_A_BORDER = 3


class Placing:
    """The jurisdiction together with which desks are open just now, and at what number each is texted."""

    def __init__(self, jurisdiction: Jurisdiction, read: Reads) -> None:
        self._jurisdiction = jurisdiction
        self._read = read
        self._open: dict[bool, frozenset[str]] = {}
        self._sms: Mapping[str, str] = {}
        self._asked_at = float("-inf")

    async def placed(
        self, body: ReportBody, *, exercise: bool = False
    ) -> tuple[str, tuple[str, ...], Place | None]:
        """The desk for a report, the notes for its dispatcher, and the position. `exercise`: it is practised, and goes
        to desks that practise alone.

        Raises Refused: `position_invalid`, `outside_jurisdiction`, `no_desk_open`.
        """
        if (deed := await self._placed_by_deed(body, exercise)) is not None:
            return *deed, place_of(body.location) if body.location else None
        location = body.location
        # What was picked stands beside the report, whatever came of it: it is what the reporter said.
        picked = (f"picked:{body.area}",) if body.area else ()
        if location is None:
            area = body.area or area_in(body.place_text or "")
            desk = await self.desk_of(area, exercise=exercise)
            named = bool(body.area or (body.place_text or "").strip())
            notes: tuple[str, ...] = ("no_position" if named else "no_place",)
            if desk != area:
                notes = (*notes, "parent_desk")
            return desk, (*notes, *picked), None
        placement = await self.placement(location, body.area, exercise=exercise)
        return placement.desk, (*_notes_of(placement), *_old(body), *picked), place_of(location)

    async def _placed_by_deed(self, body: ReportBody, exercise: bool) -> tuple[str, tuple[str, ...]] | None:
        """The desk for where the deed was: its position before the area picked for it or named in its words.

        None where the report says nothing of that, or words that name no county: then the reporter's own decides.
        """
        deed = body.deed
        if deed is None:
            return None
        if deed.location is not None:
            placement = await self.placement(deed.location, deed.area, exercise=exercise)
            return placement.desk, ("deed", *_notes_of(placement))
        area = deed.area or area_in(deed.place_text or "")
        if area == PROVINCE:
            return None
        desk = await self.desk_of(area, exercise=exercise)
        return desk, ("deed",) if desk == area else ("deed", "parent_desk")

    async def placement(
        self, location: LocationBody, picked: str | None = None, *, exercise: bool = False
    ) -> Placement:
        """Where a position is and which desk takes it now; between the counties in its circle, the one `picked`."""
        found = self._jurisdiction.place(location.lat, location.lon, location.accuracy_m, location.crs)
        try:
            return self._jurisdiction.desk_for(
                _leaning(found, picked), await self.open_desks(exercise=exercise)
            )
        except NoDeskOpen as closed:
            raise NoDeskOpen(closed.county, await self.sms_of(closed.county)) from None

    async def desk_of(self, area: str, *, exercise: bool = False) -> str:
        """The desk that takes what happens in an area now: its own, or the next one above it that is open."""
        desk = first_open(area, await self.open_desks(exercise=exercise))
        if desk is None:
            raise NoDeskOpen(area, await self.sms_of(area))
        return desk

    async def across_the_border(
        self, desk: str, notes: tuple[str, ...], *, exercise: bool = False
    ) -> tuple[str, ...]:
        """The open desks of the other counties that the position may as well lie in, as `placed` noted them: the
        nearest few, and not those of a circle that says nothing."""
        counties = [note.removeprefix("county:") for note in notes if note.startswith("county:")]
        if len(counties) > AT_A_BORDER:
            return ()
        open_now = await self.open_desks(exercise=exercise)
        return tuple(county for county in counties if county != desk and county in open_now)[:BORDER_DESKS]

    async def open_desks(self, *, exercise: bool = False) -> frozenset[str]:
        """The desks that are open, or those where it is practised, as of a second ago at most."""
        await self._look()
        return self._open[exercise]

    async def sms_of(self, desk: str) -> str:
        """What takes the desk's text messages, as of a second ago at most."""
        await self._look()
        return self._sms.get(desk, SMS)

    async def _look(self) -> None:
        at = asyncio.get_running_loop().time()
        if at - self._asked_at > KEPT_S:
            self._open, self._sms = await self._read(
                lambda session: (
                    {exercise: open_desks(session, exercise=exercise) for exercise in (False, True)},
                    numbers(session),
                )
            )
            self._asked_at = at


def _old(body: ReportBody) -> tuple[str, ...]:
    """The note that the phone's own position is so old that the reporter may be elsewhere.

    Both moments are of the phone's clock: what that is wrong by does not matter.
    """
    taken = body.location.at if body.location and body.location.source in MEASURED else None
    if taken is None or body.written_at is None or body.written_at == NEVER:
        return ()
    return ("position_old",) if body.written_at - taken > OLD else ()


def _notes_of(placement: Placement) -> tuple[str, ...]:
    return (
        *placement.notes,
        *(f"county:{adcode}" for adcode in placement.others),
        *(f"province:{adcode}" for adcode in placement.beyond),
    )


def deed_of(body: ReportBody) -> dict[str, Any] | None:
    """The deed as it is stored: what was said of it, and the WGS-84 made from its position (`lat`, `lon`)."""
    if body.deed is None:
        return None
    said: dict[str, Any] = body.deed.model_dump(mode="json", exclude_none=True)
    if body.deed.location is not None:
        here = place_of(body.deed.location)
        said |= {"lat": here.lat, "lon": here.lon}
    return said


def _leaning(found: Placement, picked: str | None) -> Placement:
    """The same place in the county that its reporter picked, if that is one of those in the circle.

    Someone at a border knows in which of two counties they are better than a phone that is a kilometre off.
    """
    if picked is None or picked not in found.others:
        return found
    others = (found.county, *(adcode for adcode in found.others if adcode != picked))
    return replace(found, county=picked, desk=picked, others=others)


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
    """The area that the words name; the province when none.

    A county before a city. Between several counties the one that is named first, for addresses begin with the
    larger area and end with what lies in it: 「台州市路桥区…台州市农垦场」, 「上城区…，对面是西湖区」. Of two names
    that begin alike, the longer.
    """
    named = min(
        (
            (desk.level == "city", at, -len(desk.name_zh), desk.adcode)
            for desk in DESKS.values()
            if desk.adcode != PROVINCE and (at := _named_at(desk, words)) is not None
        ),
        default=None,
    )
    return named[-1] if named else PROVINCE


def _named_at(desk: Desk, words: str) -> int | None:
    """Where an area is first named, in Chinese or in English."""
    found = words.find(desk.name_zh)
    if found >= 0:
        return found
    english = _ENGLISH[desk.adcode].search(words)
    return english.start() if english else None


# Whole names alone: Linhai City is not in Dinglinhai City.
_ENGLISH = {
    desk.adcode: re.compile(rf"\b{re.escape(desk.name_en)}\b", re.IGNORECASE) for desk in DESKS.values()
}
