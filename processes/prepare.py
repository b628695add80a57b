"""What must stand before a process starts: folders, the newest tables, keys, boundaries, and in a demo its accounts."""

from collections.abc import Callable

from alembic import command
from alembic.config import Config

from dispatch.settings import CHECKOUT, Settings


def prepare(settings: Settings, say: Callable[[str], None]) -> None:
    """Brings the installation up to date; doing it again changes nothing."""
    settings.home.mkdir(parents=True, exist_ok=True, mode=0o700)
    _migrate(settings)


def _migrate(settings: Settings) -> None:
    config = Config()
    config.set_main_option("script_location", str(CHECKOUT / "migrations").replace("%", "%%"))
    config.attributes["database_url"] = settings.database_url
    command.upgrade(config, "head")
