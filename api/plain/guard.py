"""Whether a form is of a page that we gave this browser, and whose session it is.

The API goes by `Origin` alone, which every browser that runs its scripts names. These pages are for others too: before
2020 browsers named no `Origin` with a form and knew no `SameSite` cookie, so a foreign page could send one with the
reporter's cookie, and nothing in the request would tell. So of each form that changes something two things are asked:

1. What the browser does say of where the form comes from (`Origin`, `Sec-Fetch-Site`) must be this site.
2. The form holds a token that a foreign page cannot read or guess, whatever the browser says. Signed in, it is made
   from the session's own token: it needs no table, ends with the session and is nobody else's. Before that it is a
   random one in a cookie of its own, so that nobody is signed in unawares to an account that somebody else reads.

The token stands in pages that are never compressed (BREACH) and never kept.
"""

import hashlib
import hmac
import re
import secrets
from collections.abc import Mapping
from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from api.parts import parts_of
from api.sessions import COOKIE as SESSION
from api.sessions import reporter_of
from dispatch.errors import Refused
from dispatch.reporters import SignedIn
from web.origins import foreign, of_another_site

COOKIE: Final = "desk110_plain"
FIELD: Final = "form_token"
_OURS: Final = re.compile(r"[A-Za-z0-9_-]{32}")


async def reporter_at(request: Request) -> SignedIn:
    """Who has the session of this browser. Raises Refused `sign_in_required`."""
    token = request.cookies.get(SESSION)
    if not token:
        raise Refused("sign_in_required")
    return await reporter_of(parts_of(request), token)


def check(request: Request, form: Mapping[str, str]) -> None:
    """Raises Refused: `origin_refused` for another site's form, `csrf_refused` for one without its token."""
    if foreign(request, parts_of(request).settings.citizen_origins):
        raise Refused("origin_refused")
    if of_another_site(request):
        raise Refused("origin_refused")
    expected = _token(request, None)
    if expected is None or not hmac.compare_digest(expected.encode(), form.get(FIELD, "").encode()):
        raise Refused("csrf_refused")


def token_for(request: Request, session: str | None) -> str:
    """The token for the forms of the page that answers; `session` is one that the answer itself opens."""
    return _token(request, session) or secrets.token_urlsafe(24)


def keep(request: Request, answer: Response, token: str) -> None:
    """Let the browser bring the token back, where no session says it."""
    if _token(request, None) == token:
        return
    answer.set_cookie(
        COOKIE,
        token,
        httponly=True,
        secure=parts_of(request).settings.secure_cookies,
        samesite="strict",
        path="/plain",
    )


def _token(request: Request, session: str | None) -> str | None:
    if token := session or request.cookies.get(SESSION):
        return hmac.new(token.encode(), b"desk110 plain form", hashlib.sha256).hexdigest()[:32]
    kept = request.cookies.get(COOKIE, "")
    return kept if _OURS.fullmatch(kept) else None
