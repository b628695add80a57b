"""Sessions that somebody else knows: fixed beforehand, left behind, or carried over a sign-in."""

import re
from collections.abc import AsyncIterator

import httpx2
import pytest

from tests.people import Dispatcher, Reporter, eventually
from tests.stack import PASSWORD, Stack
from tests.truth import rows
from tests.witness import assert_problem

pytestmark = pytest.mark.anyio

CONSOLE, CITIZEN = "desk110_console", "desk110_session"
PLANTED = "A" * 43


@pytest.fixture
async def browser(stack: Stack) -> AsyncIterator[httpx2.AsyncClient]:
    app = stack.consoles[0]
    async with httpx2.AsyncClient(base_url=app.url, headers={"origin": app.url}, timeout=30) as client:
        yield client


async def sign_in(browser: httpx2.AsyncClient, number: str) -> httpx2.Response:
    page = await browser.get("/console/sign-in")
    token = re.search(r'name="csrf_token" value="([^"]+)"', page.text)
    assert token
    form = {"number": number, "password": PASSWORD, "csrf_token": token[1]}
    return await browser.post("/console/sign-in", data=form)


async def test_a_session_that_was_planted_before_signing_in_is_not_the_one_that_is_opened(
    browser: httpx2.AsyncClient,
) -> None:
    browser.cookies.set(CONSOLE, PLANTED, domain="127.0.0.1", path="/console")
    assert (await sign_in(browser, "33010501")).status_code == 303
    given = [cookie.value for cookie in browser.cookies.jar if cookie.name == CONSOLE]
    assert PLANTED not in given
    planted = {"cookie": f"{CONSOLE}={PLANTED}"}
    async with httpx2.AsyncClient(base_url=browser.base_url) as attacker:
        assert_problem(await attacker.get("/console/queue", headers=planted), "sign_in_required")


async def test_each_sign_in_is_another_session_and_ends_the_one_before_it(
    stack: Stack, browser: httpx2.AsyncClient
) -> None:
    before = await Dispatcher.signed_in(stack.consoles[0], "33010502")
    await before.watch()
    first = before.http.cookies[CONSOLE]
    browser.cookies.set(CONSOLE, first, domain="127.0.0.1", path="/console")
    assert (await sign_in(browser, "33010503")).status_code == 303
    second = next(cookie.value for cookie in browser.cookies.jar if cookie.name == CONSOLE)
    assert second != first
    assert_problem(await before.http.get("/console/queue"), "sign_in_required")
    await eventually(lambda: before.closed_with == 4401, 5, "the socket of the session that was left closes")
    assert (await browser.get("/console/queue")).status_code == 200
    with stack.database.read() as session:
        (signed_out,) = [
            event
            for event in rows(session, "event", kind="DispatcherSignedOut")
            if event.actor == "dispatcher:33010502"
        ]
    assert signed_out
    await before.leave()


async def test_a_wrong_password_ends_no_session(stack: Stack, browser: httpx2.AsyncClient) -> None:
    stays = await Dispatcher.signed_in(stack.consoles[0], "33011003")
    browser.cookies.set(CONSOLE, stays.http.cookies[CONSOLE], domain="127.0.0.1", path="/console")
    page = await browser.get("/console/sign-in")
    token = re.search(r'name="csrf_token" value="([^"]+)"', page.text)
    assert token
    form = {"number": "33011003", "password": "wrong", "csrf_token": token[1]}
    assert (await browser.post("/console/sign-in", data=form)).status_code == 401
    assert (await stays.http.get("/console/queue")).status_code == 200
    await stays.leave()


async def test_a_reporters_session_that_was_planted_is_not_the_one_that_is_opened(stack: Stack) -> None:
    app = stack.citizens[0]
    async with httpx2.AsyncClient(base_url=app.url, headers={"origin": app.url}, timeout=30) as phone:
        phone.cookies.set(CITIZEN, PLANTED, domain="127.0.0.1", path="/")
        code = (await phone.post("/api/v1/phone-codes", json={"phone": "13922220001"})).json()["demo_code"]
        opened = await phone.post("/api/v1/sessions", json={"phone": "13922220001", "code": code})
        assert opened.status_code == 201
        assert opened.json()["token"] != PLANTED
    async with httpx2.AsyncClient(base_url=app.url) as attacker:
        planted = await attacker.get("/api/v1/me", headers={"cookie": f"{CITIZEN}={PLANTED}"})
        assert_problem(planted, "sign_in_required")


async def test_a_token_is_neither_short_nor_kept_as_it_is(stack: Stack) -> None:
    someone = await Reporter.signed_in(stack.citizens[0])
    other = await Reporter.signed_in(stack.citizens[0])
    assert len({someone.token, other.token}) == 2
    assert min(len(someone.token), len(other.token)) * 6 >= 256, "bits"
    with stack.database.read() as session:
        kept = b" ".join(bytes(row.token_digest) for row in rows(session, "reporter_session"))
    assert someone.token.encode() not in kept
    for person in (someone, other):
        await person.leave()
