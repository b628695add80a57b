"""The event logs are what was written, or `desk110 audit verify` names the first row that is wrong."""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import Connection, Executable, delete, insert, select, text, update

from dispatch import events, published, verifying
from dispatch.clock import now
from dispatch.database import Database
from dispatch.keys import KeyPaths, load_receipt_key, load_receipt_public
from dispatch.models import TABLES
from dispatch.signatures import BUNDLE, HEADS, Seal, fits
from dispatch.writer import Writer
from tests.command_line import Installation, installation
from tests.domain import DESK, OTHER_DESK, done, note, writing
from tests.truth import log_of

EVENT, HEAD = TABLES["event"], TABLES["desk_head"]
LENGTH = 12
# A month's end that lies behind everything that was published today, whenever that is.
LAST_OF_NOVEMBER = datetime(2126, 11, 30, 23, 59, tzinfo=UTC)
FIRST_OF_DECEMBER = datetime(2126, 12, 1, tzinfo=UTC)


@pytest.fixture
def home(database: Database, tmp_path: Path) -> Installation:
    """An installation in whose logs something stands; its heads were published when the log had eight events."""
    made = installation(tmp_path, database.url)
    with writing(database) as writer:
        for _ in range(8):
            done(writer, note(), DESK)
        done(writer, note(OTHER_DESK), OTHER_DESK)
    publish(made, database)
    with writing(database) as writer:
        for _ in range(LENGTH - 8):
            done(writer, note(), DESK)
    return made


def publish(made: Installation, database: Database, at: datetime | None = None) -> Path:
    folder = made.home / "heads"
    seal = Seal(load_receipt_key(KeyPaths.under(made.home)), HEADS)
    with published.publishing(folder) as ours, database.read() as session:
        assert ours
        return published.publish(folder, seal, at or now(), *published.now_in(session))


def tamper(database: Database, *statements: Any) -> None:
    """What somebody does who has the database, and none of our code in the way."""
    with database.writing.begin() as connection:
        for statement in statements:
            if isinstance(statement, Executable):
                connection.execute(statement)
            else:
                statement(connection)


def at(seq: int) -> Any:
    return (EVENT.c.desk == DESK) & (EVENT.c.seq == seq)


def move(old: int, new: int) -> Any:
    return update(EVENT).where(at(old)).values(seq=new)


def rows_from(connection: Connection, first: int) -> list[dict[str, Any]]:
    found = connection.execute(
        select(EVENT).where(EVENT.c.desk == DESK, EVENT.c.seq >= first).order_by(EVENT.c.seq)
    )
    return [dict(row._mapping) for row in found]


def rebuild(connection: Connection, first: int, rows: list[dict[str, Any]]) -> None:
    """These rows from number `first` on in place of what stood there, the chain and the head computed anew."""
    before = connection.execute(select(EVENT.c.hash).where(at(first - 1))).scalar_one()
    connection.execute(delete(EVENT).where(EVENT.c.desk == DESK, EVENT.c.seq >= first))
    seq = first - 1
    for seq, row in enumerate(rows, start=first):
        row["seq"] = seq
        before = row["hash"] = events.chain(before, row)
        connection.execute(insert(EVENT), row)
    connection.execute(update(HEAD).where(HEAD.c.desk == DESK).values(seq=seq, hash=before))


def edited(connection: Connection) -> None:
    connection.execute(update(EVENT).where(at(5)).values(actor="dispatcher:33010699"))


def edited_and_hashed(connection: Connection) -> None:
    """The row's own hash fits again; the next one gives it away."""
    edited(connection)
    row = rows_from(connection, 5)[0]
    before = connection.execute(select(EVENT.c.hash).where(at(4))).scalar_one()
    connection.execute(update(EVENT).where(at(5)).values(hash=events.chain(before, row)))


def deleted(connection: Connection) -> None:
    connection.execute(delete(EVENT).where(at(5)))


def deleted_and_closed_up(connection: Connection) -> None:
    deleted(connection)
    for seq in range(6, LENGTH + 1):
        connection.execute(move(seq, seq - 1))
    connection.execute(update(HEAD).where(HEAD.c.desk == DESK).values(seq=LENGTH - 1))


