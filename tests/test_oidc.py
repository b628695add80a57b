"""Signing in by an identity provider: who is let in, and every token that lets nobody in."""

import re
from collections.abc import AsyncIterator, Iterator
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx2
import orjson
import pytest

from dispatch import accounts
from dispatch.clock import now
from dispatch.errors import Unfit
from dispatch.settings import Settings
from tests.domain import done, writing
from tests.issuer_stand_in import CLIENT, SECRET, Issuer, issuer, new_key
from tests.servers import Valkey
from tests.stack import Stack
from tests.stack import stack as running_stack
from tests.witness import change, nothing_written

pytestmark = pytest.mark.anyio

NUMBER, SUBJECT = "33010690", "person-1"


@pytest.fixture(scope="module")
def provider() -> Iterator[Issuer]:
    with issuer() as running:
        yield running


@pytest.fixture(scope="module")
def stack(
    tmp_path_factory: pytest.TempPathFactory, valkey_of_session: Valkey, provider: Issuer
) -> Iterator[Stack]:
    """A console that knows the provider, with one account that is known there."""
    valkey_of_session.flushall()
    folder = Path(tmp_path_factory.mktemp("oidc"))
    secret = folder / "secret"
    secret.write_text(f"{SECRET}\n", encoding="ascii")
    with running_stack(
        folder,
        valkey_of_session,
        DESK110_OIDC_ISSUER=provider.address,
        DESK110_OIDC_CLIENT_ID=CLIENT,
        DESK110_OIDC_SECRET_FILE=str(secret),
        DESK110_SECOND_FACTOR="offices",
    ) as running:
        with writing(running.database) as writer:
            done(writer, partial(known_as, number=NUMBER, subject=SUBJECT))
            done(writer, partial(known_as, number="33010601", subject="person-2"))
        yield running


def known_as(session: Any, number: str, subject: str) -> None:
    accounts.set_subject(session, number, subject, "dispatcher:admin", "开通统一身份认证")


@pytest.fixture(autouse=True)
def as_it_should_be(provider: Issuer) -> None:
    provider.key = provider.published[0] if provider.published else provider.key
    provider.subject, provider.signed = "person-2", "RS256"
    provider.claims, provider.metadata, provider.published = {}, {}, []


@pytest.fixture
async def browser(stack: Stack) -> AsyncIterator[httpx2.AsyncClient]:
    url = stack.consoles[0].url
    async with httpx2.AsyncClient(base_url=url, timeout=15, headers={"origin": url}) as client:
        yield client


async def goes(browser: httpx2.AsyncClient, provider: Issuer) -> dict[str, str]:
    """To the provider and back to our door: what the address there brings along."""
    answer = await browser.get("/console/sign-in/oidc")
    assert answer.status_code == 303, answer.text
    query = {name: one[0] for name, one in parse_qs(urlsplit(answer.headers["location"]).query).items()}
    assert answer.headers["location"].startswith(f"{provider.address}/authorize?")
    return {"code": provider.code_for(query), "state": query["state"]}


async def is_refused(
    stack: Stack, browser: httpx2.AsyncClient, brought: dict[str, str], why: str = "token_unfit"
) -> None:
    """Nobody is let in, and the log says why in a word."""
    with nothing_written(stack):
        answer = await browser.get("/console/sign-in/oidc/back", params=brought)
    assert (answer.status_code, "统一身份认证没有成功" in answer.text) == (401, True)
    assert "desk110_console" not in browser.cookies
    lines = [line for line in stack.consoles[0].log.read_text().splitlines() if "identity_provider" in line]
    assert orjson.loads(lines[-1])["error"] == why


