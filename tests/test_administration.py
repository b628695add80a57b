"""Desks and cities opened and closed, hours kept, accounts changed: the rules of it, on both databases."""

from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import insert, select
from sqlmodel import Session

from dispatch import (
    accounts,
    dispatchers,
    handling,
    looking_back,
    openings,
    passkeys,
    recovery_codes,
    rollout,
    shifts,
    tallies,
)
from dispatch.cipher import FieldCipher
from dispatch.clock import now
from dispatch.database import Database
from dispatch.dispatchers import account, on_duty, password_fits
from dispatch.errors import Refused
from dispatch.keys import KeyPaths, set_up
from dispatch.looking_back import Wanted
from dispatch.models import TABLES
from dispatch.openings import Hours
from dispatch.reporters import token_digest
from dispatch.writer import Writer
from tests.domain import DESK, acknowledge, add_reporter, done, file, filing, writing
from tests.truth import assert_whole, log_of

CITY = "330600"
ADMIN = "dispatcher:admin"
LEADER, DISPATCHER = f"{DESK}90", f"{DESK}01"


@pytest.fixture
def cipher(tmp_path_factory: pytest.TempPathFactory) -> FieldCipher:
    paths = KeyPaths.under(tmp_path_factory.mktemp("keys"))
    set_up(paths, old_data=False)
    return FieldCipher.load(paths)


def refused(writer: Writer, command: Any, *desks: str) -> str:
    with pytest.raises(Refused) as error:
        done(writer, command, *desks)
    return error.value.code


def reasons(database: Database, kind: str) -> list[tuple[str, str | None]]:
    """Of the events of a kind, newest first: where, and why."""
    with database.read() as session:
        return [(act.desk, act.reason) for act in looking_back.find(session, Wanted(kind=kind)).acts]


# --- desks


def test_a_desk_is_opened_and_closed_with_a_reason_that_an_auditor_reads(database: Database) -> None:
    with writing(database) as writer:
        assert done(writer, lambda s: openings.close_desk(s, DESK, ADMIN, "设备检修", "open always"), DESK)
        with database.read() as session:
            stands = openings.opening_of(session, DESK)
            assert (stands.open, stands.since is not None) == (False, True)
            assert DESK not in openings.open_desks(session)
        assert refused(writer, lambda s: openings.open_desk(s, DESK, ADMIN, "  "), DESK) == "reason_required"
        assert done(writer, lambda s: openings.open_desk(s, DESK, ADMIN, "修好了"), DESK)
    assert reasons(database, "DeskClosed") == [(DESK, "设备检修")]
    assert reasons(database, "DeskOpened") == [(DESK, "修好了")]
    assert "检修" not in str([event.data for event in log_of(database, DESK)])
    assert_whole(database)


def test_who_acts_on_what_stands_otherwise_meanwhile_changes_nothing(database: Database) -> None:
    with writing(database) as writer:
        assert done(writer, lambda s: openings.close_desk(s, DESK, ADMIN, "甲", "open always"), DESK)
        assert not done(writer, lambda s: openings.close_desk(s, DESK, ADMIN, "乙", "open always"), DESK)
        assert not done(
            writer,
            lambda s: openings.set_hours(s, DESK, ADMIN, Hours(480, 1320), "丙", "open always"),
            DESK,
        )
    assert reasons(database, "DeskClosed") == [(DESK, "甲")]
    assert reasons(database, "DeskSet") == []


@pytest.mark.parametrize(
    ("hours", "takes"),
    [
        (Hours(8 * 60, 22 * 60), [False, True, True, False, False]),
        (Hours(22 * 60, 8 * 60), [True, False, False, True, True]),
        (None, [True] * 5),
    ],
)
def test_outside_its_hours_a_desk_is_passed_by(
    database: Database, hours: Hours | None, takes: list[bool]
) -> None:
    clock = [(7, 59), (8, 0), (21, 59), (22, 0), (23, 30)]
    with writing(database) as writer:
        assert done(
            writer, lambda s: openings.set_hours(s, DESK, ADMIN, hours, "夜里没有人", "open always"), DESK
        )
    moments = [datetime(2026, 11, 29, h, m, tzinfo=UTC) - timedelta(hours=8) for h, m in clock]
    with database.read() as session:
        assert [DESK in openings.open_desks(session, at) for at in moments] == takes
    told = [event.data["set"] for event in log_of(database, DESK) if event.kind == "DeskSet"]
    assert told == ([{"hours": [None, str(hours)]}] if hours else [])


