"""Transfers between two desks, with what else happens to a report meanwhile."""

from dataclasses import dataclass
from functools import partial
from uuid import UUID

from hypothesis import strategies as st
from hypothesis.stateful import Bundle, initialize, invariant, rule

from dispatch import handling, outcomes, reading, reports, transfers, waiting
from tests.domain import DESK, OTHER_DESK, acknowledge, add_reporter, done, file, filing
from tests.machines import DONE, Machine

WHO = st.sampled_from([f"{DESK}01", f"{DESK}02", f"{OTHER_DESK}01", f"{OTHER_DESK}02"])


@dataclass
class Asked:
    """A transfer."""

    origin: str
    to: str
    who: str
    how: str | None = None
    by: str | None = None

    def done_before(self, how: str, who: str) -> str | None:
        """What whoever comes after its end is told; None while it is open."""
        if self.how is None:
            return None
        return DONE if (self.how, self.by) == (how, who) else "transfer_ended"


@dataclass
class Received:
    """What is expected of a report."""

    reporter: UUID
    transfers: list[Asked]
    handler: str | None
    desk: str = DESK
    status: str = "received"
    version: int = 2
    handled: int = 1

    @property
    def open(self) -> Asked | None:
        return self.transfers[-1] if self.transfers and self.transfers[-1].how is None else None

    def last_to(self, desk: str) -> Asked | None:
        return next((each for each in reversed(self.transfers) if each.to == desk), None)

    def last_from(self, desk: str) -> Asked | None:
        return next((each for each in reversed(self.transfers) if each.origin == desk), None)

    def cannot_be_handled(self, desk: str) -> str | None:
        if self.desk != desk:
            return "report_unknown"
        return "report_closed" if self.status == "closed" else None


