"""A backup brought back: into an installation that has its keys and as yet no database.

What comes back is an older state than phones and consoles have seen, so it gets an epoch of its own: to every cursor of
before it is another database, and they read everything anew. Report numbers of that day begin where no lost one was.
"""

import os
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from uuid import uuid4

from alembic.script import ScriptDirectory
from sqlalchemy import create_engine, inspect, update
from sqlalchemy.pool import NullPool
from sqlmodel import Session

from dispatch import keys, published, resealing
from dispatch.clock import iso, now
from dispatch.database import Database
from dispatch.errors import Unfit
from dispatch.events import DATABASE_RESTORED, LOCAL, record
from dispatch.models import TABLES
from dispatch.reporters import PROVINCE
from dispatch.settings import Settings
from dispatch.writer import Writer
from processes.backing_up import (
    SQLITE,
    Manifest,
    digest_of,
    make_folders,
    media_folder,
    postgres_environment,
    postgres_program,
    read_digests,
)
from processes.prepare import migrate, migrations_of

# Reports of the day of a restore are numbered from here on, and four for each second of the day: what was numbered
# after the backup is lost to us and not to those who hold the numbers, and so it is after a second restore of that
# day. No desk has taken half as many in a day, or four a second for long.
NUMBERS_FROM: Final = 500_000
NUMBERS_A_SECOND: Final = 4
BEGUN: Final = "restoring"
WITHIN_S: Final = 60.0


@dataclass(frozen=True, slots=True)
class Restored:
    """What was brought back: the epoch that ended, the new one, and what to look after."""

    manifest: Manifest
    epoch: str
    media: int
    missing_keys: tuple[str, ...]


def restore(
    settings: Settings,
    folder: Path,
    actor: str,
    *,
    keep_sessions: bool = False,
    say: Callable[[str], None] = lambda _: None,
) -> Restored:
    """Bring this backup back. Whole or not at all for the database; killed amid it, the same command goes on.

    `keep_sessions`: consoles stay signed in. Without it everybody signs in anew there, since whoever was signed out
    after the backup would be in again. Raises `Unfit`: no backup, damaged, of newer tables, a database that is not
    empty, no keys.
    """
    manifest = Manifest.read(folder)
    _check_kind(settings, manifest)
    _check_keys(settings)
    begun = settings.home / BEGUN
    goes_on = begun.exists() and begun.read_text(encoding="utf-8") == iso(manifest.made_at)
    if not _empty(settings) and not (goes_on and _just_copied(settings, manifest)):
        raise Unfit("DATABASE_URL: there is a database already; a backup is never written over one.")
    _check_digests(folder)
    say("digests")
    begun.write_text(iso(manifest.made_at), encoding="utf-8")
    media = _bring_media(settings, folder) if manifest.media else 0
    _bring(folder / "heads", settings.home / "heads")
    say("media")
    if _empty(settings):
        (_sqlite if settings.sqlite else _postgres)(settings, folder)
    say("database")
    migrate(settings.database_url)
    epoch = _begin_epoch(settings, manifest, actor, keep_sessions)
    begun.unlink()
    return Restored(manifest, epoch, media, _missing_keys(settings))


def _check_kind(settings: Settings, manifest: Manifest) -> None:
    if settings.sqlite is not (manifest.database == SQLITE):
        raise Unfit("DATABASE_URL: the backup is of the other kind of database.")
    scripts = ScriptDirectory.from_config(migrations_of(settings.database_url))
    if manifest.revision not in {script.revision for script in scripts.walk_revisions()}:
        raise Unfit(f"The backup has newer tables ({manifest.revision}) than this version of desk110 knows.")


def _check_keys(settings: Settings) -> None:
    paths = keys.KeyPaths.under(settings.home)
    if not paths.folder.exists():
        raise Unfit(
            f"The keys are missing: put them back to {paths.folder} first. They are no part of a backup."
        )
    keys.load_field_keys(paths)
    keys.load_index_key(paths)


def _check_digests(folder: Path) -> None:
    for at, digest in read_digests(folder).items():
        path = folder / at
        if not path.is_file() or digest_of(path) != digest:
            raise Unfit(f"The backup is damaged: {at} is missing or not what it was.")


