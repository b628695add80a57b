"""Who waits at a desk: more than a page holds, and those that were taken back before anybody had them."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import timedelta
from functools import partial
from random import Random
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import update
from sqlmodel import Session

from console.standing import rank_in
from dispatch import messages, reading, reports, waiting
from dispatch.clock import now
from dispatch.danger_words import Dangers, Reading
from dispatch.database import Database
from dispatch.models import TABLES
from dispatch.order import Danger
from dispatch.states import ReportState
from dispatch.writer import Writer
from tests.domain import DESK, OTHER_DESK, acknowledge, add_reporter, done, file, filing, writing

MOST = 5
FIRST = f"{DESK}01"


def change(database: Database, table: str, id_: UUID, **values: Any) -> None:
    columns = TABLES[table].c
    with Session(database.writing) as session:
        session.connection().execute(update(TABLES[table]).where(columns.id == id_).values(**values))
        session.commit()


def filed(
    writer: Writer, database: Database, ago_min: float = 0, text: str = "普通的事", **fields: Any
) -> UUID:
    """A report that has waited so long. `invalid`, `impaired`: of its reporter; the rest of itself."""
    reporter = done(writer, add_reporter)
    person = {
        "invalid_reports": fields.pop("invalid", 0),
        "hearing_speech_impaired": fields.pop("impaired", False),
    }
    change(database, "reporter", reporter, **person)
    wanted = replace(
        filing(reporter, text=text), **{k: v for k, v in fields.items() if k in {"kind", "covert"}}
    )
    done(writer, file(wanted), DESK)
    rest = {name: value for name, value in fields.items() if name not in {"kind", "covert"}}
    change(database, "report", wanted.id, filed_at=now() - timedelta(minutes=ago_min), **rest)
    return wanted.id


def reporter_of(database: Database, report: UUID) -> UUID:
    with database.read() as session:
        state = reading.state(session, report)
    assert state is not None
    return state.caller.reporter


def queue(
    database: Database, most: int = MOST, desk: str = DESK
) -> tuple[list[ReportState], list[UUID], Dangers]:
    """What a page is given, those that wait in their order; and the ids of the others."""
    dangers = Dangers()
    with database.read() as session:
        dangers.load(session)
        found = reading.open_at_desk(session, desk, most, dangers)
        assert waiting.count(session, desk) == sum(one.waits for one in found.reports) + len(found.beyond)
    shown = sorted((report for report in found.reports if report.waits), key=rank_in(dangers))
    return shown, found.beyond, dangers


def ids(shown: list[ReportState]) -> list[UUID]:
    return [report.id for report in shown]


@pytest.mark.parametrize(
    "sign",
    [
        {"text": "他手里有刀"},
        {"text": "x", "fraud": {"note": "他手里有刀"}},
        {"impaired": True},
        {"covert": True},
        {"duress_said": 1},
    ],
    ids=lambda sign: next(iter(reversed(sign))),
)
def test_who_comes_last_with_a_sign_that_counts_is_on_the_page_however_many_wait(
    database: Database, sign: dict[str, Any]
) -> None:
    with writing(database) as writer:
        plain = [filed(writer, database, ago_min=9 - n) for n in range(MOST + 3)]
        last = filed(writer, database, **sign)
    shown, beyond, _ = queue(database)
    assert ids(shown) == [last, *plain[: MOST - 1]]
    assert beyond == plain[MOST - 1 :]


def test_a_message_lifts_who_lay_beyond_and_a_record_is_taken_off_by_it(database: Database) -> None:
    with writing(database) as writer:
        plain = [filed(writer, database, ago_min=40 - n) for n in range(MOST)]
        # Twenty minutes lower for the record, thirty up for the word, and the record no longer counts.
        pest = filed(writer, database, ago_min=8, invalid=12)
        assert ids(queue(database)[0]) == plain
        said = partial(
            messages.send_from_reporter,
            report=pest,
            reporter=reporter_of(database, pest),
            client_id="m",
            text="有人拿刀",
        )
        done(writer, said, DESK)
    shown, beyond, _ = queue(database)
    assert pest in ids(shown)
    assert beyond == plain[-1:]


def test_a_page_is_given_those_that_stand_first_by_the_rank_that_its_cards_have(database: Database) -> None:
    dice = Random(110)
    with writing(database) as writer:
        for _ in range(40):
            filed(
                writer,
                database,
                ago_min=dice.uniform(0, 180),
                text=dice.choice(["普通的事", "他手里有刀", "流血了，有枪", "it has begun"]),
                kind=dice.choice(["quick", "quick", "location", "fraud", "tip"]),
                covert=dice.random() < 0.2,
                impaired=dice.random() < 0.2,
                invalid=dice.choice([0, 0, 3, 12]),
                duress_said=int(dice.random() < 0.1),
            )
    everybody, none, dangers = queue(database, most=40)
    assert none == []
    assert len({rank_in(dangers)(report) for report in everybody}) == 40
    for most in (1, 7, 20, 39):
        shown, beyond, _ = queue(database, most)
        assert ids(shown) == ids(everybody)[:most]
        assert set(beyond) == set(ids(everybody)[most:])


def test_words_are_read_of_those_alone_whom_they_could_bring_in_and_once_a_version(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked_through: list[str] = []
    find = Reading.find

    def heard(self: Reading, desk: str, texts: Iterable[str]) -> tuple[Danger, ...]:
        words = list(texts)
        looked_through.extend(words)
        return find(self, desk, words)

    monkeypatch.setattr(Reading, "find", heard)

    def looked_at(most: int, dangers: Dangers) -> list[str]:
        looked_through.clear()
        with database.read() as session:
            waiting.first(session, DESK, most, dangers)
        return sorted(looked_through)

    with writing(database) as writer:
        early = [filed(writer, database, ago_min=500 - n, text=f"早的 {n}") for n in range(MOST)]
        filed(writer, database, ago_min=430, text="近的")
        filed(writer, database, text="远的")
        dangers = Dangers()
        assert looked_at(MOST, dangers) == [*(f"早的 {n}" for n in range(MOST)), "近的"]
        assert looked_at(MOST + 2, Dangers()) == [], "of those who all have a place no words are read"
        assert looked_at(MOST, dangers) == [], "what was read once is known"
        reporter = reporter_of(database, early[0])
        said = partial(
            messages.send_from_reporter, report=early[0], reporter=reporter, client_id="m", text="又来了"
        )
        done(writer, said, DESK)
        assert looked_at(MOST, dangers) == ["又来了", "早的 0"]
        assert looked_at(MOST, Dangers()) != [], "other words are looked for anew"


def test_what_was_taken_back_before_anybody_had_it_waits_on_after_the_others(database: Database) -> None:
    with writing(database) as writer:
        early = filed(writer, database, ago_min=30)
        forced = filed(writer, database, ago_min=20, duress_said=1)
        others = [filed(writer, database, ago_min=10, kind=kind) for kind in ("quick", "tip")]
        for report in (early, forced):
            withdraw(writer, database, report)
    shown, beyond, _ = queue(database)
    # Who said a duress word may have been made to: it keeps the place that its time gives it.
    assert ids(shown) == [forced, *others, early]
    assert [report.status for report in shown] == ["withdrawn", "filed", "filed", "withdrawn"]
    assert beyond == []
    with writing(database) as writer:
        done(writer, acknowledge(early, FIRST), DESK)
    with database.read() as session:
        found = reading.open_at_desk(session, DESK, MOST, Dangers()).reports
        assert waiting.count(session, DESK) == 3
    received = next(report for report in found if report.id == early)
    assert (received.status, received.waits, received.handler) == ("withdrawn", False, FIRST)
    assert len(found) == len(set(ids(found))) == 4


def withdraw(writer: Writer, database: Database, report: UUID) -> None:
    reporter = reporter_of(database, report)
    done(writer, lambda session: reports.withdraw(session, report, reporter, "按错了"), DESK)


def test_what_was_taken_back_waits_at_its_own_desk_alone(database: Database) -> None:
    with writing(database) as writer:
        reporter = done(writer, add_reporter)
        wanted = replace(filing(reporter), others=(OTHER_DESK,))
        done(writer, file(wanted), DESK, OTHER_DESK)
        withdraw(writer, database, wanted.id)
    assert ids(queue(database)[0]) == [wanted.id]
    assert queue(database, desk=OTHER_DESK)[0] == []


def test_in_progress_too_who_is_threatened_is_never_beyond_the_limit(database: Database) -> None:
    with writing(database) as writer:
        forced = filed(writer, database, ago_min=60, duress_said=1)
        rest = [filed(writer, database, ago_min=10 - n) for n in range(3)]
        for report in (forced, *rest):
            done(writer, acknowledge(report, FIRST), DESK)
    with database.read() as session:
        found = reading.open_at_desk(session, DESK, 2, Dangers()).reports
    assert ids(found) == [forced, rest[-1]]
