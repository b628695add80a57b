"""Reports as they are long after they were closed, for tests of what is removed of them."""

from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

from sqlalchemy import insert, select, update
from sqlmodel import Session

from dispatch import messages, notes, outcomes
from dispatch.clock import now
from dispatch.closures import Outcome
from dispatch.database import Database
from dispatch.ids import new_id
from dispatch.models import TABLES
from dispatch.store import PARTS, MediaStore
from dispatch.writer import Writer
from tests.domain import DESK, acknowledge, add_reporter, done, file, filing

FIRST, LEADER = f"{DESK}01", f"{DESK}90"
# Stands in every word that somebody wrote, so that it is found wherever any of them is left.
SECRET = "机密七Q"
YEARS = timedelta(days=3 * 365 + 1)
HALF_A_YEAR = timedelta(days=191)

# What stays of a report: what figures and the audit need. Whoever adds a column says whether it is among it.
STAYS = {
    "report": (
        "id number desk reporter idempotency_key version status kind category media_expected filed_at filed_seq "
        "handler handled incident sent dispatched_at on_scene_at units_told escalation outcome closed_at withdrawn_at "
        "reporter_saw desk_saw exercise removed_at"
    ),
    "acknowledgement": ("report desk dispatcher at version shown_at"),
    "handling": ("id report dispatcher began_at began_by ended_at ended_by"),
    "sending": ("id report unit dispatcher sent_at on_scene_at on_scene_by cleared_at cleared_by"),
    "transfer": ("id report from_desk to_desk dispatcher asked_at seq told ended_at ended_by answered_by"),
    "proposal": ("id report outcome dispatcher at ended_at ended_by decided_by"),
    "closure": ("id report outcome dispatcher second referred_to caught rescued helped at reopened_at"),
    "offering": ("report desk why at"),
    # Who took what was removed out of the house, and why; what was held, and what was removed.
    "export": ("id report actor form reason incident at"),
    "hold": ("id on report incident reporter desk actor reason at lifted_at lifted_by answer"),
    "mark": (
        "id reporter report desk dispatcher category at until appealed_at answered_at answered_by upheld ended_at "
        "ended_by removed_by"
    ),
    "removal": ("id report number desk rule days closed_at actor counts at files_gone_at"),
}


def stays(table: str) -> set[str]:
    """The columns of a table that stay as they are."""
    return set(STAYS[table].split())


def full(database: Database, writer: Writer, store: MediaStore, outcome: Outcome = "handled") -> UUID:
    """A closed report on which everything hangs that can, each with the secret in its words."""
    wanted = filing(done(writer, add_reporter), text=f"有人打架，{SECRET}")
    report = wanted.id
    done(writer, file(wanted), DESK)
    done(writer, acknowledge(report, FIRST), DESK)
    say = f"{SECRET}在门口"
    done(writer, lambda s: messages.send_from_reporter(s, report, wanted.reporter, "a", say), DESK)
    done(writer, lambda s: messages.send_from_dispatcher(s, report, DESK, FIRST, "b", say), DESK)
    done(writer, lambda s: notes.write(s, DESK, FIRST, str(new_id()), say, report), DESK)
    reason = None if outcome == "handled" else SECRET
    done(writer, lambda s: outcomes.close(s, report, DESK, FIRST, outcome, reason), DESK)
    with Session(database.writing) as session:
        _hang(session, report)
        session.commit()
    with database.read() as session:
        media = TABLES["media"]
        for id_ in session.connection().execute(select(media.c.id).where(media.c.report == report)).scalars():
            for part in PARTS:
                store.put(id_, part, SECRET.encode())
    return report


