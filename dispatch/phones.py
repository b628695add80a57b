"""Phone numbers: what was typed → E.164, mobile numbers only, since a code must reach the phone."""

import re

import phonenumbers
from phonenumbers import NumberParseException, PhoneNumberFormat, PhoneNumberType

from dispatch.errors import Refused
from dispatch.narrow import LONGEST_TYPED, narrow_number

HOME_REGION = "CN"
MAINLAND = 86

# The shape, not phonenumbers' list of issued blocks: that list lags behind the ministry's by months, and a
# number that nobody has is found out by the code that never arrives. A phone is never refused on doubt.
MAINLAND_MOBILE = re.compile(r"1[3-9][0-9]{9}")
MAINLAND_DEMO = re.compile(r"1[0-9]{10}")

# phonenumbers reads letters as keypad digits and `;ext=` as an extension; neither is a phone to send to.
TYPED = re.compile(r"\+?[0-9().\-‐‑–]{5,24}")

MOBILE = {PhoneNumberType.MOBILE, PhoneNumberType.FIXED_LINE_OR_MOBILE}


def normalise(text: str, *, demo: bool = False) -> str:
    """The mobile number in E.164 (`+8613812345678`). Without `+` or `00` it is a mainland number.

    Hong Kong, Macau, Taiwan and foreign mobiles are taken with their `+` and country code. `demo` takes
    whatever has the shape of a number. Raises `Refused("phone_invalid")`.
    """
    typed = narrow_number(text) if len(text) <= LONGEST_TYPED else ""
    if not TYPED.fullmatch(typed):
        raise Refused("phone_invalid")
    try:
        number = phonenumbers.parse(typed, HOME_REGION)
    except NumberParseException:
        raise Refused("phone_invalid") from None
    if not _mobile(number, demo):
        raise Refused("phone_invalid")
    return phonenumbers.format_number(number, PhoneNumberFormat.E164)


def _mobile(number: phonenumbers.PhoneNumber, demo: bool) -> bool:
    if number.country_code == MAINLAND:
        shape = MAINLAND_DEMO if demo else MAINLAND_MOBILE
        return shape.fullmatch(str(number.national_number)) is not None
    if demo:
        return phonenumbers.is_possible_number(number)
    # One question instead of two: the type of a number that is not valid is UNKNOWN.
    return phonenumbers.number_type(number) in MOBILE


def mask(phone_e164: str) -> str:
    """What others may see of an E.164 number: `138****5678`; of one from elsewhere `+852 ****5678`."""
    number = phonenumbers.parse(phone_e164)
    national = phonenumbers.national_significant_number(number)
    if number.country_code == MAINLAND:
        return f"{national[:3]}****{national[-4:]}"
    # Some countries have numbers so short that four digits would be most of it.
    shown = national[-4:] if len(national) >= 8 else national[-2:]
    return f"+{number.country_code} ****{shown}"
