"""What a command stands on: the settings, the database, and a writer for what it changes."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

from dispatch.database import Database
from dispatch.errors import Unfit
from dispatch.settings import Settings
from dispatch.words import look_also_in
from dispatch.writer import Command, Writer

T = TypeVar("T")

WITHIN_S = 60.0


@contextmanager
def database() -> Iterator[tuple[Settings, Database]]:
    """The settings of this installation and its database. Raises `Unfit`."""
    settings = Settings.load()
    look_also_in(settings.words)
    if settings.sqlite and not Path(settings.database_url.removeprefix("sqlite:///")).exists():
        raise Unfit("DATABASE_URL: there is no database yet; run desk110 setup.")  # opening it would make one
    found = Database(settings.database_url)
    try:
        yield settings, found
    finally:
        found.close()


def done(on: Database, command: Command[T], *desks: str) -> T:
    """What a command of the writer gives, after its commit.

    It does not ring: every process finds the event by itself within a second.
    """
    writer = Writer(on, lambda _: None)
    writer.start()
    try:
        return writer.submit(command, desks).result(WITHIN_S)
    finally:
        writer.stop()
