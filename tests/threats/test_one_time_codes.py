"""A one-time code opens once, within its window too, also where two processes are asked at the same moment."""

import asyncio
import re

import httpx2
import pyotp
import pytest

from dispatch import dispatchers
from dispatch.cipher import FieldCipher
from dispatch.clock import now
from dispatch.database import Database
from dispatch.dispatchers import row_of
from dispatch.reporters import new_token
from tests.domain import DESK, done, writing
from tests.places import Place
from tests.stack import PASSWORD, App, Stack
from tests.witness import change

pytestmark = pytest.mark.anyio


async def at_door(app: App) -> tuple[httpx2.AsyncClient, str]:
    browser = httpx2.AsyncClient(base_url=app.url, headers={"origin": app.url}, timeout=60)
    page = await browser.get("/console/sign-in")
    token = re.search(r'name="csrf_token" value="([^"]+)"', page.text)
    assert token
    return browser, token[1]


async def test_a_code_used_at_many_doors_at_once_opens_one(whole: Stack, place: Place) -> None:
    number, secret = place.number(), pyotp.random_base32()
    sealed = FieldCipher.load(whole.keys).seal("dispatcher", "totp_secret", row_of(number), secret)
    change(whole, "dispatcher", {"number": number}, totp_secret=sealed, totp_used=0)
    doors = [await at_door(whole.consoles[n % 2]) for n in range(6)]
    try:
        code = pyotp.TOTP(secret).at(now())
        form = {"number": number, "password": PASSWORD, "totp": code}
        answers = await asyncio.gather(
            *(
                browser.post("/console/sign-in", data={**form, "csrf_token": token})
                for browser, token in doors
            )
        )
        assert sorted(answer.status_code for answer in answers) == [303, *[401] * 5]
    finally:
        change(whole, "dispatcher", {"number": number}, totp_secret=None, totp_used=0)
        for browser, _ in doors:
            await browser.aclose()


def test_a_code_of_an_earlier_step_is_none_once_a_later_one_was_used(database: Database) -> None:
    """Though each is right for a minute and a half: a clock may be half a minute wrong either way."""
    with writing(database) as writer:

        def opens(step: int) -> bool:
            token = new_token()
            return done(writer, lambda session: dispatchers.sign_in(session, "33010601", token, step), DESK)

        assert [opens(step) for step in (100, 99, 100, 101, 101)] == [True, False, False, True, False]
