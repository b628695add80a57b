"""What a desk's page says on its socket: how far its screen has come, and what is in hand on it."""

from dataclasses import dataclass
from uuid import UUID

import orjson

# What a database can count with.
MOST = 2**63 - 1


@dataclass(frozen=True, slots=True)
class Shown:
    """The screen has painted the states up to event `seq`."""

    seq: int


@dataclass(frozen=True, slots=True)
class Looking:
    """This report is in hand on it; None: none."""

    report: UUID | None


@dataclass(frozen=True, slots=True)
class Seen:
    """This version of the report in hand was painted."""

    report: UUID
    version: int


def understood(text: str) -> Shown | Looking | Seen | None:
    """The frame; None for a kind that is not known. Raises ValueError for what is no frame."""
    try:
        frame = orjson.loads(text)
        match frame["type"]:
            case "shown":
                return Shown(_number(frame["seq"]))
            case "looking":
                return Looking(UUID(frame["report"]) if frame["report"] else None)
            case "seen":
                return Seen(UUID(frame["report"]), _number(frame["version"]))
    except (KeyError, TypeError, AttributeError):
        raise ValueError("no frame") from None
    return None


def _number(value: object) -> int:
    if type(value) is not int or not 0 <= value <= MOST:
        raise ValueError("no number")
    return value