class Transfers(Machine):
    """Two dispatchers at each of two desks."""

    reports: Bundle[UUID] = Bundle("reports")

    @initialize()
    def people(self) -> None:
        self.found: dict[UUID, Received] = {}
        self.reporter = done(self.writer, add_reporter)

    @rule(target=reports)
    def receive_one(self) -> UUID:
        wanted = filing(self.reporter)
        done(self.writer, file(wanted), DESK)
        done(self.writer, acknowledge(wanted.id, f"{DESK}01"), DESK)
        self.found[wanted.id] = Received(self.reporter, [], f"{DESK}01")
        return wanted.id

    @rule(report=reports, who=WHO, to=st.sampled_from([DESK, OTHER_DESK, "330105", "999999"]))
    def ask(self, report: UUID, who: str, to: str) -> None:
        one, desk = self.found[report], who[:6]
        command = partial(transfers.ask, report=report, desk=desk, dispatcher=who, to=to, reason="在那边")
        standing, expected = one.open, self._refuses_to_ask(one, who, to)
        assert self.did(command, desk) == expected
        if expected == DONE and standing is None:
            one.transfers.append(Asked(desk, to, who))
            one.handled += 1

    def _refuses_to_ask(self, one: Received, who: str, to: str) -> str:
        desk = who[:6]
        if to in {desk, "999999"}:
            return "desk_unknown"
        if (refused := one.cannot_be_handled(desk)) is not None:
            return refused
        if one.handler != who:
            return "handled_by_another" if one.handler else "not_in_hand"
        if one.open is not None:
            return DONE if (one.open.to, one.open.who) == (to, who) else "transfer_pending"
        return DONE

    @rule(report=reports, who=WHO)
    def accept(self, report: UUID, who: str) -> None:
        one, desk = self.found[report], who[:6]
        asked = one.last_to(desk)
        expected = "report_unknown" if asked is None else asked.done_before("accepted", who)
        command = partial(transfers.accept, report=report, desk=desk, dispatcher=who)
        assert self.did(command, desk) == (expected or DONE)
        if asked and expected is None:
            asked.how, asked.by = "accepted", who
            one.desk, one.handler = desk, who
            one.handled += 1
            one.version += 1

    @rule(report=reports, who=WHO)
    def give_back(self, report: UUID, who: str) -> None:
        one, desk = self.found[report], who[:6]
        asked = one.last_to(desk)
        expected = "report_unknown" if asked is None else asked.done_before("returned", who)
        command = partial(transfers.give_back, report=report, desk=desk, dispatcher=who, reason="不在")
        assert self.did(command, desk) == (expected or DONE)
        if asked and expected is None:
            asked.how, asked.by = "returned", who
            one.handled += 1

    @rule(report=reports, who=WHO)
    def recall(self, report: UUID, who: str) -> None:
        one, desk = self.found[report], who[:6]
        asked = one.last_from(desk)
        expected = "report_unknown" if asked is None else asked.done_before("recalled", who)
        if asked and expected is None and who not in {asked.who, one.handler}:
            expected = "handled_by_another" if one.handler else "not_in_hand"
        command = partial(transfers.recall, report=report, desk=desk, dispatcher=who)
        assert self.did(command, desk) == (expected or DONE)
        if asked and expected is None:
            asked.how, asked.by = "recalled", who
            one.handled += 1

    @rule(report=reports, who=WHO)
    def release(self, report: UUID, who: str) -> None:
        one, desk = self.found[report], who[:6]
        expected = one.cannot_be_handled(desk)
        if expected is None:
            expected = DONE if one.handler in {who, None} else "handled_by_another"
        command = partial(handling.release, report=report, desk=desk, dispatcher=who, reason=None)
        assert self.did(command, desk) == expected
        if expected == DONE and one.handler:
            one.handler = None
            one.handled += 1

    @rule(report=reports, who=WHO)
    def pick_up(self, report: UUID, who: str) -> None:
        one, desk = self.found[report], who[:6]
        expected = one.cannot_be_handled(desk)
        if expected is None:
            expected = DONE if one.handler in {who, None} else "handled_by_another"
        command = partial(handling.pick_up, report=report, desk=desk, dispatcher=who)
        assert self.did(command, desk) == expected
        if expected == DONE and one.handler is None:
            one.handler = who
            one.handled += 1

    @rule(report=reports, who=WHO)
    def close(self, report: UUID, who: str) -> None:
        one, desk = self.found[report], who[:6]
        expected = one.cannot_be_handled(desk)
        if expected == "report_closed":
            expected = DONE
        elif expected is None:
            expected = DONE if one.handler in {who, None} else "handled_by_another"
        command = partial(
            outcomes.close, report=report, desk=desk, dispatcher=who, outcome="handled", reason=None
        )
        assert self.did(command, desk) == expected
        if expected == DONE and one.status != "closed":
            one.handled += 1 if one.handler else 2
            one.handler, one.status = None, "closed"
            one.version += 1
            if one.open:
                one.open.how, one.transfers[-1].by = "closed", who

    @rule(report=reports)
    def withdraw(self, report: UUID) -> None:
        one = self.found[report]
        command = partial(reports.withdraw, report=report, reporter=one.reporter, reason="误报")
        assert self.did(command) == ("report_closed" if one.status == "closed" else DONE)
        if one.status == "received":
            one.status = "withdrawn"
            one.version += 1

    @invariant()
    def as_expected(self) -> None:
        found = self.read(lambda session: reading.states(session, list(self.found)))
        for report, one in self.found.items():
            state = found[report]
            assert (state.desk, state.status, state.version, state.handler, state.handled) == (
                one.desk,
                one.status,
                one.version,
                one.handler,
                one.handled,
            )
            assert state.acknowledgement is not None
            assert state.acknowledgement.desk == DESK, "received stays received by the first desk"
        for desk in self.desks:
            coming = sum(bool(one.open and one.open.to == desk) for one in self.found.values())
            assert self.read(lambda session, at=desk: waiting.count(session, at)) == coming
