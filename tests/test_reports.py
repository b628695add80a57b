"""A report's life in the domain: commands on a real database, without processes."""

import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, TypeVar
from uuid import UUID, uuid4

import pytest
from sqlalchemy import insert, select
from sqlmodel import Session

from dispatch import messages, reading, reporters, reports, showing, states
from dispatch.clock import now
from dispatch.danger_words import Dangers
from dispatch.database import Database
from dispatch.errors import Refused
from dispatch.events import read_since
from dispatch.filing import Filing, file, just_filed
from dispatch.ids import new_id
from dispatch.models import TABLES
from dispatch.receipts import Statement
from dispatch.reporters import SignedIn
from dispatch.settings import Settings
from dispatch.states import Place
from dispatch.waiting import count
from dispatch.writer import Writer
from processes import prepare
from tests.servers import Postgres

T = TypeVar("T")

DESK = "330106"
WINNER, OTHER = "33010601", "33010602"


class Domain:
    """A prepared database with a writer, and one reporter signed in."""

    def __init__(self, home: Path, url: str) -> None:
        settings = {"DESK110_HOME": str(home), "DATABASE_URL": url, "DESK110_DEMO": "1"}
        url = Settings.model_validate(settings).database_url
        prepare.migrate(url)
        self.database = Database(url)
        prepare._fill(Settings.model_validate(settings))
        self.writer = Writer(self.database, lambda _: None)
        self.writer.start()
        self.reporter = self.add_reporter()

    def do(self, command: Callable[[Session], T]) -> T:
        """Run a command and wait for its commit."""
        return self.writer.submit(command, [DESK]).result(30)

    def add_reporter(self, identity: str = "none") -> SignedIn:
        """A reporter with a session."""
        id_, token = new_id(), reporters.new_token()
        digest = reporters.token_digest(token)

        def add(session: Session) -> None:
            session.connection().execute(
                insert(TABLES["reporter"]),
                {
                    "id": id_,
                    "phone": b"sealed",
                    "phone_index": id_.bytes,
                    "phone_masked": "138****0000",
                    "identity": identity,
                    "hearing_speech_impaired": True,
                    "language": "zh-CN",
                    "reports": 0,
                    "invalid_reports": 0,
                    "made_at": now(),
                },
            )
            session.connection().execute(
                insert(TABLES["reporter_session"]),
                {
                    "token_digest": digest,
                    "reporter": id_,
                    "made_at": now(),
                    "expires_at": now() + reporters.SESSION_LIVES,
                },
            )

        self.do(add)
        with self.database.read() as session:
            found = reporters.signed_in(session, digest)
        assert found is not None
        return found

    def filing(self, **changes: Any) -> Filing:
        """A report about to be filed."""
        place = Place(30.25, 120.12, 15.0, "gnss", now(), "gcj02", 30.2478, 120.1247)
        filing = Filing(
            id=new_id(),
            reporter=self.reporter.id,
            key=uuid4(),
            digest=b"d" * 32,
            desk=DESK,
            kind="quick",
            text="有人打架",
            category="public_order",
            covert=True,
            place_text="断桥",
            place=place,
            notes=("sea", "county:330105"),
            media_expected=2,
            fraud={"amount": 100, "accounts": ["a"]},
        )
        return replace(filing, **changes)

    def file(self, **changes: Any) -> UUID:
        """File a report that must be taken."""
        filing = self.filing(**changes)
        return self.do(lambda session: file(session, filing, "never")).id

    def state(self, report: UUID) -> states.ReportState:
        """The report's newest state."""
        with self.database.read() as session:
            found = reading.state(session, report)
        assert found is not None
        return found

    def kinds(self) -> list[str]:
        """The kinds of the desk's events, in order."""
        with self.database.read() as session:
            return [event.kind for event in read_since(session, DESK, 0, 1000)]

    def count(self, table: str) -> int:
        """How many rows a table has."""
        with self.database.read() as session:
            return len(session.connection().execute(select(TABLES[table])).all())


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def domain(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Domain]:
    url = ""
    if request.param == "postgresql":
        server: Postgres = request.getfixturevalue("postgres_of_session")
        url = server.database()
    domain = Domain(tmp_path, url)
    yield domain
    domain.writer.stop()
    domain.database.close()


def sign(statement: Statement) -> str:
    return f"signed {statement.number}"


def acknowledge(domain: Domain, report: UUID, dispatcher: str = WINNER, desk: str = DESK) -> None:
    domain.do(lambda session: reports.acknowledge(session, report, desk, dispatcher, sign))