def inserted(connection: Connection) -> None:
    for seq in range(LENGTH, 4, -1):
        connection.execute(move(seq, seq + 1))
    row = {**rows_from(connection, 6)[0], "seq": 5, "kind": "Forged"}
    connection.execute(insert(EVENT), row)
    connection.execute(update(HEAD).where(HEAD.c.desk == DESK).values(seq=LENGTH + 1))


def appended(connection: Connection) -> None:
    row = rows_from(connection, LENGTH)[0]
    connection.execute(insert(EVENT), {**row, "seq": LENGTH + 1})


def reordered(connection: Connection) -> None:
    for old, new in ((5, 1000), (9, 5), (1000, 9)):
        connection.execute(move(old, new))


def cut_off(connection: Connection) -> None:
    connection.execute(delete(EVENT).where(EVENT.c.desk == DESK, EVENT.c.seq > 6))


def cut_off_with_head(connection: Connection) -> None:
    rebuild(connection, 7, [])
    (row,) = rows_from(connection, 6)
    connection.execute(update(HEAD).where(HEAD.c.desk == DESK).values(seq=6, hash=row["hash"]))


def rebuilt(connection: Connection) -> None:
    rows = rows_from(connection, 5)
    rows[0]["actor"] = "dispatcher:33010699"
    rebuild(connection, 5, rows)


def cut_off_and_gone_on(connection: Connection) -> None:
    """The end is cut off with its head, and others write on over the number that was published."""
    rows = rows_from(connection, 9)
    rebuild(connection, 7, rows)


def emptied(connection: Connection) -> None:
    connection.execute(delete(EVENT).where(EVENT.c.desk == DESK))
    connection.execute(update(HEAD).where(HEAD.c.desk == DESK).values(seq=0, hash=bytes(32)))


def head_changed(connection: Connection) -> None:
    connection.execute(update(HEAD).where(HEAD.c.desk == DESK).values(hash=b"x" * 32))


TAMPERING: list[tuple[Callable[[Connection], None], int, str]] = [
    (edited, 5, "content was changed"),
    (edited_and_hashed, 6, "or that of event 5, with its hash"),
    (deleted, 5, "deleted"),
    (deleted_and_closed_up, 5, "does not follow event 4"),
    (inserted, 5, "inserted"),
    (appended, LENGTH + 1, "behind the head"),
    (reordered, 5, "moved"),
    (cut_off, 7, f"the log reaches event {LENGTH}"),
    (cut_off_with_head, 7, "together with the head"),
    (rebuilt, 8, "computed anew"),
    (cut_off_and_gone_on, 8, "computed anew"),
    (emptied, 1, "together with the head"),
    (head_changed, LENGTH, "head is not that"),
]


def named(output: str) -> int | None:
    """The row of the desk that the command names."""
    found = re.search(rf"desk {DESK}(?:, event |: the head is not that of event )(\d+)", output)
    return int(found[1]) if found else None


@pytest.mark.parametrize(("how", "row", "why"), TAMPERING, ids=[how.__name__ for how, _, _ in TAMPERING])
def test_whatever_somebody_does_to_a_log_is_found_and_the_row_is_named(
    database: Database, home: Installation, how: Callable[[Connection], None], row: int, why: str
) -> None:
    tamper(database, how)
    said = home.run("audit", "verify", "--desk", DESK, "--desk", OTHER_DESK)
    assert (said.status, named(said.complaints)) == (1, row), said
    assert why in said.complaints
    assert f"{DESK} 台" in said.complaints
    assert f"{OTHER_DESK} 完整" in said.output, "the other desk's log is whole"


def test_what_nobody_has_touched_is_whole_and_it_is_told_how_fast_it_was_read(
    database: Database, home: Installation
) -> None:
    said = home.run("audit", "verify")
    assert said.status == 0, said
    assert f"{DESK} 完整 · whole: {LENGTH}" in said.output
    assert re.search(r"all whole: 13 \(102 desks, [\d,]+/s\)", said.output)
    assert said.complaints == ""


