"""Where a waiting report stands, and why, in words: what `dispatch.order` says, for a card."""

from collections.abc import Callable
from dataclasses import dataclass

from dispatch.danger_words import Dangers
from dispatch.order import Danger, Reason, Signs, rank, reasons
from dispatch.states import ReportState
from dispatch.words import Words


@dataclass(frozen=True, slots=True)
class Standing:
    """`rank`: the number that cards are sorted by; `why`: a sentence; `dangers`: the danger words that were found."""

    rank: int
    why: str
    dangers: tuple[str, ...]


def signs_of(report: ReportState, dangers: tuple[Danger, ...]) -> Signs:
    """What counts of a report besides its time."""
    return Signs(
        kind=report.kind,
        duress=report.duress_said > report.duress_heard,
        covert=report.covert,
        impaired=report.caller.hearing_speech_impaired,
        dangers=dangers,
        invalid=report.caller.earlier_invalid,
        taken_back=report.taken_back,
        marked=report.caller.mark is not None,
    )


def rank_in(dangers: Dangers) -> Callable[[ReportState], int]:
    """What waiting reports are sorted by."""
    return lambda report: rank(report.waits_since, reasons(signs_of(report, dangers.found_in(report))))


def standing_in(words: Words, dangers: Dangers) -> Callable[[ReportState], Standing]:
    """Says where a report stands, in a language."""

    def standing(report: ReportState) -> Standing:
        found = dangers.found_in(report)
        why = reasons(signs_of(report, found))
        said = words("console.order.between").join(_said(words, reason) for reason in why)
        return Standing(
            rank(report.waits_since, why),
            words("console.order.why", reasons=said) if why else words("console.order.by_time"),
            tuple(danger.word for danger in found),
        )

    return standing


def _said(words: Words, reason: Reason) -> str:
    named = words(
        f"console.order.sign.{reason.sign}",
        words=words("console.order.and").join(reason.words),
        n=reason.count,
    )
    if not reason.minutes:
        return named
    way = "earlier" if reason.minutes > 0 else "later"
    minutes = abs(reason.minutes)
    if minutes >= 120:
        return words(f"console.order.{way}_hours", sign=named, n=minutes // 60)
    return words(f"console.order.{way}", sign=named, n=minutes)