def test_the_answer_to_a_filing_is_what_a_reading_gives(domain: Domain) -> None:
    filing = domain.filing()
    filed = domain.do(lambda session: file(session, filing, "second_report"))
    assert just_filed(filing, filed, domain.reporter, "12110") == domain.state(filing.id)


def test_one_key_makes_one_report_and_another_body_under_it_is_refused(domain: Domain) -> None:
    filing = domain.filing()
    again, other = replace(filing, id=new_id()), replace(filing, id=new_id(), digest=b"e" * 32)
    assert domain.do(lambda session: file(session, filing, "second_report")).new
    filed = domain.do(lambda session: file(session, again, "second_report"))
    assert (filed.id, filed.new) == (filing.id, False)
    with pytest.raises(Refused, match="idempotency_conflict"):
        domain.do(lambda session: file(session, other, "second_report"))
    assert domain.count("report") == 1
    assert domain.kinds() == ["ReportFiled"]


def test_filings_of_one_batch_are_stored_alike_with_and_without_a_position(domain: Domain) -> None:
    filings = [domain.filing(place=None), domain.filing(), domain.filing(place=None, fraud=None)]
    answers = [
        domain.writer.submit(partial(file, filing=filing, identity_rule="never"), [DESK])
        for filing in filings
    ]
    assert all(answer.result(30).new for answer in answers)
    assert [domain.state(filing.id).place for filing in filings] == [None, filings[1].place, None]


def test_one_key_twice_in_one_batch_makes_one_report(domain: Domain) -> None:
    filing = domain.filing()
    held = threading.Event()
    # While this one holds the writer, the others gather to one batch.
    domain.writer.submit(lambda _session: held.wait(30))
    answers = [
        domain.writer.submit(partial(file, filing=again, identity_rule="never"), [DESK])
        for again in (filing, replace(filing, id=new_id()), domain.filing(), replace(filing, id=new_id()))
    ]
    held.set()
    filed = [answer.result(30) for answer in answers]
    assert [one.new for one in filed] == [True, False, True, False]
    assert len({one.id for one in filed}) == 2
    assert domain.count("report") == 2
    assert domain.kinds() == ["ReportFiled", "ReportFiled"]


def test_a_refusal_undoes_itself_alone(domain: Domain) -> None:
    report = domain.file()
    held = threading.Event()
    domain.writer.submit(lambda _session: held.wait(30))
    presses = [
        domain.writer.submit(
            partial(reports.acknowledge, report=report, desk=DESK, dispatcher=number, sign=sign), [DESK]
        )
        for number in (WINNER, OTHER, "33010603")
    ]
    after = domain.writer.submit(partial(file, filing=domain.filing(), identity_rule="never"), [DESK])
    held.set()
    assert presses[0].result(30) == 2, "the version that it has by that"
    for press in presses[1:]:
        assert isinstance(press.exception(30), Refused)
    assert after.result(30).new
    assert domain.kinds() == ["ReportFiled", "ReportReceived", "ReportFiled"]


def test_a_second_report_needs_an_identity_and_a_verified_one_is_enough(domain: Domain) -> None:
    domain.do(lambda session: file(session, domain.filing(), "second_report"))
    with pytest.raises(Refused, match="identity_required"):
        domain.do(lambda session: file(session, domain.filing(), "second_report"))
    domain.reporter = domain.add_reporter("verified")
    for _ in range(2):
        assert domain.do(lambda session: file(session, domain.filing(), "always")).new


def test_one_dispatcher_wins_and_the_other_is_told_who(domain: Domain) -> None:
    report = domain.file()
    acknowledge(domain, report)
    with pytest.raises(Refused) as lost:
        acknowledge(domain, report, OTHER)
    assert lost.value.code == "already_received"
    assert lost.value.values["dispatcher"] == WINNER
    acknowledge(domain, report)  # the winner's second press changes nothing
    state = domain.state(report)
    assert (state.status, state.version) == ("received", 2)
    assert state.acknowledgement is not None
    assert state.acknowledgement.dispatcher_number == WINNER
    assert domain.kinds() == ["ReportFiled", "ReportReceived"]


def test_another_desk_cannot_receive_a_report_nor_see_that_it_exists(domain: Domain) -> None:
    report = domain.file()
    for unknown in (report, uuid4()):
        with pytest.raises(Refused, match="report_unknown"):
            acknowledge(domain, unknown, "33010501", "330105")
    assert domain.state(report).acknowledgement is None


def test_a_withdrawn_report_stays_withdrawn_when_it_is_received(domain: Domain) -> None:
    report = domain.file()
    for _ in range(2):
        domain.do(lambda session: reports.withdraw(session, report, domain.reporter.id, "误报"))
    acknowledge(domain, report)
    state = domain.state(report)
    assert state.status == "withdrawn"
    assert state.withdrawn_reason == "误报"
    assert state.acknowledgement is not None
    assert domain.kinds() == ["ReportFiled", "ReportWithdrawn", "ReportReceived"]


