"""What others wrote, shown as what it is.

Unicode has characters that are not seen and yet turn the line around, part a word that is looked for, or pile up over
the lines above; and letters that look like others. On the console each stands as its code in brackets: `⟦U+202E⟧`. So
no text of a reporter's reorders anything but itself, and one that was made to look like another is seen not to be.
Stored, sent on and exported is what was written.

Unicode Technical Report 36 names the tricks, Technical Standard 39, 5.2 the mixing of scripts.
"""

import re
from functools import lru_cache
from typing import Final

# Controls but tab and line ends; soft hyphen, joiners, marks and embeddings of direction; fillers that count as letters
# and are blank; annotations and tags.
_UNSEEN: Final = (
    "\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\xad\u034f\u061c\u115f\u1160\u17b4\u17b5\u200b-\u200f\u2028-\u202e"
    "\u2060-\u206f\u3164\ufeff\uffa0\ufff0-\ufffb\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e00ff\U000e01f0-\U000e0fff"
)
# Radicals and compatibility forms: the same picture as an ideograph of everyday use, and another character.
_LIKE_IDEOGRAPHS: Final = "\u2e80-\u2fdf\uf900-\ufaff\U0002f800-\U0002fa1f"
# Accents; selectors of variants, which names in ideographs need one of.
_PILED: Final = (
    "\u0300-\u036f\u0483-\u0489\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe00-\ufe0e\ufe20-\ufe2f"
    "\U000e0100-\U000e01ef"
)
MOST_PILED: Final = 3  # Vietnamese needs two on a letter
MOST_TOLD: Final = 8

# A zero-width joiner makes one picture of several, as of a family.
_PICTURE: Final = "\u203c-\u3299\U0001f000-\U0001faff\ufe0f"
_ODD: Final = re.compile(
    f"(?P<joined>(?<=[{_PICTURE}])\u200d(?=[{_PICTURE}]))|(?P<unseen>[{_UNSEEN}]+)|(?P<like>[{_LIKE_IDEOGRAPHS}])"
    f"|(?P<piled>[{_PILED}]{{{MOST_PILED + 1},}})"
)
_LETTERS_LIKE_LATIN: Final = (
    "\u0370-\u052f\u1c80-\u1c8f\u1f00-\u1fff\u2de0-\u2dff\ua640-\ua69f"  # Greek, Cyrillic
)
_LATIN: Final = re.compile("[A-Za-z\u00c0-\u024f]")
_LIKE_LATIN: Final = re.compile(f"[{_LETTERS_LIKE_LATIN}]")
_WORD: Final = re.compile(f"[A-Za-z\u00c0-\u024f{_LETTERS_LIKE_LATIN}]+")

SHORT: Final = 64


def plainly(value: object) -> object:
    """A text with each character told that would not be seen or that looks like another; anything else as it is.

    The console's templates do this with every value that they show (Jinja's `finalize`). Markup was made of such
    values, and is left alone.
    """
    if type(value) is not str or (value.isascii() and value.isprintable()):
        return value
    # Most of what a card shows are the same few words again and again.
    return _of_short(value) if len(value) <= SHORT else _of(value)


def _of(text: str) -> str:
    shown = _ODD.sub(_told, text)
    return _WORD.sub(_without_mixing, shown) if _LIKE_LATIN.search(shown) else shown


_of_short: Final = lru_cache(maxsize=8192)(_of)


def _told(found: re.Match[str]) -> str:
    text = found[0]
    match found.lastgroup:
        case "unseen" if len(text) > 1 and len(set(text)) == 1:
            return f"⟦{_code(text[0])}×{len(text)}⟧"
        case "unseen":
            rest = len(text) - MOST_TOLD
            return "".join(f"⟦{_code(one)}⟧" for one in text[:MOST_TOLD]) + (f"⟦+{rest}⟧" if rest > 0 else "")
        case "like":
            return f"{text}⟦{_code(text)}⟧"
        case "piled":
            return f"{text[:MOST_PILED]}⟦+{len(text) - MOST_PILED}⟧"
    return text


def _without_mixing(found: re.Match[str]) -> str:
    """In a word that has Latin letters, those of Greek and Cyrillic are told; a word of one script is as it is."""
    word = found[0]
    if not _LATIN.search(word):
        return word
    return _LIKE_LATIN.sub(lambda letter: f"{letter[0]}⟦{_code(letter[0])}⟧", word)


def _code(character: str) -> str:
    return f"U+{ord(character):04X}"
