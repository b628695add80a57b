"""The migrations make the tables that the models describe, and take them away again."""

import pytest
from alembic import command
from alembic.util.exc import CommandError
from sqlalchemy import create_engine, inspect
from sqlalchemy.pool import NullPool

from processes.prepare import migrations_of


@pytest.fixture
def url(kind: str, request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> str:
    if kind == "postgresql":
        return str(request.getfixturevalue("postgres_of_session").database())
    return f"sqlite:///{tmp_path_factory.mktemp('migrations')}/desk110.db"


def tables_of(url: str) -> set[str]:
    engine = create_engine(url, poolclass=NullPool)
    names = set(inspect(engine).get_table_names())
    engine.dispose()
    return names - {"alembic_version"}


def test_the_migrations_make_what_the_models_describe_and_take_it_away_again(url: str) -> None:
    config = migrations_of(url)
    command.upgrade(config, "head")
    assert {"report", "event", "acknowledgement", "location_code"} <= tables_of(url)
    command.check(config)
    command.downgrade(config, "base")
    assert tables_of(url) == set()
    with pytest.raises(CommandError):
        command.check(config)
