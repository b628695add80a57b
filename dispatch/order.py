"""The order of those who wait, and why each stands where it stands.

Whoever waits longest comes first; what a report says of itself counts as minutes of waiting, more or fewer. So the
place of a report is one number that never changes by time alone: when it was filed, less its minutes. Two reports
change places only when one of them changes, and whoever has waited long enough comes before any newcomer (`SPAN_MIN`).

Nobody is refused by this: a long record of nuisance stands a few minutes lower, and any danger sign lifts that again.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal

Sign = Literal[
    "duress",
    "covert",
    "danger",
    "impaired",
    "fraud",
    "tip",
    "nuisance",
    "nuisance_lifted",
    "marked",
    "marked_lifted",
    "taken_back",
]

# Minutes of waiting that a sign counts for. Who is threatened comes before who may be, both before what is written.
DURESS_MIN: Final = 24 * 60
COVERT_MIN: Final = 120
# Ranked first among equals (domain.md): more than a moment, less than a danger.
IMPAIRED_MIN: Final = 10
# A danger word counts for what its desk gives it, never for more than this; of several the strongest counts.
DANGER_MOST_MIN: Final = 60
# What is no emergency: a fraud is written down after the fact, a tip-off is read when there is time.
KIND_MIN: Final[dict[str, int]] = {"fraud": -30, "tip": -120}
# A record of false or harassing reports: from so many on, so many minutes lower.
NUISANCE: Final = ((10, -20), (3, -10))
# Marked as a nuisance by the shift leader: in the place of what the record counts for, which it was marked for.
MARKED_MIN: Final = -30
# Taken back before anybody had it: after those who still ask for help. A duress word outweighs it, for who is
# threatened may have been made to.
TAKEN_BACK_MIN: Final = -24 * 60

MOST_MIN: Final = DURESS_MIN + COVERT_MIN + DANGER_MOST_MIN + IMPAIRED_MIN
_WORST_RECORD_MIN: Final = min(MARKED_MIN, *(minutes for _, minutes in NUISANCE))
LEAST_MIN: Final = TAKEN_BACK_MIN + min(KIND_MIN.values()) + _WORST_RECORD_MIN
# Whoever has waited so much longer than another comes first, whatever either says.
SPAN_MIN: Final = MOST_MIN - LEAST_MIN
# So far danger words can bring a report forward: by what they count, and by the record that they take off.
WORDS_MOST_MIN: Final = DANGER_MOST_MIN - _WORST_RECORD_MIN


@dataclass(frozen=True, slots=True)
class Danger:
    """A danger word that was found, and the minutes that its desk gives it."""

    word: str
    minutes: int


@dataclass(frozen=True, slots=True)
class Signs:
    """What counts of a report besides its time."""

    kind: str = "quick"  # quick | location | fraud | tip
    duress: bool = False  # a duress word was said, and nobody has taken notice
    covert: bool = False
    impaired: bool = False
    dangers: tuple[Danger, ...] = ()
    invalid: int = 0  # earlier reports of the same person that were invalid
    taken_back: bool = False  # by its reporter, before anybody had it
    marked: bool = False  # its reporter stands marked as a nuisance


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a report stands higher (minutes above 0) or lower. `words`, `count`: of danger words, of invalid reports."""

    sign: Sign
    minutes: int
    words: tuple[str, ...] = ()
    count: int = 0


def reasons(signs: Signs) -> tuple[Reason, ...]:
    """All that moves a report, the weightiest first; nothing for one that stands by its time alone."""
    found = [Reason("duress", DURESS_MIN)] if signs.duress else []
    if signs.covert:
        found.append(Reason("covert", COVERT_MIN))
    if signs.dangers:
        strongest = max(danger.minutes for danger in signs.dangers)
        words = tuple(danger.word for danger in signs.dangers)
        found.append(Reason("danger", min(strongest, DANGER_MOST_MIN), words))
    if signs.impaired:
        found.append(Reason("impaired", IMPAIRED_MIN))
    nuisance = _nuisance(signs.invalid)
    if signs.marked:
        found.append(Reason("marked_lifted", 0) if found else Reason("marked", MARKED_MIN))
    elif nuisance and found:
        found.append(Reason("nuisance_lifted", 0, count=signs.invalid))
    elif nuisance:
        found.append(Reason("nuisance", nuisance, count=signs.invalid))
    if signs.kind == "fraud":
        found.append(Reason("fraud", KIND_MIN["fraud"]))
    elif signs.kind == "tip":
        found.append(Reason("tip", KIND_MIN["tip"]))
    if signs.taken_back:
        found.append(Reason("taken_back", TAKEN_BACK_MIN))
    return tuple(found)


def _nuisance(invalid: int) -> int:
    return next((minutes for least, minutes in NUISANCE if invalid >= least), 0)


def rank(filed_at: datetime, why: Sequence[Reason]) -> int:
    """The number that waiting reports are sorted by, the smallest first (milliseconds since 1970, less the minutes)."""
    return round(filed_at.timestamp() * 1000) - sum(reason.minutes for reason in why) * 60_000
