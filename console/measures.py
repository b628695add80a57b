"""Numbers with their units, in a language: metres of a position, of a distance; bytes of a file."""

from collections.abc import Callable

from dispatch.words import Words


def metres_in(words: Words) -> Callable[[float], str]:
    """Says how exact a position is."""

    def metres(value: float) -> str:
        if value < 1000:
            return words("console.card.accuracy", n=round(value))
        return words("console.card.accuracy_km", n=f"{value / 1000:.1f}")

    return metres


def distance_in(words: Words) -> Callable[[float], str]:
    """Says how far two places are from one another."""

    def distance(value: float) -> str:
        if value < 1000:
            return words(
                "console.media.distance.metres", n=round(value / 10) * 10 if value >= 100 else round(value)
            )
        return words("console.media.distance.kilometres", n=f"{value / 1000:.1f}")

    return distance


def size_in(words: Words) -> Callable[[int], str]:
    """Says how many bytes a file has."""

    def size(value: int) -> str:
        if value < 1_000_000:
            return words("console.report.bytes_kb", n=max(1, round(value / 1000)))
        return words("console.report.bytes_mb", n=f"{value / 1_000_000:.1f}")

    return size
