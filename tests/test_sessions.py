"""Which reporter is asking: codes, tokens, cookies, sockets and identities."""

import asyncio
import itertools
import json
import time
from collections.abc import AsyncIterator, Iterator

import httpx2
import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from dispatch.cipher import FieldCipher
from dispatch.clock import now
from dispatch.reporters import token_digest
from tests.people import ID_NUMBER, Reporter
from tests.stack import App, Stack
from tests.witness import assert_problem, change, closed, nothing_written, unharmed

pytestmark = pytest.mark.anyio

COOKIE, CONSOLE_COOKIE = "desk110_session", "desk110_console"
UNKNOWN_TOKEN = "A" * 43
_phones = itertools.count(int(time.time() * 1000) % 90_000_000 + 10_000_000)


@pytest.fixture(autouse=True)
async def without_defects(stack: Stack) -> AsyncIterator[None]:
    async with unharmed(stack):
        yield


@pytest.fixture
async def reporter(stack: Stack) -> AsyncIterator[Reporter]:
    someone = await Reporter.signed_in(stack.citizens[0])
    yield someone
    await someone.leave()


@pytest.fixture
async def nobody(stack: Stack) -> AsyncIterator[httpx2.AsyncClient]:
    """A client of the citizen app without a session."""
    async with httpx2.AsyncClient(base_url=stack.citizens[0].url, timeout=15) as client:
        yield client


@pytest.fixture(scope="module")
def strict(stack: Stack) -> Iterator[App]:
    """A citizen process with the limits of the field, where nobody files without an identity."""
    environment = {
        **stack.environment,
        "DESK110_LIMITS": "field",
        "DESK110_IDENTITY_REQUIRED": "always",
    }
    app = App("citizen", environment, stack.home / "strict.log")
    app.start()
    yield app
    app.kill()


def index_of(stack: Stack, phone: str) -> bytes:
    """What stands for a phone in the tables."""
    return FieldCipher.load(stack.keys).index("phone", f"+86{phone}")


async def code_for(client: httpx2.AsyncClient, phone: str) -> str:
    """The code that is sent to a phone."""
    answer = await client.post("/api/v1/phone-codes", json={"phone": phone})
    assert answer.status_code == 202, answer.text
    return str(answer.json()["demo_code"])


def other(code: str) -> str:
    """A code that is not this one."""
    return f"{(int(code) + 1) % 1_000_000:06d}"


async def enter(client: httpx2.AsyncClient, phone: str, code: str) -> httpx2.Response:
    return await client.post("/api/v1/sessions", json={"phone": phone, "code": code})


# --- the phone's code


async def test_a_wrong_code_opens_nothing_and_the_right_one_still_does(
    stack: Stack, nobody: httpx2.AsyncClient
) -> None:
    phone = f"138{next(_phones)}"
    code = await code_for(nobody, phone)
    with nothing_written(stack):
        assert_problem(await enter(nobody, phone, other(code)), "code_wrong")
    assert (await enter(nobody, phone, code)).status_code == 201


async def test_after_fifteen_wrong_tries_even_the_right_code_is_none_until_another_is_sent(
    stack: Stack, nobody: httpx2.AsyncClient
) -> None:
    phone = f"138{next(_phones)}"
    code = await code_for(nobody, phone)
    with nothing_written(stack):
        for _ in range(15):
            assert_problem(await enter(nobody, phone, other(code)), "code_wrong")
        assert_problem(await enter(nobody, phone, code), "code_wrong")
    again = await code_for(nobody, phone)
    assert (await enter(nobody, phone, again)).status_code == 201


async def test_tries_at_the_same_moment_are_all_counted(stack: Stack, nobody: httpx2.AsyncClient) -> None:
    phone = f"138{next(_phones)}"
    code = await code_for(nobody, phone)
    wrong = [f"{(int(code) + n) % 1_000_000:06d}" for n in range(1, 40)]
    answers = await asyncio.gather(*(enter(nobody, phone, guess) for guess in wrong))
    assert {answer.status_code for answer in answers} == {401}
    assert_problem(await enter(nobody, phone, code), "code_wrong")


async def test_a_code_is_used_up_by_its_use(stack: Stack, nobody: httpx2.AsyncClient) -> None:
    phone = f"138{next(_phones)}"
    code = await code_for(nobody, phone)
    assert (await enter(nobody, phone, code)).status_code == 201
    with nothing_written(stack):
        assert_problem(await enter(nobody, phone, code), "code_wrong")


