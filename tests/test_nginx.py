"""deploy/nginx.conf in a real nginx before real processes: everybody gets through, nobody gets more than is theirs."""

import asyncio
import contextlib
import re
import ssl
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx2
import pytest
from sqlalchemy import select

from api.photo_form import AROUND_BYTES
from api.plain.forms import LONGEST
from dispatch.media_bounds import LARGEST_BYTES
from dispatch.models import TABLES
from processes.serve import KEEP_S
from tests.front import DEPLOY, NAME, Front
from tests.history.drill import drill
from tests.people import People, eventually
from tests.pictures import jpeg
from tests.places import Place
from tests.reporter import Reporter
from tests.servers import Valkey
from tests.stack import Stack
from tests.stack import stack as running_stack
from tests.threats.test_injected import SMUGGLED, statuses, until_silent
from tests.truth import assert_whole
from tests.uploading import appended, created

MIB = 1024 * 1024
FORGED = "203.0.113.99"
SECRET = "13912345678"


@pytest.fixture(scope="module")
def _front(
    tmp_path_factory: pytest.TempPathFactory, valkey_of_session: Valkey
) -> Iterator[tuple[Front, Stack]]:
    folder = Path(tmp_path_factory.mktemp("front"))
    front = Front(folder / "nginx")
    valkey_of_session.flushall()
    settings: dict[str, Any] = {**front.origins, "DESK110_IDENTITY_REQUIRED": "never"}
    with running_stack(folder, valkey_of_session, citizens=2, consoles=2, **settings) as behind:
        front.configure(behind.citizens, behind.consoles)
        try:
            front.start()
            yield front, behind
        finally:
            front.stop()


@pytest.fixture
def front(_front: tuple[Front, Stack], monkeypatch: pytest.MonkeyPatch) -> Front:
    """nginx, whose certificate every client of the test believes."""
    monkeypatch.setenv("SSL_CERT_FILE", str(_front[0].certificate))
    return _front[0]


@pytest.fixture
def behind(_front: tuple[Front, Stack]) -> Stack:
    """What stands behind it."""
    return _front[1]


def heard(line: ssl.SSLSocket) -> bytes:
    """All that comes until the other side closes."""
    said = b""
    with contextlib.suppress(ConnectionError, ssl.SSLError):
        while piece := line.recv(65_536):
            said += piece
    return said


@pytest.mark.anyio
async def test_a_report_goes_through_it_and_received_comes_back_over_the_socket(
    front: Front, behind: Stack, people: People, place: Place
) -> None:
    phone = await people.reporter(front.citizen, place.location)
    console = await people.dispatcher(front.console, place.number())
    await phone.listen()
    report = await phone.filed("有人撬门")
    await eventually(lambda: console.status(report["id"]) == "filed", 10, "on the screen")
    picture = jpeg()
    begun = await created(phone.http, report["id"], len(picture))
    assert begun.status_code == 201, begun.text
    half = len(picture) // 2
    for offset, piece in ((0, picture[:half]), (half, picture[half:])):
        assert (await appended(phone.http, begun.headers["location"], offset, piece)).is_success
    assert (await console.accept(report["id"])).status_code == 200
    await eventually(lambda: phone.status(report["id"]) == "received", 10, "已接收")
    assert phone.closed_with is None
    answer = await phone.http.get(f"/?q={SECRET}")
    assert answer.headers["strict-transport-security"] == "max-age=63072000; includeSubDomains"
    assert answer.headers["server"] == "nginx", "and no number"
    assert "frame-ancestors 'none'" in answer.headers["content-security-policy"]
    # Looked for, as a phone is at a console: a query, which no log holds. Nor does one hold a report, or what was said.
    await console.http.get("/console/search", params={"q": SECRET})
    written = await eventually(
        lambda: front.written() if "console/search" in front.written() else "", 10, "a log"
    )
    for private in (SECRET, report["id"], phone.phone, "%E6%9C%89", "?q="):
        assert private not in written
    assert '"place":"api/v1/reports","status":201' in written
    assert_whole(behind.database, place.desk)


@pytest.mark.anyio
async def test_a_sender_cannot_say_where_it_is(
    front: Front, behind: Stack, people: People, place: Place
) -> None:
    console = await people.dispatcher(front.console, place.number("02"))
    console.http.headers.update(
        {
            "x-forwarded-for": FORGED,
            "forwarded": f"for={FORGED}",
            "x-real-ip": FORGED,
            "x-forwarded-host": FORGED,
        }
    )
    await console.http.post("/console/sign-out", headers={"x-csrf-token": console.csrf})
    await console.sign_in()
    with behind.database.read() as session:
        of = TABLES["console_session"]
        where = select(of.c.address).where(of.c.dispatcher == console.number)
        assert set(session.connection().execute(where).scalars()) == {"127.0.0.1"}


