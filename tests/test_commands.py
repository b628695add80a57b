"""`desk110` as an operator uses it: desks, accounts, the check. Every change is an event, no password an argument."""

import os
import pty
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pyotp
import pytest
from sqlalchemy import select

from dispatch import accounts
from dispatch.cipher import FieldCipher
from dispatch.database import Database
from dispatch.dispatchers import account, password_fits, row_of
from dispatch.keys import KeyPaths
from dispatch.models import TABLES
from dispatch.settings import CHECKOUT
from tests.command_line import Installation, installation
from tests.domain import DESK, done, writing
from tests.servers import Valkey
from tests.truth import assert_whole, log_of

NEW = "wu-zhang-ai-bai-hua"


@pytest.fixture(scope="session")
def kind() -> str:
    """SQLite alone: each command is a process, and what they ask of a database is asked of both elsewhere."""
    return "sqlite"


@pytest.fixture
def home(database: Database, tmp_path: Path) -> Installation:
    return installation(tmp_path, database.url)


def told(database: Database, desk: str = DESK) -> list[tuple[str, dict[str, Any]]]:
    """The desk's events of the command line."""
    events = log_of(database, desk)
    assert all(re.fullmatch(r"operator:\w+", event.actor) for event in events), events
    return [(event.kind, event.data) for event in events]


# --- desks


def test_a_desk_is_closed_and_opened_and_twice_is_once(database: Database, home: Installation) -> None:
    assert "is now closed" in home.run("desk", "close", DESK).output
    assert "was closed already" in home.run("desk", "close", DESK).output
    listed = home.run("desk", "list").output
    assert re.search(rf"{DESK}\s+未开通 closed\s+西湖区", listed)
    assert "102 desks, 101 open" in listed
    assert "is now open" in home.run("desk", "open", DESK).output
    assert told(database) == [("DeskClosed", {}), ("DeskOpened", {})]
    home.run("desk", "close", DESK, "--reason", "设备检修")
    home.run("desk", "open", DESK)
    with database.read() as session:
        rows = session.connection().execute(select(TABLES["administration"])).all()
    assert [(row.reason, row.actor.partition(":")[0]) for row in rows] == [("设备检修", "operator")]
    shown = home.run("desk", "show", DESK).output
    assert "已开通 · open" in shown
    assert "tell_leader_s: 30 s" in shown
    assert f"dispatcher: 3  {DESK}01 {DESK}02 {DESK}03" in shown
    assert_whole(database)


@pytest.mark.parametrize("act", ["open", "close", "show"])
def test_a_desk_that_is_none_is_refused_in_a_sentence(
    database: Database, home: Installation, act: str
) -> None:
    said = home.run("desk", act, "999999")
    assert said.status == 1
    assert "没有这个报警服务台。 · There is no such desk." in said.complaints


# --- accounts


def test_an_account_is_added_disabled_enabled_and_given_another_password(
    database: Database, home: Installation
) -> None:
    number = f"{DESK}04"
    added = home.run(
        "account", "add", number, "--role", "dispatcher", "--desk", DESK, typed="a long enough one\n"
    )
    assert added.status == 0, added
    assert "a long enough one" not in added.output
    assert fits(database, number, "a long enough one")
    assert home.run("account", "password", number, typed=f"{NEW}\n").status == 0
    assert fits(database, number, NEW)
    assert "is now disabled" in home.run("account", "disable", number).output
    assert "was disabled already" in home.run("account", "disable", number).output
    assert not fits(database, number, NEW)
    assert re.search(
        rf"{number}\s+dispatcher\s+{DESK}\s+停用", home.run("account", "list", "--desk", DESK).output
    )
    assert "is now enabled" in home.run("account", "enable", number).output
    assert fits(database, number, NEW)
    of = {"account": number}
    assert told(database) == [
        ("DispatcherAdded", {**of, "role": "dispatcher"}),
        ("DispatcherPasswordSet", of),
        ("DispatcherDisabled", of),
        ("DispatcherEnabled", of),
    ]
    assert_whole(database)


def fits(database: Database, number: str, password: str) -> bool:
    with database.read() as session:
        return password_fits(account(session, number), password)


def test_the_last_administrator_is_not_disabled(database: Database, home: Installation) -> None:
    said = home.run("account", "disable", "admin")
    assert (said.status, "the last administrator" in said.complaints) == (1, True)
    home.run("account", "add", "chief", "--role", "admin", "--generate")
    assert home.run("account", "disable", "admin").status == 0