async def test_a_code_used_by_many_at_once_opens_one_session(
    stack: Stack, nobody: httpx2.AsyncClient
) -> None:
    phone = f"138{next(_phones)}"
    code = await code_for(nobody, phone)
    answers = await asyncio.gather(*(enter(nobody, phone, code) for _ in range(20)))
    assert sorted(answer.status_code for answer in answers) == [201] + [401] * 19


async def test_an_expired_code_is_none(stack: Stack, nobody: httpx2.AsyncClient) -> None:
    phone = f"138{next(_phones)}"
    code = await code_for(nobody, phone)
    change(stack, "phone_code", {"phone_index": index_of(stack, phone)}, expires_at=now())
    with nothing_written(stack):
        assert_problem(await enter(nobody, phone, code), "code_wrong")


async def test_another_code_replaces_the_one_before_and_none_fits_another_phone(
    stack: Stack, nobody: httpx2.AsyncClient
) -> None:
    phone, others = f"138{next(_phones)}", f"138{next(_phones)}"
    first, second = await code_for(nobody, phone), await code_for(nobody, phone)
    of_another = await code_for(nobody, others)
    with nothing_written(stack):
        for code in {first, of_another} - {second}:
            assert_problem(await enter(nobody, phone, code), "code_wrong")
    assert (await enter(nobody, phone, second)).status_code == 201


async def test_a_phone_that_asked_for_no_code_has_none(stack: Stack, nobody: httpx2.AsyncClient) -> None:
    with nothing_written(stack):
        assert_problem(await enter(nobody, f"138{next(_phones)}", "000000"), "code_wrong")


@pytest.mark.parametrize("typed", ["full width", "spaced", "with the country"])
async def test_codes_and_phones_are_taken_as_people_type_them(nobody: httpx2.AsyncClient, typed: str) -> None:
    phone = f"138{next(_phones)}"
    code = await code_for(nobody, phone)
    wide = str.maketrans("0123456789", "０１２３４５６７８９")
    answer = {
        "full width": enter(nobody, phone.translate(wide), code.translate(wide)),
        "spaced": enter(nobody, f" {phone[:3]} {phone[3:7]}-{phone[7:]} ", f" {code[:3]} {code[3:]} "),
        "with the country": enter(nobody, f"+86{phone}", code),
    }
    found = answer.pop(typed)
    for unused in answer.values():
        unused.close()
    assert (await found).status_code == 201


async def test_in_the_field_a_code_is_not_sent_again_at_once(strict: App) -> None:
    async with httpx2.AsyncClient(base_url=strict.url, timeout=15) as client:
        phone = f"138{next(_phones)}"
        await code_for(client, phone)
        answer = await client.post("/api/v1/phone-codes", json={"phone": phone})
        problem = assert_problem(answer, "code_too_soon")
        assert 0 < problem["resend_in"] <= 60
        assert answer.headers["retry-after"] == str(problem["resend_in"])


async def test_in_the_field_guesses_at_a_phone_are_limited(strict: App) -> None:
    async with httpx2.AsyncClient(base_url=strict.url, timeout=15) as client:
        phone = f"138{next(_phones)}"
        for _ in range(10):
            assert_problem(await enter(client, phone, "000000"), "code_wrong")
        answer = await enter(client, phone, "000000")
        assert assert_problem(answer, "too_many_requests")["resend_in"] == 600
        assert answer.headers["retry-after"] == "600"


# --- the token and the cookie

ROUTES = [
    ("GET", "/me"),
    ("PATCH", "/me"),
    ("PUT", "/me/identity"),
    ("DELETE", "/sessions/current"),
    ("GET", "/reports"),
    ("GET", "/reports/00000000-0000-7000-8000-000000000000"),
    ("POST", "/reports/00000000-0000-7000-8000-000000000000/messages"),
    ("POST", "/reports/00000000-0000-7000-8000-000000000000/locations"),
    ("POST", "/reports/00000000-0000-7000-8000-000000000000/answers"),
    ("POST", "/reports/00000000-0000-7000-8000-000000000000/withdrawal"),
    ("POST", "/reports/00000000-0000-7000-8000-000000000000/media"),
    ("POST", "/reports/00000000-0000-7000-8000-000000000000/media/form"),
    ("GET", "/media/00000000-0000-7000-8000-000000000000"),
    ("POST", "/reports"),
]
NO_TOKENS: dict[str, dict[str, str]] = {
    "none": {},
    "an empty one": {"authorization": "Bearer"},
    "another scheme": {"authorization": f"Basic {UNKNOWN_TOKEN}"},
    "an unknown one": {"authorization": f"Bearer {UNKNOWN_TOKEN}"},
    "a long one": {"authorization": "Bearer " + "A" * 8000},
    "an unknown cookie": {"cookie": f"{COOKIE}={UNKNOWN_TOKEN}"},
    "a console's cookie": {"cookie": f"{CONSOLE_COOKIE}={UNKNOWN_TOKEN}"},
}


