"""Passkeys, in a real browser with an authenticator of Chromium's own: made, signed in with, named, removed, and shown
where they prove nothing."""

import json
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx2
import pytest
from playwright.async_api import Browser, BrowserContext, CDPSession, Page, async_playwright, expect
from sqlalchemy import select

from dispatch.clock import now
from dispatch.dispatchers import hash_password
from dispatch.models import TABLES
from tests.people import Dispatcher
from tests.places import Place
from tests.servers import chromium
from tests.stack import PASSWORD, Stack
from tests.states.scene import BROWSER
from tests.witness import assert_problem, change, nothing_written, unharmed

pytestmark = [pytest.mark.anyio, pytest.mark.browser]

OPTIONS = {
    "protocol": "ctap2",
    "transport": "internal",
    "hasResidentKey": True,
    "hasUserVerification": True,
    "isUserVerified": True,
    "automaticPresenceSimulation": True,
}


@pytest.fixture(autouse=True)
async def without_defects(stack: Stack) -> AsyncIterator[None]:
    async with unharmed(stack):
        yield


@pytest.fixture(scope="module")
async def launched() -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=chromium(), args=BROWSER)
        yield browser
        await browser.close()


class Seat:
    """A browser at the console by its name, with an authenticator."""

    def __init__(self, page: Page, cdp: CDPSession, authenticator: str) -> None:
        self.page, self.cdp, self.authenticator = page, cdp, authenticator

    async def signs_in(self, number: str) -> None:
        await self.page.goto("/console/sign-in")
        await self.page.fill("#number", number)
        await self.page.fill("#password", PASSWORD)
        await self.page.keyboard.press("Enter")
        await expect(self.page.locator("#live")).to_be_visible()

    async def adds(self, name: str, password: str = PASSWORD) -> None:
        await self.page.goto("/console/account")
        await self.page.fill("#passkey-name", name)
        await self.page.fill("#passkey-current", password)
        await self.page.keyboard.press("Enter")

    async def credentials(self) -> list[dict[str, Any]]:
        found = await self.cdp.send("WebAuthn.getCredentials", {"authenticatorId": self.authenticator})
        return list(found["credentials"])

    async def leaves(self) -> None:
        await self.page.context.clear_cookies()

    async def by_passkey(self) -> None:
        await self.page.goto("/console/sign-in")
        await self.page.click("#passkey-sign-in button")


@pytest.fixture
async def seat(stack: Stack, launched: Browser) -> AsyncIterator[Seat]:
    # Of an IP address no browser makes a passkey.
    context: BrowserContext = await launched.new_context(
        base_url=stack.consoles[0].url.replace("127.0.0.1", "localhost"), locale="zh-CN"
    )
    page = await context.new_page()
    cdp = await context.new_cdp_session(page)
    await cdp.send("WebAuthn.enable")
    added = await cdp.send("WebAuthn.addVirtualAuthenticator", {"options": OPTIONS})
    yield Seat(page, cdp, added["authenticatorId"])
    await context.close()


@pytest.fixture
def number(places_left: Iterator[Place]) -> str:
    return next(places_left).number()


def kept(stack: Stack, number: str) -> list[Any]:
    passkey = TABLES["passkey"]
    with stack.database.read() as session:
        chosen = select(passkey).where(passkey.c.dispatcher == number)
        return list(session.connection().execute(chosen))


def kinds(stack: Stack, desk: str) -> list[str]:
    event = TABLES["event"]
    chosen = select(event.c.kind, event.c.data).where(event.c.desk == desk).order_by(event.c.seq)
    with stack.database.read() as session:
        rows = session.connection().execute(chosen)
        return [row.kind + (f" by {row.data['by']}" if "by" in row.data else "") for row in rows]


async def test_a_passkey_is_made_named_signed_in_with_and_removed(
    stack: Stack, seat: Seat, number: str
) -> None:
    await seat.signs_in(number)
    await seat.adds("二号接警席", "wrong")
    await expect(seat.page.locator("#passkey-wrong")).to_be_visible()
    assert await seat.credentials() == []
    await seat.adds("二号接警席")
    await expect(seat.page.locator("[data-key] b")).to_have_text("二号接警席")
    (credential,) = await seat.credentials()
    assert (credential["rpId"], credential["isResidentCredential"]) == ("localhost", True)
    assert number not in json.dumps(credential["userHandle"])
    await seat.leaves()
    await seat.by_passkey()
    await expect(seat.page.locator("#live")).to_be_visible()
    await seat.page.goto("/console/account")
    await seat.page.locator("[data-key] input[name=name]").fill("三号接警席")
    await seat.page.keyboard.press("Enter")
    await expect(seat.page.locator("[data-key] b")).to_have_text("三号接警席")
    await seat.page.fill("#current-1", PASSWORD)
    await seat.page.keyboard.press("Enter")
    await expect(seat.page.locator("[data-key]")).to_have_count(0)
    await seat.leaves()
    await seat.by_passkey()
    await expect(seat.page.locator("#passkey-failed")).to_be_visible()
    told = [kind for kind in kinds(stack, number[:6]) if "Passkey" in kind or "passkey" in kind]
    assert told == ["PasskeyAdded", "DispatcherSignedIn by passkey", "PasskeyNamed", "PasskeyRemoved"]


