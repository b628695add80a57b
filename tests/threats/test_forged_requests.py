"""Cross-site request forgery: another page makes the browser of somebody who is signed in send what changes something.

Three things keep it off, and each alone is tried without the others: what the browser says of the page
(`Sec-Fetch-Site`), the page's origin, and a token that another page cannot read. `test_rights.py` and
`test_plain_rights.py` try every route with a wrong token and a wrong origin.
"""

from collections.abc import AsyncIterator

import httpx2
import pytest

from tests.people import Dispatcher, Reporter
from tests.stack import Stack
from tests.witness import assert_problem, nothing_written

pytestmark = pytest.mark.anyio

ELSEWHERE = ["cross-site", "same-site"]
OURS = ["same-origin", "none"]


@pytest.fixture(scope="module")
async def dispatcher(stack: Stack) -> AsyncIterator[Dispatcher]:
    someone = await Dispatcher.signed_in(stack.consoles[0], "33010802")
    yield someone
    await someone.leave()


@pytest.fixture(scope="module")
async def reporter(stack: Stack) -> AsyncIterator[Reporter]:
    """Somebody whose browser has the session's cookie, and no token in a header."""
    someone = await Reporter.signed_in(stack.citizens[0])
    del someone.http.headers["authorization"]
    someone.http.cookies.set("desk110_session", someone.token)
    yield someone
    await someone.leave()


def without_origin(someone: Dispatcher) -> httpx2.AsyncClient:
    """The same browser, which names no origin."""
    return httpx2.AsyncClient(base_url=someone.app.url, cookies=someone.http.cookies, timeout=30)


async def mute(someone: Dispatcher, **headers: str) -> httpx2.Response:
    return await someone.http.post("/console/sound", data={"muted": "1"}, headers=headers)


@pytest.mark.parametrize("site", ELSEWHERE)
async def test_an_act_that_the_browser_says_another_site_began_is_refused_though_token_and_origin_fit(
    stack: Stack, dispatcher: Dispatcher, site: str
) -> None:
    with nothing_written(stack):
        refused = await mute(dispatcher, **{"x-csrf-token": dispatcher.csrf, "sec-fetch-site": site})
        assert_problem(refused, "origin_refused")


async def test_an_act_without_an_origin_is_refused_though_the_token_fits(
    stack: Stack, dispatcher: Dispatcher
) -> None:
    async with without_origin(dispatcher) as browser:
        with nothing_written(stack):
            for site in ({}, {"sec-fetch-site": "same-origin"}):
                headers = {"x-csrf-token": dispatcher.csrf, **site}
                refused = await browser.post("/console/sound", data={"muted": "1"}, headers=headers)
                assert_problem(refused, "origin_refused")


@pytest.mark.parametrize("site", OURS)
async def test_an_act_without_a_token_is_refused_though_origin_and_site_fit(
    stack: Stack, dispatcher: Dispatcher, site: str
) -> None:
    with nothing_written(stack):
        assert_problem(await mute(dispatcher, **{"sec-fetch-site": site}), "csrf_refused")


@pytest.mark.parametrize("site", OURS)
async def test_an_act_of_our_own_page_is_done(dispatcher: Dispatcher, site: str) -> None:
    done = await mute(dispatcher, **{"x-csrf-token": dispatcher.csrf, "sec-fetch-site": site})
    assert done.status_code < 400, done.text


@pytest.mark.parametrize("site", ELSEWHERE)
async def test_nobody_is_signed_in_at_a_console_by_another_site(stack: Stack, site: str) -> None:
    app = stack.consoles[0]
    async with httpx2.AsyncClient(base_url=app.url, headers={"origin": app.url}, timeout=30) as browser:
        page = await browser.get("/console/sign-in")
        token = page.text.partition('name="csrf_token" value="')[2].partition('"')[0]
        form = {"number": "33010803", "password": "desk110-demo", "csrf_token": token}
        with nothing_written(stack):
            refused = await browser.post("/console/sign-in", data=form, headers={"sec-fetch-site": site})
        assert refused.status_code == 403
        assert "desk110_console" not in refused.cookies


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"origin": "null"},
        {"origin": "https://evil.example"},
        {"origin": "{own}", "sec-fetch-site": "cross-site"},
        {"origin": "{own}", "sec-fetch-site": "same-site"},
    ],
)
async def test_a_reporters_cookie_files_nothing_for_another_page(
    stack: Stack, reporter: Reporter, headers: dict[str, str]
) -> None:
    own = {name: value.format(own=reporter.app.url) for name, value in headers.items()}
    with nothing_written(stack):
        for method, path in (
            ("POST", "/api/v1/reports"),
            ("PATCH", "/api/v1/me"),
            ("DELETE", "/api/v1/sessions/current"),
        ):
            refused = await reporter.http.request(
                method, path, json={"text": "x"}, headers={**own, "idempotency-key": "x"}
            )
            assert refused.json()["code"] == "origin_refused", (method, path)


async def test_a_form_of_another_page_cannot_pretend_to_be_json(stack: Stack, reporter: Reporter) -> None:
    """What a page may send elsewhere without asking first: three content types."""
    own = {"origin": reporter.app.url}
    with nothing_written(stack):
        for kind in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"):
            for path in ("/api/v1/reports", "/api/v1/sessions", "/api/v1/phone-codes"):
                refused = await reporter.http.post(
                    path, content=b'{"phone": "13900000000"}', headers={**own, "content-type": kind}
                )
                assert refused.status_code in {400, 415}, (kind, path, refused.text)
