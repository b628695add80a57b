"""Transfers, proposals and closures as the console tells them: lines of the conversation, a word for whom it concerns,
and one for the shift leader."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime

from dispatch.jurisdiction import name_of_area
from dispatch.routing import ClosureState, ProposalState, TransferState
from dispatch.states import ReportState
from dispatch.unanswered import TOLD_ASKER
from dispatch.words import Words

# What is counted in people when a report was handled.
RESULTS = ("caught", "rescued", "helped")


@dataclass(frozen=True, slots=True)
class Told:
    """One line of the conversation: what was done, by whom, and the words that were written to it."""

    id: str
    event: str
    at: datetime
    icon: str
    key: str  # of the catalogue, filled with the rest
    number: str = ""
    desk: str = ""
    outcome: str = ""
    second: str = ""
    words: str | None = None
    closure: ClosureState | None = None


@dataclass(frozen=True, slots=True)
class Word:
    """What some dispatchers are told aloud, once; `kind` as of a notice."""

    id: str
    numbers: str
    kind: str
    says: str


def lines(report: ReportState) -> Iterator[Told]:
    """What happened to a report between desks and between colleagues."""
    for transfer in report.transfers:
        yield from _of_transfer(transfer)
    for proposal in report.proposals:
        yield from _of_proposal(proposal)
    for closure in report.closures:
        yield Told(
            f"closure-{closure.id}",
            "closed",
            closure.at,
            "archive",
            "console.closing.line_together" if closure.second else "console.closing.line",
            closure.dispatcher_number,
            outcome=closure.outcome,
            second=closure.second or "",
            words=closure.reason,
            closure=closure,
        )


def _of_transfer(transfer: TransferState) -> Iterator[Told]:
    yield Told(
        f"transfer-{transfer.id}",
        "transfer-asked",
        transfer.asked_at,
        "forward",
        "console.transfer.line.asked",
        transfer.dispatcher_number,
        transfer.to_desk,
        words=transfer.reason,
    )
    if transfer.ended_at is not None and transfer.ended_by in {"accepted", "returned", "recalled"}:
        yield Told(
            f"transfer-end-{transfer.id}",
            f"transfer-{transfer.ended_by}",
            transfer.ended_at,
            "undo-2" if transfer.ended_by == "returned" else "user-check",
            f"console.transfer.line.{transfer.ended_by}",
            transfer.answered_by or "",
            transfer.to_desk,
            words=transfer.answer,
        )


def _of_proposal(proposal: ProposalState) -> Iterator[Told]:
    yield Told(
        f"proposal-{proposal.id}",
        "proposed",
        proposal.at,
        "gavel",
        "console.proposal.line.proposed",
        proposal.dispatcher_number,
        outcome=proposal.outcome,
        words=proposal.reason,
    )
    if proposal.ended_at is not None and proposal.ended_by in {"refused", "withdrawn"}:
        yield Told(
            f"proposal-end-{proposal.id}",
            f"proposal-{proposal.ended_by}",
            proposal.ended_at,
            "undo-2",
            f"console.proposal.line.{proposal.ended_by}",
            proposal.decided_by or "",
            outcome=proposal.outcome,
            words=proposal.answer,
        )


def results_in(words: Words) -> Callable[[ClosureState], str]:
    """Says what came of a handled report, in people; nothing where nothing was said."""

    def results(closure: ClosureState) -> str:
        counted = ((name, getattr(closure, name)) for name in RESULTS)
        said = [words(f"console.closing.{name}_n", n=count) for name, count in counted if count is not None]
        return words("console.closing.between").join(said)

    return results


def word_in(words: Words) -> Callable[[ReportState], Word | None]:
    """The newest of what somebody asked for and has to know of."""

    def word(report: ReportState) -> Word | None:
        found = [*_word_of_transfer(report, words), *_word_of_proposal(report, words)]
        return max(found, key=lambda one: one[0])[1] if found else None

    return word


def _word_of_transfer(report: ReportState, words: Words) -> Iterator[tuple[datetime, Word]]:
    transfer = report.transfers[-1] if report.transfers else None
    if transfer is None or transfer.to_desk == (report.at or report.desk):
        return
    desk = name_of_area(transfer.to_desk, words.language)
    numbers = " ".join(sorted({transfer.dispatcher_number, *filter(None, [report.handler])}))
    if transfer.ended_at is not None and transfer.ended_by in {"accepted", "returned"}:
        says = words(
            f"console.transfer.word.{transfer.ended_by}",
            number=report.number,
            desk=desk,
            dispatcher=transfer.answered_by or "",
            reason=transfer.answer or "",
        )
        kind = "lost" if transfer.ended_by == "accepted" else "fault"
        yield transfer.ended_at, Word(f"{transfer.id} {transfer.ended_by}", numbers, kind, says)
    elif transfer.ended_at is None and transfer.told >= TOLD_ASKER:
        says = words("console.transfer.word.unanswered", number=report.number, desk=desk)
        yield transfer.asked_at, Word(f"{transfer.id} unanswered", numbers, "fault", says)


def _word_of_proposal(report: ReportState, words: Words) -> Iterator[tuple[datetime, Word]]:
    proposal = report.proposals[-1] if report.proposals else None
    if proposal is None or proposal.ended_at is None or proposal.ended_by not in {"refused", "confirmed"}:
        return
    says = words(
        f"console.proposal.word.{proposal.ended_by}",
        number=report.number,
        dispatcher=proposal.decided_by or "",
        reason=proposal.answer or "",
    )
    kind = "fault" if proposal.ended_by == "refused" else "lost"
    word = Word(f"{proposal.id} {proposal.ended_by}", proposal.dispatcher_number, kind, says)
    yield proposal.ended_at, word


def for_leader_in(words: Words) -> Callable[[ReportState], str]:
    """What the shift leader of the report's desk has to see of it: refused and unanswered transfers, and what waits for
    a second person; mostly nothing."""

    def said(report: ReportState) -> str:
        if report.comes:
            return ""
        if report.proposal:
            return words(
                "console.leader.to_decide",
                outcome=words(f"console.outcome.{report.proposal.outcome}"),
                number=report.proposal.dispatcher_number,
            )
        if report.sent_back:
            return words(
                "console.leader.sent_back",
                desk=name_of_area(report.sent_back.to_desk, words.language),
                reason=report.sent_back.answer or "",
            )
        if report.goes and report.goes.told >= TOLD_ASKER:
            desk = name_of_area(report.goes.to_desk, words.language)
            return words("console.leader.unanswered", desk=desk)
        return ""

    return said
