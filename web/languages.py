"""The language of a page: what was chosen on it, else what the browser asks for, else Chinese."""

from starlette.requests import HTTPConnection
from starlette.responses import Response

from dispatch.words import choose, languages

COOKIE = "desk110_language"
A_YEAR_S = 365 * 24 * 3600


def page_language(connection: HTTPConnection) -> str:
    """By `?lang=`, then the cookie, then `Accept-Language`."""
    for wish in (connection.query_params.get("lang"), connection.cookies.get(COOKIE)):
        if wish:
            return choose(wish)
    return choose(connection.headers.get("accept-language"))


def remember(connection: HTTPConnection, response: Response) -> None:
    """Keep a language that was chosen by `?lang=`. It tells nothing of a person."""
    if wish := connection.query_params.get("lang"):
        language = choose(wish)
        if language in languages():
            response.set_cookie(COOKIE, language, max_age=A_YEAR_S, samesite="strict", httponly=True)
