"""What tests of real processes share: one Valkey and one PostgreSQL a session, one desk110 a module."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings as hypothesis_settings

from tests.servers import Postgres, Valkey
from tests.servers import postgres as running_postgres
from tests.servers import valkey as running_valkey
from tests.stack import Stack
from tests.stack import stack as running_stack

# A time limit is never what a test asserts; a busy machine is no defect.
hypothesis_settings.register_profile("desk110", deadline=None)
hypothesis_settings.load_profile("desk110")


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
