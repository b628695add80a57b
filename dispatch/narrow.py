"""What people type on a Chinese keyboard or paste from elsewhere, made plain."""

import unicodedata

LONGEST_TYPED = 200  # a name or number with all its spaces; nothing longer is looked at

# A Chinese input method in full-width mode types ＡＢＣ１２３ and an ideographic space.
FULL_WIDTH = {0xFF01 + i: 0x21 + i for i in range(94)} | {0x3000: 0x20}


def narrow(text: str) -> str:
    """Full-width letters, digits, signs and spaces as their ASCII selves; all else untouched."""
    return text.translate(FULL_WIDTH)


def narrow_number(text: str) -> str:
    """A typed number, narrow, without white space and without invisible format characters.

    Phones paste a number out of their contacts wrapped in U+202D … U+202C; nobody can see or remove them.
    """
    return "".join(c for c in narrow(text) if not c.isspace() and unicodedata.category(c) != "Cf")