@pytest.mark.parametrize("hours", [Hours(480, 480), Hours(-1, 60), Hours(0, 24 * 60)])
def test_hours_that_are_none_are_refused(database: Database, hours: Hours) -> None:
    with writing(database) as writer:
        assert (
            refused(writer, lambda s: openings.set_hours(s, DESK, ADMIN, hours, "x"), DESK) == "hours_unfit"
        )
        province = lambda s: openings.set_hours(s, "330000", ADMIN, Hours(480, 600), "x")  # noqa: E731
        assert refused(writer, province, "330000") == "hours_unfit"


# --- the roll-out


def test_a_city_is_opened_in_one_act_and_closed_again(database: Database) -> None:
    with database.read() as session:
        before = rollout.city(session, CITY, now())
    desks = [one.opening.desk for one in before.desks]
    assert desks[0] == CITY
    with writing(database) as writer:
        close = lambda s: rollout.turn(s, CITY, ADMIN, "试点结束", before.seen, opened=False, despite=False)  # noqa: E731
        assert done(writer, close, *desks)
        assert not done(writer, close, *desks)
        with database.read() as session:
            shut = rollout.city(session, CITY, now())
        assert (shut.opened, before.opened) == (0, len(desks))
        done(writer, lambda s: openings.open_desk(s, desks[1], ADMIN, "先开一个"), desks[1])
        late = lambda s: rollout.turn(s, CITY, ADMIN, "第二批", shut.seen, opened=True, despite=False)  # noqa: E731
        assert not done(writer, late, *desks)
        with database.read() as session:
            seen = rollout.city(session, CITY, now()).seen
        assert done(
            writer, lambda s: rollout.turn(s, CITY, ADMIN, "第二批", seen, opened=True, despite=False), *desks
        )
    assert sorted(reasons(database, "DeskClosed")) == [(desk, "试点结束") for desk in desks]
    # What was open already was not opened again.
    assert sorted(reasons(database, "DeskOpened")) == sorted(
        [(desks[1], "先开一个"), *((desk, "第二批") for desk in desks if desk != desks[1])]
    )
    with database.read() as session:
        assert rollout.city(session, CITY, now()).opened == len(desks)
    assert_whole(database)


def test_the_check_list_says_what_a_desk_lacks(database: Database, cipher: FieldCipher) -> None:
    desk = "330681"
    with writing(database) as writer:
        with database.read() as session:
            assert rollout.readiness(session, desk, now()).gaps == (
                "one_factor",
                "common_number",
                "no_figures",
            )
        for number in (f"{desk}01", f"{desk}02", f"{desk}03", f"{desk}90"):
            done(writer, lambda s, number=number: accounts.disable(s, number, ADMIN, "调离"), desk)  # type: ignore[misc]
        with database.read() as session:
            found = rollout.city(session, CITY, now())
            assert found.gaps["no_leader"] == (desk,)
            assert found.gaps["no_dispatcher"] == (desk,)
        done(writer, lambda s: openings.close_desk(s, desk, ADMIN, "x"), desk)
        with database.read() as session:
            seen = rollout.city(session, CITY, now()).seen

        def turn(session: Session, *, despite: bool) -> bool:
            return rollout.turn(session, CITY, ADMIN, "x", seen, opened=True, despite=despite)

        assert refused(writer, partial(turn, despite=False), CITY) == "desks_not_ready"
        assert done(writer, partial(turn, despite=True), CITY)
        done(writer, lambda s: accounts.enable(s, f"{desk}90", ADMIN, "回来了"), desk)
        done(writer, lambda s: accounts.set_totp(s, cipher, f"{desk}90", accounts.new_secret(), "x"), desk)
        with database.read() as session:
            assert rollout.readiness(session, desk, now()).gaps == ("common_number", "no_figures")


def test_the_figures_of_a_city_are_those_of_the_last_seven_days(database: Database) -> None:
    table = TABLES["tally"]
    at = datetime(2026, 11, 3, 4, 0, tzinfo=UTC)
    rows = {
        20261103: {"kind": {"quick": 4}, "accepted": {"12": 3, "70": 1}, "outcome": {"invalid": 1}},
        20261028: {"kind": {"tip": 6}, "accepted": {"18": 6}},
        20261027: {"kind": {"quick": 100}},
        2026110310: {"kind": {"quick": 4}},
    }
    with Session(database.writing) as session:
        for span, counts in rows.items():
            row = {"generation": 0, "area": CITY[:4], "span": span, "counts": tallies.pack(counts)}
            session.connection().execute(insert(table), row)
        session.commit()
    with database.read() as session:
        week = rollout.city(session, CITY, at).week
    assert week["kind"] == {"quick": 4, "tip": 6}
    assert week["accepted"] == {"12": 3, "70": 1, "18": 6}