@pytest.mark.parametrize("headers", NO_TOKENS.values(), ids=NO_TOKENS.keys())
async def test_without_a_session_nothing_is_told_or_done(
    stack: Stack, nobody: httpx2.AsyncClient, headers: dict[str, str]
) -> None:
    origin = {"origin": stack.citizens[0].url, "tus-resumable": "1.0.0"}
    with nothing_written(stack):
        for method, path in ROUTES:
            answer = await nobody.request(method, f"/api/v1{path}", headers={**origin, **headers}, json={})
            assert_problem(answer, "sign_in_required", call=(method, path) == ("POST", "/reports"))


async def test_a_token_in_the_address_is_none(nobody: httpx2.AsyncClient, reporter: Reporter) -> None:
    for query in (f"token={reporter.token}", f"access_token={reporter.token}"):
        assert_problem(await nobody.get(f"/api/v1/me?{query}"), "sign_in_required")


async def test_an_expired_session_is_none(stack: Stack, reporter: Reporter) -> None:
    change(stack, "reporter_session", {"token_digest": token_digest(reporter.token)}, expires_at=now())
    await asyncio.sleep(1.1)  # a session known a moment ago is good for a second
    with nothing_written(stack):
        assert_problem(await reporter.http.get("/api/v1/me"), "sign_in_required")
        assert_problem(await reporter.file(), "sign_in_required", call=True)


async def test_signing_out_ends_this_session_alone_and_at_once(
    stack: Stack, reporter: Reporter, nobody: httpx2.AsyncClient
) -> None:
    code = await code_for(nobody, reporter.phone)
    on_another_phone = (await enter(nobody, reporter.phone, code)).json()["token"]
    answer = await reporter.http.delete("/api/v1/sessions/current")
    assert answer.status_code == 204
    assert_problem(await reporter.http.get("/api/v1/me"), "sign_in_required")
    assert_problem(await reporter.http.delete("/api/v1/sessions/current"), "sign_in_required")
    nobody.cookies.clear()
    headers = {"authorization": f"Bearer {on_another_phone}"}
    assert (await nobody.get("/api/v1/me", headers=headers)).status_code == 200


async def test_the_cookie_is_out_of_reach_of_scripts_and_other_sites(nobody: httpx2.AsyncClient) -> None:
    phone = f"138{next(_phones)}"
    answer = await enter(nobody, phone, await code_for(nobody, phone))
    cookie = answer.headers["set-cookie"]
    name, value = cookie.partition(";")[0].split("=")
    flags = {part.strip().lower() for part in cookie.split(";")[1:]}
    assert (name, value) == (COOKIE, answer.json()["token"])
    assert {"httponly", "samesite=strict", "path=/", f"max-age={30 * 24 * 3600}"} == flags
    assert len(value) >= 43


async def test_a_cookie_counts_only_with_our_origin_where_something_changes(
    stack: Stack, nobody: httpx2.AsyncClient, reporter: Reporter
) -> None:
    ours = stack.citizens[0].url
    cookie = {"cookie": f"{COOKIE}={reporter.token}"}
    assert (await nobody.get("/api/v1/me", headers=cookie)).status_code == 200
    foreign = [
        None,
        "null",
        "https://evil.example",
        f"{ours}.evil.example",
        ours.replace("http:", "https:"),
        ours + "/",
        f"{ours}, https://evil.example",
        stack.consoles[0].url,
    ]
    with nothing_written(stack):
        for origin in foreign:
            headers = cookie | ({"origin": origin} if origin else {})
            for method, path in ROUTES:
                if method == "GET":
                    continue
                answer = await nobody.request(
                    method, f"/api/v1{path}", headers={**headers, "tus-resumable": "1.0.0"}, json={}
                )
                assert_problem(answer, "origin_refused", call=(method, path) == ("POST", "/reports"))
    for origin in (ours, ours.replace("127.0.0.1", "localhost")):
        answer = await nobody.patch("/api/v1/me", headers={**cookie, "origin": origin}, json={})
        assert answer.status_code == 200


# --- the reporter's socket


def live(app: App, **headers: str) -> connect:
    url = app.url.replace("http", "ws", 1) + "/api/v1/live"
    return connect(url, additional_headers=headers, proxy=None)


async def answer_to_hello(line: ClientConnection, **hello: object) -> str | int | None:
    """`welcome`, or the code that the server closes with."""
    await line.send(json.dumps({"type": "hello", **hello}))
    try:
        return str(json.loads(await asyncio.wait_for(line.recv(), 20))["type"])
    except ConnectionClosed:
        return line.close_code


