"""Phone numbers."""

from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dispatch.errors import Refused
from dispatch.phones import mask, normalise


@pytest.mark.parametrize(
    "typed",
    [
        "13812345678",
        " 138 1234 5678 ",
        "138-1234-5678",
        "+86 138 1234 5678",
        "+86-13812345678",
        "008613812345678",
        "8613812345678",
        "１３８１２３４５６７８",
        "＋８６　１３８１２３４５６７８",
        "\u202d13812345678\u202c",
        "138\u00a01234\u20095678",
    ],
)
def test_a_mainland_mobile_is_known_however_it_is_typed(typed: str) -> None:
    assert normalise(typed) == "+8613812345678"


@pytest.mark.parametrize("prefix", ["192", "199", "194", "154", "140", "170"])
def test_a_block_of_numbers_newer_than_any_list_is_taken(prefix: str) -> None:
    assert normalise(f"{prefix}12345678") == f"+86{prefix}12345678"


@pytest.mark.parametrize(
    ("typed", "e164"),
    [
        ("+852 9123 4567", "+85291234567"),
        ("+853 6612 3456", "+85366123456"),
        ("+886 912 345 678", "+886912345678"),
        ("+44 7911 123456", "+447911123456"),
        ("+1 (202) 555-0123", "+12025550123"),
        ("00852 9123 4567", "+85291234567"),
    ],
)
def test_mobiles_from_elsewhere_are_taken_with_their_country_code(typed: str, e164: str) -> None:
    assert normalise(typed) == e164


REFUSED = [
    "",
    "110",
    "12110",
    "1381234567",
    "138123456789",
    "0571-87654321",
    "057187654321",
    "+86 571 8765 4321",
    "91234567",
    "+852 2123 4567",
    "+999 123456789",
    "1-800-FLOWERS",
    "13812345678 ext 3",
    "13812345678;ext=3",
    "tel:13812345678",
    "+86+8613812345678",
    "12812345678",
    "١٣٨١٢٣٤٥٦٧٨",
    "13812345678\0",
    "\ud800",
    "1" * 100_000,
    "13812345678" + " " * 200 + "1",
]


@pytest.mark.parametrize("typed", REFUSED, ids=range(len(REFUSED)))
def test_what_is_no_mobile_is_refused(typed: str) -> None:
    with pytest.raises(Refused, match="phone_invalid"):
        normalise(typed)


def test_demo_takes_any_number_of_the_shape() -> None:
    assert normalise("10000000001", demo=True) == "+8610000000001"
    assert normalise("+852 2123 4567", demo=True) == "+85221234567"
    for typed in ("110", "057187654321", "20000000001", "+999 1"):
        with pytest.raises(Refused):
            normalise(typed, demo=True)


@settings(deadline=None)  # the first number of a country loads its rules
@given(st.text() | st.text(alphabet="+0123456789 ()-.", max_size=25), st.booleans())
def test_no_text_does_worse_than_be_refused(typed: str, demo: bool) -> None:
    with suppress(Refused):
        phone = normalise(typed, demo=demo)
        assert normalise(phone, demo=demo) == phone
        assert phone not in mask(phone)


@given(st.from_regex(r"1[3-9][0-9]{9}", fullmatch=True))
def test_every_mainland_mobile_is_taken(typed: str) -> None:
    assert normalise(typed) == f"+86{typed}"


@pytest.mark.parametrize(
    ("phone", "masked"),
    [
        ("+8613812345678", "138****5678"),
        ("+85291234567", "+852 ****4567"),
        ("+12025550123", "+1 ****0123"),
        ("+2905123", "+290 ****23"),
    ],
)
def test_a_mask_hides_the_middle(phone: str, masked: str) -> None:
    assert mask(phone) == masked
