"""A play (演练剧本): who reports what when, as a file says it; made into acts at seconds of the play.

The file is TOML, to be read and written by whoever leads the exercise; `commands/plays/evening.toml` says what its
words mean. Everything by chance comes from the seed: the same file and seed give the same acts.
"""

import random
import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from dispatch.errors import Unfit

FOLDER: Final = Path(__file__).with_name("plays")
LONGEST_MIN: Final = 12 * 60
MOST_REPORTS: Final = 2_000
MOST_PEOPLE: Final = 500
_MOMENT: Final = re.compile(r"(?:(\d+):)?(\d+):(\d{2})")


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Spot(_Part):
    """Metres from the middle of the desk's area."""

    east_m: float = 0
    north_m: float = 0


class Later(_Part):
    """One thing that somebody does after they have reported."""

    after_s: Annotated[float, Field(ge=0)]
    say: str | None = None
    move: Spot | None = None
    photo: bool = False
    withdraw: str | None = None
    covert: bool | None = None

    @model_validator(mode="after")
    def _one(self) -> "Later":
        wanted = [self.say, self.move, self.photo or None, self.withdraw, self.covert]
        if sum(one is not None for one in wanted) != 1:
            raise ValueError("says one of say, move, photo, withdraw, covert")
        return self


class PlayedReport(_Part):
    """One report, and what its reporter does with it."""

    at: str
    who: str
    kind: Literal["quick", "location", "fraud", "tip"] = "quick"
    text: str = ""
    category: str | None = None
    place_text: str | None = None
    east_m: float = 0
    north_m: float = 0
    accuracy_m: float = 15
    covert: bool = False
    impaired: bool = False
    language: Literal["zh-CN", "en"] = "zh-CN"
    photos: Annotated[int, Field(ge=0, le=8)] = 0
    fraud: dict[str, Any] | None = None
    deed: dict[str, Any] | None = None
    answers: tuple[str, ...] = ()
    answer_after_s: Annotated[float, Field(ge=0)] = 8
    tap: Annotated[int, Field(ge=0)] = 0
    later: tuple[Later, ...] = ()


class Flood(_Part):
    """Somebody who reports again and again."""

    who: str
    at: str
    every_s: Annotated[float, Field(gt=0)]
    count: Annotated[int, Field(ge=1, le=MOST_REPORTS)]
    texts: Annotated[tuple[str, ...], Field(min_length=1)]
    east_m: float = 0
    north_m: float = 0


class Crowd(_Part):
    """Small things at times and places by chance."""

    reports_per_hour: Annotated[float, Field(ge=0, le=10_000)]
    texts: Annotated[tuple[str, ...], Field(min_length=1)]
    spread_m: Annotated[float, Field(ge=0)] = 2_000


class Play(_Part):
    """The file."""

    title: str
    minutes: Annotated[float, Field(gt=0, le=LONGEST_MIN)]
    report: tuple[PlayedReport, ...] = ()
    flood: tuple[Flood, ...] = ()
    crowd: Crowd | None = None


@dataclass(frozen=True, slots=True, order=True)
class Act:
    """A report at a second of the play."""

    at_s: float
    order: int
    report: PlayedReport = field(compare=False)


def names() -> list[str]:
    """The plays that come along."""
    return sorted(path.stem for path in FOLDER.glob("*.toml"))


def load(name: str) -> Play:
    """A play by its name, or by the path of a file. Raises `Unfit` with a sentence."""
    path = FOLDER / f"{name}.toml" if name in names() else Path(name)
    try:
        return Play.model_validate(tomllib.loads(path.read_text("utf-8")))
    except OSError as error:
        there = ", ".join(names())
        raise Unfit(
            f"{name}: {error.strerror or 'cannot be read'}. There are: {there}; or name a file."
        ) from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise Unfit(f"{path}: {error}") from None
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise Unfit(f"{path}: {where or 'the play'}: {first['msg']}") from None


def acts(play: Play, seed: int) -> list[Act]:
    """The reports in the order of their time. Raises `Unfit`: a moment that is none, more than there may be."""
    chance = random.Random(seed)  # noqa: S311 - chance that can be repeated is what is wanted
    found = [
        Act(at_s, order, report)
        for order, (at_s, report) in enumerate([*_told(play), *_floods(play, chance), *_crowd(play, chance)])
    ]
    if len(found) > MOST_REPORTS or len({act.report.who for act in found}) > MOST_PEOPLE:
        raise Unfit(f"A play has at most {MOST_REPORTS} reports of {MOST_PEOPLE} people.")
    return sorted(found)


def seconds(moment: str) -> float:
    """`1:05` and `1:00:05` as seconds. Raises `Unfit`."""
    fit = _MOMENT.fullmatch(moment)
    if fit is None:
        raise Unfit(f"{moment!r} is no moment of a play: write minutes:seconds, such as 3:05.")
    hours, minutes, rest = (int(part or 0) for part in fit.groups())
    return hours * 3600 + minutes * 60 + rest


def _told(play: Play) -> Iterator[tuple[float, PlayedReport]]:
    for report in play.report:
        yield seconds(report.at), report


def _floods(play: Play, chance: random.Random) -> Iterator[tuple[float, PlayedReport]]:
    for flood in play.flood:
        for number in range(flood.count):
            at_s = seconds(flood.at) + number * flood.every_s
            yield (
                at_s,
                PlayedReport(
                    at=flood.at,
                    who=flood.who,
                    text=chance.choice(flood.texts),
                    east_m=flood.east_m,
                    north_m=flood.north_m,
                ),
            )


def _crowd(play: Play, chance: random.Random) -> Iterator[tuple[float, PlayedReport]]:
    """Arrivals as they come to a desk: independent of each other, so many an hour (a Poisson process)."""
    if play.crowd is None or not play.crowd.reports_per_hour:
        return
    at_s, number = 0.0, 0
    while (at_s := at_s + chance.expovariate(play.crowd.reports_per_hour / 3600)) < play.minutes * 60:
        number += 1
        yield (
            at_s,
            PlayedReport(
                at="0:00",
                who=f"路人{number}",
                text=chance.choice(play.crowd.texts),
                east_m=chance.gauss(0, play.crowd.spread_m / 2),
                north_m=chance.gauss(0, play.crowd.spread_m / 2),
            ),
        )
