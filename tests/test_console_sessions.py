"""Which dispatcher is asking: the console's door, its session, and what ends it."""

import re
from collections.abc import AsyncIterator

import httpx2
import orjson
import pyotp
import pytest

from dispatch.cipher import FieldCipher
from dispatch.clock import now
from dispatch.dispatchers import row_of
from dispatch.reporters import token_digest
from tests.people import Dispatcher
from tests.stack import PASSWORD, App, Stack
from tests.witness import Logs, assert_problem, change, closed, nothing_written, unharmed

pytestmark = pytest.mark.anyio

CONSOLE_COOKIE = "desk110_console"


@pytest.fixture(autouse=True)
async def without_defects(stack: Stack) -> AsyncIterator[None]:
    async with unharmed(stack):
        yield


@pytest.fixture
async def console(stack: Stack) -> AsyncIterator[httpx2.AsyncClient]:
    """A browser in front of a console, not signed in."""
    url = stack.consoles[0].url
    async with httpx2.AsyncClient(base_url=url, timeout=15, headers={"origin": url}) as client:
        yield client


@pytest.fixture
async def dispatcher(stack: Stack) -> AsyncIterator[Dispatcher]:
    someone = await Dispatcher.signed_in(stack.consoles[0], "33010603")
    yield someone
    await someone.leave()


async def try_door(console: httpx2.AsyncClient, number: str, password: str, **fields: str) -> httpx2.Response:
    """Fill in the sign-in page."""
    page = await console.get("/console/sign-in")
    token = re.search(r'name="csrf_token" value="([^"]+)"', page.text)
    assert token
    form = {"number": number, "password": password, "csrf_token": token[1], **fields}
    return await console.post("/console/sign-in", data=form)


def plain(page: str, number: str) -> str:
    """The page without what is its own: the number as typed, the token."""
    return re.sub(r'value="[^"]*"', "", page).replace(number, "")


async def test_a_wrong_password_and_a_number_that_nobody_has_are_answered_alike(
    stack: Stack, console: httpx2.AsyncClient
) -> None:
    with nothing_written(stack):
        known = await try_door(console, "33010901", "wrong")
        unknown = await try_door(console, "33019901", "wrong")
    assert (known.status_code, unknown.status_code) == (401, 401)
    assert "警号或密码不对" in known.text
    assert plain(known.text, "33010901") == plain(unknown.text, "33019901")
    names = [sorted(answer.headers) for answer in (known, unknown)]
    assert names[0] == names[1]


@pytest.mark.parametrize(
    ("number", "password"),
    [
        ("", ""),
        (" ", PASSWORD),
        ("33010601' OR '1'='1", PASSWORD),
        ("3301\x000601", PASSWORD),
        ("\u202e33010601x", PASSWORD),
        ("x" * 5000, "x" * 20_000),
        ("<script>", "<script>"),
        ("é" * 20, "密" * 100),
        ("33010901", ""),
        ("33010901", "\x00"),
        ("33010901", PASSWORD + " "),
    ],
)
async def test_nonsense_at_the_door_is_just_wrong(
    stack: Stack, console: httpx2.AsyncClient, number: str, password: str
) -> None:
    with nothing_written(stack):
        answer = await try_door(console, number, password)
    assert answer.status_code == 401
    assert "<script>" not in answer.text


async def test_who_is_not_let_in_stands_in_the_log_and_nothing_that_was_typed(
    stack: Stack, console: httpx2.AsyncClient
) -> None:
    logs = Logs(stack)
    await try_door(console, "33010901", "a-wrong-password-1")
    await try_door(console, "a-password-2-in-the-wrong-field", "33010901")
    await try_door(console, "33019901", "a-wrong-password-3")
    told = [orjson.loads(line) for line in logs.lines() if '"sign_in_refused"' in line]
    assert [(line["error"], line.get("dispatcher")) for line in told] == [
        ("wrong", "33010901"),
        ("wrong", None),
        ("wrong", None),
    ]
    assert not [line for line in logs.lines() if "a-wrong-password" in line or "a-password-2" in line]
    assert not [line for line in logs.lines() if "33019901" in line]


async def test_an_account_that_is_disabled_is_like_none(stack: Stack, console: httpx2.AsyncClient) -> None:
    change(stack, "dispatcher", {"number": "33012201"}, disabled_at=now())
    disabled = await try_door(console, "33012201", PASSWORD)
    unknown = await try_door(console, "33019901", PASSWORD)
    assert (disabled.status_code, unknown.status_code) == (401, 401)
    assert plain(disabled.text, "33012201") == plain(unknown.text, "33019901")


async def test_the_form_counts_only_from_our_own_page(stack: Stack, console: httpx2.AsyncClient) -> None:
    form = {"number": "33010601", "password": PASSWORD}
    with nothing_written(stack):
        without = await console.post("/console/sign-in", data=form)
        wrong = await console.post("/console/sign-in", data={**form, "csrf_token": "x"})
        await console.get("/console/sign-in")
        guessed = await console.post("/console/sign-in", data={**form, "csrf_token": "A" * 32})
        headers = {"origin": "https://evil.example"}
        page = await console.get("/console/sign-in")
        token = re.findall(r'name="csrf_token" value="([^"]+)"', page.text)[0]
        foreign = await console.post("/console/sign-in", data={**form, "csrf_token": token}, headers=headers)
        as_json = await console.post("/console/sign-in", json=form)
    assert [answer.status_code for answer in (without, wrong, guessed, foreign)] == [403] * 4
    assert "失效" in foreign.text
    assert_problem(as_json, "content_type_unsupported")
    assert not {CONSOLE_COOKIE} & {
        cookie for answer in (without, wrong, guessed, foreign) for cookie in answer.cookies
    }


