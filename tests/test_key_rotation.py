"""Keys are changed by the command line: fields are sealed anew, killed amid it too; old receipts verify."""

import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import LargeBinary, func, insert, select
from sqlmodel import Session

from dispatch import keys, resealing
from dispatch.cipher import HEAD_BYTES, FieldCipher
from dispatch.clock import now
from dispatch.database import Database
from dispatch.dispatchers import row_of
from dispatch.errors import Unfit
from dispatch.ids import new_id
from dispatch.keys import KeyPaths
from dispatch.models import TABLES
from dispatch.receipts import Signer, Statement, verify
from dispatch.reporters import PROVINCE
from dispatch.settings import CHECKOUT
from tests.command_line import Installation, installation
from tests.server import until
from tests.truth import log_of

PEOPLE = 450
# Binary columns that are sealed with nothing: digests, keys of others, waves.
NOT_SEALED = {
    "acknowledgement",
    "hash",
    "token_digest",
    "digest",
    "id",
    "public_key",
    "sha256",
    "waveform",
    "likeness",
    "session",
    "phone_index",
    "id_number_index",
    "openid_index",
    "code_digest",
    "body_digest",
    "password",
}


@pytest.fixture
def home(database: Database, tmp_path: Path) -> Installation:
    return installation(tmp_path, database.url)


def fill(database: Database, cipher: FieldCipher) -> dict[UUID, str]:
    """People with everything sealed that there is, and the phone of each."""
    phones, rows = {}, []
    for n in range(PEOPLE):
        id_ = new_id()
        phones[id_] = f"+86139{n:08d}"
        rows.append(
            {
                "id": id_,
                "phone": cipher.seal("reporter", "phone", id_, phones[id_]),
                "phone_index": cipher.index("phone", phones[id_]),
                "phone_masked": "139****0000",
                "name": cipher.seal("reporter", "name", id_, "张三"),
                "id_number": cipher.seal("reporter", "id_number", id_, "33010619900101000X"),
                "id_number_index": cipher.index("id_number", "33010619900101000X"),
                "duress_word": cipher.seal("reporter", "duress_word", id_, "晚饭吃什么") if n % 2 else None,
                "language": "zh-CN",
                "made_at": now(),
            }
        )
    gone = new_id()  # erased: nothing sealed is left of it
    rows.append(
        {**rows[0], "id": gone, "phone": b"", "phone_index": gone.bytes, "name": None, "id_number": None}
    )
    dispatcher = TABLES["dispatcher"]
    number = "33010601"
    secret = cipher.seal("dispatcher", "totp_secret", row_of(number), "JBSWY3DPEHPK3PXP")
    with Session(database.writing) as session:
        session.connection().execute(insert(TABLES["reporter"]), rows)
        session.connection().execute(
            dispatcher.update().where(dispatcher.c.number == number).values(totp_secret=secret)
        )
        session.commit()
    return phones


def heads(database: Database, column: str = "phone") -> dict[str, int]:
    """How many values of a column of reporters are sealed with each key."""
    of = TABLES["reporter"].c[column]
    head = func.substr(of, 2, HEAD_BYTES - 1)
    with database.read() as session:
        rows = session.connection().execute(
            select(head, func.count()).where(func.length(of) > 0).group_by(head)
        )
        return {bytes(key).hex(): count for key, count in rows}


