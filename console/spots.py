"""The places of a report as the console says and draws them: where the reporter is, what was described, the scene.

They are three things, each with its source and its time, and none stands for another. What the reporter's phone says
is the first; what somebody points at or picks, on a map, from a photo, by an area or in words, is the second; the
third is the desk's own.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Literal, cast

import orjson

from console.attachments import taken
from console.degrees import Writing, writings
from console.measures import distance_in
from dispatch.coordinates import Crs, LatLon, distance_m
from dispatch.desks import DESKS
from dispatch.jurisdiction import name_of_area
from dispatch.states import Place, ReportState, SceneState
from dispatch.surroundings import Around, Way
from dispatch.words import Words

Look = Callable[[LatLon], Around | None]

# What somebody chose, not what the phone measured.
CHOSEN: Final = frozenset({"manual", "photo"})
COMPASS: Final = ("n", "ne", "e", "se", "s", "sw", "w", "nw")


@dataclass(frozen=True, slots=True)
class Spot:
    """One of the three. `place` is None for what was said in words or by an area alone."""

    kind: Literal["reporter", "described", "scene"]
    place: LatLon | None
    writings: tuple[Writing, ...] = ()
    accuracy_m: float | None = None
    source: str = ""  # the code of a position's source; empty for the scene
    dispatcher: str = ""  # who placed the scene
    at: datetime | None = None
    n: int = 0  # of the scene: how often it was placed; of the reporter: how many positions came
    words: str = ""  # as the reporter wrote it
    area: str = ""  # the adcode that was picked
    around: str = ""
    away: str = ""  # how far from the reporter


@dataclass(frozen=True, slots=True)
class Spots:
    """The places of a report, and what the map draws of them (JSON)."""

    listed: tuple[Spot, ...]
    drawn: str


def spots_in(words: Words, look: Look) -> Callable[[ReportState], Spots]:
    """Tells a report's places in a language. `look`: what lies around a place, where boundaries are at hand."""
    around, distance = around_in(words), distance_in(words)

    def spots(report: ReportState) -> Spots:
        found = [spot for spot in (reporters(report), described(report), scene(report.scene)) if spot]
        own = next((spot.place for spot in found if spot.kind == "reporter"), None)

        def told(spot: Spot) -> Spot:
            if spot.place is None:
                return spot
            away = ""
            if own is not None and spot.kind != "reporter":
                away = words("console.map.away", distance=distance(distance_m(own, spot.place)))
            return _with(spot, around=around(look(spot.place)), away=away)

        listed = tuple(map(told, found))
        return Spots(listed, drawn(report, listed))

    return spots


def dot_of(report: ReportState) -> LatLon | None:
    """Where a report's card stands on the map: at the scene, else where the reporter is, else what was pointed at."""
    if report.scene is not None:
        return LatLon(report.scene.lat, report.scene.lon)
    for place in (*reversed(_trail(report)), *reversed(_chosen(report))):
        return LatLon(place.lat, place.lon)
    return _deeds_place(report)


def outside_in(words: Words, look: Look) -> Callable[[ReportState], str]:
    """Says which other province a report's place lies in; nothing for ours, and where nobody knows."""

    def outside(report: ReportState) -> str:
        place = dot_of(report)
        found = look(place) if place else None
        if found is None or found.area is None or found.area in DESKS:
            return ""
        return name_of_area(found.area, words.language)

    return outside


def reporters(report: ReportState) -> Spot | None:
    """The newest that the phone itself said."""
    said = _trail(report)
    return _of_place("reporter", said[-1], len(said)) if said else None


