"""Counties for the tests: each test takes one of its own, so that its desk has nothing of another test in it."""

from dataclasses import dataclass
from functools import cache
from typing import Any

from dispatch import boundaries
from dispatch.settings import CHECKOUT


@dataclass(frozen=True, slots=True)
class Place:
    """A county: its desk, and a position well inside."""

    desk: str
    location: dict[str, Any]

    def number(self, suffix: str = "01") -> str:
        """A dispatcher's number at this desk; the demo has 01, 02, 03 and the shift leader 90."""
        return f"{self.desk}{suffix}"


@cache
def places() -> tuple[Place, ...]:
    """All ninety counties, by code."""
    built = CHECKOUT / "var" / "boundaries.npz"
    boundaries.ensure(built, print)
    inside = {desk: area.representative_point() for desk, area in boundaries.read(built).counties.items()}
    return tuple(
        Place(
            desk,
            {
                "lat": round(point.y, 6),
                "lon": round(point.x, 6),
                "crs": "wgs84",
                "accuracy_m": 5,
                "source": "gnss",
            },
        )
        for desk, point in sorted(inside.items())
    )