async def test_who_is_known_there_and_here_is_let_in(
    stack: Stack, provider: Issuer, browser: httpx2.AsyncClient
) -> None:
    page = await browser.get("/console/sign-in")
    assert 'href="/console/sign-in/oidc"' in page.text
    answer = await browser.get("/console/sign-in/oidc")
    query = parse_qs(urlsplit(answer.headers["location"]).query)
    assert query["scope"] == ["openid"]
    assert query["code_challenge_method"] == ["S256"]
    assert query["redirect_uri"] == [f"{stack.consoles[0].url}/console/sign-in/oidc/back"]
    (cookie,) = [
        value for name, value in answer.headers.multi_items() if name == "set-cookie" and "oidc" in value
    ]
    assert {"httponly", "samesite=lax", "path=/console/sign-in/oidc"} <= {
        part.strip().lower() for part in cookie.split(";")
    }
    assert query["state"][0] not in cookie
    brought = await goes(browser, provider)
    back = await browser.get("/console/sign-in/oidc/back", params=brought)
    assert back.status_code == 200
    assert '<meta http-equiv="refresh" content="0;url=/console">' in back.text
    desk = await browser.get("/console")
    assert desk.status_code == 200
    assert "33010601" in desk.text
    assert brought["code"] not in (stack.consoles[0].log).read_text()


async def test_a_subject_without_an_account_here_gets_none(
    stack: Stack, provider: Issuer, browser: httpx2.AsyncClient
) -> None:
    provider.subject = "somebody-else"
    await is_refused(stack, browser, await goes(browser, provider), "no_account")


async def test_a_disabled_account_lets_nobody_in(
    stack: Stack, provider: Issuer, browser: httpx2.AsyncClient
) -> None:
    change(stack, "dispatcher", {"number": "33010601"}, disabled_at=now())
    await is_refused(stack, browser, await goes(browser, provider), "no_account")

    change(stack, "dispatcher", {"number": "33010601"}, disabled_at=None)


@pytest.mark.parametrize(
    "claims",
    [
        {"nonce": "another"},
        {"nonce": None},
        {"aud": "another-client"},
        {"aud": None},
        {"aud": [CLIENT, "another-client"]},
        {"aud": [CLIENT, "another-client"], "azp": "another-client"},
        {"azp": "another-client"},
        {"exp": 1_000_000_000},
        {"exp": None},
        {"exp": "tomorrow"},
        {"iat": 4_000_000_000},
        {"iat": None},
        {"nbf": 4_000_000_000},
        {"iss": "https://another.example"},
        {"iss": None},
        {"sub": None},
        {"sub": 7},
        {"sub": ""},
        {"sub": "person-2\0"},
        {"sub": "x" * 256},
    ],
    ids=str,
)
async def test_a_token_that_says_otherwise_lets_nobody_in(
    stack: Stack, provider: Issuer, browser: httpx2.AsyncClient, claims: dict[str, Any]
) -> None:
    provider.claims = claims
    await is_refused(stack, browser, await goes(browser, provider))


async def test_a_token_for_several_that_we_asked_for_lets_in(
    provider: Issuer, browser: httpx2.AsyncClient
) -> None:
    provider.claims = {"aud": [CLIENT, "another-client"], "azp": CLIENT}
    brought = await goes(browser, provider)
    assert (await browser.get("/console/sign-in/oidc/back", params=brought)).status_code == 200


@pytest.mark.parametrize("signed", ["none", "HS256"])
async def test_a_token_that_no_key_pair_signed_lets_nobody_in(
    stack: Stack, provider: Issuer, browser: httpx2.AsyncClient, signed: str
) -> None:
    provider.signed = signed
    await is_refused(stack, browser, await goes(browser, provider), "token_unsigned")


async def test_a_token_of_an_unpublished_key_lets_nobody_in(
    stack: Stack, provider: Issuer, browser: httpx2.AsyncClient
) -> None:
    provider.published = [provider.key]
    provider.key = new_key("k1")
    await is_refused(stack, browser, await goes(browser, provider), "token_unsigned")


