"""How a place is written: in each system of coordinates, in decimals and in degrees, minutes and seconds."""

from dataclasses import dataclass
from typing import Final, Literal

from dispatch.coordinates import SYSTEMS, Crs, LatLon, from_wgs84

Form = Literal["decimal", "dms"]
FORMS: Final[tuple[Form, ...]] = ("decimal", "dms")

# Half a tenth of a second of latitude is 1.5 m; six decimals are a decimetre.
_TENTHS_A_DEGREE: Final = 36_000


@dataclass(frozen=True, slots=True)
class Writing:
    """One way to write a place. `key`: system and form, as the page chooses between them."""

    crs: Crs
    form: Form
    text: str

    @property
    def key(self) -> str:
        return f"{self.crs}-{self.form}"


def writings(place: LatLon, came: tuple[Crs, LatLon] | None = None) -> tuple[Writing, ...]:
    """A WGS-84 place in every way. In the system that it came in, it is written as it came."""
    found = []
    for crs in SYSTEMS:
        here = came[1] if came is not None and came[0] == crs else from_wgs84(place.lat, place.lon, crs)
        found += [Writing(crs, "decimal", decimal(here)), Writing(crs, "dms", sexagesimal(here))]
    return tuple(found)


def decimal(place: LatLon) -> str:
    """`30.250000, 120.120000`"""
    return f"{place.lat:.6f}, {place.lon:.6f}"


def sexagesimal(place: LatLon) -> str:
    """`30°15′00.0″N 120°07′12.0″E`"""
    north, east = "N" if place.lat >= 0 else "S", "E" if place.lon >= 0 else "W"
    return f"{_parts(place.lat)}{north} {_parts(place.lon)}{east}"


def _parts(degrees: float) -> str:
    # Rounded before it is divided, so that no second is ever written as 60.0.
    minutes, tenths = divmod(round(abs(degrees) * _TENTHS_A_DEGREE), 600)
    whole, minutes = divmod(minutes, 60)
    return f"{whole}°{minutes:02}′{tenths / 10:04.1f}″"
