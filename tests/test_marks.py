"""Marked as a nuisance: by the shift leader with a reason, for some days; lower and with fewer media, never refused."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import update
from sqlmodel import Session

from console.standing import signs_of
from dispatch import floods, marks, media, messages, waiting
from dispatch.crowds import CARDS, FROM, split
from dispatch.danger_words import Dangers
from dispatch.database import Database
from dispatch.errors import Refused
from dispatch.events import MARK_EXPIRED
from dispatch.marks import Category
from dispatch.media_bounds import Offer
from dispatch.models import TABLES
from dispatch.order import MARKED_MIN, Signs, reasons
from dispatch.states import MarkState
from dispatch.writer import Writer
from tests.domain import DESK, OTHER_DESK, acknowledge, add_reporter, done, file, filing, writing
from tests.test_handling import state
from tests.truth import assert_whole, kinds_of, rows

LEADER, OTHER = f"{DESK}90", f"{DESK}91"
WHY = "一晚上打了三百次，接通就骂人"


@contextmanager
def one(database: Database, text: str = "喂喂喂") -> Iterator[tuple[Writer, UUID, UUID]]:
    """A report and its reporter."""
    with writing(database) as writer:
        reporter = done(writer, add_reporter)
        wanted = filing(reporter, text=text)
        done(writer, file(wanted), DESK)
        yield writer, wanted.id, reporter
    assert_whole(database, DESK)


def mark(
    report: UUID,
    by: str = LEADER,
    category: Category = "harassment",
    days: int | None = None,
    desk: str = DESK,
) -> Callable[[Session], None]:
    return lambda session: marks.mark(session, report, desk, by, category, WHY, days)


def act(writer: Writer, command: Callable[[Session], Any]) -> Any:
    return done(writer, command, DESK)


def code_of(writer: Writer, command: Callable[[Session], Any]) -> str:
    with pytest.raises(Refused) as refused:
        act(writer, command)
    return refused.value.code


def standing(database: Database, report: UUID) -> MarkState | None:
    return state(database, report).caller.mark


def told(database: Database, reporter: UUID) -> MarkState | None:
    with database.read() as session:
        return marks.told_of(session, reporter)


def elapse(database: Database, days: float) -> None:
    """So many days pass for all marks."""
    with Session(database.writing) as session:
        for row in rows(session, "mark"):
            table = TABLES["mark"]
            moved = {"at": row.at - timedelta(days=days), "until": row.until - timedelta(days=days)}
            session.connection().execute(update(table).where(table.c.id == row.id).values(**moved))
        session.commit()


def test_a_mark_stands_for_the_desks_days_on_every_report_of_the_person_and_once_however_often_pressed(
    database: Database,
) -> None:
    with one(database) as (writer, report, reporter):
        other = filing(reporter, text="又是我")
        done(writer, file(other), DESK)
        elsewhere = filing(reporter, desk=OTHER_DESK)
        done(writer, file(elsewhere), OTHER_DESK)
        before = state(database, report)
        act(writer, mark(report))
        act(writer, mark(report))
        for each in (report, other.id, elsewhere.id):
            found = standing(database, each)
            assert found is not None
            assert (found.dispatcher_number, found.reason, found.category) == (LEADER, WHY, "harassment")
            assert found.until - found.at == timedelta(days=30)
        # No version moves: nothing of it is pushed to a phone.
        assert state(database, report).version == before.version
        assert kinds_of(database, str(report))[-1] == "ReporterMarked"
        assert kinds_of(database, str(other.id))[-1] == "MarkFollowed"
        assert kinds_of(database, str(elsewhere.id))[-1] == "MarkFollowed"
        with database.read() as session:
            (event,) = rows(session, "event", kind="ReporterMarked")
        assert (event.actor, event.reporter) == (f"dispatcher:{LEADER}", None)
        assert WHY not in str(event)
    assert_whole(database, OTHER_DESK)


def test_the_days_are_the_shift_leaders_choice_of_three(database: Database) -> None:
    with one(database) as (writer, report, _):
        assert code_of(writer, mark(report, days=3650)) == "field_invalid"
        act(writer, lambda session: marks.set_days(session, DESK, LEADER, 7))
        act(writer, mark(report))
        found = standing(database, report)
        assert found is not None
        assert found.until - found.at == timedelta(days=7)
        assert code_of(writer, lambda session: marks.set_days(session, DESK, LEADER, 8)) == "field_invalid"


def test_of_two_who_mark_one_is_first_and_another_desk_has_nothing_to_mark(database: Database) -> None:
    with one(database) as (writer, report, _):
        act(writer, mark(report))
        assert code_of(writer, mark(report, f"{DESK}01")) == "mark_standing"
        with pytest.raises(Refused, match="report_unknown"):
            done(writer, mark(report, desk=OTHER_DESK), OTHER_DESK)


def test_taken_away_with_a_reason_it_stands_no_more_and_another_may_be_made(database: Database) -> None:
    with one(database) as (writer, report, _):
        remove = lambda session: marks.remove(session, report, DESK, LEADER, "认错人了")  # noqa: E731
        assert code_of(writer, remove) == "mark_unknown"
        act(writer, mark(report))
        act(writer, remove)
        act(writer, remove)
        assert standing(database, report) is None
        act(writer, mark(report))
        assert standing(database, report) is not None
        assert kinds_of(database, str(report))[1:] == ["ReporterMarked", "MarkRemoved", "ReporterMarked"]


def test_it_ends_by_itself_and_the_worker_tells_the_desks(database: Database) -> None:
    with one(database) as (writer, report, reporter):
        act(writer, mark(report))
        elapse(database, 29.99)
        assert standing(database, report) is not None
        assert act(writer, marks.expire) == 0
        elapse(database, 0.02)
        # Whether or not the worker has come by.
        assert standing(database, report) is None
        assert told(database, reporter) is None
        assert act(writer, marks.expire) == 1
        assert act(writer, marks.expire) == 0
        assert kinds_of(database, str(report))[-1] == MARK_EXPIRED
        act(writer, mark(report))
        assert standing(database, report) is not None


def test_marked_again_after_its_time_before_the_worker_came_by(database: Database) -> None:
    with one(database) as (writer, report, _):
        act(writer, mark(report))
        elapse(database, 31)
        act(writer, mark(report, days=90))
        with database.read() as session:
            assert sorted(str(row.ended_by) for row in rows(session, "mark")) == ["None", "expired"]


# --- what it does


def test_it_lowers_and_any_danger_sign_lifts_that_again() -> None:
    plain = reasons(Signs(marked=True, invalid=12))
    assert [(one.sign, one.minutes) for one in plain] == [("marked", MARKED_MIN)]
    lifted = reasons(Signs(marked=True, invalid=12, covert=True))
    assert [(one.sign, one.minutes) for one in lifted][1:] == [("marked_lifted", 0)]


def test_the_queue_on_the_page_and_the_cut_of_a_full_one_agree_on_the_marked(database: Database) -> None:
    with one(database) as (writer, report, _):
        act(writer, mark(report))
        newer = filing(done(writer, add_reporter), text="普通的事")
        done(writer, file(newer), DESK)
        dangers = Dangers()
        with database.read() as session:
            dangers.load(session)
            assert waiting.first(session, DESK, 1, dangers).cards == [newer.id]
        found = state(database, report)
        assert signs_of(found, ()).marked
        say = lambda session: messages.send_from_reporter(  # noqa: E731
            session, report, found.caller.reporter, "m", "他拿着刀"
        )
        act(writer, say)
        with database.read() as session:
            assert waiting.first(session, DESK, 1, dangers).cards == [report]


def offer(n: int, kind: str = "image/jpeg") -> Offer:
    return Offer(f"file-{n}", f"a{n}", kind, 1000)


def begin(report: UUID, reporter: UUID, n: int, kind: str = "image/jpeg") -> Callable[[Session], Any]:
    return lambda session: media.begin(session, report, reporter, offer(n, kind))


def test_one_photo_is_taken_of_the_marked_and_words_as_ever(database: Database) -> None:
    with one(database) as (writer, report, reporter):
        act(writer, begin(report, reporter, 1))
        act(writer, begin(report, reporter, 2))
        act(writer, mark(report))
        # What was on its way goes on; what is new is capped.
        act(writer, begin(report, reporter, 2))
        assert code_of(writer, begin(report, reporter, 3)) == "media_capped"
        assert code_of(writer, begin(report, reporter, 4, "video/mp4")) == "media_capped"
        assert code_of(writer, begin(report, reporter, 5, "audio/webm")) == "media_capped"
        again = filing(reporter, text="再来一次")
        done(writer, file(again), DESK)
        act(writer, begin(again.id, reporter, 1))
        assert code_of(writer, begin(again.id, reporter, 2)) == "media_capped"
        act(writer, lambda s: messages.send_from_reporter(s, again.id, reporter, "m", "有人拿刀追我"))
        for n in (2, 3):
            act(writer, begin(again.id, reporter, n))
        act(writer, begin(again.id, reporter, 4, "video/mp4"))


@pytest.mark.parametrize("sign", ["covert", "duress", "impaired"])
def test_whoever_may_be_in_danger_sends_all_that_anybody_does(database: Database, sign: str) -> None:
    with writing(database) as writer:
        reporter = done(writer, add_reporter)
        wanted_report = filing(reporter)
        report = wanted_report.id
        done(writer, file(wanted_report), DESK)
        act(writer, mark(report))
        signs: dict[str, tuple[str, UUID, dict[str, Any]]] = {
            "covert": ("report", report, {"covert": True}),
            "duress": ("report", report, {"duress_said": 1, "duress_heard": 1}),
            "impaired": ("reporter", reporter, {"hearing_speech_impaired": True}),
        }
        table, of, values = signs[sign]
        with Session(database.writing) as session:
            wanted = TABLES[table]
            session.connection().execute(update(wanted).where(wanted.c.id == of).values(**values))
            session.commit()
        for n in range(8):
            act(writer, begin(report, reporter, n))


# --- the appeal


def appealed(writer: Writer, reporter: UUID, text: str = "是我孩子按的") -> None:
    act(writer, lambda session: marks.appeal(session, reporter, text))


def answered(writer: Writer, database: Database, upheld: bool, by: str = LEADER) -> None:
    with database.read() as session:
        of = rows(session, "mark")[-1].id
    act(writer, lambda session: marks.answer(session, of, DESK, by, upheld, "听了录音"))


def test_an_appeal_is_heard_once_a_mark_and_stands_before_the_desks_shift_leader(database: Database) -> None:
    with one(database) as (writer, report, reporter):
        with pytest.raises(Refused, match="mark_unknown"):
            appealed(writer, reporter)
        act(writer, mark(report))
        appealed(writer, reporter)
        appealed(writer, reporter)
        with pytest.raises(Refused, match="already_appealed"):
            appealed(writer, reporter, "再说一遍")
        with database.read() as session:
            (waits,) = marks.appeals(session, DESK)
            assert marks.appeals(session, OTHER_DESK) == []
        assert (waits.report, waits.mark.appeal) == (report, "是我孩子按的")
        found = standing(database, report)
        assert found is not None
        assert found.open_appeal
        with database.read() as session:
            (event,) = rows(session, "event", kind="MarkAppealed")
        assert "孩子" not in str(event)


def test_upheld_it_stands_and_both_sides_read_the_answer(database: Database) -> None:
    with one(database) as (writer, report, reporter):
        act(writer, mark(report))
        appealed(writer, reporter)
        answered(writer, database, upheld=True)
        answered(writer, database, upheld=True)
        found = told(database, reporter)
        assert found is not None
        assert (found.upheld, found.ended_by) == (True, None)
        assert standing(database, report) is not None
        with database.read() as session:
            assert marks.appeals(session, DESK) == []
        with pytest.raises(Refused, match="appeal_answered"):
            answered(writer, database, upheld=False, by=f"{DESK}01")


def test_lifted_it_is_gone_at_once_and_the_person_reads_that_for_a_while(database: Database) -> None:
    with one(database) as (writer, report, reporter):
        act(writer, mark(report))
        appealed(writer, reporter)
        answered(writer, database, upheld=False)
        assert standing(database, report) is None
        found = told(database, reporter)
        assert found is not None
        assert (found.upheld, found.ended_by) == (False, "lifted")
        with pytest.raises(Refused, match="mark_unknown"):
            appealed(writer, reporter, "再来")
        act(writer, mark(report))
        appealed(writer, reporter, "又标记我")  # once a mark


def test_nothing_is_told_as_long_as_a_report_of_theirs_must_not_be_noticed(database: Database) -> None:
    with one(database) as (writer, report, reporter):
        act(writer, mark(report))
        assert told(database, reporter) is not None
        watched = replace(filing(reporter), covert=True)
        done(writer, file(watched), DESK)
        assert told(database, reporter) is None
        with pytest.raises(Refused, match="mark_unknown"):
            appealed(writer, reporter)


# --- floods


def test_of_a_flood_a_page_is_given_a_few_and_of_all_others_everybody(database: Database) -> None:
    with writing(database) as writer:
        pest, other = done(writer, add_reporter), done(writer, add_reporter)
        many = [filing(pest, text=f"第 {n} 次") for n in range(CARDS + 5)]
        for each in many:
            done(writer, file(each), DESK)
        grave = filing(pest, text="有人拿刀")
        done(writer, file(grave), DESK)
        theirs = filing(other, text="楼下有人摔倒")
        done(writer, file(theirs), DESK)
        dangers = Dangers()
        with database.read() as session:
            dangers.load(session)
            found = waiting.first(session, DESK, CARDS + 10, dangers)
            whole = waiting.count(session, DESK)
        assert found.cards[0] == grave.id
        assert theirs.id in found.cards
        assert found.beyond == []
        assert list(found.floods) == [pest]
        assert found.floods[pest] == [each.id for each in many[CARDS - 1 : -1]]
        assert whole == len(found.cards) + len(found.floods[pest])
        # The flood takes no place from others, however small the page.
        with database.read() as session:
            small = waiting.first(session, DESK, CARDS + 2, dangers)
        assert theirs.id in small.cards


def test_what_folds_is_alike_and_what_has_a_sign_or_an_answer_stands_alone(database: Database) -> None:
    with writing(database) as writer:
        pest = done(writer, add_reporter)
        made = [filing(pest, text=f"第 {n} 次") for n in range(FROM + 2)]
        for each in made:
            done(writer, file(each), DESK)
        done(writer, acknowledge(made[0].id, f"{DESK}01"), DESK)
        dangers = Dangers()
        with database.read() as session:
            dangers.load(session)
        say = lambda s: messages.send_from_reporter(s, made[1].id, pest, "m", "着火了，救命")  # noqa: E731
        act(writer, say)
        kinds = [floods.folds_as(state(database, each.id), dangers) for each in made]
        assert kinds == [f"in_hand.{DESK}01", None, *["filed"] * FROM]
        with database.read() as session:
            alike = floods.of(session, state(database, made[2].id), DESK, dangers)
            assert [one.id for one in alike] == [each.id for each in made[2:]]
            assert floods.of(session, state(database, made[1].id), DESK, dangers) == []
            assert floods.of(session, state(database, made[2].id), OTHER_DESK, dangers) == []
        answer = lambda s: messages.send_from_dispatcher(  # noqa: E731
            s, made[0].id, DESK, f"{DESK}01", "a", "您好"
        )
        act(writer, answer)
        assert floods.folds_as(state(database, made[0].id), dangers) is None


def test_fewer_than_a_flood_are_all_given() -> None:
    person = UUID(int=1)
    ids = [UUID(int=n) for n in range(10, 10 + CARDS)]
    assert split([(id_, person) for id_ in ids]) == (ids, {})
