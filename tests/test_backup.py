"""A backup made while the desk is written to, brought back where nothing is: the same heads, hashes and media, and an
epoch of its own, so that phones and consoles of before hold the truth again."""

import asyncio
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psycopg
import pytest
from sqlalchemy import create_engine, func, select
from sqlalchemy.pool import NullPool
from sqlmodel import Session

from dispatch.database import Database
from dispatch.events import epoch
from dispatch.models import TABLES
from dispatch.published import Heads, now_in
from dispatch.settings import CHECKOUT
from processes import restoring
from processes.backing_up import DIGESTS, MANIFEST, Manifest, finished, prune, read_digests
from tests.command_line import Installation, Said, installation
from tests.domain import DESK, add_reporter, done, note, writing
from tests.people import People, eventually
from tests.pictures import jpeg
from tests.servers import Postgres, Valkey
from tests.stack import Stack
from tests.stack import stack as running_stack
from tests.truth import assert_whole
from tests.uploading import appended, created

EVENT = TABLES["event"]


def said_by(whole: Stack, *arguments: str) -> Said:
    """The command line of this installation."""
    command = [sys.executable, "-m", "cli", *arguments]
    environment = {**os.environ, **whole.environment, "LANG": "C.UTF-8"}
    done = subprocess.run(
        command, env=environment, cwd=CHECKOUT, capture_output=True, text=True, timeout=150, check=False
    )
    return Said(done.returncode, done.stdout, done.stderr)


def logs(database: Database, heads: Heads | None = None) -> list[tuple[object, ...]]:
    """Every event of all logs, up to these heads."""
    with database.read() as session:
        rows = session.connection().execute(select(EVENT).order_by(EVENT.c.desk, EVENT.c.seq)).all()
    return [tuple(row) for row in rows if heads is None or row.seq <= heads.get(row.desk, (0, b""))[0]]


def emptied(whole: Stack, aside: Path) -> Database:
    """The machine is lost but for its keys: what it knew is put aside, and given to look at."""
    shutil.move(whole.home / "media", aside / "media")
    shutil.move(whole.home / "heads", aside / "heads")
    url = whole.environment["DATABASE_URL"]
    whole.database.close()
    if url.startswith("sqlite"):
        for path in whole.home.glob("desk110.db*"):
            shutil.move(path, aside / path.name)
        return Database(f"sqlite:///{aside}/desk110.db")
    name = urlsplit(url).path.lstrip("/")
    administrating = url.replace(f"/{name}", "/postgres")
    with psycopg.connect(administrating, autocommit=True) as connection:
        connection.execute(f'ALTER DATABASE "{name}" RENAME TO "{name}_old"'.encode())
        connection.execute(f'CREATE DATABASE "{name}"'.encode())
    return Database(f"{url}_old")


@pytest.fixture
def desk110(
    kind: str, request: pytest.FixtureRequest, tmp_path: Path, valkey_of_session: Valkey
) -> Iterator[Stack]:
    """A desk110 of the test's own, to be lost."""
    url = request.getfixturevalue("postgres_of_session").database() if kind == "postgresql" else ""
    valkey_of_session.flushall()
    settings: dict[str, Any] = {"DESK110_IDENTITY_REQUIRED": "never", "DESK110_HEADS_EVERY_S": "1"}
    with running_stack(tmp_path, valkey_of_session, url, worker=True, **settings) as running:
        yield running


