"""Holds a history against the record: which invariant of architecture.md was broken first, when and for whom.

I6 (failure is loud) is about a page and its clock; tests/test_citizen_page.py holds it.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final, Literal

from tests.history.record import Logged, Record
from tests.history.sightings import Accepted, Answered, Attentive, History, Pressed, Shown, Sighting, Told

_AT_THE_END = float("inf")

Sort = Literal["lost", "doubled", "misordered", "falsely received"]
SORTS: Final[tuple[Sort, ...]] = ("lost", "doubled", "misordered", "falsely received")


@dataclass(frozen=True, slots=True, order=True)
class Violation:
    """What was broken, and the first moment at which anybody could tell; infinity: only at the end.

    `sort` is what it is counted as: something was lost to somebody, happened twice, came in another order, or somebody
    was told what is not so, or not theirs.
    """

    at: float
    invariant: str
    sentence: str
    sort: Sort


def first_violation(history: History, record: Record) -> Violation | None:
    """The earliest of all violations; None when everything holds."""
    return min(violations(history, record), default=None)


def violations(history: History, record: Record) -> list[Violation]:
    """All violations, the earliest first."""
    seen = history.sightings
    found = [
        *_answers(seen, record),
        *_acceptances(seen, record),
        *_receipts(seen, record),
        *_screens(seen, record),
        *_ends(seen, record),
    ]
    return sorted(found)


def _answers(seen: Iterable[Sighting], record: Record) -> Iterator[Violation]:
    """I1: what was answered 201 is stored. I7: one key, one report."""
    of_key: dict[tuple[str, str], str] = {}
    for sighting in seen:
        if not isinstance(sighting, Answered):
            continue
        key = (sighting.reporter, sighting.key)
        first = of_key.setdefault(key, sighting.report)
        if first != sighting.report:
            yield Violation(
                sighting.at, "I7", f"{sighting.who}: one key gave {first} and {sighting.report}", "doubled"
            )
        stored = record.reports.get(sighting.report)
        if stored is None:
            yield Violation(
                sighting.at, "I1", f"{sighting.who}: {sighting.report} was answered and is not stored", "lost"
            )
        elif (stored.reporter, stored.key, stored.number) != (*key, sighting.number):
            yield Violation(
                sighting.at,
                "I7",
                f"{sighting.who}: {sighting.report} is stored as somebody else's",
                "doubled",
            )
    under: dict[tuple[str, str], list[str]] = defaultdict(list)
    for report in record.reports.values():
        under[report.reporter, report.key].append(report.id)
    for reports in under.values():
        if len(reports) > 1:
            yield Violation(
                _AT_THE_END, "I7", f"one key has the reports {', '.join(sorted(reports))}", "doubled"
            )


def _acceptances(seen: Iterable[Sighting], record: Record) -> Iterator[Violation]:
    """I3: at most one acknowledgement a report, and only its dispatcher was told that it is theirs."""
    winner: dict[str, str] = {}
    for sighting in seen:
        if not isinstance(sighting, Accepted) or sighting.code != 200:
            continue
        first = winner.setdefault(sighting.report, sighting.who)
        if first != sighting.who:
            yield Violation(
                sighting.at, "I3", f"{first} and {sighting.who} both received {sighting.report}", "doubled"
            )
        received = record.received.get(sighting.report)
        if received is None:
            yield Violation(
                sighting.at, "I3", f"{sighting.who} received {sighting.report}; nothing is recorded", "lost"
            )
        elif received.dispatcher != sighting.who:
            yield Violation(
                sighting.at,
                "I3",
                f"{sighting.who} received {sighting.report}; the record says {received.dispatcher}",
                "doubled",
            )
    for report, count in record.acknowledged().items():
        if count > 1:
            yield Violation(_AT_THE_END, "I3", f"{report} was acknowledged {count} times", "doubled")


def _receipts(seen: Iterable[Sighting], record: Record) -> Iterator[Violation]:
    """I4: 已接收 is told only after its commit, to its reporter, in the dispatcher's own number. I5: to nobody else."""
    pressed: dict[str, float] = {}
    for sighting in seen:
        if isinstance(sighting, Pressed):
            pressed.setdefault(sighting.report, sighting.at)
        if not isinstance(sighting, Told):
            continue
        stored = record.reports.get(sighting.report)
        if stored is not None and stored.reporter != sighting.reporter:
            yield Violation(
                sighting.at,
                "I5",
                f"{sighting.who} was told of {sighting.report}, another person's",
                "falsely received",
            )
        if sighting.received_by is None and sighting.status != "received":
            continue
        received = record.received.get(sighting.report)
        if received is None:
            yield Violation(
                sighting.at,
                "I4",
                f"{sighting.who} read 已接收 of {sighting.report}; nobody received it",
                "falsely received",
            )
        elif sighting.version < received.version:
            yield Violation(
                sighting.at,
                "I4",
                f"{sighting.who} read 已接收 of {sighting.report} a version too early",
                "falsely received",
            )
        elif sighting.at < pressed.get(sighting.report, sighting.at):
            yield Violation(
                sighting.at,
                "I4",
                f"{sighting.who} read 已接收 of {sighting.report} before anybody pressed",
                "falsely received",
            )
        elif sighting.received_by not in {None, received.dispatcher}:
            yield Violation(
                sighting.at,
                "I4",
                f"{sighting.who} read the wrong number under {sighting.report}",
                "falsely received",
            )


