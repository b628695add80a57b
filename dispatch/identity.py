"""Real names and resident identity numbers (公民身份号码), checked by their form.

The form only tells a slip of the finger from a number that could be someone's; whether name and number belong
together is asked of a verifier (`verifiers.py`).
"""

import re
import unicodedata
from dataclasses import dataclass, field
from datetime import date, timedelta, timezone

from dispatch import clock
from dispatch.errors import Refused
from dispatch.narrow import LONGEST_TYPED, narrow, narrow_number

# GB 11643-1999: 6 digits of area, 8 of birth, 3 of sequence, one check character by ISO 7064 MOD 11-2.
SHAPE = re.compile(r"[0-9]{17}[0-9X]")
WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
CHECK_CHARACTERS = "10X98765432"

# GB/T 2260's provinces. Counties are not looked up: new ones are made every year, and those of 1985 live on in
# the numbers of people. 81, 82, 83 are the residence permits for people of Hong Kong, Macau and Taiwan.
PROVINCES = frozenset(
    "11 12 13 14 15 21 22 23 31 32 33 34 35 36 37 41 42 43 44 45 46 50 51 52 53 54 61 62 63 64 65 71 81 82 83".split()
)
# A foreigner's permanent residence card since 2023: 9, the province, then three digits of nationality.
FOREIGNER = "9"
OLDEST_YEARS = 130
CHINA = timezone(timedelta(hours=8))

SHORTEST_NAME, LONGEST_NAME = 2, 50
MIDDLE_DOT = "·"
# The same dot of a minority's or a translated name, as keyboards and documents write it.
DOTS = str.maketrans(dict.fromkeys("•‧∙⋅・･．", MIDDLE_DOT))
# 〇, extension A, the main block, compatibility, extensions B to J: Python's own tables are older than the last.
_HAN = "\u3007\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003347f"
HAN_NAME = re.compile(f"[{_HAN}]+(?:{MIDDLE_DOT}[{_HAN}]+)*")
LATIN_NAME = re.compile(r"[^\W\d_]+(?:(?:[-'’·]|\. ?|, ?| )[^\W\d_]+)*\.?")
LATIN_SIGNS = frozenset("-'’·., ")
# A surname of two characters is shown whole, as on an envelope: 欧阳**.
DOUBLE_SURNAMES = frozenset(
    "欧阳 司马 上官 诸葛 夏侯 皇甫 尉迟 公孙 慕容 令狐 宇文 长孙 司徒 司空 东方 独孤 南宫 轩辕 澹台 端木 百里 "
    "闻人 申屠 太史 呼延 钟离 西门 公羊 万俟 赫连 淳于 单于 濮阳 宗政 完颜 拓跋 第五 梁丘 "
    "歐陽 司馬 諸葛 長孫 獨孤 東方".split()
)


@dataclass(frozen=True, slots=True)
class IdentityNumber:
    """A number that passes GB 11643-1999: 18 characters, the last one a digit or `X`.

    Its `repr` shows nothing of it, so that no log or traceback can.
    """

    value: str = field(repr=False)
    born: date = field(repr=False)

    @classmethod
    def parse(cls, text: str, today: date | None = None) -> "IdentityNumber":
        """From what was typed: full-width digits, spaces and a small `x` are taken.

        Raises `Refused("identity_rejected", field="id_number", reason=…)`; the reason is `form`, `area`,
        `birth` or `check`. `today` is the day in China unless given.
        """
        number = narrow_number(text).upper() if len(text) <= LONGEST_TYPED else ""
        if not SHAPE.fullmatch(number):
            raise _rejected("form")
        if (number[1:3] if number[0] == FOREIGNER else number[:2]) not in PROVINCES:
            raise _rejected("area")
        born = _birth(number[6:14], today or clock.now().astimezone(CHINA).date())
        if check_character(number[:17]) != number[17]:
            raise _rejected("check")
        return cls(number, born)

    @property
    def masked(self) -> str:
        """`3****************X`."""
        return f"{self.value[0]}{'*' * 16}{self.value[-1]}"


def _birth(digits: str, today: date) -> date:
    try:
        born = date(int(digits[:4]), int(digits[4:6]), int(digits[6:]))
    except ValueError:
        raise _rejected("birth") from None
    age = today.year - born.year - ((today.month, today.day) < (born.month, born.day))
    if born > today or age > OLDEST_YEARS:
        raise _rejected("birth")
    return born


def check_character(digits: str) -> str:
    """The eighteenth character for the first seventeen digits (ISO 7064 MOD 11-2)."""
    return CHECK_CHARACTERS[sum(int(d) * weight for d, weight in zip(digits, WEIGHTS, strict=True)) % 11]


def _rejected(reason: str, of: str = "id_number") -> Refused:
    return Refused("identity_rejected", field=of, reason=reason)


def parse_name(text: str) -> str:
    """A plausible real name, as it is kept and compared: 2 to 50 Han characters or Latin letters, NFC.

    Full-width letters become narrow, every kind of middle dot becomes `·`, white space is trimmed, and within a
    Han name removed (张　三). Raises `Refused("identity_rejected", field="name", reason="form")`.
    """
    text = text.strip()
    # Other control and bidi characters fit no pattern below, but tabs and line ends would pass for spaces.
    if len(text) > LONGEST_TYPED or any(c.isspace() and unicodedata.category(c) != "Zs" for c in text):
        raise _rejected("form", "name")
    name = unicodedata.normalize("NFC", " ".join(narrow(text.translate(DOTS)).split()))
    without_spaces = name.replace(" ", "")
    if HAN_NAME.fullmatch(without_spaces):
        name = without_spaces
    elif not (LATIN_NAME.fullmatch(name) and all(_latin(c) or c in LATIN_SIGNS for c in name)):
        raise _rejected("form", "name")
    if not SHORTEST_NAME <= len(name) <= LONGEST_NAME:
        raise _rejected("form", "name")
    return name


def _latin(character: str) -> bool:
    return character.isalpha() and unicodedata.name(character, "").startswith("LATIN ")


def mask_name(name: str) -> str:
    """What others may see of a name: its first character (张*), or the whole of a double surname (欧阳**)."""
    shown = 2 if len(name) > 2 and name[:2] in DOUBLE_SURNAMES else 1
    return name[:shown] + "*" * (len(name) - shown)
