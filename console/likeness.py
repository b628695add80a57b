"""Why two reports may be of one event, in words."""

from collections.abc import Callable

from console import measures
from dispatch.words import Words


def likeness_in(words: Words) -> Callable[[str, int], str]:
    """`near` with its metres, `soon` with its seconds (below 0: earlier), `text` with its percent, or a bare sign."""
    distance = measures.distance_in(words)

    def said(sign: str, value: int) -> str:
        if sign == "near":
            return words("console.incident.why.near", distance=distance(value))
        if sign != "soon":
            return (
                words(f"console.incident.why.{sign}", n=value)
                if value
                else words(f"console.incident.why.{sign}")
            )
        minutes = round(abs(value) / 60)
        if not minutes:
            return words("console.incident.why.same_minute")
        return words(f"console.incident.why.{'earlier' if value < 0 else 'later'}", n=minutes)

    return said
