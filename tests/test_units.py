"""Units are sent, arrive and are clear; one is out for one report at a time, and reporters read what they may."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import update
from sqlmodel import Session

from dispatch import again, outcomes, reports, scenes, sendings, told, unit_editing, units
from dispatch.clock import now
from dispatch.coordinates import LatLon, PositionInvalid
from dispatch.database import Database
from dispatch.errors import Refused
from dispatch.ids import new_id
from dispatch.models import TABLES
from dispatch.scenes import Spot
from dispatch.sendings import Lost
from dispatch.told import Rule
from dispatch.units import Known, Near, Out, Unit
from dispatch.writer import Writer
from tests.domain import DESK, OTHER_DESK, acknowledge, add_reporter, done, file, filing, writing
from tests.test_handling import FIRST, NEIGHBOUR, SECOND, act, received, released, state
from tests.truth import assert_whole, kinds_of, rows

LEADER = f"{DESK}90"
DONE = "已调解，双方离开"


def unit(writer: Writer, call_sign: str, desk: str = DESK) -> UUID:
    """One more unit of the desk."""
    made: UUID = done(
        writer, lambda session: unit_editing.add(session, desk, f"{desk}90", call_sign, "car"), desk
    )
    return made


@contextmanager
def on_duty(database: Database, *call_signs: str) -> Iterator[tuple[Writer, UUID, list[UUID]]]:
    """A received report, and units of its desk."""
    with received(database) as (writer, report):
        yield writer, report, [unit(writer, name) for name in call_signs]


def sent(writer: Writer, report: UUID, *wanted: UUID, by: str = FIRST) -> tuple[Lost, ...]:
    lost: tuple[Lost, ...] = act(writer, lambda session: sendings.send(session, report, DESK, by, wanted))
    return lost


def arrived(writer: Writer, report: UUID, sending: UUID, by: str = FIRST) -> None:
    act(writer, lambda session: sendings.arrive(session, report, DESK, by, sending))


def cleared(writer: Writer, report: UUID, *of: UUID, by: str = FIRST, feedback: str = DONE) -> None:
    act(writer, lambda session: sendings.clear(session, report, DESK, by, of, feedback))


def sending_of(database: Database, report: UUID, wanted: UUID) -> UUID:
    return next(one.id for one in reversed(state(database, report).sendings) if one.unit == wanted)


def at_desk(database: Database, desk: str = DESK) -> dict[UUID, Unit]:
    with database.read() as session:
        return {one.id: one for one in units.at_desk(session, desk)}


def let(writer: Writer, show: bool, covert: bool) -> None:
    act(writer, lambda session: told.set_rule(session, DESK, LEADER, Rule(show, covert)))


def switched(database: Database, writer: Writer, report: UUID, covert: bool) -> None:
    reporter = state(database, report).caller.reporter
    act(writer, lambda session: reports.switch_covert(session, report, reporter, covert))


# --- the way of a unit


def test_the_first_sent_makes_it_dispatched_the_first_there_on_scene_and_so_it_stays(
    database: Database,
) -> None:
    with on_duty(database, "测-1", "测-2") as (writer, report, (one, two)):
        before = state(database, report)
        assert sent(writer, report, one, two) == ()
        now_ = state(database, report)
        assert (now_.status, now_.version, now_.sent) == ("dispatched", before.version + 1, 2)
        assert [(out.call_sign, out.state) for out in now_.sendings] == [
            ("测-1", "dispatched"),
            ("测-2", "dispatched"),
        ]
        assert now_.acknowledgement == before.acknowledgement
        arrived(writer, report, sending_of(database, report, two))
        now_ = state(database, report)
        assert (now_.status, now_.version) == ("on_scene", before.version + 2)
        arrived(writer, report, sending_of(database, report, one))
        cleared(writer, report, *(out.id for out in now_.sendings))
        now_ = state(database, report)
        assert (now_.status, now_.version, now_.sent) == ("on_scene", before.version + 2, 6)
        assert {(out.state, out.feedback, out.cleared_by) for out in now_.sendings} == {
            ("clear", DONE, FIRST)
        }
        assert kinds_of(database, str(report))[2:] == [
            *["UnitSent"] * 2,
            *["UnitArrived"] * 2,
            *["UnitCleared"] * 2,
        ]


def test_what_is_pressed_twice_is_done_once_and_the_first_feedback_stays(database: Database) -> None:
    with on_duty(database, "测-1") as (writer, report, (one,)):
        sent(writer, report, one, one)
        assert sent(writer, report, one, by=SECOND) == ()
        (only,) = state(database, report).sendings
        arrived(writer, report, only.id)
        arrived(writer, report, only.id, by=SECOND)
        cleared(writer, report, only.id)
        cleared(writer, report, only.id, by=SECOND, feedback="别的")
        arrived(writer, report, only.id)
        (only,) = state(database, report).sendings
        assert (only.on_scene_by, only.cleared_by, only.feedback) == (FIRST, FIRST, DONE)
        assert state(database, report).sent == 3


def test_one_that_turns_back_on_its_way_is_clear_without_having_arrived(database: Database) -> None:
    with on_duty(database, "测-1", "测-2") as (writer, report, (one, two)):
        sent(writer, report, one)
        cleared(writer, report, sending_of(database, report, one), feedback="取消派警")
        assert state(database, report).status == "dispatched"
        assert at_desk(database)[one].free
        sent(writer, report, two)
        arrived(writer, report, sending_of(database, report, two))
        first, second = state(database, report).sendings
        assert (first.on_scene_at, second.state) == (None, "on_scene")


def test_no_word_of_a_unit_stands_in_the_log(database: Database) -> None:
    with on_duty(database, "测-1") as (writer, report, (one,)):
        sent(writer, report, one)
        cleared(writer, report, sending_of(database, report, one), feedback="当事人张三已送医")
        act(writer, lambda session: unit_editing.enlist(session, DESK, LEADER, "061234", one))
        with database.read() as session:
            log = str(rows(session, "event", desk=DESK))
        assert not [word for word in ("张三", "测-1", "061234") if word in log]


def test_a_unit_at_the_scene_is_known_to_be_there(database: Database) -> None:
    with on_duty(database, "测-1", "测-2") as (writer, report, (one, two)):
        spot = Spot(30.27, 120.12, "wgs84", 10)
        act(writer, lambda session: scenes.place(session, report, DESK, FIRST, "s", spot))
        sent(writer, report, one, two)
        arrived(writer, report, sending_of(database, report, one))
        known = at_desk(database)[one].known
        assert known is not None
        assert (known.place, known.source) == (LatLon(30.27, 120.12), "scene")
        assert at_desk(database)[two].known is None


# --- one at a time


def test_a_unit_that_is_out_is_not_sent_and_who_was_first_is_told_and_the_others_go(
    database: Database,
) -> None:
    with on_duty(database, "测-1", "测-2") as (writer, report, (one, two)):
        other = another(writer)
        sent(writer, report, one)
        (lost,) = sent(writer, other, one, two, by=SECOND)
        assert (lost.unit, lost.call_sign, lost.why) == (one, "测-1", "out")
        assert (lost.dispatcher, lost.number) == (FIRST, state(database, report).number)
        assert [went.unit for went in state(database, other).sendings] == [two]
        out = at_desk(database)[one].out
        assert out is not None
        assert (out.report, out.dispatcher, out.state) == (report, FIRST, "dispatched")
        cleared(writer, report, sending_of(database, report, one))
        assert sent(writer, other, one, by=SECOND) == ()


def another(writer: Writer, desk: str = DESK) -> UUID:
    """One more report that a colleague has accepted."""
    wanted = filing(done(writer, add_reporter), desk)
    done(writer, file(wanted), desk)
    done(writer, acknowledge(wanted.id, f"{desk}02", desk), desk)
    return wanted.id


def test_of_many_who_send_one_unit_at_once_one_does_and_the_others_learn_who(database: Database) -> None:
    with on_duty(database, "测-1") as (writer, _, (one,)), writing(database) as other:
        wanted = [another(writer) for _ in range(12)]
        numbers = {report: f"{DESK}0{1 + nth % 3}" for nth, report in enumerate(wanted)}

        def press(nth: int) -> tuple[Lost, ...]:
            return sent((writer, other)[nth % 2], wanted[nth], one, by=numbers[wanted[nth]])

        with ThreadPoolExecutor(8) as pool:
            answers = dict(zip(wanted, pool.map(press, range(len(wanted))), strict=True))
        (winner,) = [report for report, lost in answers.items() if not lost]
        first = (numbers[winner], state(database, winner).number)
        assert {(lost.dispatcher, lost.number) for lost, *_ in filter(None, answers.values())} == {first}
        with database.read() as session:
            assert [row.report for row in rows(session, "sending", unit=one)] == [winner]


def test_who_is_out_of_service_is_not_sent(database: Database) -> None:
    with on_duty(database, "测-1") as (writer, report, (one,)):
        act(writer, lambda session: unit_editing.set_service(session, DESK, LEADER, one, False))
        (lost,) = sent(writer, report, one)
        assert (lost.why, lost.number) == ("off", "")
        assert state(database, report).status == "received"


# --- what is refused


def test_nobody_is_sent_to_what_waits_is_withdrawn_is_closed_or_is_another_desks(database: Database) -> None:
    with on_duty(database, "测-1") as (writer, report, (one,)):
        waits = filing(done(writer, add_reporter))
        done(writer, file(waits), DESK)
        with pytest.raises(Refused, match="not_received"):
            sent(writer, waits.id, one)
        reporter = state(database, report).caller.reporter
        act(writer, lambda session: reports.withdraw(session, report, reporter, ""))
        with pytest.raises(Refused, match="report_withdrawn"):
            sent(writer, report, one)
        act(writer, lambda session: outcomes.close(session, report, DESK, FIRST, "withdrawn", None))
        with pytest.raises(Refused, match="report_closed"):
            sent(writer, report, one)
        elsewhere = another(writer, OTHER_DESK)
        with pytest.raises(Refused, match="report_unknown"):
            sent(writer, elsewhere, one)
        assert at_desk(database)[one].free


def test_another_desks_unit_one_that_was_removed_and_none_are_unknown(database: Database) -> None:
    with on_duty(database, "测-1") as (writer, report, (one,)):
        theirs = unit(writer, "邻-1", OTHER_DESK)
        act(writer, lambda session: unit_editing.remove(session, DESK, LEADER, one))
        for wanted in ((theirs,), (one,), (new_id(),), ()):
            with pytest.raises(Refused, match="unit_unknown"):
                sent(writer, report, *wanted)


def test_a_sending_of_another_report_or_desk_is_unknown(database: Database) -> None:
    with on_duty(database, "测-1") as (writer, report, (one,)):
        sent(writer, report, one)
        sending = sending_of(database, report, one)
        other = another(writer)
        with pytest.raises(Refused, match="sending_unknown"):
            arrived(writer, other, sending)
        with pytest.raises(Refused, match="report_unknown"):
            done(
                writer,
                lambda session: sendings.clear(session, report, OTHER_DESK, NEIGHBOUR, [sending], DONE),
                OTHER_DESK,
            )
        assert state(database, report).sendings[0].state == "dispatched"


def test_a_report_is_not_closed_while_somebody_is_out_and_they_are_named(database: Database) -> None:
    with on_duty(database, "测-1", "测-2") as (writer, report, (one, two)):
        sent(writer, report, one, two)
        cleared(writer, report, sending_of(database, report, one))
        with pytest.raises(Refused) as refused:
            act(writer, lambda session: outcomes.close(session, report, DESK, FIRST, "handled", None))
        assert (refused.value.code, refused.value.values["units"]) == ("units_out", ["测-2"])
        now_ = state(database, report)
        assert (now_.status, now_.handler) == ("dispatched", FIRST)
        cleared(writer, report, sending_of(database, report, two))
        act(writer, lambda session: outcomes.close(session, report, DESK, FIRST, "handled", None))
        assert state(database, report).status == "closed"


def test_opened_again_it_begins_anew_and_what_was_done_is_kept(database: Database) -> None:
    with on_duty(database, "测-1", "测-2") as (writer, report, (one, two)):
        sent(writer, report, one)
        arrived(writer, report, sending_of(database, report, one))
        cleared(writer, report, sending_of(database, report, one))
        act(writer, lambda session: outcomes.close(session, report, DESK, FIRST, "handled", None))
        act(writer, lambda session: outcomes.reopen(session, report, DESK, FIRST, "又打起来了"))
        now_ = state(database, report)
        assert (now_.status, now_.status_told, now_.dispatched_at) == ("received", "received", None)
        assert [went.state for went in now_.sendings] == ["clear"]
        sent(writer, report, two)
        now_ = state(database, report)
        assert (now_.status, now_.on_scene_told_at) == ("dispatched", None)
        cleared(writer, report, sending_of(database, report, two))


# --- hands, desks, idleness


def test_put_back_or_withdrawn_it_keeps_its_units(database: Database) -> None:
    with on_duty(database, "测-1") as (writer, report, (one,)):
        sent(writer, report, one)
        released(writer, report)
        assert [out.unit for out in state(database, report).out] == [one]
        reporter = state(database, report).caller.reporter
        act(writer, lambda session: reports.withdraw(session, report, reporter, ""))
        before = state(database, report)
        arrived(writer, report, sending_of(database, report, one), by=SECOND)
        cleared(writer, report, sending_of(database, report, one), by=SECOND)
        now_ = state(database, report)
        assert (now_.status, now_.version, now_.status_told) == ("withdrawn", before.version, "withdrawn")


def test_a_report_that_another_desk_has_by_now_keeps_them_and_both_desks_mark_them(
    database: Database,
) -> None:
    with writing(database) as writer:
        report, one, two = another(writer), unit(writer, "测-1"), unit(writer, "测-2")
        sent(writer, report, one, two, by=SECOND)
        here, there = (sending_of(database, report, wanted) for wanted in (one, two))
        done(writer, lambda session: _transferred(session, report), DESK, OTHER_DESK)
        assert [out.desk for out in state(database, report).out] == [DESK, DESK]
        arrived(writer, report, here)
        done(
            writer,
            lambda session: sendings.clear(session, report, OTHER_DESK, NEIGHBOUR, [there], DONE),
            OTHER_DESK,
        )
        with database.read() as session:
            own = [event for event in rows(session, "event", desk=DESK) if event.kind == "UnitsChanged"]
            theirs = [event.kind for event in rows(session, "event", desk=OTHER_DESK, report=report)]
        assert [event.data["deed"] for event in own if "sending" in event.data] == ["on_scene", "clear"]
        assert theirs == ["UnitArrived", "UnitCleared"]
        with pytest.raises(Refused, match="report_unknown"):
            sent(writer, report, two)


def _transferred(session: Session, report: UUID) -> None:
    table = TABLES["report"]
    session.connection().execute(update(table).where(table.c.id == report).values(desk=OTHER_DESK))


def test_who_has_sent_somebody_is_not_called_idle(database: Database) -> None:
    with on_duty(database, "测-1") as (writer, report, (one,)):
        sent(writer, report, one)
        with database.read() as session:
            (holding,) = [held for held in again.held(session) if held.report == report]
        assert again.lapsed(holding, now() + timedelta(days=1), None) is None


# --- what the reporter reads


def test_where_the_desk_does_not_let_it_be_seen_nothing_moves_for_the_reporter(database: Database) -> None:
    with on_duty(database, "测-1") as (writer, report, (one,)):
        let(writer, show=False, covert=True)
        before = state(database, report)
        sent(writer, report, one)
        arrived(writer, report, sending_of(database, report, one))
        now_ = state(database, report)
        assert (now_.status, now_.version) == ("on_scene", before.version)
        assert (now_.status_told, now_.dispatched_told_at, now_.on_scene_told_at) == ("received", None, None)
        with database.read() as session:
            events = [event for event in rows(session, "event", report=report) if event.seq > 2]
        units_ = [event for event in events if event.kind.startswith("Unit")]
        assert {event.reporter for event in units_} == {None}
        cleared(writer, report, sending_of(database, report, one))


def test_a_setting_holds_from_the_next_step_on_and_takes_nothing_back(database: Database) -> None:
    with on_duty(database, "测-1") as (writer, report, (one,)):
        sent(writer, report, one)
        let(writer, show=False, covert=False)
        before = state(database, report)
        assert before.status_told == "dispatched"
        arrived(writer, report, sending_of(database, report, one))
        now_ = state(database, report)
        assert (now_.status, now_.status_told, now_.version) == ("on_scene", "dispatched", before.version)
        cleared(writer, report, sending_of(database, report, one))


def test_who_is_covert_reads_nothing_of_it_unless_the_desk_says_so(database: Database) -> None:
    with on_duty(database, "测-1") as (writer, report, (one,)):
        switched(database, writer, report, True)
        before = state(database, report)
        sent(writer, report, one)
        now_ = state(database, report)
        assert (now_.status, now_.status_told, now_.version) == ("dispatched", "received", before.version)
        let(writer, show=False, covert=True)
        arrived(writer, report, sending_of(database, report, one))
        now_ = state(database, report)
        assert (now_.status_told, now_.version) == ("on_scene", before.version + 1)
        assert now_.on_scene_told_at == now_.on_scene_at is not None
        cleared(writer, report, sending_of(database, report, one))


def test_turning_covert_takes_it_from_the_screen_and_turning_back_brings_it_again(database: Database) -> None:
    with on_duty(database, "测-1") as (writer, report, (one,)):
        sent(writer, report, one)
        arrived(writer, report, sending_of(database, report, one))
        switched(database, writer, report, True)
        assert state(database, report).status_told == "received"
        switched(database, writer, report, False)
        assert state(database, report).status_told == "on_scene"
        cleared(writer, report, sending_of(database, report, one))


def test_after_a_duress_word_no_further_step_is_read_and_what_was_read_stays(database: Database) -> None:
    with on_duty(database, "测-1") as (writer, report, (one,)):
        sent(writer, report, one)
        reporter = state(database, report).caller.reporter
        act(writer, lambda session: _forced(session, report))
        before = state(database, report)
        assert before.status_told == "dispatched"
        arrived(writer, report, sending_of(database, report, one))
        now_ = state(database, report)
        assert (now_.status, now_.status_told, now_.version) == ("on_scene", "dispatched", before.version)
        # Switched there and back, the phone tells no more than that it is received.
        act(writer, lambda session: reports.switch_covert(session, report, reporter, True))
        act(writer, lambda session: reports.switch_covert(session, report, reporter, False))
        assert state(database, report).status_told == "received"
        cleared(writer, report, sending_of(database, report, one))
        act(writer, lambda session: _forced(session, report, 0))


def _forced(session: Session, report: UUID, said: int = 1) -> None:
    table = TABLES["report"]
    session.connection().execute(update(table).where(table.c.id == report).values(duress_said=said))


# --- who is nearest


def _unit(call_sign: str, place: LatLon | None = None, *, free: bool = True) -> Unit:
    out = None if free else Out(new_id(), new_id(), "", DESK, FIRST, now(), None)
    known = None if place is None else Known(place, "manual", now())
    return Unit(new_id(), call_sign, "car", True, known, (), out)


HERE = LatLon(30.25, 120.12)
SOUTH = st.floats(0, 0.5).map(lambda by: LatLon(30.25 - by, 120.12))


def test_the_nearest_free_one_is_offered_next_and_one_of_which_nobody_knows_where_last() -> None:
    near, busy, far = (
        _unit("近", LatLon(30.26, 120.12)),
        _unit("忙", LatLon(30.251, 120.12), free=False),
        _unit("远", LatLon(30.4, 120.12)),
    )
    lost, off = _unit("无"), Unit(new_id(), "停", "car", False, Known(HERE, "manual", now()), (), None)
    everybody = [lost, far, busy, off, near]
    assert [one.unit.call_sign for one in units.nearest_first(everybody, HERE)] == [
        "停",
        "忙",
        "近",
        "远",
        "无",
    ]
    assert units.next_free(everybody, HERE) == near
    assert units.next_free([busy, off], HERE) is None
    assert [one.metres for one in units.nearest_first(everybody, None)] == [None] * 5


@given(st.lists(st.one_of(st.none(), SOUTH), max_size=12))
def test_whoever_stands_further_up_is_no_further_away(places: list[LatLon | None]) -> None:
    found: list[Near] = units.nearest_first([_unit(str(n), at) for n, at in enumerate(places)], HERE)
    metres = [one.metres for one in found]
    known = [each for each in metres if each is not None]
    assert known == sorted(known)
    assert metres == [*known, *[None] * (len(places) - len(known))]


# --- the leader's list


def test_units_are_added_renamed_placed_and_removed_each_with_its_event(database: Database) -> None:
    with writing(database) as writer:
        one = unit(writer, "测-1")
        with pytest.raises(Refused, match="unit_name_taken"):
            unit(writer, "测-1")
        two = unit(writer, "测-2")
        with pytest.raises(Refused, match="unit_name_taken"):
            act(writer, lambda s: unit_editing.rename(s, DESK, LEADER, two, "测-1", "car"))
        act(writer, lambda s: unit_editing.rename(s, DESK, LEADER, one, "测-9", "traffic"))
        act(writer, lambda s: unit_editing.place(s, DESK, LEADER, one, 30.2478, 120.1247, "gcj02"))
        known = at_desk(database)[one]
        assert (known.call_sign, known.kind) == ("测-9", "traffic")
        assert known.known is not None
        assert known.known.source == "manual"
        assert known.known.place == pytest.approx((30.2502, 120.1200), abs=1e-3)
        with pytest.raises(PositionInvalid):
            act(writer, lambda s: unit_editing.place(s, DESK, LEADER, one, 51.5, 0.1, "wgs84"))
        act(writer, lambda s: unit_editing.remove(s, DESK, LEADER, one))
        assert one not in at_desk(database)
        assert unit(writer, "测-9") != one  # the name is free again
        with database.read() as session:
            events = [event for event in rows(session, "event", desk=DESK) if event.kind == "UnitsChanged"]
        assert [event.data["deed"] for event in events] == [
            "added",
            "added",
            "renamed",
            "placed",
            "removed",
            "added",
        ]
    assert_whole(database, DESK)


def test_a_unit_that_is_out_is_not_removed(database: Database) -> None:
    with on_duty(database, "测-1") as (writer, report, (one,)):
        sent(writer, report, one)
        with pytest.raises(Refused, match="unit_out"):
            act(writer, lambda s: unit_editing.remove(s, DESK, LEADER, one))
        cleared(writer, report, sending_of(database, report, one))


def test_an_officer_is_in_one_unit_at_a_time_and_who_was_in_which_is_kept(database: Database) -> None:
    with writing(database) as writer:
        one, two = unit(writer, "测-1"), unit(writer, "测-2")
        officer = act(writer, lambda s: unit_editing.enlist(s, DESK, LEADER, "061234", one))
        with pytest.raises(Refused, match="officer_known"):
            act(writer, lambda s: unit_editing.enlist(s, DESK, LEADER, "061234", None))
        assert at_desk(database)[one].officers == ("061234",)
        act(writer, lambda s: unit_editing.assign(s, DESK, LEADER, officer, two))
        assert (at_desk(database)[one].officers, at_desk(database)[two].officers) == ((), ("061234",))
        with database.read() as session:
            crew = sorted(rows(session, "crew", officer=officer), key=lambda row: row.began_at)
            mine = [each for each in units.officers_at(session, DESK) if each.id == officer]
        assert [(row.unit, row.ended_at is None) for row in crew] == [(one, False), (two, True)]
        assert [each.unit for each in mine] == [two]
        act(writer, lambda s: unit_editing.remove(s, DESK, LEADER, two))
        act(writer, lambda s: unit_editing.dismiss(s, DESK, LEADER, officer))
        with pytest.raises(Refused, match="officer_unknown"):
            act(writer, lambda s: unit_editing.assign(s, DESK, LEADER, officer, one))
        act(writer, lambda s: unit_editing.enlist(s, DESK, LEADER, "061234", None))


def test_another_desks_units_and_officers_are_unknown(database: Database) -> None:
    with writing(database) as writer:
        one = unit(writer, "测-1")
        theirs = f"{OTHER_DESK}90"
        for command in (
            lambda s: unit_editing.rename(s, OTHER_DESK, theirs, one, "我的", "car"),
            lambda s: unit_editing.set_service(s, OTHER_DESK, theirs, one, False),
            lambda s: unit_editing.place(s, OTHER_DESK, theirs, one, 30.2, 120.1, "wgs84"),
            lambda s: unit_editing.remove(s, OTHER_DESK, theirs, one),
            lambda s: unit_editing.enlist(s, OTHER_DESK, theirs, "061111", one),
        ):
            with pytest.raises(Refused, match="unit_unknown"):
                done(writer, command, OTHER_DESK)
        assert at_desk(database)[one].call_sign == "测-1"
