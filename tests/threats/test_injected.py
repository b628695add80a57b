"""What is sent in the hope that something takes it for a part of itself: SQL, a header, a path, a second request.

What a browser would take for markup is in `tests/test_hostile_content.py`.
"""

import socket
from collections.abc import AsyncIterator
from pathlib import Path
from urllib.parse import quote

import httpx2
import pytest
from sqlalchemy import inspect

from dispatch.settings import CHECKOUT
from tests.people import Dispatcher, Reporter
from tests.stack import XIHU, App, Stack
from tests.truth import rows

pytestmark = pytest.mark.anyio

SQL = [
    "' OR '1'='1",
    "'; DROP TABLE report; --",
    "x' UNION SELECT id, token FROM reporter_session --",
    '" OR ""="',
    "%' ESCAPE '!' OR 1=1 --",
    "1); UPDATE dispatcher SET role='admin'; --",
    "\\'; SELECT pg_sleep(9); --",
]
# Of a proxy's or a server's own; each alone is a whole request.
SECOND = b"GET /smuggled HTTP/1.1\r\nHost: x\r\n\r\n"


@pytest.fixture(scope="module")
async def reporter(stack: Stack) -> AsyncIterator[Reporter]:
    someone = await Reporter.signed_in(stack.citizens[0], location=XIHU)
    yield someone
    await someone.leave()


@pytest.fixture(scope="module")
async def dispatcher(stack: Stack) -> AsyncIterator[Dispatcher]:
    someone = await Dispatcher.signed_in(stack.consoles[0], "33010601")
    yield someone
    await someone.leave()


def counted(stack: Stack) -> dict[str, int]:
    """How many rows each table of people and their rights has."""
    with stack.database.read() as session:
        return {name: len(rows(session, name)) for name in ("dispatcher", "desk", "reporter", "report")}


# --- SQL


@pytest.mark.parametrize("sql", SQL)
async def test_sql_in_words_is_words(
    stack: Stack, reporter: Reporter, dispatcher: Dispatcher, sql: str
) -> None:
    before = counted(stack)
    filed = await reporter.filed(sql, place_text=sql)
    path = f"/api/v1/reports/{filed['id']}"
    said = await reporter.http.post(f"{path}/messages", json={"client_id": "a", "text": sql})
    assert (said.status_code, said.json()["text"]) == (201, sql)
    assert (await reporter.http.post(f"{path}/withdrawal", json={"reason": sql})).status_code == 200
    found = (await reporter.http.get(path)).json()
    assert (found["text"], found["place_text"]) == (sql, sql)
    assert counted(stack) == {**before, "report": before["report"] + 1}


@pytest.mark.parametrize("sql", SQL)
async def test_sql_in_what_is_looked_for_finds_nothing_and_changes_nothing(
    stack: Stack, reporter: Reporter, dispatcher: Dispatcher, sql: str
) -> None:
    await reporter.filed("没有人找得到的话")
    before = counted(stack)
    for path in (
        f"/console/search?q={quote(sql)}",
        f"/console/search?q=a&cursor={quote(sql)}",
        f"/console/figures?desk={quote(sql)}",
        f"/console/figures?on={quote(sql)}",
        f"/console/figures.csv?by={quote(sql)}",
        f"/console?after={quote(sql)}",
    ):
        answer = await dispatcher.http.get(path)
        assert answer.status_code < 500, path
        assert "没有人找得到的话" not in answer.text.partition('id="queue"')[0], path
    for path in (
        f"/api/v1/reports?cursor={quote(sql)}",
        f"/api/v1/reports/{quote(sql, safe='')}",
        f"/api/v1/desks/nearest?area={quote(sql)}",
        f"/api/v1/media/{quote(sql, safe='')}",
    ):
        assert 400 <= (await reporter.http.get(path)).status_code < 500, path
    assert counted(stack) == before


@pytest.mark.parametrize("sql", SQL)
async def test_sql_in_place_of_a_name_or_a_code_lets_nobody_in(stack: Stack, sql: str) -> None:
    async with httpx2.AsyncClient(base_url=stack.consoles[0].url, follow_redirects=True) as stranger:
        page = await stranger.get("/console/sign-in")
        token = page.text.partition('name="csrf_token" value="')[2].partition('"')[0]
        form = {"csrf_token": token, "number": sql, "password": sql}
        origin = {"origin": stack.consoles[0].url}
        answer = await stranger.post("/console/sign-in", data=form, headers=origin)
        assert answer.status_code < 500
        assert (await stranger.get("/console")).url.path == "/console/sign-in"


def test_no_table_went_away(stack: Stack) -> None:
    with stack.database.read() as session:
        found = inspect(session.connection()).get_table_names()
    assert {"report", "reporter", "dispatcher", "desk", "event"} <= set(found)


# --- raw lines


def raw(app: App, *sent: bytes) -> bytes:
    """All that comes back for these bytes until the server closes, or says nothing more for two seconds."""
    with socket.create_connection(("127.0.0.1", app.port), timeout=30) as line:
        for piece in sent:
            line.sendall(piece)
        return until_silent(line)


def until_silent(line: socket.socket) -> bytes:
    """All that comes until the line is closed, or nothing more for two seconds."""
    answer = b""
    line.settimeout(2)
    try:
        while got := line.recv(65_536):
            answer += got
    except (TimeoutError, ConnectionResetError):
        pass
    return answer


def statuses(answer: bytes) -> list[int]:
    """Of each answer on the line."""
    heads = answer.split(b"HTTP/1.1 ")[1:]
    return [int(head[:3]) for head in heads]