def test_a_password_that_was_made_is_shown_once_and_signs_in(database: Database, home: Installation) -> None:
    said = home.run("account", "add", "duty9", "--role", "auditor", "--generate")
    (made,) = re.findall(r"once: (\S+)", said.output)
    assert re.fullmatch(r"[a-z2-9]{4}(-[a-z2-9]{4}){3}", made)
    assert fits(database, "duty9", made)
    assert told(database, "330000") == [("DispatcherAdded", {"account": "duty9", "role": "auditor"})]


@pytest.mark.parametrize(
    ("arguments", "typed", "sentence"),
    [
        ([f"{DESK}01", "--role", "dispatcher", "--desk", DESK], NEW, "an account of this number already"),
        (["a", "--role", "dispatcher"], NEW, "belong to a desk"),
        (["a", "--role", "auditor", "--desk", DESK], NEW, "belong to a desk"),
        (["a", "--role", "admin", "--desk", DESK], NEW, "belong to a desk"),
        (["a", "--role", "dispatcher", "--desk", "999999"], NEW, "no such desk"),
        (["a b", "--role", "admin"], NEW, "letters and digits"),
        (["chief", "--role", "admin"], "short", "at least 12 characters"),
        (["chief", "--role", "admin"], "", "at least 12 characters"),
        (["chief", "--role", "admin"], "the-chief-of-all", "the number is not in it"),
    ],
    ids=lambda one: " ".join(one) if isinstance(one, list) else "",
)
def test_an_account_that_cannot_be_is_refused_in_a_sentence_and_nothing_is_written(
    database: Database, home: Installation, arguments: list[str], typed: str, sentence: str
) -> None:
    before = everybody(database)
    said = home.run("account", "add", *arguments, typed=f"{typed}\n")
    assert said.status == 1, said
    assert sentence in said.complaints
    assert "Traceback" not in said.complaints
    assert everybody(database) == before


def everybody(database: Database) -> list[accounts.AccountState]:
    with database.read() as session:
        return accounts.all_accounts(session)


def test_no_role_goes_with_another(database: Database, home: Installation) -> None:
    """One account has one role: there is no way to say two, and a second account of the number is refused."""
    twice = ["--role", "shift_leader", "--role", "auditor"]
    home.run("account", "add", "two", *twice, "--generate")
    assert [one.role for one in everybody(database) if one.number == "two"] in ([], ["auditor"])
    for role in ("shift_leader", "auditor", "admin"):
        desk = ["--desk", DESK] if role == "shift_leader" else []
        assert home.run("account", "add", f"{DESK}90", "--role", role, *desk, "--generate").status == 1
    assert home.run("account", "add", "x", "--role", "auditor,admin", "--generate").status == 2


@pytest.mark.parametrize("act", ["disable", "enable", "password", "totp"])
def test_an_account_that_is_not_there_is_said_to_be_not_there(home: Installation, act: str) -> None:
    said = home.run("account", act, "nobody", typed=f"{NEW}\n")
    assert (said.status, "There is no account of this number." in said.complaints) == (1, True)


def test_whoever_is_signed_in_is_not_any_more_once_disabled_or_given_another_password(
    database: Database, home: Installation
) -> None:
    from dispatch import dispatchers
    from dispatch.reporters import token_digest

    number = f"{DESK}01"
    for act in ("disable", "password"):
        with writing(database) as writer:
            done(writer, lambda session, act=act: dispatchers.sign_in(session, number, act), DESK)  # type: ignore[misc]
        assert home.run("account", act, number, typed=f"{NEW}\n").status == 0
        home.run("account", "enable", number)
        with database.read() as session:
            assert dispatchers.on_duty(session, token_digest(act)) is None


