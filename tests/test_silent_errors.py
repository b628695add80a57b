"""What a database says of a statement that failed has no word of what was in it."""

import traceback

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from dispatch.database import Database

PHONE = "13800138000"


def test_an_error_of_a_statement_does_not_say_what_was_given_to_it(database: Database) -> None:
    for engine in (database.writing, database.reading):
        with pytest.raises(DBAPIError) as failed, engine.connect() as connection:
            connection.execute(text("SELECT phone FROM nowhere WHERE phone = :phone"), {"phone": PHONE})
        told = "".join(traceback.format_exception(failed.value))
        assert "nowhere" in told
        assert PHONE not in told
