"""What a client saw or did, one line of JSON each. Times are seconds of the machine's monotonic clock."""

import time
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Self

import orjson


@dataclass(frozen=True, slots=True)
class Answered:
    """A POST of a report was answered 201 or 200: the server promises that it is stored."""

    at: float
    who: str
    reporter: str
    key: str
    report: str
    number: str
    status: int


@dataclass(frozen=True, slots=True)
class Told:
    """A reporter was told the state of a report, by an answer or a frame."""

    at: float
    who: str
    reporter: str
    report: str
    version: int
    status: str
    received_by: str | None  # the number of the dispatcher that 已接收 names


@dataclass(frozen=True, slots=True)
class Pressed:
    """A dispatcher is about to accept a report."""

    at: float
    who: str
    report: str


@dataclass(frozen=True, slots=True)
class Accepted:
    """The acceptance was answered: 200 to the winner, 409 to everybody else."""

    at: float
    who: str
    report: str
    code: int


@dataclass(frozen=True, slots=True)
class Card:
    """A report as a console's screen has it."""

    report: str
    desk: str
    version: int
    status: str


@dataclass(frozen=True, slots=True)
class Shown:
    """A console was given cards that hold its desk's log up to `seq`; `whole`: everything that is open."""

    at: float
    who: str
    desk: str
    epoch: str
    seq: int
    whole: bool
    cards: list[Card] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Attentive:
    """Somebody's screen was open and in step when the history ended: it must show the last truth."""

    at: float
    who: str


Sighting = Answered | Told | Pressed | Accepted | Shown | Attentive
_KINDS: dict[str, type[Sighting]] = {
    kind.__name__: kind for kind in (Answered, Told, Pressed, Accepted, Shown, Attentive)
}


class History:
    """All sightings of a run, in the order in which they were written down; kept in a file where one is named."""

    def __init__(self, path: Path | None = None) -> None:
        self.sightings: list[Sighting] = []
        self._file = path.open("ab") if path else None

    def add(self, sighting: Sighting) -> None:
        self.sightings.append(sighting)
        if self._file:
            self._file.write(orjson.dumps({"kind": type(sighting).__name__, **asdict(sighting)}) + b"\n")

    def until_now(self) -> Self:
        """What was written down so far; what comes later is not in it."""
        history = type(self)()
        history.sightings = list(self.sightings)
        return history

    def close(self) -> None:
        if self._file:
            self._file.close()

    @classmethod
    def read(cls, path: Path) -> Self:
        """A history that was kept. Raises KeyError or TypeError for what is none."""
        history = cls()
        for line in path.read_bytes().splitlines():
            fields = orjson.loads(line)
            kind = _KINDS[fields.pop("kind")]
            if kind is Shown:
                fields["cards"] = [Card(**card) for card in fields["cards"]]
            history.add(kind(**fields))
        return history


def clock() -> float:
    """The time that sightings carry."""
    return time.monotonic()
