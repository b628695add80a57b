"""Closing a report with its outcome, and opening it again; received stays received."""

from uuid import UUID

import pytest

from dispatch import outcomes, reports
from dispatch.closures import Outcome, Results
from dispatch.database import Database
from dispatch.errors import Refused
from dispatch.referrals import Referral, referral
from dispatch.writer import Writer
from tests.domain import DESK, OTHER_DESK, add_reporter, done, file, filing, writing
from tests.test_handling import FIRST, NEIGHBOUR, SECOND, act, received, released, state
from tests.truth import rows


def closed(
    writer: Writer, report: UUID, outcome: Outcome, reason: str | None = None, by: str = FIRST
) -> None:
    act(writer, lambda session: outcomes.close(session, report, DESK, by, outcome, reason))


def reopened(writer: Writer, report: UUID, by: str = SECOND) -> None:
    act(writer, lambda session: outcomes.reopen(session, report, DESK, by, "又打起来了"))


def test_what_is_handled_is_closed_once_and_stays_received(database: Database) -> None:
    with received(database) as (writer, report):
        before = state(database, report)
        closed(writer, report, "handled")
        closed(writer, report, "handled")
        now = state(database, report)
        assert (now.status, now.outcome, now.handler) == ("closed", "handled", None)
        assert now.version == before.version + 1
        assert now.acknowledgement == before.acknowledgement
        assert now.released is None
        assert [(hands.ended_by, hands.reason) for hands in now.handlings] == [("closed", None)]


def test_an_invalid_one_counts_against_its_reporter_until_it_is_opened_again(database: Database) -> None:
    with received(database) as (writer, report):
        closed(writer, report, "invalid", "空报")
        assert _invalid(database, report) == 1
        reopened(writer, report)
        reopened(writer, report)
        now = state(database, report)
        assert (_invalid(database, report), now.status, now.outcome, now.handler) == (
            0,
            "received",
            None,
            SECOND,
        )
        assert [hands.began_by for hands in now.handlings] == ["accepted", "reopened"]
        assert now.handlings[-1].began_reason == "又打起来了"


def test_withdrawn_is_what_its_reporter_took_back_and_that_again_when_opened(database: Database) -> None:
    with received(database) as (writer, report):
        with pytest.raises(Refused, match="field_invalid"):
            closed(writer, report, "withdrawn")
        reporter = state(database, report).caller.reporter
        act(writer, lambda session: reports.withdraw(session, report, reporter, "解决了"))
        closed(writer, report, "withdrawn")
        assert state(database, report).status == "closed"
        reopened(writer, report)
        assert state(database, report).status == "withdrawn"


def test_a_colleagues_report_is_not_closed_and_what_nobody_has_in_hand_is(database: Database) -> None:
    with received(database) as (writer, report):
        with pytest.raises(Refused, match="handled_by_another") as refused:
            closed(writer, report, "handled", by=SECOND)
        assert refused.value.values["dispatcher"] == FIRST
        released(writer, report)
        closed(writer, report, "handled", by=SECOND)
        now = state(database, report)
        assert [hands.ended_by for hands in now.handlings] == ["released", "closed"]


def test_nobody_closes_what_waits_or_what_is_another_desks(database: Database) -> None:
    with writing(database) as writer:
        wanted = filing(done(writer, add_reporter))
        done(writer, file(wanted), DESK)
        with pytest.raises(Refused, match="not_received"):
            closed(writer, wanted.id, "handled")
    with received(database) as (writer, report), pytest.raises(Refused, match="report_unknown"):
        done(
            writer,
            lambda session: outcomes.close(session, report, OTHER_DESK, NEIGHBOUR, "handled", None),
            OTHER_DESK,
        )


def test_a_closed_one_is_not_closed_otherwise(database: Database) -> None:
    with received(database) as (writer, report):
        closed(writer, report, "handled")
        with pytest.raises(Refused, match="report_closed"):
            closed(writer, report, "invalid", "空报")
        assert state(database, report).outcome == "handled"