def _hang(session: Session, report: UUID) -> None:
    execute = session.connection().execute
    place = {
        "lat": 30.25,
        "lon": 120.12,
        "came_lat": 30.25,
        "came_lon": 120.12,
        "crs": "wgs84",
        "accuracy_m": 5.0,
    }
    table = TABLES["report"]
    execute(
        update(table)
        .where(table.c.id == report)
        .values(
            **place,
            position_source="gnss",
            position_at=now(),
            place_text=SECRET,
            notes=["sea"],
            fraud={"name": SECRET},
            deed={"who": SECRET},
            withdrawn_reason=SECRET,
            written_at=now(),
            covert=True,
            duress_at=now(),
            duress_said=1,
            duress_heard=1,
        )
    )
    own: dict[str, dict[str, Any]] = {
        "request": {"client_id": "q", "dispatcher": FIRST, "kind": "answer", "text": SECRET, "answers": [SECRET],
                    "version": 1, "at": now(), "answer": SECRET, "answered_at": now()},
        "location": {**place, "source": "gnss", "at": now(), "stored_at": now()},
        "scene": {**place, "n": 1, "client_id": "s", "dispatcher": FIRST, "at": now()},
        "transfer": {"from_desk": DESK, "to_desk": "330102", "dispatcher": FIRST, "reason": SECRET, "asked_at": now(),
                     "seq": 1, "told": 0, "ended_at": now(), "ended_by": "returned", "answered_by": FIRST,
                     "answer": SECRET},
        "proposal": {"outcome": "harassment", "reason": SECRET, "dispatcher": FIRST, "at": now(), "ended_at": now(),
                     "ended_by": "refused", "decided_by": LEADER, "answer": SECRET},
    }  # fmt: skip
    for name, row in own.items():
        execute(insert(TABLES[name]), {"id": new_id(), "report": report, **row})
    execute(
        insert(TABLES["location_code"]),
        {"code": str(new_id().int)[-8:], "report": report, "expires_at": now()},
    )
    notice = {"report": report, "openid": SECRET.encode(), "language": "zh-CN", "asked_at": now()}
    execute(insert(TABLES["wechat_notice"]), notice)
    for kind in ("photo", "voice"):
        medium = {
            "id": new_id(), "report": report, "client_id": kind, "kind": kind, "filename": f"{SECRET}.jpg",
            "content_type": "image/jpeg", "length": 10, "state": "ready", "sha256": b"x" * 32, "width": 3, "height": 4,
            "duration_ms": 5, "waveform": b"w", "likeness": b"l" * 8, "taken_at": now(), "taken_lat": 30.0,
            "taken_lon": 120.0, "begun_at": now(), "stored_at": now(),
        }  # fmt: skip
        execute(insert(TABLES["media"]), medium)
        execute(insert(TABLES["media_view"]), {"media": medium["id"], "session": b"s" * 32, "at": now()})
    words = {
        "handling": ("reason", "began_reason"),
        "closure": ("reason", "referred_where"),
        "acknowledgement": ("receipt",),
    }
    for name, columns in words.items():
        table = TABLES[name]
        execute(update(table).where(table.c.report == report).values(**dict.fromkeys(columns, SECRET)))


def ago(database: Database, report: UUID, time: timedelta) -> None:
    """The report was filed and closed that long ago."""
    table = TABLES["report"]
    values = {"filed_at": now() - time - timedelta(hours=1), "closed_at": now() - time}
    with Session(database.writing) as session:
        session.connection().execute(update(table).where(table.c.id == report).values(**values))
        session.commit()


def left_of(database: Database, report: UUID) -> dict[str, list[dict[str, Any]]]:
    """Every row that hangs on the report, and itself, by table."""
    found = {}
    with database.read() as session:
        for name, table in TABLES.items():
            column = table.c.id if name == "report" else table.c.get("report")
            if column is not None and name != "event":
                rows = session.connection().execute(select(table).where(column == report))
                found[name] = [dict(row._mapping) for row in rows]
    return found


def files_in(folder: Path) -> list[Path]:
    """What the media store holds."""
    return sorted(path for path in folder.rglob("*") if path.is_file())