async def test_a_disabled_account_a_password_handed_out_and_a_copied_key_open_nothing(
    stack: Stack, seat: Seat, number: str
) -> None:
    await seat.signs_in(number)
    await seat.adds("钥匙")
    await expect(seat.page.locator("[data-key]")).to_have_count(1)
    change(stack, "dispatcher", {"number": number}, disabled_at=now())
    await seat.leaves()
    await seat.by_passkey()
    await expect(seat.page.locator("#passkey-failed")).to_be_visible()
    change(stack, "dispatcher", {"number": number}, disabled_at=None)
    # An authenticator that counts and has counted less than it did is a copy.
    change(stack, "passkey", {"dispatcher": number}, signed=10_000)
    await seat.by_passkey()
    await expect(seat.page.locator("#passkey-failed")).to_be_visible()
    change(stack, "passkey", {"dispatcher": number}, signed=0)
    change(stack, "dispatcher", {"number": number}, password=hash_password("x" * 20), password_until=now())
    await seat.by_passkey()
    await expect(seat.page.locator("#step-title")).to_be_visible()
    assert urlsplit(seat.page.url).path == "/console/first-sign-in"


async def test_whoever_is_not_verified_by_the_authenticator_is_not_let_in(
    stack: Stack, seat: Seat, number: str
) -> None:
    await seat.signs_in(number)
    await seat.adds("钥匙")
    await expect(seat.page.locator("[data-key]")).to_have_count(1)
    await seat.leaves()
    verified = {"authenticatorId": seat.authenticator, "isUserVerified": False}
    await seat.cdp.send("WebAuthn.setUserVerified", verified)
    await seat.by_passkey()
    await expect(seat.page.locator("#passkey-failed")).to_be_visible()


# What somebody on the way could make of an answer that was signed.
FORGE = Path(__file__).with_name("passkeys.js").read_text(encoding="utf-8").partition("\n")[2].rstrip(";\n")


@pytest.mark.parametrize("changed", ["challenge", "origin", "owner", "signature", "id", "json"])
async def test_an_answer_that_was_changed_lets_nobody_in(
    stack: Stack, seat: Seat, number: str, changed: str
) -> None:
    await seat.signs_in(number)
    await seat.adds("钥匙")
    await expect(seat.page.locator("[data-key]")).to_have_count(1)
    await seat.leaves()
    await seat.page.goto("/console/sign-in")
    assert await seat.page.evaluate(FORGE, changed) == [422]
    cookies = {cookie.get("name") for cookie in await seat.page.context.cookies()}
    assert "desk110_console" not in cookies


async def test_an_answer_opens_once(stack: Stack, seat: Seat, number: str) -> None:
    await seat.signs_in(number)
    await seat.adds("钥匙")
    await expect(seat.page.locator("[data-key]")).to_have_count(1)
    await seat.leaves()
    await seat.page.goto("/console/sign-in")
    assert await seat.page.evaluate(FORGE, "twice") == [200, 422]
    assert kinds(stack, number[:6]).count("DispatcherSignedIn by passkey") == 1


async def test_another_persons_passkey_is_as_unknown_as_one_that_is_not(
    stack: Stack, seat: Seat, number: str
) -> None:
    await seat.signs_in(number)
    await seat.adds("钥匙")
    await expect(seat.page.locator("[data-key]")).to_have_count(1)
    key = await seat.page.locator("[data-key]").get_attribute("data-key")
    colleague = await Dispatcher.signed_in(stack.consoles[0], f"{number[:6]}02")
    for act, form in (("name", {"name": "x"}), ("removal", {"keys_current": PASSWORD})):
        for named in (key, "00", "x"):
            with nothing_written(stack):
                answer = await colleague.http.post(
                    f"/console/account/passkeys/{named}/{act}",
                    headers={"x-csrf-token": colleague.csrf},
                    data=form,
                )
            assert_problem(answer, "passkey_unknown")
    await colleague.leave()
    assert [row.name for row in kept(stack, number)] == ["钥匙"]


async def test_at_an_ip_address_no_passkey_is_offered(stack: Stack, launched: Browser, number: str) -> None:
    context = await launched.new_context(base_url=stack.consoles[0].url, locale="zh-CN")
    page = await context.new_page()
    await page.goto("/console/sign-in")
    await expect(page.locator("#passkey-sign-in")).to_have_count(0)
    await context.close()
    assert kept(stack, number) == []


@pytest.mark.parametrize("origin", ["https://evil.example", "http://localhost:1", "null", ""])
async def test_another_page_is_offered_no_challenge(stack: Stack, origin: str) -> None:
    url = stack.consoles[0].url
    async with httpx2.AsyncClient(base_url=url, headers={"origin": origin} if origin else {}) as client:
        for path in ("passkey-options", "passkey"):
            answer = await client.post(
                f"/console/sign-in/{path}", data={"csrf_token": "x", "credential": "{}"}
            )
            assert_problem(answer, "origin_refused")
