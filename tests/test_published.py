"""The worker publishes the heads of all logs outside the database, and says at once when a log has lost them."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import delete, select, update

from dispatch import published
from dispatch.keys import load_receipt_public
from dispatch.models import TABLES
from tests.command_line import Installation
from tests.people import People, eventually
from tests.servers import Valkey
from tests.stack import DESK, Stack
from tests.stack import stack as running_stack

pytestmark = pytest.mark.anyio

EVENT, HEAD = TABLES["event"], TABLES["desk_head"]


@pytest.fixture
def stack(tmp_path: Path, valkey_of_session: Valkey) -> Iterator[Stack]:
    """With a worker that publishes every second."""
    valkey_of_session.flushall()
    with running_stack(tmp_path, valkey_of_session, worker=True, DESK110_HEADS_EVERY_S="1") as running:
        yield running


def lines(stack: Stack) -> list[published.Line]:
    found = list(published.read(published.files(stack.home / "heads"), load_receipt_public(stack.keys)))
    assert not [one for one in found if isinstance(one, published.Fault)]
    return [one for one in found if isinstance(one, published.Line)]


async def test_what_was_published_finds_what_the_database_no_longer_tells(
    stack: Stack, people: People
) -> None:
    reporter = await people.reporter(stack.citizens[0])
    report = await reporter.filed()
    dispatcher = await people.dispatcher(stack.consoles[0])
    assert (await dispatcher.accept(report["id"])).status_code == 200
    with stack.database.read() as session:
        statement = select(HEAD.c.seq).where(HEAD.c.desk == DESK)
        head = session.connection().execute(statement).scalar_one()
    await eventually(lambda: lines(stack)[-1].heads.get(DESK, (0, b""))[0] >= head, 20, "it is published")
    assert {line.epoch for line in lines(stack)} == {lines(stack)[0].epoch}
    # The acceptance is cut out of the log, and the head set back as if it had never been.
    with stack.database.writing.begin() as connection:
        connection.execute(delete(EVENT).where(EVENT.c.desk == DESK, EVENT.c.seq > 2))
        kept = connection.execute(
            select(EVENT.c.hash).where(EVENT.c.desk == DESK, EVENT.c.seq == 2)
        ).scalar_one()
        connection.execute(update(HEAD).where(HEAD.c.desk == DESK).values(seq=2, hash=kept))
    worker = stack.worker
    assert worker is not None
    await eventually(lambda: "chain_broken" in worker.output(10_000), 20, "the worker says so")
    said = Installation(stack.home, stack.environment).run("audit", "verify", "--desk", DESK)
    assert said.status == 1
    assert f"desk {DESK}, event 3: the end was cut off together with the head" in said.complaints