def test_without_published_heads_it_is_said_what_cannot_be_found(
    database: Database, home: Installation
) -> None:
    for path in (home.home / "heads").iterdir():
        path.unlink()
    tamper(database, rebuilt)
    said = home.run("audit", "verify", "--desk", DESK)
    assert said.status == 0
    assert "cannot be found" in said.complaints


def test_heads_that_were_kept_elsewhere_are_held_against_just_as_well(
    database: Database, home: Installation, tmp_path: Path
) -> None:
    (published_in,) = (home.home / "heads").glob("*.jsonl")
    kept = published_in.rename(tmp_path / "kept.jsonl")
    tamper(database, rebuilt)
    said = home.run("audit", "verify", "--desk", DESK, "--heads", str(kept))
    assert (said.status, named(said.complaints)) == (1, 8)


@pytest.mark.parametrize(
    "arguments",
    [["--desk", "999999"], ["--heads", "/nowhere"], ["--keys", "/nowhere"]],
    ids=lambda one: one[0],
)
def test_what_cannot_be_verified_is_said_and_is_neither_whole_nor_wrong(
    database: Database, home: Installation, arguments: list[str]
) -> None:
    said = home.run("audit", "verify", *arguments)
    assert said.status == 2, said
    assert "Traceback" not in said.complaints


def test_a_database_that_is_not_there_is_not_made(home: Installation, tmp_path: Path) -> None:
    said = home.run("audit", "verify", DATABASE_URL=f"sqlite:///{tmp_path}/none.db")
    assert said.status == 2
    assert not (tmp_path / "none.db").exists()


def test_an_exchanged_database_is_told_unless_a_backup_is_known_to_have_been_restored(
    database: Database, home: Installation
) -> None:
    with database.read() as session:
        epoch = events.epoch(session)
    other = "00000000-0000-4000-8000-000000000000"
    installed = TABLES["installation"]
    tamper(database, update(installed).values(epoch=UUID(other)))
    said = home.run("audit", "verify")
    assert said.status == 1
    assert epoch in said.complaints
    assert home.run("audit", "verify", "--restored", epoch).status == 0


# --- the files of published heads


def lines_of(path: Path) -> list[bytes]:
    return path.read_bytes().splitlines()


@pytest.mark.parametrize(
    ("change", "what"),
    [
        (lambda lines: [lines[0].replace(b'[8,"', b'[9,"'), *lines[1:]], "unsigned"),
        (lambda lines: [lines[0], *lines[2:]], "gap"),
        (lambda lines: [*lines[:2], b"{}", *lines[3:]], "unreadable"),
        (lambda lines: [lines[0], lines[0], *lines[1:]], "gap"),
        (lambda lines: [lines[1], lines[0], *lines[2:]], "gap"),
    ],
    ids=["changed", "removed", "overwritten", "twice", "swapped"],
)
def test_a_file_of_heads_that_was_changed_says_so(
    database: Database, home: Installation, change: Callable[[list[bytes]], list[bytes]], what: str
) -> None:
    for _ in range(3):
        path = publish(home, database)
    path.write_bytes(b"\n".join(change(lines_of(path))) + b"\n")
    keys = load_receipt_public(KeyPaths.under(home.home))
    faults = [one for one in published.read([path], keys) if isinstance(one, published.Fault)]
    assert what in {fault.what for fault in faults}
    assert home.run("audit", "verify").status == 1


def test_a_line_that_a_crash_cut_off_was_never_published_and_hides_nothing(
    database: Database, home: Installation
) -> None:
    path = publish(home, database)
    with path.open("ab") as file:
        file.write(lines_of(path)[0][:200])
    publish(home, database)
    keys = load_receipt_public(KeyPaths.under(home.home))
    found = list(published.read([path], keys))
    assert all(isinstance(one, published.Line) for one in found)
    assert len(found) == 3


