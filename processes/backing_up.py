"""A backup: one folder with the database as it was at one moment, the media that belong to it, the published heads,
and a manifest that is written last. What has no manifest is none.

    <folder>/20261130T193000Z/
        manifest.json      when, which epoch, every desk's head, which tables
        database.sqlite    or database.pgdump (pg_dump's custom format)
        media/…            as the store's folder has them; those of an S3 store are their operator's to keep
        heads/…            the published heads (dispatch/published.py)
        digests.sha256     of all files but these two, as `sha256sum --check` reads it

Keys are no part of it: whoever finds a backup must not find with it what opens it.
"""

import hashlib
import os
import re
import shutil
import sqlite3
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final
from urllib.parse import unquote, urlsplit

import orjson
from psycopg.conninfo import conninfo_to_dict
from sqlalchemy import create_engine, text
from sqlalchemy.pool import NullPool
from sqlmodel import Session

from dispatch import published
from dispatch.clock import iso, now
from dispatch.errors import Unfit
from dispatch.settings import Settings
from dispatch.store import PARTS

MANIFEST: Final = "manifest.json"
DIGESTS: Final = "digests.sha256"
SQLITE: Final = "database.sqlite"
POSTGRES: Final = "database.pgdump"
FORMAT: Final = 1
STAMP: Final = re.compile(r"\d{8}T\d{6}Z")
PIECE: Final = 1024 * 1024

# What libpq is told by the environment: a password in a command line would be read by everybody on the machine.
_LIBPQ: Final = {
    "host": "PGHOST",
    "hostaddr": "PGHOSTADDR",
    "port": "PGPORT",
    "user": "PGUSER",
    "password": "PGPASSWORD",
    "passfile": "PGPASSFILE",
    "dbname": "PGDATABASE",
    "sslmode": "PGSSLMODE",
    "sslcert": "PGSSLCERT",
    "sslkey": "PGSSLKEY",
    "sslrootcert": "PGSSLROOTCERT",
    "options": "PGOPTIONS",
}


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a backup says of itself."""

    made_at: datetime
    database: str  # the file's name
    epoch: str
    revision: str  # of the migrations
    heads: published.Heads
    media: bool  # whether the media are in it

    def text(self) -> bytes:
        """As the file has it."""
        heads = {desk: [seq, digest.hex()] for desk, (seq, digest) in self.heads.items()}
        document = {
            "format": FORMAT,
            "made_at": iso(self.made_at),
            "database": self.database,
            "epoch": self.epoch,
            "revision": self.revision,
            "media": self.media,
            "heads": heads,
        }
        return orjson.dumps(document, option=orjson.OPT_INDENT_2)

    @classmethod
    def read(cls, folder: Path) -> "Manifest":
        """Of this backup. Raises `Unfit` where there is none."""
        try:
            found = orjson.loads((folder / MANIFEST).read_bytes())
            if found["format"] != FORMAT or found["database"] not in {SQLITE, POSTGRES}:
                raise ValueError
            heads = {desk: (int(seq), bytes.fromhex(hash_)) for desk, (seq, hash_) in found["heads"].items()}
            at = datetime.fromisoformat(found["made_at"])
            return cls(at, found["database"], found["epoch"], found["revision"], heads, bool(found["media"]))
        except FileNotFoundError:
            raise Unfit(
                f"{folder} is no backup, or one that was not finished: it has no {MANIFEST}."
            ) from None
        except (OSError, ValueError, TypeError, KeyError):
            raise Unfit(f"{folder / MANIFEST} cannot be read.") from None


def create(settings: Settings, out: Path, say: Callable[[str], None] = lambda _: None) -> Path:
    """Make a backup in a folder of its own below `out` while the processes go on; gives that folder. Raises `Unfit`.

    Files that did not change since the backup before are linked to its own where the file system can.
    """
    before = next(reversed(finished(out)), None)
    made_at = now()
    folder = out / f"{made_at:%Y%m%dT%H%M%SZ}"
    try:
        make_folders(out)
        folder.mkdir(mode=0o700)
    except OSError as error:
        raise Unfit(f"--out: {folder} cannot be made ({error.strerror}).") from None
    digests: dict[str, str] = {}
    known = read_digests(before) if before else {}
    # The database first: what its rows name is in the store by then, since bytes are stored before rows are written.
    manifest = _database(settings, folder, made_at)
    digests[manifest.database] = digest_of(folder / manifest.database)
    say(manifest.database)
    sources = [("heads", settings.home / "heads")]
    if (media := media_folder(settings)) is not None:
        sources += [(f"media/{part}", media / part) for part in PARTS]  # and not what is still on its way
    for name, source in sources:
        for path in _files(source):
            at = f"{name}/{path.relative_to(source).as_posix()}"
            if (
                digest := _copied(path, folder / at, before / at if before else None, known.get(at))
            ) is not None:
                digests[at] = digest
        say(name)
    lines = "".join(f"{digest}  {at}\n" for at, digest in sorted(digests.items()))
    _write(folder / DIGESTS, lines.encode())
    _write(folder / MANIFEST, manifest.text())
    _sync(folder)
    _sync(out)
    return folder


def finished(out: Path) -> list[Path]:
    """The whole backups below a folder, the oldest first."""
    return sorted(path for path in out.glob("*") if STAMP.fullmatch(path.name) and (path / MANIFEST).exists())


def prune(out: Path, keep: int) -> list[Path]:
    """Remove all but the newest `keep` whole backups; gives those that are gone. What was never finished stays."""
    old = finished(out)[:-keep]
    for folder in old:
        (folder / MANIFEST).unlink()  # from here on it is none
        shutil.rmtree(folder)
    return old


def media_folder(settings: Settings) -> Path | None:
    """Where the media lie, if that is a folder."""
    parts = urlsplit(settings.media_url)
    return Path(unquote(parts.path)) if parts.scheme == "file" else None


def digest_of(path: Path) -> str:
    """SHA-256 in hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def read_digests(folder: Path) -> dict[str, str]:
    """The digest of each file of a backup by its place. Raises `Unfit`."""
    try:
        lines = (folder / DIGESTS).read_text(encoding="utf-8").splitlines()
        return {at: digest for digest, _, at in (line.partition("  ") for line in lines)}
    except (OSError, ValueError):
        raise Unfit(f"{folder / DIGESTS} cannot be read.") from None