@pytest.mark.anyio
async def test_after_the_machine_was_lost_the_backup_holds_the_desk_and_every_screen_comes_back_to_it(
    desk110: Stack, people: People, tmp_path: Path
) -> None:
    out, aside = tmp_path / "backups", tmp_path / "aside"
    aside.mkdir()
    phone, others = [await people.reporter(desk110.citizens[0]) for _ in range(2)]
    console = await people.dispatcher(desk110.consoles[0])
    await phone.listen()
    # Received and with a photo before the backup; and one that will be received only after it.
    old, late = await phone.filed("备份之前"), await phone.filed("备份之后才接收")
    assert (await console.accept(old["id"])).status_code == 200
    picture = jpeg()
    begun = await created(phone.http, old["id"], len(picture))
    assert (await appended(phone.http, begun.headers["location"], 0, picture)).status_code in {200, 204}

    during: list[str] = []

    async def keep_filing() -> None:
        while True:
            during.append((await others.filed(f"备份之中 {len(during)}"))["id"])
            await asyncio.sleep(0.3)

    filing = asyncio.create_task(keep_filing())
    try:
        await eventually(lambda: len(during) > 3, 30, "filed")
        said = await asyncio.to_thread(said_by, desk110, "backup", "create", "--out", str(out))
        more = len(during)
        await eventually(lambda: len(during) > more, 30, "filed after it")
    finally:
        filing.cancel()
    assert said.status == 0, said
    [made] = finished(out)
    manifest = Manifest.read(made)
    heads = dict(manifest.heads)
    assert (await console.accept(late["id"])).status_code == 200
    await eventually(lambda: phone.status(late["id"]) == "received", 30, "已接收, and soon lost")
    lost = during[-1]
    with desk110.database.read() as session:
        before = epoch(session)

    assert desk110.worker is not None
    for server in (*desk110.apps, desk110.worker):
        server.stop()
    was = emptied(desk110, aside)
    said = await asyncio.to_thread(said_by, desk110, "backup", "restore", "--from", str(made))
    assert said.status == 0, said
    assert f"audit verify --restored {before}" in said.output

    # The same logs up to the backup's heads, event by event; one more tells of the restore; and whole in itself.
    found = desk110.database = Database(desk110.environment["DATABASE_URL"])
    assert logs(found, heads) == logs(was, heads)
    with found.read() as session:
        now_epoch, now_heads = now_in(session)
        numbered = session.connection().execute(select(func.min(TABLES["desk_head"].c.numbered))).scalar_one()
        photos = session.connection().execute(select(TABLES["media"].c.sha256)).scalars().all()
    assert now_epoch != before
    assert numbered >= restoring.NUMBERS_FROM
    changed = {desk for desk in now_heads if now_heads[desk] != heads.get(desk)}
    assert changed == {"330000"}
    assert now_heads["330000"][0] == heads.get("330000", (0, b""))[0] + 1
    assert_whole(found, DESK, "330000")
    said = await asyncio.to_thread(said_by, desk110, "audit", "verify", "--restored", before)
    assert said.status == 0, said
    kept = {
        path.relative_to(aside): path.read_bytes()
        for path in (aside / "media" / "original").rglob("*")
        if path.is_file()
    }
    assert len(photos) == len(kept) == 1
    assert all((desk110.home / path).read_bytes() == content for path, content in kept.items())
    was.close()

    # The processes come back at their places, and everybody with what they had on their screens.
    for server in (*desk110.apps, desk110.worker):
        server.launch()
    for server in (*desk110.apps, desk110.worker):
        await asyncio.to_thread(server.wait)
    known = {id_: report["version"] for id_, report in phone.reports.items()}
    assert known[late["id"]] > late["version"]
    await phone.hang_up()
    phone.frames.clear()
    await phone.listen(known)
    assert phone.epoch == now_epoch
    assert phone.status(late["id"]) == "filed", "nobody has received it as far as the desk knows"
    assert phone.status(old["id"]) == "received"
    assert (await others.http.get(f"/api/v1/reports/{lost}")).status_code == 404
    media = (await phone.report(old["id"]))["media"]
    assert (await phone.http.get(f"/api/v1/media/{media[0]['id']}/view")).status_code == 200

    # Whoever was signed in at a console signs in anew; the old cursor is another database's.
    assert (await console.http.get("/console")).status_code in {303, 307}
    await console.hang_up()
    console.cards.clear()
    await console.sign_in()
    await console.watch()
    await eventually(lambda: console.status(late["id"]) == "filed", 30, "the queue as it is now")
    assert lost not in console.cards
    await console.open_page()
    assert (await console.accept(late["id"])).status_code == 200
    await eventually(lambda: phone.status(late["id"]) == "received", 30, "已接收")
    assert_whole(found, DESK, "330000")
    new = await phone.filed("恢复之后")  # the one gap that numbers ever have
    assert int(new["number"].rpartition("-")[2]) > restoring.NUMBERS_FROM


# --- without processes


@pytest.fixture
def home(database: Database, tmp_path: Path) -> Installation:
    made = installation(tmp_path, database.url)
    with writing(database) as writer:
        for _ in range(5):
            done(writer, note(), DESK)
    original = made.home / "media" / "original" / "ab"
    original.mkdir(parents=True)
    (original / "one").write_bytes(b"one")
    (made.home / "media" / "incoming").mkdir()
    (made.home / "media" / "incoming" / "half").write_bytes(b"on its way")
    return made


def elsewhere(home: Installation, folder: Path, database_url: str) -> Installation:
    """Another machine, to which only the keys were brought."""
    other = installation(folder, database_url)
    shutil.rmtree(other.home / "keys")
    shutil.copytree(home.home / "keys", other.home / "keys")
    return other


