"""Whatever test a reporter is in: each answer that they get is one that the OpenAPI document names."""

import re
from functools import cache

import httpx2

from api.documents import openapi
from api.documents.call import Call


async def documented(answer: httpx2.Response) -> None:
    """Fails when the call's status, or its problem's code, is not in the document. A hook of the HTTP client."""
    call = _call(answer.request.method, answer.request.url.path)
    if call is None or answer.status_code in call.answers:
        return
    await answer.aread()
    said = f"{call.method} {call.path} → {answer.status_code} {answer.text[:200]}"
    codes = call.refusals().get(answer.status_code)
    assert codes, f"not in the document: {said}"
    if call.method != "HEAD":
        assert answer.json()["code"] in codes, f"not in the document: {said}"


@cache
def _calls() -> list[tuple[str, re.Pattern[str], Call]]:
    """Those with the fewest placeholders first, as the router has them."""
    calls = sorted(openapi.CALLS, key=lambda call: len(call.needs()))
    return [(call.method, re.compile(re.sub(r"{\w+}", "[^/]+", call.path)), call) for call in calls]


def _call(method: str, path: str) -> Call | None:
    """None for what is no call of the document's: a page, or a method that an address does not take."""
    return next(
        (call for name, path_of, call in _calls() if name == method and path_of.fullmatch(path)), None
    )
