"""A false report and harassment: one proposes, a second person of the desk decides, and only then does it count."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from uuid import UUID

import pytest
from sqlmodel import Session

from dispatch import outcomes, proposals, sendings, transfers
from dispatch.database import Database
from dispatch.errors import Refused
from dispatch.proposals import Proposed
from dispatch.writer import Writer
from tests.domain import DESK, OTHER_DESK, add_reporter, done, file, filing, writing
from tests.test_handling import FIRST, NEIGHBOUR, SECOND, THIRD, act, received, released, state, taken
from tests.test_transfers import at_once
from tests.test_units import unit
from tests.truth import assert_whole, kinds_of, rows

REASON = "现场没有人，监控里只有他自己"


def propose(report: UUID, by: str = FIRST, outcome: Proposed = "false_report") -> Callable[[Session], None]:
    return lambda session: proposals.propose(session, report, DESK, by, outcome, REASON)


def confirm(report: UUID, by: str = SECOND) -> Callable[[Session], None]:
    return lambda session: proposals.confirm(session, report, DESK, by)


def refuse(report: UUID, by: str = SECOND) -> Callable[[Session], None]:
    return lambda session: proposals.refuse(session, report, DESK, by, "再核实一下邻居")


def withdraw(report: UUID, by: str = FIRST) -> Callable[[Session], None]:
    return lambda session: proposals.withdraw(session, report, DESK, by)


@contextmanager
def proposed(database: Database) -> Iterator[tuple[Writer, UUID]]:
    """A report that `FIRST` has in hand and proposes to close as a false one."""
    with received(database) as (writer, report):
        act(writer, propose(report))
        yield writer, report
    assert_whole(database, DESK)


def against(database: Database, report: UUID) -> int:
    """How many reports are held against the reporter."""
    with database.read() as session:
        reporter = rows(session, "report", id=report)[0].reporter
        count: int = rows(session, "reporter", id=reporter)[0].invalid_reports
    return count


def refusal(writer: Writer, command: Callable[[Session], Any]) -> tuple[str, object]:
    with pytest.raises(Refused) as refused:
        act(writer, command)
    return refused.value.code, refused.value.values.get("dispatcher")


def test_proposed_it_stays_open_and_in_hand_and_nothing_counts(database: Database) -> None:
    with received(database) as (writer, report):
        before = state(database, report)
        act(writer, propose(report))
        act(writer, propose(report))  # twice is once
        after = state(database, report)
        assert (after.status, after.outcome, after.handler) == ("received", None, FIRST)
        assert (after.version, after.handled) == (before.version, before.handled + 1)
        assert after.proposal is not None
        assert (after.proposal.outcome, after.proposal.dispatcher_number) == ("false_report", FIRST)
        assert against(database, report) == 0
        with database.read() as session:
            (event,) = rows(session, "event", report=report, kind="OutcomeProposed")
        assert event.reporter is None
        assert REASON not in str(event)


def test_nobody_closes_so_alone(database: Database) -> None:
    with proposed(database) as (writer, report):
        assert refusal(writer, confirm(report, FIRST)) == ("second_person_needed", None)
        assert refusal(writer, refuse(report, FIRST)) == ("second_person_needed", None)
        alone = lambda session: outcomes.close(  # noqa: E731 - the command, as everywhere here
            session, report, DESK, FIRST, "false_report", REASON
        )
        assert refusal(writer, alone) == ("second_person_needed", None)
        assert (state(database, report).status, against(database, report)) == ("received", 0)


@pytest.mark.parametrize("outcome", proposals.PROPOSED)
def test_confirmed_by_another_it_is_closed_so_and_counts(database: Database, outcome: Proposed) -> None:
    with received(database) as (writer, report):
        before = state(database, report)
        act(writer, propose(report, outcome=outcome))
        act(writer, confirm(report))
        act(writer, confirm(report))
        after = state(database, report)
        assert (after.status, after.outcome, after.handler) == ("closed", outcome, None)
        assert after.acknowledgement == before.acknowledgement
        assert after.version == before.version + 1
        assert after.closure is not None
        assert (after.closure.dispatcher_number, after.closure.second) == (FIRST, SECOND)
        assert after.closure.reason == REASON
        assert against(database, report) == 1
        assert kinds_of(database, str(report))[2:] == ["OutcomeProposed", "ReportClosed"]
        with database.read() as session:
            (event,) = rows(session, "event", report=report, kind="ReportClosed")
        assert event.actor == f"dispatcher:{SECOND}"
        assert event.data["outcome"] == outcome


def test_the_shift_leader_is_a_second_person_too(database: Database) -> None:
    with proposed(database) as (writer, report):
        act(writer, confirm(report, f"{DESK}90"))
        assert state(database, report).status == "closed"


def test_refused_it_stays_open_with_the_words_of_the_second_person(database: Database) -> None:
    with proposed(database) as (writer, report):
        act(writer, refuse(report))
        act(writer, refuse(report))
        after = state(database, report)
        assert (after.status, after.handler, after.proposal) == ("received", FIRST, None)
        assert [(one.ended_by, one.decided_by, one.answer) for one in after.proposals] == [
            ("refused", SECOND, "再核实一下邻居")
        ]
        assert against(database, report) == 0
        act(writer, propose(report, outcome="harassment"))
        assert len(state(database, report).proposals) == 2


def test_who_proposed_it_takes_it_back_and_nobody_else(database: Database) -> None:
    with proposed(database) as (writer, report):
        assert refusal(writer, withdraw(report, SECOND)) == ("handled_by_another", FIRST)
        act(writer, withdraw(report))
        act(writer, withdraw(report))
        assert state(database, report).proposals[0].ended_by == "withdrawn"
        assert refusal(writer, confirm(report)) == ("proposal_ended", FIRST)


def test_who_took_the_report_over_meanwhile_is_still_a_second_person(database: Database) -> None:
    with proposed(database) as (writer, report):
        taken(writer, report, SECOND)
        act(writer, confirm(report))
        after = state(database, report)
        assert (after.status, after.handlings[-1].ended_by) == ("closed", "closed")


def test_put_back_meanwhile_it_is_confirmed_all_the_same(database: Database) -> None:
    with proposed(database) as (writer, report):
        released(writer, report)
        act(writer, confirm(report))
        assert state(database, report).status == "closed"


def test_closed_otherwise_there_is_nothing_to_decide_any_more(database: Database) -> None:
    with proposed(database) as (writer, report):
        act(writer, lambda session: outcomes.close(session, report, DESK, FIRST, "handled", None))
        assert state(database, report).proposals[0].ended_by == "closed"
        assert refusal(writer, confirm(report)) == ("proposal_ended", FIRST)
        assert against(database, report) == 0


@pytest.mark.parametrize(
    ("one", "other"), [("confirm", "refuse"), ("confirm", "withdraw"), ("confirm", "close")]
)
def test_of_two_acts_at_once_one_holds(database: Database, one: str, other: str) -> None:
    with proposed(database) as (writer, report), writing(database) as second:
        acts: dict[str, Callable[[Session], None]] = {
            "confirm": confirm(report, SECOND),
            "refuse": refuse(report, THIRD),
            "withdraw": withdraw(report),
            "close": lambda session: outcomes.close(session, report, DESK, FIRST, "handled", None),
        }
        answers = at_once((writer, DESK, acts[one]), (second, DESK, acts[other]))
        assert answers.count(None) == 1
        held = (one, other)[answers.index(None)]
        late = "report_closed" if held == "confirm" and other == "close" else "proposal_ended"
        assert next(answer for answer in answers if answer) == late
        ended = {"confirm": "confirmed", "refuse": "refused", "withdraw": "withdrawn", "close": "closed"}
        after = state(database, report)
        assert [proposal.ended_by for proposal in after.proposals] == [ended[held]]
        assert (against(database, report) == 1) is (held == "confirm")


def test_of_two_who_propose_at_once_one_is_heard(database: Database) -> None:
    with received(database) as (writer, report), writing(database) as other:
        released(writer, report)
        answers = at_once(
            (writer, DESK, propose(report, FIRST)), (other, DESK, propose(report, SECOND, "harassment"))
        )
        assert sorted(answer or "" for answer in answers) == ["", "handled_by_another"]
        assert len(state(database, report).proposals) == 1


def test_opened_again_what_counted_counts_no_more(database: Database) -> None:
    with proposed(database) as (writer, report):
        act(writer, confirm(report))
        act(writer, lambda session: outcomes.reopen(session, report, DESK, FIRST, "证人来了"))
        after = state(database, report)
        assert (after.status, after.outcome, after.closure) == ("received", None, None)
        assert against(database, report) == 0
        assert after.closures[0].reopened_at is not None


def test_only_what_is_received_and_in_ones_own_hands_is_proposed(database: Database) -> None:
    with received(database) as (writer, report):
        waits = filing(done(writer, add_reporter))
        done(writer, file(waits), DESK)
        assert refusal(writer, propose(waits.id)) == ("not_received", None)
        assert refusal(writer, propose(report, SECOND)) == ("handled_by_another", FIRST)
        act(writer, propose(report))
        assert refusal(writer, propose(report, outcome="harassment")) == ("proposal_pending", None)


def test_while_somebody_is_out_for_it_nothing_is_decided(database: Database) -> None:
    with received(database) as (writer, report):
        one = unit(writer, "测-1")
        act(writer, lambda session: sendings.send(session, report, DESK, FIRST, [one]))
        assert refusal(writer, propose(report))[0] == "units_out"
        (sending,) = state(database, report).sendings
        act(writer, lambda session: sendings.clear(session, report, DESK, FIRST, [sending.id], "没有人"))
        act(writer, propose(report))
        act(writer, lambda session: sendings.send(session, report, DESK, FIRST, [one]))
        assert refusal(writer, confirm(report))[0] == "units_out"
        assert against(database, report) == 0


def test_another_desk_has_nothing_to_decide(database: Database) -> None:
    with proposed(database) as (writer, report):
        for attempt in (
            lambda session: proposals.confirm(session, report, OTHER_DESK, NEIGHBOUR),
            lambda session: proposals.refuse(session, report, OTHER_DESK, NEIGHBOUR, "不是"),
            lambda session: proposals.withdraw(session, report, OTHER_DESK, NEIGHBOUR),
        ):
            with pytest.raises(Refused, match="report_unknown"):
                done(writer, attempt, OTHER_DESK)


def test_a_report_is_not_transferred_while_a_second_person_decides_nor_the_other_way_round(
    database: Database,
) -> None:
    with proposed(database) as (writer, report):
        ask = lambda session: transfers.ask(session, report, DESK, FIRST, OTHER_DESK, "在上城")  # noqa: E731
        assert refusal(writer, ask) == ("proposal_pending", None)
        act(writer, withdraw(report))
        act(writer, ask)
        assert refusal(writer, propose(report)) == ("transfer_pending", None)