def postgres_environment(database_url: str) -> dict[str, str]:
    """The environment in which PostgreSQL's own programs reach this database."""
    parts = {name: str(value) for name, value in conninfo_to_dict(database_url).items() if value is not None}
    return {**os.environ, **{_LIBPQ[name]: value for name, value in parts.items() if name in _LIBPQ}}


def postgres_program(name: str) -> str:
    """`pg_dump` or `pg_restore`. Raises `Unfit` where it is not installed."""
    found = shutil.which(name)
    if found is None:
        raise Unfit(
            f"{name} is not on this machine; install PostgreSQL's client programs of the server's version."
        )
    return found


def _database(settings: Settings, folder: Path, made_at: datetime) -> Manifest:
    copy = _of_sqlite if settings.sqlite else _of_postgres
    has_media = media_folder(settings) is not None
    revision, of, heads = copy(settings.database_url, folder)
    name = SQLITE if settings.sqlite else POSTGRES
    return Manifest(made_at, name, of, revision, heads, has_media)


def _of_sqlite(url: str, folder: Path) -> tuple[str, str, published.Heads]:
    """SQLite's own online copy: of one moment, and no writer waits for it."""
    source = Path(url.removeprefix("sqlite:///"))
    path = folder / SQLITE
    _write(path, b"")
    with _sqlite(f"file:{source}?mode=ro") as live, _sqlite(f"file:{path}") as copy:
        live.execute("PRAGMA busy_timeout=10000")
        live.backup(copy)
        copy.execute("PRAGMA journal_mode=DELETE")  # whole in one file
    with path.open("rb") as file:
        os.fsync(file.fileno())
    engine = create_engine(f"sqlite:///{path}", poolclass=NullPool)
    with Session(engine) as session:
        return _standing(session)


@contextmanager
def _sqlite(uri: str) -> Iterator[sqlite3.Connection]:
    connection = sqlite3.connect(uri, uri=True, isolation_level=None)
    try:
        yield connection
    finally:
        connection.close()


def _of_postgres(url: str, folder: Path) -> tuple[str, str, published.Heads]:
    """pg_dump of a snapshot that we hold, so that the manifest's heads are those of the copy."""
    program, path = postgres_program("pg_dump"), folder / POSTGRES
    _write(path, b"")
    engine = create_engine(url, poolclass=NullPool, isolation_level="REPEATABLE READ")
    with Session(engine) as session:
        standing = _standing(session)
        snapshot = session.connection().execute(text("SELECT pg_export_snapshot()")).scalar_one()
        command = [program, "--format=custom", "--no-owner", "--no-privileges", "--no-password"]
        command += [f"--snapshot={snapshot}", f"--file={path}"]
        done = subprocess.run(command, env=postgres_environment(url), stdin=subprocess.DEVNULL, check=False)
    if done.returncode:
        raise Unfit(f"pg_dump ended with status {done.returncode}; what it said stands above.")
    with path.open("rb") as file:
        os.fsync(file.fileno())
    return standing


def _standing(session: Session) -> tuple[str, str, published.Heads]:
    """The migration, the epoch and the heads, in the session's snapshot."""
    revision = session.connection().execute(text("SELECT version_num FROM alembic_version")).scalar_one()
    return str(revision), *published.now_in(session)


def _files(folder: Path) -> Iterator[Path]:
    """What lies there and is whole: neither locks nor what is being written."""
    for path in sorted(folder.rglob("*")):
        if path.is_file() and not path.name.startswith(".") and path.suffix != ".part":
            yield path


def _copied(source: Path, target: Path, before: Path | None, known: str | None) -> str | None:
    """Copy a file, or link it to that of the backup before; gives its digest. None: it went meanwhile (retention)."""
    make_folders(target.parent)
    try:
        found = source.stat()
        if before is not None and known is not None and _same(found, before):
            os.link(before, target)
            return known
    except FileNotFoundError:
        return None
    except OSError:
        pass  # no links there: a copy does as well
    digest = hashlib.sha256()
    try:
        with source.open("rb") as come, open(target, "xb", opener=private) as go:
            while piece := come.read(PIECE):
                digest.update(piece)
                go.write(piece)
            go.flush()
            os.fsync(go.fileno())
    except FileNotFoundError:
        return None
    os.utime(target, ns=(found.st_atime_ns, found.st_mtime_ns))
    return digest.hexdigest()


def _same(found: os.stat_result, before: Path) -> bool:
    try:
        old = before.stat()
    except FileNotFoundError:
        return False
    return (old.st_size, old.st_mtime_ns) == (found.st_size, found.st_mtime_ns)


def _write(path: Path, content: bytes) -> None:
    with open(path, "xb", opener=private) as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def make_folders(folder: Path) -> None:
    """Make the folder and those above it that are not there, for this user alone (`parents=True` would not)."""
    if not folder.is_dir():
        make_folders(folder.parent)
        folder.mkdir(exist_ok=True, mode=0o700)


def private(path: str, flags: int) -> int:
    """Opens for this user alone."""
    return os.open(path, flags | os.O_CLOEXEC, 0o600)


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
