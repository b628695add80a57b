"""The domain without processes: a writer on a database, and what it takes to file a report."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import insert, update
from sqlmodel import Session

from dispatch import reports
from dispatch.clock import now
from dispatch.database import Database
from dispatch.events import Recorded, record
from dispatch.filing import Filed, Filing
from dispatch.filing import file as store
from dispatch.ids import new_id
from dispatch.models import TABLES
from dispatch.writer import Command, T, Writer

DESK, OTHER_DESK = "330106", "330102"
WITHIN_S = 60


@contextmanager
def writing(
    database: Database, on_commit: Callable[[list[Recorded]], None] = lambda _: None, *, start: bool = True
) -> Iterator[Writer]:
    """A writer as a process has it, with a connection of its own: two of them truly get in each other's way.

    Stopped at the end. Not started, commands gather for one batch.
    """
    own = Database(database.url)
    writer = Writer(own, on_commit)
    if start:
        writer.start()
    try:
        yield writer
    finally:
        writer.stop()
        own.close()


def done(writer: Writer, command: Command[T], *desks: str) -> T:
    """What the command gives, after its commit."""
    return writer.submit(command, desks).result(WITHIN_S)


def note(desk: str = DESK, kind: str = "Noted") -> Command[int]:
    """A command that only records an event."""
    return lambda session: record(session, desk, kind, actor="system")


def add_reporter(session: Session) -> UUID:
    """A reporter, as far as reports need one."""
    id_ = new_id()
    session.connection().execute(
        insert(TABLES["reporter"]),
        {
            "id": id_,
            "phone": b"sealed",
            "phone_index": id_.bytes,
            "phone_masked": "139****0000",
            "identity": "none",
            "hearing_speech_impaired": False,
            "language": "zh-CN",
            "reports": 0,
            "invalid_reports": 0,
            "made_at": now(),
        },
    )
    return id_


def filing(reporter: UUID, desk: str = DESK, key: UUID | None = None, text: str = "有人打架") -> Filing:
    """A report about to be filed, somewhere in the desk's county."""
    return Filing(
        id=new_id(),
        reporter=reporter,
        key=key or uuid4(),
        digest=text.encode().ljust(32, b".")[:32],
        desk=desk,
        kind="quick",
        text=text,
        category=None,
        covert=False,
        place_text="断桥",
        place=None,
        notes=(),
        media_expected=0,
        fraud=None,
    )


def file(filed: Filing) -> Command[Filed]:
    """The command that files it."""
    return lambda session: store(session, filed, "never")


def acknowledge(report: UUID, dispatcher: str, desk: str = DESK) -> Command[None]:
    """The command by which a dispatcher receives it."""

    def command(session: Session) -> None:
        reports.acknowledge(session, report, desk, dispatcher, lambda _: "signed")

    return command


def set_head(database: Database, desk: str, **values: Any) -> None:
    """Make a desk's log go on from somewhere else."""
    head = TABLES["desk_head"]
    with Session(database.writing) as session:
        session.connection().execute(update(head).where(head.c.desk == desk).values(**values))
        session.commit()
