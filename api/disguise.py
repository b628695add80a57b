"""静默: what the mobile page pretends to be, so that its first byte does so already, on every address.

The page says it in a cookie that ends with the browser; its own addresses say it without one. Nothing is known by it
of a person or a report.
"""

import re
from typing import Final

from starlette.requests import Request

LOOKS: Final = ("weather", "notes", "calculator")
COOKIE: Final = "look"
# `.rest`: the reporter has left, and only what the page pretends to be is shown.
_VALUE: Final = re.compile(rf"({'|'.join(LOOKS)})(?:\.rest)?")


def look_of(request: Request) -> str | None:
    """One of `LOOKS`; None for the page as it is."""
    if found := _VALUE.fullmatch(request.cookies.get(COOKIE, "")):
        return found[1]
    address = request.url.path.removeprefix("/")
    return address if address in LOOKS else None