def _empty(settings: Settings) -> bool:
    if settings.sqlite and not _file(settings).exists():
        return True
    engine = create_engine(settings.database_url, poolclass=NullPool)
    return not inspect(engine).get_table_names()


def _file(settings: Settings) -> Path:
    return Path(settings.database_url.removeprefix("sqlite:///"))


def _just_copied(settings: Settings, manifest: Manifest) -> bool:
    """Whether the database is the backup's and nothing more: its restore was cut off before its epoch began."""
    engine = create_engine(settings.database_url, poolclass=NullPool)
    with Session(engine) as session:
        return published.now_in(session) == (manifest.epoch, manifest.heads)


def _bring_media(settings: Settings, folder: Path) -> int:
    target = media_folder(settings)
    if target is None:
        raise Unfit("DESK110_MEDIA_URL: the backup's media are files; name a folder (file://).")
    return _bring(folder / "media", target)


def _bring(source: Path, target: Path) -> int:
    """Copy what is not there yet; gives how many there are. A file that stands is newer or the same."""
    count = 0
    for path in sorted(source.rglob("*")):
        if not path.is_file():
            continue
        to = target / path.relative_to(source)
        make_folders(to.parent)
        count += 1
        if not to.exists():
            _copy(path, to)
    return count


def _copy(source: Path, target: Path) -> None:
    beside = target.with_name(f"{target.name}.part")
    shutil.copy2(source, beside)
    beside.chmod(0o600)
    with beside.open("rb") as file:
        os.fsync(file.fileno())
    beside.rename(target)


def _sqlite(settings: Settings, folder: Path) -> None:
    target = _file(settings)
    make_folders(target.parent)
    for rest in ("-wal", "-shm"):
        if target.with_name(target.name + rest).exists():
            raise Unfit(f"{target}{rest} belongs to the database that was there; put it aside with it.")
    _copy(folder / SQLITE, target)


def _postgres(settings: Settings, folder: Path) -> None:
    program, environment = postgres_program("pg_restore"), postgres_environment(settings.database_url)
    command = [program, "--single-transaction", "--exit-on-error", "--no-owner", "--no-privileges"]
    command += ["--no-password", f"--dbname={environment['PGDATABASE']}", str(folder / "database.pgdump")]
    done = subprocess.run(command, env=environment, stdin=subprocess.DEVNULL, check=False)
    if done.returncode:
        raise Unfit(f"pg_restore ended with status {done.returncode}; what it said stands above.")


def _begin_epoch(settings: Settings, manifest: Manifest, actor: str, keep_sessions: bool) -> str:
    """In one transaction: a new epoch, numbers that were never given, and the event that says so."""
    epoch, at = uuid4(), now()

    def begin(session: Session) -> None:
        connection = session.connection()
        connection.execute(update(TABLES["installation"]).values(epoch=epoch))
        here = at.astimezone(LOCAL)
        seconds = here.hour * 3600 + here.minute * 60 + here.second
        numbers = {"numbered_on": f"{here:%Y%m%d}", "numbered": NUMBERS_FROM + NUMBERS_A_SECOND * seconds}
        connection.execute(update(TABLES["desk_head"]).values(numbers))
        if not keep_sessions:
            sessions = TABLES["console_session"]
            connection.execute(update(sessions).where(sessions.c.revoked_at.is_(None)).values(revoked_at=at))
        data = {"made_at": iso(manifest.made_at), "epoch": manifest.epoch}
        record(session, PROVINCE, DATABASE_RESTORED, actor=actor, data=data)

    database = Database(settings.database_url)
    writer = Writer(database, lambda _: None)
    writer.start()
    try:
        writer.submit(begin).result(WITHIN_S)
    finally:
        writer.stop()
        database.close()
    return str(epoch)


def _missing_keys(settings: Settings) -> tuple[str, ...]:
    ring = keys.load_field_keys(keys.KeyPaths.under(settings.home))
    database = Database(settings.database_url)
    try:
        with database.read() as session:
            needed = resealing.counted(session)
    finally:
        database.close()
    return tuple(sorted(set(needed) - {name.hex() for name in ring.keys}))
