"""A report's life at its desk: filed, received, in one hand or another, taken back, closed, opened again."""

from dataclasses import dataclass
from functools import partial
from uuid import UUID, uuid4

from hypothesis import strategies as st
from hypothesis.stateful import Bundle, initialize, invariant, rule

from dispatch import handling, outcomes, reading, reports, waiting
from dispatch.closures import Outcome
from tests.domain import DESK, acknowledge, add_reporter, done, file, filing
from tests.machines import DONE, Machine
from tests.truth import rows

WHO = st.sampled_from([f"{DESK}01", f"{DESK}02", f"{DESK}03"])
OUTCOMES: st.SearchStrategy[Outcome] = st.sampled_from(["handled", "withdrawn", "invalid", "false_report"])


@dataclass
class Life:
    """What is expected of a report."""

    reporter: UUID
    status: str = "filed"
    version: int = 1
    winner: str | None = None
    handler: str | None = None
    handled: int = 0
    outcome: str | None = None
    withdrawn: bool = False
    covert: bool = False

    def hand_to(self, who: str | None) -> str:
        self.handler = who
        self.handled += 1
        return DONE

    def cannot_be_handled(self) -> str | None:
        if self.status == "closed":
            return "report_closed"
        return "not_received" if self.winner is None else None


class ReportLife(Machine):
    """Two reporters, three dispatchers of one desk."""

    desks = (DESK,)
    reports: Bundle[UUID] = Bundle("reports")

    @initialize()
    def people(self) -> None:
        self.lives: dict[UUID, Life] = {}
        self.keys: dict[UUID, UUID] = {}
        self.reporters = [done(self.writer, add_reporter) for _ in range(2)]

    @rule(target=reports, of=st.integers(0, 1))
    def file(self, of: int) -> UUID:
        wanted = filing(self.reporters[of], key=uuid4())
        done(self.writer, file(wanted), DESK)
        self.keys[wanted.id] = wanted.key
        self.lives[wanted.id] = Life(self.reporters[of])
        return wanted.id

    @rule(report=reports)
    def file_again_under_the_same_key(self, report: UUID) -> None:
        again = filing(self.lives[report].reporter, key=self.keys[report])
        filed = done(self.writer, file(again), DESK)
        assert (filed.id, filed.new) == (report, False)

    @rule(report=reports, who=WHO)
    def receive(self, report: UUID, who: str) -> None:
        assert self.did(acknowledge(report, who), DESK) == self._receive(self.lives[report], who)

    def _receive(self, life: Life, who: str) -> str:
        if life.status == "closed":
            return "report_closed"
        if life.winner is not None:
            return DONE if life.winner == who else "already_received"
        life.winner = who
        life.status = "received" if life.status == "filed" else life.status
        life.version += 1
        return life.hand_to(who)

    @rule(report=reports, first=WHO, second=WHO)
    def two_receive_at_once(self, report: UUID, first: str, second: str) -> None:
        asked = [self.writer.submit(acknowledge(report, who), (DESK,)) for who in (first, second)]
        failed = [each.exception(60) for each in asked]
        expected = [self._receive(self.lives[report], who) for who in (first, second)]
        assert [getattr(error, "code", DONE) for error in failed] == expected

    @rule(report=reports)
    def withdraw(self, report: UUID) -> None:
        life = self.lives[report]
        command = partial(reports.withdraw, report=report, reporter=life.reporter, reason="误报")
        expected = "report_closed" if life.status == "closed" else DONE
        assert self.did(command, DESK) == expected
        if life.status not in {"closed", "withdrawn"}:
            life.status, life.withdrawn = "withdrawn", True
            life.version += 1

    @rule(report=reports, covert=st.booleans())
    def switch_covert(self, report: UUID, covert: bool) -> None:
        life = self.lives[report]
        command = partial(reports.switch_covert, report=report, reporter=life.reporter, covert=covert)
        assert self.did(command, DESK) == ("report_closed" if life.status == "closed" else DONE)
        if life.status != "closed" and life.covert != covert:
            life.covert = covert
            life.version += 1

    @rule(report=reports, who=WHO)
    def release(self, report: UUID, who: str) -> None:
        life = self.lives[report]
        command = partial(handling.release, report=report, desk=DESK, dispatcher=who, reason=None)
        expected = life.cannot_be_handled()
        if expected is None:
            expected = DONE if life.handler in {who, None} else "handled_by_another"
        assert self.did(command, DESK) == expected
        if expected == DONE and life.handler:
            life.hand_to(None)

    @rule(report=reports, who=WHO)
    def pick_up(self, report: UUID, who: str) -> None:
        life = self.lives[report]
        command = partial(handling.pick_up, report=report, desk=DESK, dispatcher=who)
        expected = life.cannot_be_handled()
        if expected is None:
            expected = DONE if life.handler in {who, None} else "handled_by_another"
        assert self.did(command, DESK) == expected
        if expected == DONE and life.handler is None:
            life.hand_to(who)

    @rule(report=reports, who=WHO, seen=WHO)
    def take_over(self, report: UUID, who: str, seen: str) -> None:
        life = self.lives[report]
        command = partial(
            handling.take_over, report=report, desk=DESK, dispatcher=who, seen=seen, reason="换班"
        )
        expected = life.cannot_be_handled()
        if expected is None:
            expected = DONE if life.handler in {who, seen, None} else "handled_by_another"
        assert self.did(command, DESK) == expected
        if expected == DONE and life.handler != who:
            life.hand_to(who)

    @rule(report=reports, who=WHO, outcome=OUTCOMES)
    def close(self, report: UUID, who: str, outcome: Outcome) -> None:
        life = self.lives[report]
        command = partial(
            outcomes.close, report=report, desk=DESK, dispatcher=who, outcome=outcome, reason="已办"
        )
        expected = self._refuses_to_close(life, who, outcome)
        changes = expected == DONE and life.status != "closed"
        assert self.did(command, DESK) == expected
        if changes:
            if life.handler is None:
                life.hand_to(who)
            life.hand_to(None)
            life.status, life.outcome = "closed", outcome
            life.version += 1

    def _refuses_to_close(self, life: Life, who: str, outcome: str) -> str:
        if life.status == "closed" and life.outcome == outcome:
            return DONE
        if outcome == "false_report":
            return "second_person_needed"
        if outcome == "withdrawn" and not life.withdrawn:
            return "field_invalid"
        if (refused := life.cannot_be_handled()) is not None:
            return refused
        return DONE if life.handler in {who, None} else "handled_by_another"

    @rule(report=reports, who=WHO)
    def open_again(self, report: UUID, who: str) -> None:
        life = self.lives[report]
        command = partial(outcomes.reopen, report=report, desk=DESK, dispatcher=who, reason="有新情况")
        assert self.did(command, DESK) == DONE
        if life.status == "closed":
            life.status, life.outcome = ("withdrawn" if life.withdrawn else "received"), None
            life.version += 1
            life.hand_to(who)

    @invariant()
    def as_expected(self) -> None:
        found = self.read(lambda session: reading.states(session, list(self.lives)))
        for report, life in self.lives.items():
            state = found[report]
            acknowledged = state.acknowledgement.dispatcher_number if state.acknowledgement else None
            assert (state.status, state.version, state.handler, state.handled, state.outcome) == (
                life.status,
                life.version,
                life.handler,
                life.handled,
                life.outcome,
            )
            assert (acknowledged, state.covert) == (life.winner, life.covert)
        wait = sum(
            life.winner is None and life.status in {"filed", "withdrawn"} for life in self.lives.values()
        )
        assert self.read(lambda session: waiting.count(session, DESK)) == wait
        invalid = [self._invalid(of) for of in self.reporters]
        assert invalid == [
            sum(life.outcome == "invalid" and life.reporter == of for life in self.lives.values())
            for of in self.reporters
        ]

    def _invalid(self, reporter: UUID) -> int:
        with self.database.read() as session:
            (row,) = rows(session, "reporter", id=reporter)
        return int(row.invalid_reports)