async def test_a_socket_with_no_good_token_is_told_to_sign_in_again(stack: Stack, reporter: Reporter) -> None:
    app = stack.citizens[0]
    for hello in (
        {},
        {"token": None},
        {"token": ""},
        {"token": UNKNOWN_TOKEN},
        {"token": reporter.token + "x"},
    ):
        async with live(app) as line:
            assert await answer_to_hello(line, **hello) == 4401
    async with live(app) as line:
        assert await answer_to_hello(line, token=reporter.token) == "welcome"


@pytest.mark.parametrize(
    "origin", ["https://evil.example", "null", "http://127.0.0.1:1", "{ours}.evil.example"]
)
async def test_a_foreign_page_gets_no_socket_at_all(stack: Stack, reporter: Reporter, origin: str) -> None:
    app = stack.citizens[0]
    headers = {"origin": origin.format(ours=app.url), "cookie": f"{COOKIE}={reporter.token}"}
    with pytest.raises(InvalidStatus) as refused:
        await live(app, **headers)
    assert refused.value.response.status_code == 403


async def test_the_cookie_opens_a_socket_with_our_origin_and_without_any_it_is_nobodys(
    stack: Stack, reporter: Reporter
) -> None:
    app = stack.citizens[0]
    cookie = {"cookie": f"{COOKIE}={reporter.token}"}
    for origin in (app.url, app.url.replace("127.0.0.1", "localhost")):
        async with live(app, origin=origin, **cookie) as line:
            assert await answer_to_hello(line) == "welcome"
    async with live(app, **cookie) as line:
        assert await answer_to_hello(line) == 4401


async def test_sockets_close_with_the_session_that_opened_them(stack: Stack, reporter: Reporter) -> None:
    await reporter.listen()
    await reporter.http.delete("/api/v1/sessions/current")
    assert await closed(reporter) == 4401


async def test_sockets_close_when_the_session_is_ended_elsewhere(stack: Stack, reporter: Reporter) -> None:
    await reporter.listen()
    change(stack, "reporter_session", {"token_digest": token_digest(reporter.token)}, revoked_at=now())
    assert await closed(reporter) == 4401


# --- the identity


async def prove(reporter: Reporter, name: str, id_number: str) -> httpx2.Response:
    return await reporter.http.put("/api/v1/me/identity", json={"name": name, "id_number": id_number})


@pytest.mark.parametrize(
    ("name", "id_number"),
    [
        ("拒绝", ID_NUMBER),
        ("张三", ID_NUMBER[:-1] + "1"),
        ("张三", "110101199002300014"),
        ("张三", "110101209001010013"),
        ("张三", "00010119900101001X"),
        ("张三", "110101900101001"),
        ("张三", "not a number"),
        ("张三", ID_NUMBER + "\x00"),
        ("张三", "' OR 1=1 --"),
        ("张", ID_NUMBER),
        ("张三\n李四", ID_NUMBER),
        ("张\u202e三", ID_NUMBER),
        ("<b>张三</b>", ID_NUMBER),
        ("😱😱", ID_NUMBER),
        ("   ", ID_NUMBER),
    ],
)
async def test_an_identity_that_is_not_confirmed_is_not_kept(
    stack: Stack, reporter: Reporter, name: str, id_number: str
) -> None:
    with nothing_written(stack):
        assert_problem(await prove(reporter, name, id_number), "identity_rejected")
    assert (await reporter.http.get("/api/v1/me")).json()["identity"] == "none"


async def test_the_second_report_needs_an_identity_and_the_refusal_says_whom_to_call(
    stack: Stack, reporter: Reporter
) -> None:
    assert (await reporter.file()).status_code == 201
    with nothing_written(stack):
        assert_problem(await reporter.file(), "identity_required", call=True)
        assert_problem(await prove(reporter, "拒绝", ID_NUMBER), "identity_rejected")
        assert_problem(await reporter.file(), "identity_required", call=True)
    assert (await prove(reporter, "张三", ID_NUMBER)).status_code == 200
    assert (await reporter.file()).status_code == 201


async def test_where_the_rule_is_stricter_the_first_report_needs_one_too(stack: Stack, strict: App) -> None:
    someone = await Reporter.signed_in(strict)
    with nothing_written(stack):
        assert_problem(await someone.file(), "identity_required", call=True)
    assert (await prove(someone, "张三", ID_NUMBER)).status_code == 200
    # The refused one counts too: thirty a minute.
    answers = [await someone.file() for _ in range(30)]
    assert [answer.status_code for answer in answers] == [201] * 29 + [429]
    assert_problem(answers[-1], "too_many_requests", call=True)
    await someone.leave()