# --- accounts


def signed_in(writer: Writer, database: Database, number: str) -> bytes:
    token = uuid4().hex
    assert done(writer, lambda s: dispatchers.sign_in(s, number, token), DESK)
    with database.read() as session:
        assert on_duty(session, token_digest(token)) is not None
    return token_digest(token)


@pytest.mark.parametrize(
    ("role", "desk"), [("dispatcher", "330108"), ("dispatcher", DESK), ("auditor", None)]
)
def test_another_role_or_desk_ends_sessions_shift_and_what_is_in_hand(
    database: Database, role: str, desk: str | None
) -> None:
    with writing(database) as writer:
        session_ = signed_in(writer, database, LEADER)
        done(writer, lambda s: shifts.begin(s, LEADER, DESK), DESK)
        report = done(writer, file(filing(done(writer, add_reporter)))).id
        done(writer, acknowledge(report, LEADER), DESK)
        seen = f"shift_leader {DESK} enabled {LEADER}"
        change = lambda s: accounts.change(s, LEADER, role, desk, ADMIN, "轮岗", seen)  # noqa: E731
        assert done(writer, change)
        assert not done(writer, change)
        with database.read() as session:
            assert on_duty(session, session_) is None
            assert dispatchers.standing(session, [session_]) == {}
            assert shifts.on(session, DESK) == []
            assert shifts.in_hand(session, LEADER, DESK) == []
            state = accounts.account_state(session, LEADER)
        assert (state.role, state.desk) == (role, desk)
        # The report stays accepted, and lies where anybody of the desk picks it up.
        done(writer, lambda s: handling.pick_up(s, report, DESK, DISPATCHER), DESK)
    logs = {DESK, desk or "330000"}
    assert {where for where, why in reasons(database, "DispatcherChanged") if why == "轮岗"} == logs
    assert_whole(database)


def test_nobody_administers_their_own_account(database: Database) -> None:
    acts: list[Any] = [
        lambda s: accounts.change(s, "admin", "auditor", None, ADMIN, "x"),
        lambda s: accounts.disable(s, "admin", ADMIN, "x"),
        lambda s: accounts.enable(s, "admin", ADMIN, "x"),
        lambda s: accounts.set_password(s, "admin", "hash", ADMIN, reason="x"),
        lambda s: accounts.remove_totp(s, "admin", ADMIN, "x"),
        lambda s: accounts.set_subject(s, "admin", "x", ADMIN, "x"),
    ]
    with writing(database) as writer:
        assert {refused(writer, act) for act in acts} == {"own_account"}


def test_the_last_administrator_stays(database: Database) -> None:
    with writing(database) as writer:
        for actor in ("operator:root", "dispatcher:other"):
            assert (
                refused(writer, lambda s, a=actor: accounts.disable(s, "admin", a, "x"))
                == "last_administrator"
            )
            change = lambda s, a=actor: accounts.change(s, "admin", "auditor", None, a, "x")  # noqa: E731
            assert refused(writer, change) == "last_administrator"
        done(writer, lambda s: accounts.add(s, "admin2", "admin", None, "hash", ADMIN, reason="第二名"))
        assert done(writer, lambda s: accounts.disable(s, "admin", "dispatcher:admin2", "离职"))
        assert refused(writer, lambda s: accounts.disable(s, "admin2", "operator:x")) == "last_administrator"


def test_two_administrators_who_disable_each_other_at_once_leave_one(database: Database) -> None:
    with writing(database) as writer:
        done(writer, lambda s: accounts.add(s, "admin2", "admin", None, "hash", ADMIN, reason="x"))
    with writing(database, start=False) as one, writing(database, start=False) as other:
        first = one.submit(lambda s: accounts.disable(s, "admin2", ADMIN, "x"))
        second = other.submit(lambda s: accounts.disable(s, "admin", "dispatcher:admin2", "x"))
        one.start()
        other.start()
        errors = [answer.exception(30) for answer in (first, second)]
    assert sorted(getattr(error, "code", "done") for error in errors) == ["done", "last_administrator"]


