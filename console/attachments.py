"""What came with a report, as the console counts, measures and draws it."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from dispatch.coordinates import LatLon, distance_m
from dispatch.media_bounds import BOUNDS
from dispatch.states import MediaState, ReportState
from dispatch.words import Words

ICONS = {"photo": "image", "video": "video", "voice": "mic"}
WAVE_HEIGHT = 32


@dataclass(frozen=True, slots=True)
class Count:
    """How many of a kind are there."""

    kind: str
    icon: str
    n: int


@dataclass(frozen=True, slots=True)
class Tally:
    """What came, by kind, and how many are still to come; `words` says it as a line."""

    counts: tuple[Count, ...]
    missing: int
    words: str


def tally_in(words: Words) -> Callable[[ReportState], Tally]:
    """Counts a report's media in a language: 照片 3 · 视频 1 · 语音 2 · 1 个未到."""

    def tally(report: ReportState) -> Tally:
        ready = [item.kind for item in report.media if item.state == "ready"]
        counts = tuple(Count(kind, ICONS[kind], ready.count(kind)) for kind in BOUNDS if kind in ready)
        coming = sum(item.state == "uploading" for item in report.media)
        missing = coming + max(0, report.media_expected - len(report.media))
        said = [words(f"console.media.count.{count.kind}", n=count.n) for count in counts]
        if missing:
            said.append(words("console.media.missing", n=missing))
        return Tally(counts, missing, " · ".join(said) or words("console.media.none"))

    return tally


def refusal_in(words: Words) -> Callable[[MediaState], str]:
    """Why a medium was rejected, in few words."""

    def refusal(item: MediaState) -> str:
        return words.get(f"console.media.refused.{item.refused}") or words("console.media.refused.other")

    return refusal


def length(item: MediaState) -> str:
    """How long it lasts: `0:12`."""
    seconds = round((item.duration_ms or 0) / 1000)
    return f"{seconds // 60}:{seconds % 60:02}"


def wave(levels: bytes) -> str:
    """An SVG path of bars as high as each moment is loud; `4 × len(levels)` wide and `WAVE_HEIGHT` high."""
    bars = []
    for at, level in enumerate(levels):
        height = max(2, round(level / 255 * WAVE_HEIGHT))
        bars.append(f"M{at * 4 + 2} {(WAVE_HEIGHT - height) // 2}v{height}")
    return "".join(bars)


@dataclass(frozen=True, slots=True)
class TakenAt:
    """Where a camera says that a medium was taken, and how far from where the reporter says to be (metres)."""

    item: MediaState
    place: LatLon
    away_m: float | None


def taken(report: ReportState) -> list[TakenAt]:
    """Of each medium that tells, once for those of a kind that were taken at one spot (some hundred metres).

    It is a place of its own: neither the reporter's position nor the one described.
    """
    spots: dict[tuple[str, float, float], tuple[MediaState, LatLon]] = {}
    for item, place in _places(report.media):
        spots.setdefault((item.kind, round(place.lat, 3), round(place.lon, 3)), (item, place))
    here = report.trail[-1] if report.trail else report.place
    return [
        TakenAt(item, place, None if here is None else distance_m(LatLon(here.lat, here.lon), place))
        for item, place in spots.values()
    ]


def _places(media: Iterable[MediaState]) -> Iterable[tuple[MediaState, LatLon]]:
    for item in media:
        if item.state == "ready" and item.taken_lat is not None and item.taken_lon is not None:
            yield item, LatLon(item.taken_lat, item.taken_lon)
