"""Danger words: what is found in a text, who changes them, and that each desk hears of it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlmodel import Session

from dispatch import danger_words
from dispatch.danger_words import MOST_WORDS, Dangers, Trouble, _List, built_in, squashed
from dispatch.database import Database
from dispatch.desks import DESKS, PROVINCE
from dispatch.order import Danger
from dispatch.writer import Command
from tests.domain import DESK, OTHER_DESK, done, writing
from tests.truth import assert_whole, log_of


def words_of(text: str, **own: int) -> list[str]:
    """The words that are found in a text by the built-in list and these."""
    words = {squashed(word): Danger(word, minutes) for word, minutes in {**built_in(), **own}.items()}
    return [danger.word for danger in _List(words).find([text])]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("他手里有刀", ["刀"]),
        ("他手里有 刀！", ["刀"]),
        ("救  命", ["救命"]),
        ("救，命！！", ["救命"]),
        ("救\u200b命", ["救命"]),
        ("着火了", ["火"]),
        ("在火车站门口", []),
        ("火车着火了", ["火"]),
        ("量血压时来的", []),
        ("流血了", ["血"]),
        ("he has a KNIFE", ["knife"]),
        ("he has a ｋｎｉｆｅ", ["knife"]),
        ("k n i f e", ["knife"]),
        ("k-n-i-f-e!", ["knife"]),
        ("it has begun", []),
        ("a gun", ["gun"]),
        ("skilled workers", []),
        ("they are at the fire station", []),
        ("fire at the fire station", ["fire"]),
        ("help me understand the form", []),
        ("Help me!", ["help me"]),
        ("他捅了人，快杀人了", ["杀人", "捅"]),
        ("", []),
        ("楼下停车位被占", []),
    ],
)
def test_what_is_found_in_a_text(text: str, found: list[str]) -> None:
    assert words_of(text) == found


def test_a_longer_word_is_named_and_not_the_one_inside_it() -> None:
    assert words_of("有人着火", 着火=45) == ["着火"]


def test_a_desks_own_minutes_count_there() -> None:
    assert words_of("有刀", 刀=0) == []


@given(st.text(max_size=200))
def test_no_text_breaks_it(text: str) -> None:
    words_of(text)


@given(st.sampled_from(["救命", "炸弹"]), st.text(alphabet=" ,.!?，。！-_*　\t\n", max_size=4))
def test_signs_between_the_characters_hide_nothing(word: str, between: str) -> None:
    assert words_of(f"他说{word[0]}{between}{word[1]}吧") == [word]


def test_what_comes_with_us_is_fit_to_be_written_by_hand() -> None:
    for word, minutes in built_in().items():
        assert danger_words._trouble(word, squashed(word), minutes) is None, word
    assert len({squashed(word) for word in built_in()}) == len(built_in())


# --- who changes them


def put(word: str, minutes: int, desk: str = DESK) -> Command[Trouble | None]:
    return lambda session: danger_words.put(session, desk, f"{desk}90", word, minutes)


def kinds(database: Database, desk: str) -> list[str]:
    return [event.kind for event in log_of(database, desk)]


def found(database: Database, text: str, desk: str = DESK) -> list[tuple[str, int]]:
    """What a process that reads the words now finds in a text."""
    dangers = Dangers()
    with database.read() as session:
        dangers.load(session)
    return [(danger.word, danger.minutes) for danger in dangers.reading.find(desk, [text])]


def test_a_desk_changes_its_own_and_each_log_says_that_words_changed(database: Database) -> None:
    with writing(database) as writer:
        assert done(writer, put("拖拉机", 15), *DESKS) is None
        assert found(database, "拖拉机来了") == [("拖拉机", 15)]
        assert found(database, "拖拉机来了", OTHER_DESK) == []
        assert done(writer, put("拖 拉 机", 25), *DESKS) is None
        assert found(database, "拖拉机来了") == [("拖 拉 机", 25)]
        assert done(writer, put("拖 拉 机", 25), *DESKS) is None
        assert kinds(database, DESK) == ["DangerWordSet", "DangerWordSet"]
        assert kinds(database, OTHER_DESK) == ["DangerWordsChanged", "DangerWordsChanged"]
        assert done(writer, put("刀", 0), *DESKS) is None
        assert found(database, "有刀") == []
        assert found(database, "有刀", OTHER_DESK) == [("刀", 30)]
        with database.read() as session:
            own = [entry for entry in danger_words.standing(session, DESK) if entry.desk == DESK]
        knife = next(entry.id for entry in own if entry.word == "刀")
        theirs = lambda session: danger_words.remove(session, OTHER_DESK, "x", knife)  # noqa: E731
        assert not done(writer, theirs, *DESKS)
        ours = lambda session: danger_words.remove(session, DESK, f"{DESK}90", knife)  # noqa: E731
        assert done(writer, ours, *DESKS)
        assert not done(writer, ours, *DESKS)
        assert found(database, "有刀") == [("刀", 30)]
    assert_whole(database, DESK)


def test_the_provinces_shift_leader_changes_the_list_of_everybody(database: Database) -> None:
    with writing(database) as writer:
        assert done(writer, put("拖拉机", 15, PROVINCE), *DESKS) is None
    assert found(database, "拖拉机", DESK) == found(database, "拖拉机", OTHER_DESK) == [("拖拉机", 15)]
    assert kinds(database, PROVINCE) == ["DangerWordSet"]


@pytest.mark.parametrize(
    ("word", "minutes", "trouble"),
    [
        ("", 30, "empty"),
        (" ，！", 30, "empty"),
        ("a", 30, "letter"),
        ("一" * 21, 30, "long"),
        ("刀", -1, "minutes"),
        ("刀", 61, "minutes"),
    ],
)
def test_what_is_no_word_is_not_taken(database: Database, word: str, minutes: int, trouble: Trouble) -> None:
    with writing(database) as writer:
        assert done(writer, put(word, minutes), *DESKS) == trouble
    assert kinds(database, DESK) == []


def test_a_list_has_an_end(database: Database) -> None:
    def many(session: Session) -> list[Trouble | None]:
        return [danger_words.put(session, DESK, f"{DESK}90", f"词{n}号", 5) for n in range(MOST_WORDS + 1)]

    with writing(database) as writer:
        troubles = done(writer, many, *DESKS)
        assert troubles == [*[None] * MOST_WORDS, "many"]
        assert done(writer, put("词0号", 6), *DESKS) is None


def test_what_the_province_removed_does_not_come_back_by_itself(database: Database) -> None:
    with database.read() as session:
        knife = next(entry.id for entry in danger_words.standing(session) if entry.word == "刀")
    with writing(database) as writer:
        assert done(writer, lambda session: danger_words.remove(session, PROVINCE, "33000090", knife), *DESKS)
        done(writer, danger_words.seed, PROVINCE)
    assert found(database, "有刀") == []