@dataclass(slots=True)
class _Screen:
    """A console as the frames have made it: what it holds, and how much of its desk's log that covers."""

    desk: str
    held: dict[str, int]
    seq: int


def _screens(seen: Iterable[Sighting], record: Record) -> Iterator[Violation]:
    """I2: what a screen is told to hold, it holds: no event is passed over, no card goes back. I5: no other desk's."""
    screens: dict[str, _Screen] = {}
    for sighting in seen:
        if not isinstance(sighting, Shown):
            continue
        screen = screens.setdefault(sighting.who, _Screen(sighting.desk, {}, 0))
        if sighting.whole:
            screen.held.clear()
        elif sighting.seq < screen.seq:
            yield Violation(
                sighting.at,
                "I2",
                f"{sighting.who} went back from {screen.seq} to {sighting.seq}",
                "misordered",
            )
        for card in sighting.cards:
            if card.desk != sighting.desk:
                yield Violation(
                    sighting.at,
                    "I5",
                    f"{sighting.who} was shown {card.report}, of desk {card.desk}",
                    "falsely received",
                )
            if card.version < screen.held.get(card.report, 0):
                yield Violation(
                    sighting.at,
                    "I2",
                    f"{sighting.who}: {card.report} went back to {card.version}",
                    "misordered",
                )
            screen.held[card.report] = card.version
        passed = [] if sighting.whole else _passed_over(screen, sighting, record)
        for event in passed:
            yield Violation(
                sighting.at, "I2", f"{sighting.who}: event {event.seq} ({event.kind}) was passed over", "lost"
            )
        screen.seq = sighting.seq


def _passed_over(screen: _Screen, shown: Shown, record: Record) -> list[Logged]:
    """The events up to the frame's place in the log whose state the screen should hold by now, and does not."""
    log = record.logs.get(shown.desk, [])
    before = log[0].seq - 1 if log else 0  # a record may begin amid a log
    return [
        event
        for event in log[max(0, screen.seq - before) : max(0, shown.seq - before)]
        if event.report in record.reports
        and record.reports[event.report].desk == shown.desk
        and screen.held.get(event.report, 0) < event.version
    ]


def _ends(seen: Iterable[Sighting], record: Record) -> Iterator[Violation]:
    """I2 and I4 at the end: whoever was still attentive has the last truth on the screen."""
    attentive = {sighting.who for sighting in seen if isinstance(sighting, Attentive)}
    consoles: dict[str, Shown] = {}
    held: dict[str, dict[str, int]] = defaultdict(dict)
    told: dict[tuple[str, str], Told] = {}
    reporters: dict[str, str] = {}
    for sighting in seen:
        if isinstance(sighting, Shown):
            consoles[sighting.who] = sighting
            if sighting.whole:
                held[sighting.who].clear()
            held[sighting.who].update({card.report: card.version for card in sighting.cards})
        elif isinstance(sighting, Told):
            reporters[sighting.who] = sighting.reporter
            before = told.get((sighting.who, sighting.report))
            # As a phone does: an answer that comes late does not take back what a frame has told meanwhile.
            if before is None or sighting.version >= before.version:
                told[sighting.who, sighting.report] = sighting
    for report in record.reports.values():
        for who, last in consoles.items():
            concerned = who in attentive and last.desk == report.desk and report.status != "closed"
            if concerned and held[who].get(report.id, 0) < report.version:
                yield Violation(
                    _AT_THE_END, "I2", f"{who} never had version {report.version} of {report.id}", "lost"
                )
        for who, reporter in reporters.items():
            if who not in attentive or reporter != report.reporter or report.id not in record.received:
                continue
            last_told = told.get((who, report.id))
            if last_told is None or last_told.received_by is None:
                yield Violation(_AT_THE_END, "I4", f"{who} never read 已接收 of {report.id}", "lost")
