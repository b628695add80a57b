"""What is erased of a reporter and what stays, on both databases; and closing while a report is being filed."""

from collections.abc import Callable, Iterator
from concurrent.futures import Future, wait
from datetime import timedelta
from functools import partial
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import Row, select, update
from sqlmodel import Session

from dispatch import closing, consents, corrections, reading, reporters
from dispatch.cipher import FieldCipher
from dispatch.clock import now
from dispatch.database import Database
from dispatch.errors import Refused
from dispatch.identity import IdentityNumber
from dispatch.keys import KeyRing
from dispatch.models import TABLES
from dispatch.writer import Writer
from tests.domain import DESK, add_reporter, done, file, filing, writing

PHONE, OTHER_PHONE = "+8613857100001", "+8613857100002"
ZHANG, LI = IdentityNumber.parse("33010619900101000X"), IdentityNumber.parse("110101199003071233")
CIPHER = FieldCipher(KeyRing(b"\0\0\0\1", {b"\0\0\0\1": b"\x05" * 32}), b"\x06" * 32)
LONG_AGO = now() - closing.RETENTION - timedelta(days=1)


@pytest.fixture
def writer(database: Database) -> Iterator[Writer]:
    with writing(database) as running:
        yield running


@pytest.fixture
def someone(writer: Writer) -> UUID:
    """A reporter who is signed in and verified as 张三."""
    return signed_up(writer)


def signed_up(writer: Writer, phone: str = PHONE) -> UUID:
    code, token = "123456", reporters.new_token()
    index = CIPHER.index("phone", phone)
    digest = reporters.code_digest(index, code)
    done(writer, lambda session: reporters.remember_code(session, index, digest, 0))
    found = done(
        writer,
        lambda session: reporters.sign_in(session, CIPHER, phone, code, token, "zh-CN", "android chrome"),
    )
    assert found is not None
    id_ = found.id
    if found.identity == "none":
        done(writer, lambda session: corrections.verify_identity(session, CIPHER, id_, "张三", ZHANG))
    return id_


def row_of(database: Database, reporter: UUID) -> Row[Any]:
    table = TABLES["reporter"]
    with database.read() as session:
        return session.connection().execute(select(table).where(table.c.id == reporter)).one()


def kinds(database: Database, reporter: UUID) -> list[str]:
    """The kinds of the events about the reporter, in order."""
    table = TABLES["event"]
    with database.read() as session:
        chosen = select(table.c.kind).where(table.c.reporter == reporter).order_by(table.c.at, table.c.seq)
        return list(session.connection().execute(chosen).scalars())


def put(database: Database, table: str, where: UUID, **values: Any) -> None:
    """Write to a row what time would."""
    chosen = TABLES[table]
    column = chosen.c.reporter if table == "report" else chosen.c.id
    with Session(database.writing) as session:
        session.connection().execute(update(chosen).where(column == where).values(**values))
        session.commit()


def close(reporter: UUID) -> Callable[[Session], closing.Closed]:
    return lambda session: closing.close(session, reporter)[0]


def test_an_account_without_reports_is_erased_at_once(
    database: Database, writer: Writer, someone: UUID
) -> None:
    assert done(writer, close(someone)).erased
    row = row_of(database, someone)
    assert (row.phone, row.phone_masked, row.name, row.name_masked, row.id_number) == (
        b"",
        "",
        None,
        None,
        None,
    )
    assert row.id_number_index is None
    assert row.phone_index != CIPHER.index("phone", PHONE)
    assert row.erased_at is not None
    assert kinds(database, someone)[-3:] == ["AccountClosed", "SessionsEnded", "AccountErased"]


def test_closing_ends_every_session_and_takes_back_every_consent(
    database: Database, writer: Writer, someone: UUID
) -> None:
    edition = consents.EDITIONS["notices"]
    done(writer, lambda session: consents.answer(session, someone, "notices", True, edition))
    done(writer, close(someone))
    with database.read() as session:
        sessions = TABLES["reporter_session"]
        revoked = select(sessions.c.revoked_at).where(sessions.c.reporter == someone)
        assert all(session.connection().execute(revoked).scalars())
        assert not consents.agreed(session, someone, "notices")


def test_closing_twice_is_once(database: Database, writer: Writer, someone: UUID) -> None:
    first = done(writer, close(someone))
    assert done(writer, close(someone)) == first
    assert kinds(database, someone).count("AccountClosed") == 1


def test_an_open_report_keeps_its_reporter_known_and_nobody_says_until_when(
    database: Database, writer: Writer, someone: UUID
) -> None:
    number = done(writer, file(filing(someone))).number
    closed = done(writer, close(someone))
    assert closed.kept == (closing.Kept(number, None),)
    assert not closed.erased
    assert row_of(database, someone).name is not None