def test_who_is_slow_with_a_head_or_a_body_is_cut_and_nobody_else_is(front: Front) -> None:
    head = f"POST /api/v1/reports HTTP/1.1\r\nHost: {NAME}\r\nContent-Type: application/json\r\n"
    began = time.monotonic()
    cut: dict[str, float] = {}

    def drips(what: str, first: str, every_s: float) -> None:
        """Says the beginning, and then a byte now and then, until it is cut."""
        with front.connection(front.citizen) as line, contextlib.suppress(OSError):
            line.sendall(first.encode())
            line.settimeout(every_s)
            while time.monotonic() - began < 100:
                try:
                    if not line.recv(1024):
                        break
                except TimeoutError:
                    if what == "head":
                        line.sendall(b"x")
        cut[what] = time.monotonic() - began

    # A head may not even drip on; a body may not stand still.
    threads = [
        threading.Thread(target=drips, args=arguments)
        for arguments in (
            ("head", f"{head}X-Long: ", 2.0),
            ("body", f"{head}Content-Length: 100\r\n\r\n{{", 2.0),
        )
    ]
    for thread in threads:
        thread.start()
    with front.connection(front.citizen) as line:
        line.sendall(f"GET /law HTTP/1.1\r\nHost: {NAME}\r\nConnection: close\r\n\r\n".encode())
        assert heard(line).startswith(b"HTTP/1.1 200")
    for thread in threads:
        thread.join()
    assert set(cut) == {"head", "body"}
    assert all(9 < seconds < 90 for seconds in cut.values()), cut


@pytest.fixture
def narrow(front: Front, behind: Stack) -> Iterator[None]:
    """The shipped limits and a fiftieth of their numbers: no test machine asks as much as a province."""
    front.configure(behind.citizens, behind.consoles, {"rate=200r/s": "rate=4r/s", "burst=2000": "burst=40"})
    front.reload()
    yield
    front.configure(behind.citizens, behind.consoles)
    front.reload()


@pytest.mark.anyio
@pytest.mark.usefixtures("narrow")
async def test_a_flood_from_one_address_is_held_back_and_a_report_from_there_is_not(
    front: Front, people: People, place: Place
) -> None:
    """Behind one address of a carrier stand thousands: one of them may be the flood, another may need help."""
    phone = await people.reporter(front.citizen, place.location)

    async def flooded() -> bool:
        answers = [(await phone.http.get("/no-such-page")).status_code for _ in range(60)]
        return 429 in answers

    await eventually(flooded, 30, "the flood is held back")
    page, problem = [await _first_refused(phone, path) for path in ("/no-such-page", "/api/v1/nothing")]
    assert 'href="tel:110"' in page.text
    assert problem.headers["content-type"] == "application/problem+json"
    assert problem.json()["code"] == "too_many_requests"
    for n in range(60):
        assert (await phone.file(f"洪水之中 {n}")).status_code == 201
    await phone.listen()  # nor is a socket
    assert (await phone.http.get("/no-such-page")).status_code in {404, 429}


async def _first_refused(phone: Reporter, path: str) -> httpx2.Response:
    """The answer to whoever asks for it amid a flood."""
    answer: httpx2.Response = await phone.http.get(path)
    while answer.status_code != 429:
        answer = await phone.http.get(path)
    return answer


@pytest.mark.anyio
async def test_reloading_it_and_killing_a_process_behind_it_lose_nothing(
    front: Front, behind: Stack, places_left: Iterator[Place]
) -> None:
    """I1 to I5 and I7 through nginx: sockets stay with the old workers; a process that dies is one of two."""
    desks = [next(places_left) for _ in range(2)]
    async with drill(behind, desks, [front.citizen], [front.console]) as people:
        running = asyncio.create_task(people.run(count=6, every_s=0.5))
        await asyncio.sleep(0.5)
        front.reload()
        for app in (behind.citizens[0], behind.consoles[0]):
            await asyncio.sleep(0.5)
            app.kill()
            app.launch()
            await asyncio.to_thread(app.wait)
        front.reload()
        await running
        assert len(people.filed) == len(desks) * 2 * 6
        assert await people.verdict() is None
    assert_whole(behind.database, *(desk.desk for desk in desks))


