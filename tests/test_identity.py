"""Real names and resident identity numbers."""

from contextlib import suppress
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dispatch.errors import Refused
from dispatch.identity import PROVINCES, IdentityNumber, check_character, mask_name, parse_name

TODAY = date(2026, 11, 23)
STANDARD = "11010519491231002X"  # the example of GB 11643-1999 itself


def number(area: str = "330106", born: str = "19900307", sequence: str = "123") -> str:
    """A number with the right check character."""
    digits = area + born + sequence
    return digits + check_character(digits)


def reason(text: str) -> str:
    with pytest.raises(Refused, match="identity_rejected") as refused:
        IdentityNumber.parse(text, TODAY)
    assert refused.value.values["field"] == "id_number"
    return str(refused.value.values["reason"])


def test_the_example_of_the_standard_passes() -> None:
    parsed = IdentityNumber.parse(STANDARD)
    assert (parsed.value, parsed.born) == (STANDARD, date(1949, 12, 31))


def test_the_second_example_of_the_standard_passes() -> None:
    assert IdentityNumber.parse("440524188001010014", date(1999, 7, 1)).born == date(1880, 1, 1)


@pytest.mark.parametrize("area", ["330113", "330114", "330105", "810000", "820000", "830000", "659012"])
def test_counties_new_and_abolished_are_taken(area: str) -> None:
    assert IdentityNumber.parse(number(area), TODAY).value.startswith(area)


def test_a_foreigners_permanent_residence_card_is_taken() -> None:
    assert IdentityNumber.parse(number("933840"), TODAY).value.startswith("933840")
    assert reason(number("999840")) == "area"


@pytest.mark.parametrize(
    "typed",
    [
        "11010519491231002x",
        " 110105 19491231 002X ",
        "１１０１０５１９４９１２３１００２Ｘ",
        "１１０１０５１９４９１２３１００２ｘ　",
        "\u202d11010519491231002X\u202c",
        "\ufeff11010519491231002X\n",
    ],
)
def test_a_number_is_known_however_it_is_typed(typed: str) -> None:
    assert IdentityNumber.parse(typed).value == STANDARD


SHAPELESS = [
    "",
    "X",
    "110105491231002",
    STANDARD[:-1],
    STANDARD + "0",
    "1101051949123100XX",
    "11010519491231002Y",
    "11010519491231002²",
    "١١٠١٠٥١٩٤٩١٢٣١٠٠٢٠",
    "110105-19491231-002X",
    "\ud800" * 18,
    STANDARD * 100_000,
    STANDARD + " " * 200 + "1",
]


@pytest.mark.parametrize("typed", SHAPELESS, ids=range(len(SHAPELESS)))
def test_what_has_another_form_is_rejected(typed: str) -> None:
    assert reason(typed) == "form"


@pytest.mark.parametrize("area", ["000000", "160000", "990000", "010101", "720000"])
def test_an_area_of_no_province_is_rejected(area: str) -> None:
    assert reason(number(area)) == "area"


@pytest.mark.parametrize(
    "born", ["19900230", "19901301", "19900100", "00000101", "19000229", "20261124", "18951123", "18000101"]
)
def test_a_birth_that_cannot_be_is_rejected(born: str) -> None:
    assert reason(number(born=born)) == "birth"


@pytest.mark.parametrize("born", ["20261123", "18951124", "20000229"])
def test_someone_born_today_and_someone_of_130_are_taken(born: str) -> None:
    assert IdentityNumber.parse(number(born=born), TODAY).born.strftime("%Y%m%d") == born


numbers = st.builds(
    lambda province, rest, born, sequence: number(
        f"{province}{rest:04}", born.strftime("%Y%m%d"), f"{sequence:03}"
    ),
    st.sampled_from(sorted(PROVINCES)),
    st.integers(0, 9999),
    st.dates(date(1900, 1, 1), TODAY),
    st.integers(0, 999),
)


@given(numbers)
def test_every_number_made_by_the_rule_is_taken(text: str) -> None:
    parsed = IdentityNumber.parse(text, TODAY)
    assert parsed.value == text
    assert text not in repr(parsed) + str(parsed)


