"""The database: one engine to write with, one to read with, and the column types that both databases share."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import cache
from typing import Any

import orjson
from sqlalchemy import (
    BigInteger,
    Connection,
    DateTime,
    Engine,
    Executable,
    Integer,
    Table,
    Text,
    create_engine,
    event,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Dialect
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.pool import ConnectionPoolEntry, QueuePool
from sqlalchemy.types import TypeDecorator
from sqlmodel import Session

# An execution option, and the name under which a connection keeps its last transaction.
_ONE = "one_statement"

# Connections for requests, and apart from them for the feed: a rush of requests must not hold up the pushes.
READERS = 4
FEEDERS = 2


# Whoever waits for the database is told so by then: a reporter must know within 10 s (I6).
PATIENCE_S = 8.0
UNCONFIRMED_MS = 5000


class UTCDateTime(TypeDecorator[datetime]):
    """Aware moments in UTC, whatever the database keeps. A naive one is refused, not guessed at."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a moment without a time zone")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        # SQLite hands back naive moments; they were written as UTC.
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class JSONText(TypeDecorator[Any]):
    """A JSON document: `jsonb` on PostgreSQL, text on SQLite."""

    impl = Text
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> Any:
        if dialect.name == "postgresql":
            return dialect.type_descriptor(postgresql.JSONB())
        return dialect.type_descriptor(Text())

    def process_bind_param(self, value: Any, dialect: Dialect) -> Any:
        if value is None or dialect.name == "postgresql":
            return value
        return orjson.dumps(value).decode()

    def process_result_value(self, value: Any, dialect: Dialect) -> Any:
        if value is None or dialect.name == "postgresql":
            return value
        return orjson.loads(value)


# SQLite counts in 64 bits only under the name INTEGER; PostgreSQL's integer ends at 2**31.
Count = BigInteger().with_variant(Integer(), "sqlite")


class Database:
    """One writing engine (for the writer thread alone) and one reading engine (for the read pool)."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.sqlite = url.startswith("sqlite")
        self.writing = _engine(url, readers=0)
        self.reading = _engine(url, readers=READERS + FEEDERS)
        # One statement is one moment by itself. On SQLite `_begun` leaves the transaction out.
        plain = {_ONE: True} if self.sqlite else {_ONE: True, "isolation_level": "AUTOCOMMIT"}
        self._asking = self.reading.execution_options(**plain)
        event.listen(self._asking, "before_cursor_execute", _one_statement)

    @contextmanager
    def read(self) -> Iterator[Session]:
        """A read-only session on one snapshot: all its queries see the same moment."""
        # Its end undoes the transaction and gives the connection back.
        with Session(self.reading, expire_on_commit=False, autoflush=False) as session:
            yield session

    @contextmanager
    def ask(self) -> Iterator[Session]:
        """A read-only session for a single statement, without a transaction around it: a second one raises
        RuntimeError, for it could see another moment."""
        with Session(self._asking, expire_on_commit=False, autoflush=False) as session:
            yield session

    def close(self) -> None:
        """Give back every connection."""
        self.writing.dispose()
        self.reading.dispose()


def _one_statement(connection: Connection, *_: Any) -> None:
    transaction = connection.get_transaction()
    if connection.info.get(_ONE) is transaction:
        raise RuntimeError("a second statement in a session for one")
    connection.info[_ONE] = transaction


def _engine(url: str, readers: int) -> Engine:
    if url.startswith("sqlite"):
        return _sqlite_engine(url, readers)
    # A snapshot for readers, so that a page and its cursor cannot disagree.
    # A process that stops amid its writing holds the desk's head; PostgreSQL undoes it while the others still wait.
    options = "-c statement_timeout=10000 -c lock_timeout=5000 -c idle_in_transaction_session_timeout=4000"
    return create_engine(
        url,
        hide_parameters=True,  # no error has in its text what somebody wrote
        poolclass=QueuePool,
        pool_size=max(1, readers),
        max_overflow=0,
        pool_pre_ping=False,
        isolation_level="REPEATABLE READ" if readers else "READ COMMITTED",
        connect_args={
            "connect_timeout": 3,
            "options": options + (" -c default_transaction_read_only=on" if readers else ""),
            "keepalives_idle": 5,
            "keepalives_interval": 2,
            "keepalives_count": 2,
            # What was sent and is not confirmed: the kernel asks again for a quarter of an hour, at longer and longer
            # intervals, and sends no keepalives meanwhile. A line that is dead is given up while somebody still waits.
            "tcp_user_timeout": UNCONFIRMED_MS,
        },
    )


def _sqlite_engine(url: str, readers: int) -> Engine:
    engine = create_engine(
        url,
        hide_parameters=True,
        poolclass=QueuePool,
        pool_size=max(1, readers),
        max_overflow=0,
        connect_args={"check_same_thread": False, "timeout": 10},
    )

    @event.listens_for(engine, "connect")
    def _connected(connection: DBAPIConnection, _record: ConnectionPoolEntry) -> None:
        # The driver's own transactions would begin deferred; we begin them ourselves, below.
        connection.isolation_level = None
        cursor = connection.cursor()
        cursor.execute("PRAGMA journal_mode=WAL")
        cursor.execute("PRAGMA synchronous=FULL")
        cursor.execute("PRAGMA foreign_keys=ON")
        cursor.execute("PRAGMA cache_size=-32000")
        # What is removed is overwritten, not only unlinked: its words must not be read from the file.
        cursor.execute("PRAGMA secure_delete=ON")
        if readers:
            cursor.execute("PRAGMA query_only=ON")
        cursor.close()

    # A deferred transaction that upgrades to writing fails at once, whatever the time-out says.
    begin = "BEGIN" if readers else "BEGIN IMMEDIATE"

    @event.listens_for(engine, "begin")
    def _begun(connection: Connection) -> None:
        if _ONE not in connection.get_execution_options():
            connection.exec_driver_sql(begin)

    return engine


def insert_or_leave(session: Session, table: Table, row: dict[str, Any]) -> bool:
    """Insert the row unless one with its key stands already; whether it was inserted.

    The database decides, in one statement: this is how one of many wins. It is asked to return the key, since
    not every driver counts the rows of such a statement.
    """
    connection = session.connection()
    statement = _insert_or_leave(table, connection.dialect.name)
    return connection.execute(statement, row).first() is not None


@cache
def _insert_or_leave(table: Table, dialect: str) -> Executable:
    make = postgresql.insert if dialect == "postgresql" else sqlite.insert
    return make(table).on_conflict_do_nothing().returning(*table.primary_key)
