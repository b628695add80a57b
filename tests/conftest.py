"""What tests of real processes share: one Valkey and one PostgreSQL a session, one desk110 a module."""

import os
import shutil
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings as hypothesis_settings
from playwright.async_api import expect
from sqlalchemy import update
from sqlmodel import Session

from dispatch.database import Database
from dispatch.models import TABLES
from dispatch.settings import Settings
from processes.prepare import prepare
from tests.people import People
from tests.places import Place, places
from tests.servers import Postgres, Valkey, make_home
from tests.servers import postgres as running_postgres
from tests.servers import valkey as running_valkey
from tests.stack import NEVER_S, Stack
from tests.stack import stack as running_stack

# A time limit is never what a test asserts; a busy machine is no defect.
hypothesis_settings.register_profile("desk110", deadline=None)
# What `scripts/test` runs is the same every time; `soak` goes on where nobody has been.
hypothesis_settings.register_profile("bounded", deadline=None, derandomize=True, max_examples=6)
hypothesis_settings.register_profile(
    "soak", deadline=None, max_examples=int(os.environ.get("DESK110_HYPOTHESIS_EXAMPLES", "2000"))
)
hypothesis_settings.load_profile("desk110")
expect.set_options(timeout=30_000)


# Where a reporter is who is nowhere in particular, and the border that is crossed there.
TAKEN = {"330106", "330102"}


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    """The loop that the product runs on is asyncio's."""
    return "asyncio"


@pytest.fixture(scope="session")
def valkey_of_session() -> Iterator[Valkey]:
    """One Valkey for all that does not hurt it."""
    with running_valkey() as server:
        yield server


@pytest.fixture(scope="session")
def postgres_of_session() -> Iterator[Postgres]:
    """One PostgreSQL for all that does not hurt it."""
    with running_postgres() as server:
        yield server


@pytest.fixture
def valkey() -> Iterator[Valkey]:
    """A Valkey of the test's own, to be hurt."""
    with running_valkey() as server:
        yield server


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory, valkey_of_session: Valkey) -> Iterator[Stack]:
    """One citizen and one console process on SQLite, for all tests of a module."""
    # Desks of one Valkey are shared by name; each module gets a database of it to itself.
    valkey_of_session.flushall()
    with running_stack(Path(tmp_path_factory.mktemp("desk110")), valkey_of_session) as running:
        yield running


@pytest.fixture(
    scope="session", params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)], name="kind"
)
def kind_of_database(request: pytest.FixtureRequest) -> str:
    """Both databases, one after the other; what asks for it is tested on each."""
    return str(request.param)


@pytest.fixture(scope="session")
def once() -> Iterator[tuple[dict[str, Any], ExitStack]]:
    """What is made at its first use and kept to the end, however often tests change between the databases."""
    with ExitStack() as made:
        yield {}, made


@pytest.fixture
def prepared(
    kind: str,
    once: tuple[dict[str, Any], ExitStack],
    request: pytest.FixtureRequest,
    tmp_path_factory: pytest.TempPathFactory,
) -> str:
    """The URL of a database with the tables, desks and demo accounts, to be copied and never used itself."""
    known, _ = once
    if (name := f"prepared {kind}") not in known:
        home = make_home(Path(tmp_path_factory.mktemp("prepared")))
        url = f"sqlite:///{home}/desk110.db"
        if kind == "postgresql":
            url = request.getfixturevalue("postgres_of_session").database()
        settings = {"DESK110_HOME": str(home), "DATABASE_URL": url, "DESK110_DEMO": "1"}
        prepare(Settings.model_validate(settings), print)
        known[name] = url
    return str(known[name])


@pytest.fixture
def database(prepared: str, kind: str, request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    """A database of the test's own, for what needs no processes."""
    if kind == "sqlite":
        url = f"sqlite:///{tmp_path}/desk110.db"
        shutil.copyfile(prepared.removeprefix("sqlite:///"), tmp_path / "desk110.db")
    else:
        url = request.getfixturevalue("postgres_of_session").database(prepared)
    found = Database(url)
    yield found
    found.close()
    if kind == "postgresql":
        request.getfixturevalue("postgres_of_session").drop(url)


@pytest.fixture
def whole(
    kind: str,
    once: tuple[dict[str, Any], ExitStack],
    request: pytest.FixtureRequest,
    tmp_path_factory: pytest.TempPathFactory,
) -> Stack:
    """Two citizen, two console, one worker process and a Valkey of their own. Who hurts it makes it whole again.

    Its desks are in no hurry: nothing is escalated amid a test that does not ask for it.
    """
    known, made = once
    if (name := f"whole {kind}") not in known:
        url = request.getfixturevalue("postgres_of_session").database() if kind == "postgresql" else ""
        folder = Path(tmp_path_factory.mktemp(f"whole-{kind}"))
        server = made.enter_context(running_valkey())
        # A reporter files as often as a test likes.
        known[name] = made.enter_context(
            running_stack(
                folder, server, url, citizens=2, consoles=2, worker=True, DESK110_IDENTITY_REQUIRED="never"
            )
        )
        patience = dict.fromkeys(("tell_desk_s", "tell_leader_s", "tell_parent_s"), NEVER_S)
        with Session(known[name].database.writing) as session:
            session.connection().execute(update(TABLES["desk"]).values(patience))
            session.commit()
    found: Stack = known[name]
    return found


@pytest.fixture
def places_left(request: pytest.FixtureRequest, once: tuple[dict[str, Any], ExitStack]) -> Iterator[Place]:
    """The counties that no test on this database has taken yet: one of the session, or one of the module's own."""
    shared = "whole" in request.fixturenames
    name = request.getfixturevalue("kind") if shared else str(request.node.path)
    left: Iterator[Place] = once[0].setdefault(
        f"places {name}", (at for at in places() if at.desk not in TAKEN)
    )
    return left


@pytest.fixture
def place(places_left: Iterator[Place]) -> Place:
    """A county of the test's own."""
    return next(places_left)


@pytest.fixture
async def people() -> AsyncIterator[People]:
    """Who takes part in an asynchronous test; they leave at its end, however it ends."""
    present = People()
    yield present
    await present.leave()
