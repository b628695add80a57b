"""How often somebody may try to sign in: guessing is slow, and shuts out nobody but who guesses.

Tries are counted by network address, and by address and account: never by account alone, which would let anybody lock
its holder out. At one address sit many, though: a whole station behind one. So a browser that somebody has signed in
with keeps a mark, and is counted by itself: what a neighbour uses up does not count for it (OWASP, Slow Down Online
Guessing Attacks with Device Cookies).
"""

import hmac
import secrets
from typing import Final

from starlette.requests import HTTPConnection
from starlette.responses import Response

from console.parts import Parts, parts_of
from web.origins import address

COOKIE: Final = "desk110_console_browser"
KNOWN_FOR_S: Final = 180 * 24 * 3600
RANDOM_BYTES: Final = 16


async def take_try(connection: HTTPConnection, number: str) -> None:
    """One try with a password. Raises Refused `too_many_requests`."""
    limits = parts_of(connection).limits
    if known := _known(connection):
        await limits.take("console_browser", known)
        return
    await limits.take("console_address", address(connection))
    await limits.take("console_sign_in", f"{address(connection)} {number[:32]}")


async def take_second_try(connection: HTTPConnection, number: str, code: str) -> None:
    """One try of a second factor by who has the password: a code has six digits, three of a million are right.

    Raises Refused `too_many_requests`.
    """
    if code:
        whose = _known(connection) or address(connection)
        await parts_of(connection).limits.take("console_second", f"{whose} {number}")


def remember_browser(connection: HTTPConnection, answer: Response) -> None:
    """Somebody has signed in with this browser. The mark opens nothing."""
    if _known(connection):
        return
    parts, mark = parts_of(connection), secrets.token_hex(RANDOM_BYTES)
    answer.set_cookie(
        COOKIE,
        mark + _seal(parts, mark),
        max_age=KNOWN_FOR_S,
        path="/console/sign-in",
        httponly=True,
        secure=parts.settings.secure_cookies,
        samesite="strict",
    )


def _known(connection: HTTPConnection) -> str:
    """The mark of a browser that somebody has signed in with; empty without one of ours."""
    kept = connection.cookies.get(COOKIE, "")
    mark, seal = kept[: 2 * RANDOM_BYTES], kept[2 * RANDOM_BYTES :]
    fits = hmac.compare_digest(seal.encode(), _seal(parts_of(connection), mark).encode())
    return mark if fits else ""


def _seal(parts: Parts, mark: str) -> str:
    return parts.cipher.index("browser", mark).hex()