def test_the_first_showing_of_the_receipt_is_noted_and_only_of_a_version_that_has_it(domain: Domain) -> None:
    report = domain.file()
    acknowledge(domain, report)

    def show(session: Session, version: int) -> None:
        showing.shown_to_reporter(session, report, domain.reporter.id, version)

    for version in (1, 2, 2):
        domain.do(partial(show, version=version))
        shown = domain.state(report).acknowledgement
        assert shown is not None
        assert (shown.shown_at is not None) == (version == 2)
    assert domain.kinds().count("ReceiptShown") == 1


def test_a_message_sent_twice_is_one_and_both_sides_may_use_the_same_id(domain: Domain) -> None:
    report = domain.file()

    def from_reporter(session: Session) -> tuple[states.MessageState, bool]:
        return messages.send_from_reporter(session, report, domain.reporter.id, "m1", "在三楼")

    first, new = domain.do(from_reporter)
    assert new
    assert domain.do(from_reporter) == (first, False)
    domain.do(lambda session: messages.send_from_dispatcher(session, report, DESK, WINNER, "m1", "收到"))
    state = domain.state(report)
    assert [(line.author, line.text) for line in state.messages] == [
        ("reporter", "在三楼"),
        ("dispatcher", "收到"),
    ]
    assert state.version == 3


def test_nobody_else_may_speak_withdraw_or_move_a_report(domain: Domain) -> None:
    report, stranger = domain.file(), domain.add_reporter()
    place = domain.filing().place
    assert place is not None
    for command in (
        lambda session: messages.send_from_reporter(session, report, stranger.id, "x", "y"),
        lambda session: messages.send_from_dispatcher(session, report, "330105", "33010501", "x", "y"),
        lambda session: reports.withdraw(session, report, stranger.id, ""),
        lambda session: reports.share_location(session, new_id(), report, stranger.id, place),
        lambda session: showing.shown_to_reporter(session, report, stranger.id, 1),
    ):
        with pytest.raises(Refused, match="report_unknown"):
            domain.do(command)
    assert domain.kinds() == ["ReportFiled"]


def test_positions_after_filing_make_a_trail_and_leave_the_first_as_it_came(domain: Domain) -> None:
    report = domain.file()
    first = domain.state(report).place
    assert first is not None

    def share(session: Session, lat: float, id_: UUID) -> None:
        reports.share_location(session, id_, report, domain.reporter.id, replace(first, lat=lat))

    for command in (partial(share, lat=30.26, id_=new_id()), partial(share, lat=30.27, id_=new_id())):
        for _ in range(2):
            domain.do(command)
    state = domain.state(report)
    assert state.place == first
    assert sorted(place.lat for place in state.trail) == [30.26, 30.27]
    assert state.version == 1
    assert domain.kinds() == ["ReportFiled", "LocationShared", "LocationShared"]


def test_an_event_holds_no_words_of_a_person(domain: Domain) -> None:
    report = domain.file(text="CANARY 文字", place_text="CANARY 地点", fraud={"account": "CANARY"})
    domain.do(
        lambda session: messages.send_from_reporter(session, report, domain.reporter.id, "m", "CANARY 消息")
    )
    domain.do(lambda session: reports.withdraw(session, report, domain.reporter.id, "CANARY 原因"))
    with domain.database.read() as session:
        rows = session.connection().execute(select(TABLES["event"])).all()
    assert len(rows) == 3
    assert not [row for row in rows if "CANARY" in str(row.data) or "CANARY" in row.actor]


def test_reports_are_numbered_by_desk_and_day(domain: Domain) -> None:
    first, second, elsewhere = domain.file(), domain.file(), domain.file(desk="330105")
    numbers = [domain.state(report).number for report in (first, second, elsewhere)]
    assert [number.split("-")[0] for number in numbers] == [DESK, DESK, "330105"]
    assert [number.split("-")[2] for number in numbers] == ["000001", "000002", "000001"]


def test_a_desks_open_reports_stand_in_the_order_of_waiting(domain: Domain) -> None:
    filed = [domain.file() for _ in range(4)]
    acknowledge(domain, filed[1])
    acknowledge(domain, filed[0])
    with domain.database.read() as session:
        found = [state.id for state in reading.open_at_desk(session, DESK, 10, Dangers()).reports]
        assert count(session, DESK) == 2
    assert found == [filed[2], filed[3], filed[1], filed[0]]