@pytest.mark.parametrize(
    "line_break", ["%0d%0a", "%0a", "%0d", "%E5%98%8A%E5%98%8D", "%c4%8d%c4%8a", "%u000d%u000a"]
)
@pytest.mark.parametrize(
    "address",
    [
        "/?lang=en{}X-Injected:%20yes",
        "/law{}X-Injected:%20yes",
        "/plain?next=/{}X-Injected:%20yes",
        "/static/{}X-Injected:%20yes",
        "/api/v1/reports?cursor={}X-Injected:%20yes",
    ],
)
def test_a_line_break_in_an_address_makes_no_header(stack: Stack, address: str, line_break: str) -> None:
    path = address.format(line_break)
    request = f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{stack.citizens[0].port}\r\nConnection: close\r\n\r\n"
    answer = raw(stack.citizens[0], request.encode())
    head = answer.partition(b"\r\n\r\n")[0].lower()
    assert not any(line.startswith(b"x-injected") for line in head.split(b"\r\n"))
    assert statuses(answer)[0] < 500


@pytest.mark.parametrize("name", ["accept-language", "cookie", "origin", "x-forwarded-for", "user-agent"])
def test_what_no_header_may_hold_is_refused_or_ignored(stack: Stack, name: str) -> None:
    for value in (b"a\x00b", b"a\x0bb", b"en\r X-Injected: yes", b"\xff\xfe", b"a" * 9_000):
        head = f"GET / HTTP/1.1\r\nHost: 127.0.0.1:{stack.citizens[0].port}\r\nConnection: close\r\n{name}: "
        answer = raw(stack.citizens[0], head.encode() + value + b"\r\n\r\n")
        assert not answer or statuses(answer)[0] < 500, value
        assert b"x-injected" not in answer.partition(b"\r\n\r\n")[0].lower()


# --- paths


@pytest.mark.parametrize("app", ["citizen", "console"])
@pytest.mark.parametrize(
    "step", ["..", "%2e%2e", "..%2f", "%2e%2e%2f", "..%5c", "..%c0%af", "%252e%252e%252f", "....//", "..;"]
)
@pytest.mark.parametrize(
    "root", ["/static/", "/static/vendor/", "/static/citizen/", "/icons/", "/api/v1/media/"]
)
def test_a_path_leads_to_no_file_outside(stack: Stack, app: str, root: str, step: str) -> None:
    process = (stack.citizens if app == "citizen" else stack.consoles)[0]
    secret = (CHECKOUT / "pyproject.toml").read_bytes()[:200]
    home = Path(stack.environment["DESK110_HOME"])
    ending = f"Host: 127.0.0.1:{process.port}\r\nConnection: close\r\n\r\n"
    for far in (1, 2, 4, 8):
        steps = "/".join([step.rstrip("/")] * far) if not step.endswith("f") else step * far
        for file in ("pyproject.toml", "etc/passwd", "desk110.db", "keys"):
            request = f"GET {root}{steps}/{file} HTTP/1.1\r\n{ending}"
            answer = raw(process, request.encode())
            status, body = statuses(answer)[0], answer.partition(b"\r\n\r\n")[2]
            assert status in {302, 303, 307, 400, 401, 403, 404, 405}, request
            assert secret not in body
            assert b"root:" not in body
            assert b"SQLite format" not in body
    assert home.exists()


# --- a second request in the first


SMUGGLED: list[tuple[str, list[bytes], bytes]] = [
    ("both lengths", [b"Content-Length: 6", b"Transfer-Encoding: chunked"], b"0\r\n\r\nG" + SECOND),
    ("two lengths", [b"Content-Length: 0", b"Content-Length: 50"], SECOND),
    ("two in one", [b"Content-Length: 0, 50"], SECOND),
    ("a signed length", [b"Content-Length: +0"], SECOND),
    ("a length below nought", [b"Content-Length: -1"], SECOND),
    ("a length in hex", [b"Content-Length: 0x0"], SECOND),
    ("an encoding that is none", [b"Transfer-Encoding: xchunked"], b"0\r\n\r\n" + SECOND),
    ("a hidden encoding", [b"Transfer-Encoding : chunked"], b"0\r\n\r\n" + SECOND),
    ("chunked before another", [b"Transfer-Encoding: chunked, identity"], b"0\r\n\r\n" + SECOND),
    ("a chunk with a sign", [b"Transfer-Encoding: chunked"], b"+0\r\n\r\n" + SECOND),
    (
        "a chunk that is too long",
        [b"Transfer-Encoding: chunked"],
        b"fffffffffffffffff\r\nx\r\n0\r\n\r\n" + SECOND,
    ),
    ("a header that goes on", [b"X-A: b", b" Content-Length: 50"], SECOND),
]


@pytest.mark.parametrize(("headers", "body"), [one[1:] for one in SMUGGLED], ids=[one[0] for one in SMUGGLED])
def test_a_request_whose_end_can_be_read_in_two_ways_is_refused(
    stack: Stack, headers: list[bytes], body: bytes
) -> None:
    """RFC 9112, 6.3: nothing behind it is answered as if it were a request of its own."""
    app = stack.citizens[0]
    head = [f"POST /api/v1/phone-codes HTTP/1.1\r\nHost: 127.0.0.1:{app.port}".encode(), *headers]
    answer = raw(app, b"\r\n".join([*head, b"Content-Type: application/json", b"", b""]), body)
    assert statuses(answer) in ([], [400]), answer[:300]


def test_two_requests_that_follow_each_other_are_two(stack: Stack) -> None:
    """The line of the tests above does tell when a second one is answered."""
    one = f"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1:{stack.citizens[0].port}\r\n\r\n".encode()
    assert statuses(raw(stack.citizens[0], one, one)) == [200, 200]