@pytest.mark.anyio
async def test_a_stop_in_order_is_told_to_sockets_and_while_no_process_answers_everybody_reads_whom_to_call(
    front: Front, behind: Stack, people: People, place: Place
) -> None:
    """1012: come again in a moment. I6: failure is loud."""
    phone = await people.reporter(front.citizen, place.location)
    await phone.listen()
    for app in behind.citizens:
        app.stop()
    try:
        await eventually(lambda: phone.closed_with is not None, 10, "closed")
        assert phone.closed_with == 1012
        page = await phone.http.get(f"/?q={SECRET}")
        assert page.status_code == 503
        assert "没有送达" in page.text
        assert 'href="tel:110"' in page.text
        key = {"idempotency-key": str(uuid4())}
        problem = await phone.http.post(
            "/api/v1/reports", json={"text": SECRET}, params={"q": SECRET}, headers=key
        )
        assert problem.status_code == 503
        assert problem.headers["content-type"] == "application/problem+json"
        assert problem.headers["retry-after"] == "1"
        assert problem.json()["code"] == "database_unavailable"
        assert "110" in problem.json()["detail"]
        assert SECRET not in front.written(), "errors neither"
    finally:
        for app in behind.citizens:
            app.launch()
        for app in behind.citizens:
            app.wait()
    await phone.hang_up()
    phone.frames.clear()

    async def taken() -> bool:
        return (await phone.file()).status_code == 201

    await eventually(taken, 30, "there again")
    await phone.listen()


def test_what_is_not_for_outside_is_not_there_and_other_names_get_nothing(front: Front) -> None:
    with httpx2.Client(timeout=30) as anybody:
        for door in (front.citizen, front.console):
            for path in ("/healthz", "/readyz", "/metrics"):
                assert anybody.get(door.url + path).status_code == 404
        moved = anybody.get(f"http://localhost:{front.plain}/reports?x=1")
        assert moved.status_code == 308
        assert moved.headers["location"] == f"{front.citizen.url}/reports?x=1"
    with pytest.raises(ssl.SSLError):
        front.connection(front.citizen, "another.example.cn")


def test_an_upgrade_to_anything_but_our_sockets_is_not_passed_on(front: Front) -> None:
    """h2c would be a way past every rule (request smuggling)."""
    upgrade = "Upgrade: h2c\r\nConnection: Upgrade, HTTP2-Settings\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\n"
    with front.connection(front.citizen) as line:
        line.sendall(f"GET /law HTTP/1.1\r\nHost: {NAME}\r\n{upgrade}\r\n".encode())
        line.settimeout(30)
        assert line.recv(1024).startswith(b"HTTP/1.1 200")


@pytest.mark.parametrize(("headers", "body"), [one[1:] for one in SMUGGLED], ids=[one[0] for one in SMUGGLED])
def test_a_request_whose_end_can_be_read_in_two_ways_is_not_passed_on_as_two(
    front: Front, headers: list[bytes], body: bytes
) -> None:
    """RFC 9112, 6.3: what nginx and a process behind it could read differently is never more than one request."""
    head = [f"POST /api/v1/phone-codes HTTP/1.1\r\nHost: {NAME}".encode(), *headers]
    with front.connection(front.citizen) as line:
        line.sendall(b"\r\n".join([*head, b"Content-Type: application/json", b"", b""]) + body)
        answer = until_silent(line)
    assert statuses(answer) in ([], [400], [501]), answer[:300]
    assert "smuggled" not in front.written()


def test_a_head_or_a_body_that_is_too_large_is_refused(front: Front) -> None:
    with httpx2.Client(base_url=front.citizen.url, timeout=30) as anybody:
        assert anybody.get("/", headers={"x-long": "x" * 40_000}).status_code == 400
        assert anybody.post("/api/v1/reports", content=b" " * 200 * 1024).status_code == 413


def test_its_limits_are_a_little_wider_than_the_apps_own() -> None:
    """So that whoever is refused reads the app's words."""
    shipped = (DEPLOY / "nginx.conf").read_text(encoding="utf-8")
    sizes = [int(size) * MIB for size in re.findall(r"client_max_body_size (\d+)m;", shipped)]
    assert len(sizes) == 2
    assert LARGEST_BYTES + AROUND_BYTES <= sizes[0] < 2 * LARGEST_BYTES
    assert LONGEST <= sizes[1] < 2 * LONGEST
    kept = re.findall(r"keepalive 64;\s+keepalive_timeout (\d+)s;", shipped)
    assert [int(seconds) < KEEP_S for seconds in kept] == [True]
    rate, burst = (int(re.findall(f"{name}=(\\d+)", shipped)[0]) for name in ("rate", "burst"))
    assert rate >= 200
    assert burst >= 2000, "thousands of phones stand behind one address"
    assert "$proxy_add_x_forwarded_for" not in shipped