async def test_a_cookie_that_we_did_not_write_is_not_written_back(stack: Stack) -> None:
    planted = 'x" onload="alert(1)'
    async with httpx2.AsyncClient(base_url=stack.consoles[0].url) as client:
        answer = await client.get("/console/sign-in", headers={"cookie": f'desk110_console_csrf="{planted}"'})
    assert "onload" not in answer.text
    assert "onload" not in answer.headers["set-cookie"]


async def test_the_session_of_a_console_is_in_its_cookie_and_nowhere_else(
    stack: Stack, console: httpx2.AsyncClient
) -> None:
    answer = await try_door(console, "33010602", PASSWORD)
    assert (answer.status_code, answer.headers["location"]) == (303, "/console")
    cookies = [cookie for name, cookie in answer.headers.multi_items() if name == "set-cookie"]
    cookie = next(cookie for cookie in cookies if cookie.startswith(f"{CONSOLE_COOKIE}="))
    flags = {part.strip().lower() for part in cookie.split(";")[1:]}
    assert {"httponly", "samesite=strict", "path=/console", f"max-age={12 * 3600}"} == flags
    token = console.cookies[CONSOLE_COOKIE]
    assert len(token) >= 43
    for path in ("/console", "/console/queue", "/console/sign-in"):
        page = await console.get(path)
        assert token not in page.text
        assert token not in str(page.headers)
        assert token not in str(page.url)


async def test_signing_out_ends_the_session_and_its_sockets(stack: Stack, dispatcher: Dispatcher) -> None:
    await dispatcher.watch()
    token = dispatcher.http.cookies[CONSOLE_COOKIE]
    assert_problem(await dispatcher.http.post("/console/sign-out"), "csrf_refused")
    answer = await dispatcher.http.post("/console/sign-out", data={"csrf_token": dispatcher.csrf})
    assert (answer.status_code, answer.headers["location"]) == (303, "/console/sign-in")
    assert await closed(dispatcher) == 4401
    headers = {"cookie": f"{CONSOLE_COOKIE}={token}"}
    async with httpx2.AsyncClient(base_url=stack.consoles[0].url) as client:
        assert_problem(await client.get("/console/queue", headers=headers), "sign_in_required")
        page = await client.get("/console", headers=headers)
        assert (page.status_code, page.headers["location"]) == (303, "/console/sign-in")


async def test_a_console_closes_when_its_right_to_look_ends(stack: Stack) -> None:
    ends: dict[str, tuple[str, str, int]] = {
        "33010501": ("console_session", "revoked_at", 4401),
        "33010502": ("console_session", "expires_at", 4401),
        "33010503": ("dispatcher", "disabled_at", 4401),
        "33010590": ("dispatcher", "desk", 4403),
    }
    people = {number: await Dispatcher.signed_in(stack.consoles[0], number) for number in ends}
    for number, (table, column, _) in ends.items():
        await people[number].watch()
        digest = token_digest(people[number].http.cookies[CONSOLE_COOKIE])
        where = {"number": number} if table == "dispatcher" else {"token_digest": digest}
        change(stack, table, where, **{column: "330102" if column == "desk" else now()})
    assert {number: await closed(someone) for number, someone in people.items()} == {
        number: code for number, (_, _, code) in ends.items()
    }
    for someone in people.values():
        await someone.leave()


async def test_in_the_field_passwords_are_not_guessed_at_speed(stack: Stack) -> None:
    app = App("console", {**stack.environment, "DESK110_LIMITS": "field"}, stack.home / "door.log")
    app.start()
    try:
        async with httpx2.AsyncClient(base_url=app.url, timeout=15, headers={"origin": app.url}) as client:
            answers = [await try_door(client, "33010601", "wrong") for _ in range(11)]
            assert [answer.status_code for answer in answers] == [401] * 10 + [429]
            assert "尝试次数过多" in answers[-1].text
    finally:
        app.kill()


async def test_a_second_factor_is_asked_for_and_each_of_its_codes_opens_once(
    stack: Stack, console: httpx2.AsyncClient
) -> None:
    secret = pyotp.random_base32()
    sealed = FieldCipher.load(stack.keys).seal("dispatcher", "totp_secret", row_of("33010801"), secret)
    change(stack, "dispatcher", {"number": "33010801"}, totp_secret=sealed)
    code = pyotp.TOTP(secret).at(now())
    asked = await try_door(console, "33010801", PASSWORD)
    assert asked.status_code == 401
    assert 'name="totp"' in asked.text
    for wrong in (f"{(int(code) + 1) % 1_000_000:06d}", "é" * 6, "１２３", "x" * 300, "-1", f"{code}0"):
        answer = await try_door(console, "33010801", PASSWORD, totp=wrong)
        assert answer.status_code == 401
        assert "动态验证码不对" in answer.text
    assert 'name="totp"' not in (await try_door(console, "33010801", "wrong", totp=code)).text
    wide = code.translate(str.maketrans("0123456789", "０１２３４５６７８９"))
    assert (await try_door(console, "33010801", PASSWORD, totp=wide)).status_code == 303
    console.cookies.clear()
    assert (await try_door(console, "33010801", PASSWORD, totp=code)).status_code == 401
