"""How the page is shown on this device: larger words, more contrast. In a cookie: its first byte is so already.

It is not kept with the account: a borrowed phone has its own.
"""

import re
from dataclasses import dataclass
from typing import Final

from starlette.requests import Request

COOKIE: Final = "display"
_VALUE: Final = re.compile(r"(normal|large|largest)(\.contrast)?")


@dataclass(frozen=True, slots=True)
class Display:
    """`size` is empty for the usual one."""

    size: str = ""
    contrast: bool = False


def display_of(request: Request) -> Display:
    """What was chosen on this device; the usual where nothing was."""
    found = _VALUE.fullmatch(request.cookies.get(COOKIE, ""))
    if found is None:
        return Display()
    return Display("" if found[1] == "normal" else found[1], found[2] is not None)