def test_a_second_factor_is_set_once_its_code_was_shown_and_taken_away_again(
    database: Database, home: Installation
) -> None:
    number = f"{DESK}01"
    wrong = home.run("account", "totp", number, typed="000000x\n")
    assert wrong.status == 1
    assert secret_of(database, home, number) is None
    # The secret is only known once the command prints it, so the code is typed while it runs.
    process = subprocess.Popen(
        [sys.executable, "-u", str(CHECKOUT / "cli.py"), "account", "totp", number],
        env=home.environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    secret = ""
    while not (found := re.search(r"otpauth://totp/desk110:\d+\?secret=(\w+)", secret)):
        secret += process.stdout.readline()
    print(pyotp.TOTP(found[1]).now(), file=process.stdin, flush=True)
    process.communicate(timeout=60)
    assert process.returncode == 0
    assert secret_of(database, home, number) == found[1]
    assert "second factor" in home.run("account", "list", "--desk", DESK).output
    assert home.run("account", "totp", number, "--remove").status == 0
    assert secret_of(database, home, number) is None
    kinds = [kind for kind, _ in told(database)]
    assert kinds == ["DispatcherTotpSet", "DispatcherTotpRemoved"]
    assert found[1] not in str(told(database))


def secret_of(database: Database, home: Installation, number: str) -> str | None:
    table = TABLES["dispatcher"]
    with database.read() as session:
        sealed = session.connection().execute(select(table.c.totp_secret).where(table.c.number == number))
        blob = sealed.scalar_one()
    if blob is None:
        return None
    cipher = FieldCipher.load(KeyPaths.under(home.home))
    return cipher.open("dispatcher", "totp_secret", row_of(number), blob)


@pytest.mark.parametrize(("second", "status"), [(NEW, 0), ("something else", 1)])
def test_at_a_terminal_a_password_is_typed_twice_and_never_seen(
    database: Database, home: Installation, second: str, status: int
) -> None:
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, str(CHECKOUT / "cli.py"), "account", "password", f"{DESK}01"],
        env=home.environment,
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        start_new_session=True,
        close_fds=True,
    )
    os.close(theirs)
    seen = b""
    for prompt, typed in ((b"New password", NEW), (b"Once more", second)):
        while prompt not in seen:
            seen += os.read(ours, 1024)
        os.write(ours, f"{typed}\n".encode())
    assert process.wait(60) == status
    os.close(ours)
    assert NEW.encode() not in seen
    assert fits(database, f"{DESK}01", NEW) is (status == 0)


# --- the check


def test_the_check_says_of_each_thing_whether_it_is_well(
    database: Database, home: Installation, valkey_of_session: Valkey
) -> None:
    (home.home / "boundaries.npz").write_bytes((CHECKOUT / "var" / "boundaries.npz").read_bytes())
    well = home.run("check", REDIS_URL=valkey_of_session.url)
    assert well.status == 0, well
    assert "all well" in well.output
    assert len(re.findall(r"^正常 well|^注意 look", well.output, re.MULTILINE)) == 10
    (home.home / "keys" / "index-key.json").unlink()
    (home.home / "boundaries.npz").write_bytes(b"x")
    wrong = home.run("check", REDIS_URL="redis://127.0.0.1:1/0")
    assert wrong.status == 1
    lines = wrong.output.splitlines()
    assert {re.split(r"[:：]", line.split("  ", 1)[1].strip())[0] for line in lines if "WRONG" in line} == {
        "密钥 keys",
        "边界 boundaries",
        "Redis",
    }


def test_a_database_of_older_tables_is_told(home: Installation, database: Database) -> None:
    with database.writing.begin() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '0004'")
    said = home.run("check")
    assert said.status == 1
    assert re.search(r"有误 WRONG\s+迁移 migrations: 0004 ≠ \d{4}", said.output)


def test_the_check_makes_no_database_and_no_folder(home: Installation, tmp_path: Path) -> None:
    before = sorted(path.name for path in home.home.rglob("*"))
    said = home.run("check", DATABASE_URL=f"sqlite:///{tmp_path}/none.db")
    assert said.status == 1
    assert "run desk110 setup" in said.output
    assert not (tmp_path / "none.db").exists()
    assert sorted(path.name for path in home.home.rglob("*")) == before


def test_unfit_settings_are_said_and_nothing_else_is_looked_at(home: Installation) -> None:
    said = home.run("check", DESK110_LIMITS="some")
    assert (said.status, said.output) == (2, "")
    assert "DESK110_LIMITS" in said.complaints


@pytest.mark.parametrize(
    "group", [[], ["desk"], ["account"], ["audit"], ["account", "add"], ["audit", "verify"]]
)
def test_help_is_there_in_both_languages(home: Installation, group: list[str]) -> None:
    said = home.run(*group, "--help")
    assert said.status == 0
    assert re.search(r"[\u4e00-\u9fff]", said.output)
    assert re.search(r"[a-z]{4}", said.output)