async def test_another_browser_or_another_state_brings_nobody_in(
    stack: Stack, provider: Issuer, browser: httpx2.AsyncClient
) -> None:
    url = stack.consoles[0].url
    brought = await goes(browser, provider)
    async with httpx2.AsyncClient(base_url=url) as other:
        await is_refused(stack, other, brought, "not_begun_here")
        mine = await goes(other, provider)
        await is_refused(
            stack, other, {**mine, "code": brought["code"], "state": brought["state"]}, "another_state"
        )
    for wrong, why in (
        ({"state": "x"}, "another_state"),
        ({"state": ""}, "another_state"),
        ({"code": ""}, "refused_there"),
        ({"error": "access_denied"}, "refused_there"),
        ({"iss": "https://x.example"}, "another_issuer"),
    ):
        await is_refused(stack, browser, await goes(browser, provider) | wrong, why)


async def test_an_exchange_opens_once(stack: Stack, provider: Issuer, browser: httpx2.AsyncClient) -> None:
    brought = await goes(browser, provider)
    held = dict(browser.cookies)
    query = provider.asked[brought["code"]]
    assert (await browser.get("/console/sign-in/oidc/back", params=brought)).status_code == 200
    async with httpx2.AsyncClient(base_url=stack.consoles[0].url, cookies=held) as other:
        # Even of a provider that would take its code twice.
        provider.asked[brought["code"]] = query
        await is_refused(stack, other, brought, "spent")


async def test_whose_role_asks_for_two_factors_has_shown_two_there(
    stack: Stack, provider: Issuer, browser: httpx2.AsyncClient
) -> None:
    provider.subject = SUBJECT
    for means in (["pwd"], [], None, ["otp"]):
        provider.claims = {"amr": means}
        await is_refused(stack, browser, await goes(browser, provider), "one_factor")

    provider.claims = {"amr": ["pwd", "mfa"]}
    brought = await goes(browser, provider)
    assert (await browser.get("/console/sign-in/oidc/back", params=brought)).status_code == 200
    assert (await browser.get("/console")).status_code == 200


async def test_a_new_key_of_the_provider_is_found(provider: Issuer, stack: Stack) -> None:
    """In a console that has asked for its keys long enough ago: a new one has not asked at all."""
    provider.key = new_key("k2")
    provider.published = [provider.key]
    with stack.another("console") as app:
        async with httpx2.AsyncClient(base_url=app.url) as browser:
            brought = await goes(browser, provider)
            back = await browser.get("/console/sign-in/oidc/back", params=brought)
            assert back.status_code == 200, re.sub(r"<[^>]+>", "", back.text)


async def test_a_provider_that_says_it_is_another_or_sends_elsewhere_is_not_asked(
    stack: Stack, provider: Issuer
) -> None:
    for wrong in (
        {"issuer": "https://another.example"},
        {"authorization_endpoint": "http://another.example/authorize"},
        {"authorization_endpoint": None},
    ):
        provider.metadata = wrong
        with stack.another("console") as app:
            async with httpx2.AsyncClient(base_url=app.url) as browser:
                answer = await browser.get("/console/sign-in/oidc")
        assert (answer.status_code, "统一身份认证没有成功" in answer.text) == (502, True)


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"DESK110_OIDC_ISSUER": "http://id.example.cn"}, "must begin with https://"),
        ({"DESK110_OIDC_ISSUER": "https://id.example.cn/?x=1"}, "address alone"),
        ({"DESK110_OIDC_ISSUER": "https://id.example.cn"}, "DESK110_OIDC_CLIENT_ID"),
        (
            {"DESK110_OIDC_ISSUER": "https://id.example.cn", "DESK110_OIDC_CLIENT_ID": "x"},
            "DESK110_OIDC_SECRET_FILE",
        ),
    ],
    ids=str,
)
def test_settings_that_are_unfit_stop_the_start(
    monkeypatch: pytest.MonkeyPatch, settings: dict[str, str], sentence: str
) -> None:
    for name, value in {"DESK110_DEMO": "1", "DESK110_ENV_FILE": "/dev/null", **settings}.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(Unfit, match=sentence):
        Settings.load()