@pytest.mark.parametrize(
    ("first", "second", "together"),
    [
        ("shift_leader", "auditor", False),
        ("auditor", "admin", False),
        ("admin", "shift_leader", False),
        ("shift_leader", "shift_leader", True),
        ("dispatcher", "auditor", True),
        ("shift_leader", "dispatcher", True),
    ],
)
def test_one_person_has_no_two_of_leader_auditor_and_administrator(
    database: Database, first: str, second: str, together: bool
) -> None:
    def desk(role: str) -> str | None:
        return DESK if role in accounts.AT_A_DESK else None

    def adding(number: str, role: str) -> Any:
        return lambda s: accounts.add(s, number, role, desk(role), "h", ADMIN, holder="P1", reason="x")

    with writing(database) as writer:
        done(writer, adding("a1", first))
        if together:
            done(writer, adding("a2", second))
            return
        assert refused(writer, adding("a2", second)) == "roles_apart"
        # Not by way of another role, nor of an account that was disabled meanwhile.
        done(writer, adding("a2", "dispatcher"))
        change = lambda s: accounts.change(s, "a2", second, desk(second), ADMIN, "x")  # noqa: E731
        assert refused(writer, change) == "roles_apart"
        done(writer, lambda s: accounts.disable(s, "a1", ADMIN, "x"))
        assert done(writer, change)
        assert refused(writer, lambda s: accounts.enable(s, "a1", ADMIN, "x")) == "roles_apart"


def test_an_account_without_a_holder_is_its_own_numbers(database: Database) -> None:
    with writing(database) as writer:
        add = lambda s: accounts.add(s, "b1", "auditor", None, "h", ADMIN, holder=LEADER, reason="x")  # noqa: E731
        assert refused(writer, add) == "roles_apart"


def test_accounts_are_found_by_number_holder_role_desk_and_state(database: Database) -> None:
    with writing(database) as writer:
        done(writer, lambda s: accounts.add(s, "zz9", "auditor", None, "h", ADMIN, holder="Q7", reason="x"))
        done(writer, lambda s: accounts.disable(s, DISPATCHER, ADMIN, "x"))
    with database.read() as session:

        def found(**by: Any) -> list[str]:
            return [one.number for one in accounts.all_accounts(session, **by)]

        assert found(like="q7") == ["zz9"]
        assert found(like="%") == []
        assert found(desk=DESK, state="disabled") == [DISPATCHER]
        assert found(desk=DESK, role="shift_leader") == [LEADER]
        assert found(role="auditor", state="enabled") == ["auditor", "zz9"]
        assert len(found(most=5)) == 5


# --- what is signed in with


def test_a_password_that_was_handed_out_holds_for_a_while(database: Database) -> None:
    hashed = dispatchers.hash_password("handed-out-once")
    with writing(database) as writer:
        for until, fits in ((now() + timedelta(hours=1), True), (now() - timedelta(seconds=1), False)):
            done(
                writer,
                lambda s, until=until: accounts.set_password(
                    s, LEADER, hashed, ADMIN, until=until, reason="忘了"
                ),  # type: ignore[misc]
            )
            with database.read() as session:
                assert password_fits(account(session, LEADER), "handed-out-once") is fits


def test_a_session_that_is_not_finished_counts_nowhere(database: Database) -> None:
    with writing(database) as writer:
        assert done(writer, lambda s: dispatchers.sign_in(s, LEADER, "first", pending=True), DESK)
        digest = token_digest("first")
        with database.read() as session:
            assert on_duty(session, digest) is None
            assert dispatchers.standing(session, [digest]) == {}
            who = dispatchers.first(session, digest)
        assert who is not None
        assert [event.kind for event in log_of(database, DESK)] == []
        assert done(writer, lambda s: dispatchers.finish(s, who, "second", "10.0.0.1"), DESK)
        assert not done(writer, lambda s: dispatchers.finish(s, who, "third", "10.0.0.1"), DESK)
        with database.read() as session:
            assert dispatchers.first(session, digest) is None
            assert on_duty(session, token_digest("second")) is not None
            assert on_duty(session, token_digest("third")) is None
    assert [event.kind for event in log_of(database, DESK)] == ["DispatcherSignedIn"]