@given(numbers, st.integers(0, 17), st.sampled_from("0123456789X"))
def test_any_single_wrong_character_is_found(text: str, place: int, other: str) -> None:
    wrong = text[:place] + other + text[place + 1 :]
    if wrong != text:
        assert reason(wrong) in {"form", "area", "birth", "check"}


@given(numbers, st.integers(0, 16))
def test_two_neighbours_exchanged_are_found(text: str, place: int) -> None:
    wrong = text[:place] + text[place + 1] + text[place] + text[place + 2 :]
    if wrong != text:
        assert reason(wrong) in {"form", "area", "birth", "check"}


@given(st.text() | st.from_regex(r"[0-9０-９]{17}[0-9Xx]", fullmatch=True))
def test_no_number_does_worse_than_be_rejected(text: str) -> None:
    with suppress(Refused):
        IdentityNumber.parse(text, TODAY)


def test_a_masked_number_shows_its_ends() -> None:
    assert IdentityNumber.parse(STANDARD).masked == "1****************X"


@pytest.mark.parametrize(
    ("typed", "name"),
    [
        ("张三", "张三"),
        (" 张　三 ", "张三"),
        ("欧阳 修文", "欧阳修文"),
        ("阿依古丽•买买提", "阿依古丽·买买提"),
        ("阿依古丽・买买提", "阿依古丽·买买提"),
        ("𠮷野𬀩", "𠮷野𬀩"),
        ("张\U000323b0", "张\U000323b0"),
        ("王〇", "王〇"),
        ("䶮㛃", "䶮㛃"),
        ("John Smith", "John Smith"),
        ("ＪＯＨＮ　ＳＭＩＴＨ", "JOHN SMITH"),
        ("Mary-Jane O'Neill Jr.", "Mary-Jane O'Neill Jr."),
        ("J. R. Müller, Nguyễn", "J. R. Müller, Nguyễn"),
        ("Jose\u0301  Garci\u0301a", "José García"),
        ("拒绝", "拒绝"),
    ],
)
def test_a_real_name_is_taken_and_made_one(typed: str, name: str) -> None:
    assert parse_name(typed) == name
    assert parse_name(name) == name


UNREAL = [
    "",
    "张",
    "J",
    "张3",
    "张三!",
    "·张三",
    "张三·",
    "张··三",
    "张三John",
    "Иван",
    "Σωκράτης",
    "たろう",
    "محمد",
    "張\u202e三",
    "张\u200b三",
    "张\n三",
    "Jo\thn",
    "Jo\u2028hn",
    "张\ue000",
    "张\ud800",
    "Jo\0hn",
    "Jo²n",
    "JⅣ",
    "John--Smith",
    "-John",
    "<b>John</b>",
    "Z̷̧͝a",
    "😀😀",
    "张" * 51,
    "A" * 51,
    "张" + " " * 300 + "三",
    "a " * 500_000,
]


@pytest.mark.parametrize("typed", UNREAL, ids=range(len(UNREAL)))
def test_what_cannot_be_a_real_name_is_rejected(typed: str) -> None:
    with pytest.raises(Refused, match="identity_rejected") as refused:
        parse_name(typed)
    assert refused.value.values == {"field": "name", "reason": "form"}


@given(st.text() | st.text(alphabet="张三·• AbÉ-'.,０Ａ\u0301\u202e\ud800", max_size=60))
def test_no_name_does_worse_than_be_rejected(text: str) -> None:
    with suppress(Refused):
        name = parse_name(text)
        assert parse_name(name) == name
        assert 2 <= len(name) <= 50
        assert len(mask_name(name)) == len(name)


@pytest.mark.parametrize(
    ("name", "masked"),
    [
        ("张三", "张*"),
        ("张三丰", "张**"),
        ("欧阳修文", "欧阳**"),
        ("诸葛亮", "诸葛*"),
        ("欧阳", "欧*"),
        ("阿依古丽·买买提", "阿*******"),
        ("John Smith", "J*********"),
    ],
)
def test_a_masked_name_shows_the_surname_at_most(name: str, masked: str) -> None:
    assert mask_name(name) == masked