@pytest.fixture
def empty(kind: str, request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A database with nothing in it."""
    if kind == "sqlite":
        return f"sqlite:///{tmp_path}/empty/desk110.db"
    server: Postgres = request.getfixturevalue("postgres_of_session")
    return server.database()


def test_a_second_backup_shares_what_did_not_change_and_old_ones_go(
    home: Installation, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    assert home.ask("backup", "create", "--out", str(out)).status == 0
    [first] = finished(out)
    assert "media/incoming/half" not in read_digests(first)
    first = first.rename(out / "20200101T000000Z")
    (out / "20200102T000000Z").mkdir()  # one that was never finished
    said = home.ask("backup", "create", "--out", str(out), "--keep", "2")
    assert said.status == 0, said
    second = finished(out)[-1]
    one = "media/original/ab/one"
    assert (first / one).stat().st_ino == (second / one).stat().st_ino
    checked = subprocess.run(["sha256sum", "--check", "--quiet", DIGESTS], cwd=second, check=False)
    assert checked.returncode == 0
    assert not any(path.stat().st_mode & 0o077 for path in second.rglob("*"))
    assert prune(out, 1) == [first]
    assert finished(out) == [second]
    assert (out / "20200102T000000Z").exists()


def test_no_key_is_ever_in_a_backup(home: Installation, tmp_path: Path) -> None:
    assert home.ask("backup", "create", "--out", str(tmp_path / "out")).status == 0
    [made] = finished(tmp_path / "out")
    secrets = [
        value
        for name in ("field-keys.json", "index-key.json")
        for value in re.findall(rb'": "([^"]{40,})"', (home.home / "keys" / name).read_bytes())
    ]
    assert len(secrets) == 2
    for path in made.rglob("*"):
        if path.is_file():
            assert not any(secret in path.read_bytes() for secret in secrets)


def test_a_restore_refuses_what_it_may_not_do_and_touches_nothing(
    home: Installation, tmp_path: Path, empty: str
) -> None:
    assert home.ask("backup", "create", "--out", str(tmp_path / "out")).status == 0
    [made] = finished(tmp_path / "out")
    here = home.ask("backup", "restore", "--from", str(made))
    assert here.status == 2
    assert "there is a database already" in here.complaints
    there = installation(tmp_path / "there", empty)
    shutil.rmtree(there.home / "keys")
    keyless = there.ask("backup", "restore", "--from", str(made))
    assert (keyless.status, "The keys are missing" in keyless.complaints) == (2, True)
    other = elsewhere(home, tmp_path / "other", empty)
    one = made / "media" / "original" / "ab" / "one"
    one.write_bytes(b"two")
    damaged = other.ask("backup", "restore", "--from", str(made))
    assert (damaged.status, "damaged: media/original/ab/one" in damaged.complaints) == (2, True)
    one.write_bytes(b"one")
    manifest = (made / MANIFEST).read_bytes()
    (made / MANIFEST).write_bytes(re.sub(rb'"revision": "\w+"', b'"revision": "9999"', manifest))
    newer = other.ask("backup", "restore", "--from", str(made))
    assert (newer.status, "newer tables" in newer.complaints) == (2, True)
    (made / MANIFEST).unlink()
    unfinished = other.ask("backup", "restore", "--from", str(made))
    assert (unfinished.status, "was not finished" in unfinished.complaints) == (2, True)
    assert not (other.home / "media" / "original").exists()
    assert not Path(empty.removeprefix("sqlite:///")).exists()
    (made / MANIFEST).write_bytes(manifest)
    assert other.ask("backup", "restore", "--from", str(made)).status == 0
    assert (other.home / "media" / "original" / "ab" / "one").read_bytes() == b"one"


def test_a_restore_that_was_killed_before_its_epoch_began_goes_on(
    home: Installation, tmp_path: Path, empty: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert home.ask("backup", "create", "--out", str(tmp_path / "out")).status == 0
    [made] = finished(tmp_path / "out")
    other = elsewhere(home, tmp_path / "other", empty)
    with monkeypatch.context() as patched:
        patched.setattr(restoring, "_begin_epoch", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
        other.ask("backup", "restore", "--from", str(made))
    manifest = Manifest.read(made)
    with Session(create_engine(empty, poolclass=NullPool)) as session:
        assert epoch(session) == manifest.epoch
    assert other.ask("backup", "restore", "--from", str(made)).status == 0
    with Session(create_engine(empty, poolclass=NullPool)) as session:
        assert epoch(session) != manifest.epoch
    assert other.ask("backup", "restore", "--from", str(made)).status == 2, "it is done"


def test_a_field_key_that_a_restored_database_needs_and_nobody_has_is_told(
    database: Database, home: Installation, tmp_path: Path, empty: str
) -> None:
    with Session(database.writing) as session:
        id_ = add_reporter(session)
        reporter = TABLES["reporter"]
        sealed = b"\x01\xab\xcd\xef\x01" + bytes(40)
        session.connection().execute(reporter.update().where(reporter.c.id == id_).values(phone=sealed))
        session.commit()
    assert home.ask("backup", "create", "--out", str(tmp_path / "out")).status == 0
    [made] = finished(tmp_path / "out")
    said = elsewhere(home, tmp_path / "other", empty).ask("backup", "restore", "--from", str(made))
    assert said.status == 1
    assert "abcdef01" in said.complaints
