"""Where a request comes from: the one thing a foreign page cannot forge is the Origin header."""

from starlette.requests import HTTPConnection

SAFE = frozenset({"GET", "HEAD", "OPTIONS"})


def origin_fits(connection: HTTPConnection, allowed: frozenset[str]) -> bool:
    """Whether the request names an Origin, and exactly one of ours."""
    return connection.headers.get("origin") in allowed


def foreign(connection: HTTPConnection, allowed: frozenset[str]) -> bool:
    """Whether the request names an Origin that is not ours. Programs that are no browsers name none."""
    origin = connection.headers.get("origin")
    return origin is not None and origin not in allowed


def of_another_site(connection: HTTPConnection) -> bool:
    """Whether the browser says that another page than ours began the request (`Sec-Fetch-Site`): one of another site,
    or of a neighbour under the same domain. `none` is the reader's own hand. Browsers before 2020 do not say it."""
    return connection.headers.get("sec-fetch-site", "same-origin") not in {"same-origin", "none"}


def of_mini_program(connection: HTTPConnection) -> bool:
    """Whether it says to come from WeChat itself, whose phones name origins of their own on sockets. It proves nothing:
    who comes so is known by a token, and by no cookie."""
    origin = connection.headers.get("origin", "")
    return origin == "https://servicewechat.com" or origin.startswith("weapp://")


def address(connection: HTTPConnection) -> str:
    """The client's network address; never logged."""
    return connection.client.host if connection.client else "unknown"