def test_a_closed_report_keeps_its_reporter_known_for_the_retention_time_and_then_all_is_erased(
    database: Database, writer: Writer, someone: UUID
) -> None:
    done(writer, file(filing(someone)))
    put(database, "report", someone, status="closed")
    (kept,) = done(writer, close(someone)).kept
    assert kept.until is not None
    assert done(writer, closing.erase_due) == 0
    put(database, "report", someone, filed_at=LONG_AGO)
    assert done(writer, closing.erase_due) == 1
    assert row_of(database, someone).phone == b""
    assert done(writer, closing.erase_due) == 0


def test_the_same_phone_opens_a_closed_account_again_while_something_is_kept(
    database: Database, writer: Writer, someone: UUID
) -> None:
    done(writer, file(filing(someone)))
    done(writer, close(someone))
    assert signed_up(writer) == someone
    row = row_of(database, someone)
    assert (row.closed_at, row.identity, row.reports) == (None, "verified", 1)
    assert kinds(database, someone)[-1] == "AccountReopened"


def test_the_same_phone_is_a_new_reporter_once_the_old_one_was_erased(writer: Writer, someone: UUID) -> None:
    done(writer, close(someone))
    assert signed_up(writer) != someone


def test_a_report_filed_after_the_closing_is_refused_and_stays_on_its_phone(
    writer: Writer, someone: UUID
) -> None:
    done(writer, close(someone))
    with pytest.raises(Refused, match="sign_in_required"):
        done(writer, file(filing(someone)))


@pytest.mark.parametrize("first", ["report", "closing"])
def test_in_one_batch_the_closing_finds_the_report_or_the_report_is_refused(
    database: Database, first: str
) -> None:
    """Rows of a batch are inserted at its end: no query of a neighbour finds them."""
    with writing(database) as writer:
        someone = signed_up(writer)
    with writing(database, start=False) as writer:
        filed: Future[Any]
        if first == "report":
            filed, closed = writer.submit(file(filing(someone))), writer.submit(close(someone))
        else:
            closed, filed = writer.submit(close(someone)), writer.submit(file(filing(someone)))
        writer.start()
        wait([filed, closed])
    assert closed.result().erased == (first == "closing")
    assert isinstance(filed.exception(), Refused) == (first == "closing")


def test_two_processes_that_file_and_close_at_once_lose_nothing(database: Database) -> None:
    """Whoever comes first, no report stands without its reporter's phone."""
    with writing(database) as one, writing(database) as two:
        for round_ in range(12):
            someone = signed_up(one, f"+86138571{round_:05d}")
            filed = one.submit(file(filing(someone)), [DESK])
            closed = two.submit(close(someone), [reporters.PROVINCE])
            both: list[Future[Any]] = [filed, closed]
            wait(both)
            stored = filed.exception() is None
            assert stored or isinstance(filed.exception(), Refused)
            assert closed.result().erased == (not stored)
            assert (row_of(database, someone).phone != b"") == stored


def test_a_name_that_reports_are_told_by_is_not_erased(
    database: Database, writer: Writer, someone: UUID
) -> None:
    done(writer, file(filing(someone)))
    with pytest.raises(Refused, match="identity_kept"):
        done(writer, lambda session: closing.erase_identity(session, someone, "second_report"))
    done(writer, lambda session: closing.erase_identity(session, someone, "never"))
    assert (row_of(database, someone).identity, row_of(database, someone).name) == ("none", None)


def test_a_name_that_no_report_needs_is_erased_when_wished(
    database: Database, writer: Writer, someone: UUID
) -> None:
    for _ in range(2):
        done(writer, lambda session: closing.erase_identity(session, someone, "always"))
    assert row_of(database, someone).identity == "none"
    assert kinds(database, someone).count("IdentityErased") == 1


@pytest.mark.parametrize("keeps", [True, False])
def test_a_name_of_long_ago_stays_only_with_who_agreed_to_that(
    database: Database, writer: Writer, someone: UUID, keeps: bool
) -> None:
    edition = consents.EDITIONS["keep_identity"]
    for given in (True, keeps):
        done(
            writer,
            partial(consents.answer, reporter=someone, purpose="keep_identity", given=given, wording=edition),
        )
    assert done(writer, closing.erase_due) == 0
    put(database, "reporter", someone, verified_at=LONG_AGO)
    assert done(writer, closing.erase_due) == (not keeps)
    assert (row_of(database, someone).name is not None) == keeps


