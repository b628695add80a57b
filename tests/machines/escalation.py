"""Who waits too long: told step by step, once each, whoever looks and whenever."""

from dataclasses import dataclass, replace
from datetime import timedelta
from functools import partial
from uuid import UUID

from hypothesis import strategies as st
from hypothesis.stateful import Bundle, initialize, invariant, precondition, rule

from dispatch import escalation, reading, reports
from dispatch.escalation import Due
from tests.domain import DESK, acknowledge, add_reporter, done, file, filing
from tests.machines import DONE, Machine

CITY = "330100"
TIMES = (15, 30, 60)
WHO = st.sampled_from([f"{DESK}01", f"{CITY}01"])


@dataclass
class Waiting:
    """What is expected of a report."""

    kind: str
    since: timedelta
    status: str = "filed"
    desk: str = DESK
    step: int = 0
    version: int = 1
    winner: str | None = None
    was_offered: bool = False

    def due(self, at: timedelta) -> int:
        waited = (at - self.since).total_seconds() / escalation.PATIENCE[self.kind]
        return sum(waited >= time for time in TIMES)


class Escalation(Machine):
    """A county's desk and the city's above it; the worker looks now and then, sometimes with old eyes."""

    desks = (DESK, CITY)
    reports: Bundle[UUID] = Bundle("reports")

    @initialize()
    def people(self) -> None:
        self.found: dict[UUID, Waiting] = {}
        self.seen: list[Due] = []
        self.reporter = done(self.writer, add_reporter)

    @rule(target=reports, kind=st.sampled_from(["quick", "location", "fraud", "tip"]))
    def file(self, kind: str) -> UUID:
        wanted = replace(filing(self.reporter), kind=kind)
        done(self.writer, file(wanted), DESK)
        self.found[wanted.id] = Waiting(kind, self.offset)
        return wanted.id

    # Halves of seconds: what happens within a run takes far less, so no step is a matter of chance.
    @rule(seconds=st.sampled_from([2.5, 7.5, 15.5, 30.5, 61.5, 240.5, 1000.5]))
    def time_passes(self, seconds: float) -> None:
        self.offset += timedelta(seconds=seconds)

    @rule()
    def the_worker_looks(self) -> None:
        self.seen = self.read(lambda session: escalation.due(session, self.now()))
        expected = {
            report: one.due(self.offset)
            for report, one in self.found.items()
            if one.status == "filed" and one.due(self.offset) > one.step
        }
        assert {late.report: late.step for late in self.seen} == expected
        assert all((late.desk, late.parent) == (DESK, CITY) for late in self.seen)

    @precondition(lambda self: self.seen)
    @rule()
    def the_worker_tells(self) -> None:
        """What it saw may be old by now, and be told a second time."""
        for late in self.seen:
            one = self.found[late.report]
            news = one.status == "filed" and one.step < late.step
            told = done(self.writer, partial(escalation.escalate, late=late), DESK, CITY)
            assert told is news
            if news:
                one.step = late.step
                one.version += 1
                one.was_offered |= late.step == escalation.OFFERED_PARENT

    @rule(report=reports, who=WHO)
    def receive(self, report: UUID, who: str) -> None:
        one, desk = self.found[report], who[:6]
        assert self.did(acknowledge(report, who, desk), desk) == self._receive(one, who)

    def _receive(self, one: Waiting, who: str) -> str:
        offered = one.was_offered and one.status == "filed"
        if one.desk != who[:6] and not offered:
            if not one.was_offered or one.winner is None:
                return "report_unknown"
            return DONE if one.winner == who else "already_received"
        if one.winner is not None:
            return DONE if one.winner == who else "already_received"
        one.winner, one.desk = who, who[:6]
        one.status = "received" if one.status == "filed" else one.status
        one.version += 1
        return DONE

    @rule(report=reports)
    def withdraw(self, report: UUID) -> None:
        one = self.found[report]
        done(self.writer, partial(reports.withdraw, report=report, reporter=self.reporter, reason="误报"))
        if one.status != "withdrawn":
            one.status = "withdrawn"
            one.version += 1

    @invariant()
    def as_expected(self) -> None:
        found = self.read(lambda session: reading.states(session, list(self.found)))
        for report, one in self.found.items():
            state = found[report]
            assert (state.desk, state.status, state.escalation, state.version) == (
                one.desk,
                one.status,
                one.step,
                one.version,
            )
            assert state.offered == ((CITY,) if one.was_offered and one.status == "filed" else ())