def test_a_month_has_a_file_and_the_next_goes_on_from_it(database: Database, home: Installation) -> None:
    first = publish(home, database, LAST_OF_NOVEMBER)
    second = publish(home, database, FIRST_OF_DECEMBER)
    assert [path.name for path in (first, second)] == ["2126-11.jsonl", "2126-12.jsonl"]
    assert first.stat().st_mode & 0o077 == 0
    keys = load_receipt_public(KeyPaths.under(home.home))
    paths = published.files(home.home / "heads")
    assert all(isinstance(one, published.Line) for one in published.read(paths, keys))
    first.write_bytes(b"\n".join(lines_of(first)[:-1]) + b"\n")
    assert any(isinstance(one, published.Fault) for one in published.read(paths, keys))


def test_a_clock_that_is_set_back_over_the_end_of_a_month_leaves_no_gap(
    database: Database, home: Installation
) -> None:
    first = publish(home, database, FIRST_OF_DECEMBER)
    assert publish(home, database, LAST_OF_NOVEMBER) == first
    keys = load_receipt_public(KeyPaths.under(home.home))
    found = list(published.read(published.files(home.home / "heads"), keys))
    assert len(found) == 3  # the fixture's, and these
    assert all(isinstance(one, published.Line) for one in found)
    last = published.latest(home.home / "heads")
    assert last is not None
    assert last.at == LAST_OF_NOVEMBER
    assert home.run("audit", "verify").status == 0


def test_a_signature_of_one_kind_is_none_of_another(home: Installation) -> None:
    key = load_receipt_key(KeyPaths.under(home.home))
    keys = load_receipt_public(KeyPaths.under(home.home))
    signature = Seal(key, HEADS).sign(b"{}")
    assert fits(b"{}", signature, HEADS, keys)
    assert not fits(b"{}", signature, BUNDLE, keys)
    assert not fits(b"{ }", signature, HEADS, keys)
    for other in ("", "..", "a.b.c", signature[:-2], signature.replace("..", "."), "." + signature):
        assert not fits(b"{}", other, HEADS, keys)


def test_it_is_time_again_after_the_interval_and_when_the_clock_was_set_back() -> None:
    line = published.Line(now(), "", {})
    every = timedelta(seconds=600)
    assert published.due(None, line.at, every)
    assert not published.due(line, line.at + timedelta(seconds=599), every)
    assert published.due(line, line.at + every, every)
    assert published.due(line, line.at - timedelta(seconds=1), every)


# --- in steps


@pytest.mark.parametrize("row", [1, 4, 5, 6, 9, 10, LENGTH])
def test_a_row_is_named_wherever_the_steps_of_the_walk_meet(
    database: Database, home: Installation, monkeypatch: pytest.MonkeyPatch, row: int
) -> None:
    monkeypatch.setattr(verifying, "STEP", 5)
    assert verifying.walk(database, DESK).wrong is None
    assert verifying.walk(database, DESK).events == LENGTH
    tamper(database, update(EVENT).where(at(row)).values(kind="Forged"))
    assert verifying.walk(database, DESK).wrong == verifying.Wrong(DESK, row, "changed")


@pytest.mark.parametrize(
    ("column", "value"),
    [("at", "yesterday"), ("data", "{"), ("report", "nobody")],
    ids=["at", "data", "report"],
)
def test_a_row_that_holds_what_no_event_holds_is_named(
    database: Database, home: Installation, kind: str, column: str, value: str
) -> None:
    """SQLite takes anything into any column."""
    if kind == "sqlite":
        tamper(
            database,
            text(f"UPDATE event SET {column} = '{value}' WHERE desk = '{DESK}' AND seq = 6"),  # noqa: S608
        )
        found = verifying.walk(database, DESK).wrong
        assert found is not None
        assert (found.seq, found.what) in {(6, "unreadable"), (6, "changed"), (6, "broken")}


def grow(writer: Writer) -> None:
    done(writer, note(), DESK)


def test_a_log_that_grows_meanwhile_is_walked_up_to_where_it_was(
    database: Database, home: Installation
) -> None:
    with writing(database) as writer:
        walked = verifying.walk(database, DESK, on_step=lambda _: grow(writer))
    assert walked.wrong is None
    assert walked.events == LENGTH
    assert len(log_of(database, DESK)) == LENGTH + 1