def described(report: ReportState) -> Spot | None:
    """What was pointed at or picked, and the words that stand beside it; of a tip-off, the deed's place."""
    deed = report.deed or {}
    written = str(deed.get("place_text") or report.place_text or "")
    picked = next((note.partition(":")[2] for note in report.notes if note.startswith("picked:")), "")
    area = str(deed.get("area") or picked)
    if (there := _deeds_place(report)) is not None:
        source = str((deed.get("location") or {}).get("source") or "manual")
        return Spot("described", there, writings(there), source=source, words=written, area=area)
    if chosen := _chosen(report):
        return _with(_of_place("described", chosen[-1], len(chosen)), words=written, area=area)
    if not (written or area):
        return None
    return Spot("described", None, at=report.filed_at, words=written, area=area)


def scene(placed: SceneState | None) -> Spot | None:
    """Where the desk put it."""
    if placed is None:
        return None
    here, came = LatLon(placed.lat, placed.lon), LatLon(placed.came_lat, placed.came_lon)
    return Spot(
        "scene",
        here,
        writings(here, (cast(Crs, placed.crs), came)),
        placed.accuracy_m,
        dispatcher=placed.dispatcher_number,
        at=placed.at,
        n=placed.n,
    )


def _positions(report: ReportState) -> Sequence[Place]:
    return (*((report.place,) if report.place else ()), *report.trail)


def _trail(report: ReportState) -> list[Place]:
    """What the phone said, oldest first."""
    return sorted((p for p in _positions(report) if p.source not in CHOSEN), key=lambda place: place.at)


def _chosen(report: ReportState) -> list[Place]:
    """What somebody pointed at, oldest first."""
    return sorted((p for p in _positions(report) if p.source in CHOSEN), key=lambda place: place.at)


def _deeds_place(report: ReportState) -> LatLon | None:
    deed = report.deed or {}
    lat, lon = deed.get("lat"), deed.get("lon")
    return LatLon(lat, lon) if isinstance(lat, float) and isinstance(lon, float) else None


def _of_place(kind: Literal["reporter", "described"], place: Place, n: int) -> Spot:
    here, came = LatLon(place.lat, place.lon), LatLon(place.came_lat, place.came_lon)
    written = writings(here, (cast(Crs, place.crs), came))
    return Spot(kind, here, written, place.accuracy_m, place.source, at=place.at, n=n)


def _with(spot: Spot, **values: Any) -> Spot:
    return Spot(**{name: getattr(spot, name) for name in Spot.__dataclass_fields__} | values)


def around_in(words: Words) -> Callable[[Around | None], str]:
    """Says what lies around: 西湖区，中心西南 5.2 公里；距滨江区 1.2 公里，在东南。 Nothing where nothing is known."""
    distance = distance_in(words)

    def way(key: str, way: Way, **values: object) -> str:
        side = COMPASS[round(way.bearing / 45) % 8]
        return words(key, distance=distance(way.metres), side=words(f"console.map.side.{side}"), **values)

    def around(found: Around | None) -> str:
        if found is None:
            return ""
        parts = [name_of_area(found.area, words.language) if found.area else words("console.map.at_sea")]
        if found.middle is not None:
            parts.append(way("console.map.middle", found.middle))
        if found.border is not None and found.neighbour is not None:
            name = name_of_area(found.neighbour, words.language)
            parts.append(way("console.map.border", found.border, name=name))
        return words("console.map.between").join(parts)

    return around


def drawn(report: ReportState, spots: Sequence[Spot]) -> str:
    """What the map draws: places in WGS-84, radii in metres, the reporter's way oldest first, photos' own places."""
    found: dict[str, Any] = {
        "report": str(report.id),
        "closed": report.status == "closed" or bool(report.comes),
    }
    for spot in spots:
        here = {"lat": spot.place.lat, "lon": spot.place.lon} if spot.place else {}
        found[spot.kind] = here | {"m": spot.accuracy_m, "n": spot.n, "area": spot.area}
    found["trail"] = [[place.lat, place.lon] for place in _trail(report)]
    found["photos"] = [[spot.place.lat, spot.place.lon] for spot in taken(report)]
    return orjson.dumps(found).decode()
