"""What was measured: one value a round for us and for the floor beside us, and what is said of them."""

import statistics
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Literal


@dataclass(frozen=True, slots=True)
class Aim:
    """What a figure should be: the value itself or its ratio to the floor, at most or at least `bound`."""

    of: Literal["value", "ratio"]
    way: Literal["≤", "≥"]
    bound: float

    def met(self, value: float) -> bool:
        """Whether the value, or ratio, keeps to it."""
        return value <= self.bound if self.way == "≤" else value >= self.bound


@dataclass(slots=True)
class Figure:
    """One line of the table. `ours` and `floor` have one value a round, measured right after one another."""

    run: str
    name: str
    unit: str
    ours: list[float] = field(default_factory=list)
    floor: list[float] = field(default_factory=list)
    floor_name: str = ""
    aim: Aim | None = None
    n: int = 0  # samples of ours in all rounds together
    size: int | None = None  # of what grows, where the line is one of a growth

    @property
    def ratios(self) -> list[float]:
        """Ours to the floor, round by round: what slows the machine for a while slows both."""
        pairs = zip(self.ours, self.floor, strict=False)
        return [ours / floor for ours, floor in pairs if floor]

    @property
    def met(self) -> bool | None:
        """Whether the aim is met; None where there is none, or nothing to tell it by."""
        values = self.ours if self.aim is None or self.aim.of == "value" else self.ratios
        return None if self.aim is None or not values else self.aim.met(statistics.median(values))

    def told(self) -> dict[str, Any]:
        """For the JSON file: the medians, the spread, and every round."""
        return {
            "run": self.run,
            "name": self.name,
            "unit": self.unit,
            "n": self.n,
            "size": self.size,
            "ours": spread(self.ours),
            "floor": spread(self.floor) | {"what": self.floor_name} if self.floor else None,
            "ratio": spread(self.ratios) if self.floor else None,
            "aim": None if self.aim is None else asdict(self.aim) | {"met": self.met},
            "rounds": {"ours": self.ours, "floor": self.floor},
        }


def spread(values: Sequence[float]) -> dict[str, float]:
    """Median, least and greatest of the rounds; nothing of nothing."""
    if not values:
        return {}
    return {"median": statistics.median(values), "min": min(values), "max": max(values)}


def percentile(ordered: Sequence[float], hundredth: float) -> float:
    """By nearest rank; NaN of nothing."""
    if not ordered:
        return float("nan")
    return ordered[min(len(ordered) - 1, int(len(ordered) * hundredth / 100))]


def summary(values: Iterable[float]) -> dict[str, float]:
    """What is kept of one round's times (seconds in, milliseconds out)."""
    ordered = sorted(value * 1000 for value in values)
    return {
        "n": len(ordered),
        "p50": percentile(ordered, 50),
        "p90": percentile(ordered, 90),
        "p99": percentile(ordered, 99),
        "max": ordered[-1] if ordered else float("nan"),
    }