def test_an_agreement_to_an_older_wording_keeps_no_name(
    database: Database, writer: Writer, someone: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    edition = consents.EDITIONS["keep_identity"]
    done(writer, lambda session: consents.answer(session, someone, "keep_identity", True, edition))
    put(database, "reporter", someone, verified_at=LONG_AGO)
    monkeypatch.setattr(consents, "EDITIONS", {**consents.EDITIONS, "keep_identity": "2099-01"})
    with database.read() as session:
        assert not consents.agreed(session, someone, "keep_identity")
        (standing, *_) = consents.standings(session, someone)
    assert (standing.agreed, standing.outdated) == (False, True)


# --- corrections


def test_another_persons_number_is_refused_unless_it_is_a_correction(
    database: Database, writer: Writer, someone: UUID
) -> None:
    with pytest.raises(Refused, match="identity_fixed"):
        done(writer, lambda session: corrections.verify_identity(session, CIPHER, someone, "李四", LI))
    assert row_of(database, someone).name_masked == "张*"
    done(writer, lambda session: corrections.verify_identity(session, CIPHER, someone, "张三", ZHANG))
    assert kinds(database, someone) == ["IdentityVerified"]


def test_the_same_number_under_a_new_name_is_the_same_person(
    database: Database, writer: Writer, someone: UUID
) -> None:
    done(writer, lambda session: corrections.verify_identity(session, CIPHER, someone, "张三丰", ZHANG))
    assert row_of(database, someone).name_masked == "张**"
    assert kinds(database, someone) == ["IdentityVerified", "IdentityCorrected"]


def test_a_report_is_told_by_the_name_it_was_filed_under_and_the_desk_sees_the_change(
    database: Database, writer: Writer, someone: UUID
) -> None:
    before = done(writer, file(filing(someone))).id
    put(database, "report", someone, filed_at=now() - timedelta(seconds=5))
    for number, name in ((LI, "李四"), (ZHANG, "王五")):
        correct = partial(
            corrections.correct_identity, cipher=CIPHER, reporter=someone, name=name, number=number
        )
        done(writer, correct)
    after = done(writer, file(filing(someone))).id
    with database.read() as session:
        old, new = reading.states(session, [before, after]).values()
    assert (old.caller.name_masked, old.caller.name_now) == ("张*", "王*")
    assert old.caller.identity_changed_at is not None
    assert (new.caller.name_masked, new.caller.name_now, new.caller.identity_changed_at) == (
        "王*",
        None,
        None,
    )
    table = TABLES["event"]
    with database.read() as session:
        chosen = select(table.c.data).where(table.c.desk == DESK, table.c.kind == "IdentityCorrected")
        assert session.connection().execute(chosen).scalars().all() == [{}, {}]


def test_what_was_put_aside_is_sealed_for_its_new_place(
    database: Database, writer: Writer, someone: UUID
) -> None:
    done(writer, lambda session: corrections.correct_identity(session, CIPHER, someone, "李四", LI))
    with database.read() as session:
        (former,) = session.connection().execute(select(TABLES["former_identity"])).all()
    assert CIPHER.open("former_identity", "name", former.id, former.name) == "张三"
    assert CIPHER.open("former_identity", "id_number", former.id, former.id_number) == ZHANG.value


def test_a_phone_that_is_somebody_elses_is_refused(writer: Writer, someone: UUID) -> None:
    signed_up(writer, OTHER_PHONE)
    code = new_code(writer, OTHER_PHONE)
    with pytest.raises(Refused, match="phone_taken"):
        done(
            writer,
            lambda session: corrections.change_phone(session, CIPHER, someone, OTHER_PHONE, code, b"mine"),
        )


def test_a_changed_phone_is_shown_to_the_desk_and_ends_the_sessions_of_the_old_one(
    database: Database, writer: Writer, someone: UUID
) -> None:
    report = done(writer, file(filing(someone))).id
    put(database, "report", someone, filed_at=now() - timedelta(seconds=5))
    code = new_code(writer, OTHER_PHONE)
    for tried, ended in (("wrong", None), (code, 1)):
        change = partial(
            corrections.change_phone,
            cipher=CIPHER,
            reporter=someone,
            phone=OTHER_PHONE,
            code=tried,
            keep=b"mine",
        )
        found = done(writer, change)
        assert (None if found is None else len(found)) == ended
    with database.read() as session:
        found_state = reading.state(session, report)
    assert found_state is not None
    assert (found_state.caller.phone_before, found_state.caller.phone_masked) == (
        "138****0001",
        "138****0002",
    )
    assert found_state.caller.identity_changed_at is None


def new_code(writer: Writer, phone: str) -> str:
    index = CIPHER.index("phone", phone)
    digest = reporters.code_digest(index, "654321")
    done(writer, lambda session: reporters.remember_code(session, index, digest, 0))
    return "654321"


def test_whoever_was_never_asked_agrees_to_nothing(database: Database, writer: Writer) -> None:
    someone = done(writer, add_reporter)
    with database.read() as session:
        assert [standing.agreed for standing in consents.standings(session, someone)] == [False] * 4