def test_what_came_of_it_is_kept_with_its_closure_and_told_in_numbers(database: Database) -> None:
    with received(database) as (writer, report):
        results = Results(caught=2, rescued=None, helped=0)
        act(
            writer,
            lambda session: outcomes.close(
                session, report, DESK, FIRST, "handled", "已调解", results=results
            ),
        )
        closure = state(database, report).closure
        assert closure is not None
        assert (closure.caught, closure.rescued, closure.helped) == (2, None, 0)
        assert (closure.reason, closure.dispatcher_number) == ("已调解", FIRST)
        with database.read() as session:
            (event,) = rows(session, "event", report=report, kind="ReportClosed")
        assert event.data.items() >= {"outcome": "handled", "caught": 2, "helped": 0}.items()
        assert "rescued" not in event.data
        assert "已调解" not in str(event)
        reopened(writer, report)
        now = state(database, report)
        assert now.closure is None
        assert [(one.outcome, one.reopened_at is not None) for one in now.closures] == [("handled", True)]


def test_referred_to_12345_its_reporter_reads_whom_to_call(database: Database) -> None:
    with received(database) as (writer, report):
        before = state(database, report)
        closed(writer, report, "referred", "噪音，不归公安")
        closed(writer, report, "referred", "噪音，不归公安")  # twice is once
        now = state(database, report)
        assert (now.status, now.outcome, now.version) == ("closed", "referred", before.version + 2)
        assert now.closure is not None
        assert (now.closure.referred_to, now.closure.referred_where) == ("12345", None)
        (message,) = now.messages
        assert (message.author, message.dispatcher_number) == ("system", None)
        assert "12345" in message.text
        assert "110" in message.text
        assert _invalid(database, report) == 0


def test_what_lies_outside_the_province_goes_to_the_110_of_that_place(database: Database) -> None:
    with received(database) as (writer, report):
        there = Referral("021110", "上海市")
        act(
            writer,
            lambda session: outcomes.close(
                session, report, DESK, FIRST, "referred", "现场在上海", referral=there
            ),
        )
        now = state(database, report)
        assert now.closure is not None
        assert (now.closure.referred_to, now.closure.referred_where) == ("021110", "上海市")
        assert "上海市" in now.messages[0].text
        assert "021110" in now.messages[0].text


@pytest.mark.parametrize(("number", "where"), [("12345", None), ("021110", "上海市")])
def test_who_may_be_watched_is_told_nothing_that_gives_them_away(
    database: Database, number: str, where: str | None
) -> None:
    with received(database) as (writer, report):
        reporter = state(database, report).caller.reporter
        act(writer, lambda session: reports.switch_covert(session, report, reporter, True))
        to = Referral(number, where)
        act(
            writer,
            lambda session: outcomes.close(session, report, DESK, FIRST, "referred", "不归公安", referral=to),
        )
        (message,) = state(database, report).messages
        assert (where or number) in message.text
        for word in ("110", "警", "公安", "转介", "受理"):
            assert word not in message.text


@pytest.mark.parametrize(
    ("number", "where", "fields"),
    [
        ("021110", "", ["where"]),
        ("021110", "远" * 31, ["where"]),
        ("13800138000", "上海", ["number"]),
        ("", "上海", ["number"]),
        ("110110", "上海", ["number"]),
        ("tel:110", "上海", ["number"]),
    ],
)
def test_nobody_is_sent_to_a_number_that_takes_nothing(number: str, where: str, fields: list[str]) -> None:
    with pytest.raises(Refused) as refused:
        referral(number, where)
    assert (refused.value.code, refused.value.values["fields"]) == ("field_invalid", fields)


@pytest.mark.parametrize("number", ["110", "0571110", "02112345", "95110", "12395"])
def test_the_numbers_that_take_it_are_known(number: str) -> None:
    assert referral(number, "上海市") == Referral(number, "上海市")


def _invalid(database: Database, report: UUID) -> int:
    with database.read() as session:
        reporter = rows(session, "report", id=report)[0].reporter
        count: int = rows(session, "reporter", id=reporter)[0].invalid_reports
    return count