def all_open(database: Database, cipher: FieldCipher, phones: dict[UUID, str]) -> None:
    """Every value opens to what it was, and everybody is found by their phone."""
    reporter = TABLES["reporter"]
    with database.read() as session:
        found = session.connection().execute(select(reporter).where(reporter.c.id.in_(list(phones)))).all()
        totp = (
            session.connection()
            .execute(
                select(TABLES["dispatcher"].c.totp_secret).where(TABLES["dispatcher"].c.number == "33010601")
            )
            .scalar_one()
        )
    assert len(found) == len(phones)
    for row in found:
        phone = cipher.open("reporter", "phone", row.id, bytes(row.phone))
        assert phone == phones[row.id]
        assert cipher.index("phone", phone) == bytes(row.phone_index)
        assert cipher.open("reporter", "name", row.id, bytes(row.name)) == "张三"
        assert cipher.open("reporter", "id_number", row.id, bytes(row.id_number)) == "33010619900101000X"
        if row.duress_word:
            assert cipher.open("reporter", "duress_word", row.id, bytes(row.duress_word)) == "晚饭吃什么"
    assert cipher.open("dispatcher", "totp_secret", row_of("33010601"), bytes(totp)) == "JBSWY3DPEHPK3PXP"


def rotated(home: Installation) -> str:
    """The first two steps; gives the new key."""
    added = home.ask("keys", "add").output.split()[-1]
    assert home.ask("keys", "seal-with", added).status == 0
    return added


def test_every_sealed_column_is_among_those_that_are_sealed_anew() -> None:
    known = {(table, column) for table, (_, _, columns) in resealing.SEALED.items() for column in columns}
    binary = {
        (table.name, column.name)
        for table in TABLES.values()
        for column in table.columns
        if isinstance(column.type, LargeBinary) and column.name not in NOT_SEALED
    }
    assert binary == known


def test_fields_are_sealed_anew_step_by_step_and_the_old_key_goes_last(
    database: Database, home: Installation
) -> None:
    paths = KeyPaths.under(home.home)
    phones = fill(database, FieldCipher.load(paths))
    old = keys.load_field_keys(paths).current.hex()
    new = rotated(home)
    assert heads(database) == {old: PEOPLE}
    said = home.ask("keys", "remove", old)
    assert said.status == 1, "values are sealed with it"
    assert "run reseal" in said.complaints
    said = home.ask("keys", "reseal")
    assert said.status == 0, said
    count = PEOPLE * 3 + PEOPLE // 2 + 1
    assert f"sealed {count:,} values anew" in said.output
    assert heads(database) == heads(database, "name") == {new: PEOPLE}
    all_open(database, FieldCipher.load(paths), phones)
    with pytest.raises(Unfit, match="is the one that seals"):
        keys.remove_field_key(paths, new)
    told = [event.data for event in log_of(database, PROVINCE) if event.kind == "FieldsResealed"]
    assert told == [{"key": new, "count": count}]
    assert home.ask("keys", "remove", old).status == 0
    all_open(database, FieldCipher.load(paths), phones)
    listed = home.ask("keys", "list")
    assert listed.status == 0
    assert old not in listed.output
    assert f"{new}  在用 seals" in listed.output
    secret = paths.field_keys.read_text(encoding="utf-8").split('"')[-2]
    assert secret not in listed.output


def test_killed_amid_it_another_run_goes_on_there(database: Database, home: Installation) -> None:
    paths = KeyPaths.under(home.home)
    phones = fill(database, FieldCipher.load(paths))
    old, new = keys.load_field_keys(paths).current.hex(), rotated(home)
    # Each stretch rests, so that the kill falls amid the work on a fast machine too.
    slow = (
        "import time; from dispatch import resealing as r; stretch = r._stretch\n"
        "def slowly(*a, **k):\n    time.sleep(0.3); return stretch(*a, **k)\n"
        "r._stretch = slowly; import cli; cli.app(['keys', 'reseal'])"
    )
    with subprocess.Popen([sys.executable, "-c", slow], cwd=CHECKOUT, env=home.environment) as running:
        until(lambda: bool(heads(database).get(new)), 60, "a stretch is sealed anew")
        os.kill(running.pid, signal.SIGKILL)
    assert heads(database).get(old), "it was killed too late to show anything"
    all_open(database, FieldCipher.load(paths), phones)
    assert home.ask("keys", "reseal").status == 0
    assert heads(database) == {new: PEOPLE}
    all_open(database, FieldCipher.load(paths), phones)


