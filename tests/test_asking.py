"""Reading with one statement, and no transaction around it."""

import pytest
from sqlalchemy import text

from dispatch.database import Database
from dispatch.events import epoch, heads
from dispatch.reads import Reads
from tests.domain import DESK, done, note, writing

pytestmark = pytest.mark.anyio


async def test_one_statement_sees_what_was_committed_before_it(database: Database) -> None:
    reads = Reads(database, 1)
    with writing(database) as writer:
        for expected in (1, 2, 3):
            done(writer, note(), DESK)
            assert (await reads.ask(heads))[DESK] == expected
    reads.close()


async def test_a_second_statement_would_see_another_moment_and_is_refused(database: Database) -> None:
    reads = Reads(database, 1)
    with pytest.raises(RuntimeError, match="second statement"):
        await reads.ask(lambda session: (epoch(session), heads(session)))
    assert await reads.ask(epoch), "the connection goes on"
    reads.close()


async def test_what_reads_in_a_transaction_after_it_sees_one_moment_again(database: Database) -> None:
    """The two share their connections."""
    reads = Reads(database, 1)
    with writing(database) as writer:
        done(writer, note(), DESK)
        await reads.ask(epoch)
        with database.read() as session:
            assert heads(session)[DESK] == 1
            done(writer, note(), DESK)
            assert heads(session)[DESK] == 1
    assert (await reads.ask(heads))[DESK] == 2
    reads.close()


async def test_it_writes_nothing(database: Database) -> None:
    with pytest.raises(Exception, match=r"(?i)read-?only"), database.ask() as session:
        session.connection().execute(text("DELETE FROM event"))
