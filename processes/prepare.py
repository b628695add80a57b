"""What must stand before a process starts: folders, the newest tables, keys, desks, boundaries, demo accounts."""

from collections.abc import Callable

from alembic import command
from alembic.config import Config
from sqlalchemy import select
from sqlalchemy.exc import OperationalError

from dispatch import boundaries, demo_units, installation, keys
from dispatch.database import Database
from dispatch.errors import Unfit
from dispatch.models import TABLES
from dispatch.settings import CHECKOUT, Settings
from processes.home import make_home

MIGRATIONS = CHECKOUT / "migrations"


def prepare(settings: Settings, say: Callable[[str], None]) -> None:
    """Brings the installation up to date; doing it again changes nothing. Raises `Unfit`."""
    make_home(settings.home)
    try:
        migrate(settings.database_url)
        _fill(settings)
    except OperationalError as error:
        # The driver's words hold the address and the user, which are nobody's business in a log.
        raise Unfit(f"DATABASE_URL: the database cannot be opened ({type(error.orig).__name__}).") from None
    boundaries.ensure(boundaries.boundaries_file(settings.home), say)
    if settings.demo:
        _fill_demo(settings)


def migrate(database_url: str) -> None:
    """Brings the tables up to the newest."""
    command.upgrade(migrations_of(database_url), "head")


def migrations_of(database_url: str) -> Config:
    """What Alembic is called with for this database."""
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.attributes["database_url"] = database_url
    return config


def _fill(settings: Settings) -> None:
    database = Database(settings.database_url)
    try:
        with database.read() as session:
            sealed = session.connection().execute(select(TABLES["reporter"].c.id).limit(1)).first()
        keys.set_up(keys.KeyPaths.under(settings.home), old_data=sealed is not None)
        installation.set_up(database, settings.demo)
    finally:
        database.close()


def _fill_demo(settings: Settings) -> None:
    """What stands on the map in a demo: it needs the boundaries."""
    database = Database(settings.database_url)
    try:
        demo_units.set_up(database, boundaries.read(boundaries.boundaries_file(settings.home)))
    finally:
        database.close()
