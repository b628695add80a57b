"""Scales: how fine a duration is kept in figures, and the bands in which it is told.

A duration is counted under the upper edge of its step, in whole seconds: what took 12.3 s counts as 13. So *within
15 s* and each band are exact counts, and a percentile is exact to its step: half of all took no longer than this edge.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

# The edge of what took longer than the scale reaches.
BEYOND: Final = 10**9

MINUTE, HOUR, DAY = 60, 3600, 86_400


@dataclass(frozen=True, slots=True)
class Scale:
    """`steps`: (as far as, how fine), in seconds, ascending. `bands`: the upper edges of all but the last band.
    `within`: the edges whose shares are told besides. Every edge of these is an edge of a step."""

    name: str
    steps: tuple[tuple[int, int], ...]
    bands: tuple[int, ...]
    within: tuple[int, ...] = ()

    @property
    def reach(self) -> int:
        """How long a duration is told apart, in seconds."""
        return self.steps[-1][0]

    def step_at(self, edge: int) -> int:
        """How fine it is kept there, in seconds."""
        return next((step for reach, step in self.steps if edge <= reach), self.steps[-1][1])

    def edge(self, seconds: float) -> int:
        """The upper edge of the step that a duration falls into. What two clocks make negative took no time."""
        below = 0
        for reach, step in self.steps:
            if seconds <= reach:
                return below + max(1, math.ceil((seconds - below) / step)) * step
            below = reach
        return BEYOND

    def in_bands(self, counts: Mapping[int, int]) -> list[int]:
        """How many fall into each band: above the edge before, up to and with its own; the last has no end."""
        found = [0] * (len(self.bands) + 1)
        for edge, count in counts.items():
            found[sum(edge > band for band in self.bands)] += count
        return found


def within(counts: Mapping[int, int], seconds: int) -> int:
    """How many took no longer than that."""
    return sum(count for edge, count in counts.items() if edge <= seconds)


def percentile(counts: Mapping[int, int], percent: int) -> int | None:
    """By nearest rank, the edge that so many percent did not exceed; None where there is nothing."""
    rank = -(-sum(counts.values()) * percent // 100)
    for edge in sorted(counts):
        rank -= counts[edge]
        if rank <= 0:
            return edge
    return None


ACCEPTED: Final = Scale(
    "accepted",
    ((180, 1), (600, 10), (HOUR, MINUTE), (DAY, 600)),
    bands=(30, 60, 120, 180),
    within=(15, 20, 60),
)
ARRIVED: Final = Scale(
    "arrived",
    ((30 * MINUTE, 15), (2 * HOUR, MINUTE), (DAY, 600)),
    bands=(5 * MINUTE, 10 * MINUTE, 15 * MINUTE, 30 * MINUTE),
)
CLOSED: Final = Scale(
    "closed",
    ((4 * HOUR, MINUTE), (DAY, 600), (7 * DAY, HOUR)),
    bands=(30 * MINUTE, HOUR, 2 * HOUR, 4 * HOUR),
)
SCALES: Final = (ACCEPTED, ARRIVED, CLOSED)