def test_what_cannot_be_opened_stays_and_is_told(database: Database, home: Installation) -> None:
    paths = KeyPaths.under(home.home)
    fill(database, FieldCipher.load(paths))
    reporter = TABLES["reporter"]
    with Session(database.writing) as session:
        id_ = (
            session.connection()
            .execute(select(reporter.c.id).where(reporter.c.name.is_not(None)).limit(1))
            .scalar_one()
        )
        broken = b"\x01\xff\xff\xff\xff" + bytes(40)
        session.connection().execute(reporter.update().where(reporter.c.id == id_).values(name=broken))
        session.commit()
    listed = home.ask("keys", "list")
    assert listed.status == 1
    assert "ffffffff  缺失 MISSING" in listed.output
    rotated(home)
    said = home.ask("keys", "reseal")
    assert said.status == 1
    assert "1 values cannot be opened" in said.complaints
    assert heads(database, "name")["ffffffff"] == 1


def test_a_correction_that_comes_amid_a_stretch_is_not_undone(database: Database, home: Installation) -> None:
    """The keys of a stretch are read before its transaction; what is written in between stands."""
    paths = KeyPaths.under(home.home)
    phones = fill(database, FieldCipher.load(paths))
    new = rotated(home)
    cipher, of = FieldCipher.load(paths), next(iter(phones))
    reporter = TABLES["reporter"]

    class Interrupted:
        def __init__(self) -> None:
            from dispatch.writer import Writer

            self.writer = Writer(database, lambda _: None)
            self.writer.start()
            self.done = False

        def submit(self, command: Any) -> Any:
            if not self.done:
                self.done = True
                sealed = cipher.seal("reporter", "name", of, "李四")
                change = reporter.update().where(reporter.c.id == of).values(name=sealed)
                self.writer.submit(lambda session: session.connection().execute(change).rowcount).result(60)
            return self.writer.submit(command)

    between = Interrupted()
    try:
        resealing.reseal(database, between.submit, cipher, "operator:test")
    finally:
        between.writer.stop()
    with database.read() as session:
        name = session.connection().execute(select(reporter.c.name).where(reporter.c.id == of)).scalar_one()
    assert cipher.open("reporter", "name", of, bytes(name)) == "李四"
    assert heads(database, "name") == {new: PEOPLE}


# --- receipts


def statement() -> Statement:
    at = now()
    return Statement(
        jti=new_id(),
        report=new_id(),
        number="330106-20261123-000001",
        kind="quick",
        desk="330106",
        desk_name="西湖区",
        dispatcher_number="33010601",
        filed_at=at,
        received_at=at,
        text_sha256="0" * 64,
    )


def test_after_the_signing_key_was_changed_old_receipts_verify_and_new_ones_too(
    database: Database, home: Installation
) -> None:
    paths = KeyPaths.under(home.home)
    old = Signer(keys.load_receipt_key(paths))
    token = old.sign(statement())
    assert home.ask("keys", "sign-with-new").status == 2, "none waits"
    added = home.ask("keys", "add-signing").output.split()[-1]
    assert home.ask("keys", "add-signing").output.split()[-1] == added, "twice is once"
    assert Signer(keys.load_receipt_key(paths)).kid == old.kid, "it signs nothing yet"
    assert home.ask("keys", "sign-with-new").status == 0
    new = Signer(keys.load_receipt_key(paths))
    assert new.kid == added != old.kid
    public = keys.load_receipt_public(paths)
    for one in (token, new.sign(statement())):
        assert verify(one, public).desk == "330106"
    listed = home.ask("keys", "list").output
    assert f"{old.kid}  只验证 verifies" in listed
    assert f"{new.kid}  在用 signs" in listed
    assert paths.receipt_key.stat().st_mode & 0o777 == 0o600
    assert paths.receipt_public.stat().st_mode & 0o777 == 0o644
    assert not keys.next_receipt_key_path(paths).exists()
