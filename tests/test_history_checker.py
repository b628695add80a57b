"""The checker of histories finds each broken invariant, and nothing where nothing is broken."""

from dataclasses import replace

import pytest

from tests.history.checker import first_violation
from tests.history.record import Logged, Received, Record, Stored
from tests.history.sightings import (
    Accepted,
    Answered,
    Attentive,
    Card,
    History,
    Pressed,
    Shown,
    Sighting,
    Told,
)

DESK, OTHER_DESK = "330106", "330108"
STORED = Stored("r1", DESK, "person", "key", "330106-20261124-000001", "received", 2)
RECORD = Record(
    {"r1": STORED},
    {"r1": Received(DESK, "33010601", 2)},
    {DESK: [Logged(1, "ReportFiled", "r1", 1), Logged(2, "ReportReceived", "r1", 2)]},
)
ANSWERED = Answered(1.0, "phone", "person", "key", "r1", STORED.number, 201)
FILED = Told(1.0, "phone", "person", "r1", 1, "filed", None)
OPENED = Shown(0.5, "33010601", DESK, "epoch", 0, True, [])
SEEN = Shown(1.1, "33010601", DESK, "epoch", 1, False, [Card("r1", DESK, 1, "filed")])
PRESSED = Pressed(2.0, "33010601", "r1")
ACCEPTED = Accepted(2.1, "33010601", "r1", 200)
RECEIVED = Told(2.2, "phone", "person", "r1", 2, "received", "33010601")
SEEN_RECEIVED = Shown(2.2, "33010601", DESK, "epoch", 2, False, [Card("r1", DESK, 2, "received")])
WHOLE: list[Sighting] = [
    OPENED,
    ANSWERED,
    FILED,
    SEEN,
    PRESSED,
    ACCEPTED,
    RECEIVED,
    SEEN_RECEIVED,
    Attentive(3.0, "phone"),
    Attentive(3.0, "33010601"),
]


def broken(sightings: list[Sighting], record: Record = RECORD) -> tuple[str, float] | None:
    """The invariant that is broken first, and when."""
    history = History()
    for sighting in sightings:
        history.add(sighting)
    found = first_violation(history, record)
    return (found.invariant, found.at) if found else None


def with_(old: Sighting, new: Sighting) -> list[Sighting]:
    """The whole history, one sighting another."""
    return [new if sighting is old else sighting for sighting in WHOLE]


def without(*left_out: Sighting) -> list[Sighting]:
    """The whole history, some sightings missing."""
    return [sighting for sighting in WHOLE if sighting not in left_out]


def test_a_history_in_which_everything_went_well_holds() -> None:
    assert broken(WHOLE) is None


END = float("inf")
LOST = Record({}, {}, RECORD.logs)
TWICE = replace(RECORD, reports={"r1": STORED, "r2": replace(STORED, id="r2", desk=OTHER_DESK)})
DOUBLED = replace(RECORD, logs={DESK: [*RECORD.logs[DESK], Logged(3, "ReportReceived", "r1", 2)]})
NOBODYS = replace(RECORD, received={})


@pytest.mark.parametrize(
    ("sightings", "record", "invariant", "at"),
    [
        pytest.param(WHOLE, LOST, "I1", 1.0, id="a report lost after its 201"),
        pytest.param(
            with_(SEEN, replace(SEEN, cards=[])),
            RECORD,
            "I2",
            1.1,
            id="an event that never reached the screen",
        ),
        pytest.param(
            with_(SEEN_RECEIVED, replace(SEEN_RECEIVED, seq=0)),
            RECORD,
            "I2",
            2.2,
            id="a screen that goes back in the log",
        ),
        pytest.param(
            [*WHOLE, replace(SEEN, at=4.0, seq=2)],
            RECORD,
            "I2",
            4.0,
            id="a card that goes back to an older version",
        ),
        pytest.param(
            without(SEEN_RECEIVED),
            RECORD,
            "I2",
            END,
            id="a screen that never had the last state, though in step",
        ),
        pytest.param(
            [*WHOLE, Accepted(4.0, "33010602", "r1", 200)],
            RECORD,
            "I3",
            4.0,
            id="two dispatchers who both won",
        ),
        pytest.param(WHOLE, DOUBLED, "I3", END, id="two acknowledgements in the log"),
        pytest.param(WHOLE, NOBODYS, "I3", 2.1, id="an acceptance that was answered and is not recorded"),
        pytest.param(
            with_(RECEIVED, replace(RECEIVED, at=1.5)),
            RECORD,
            "I4",
            1.5,
            id="已接收 before anybody pressed the key",
        ),
        pytest.param(
            with_(RECEIVED, replace(RECEIVED, version=1)), RECORD, "I4", 2.2, id="已接收 a version too early"
        ),
        pytest.param(
            with_(RECEIVED, replace(RECEIVED, received_by="33010602")),
            RECORD,
            "I4",
            2.2,
            id="已接收 in another's name",
        ),
        pytest.param(without(RECEIVED), RECORD, "I4", END, id="已接收 that never came to an open page"),
        pytest.param(
            with_(SEEN, replace(SEEN, cards=[Card("r1", OTHER_DESK, 1, "filed")])),
            RECORD,
            "I5",
            1.1,
            id="a card of another desk",
        ),
        pytest.param(
            [*WHOLE, replace(RECEIVED, at=4.0, who="stranger", reporter="stranger")],
            RECORD,
            "I5",
            4.0,
            id="another person's report",
        ),
        pytest.param(
            [*WHOLE, replace(ANSWERED, at=4.0, report="r2")],
            RECORD,
            "I1",
            4.0,
            id="a key that gave two reports, one lost",
        ),
        pytest.param(WHOLE, TWICE, "I7", END, id="a key under which two reports are stored"),
    ],
)
def test_each_planted_violation_is_found_at_its_moment(
    sightings: list[Sighting], record: Record, invariant: str, at: float
) -> None:
    assert broken(sightings, record) == (invariant, at)


def test_an_answer_that_comes_after_the_frame_does_not_take_back_what_the_phone_was_told() -> None:
    assert broken([*WHOLE, replace(FILED, at=2.9)]) is None


def test_a_page_that_was_closed_need_not_have_seen_the_end() -> None:
    assert (
        broken(without(RECEIVED, SEEN_RECEIVED, *[one for one in WHOLE if isinstance(one, Attentive)]))
        is None
    )


def test_of_several_violations_the_first_is_named() -> None:
    spoilt = with_(RECEIVED, replace(RECEIVED, at=1.5))
    assert broken([*spoilt, Accepted(1.2, "33010602", "r1", 200)]) == ("I3", 1.2)


def test_a_history_is_kept_in_a_file_and_read_again(tmp_path_factory: pytest.TempPathFactory) -> None:
    path = tmp_path_factory.mktemp("history") / "history.jsonl"
    history = History(path)
    for sighting in WHOLE:
        history.add(sighting)
    history.close()
    assert History.read(path).sightings == WHOLE