def test_a_recovery_code_opens_once_and_nobody_elses_account(database: Database, cipher: FieldCipher) -> None:
    codes = recovery_codes.new_codes()
    digests = [recovery_codes.digest_of(cipher, LEADER, code) for code in codes]
    assert len(set(digests)) == recovery_codes.MANY
    other = recovery_codes.digest_of(cipher, DISPATCHER, codes[0])
    typed = recovery_codes.digest_of(cipher, LEADER, f" {codes[0].upper().replace('-', ' ')} ")
    assert typed == digests[0]
    with writing(database) as writer:
        done(writer, lambda s: recovery_codes.make(s, LEADER, DESK, digests, f"dispatcher:{LEADER}"), DESK)

        def opens(number: str, digest: bytes) -> bool:
            token = uuid4().hex
            return done(writer, lambda s: dispatchers.sign_in(s, number, token, recovery=digest), DESK)

        assert not opens(DISPATCHER, digests[0])
        assert not opens(DISPATCHER, other)
        assert opens(LEADER, typed)
        assert not opens(LEADER, digests[0])
        with database.read() as session:
            assert recovery_codes.left(session, LEADER) == recovery_codes.MANY - 1
        done(
            writer, lambda s: recovery_codes.make(s, LEADER, DESK, digests[2:4], f"dispatcher:{LEADER}"), DESK
        )
        assert not opens(LEADER, digests[1])
        assert opens(LEADER, digests[2])
    stored = select(TABLES["recovery_code"].c.digest)
    with database.read() as session:
        kept = [bytes(row.digest) for row in session.connection().execute(stored)]
    assert not {code.encode() for code in codes} & set(kept)
    used = [event.data for event in log_of(database, DESK) if event.kind == "RecoveryCodeUsed"]
    assert used == [{"account": LEADER, "left": 9}, {"account": LEADER, "left": 1}]


def test_two_who_use_one_recovery_code_at_once_open_one_session(
    database: Database, cipher: FieldCipher
) -> None:
    digest = recovery_codes.digest_of(cipher, LEADER, "abcd-efgh-jkmn")
    with writing(database) as writer:
        done(writer, lambda s: recovery_codes.make(s, LEADER, DESK, [digest], f"dispatcher:{LEADER}"), DESK)
    with writing(database, start=False) as one, writing(database, start=False) as other:
        answers = [
            writer.submit(lambda s, t=token: dispatchers.sign_in(s, LEADER, t, recovery=digest), [DESK])  # type: ignore[misc]
            for writer, token in ((one, "t1"), (other, "t2"))
        ]
        one.start()
        other.start()
        assert sorted(answer.result(30) for answer in answers) == [False, True]


def test_the_second_factor_goes_with_its_codes_its_passkeys_and_the_sessions(
    database: Database, cipher: FieldCipher
) -> None:
    digest = recovery_codes.digest_of(cipher, LEADER, "abcd-efgh-jkmn")
    with writing(database) as writer:
        secret = accounts.new_secret()
        done(writer, lambda s: accounts.offer_totp(s, cipher, LEADER, secret))
        with database.read() as session:
            assert accounts.offered_totp(session, cipher, LEADER) == secret
            assert account(session, LEADER).totp_secret is None  # type: ignore[union-attr]
        done(writer, lambda s: accounts.set_totp(s, cipher, LEADER, secret, "x", used=77))
        done(writer, lambda s: recovery_codes.make(s, LEADER, DESK, [digest], "x"), DESK)
        done(writer, lambda s: passkeys.add(s, LEADER, DESK, b"k", b"p", 0, "二号接警席"), DESK)
        with database.read() as session:
            assert accounts.offered_totp(session, cipher, LEADER) is None
        assert not done(writer, lambda s: dispatchers.sign_in(s, LEADER, "old", 77), DESK)
        session_ = signed_in(writer, database, LEADER)
        assert done(writer, lambda s: accounts.remove_totp(s, LEADER, ADMIN, "手机丢了"))
        assert not done(writer, lambda s: accounts.remove_totp(s, LEADER, ADMIN, "再来"))
        with database.read() as session:
            state = accounts.account_state(session, LEADER)
            assert (state.second_factor, state.codes, state.passkeys) == (False, 0, 0)
            assert on_duty(session, session_) is None
    assert reasons(database, "DispatcherTotpRemoved") == [(DESK, "手机丢了")]


def test_ones_own_password_ends_all_other_sessions(database: Database) -> None:
    with writing(database) as writer:
        here, there = (signed_in(writer, database, LEADER) for _ in range(2))
        done(writer, lambda s: accounts.choose_password(s, LEADER, "hash", here))
        with database.read() as session:
            assert on_duty(session, here) is not None
            assert on_duty(session, there) is None
