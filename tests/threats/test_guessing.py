"""Guessing: passwords, codes sent to a phone, second factors, recovery codes. It is slow, and shuts out nobody else.

The rates are those of the field (`web.limits.RATES`). Whoever guesses here sits at another address of loopback than
whom they guess at.
"""

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx2
import pyotp
import pytest

from console.tries import COOKIE
from dispatch.cipher import FieldCipher
from dispatch.clock import now
from dispatch.dispatchers import row_of
from dispatch.reporters import CODE_TRIES
from tests.stack import PASSWORD, App, Stack
from tests.witness import assert_problem, change
from web.limits import RATES

pytestmark = pytest.mark.anyio

ATTACKER = "127.0.0.66"


def rate(name: str) -> int:
    """How many of a thing are taken in its time, in the field."""
    return int(RATES[name][0].partition("/")[0])


@asynccontextmanager
async def at(app: App, address: str = "127.0.0.1") -> AsyncIterator[httpx2.AsyncClient]:
    """Somebody's browser at this address."""
    transport = httpx2.AsyncHTTPTransport(local_address=address)
    async with httpx2.AsyncClient(
        base_url=app.url, transport=transport, timeout=60, headers={"origin": app.url}
    ) as browser:
        yield browser


async def try_door(
    browser: httpx2.AsyncClient, number: str, password: str, totp: str = ""
) -> httpx2.Response:
    """Fill in the console's sign-in page."""
    page = await browser.get("/console/sign-in")
    token = re.search(r'name="csrf_token" value="([^"]+)"', page.text)
    assert token
    form = {"number": number, "password": password, "totp": totp, "csrf_token": token[1]}
    return await browser.post("/console/sign-in", data=form)


async def test_whoever_guesses_a_password_is_slowed_down_and_its_owner_signs_in(
    field: dict[str, App],
) -> None:
    app, number = field["console"], "33010201"
    async with at(app, ATTACKER) as attacker, at(app) as owner:
        tries = [(await try_door(attacker, number, "wrong")).status_code for _ in range(13)]
        assert tries[: rate("console_sign_in")] == [401] * rate("console_sign_in")
        assert set(tries[rate("console_sign_in") :]) == {429}
        assert (await try_door(attacker, number, PASSWORD)).status_code == 429, "and then not by luck either"
        assert (await try_door(owner, number, PASSWORD)).status_code == 303


async def test_whoever_has_signed_in_at_a_browser_is_not_shut_out_by_a_neighbour_at_the_same_address(
    field: dict[str, App],
) -> None:
    app, number = field["console"], "33010901"
    address = "127.0.0.67"
    async with at(app, address) as owner, at(app, address) as neighbour:
        assert (await try_door(owner, number, PASSWORD)).status_code == 303
        for name in [name for name in owner.cookies if name != COOKIE]:
            owner.cookies.delete(name)
        for _ in range(rate("console_sign_in")):
            await try_door(neighbour, number, "wrong")
        assert (await try_door(neighbour, number, PASSWORD)).status_code == 429
        assert (await try_door(owner, number, PASSWORD)).status_code == 303


async def test_a_mark_of_a_browser_that_is_made_up_or_changed_is_none(field: dict[str, App]) -> None:
    """Else whoever guesses would take a new mark for each try."""
    app, number = field["console"], "33010902"
    async with at(app, "127.0.0.68") as attacker, at(app) as insider:
        await try_door(insider, "33010903", PASSWORD)
        ours = insider.cookies[COOKIE]
        answers = []
        for n in range(rate("console_sign_in") + 1):
            made_up = [f"{n:032x}" + ours[32:], f"{n:032x}" + "0" * 64, ours[:-1], "x" * n, ""][n % 5]
            attacker.cookies.set(COOKIE, made_up, path="/console/sign-in")
            answers.append((await try_door(attacker, number, "wrong")).status_code)
    assert answers == [401] * rate("console_sign_in") + [429]


async def test_the_mark_of_a_browser_gives_no_more_tries_than_that(field: dict[str, App]) -> None:
    app = field["console"]
    async with at(app, "127.0.0.69") as insider:
        assert (await try_door(insider, "33011001", PASSWORD)).status_code == 303
        answers = [(await try_door(insider, "33011002", "wrong")).status_code for _ in range(31)]
    assert answers == [401] * rate("console_browser") + [429]


async def test_a_second_factor_is_not_guessed_by_who_has_the_password_and_the_owner_still_signs_in(
    stack: Stack, field: dict[str, App]
) -> None:
    number, secret = "33010202", pyotp.random_base32()
    sealed = FieldCipher.load(stack.keys).seal("dispatcher", "totp_secret", row_of(number), secret)
    change(stack, "dispatcher", {"number": number}, totp_secret=sealed)
    app = field["console"]
    async with at(app, "127.0.0.70") as attacker, at(app) as owner:
        # With a browser's mark, so that it is not the door's own rate that is felt.
        assert (await try_door(attacker, "33010203", PASSWORD)).status_code == 303
        right = pyotp.TOTP(secret).at(now())
        wrong = f"{(int(right) + 7) % 1_000_000:06d}"
        # Digits are guesses at the factor, letters at a recovery code: counted together.
        guesses = [wrong, "aaaa-bbbb-cccc"] * (rate("console_second") // 2)
        answers = [await try_door(attacker, number, PASSWORD, guess) for guess in guesses]
        assert [answer.status_code for answer in answers] == [401] * rate("console_second")
        refused = await try_door(attacker, number, PASSWORD, pyotp.TOTP(secret).at(now()))
        assert refused.status_code == 429
        assert (await try_door(owner, number, PASSWORD, pyotp.TOTP(secret).at(now()))).status_code == 303
    change(stack, "dispatcher", {"number": number}, totp_secret=None)


async def test_whoever_guesses_at_a_phones_code_uses_up_no_code_of_its_owners(
    stack: Stack, field: dict[str, App]
) -> None:
    app, phone = field["citizen"], "13911112222"
    async with at(app, ATTACKER) as attacker, at(app) as owner:
        sent = await owner.post("/api/v1/phone-codes", json={"phone": phone})
        code = sent.json()["demo_code"]
        wrong = f"{(int(code) + 1) % 1_000_000:06d}"
        answers = [
            await attacker.post("/api/v1/sessions", json={"phone": phone, "code": wrong}) for _ in range(12)
        ]
        statuses = [answer.status_code for answer in answers]
        assert statuses == [401] * rate("sign_in_phone") + [429] * 2
        assert rate("sign_in_phone") < CODE_TRIES, "nobody alone can use up a code"
        signed_in = await owner.post("/api/v1/sessions", json={"phone": phone, "code": code})
        assert signed_in.status_code == 201


async def test_all_together_guess_at_a_code_fifteen_times(stack: Stack) -> None:
    """From as many addresses as they like."""
    app, phone = stack.citizens[0], "13911112223"
    async with at(app) as owner:
        code = (await owner.post("/api/v1/phone-codes", json={"phone": phone})).json()["demo_code"]
        wrong = f"{(int(code) + 1) % 1_000_000:06d}"
        for n in range(CODE_TRIES):
            async with at(app, f"127.0.1.{n + 1}") as attacker:
                refused = await attacker.post("/api/v1/sessions", json={"phone": phone, "code": wrong})
                assert_problem(refused, "code_wrong")
        refused = await owner.post("/api/v1/sessions", json={"phone": phone, "code": code})
        assert_problem(refused, "code_wrong")
