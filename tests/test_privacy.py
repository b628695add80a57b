"""Nothing that people are or write stands in a log, a figure, a problem, an event, Redis, or plain on the disk."""

import asyncio
import json
import re
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx2
import orjson
import pytest
from sqlalchemy import select
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

from dispatch.identity import check_character
from dispatch.logs import FIELDS
from dispatch.models import TABLES
from tests.faults.defective import WORD
from tests.people import Dispatcher, Reporter, eventually
from tests.pictures import jpeg
from tests.servers import Valkey
from tests.stack import XIHU, App, Stack
from tests.stack import stack as running_stack

pytestmark = pytest.mark.anyio

PHONE = "13987650431"
ID_NUMBER = "33010619870605432" + check_character("33010619870605432")
# What a person is or writes, each found nowhere else. The word that strikes a defect is in what strikes it.
CANARIES = {
    "phone": PHONE,
    "name": "金丝雀",
    "id_number": ID_NUMBER,
    "text": f"canary-text-{WORD}",
    "place": f"canary-place-{WORD}",
    "message": f"canary-message-{WORD}",
    "answer": f"canary-answer-{WORD}",
    "reason": "canary-reason",
    "fraud": "canary-fraud",
    "file": "canary-file",
    "password": "canary-password",
    "key": "canary-key",
    "query": "canary-query",
    "agent": "canary-agent",
    "frame": "canary-frame",
    "latitude": "30.2543219",
}


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory, valkey_of_session: Valkey) -> Iterator[Stack]:
    """Every process there is, whole and with a defect, logging all they can."""
    valkey_of_session.flushall()
    folder = Path(tmp_path_factory.mktemp("privacy"))
    with running_stack(folder, valkey_of_session, worker=True, DESK110_LOG_LEVEL="debug") as running:
        for name in ("citizen", "console"):
            running.add(name, "tests.faults.defective").start()
        yield running


class Seen:
    """What the story below was answered with, and the secrets that were given out in it."""

    def __init__(self) -> None:
        self.problems: list[httpx2.Response] = []
        self.error_frames: list[dict[str, Any]] = []
        self.secrets: dict[str, str] = {}

    def refused(self, answer: httpx2.Response) -> None:
        assert answer.status_code >= 400, answer.text
        self.problems.append(answer)


@pytest.fixture(scope="module")
async def seen(stack: Stack) -> AsyncIterator[Seen]:
    """A whole story, with every accident on the way, at whole processes and at broken ones."""
    told = Seen()
    citizen, broken_citizen = stack.citizens
    console, broken_console = stack.consoles
    reporter = await come_in(told, citizen)
    report = await file_well_and_badly(told, reporter)
    await file_where_it_breaks(told, reporter, broken_citizen)
    await talk_on_sockets(told, reporter, broken_citizen, report)
    await send_photos(told, reporter, report)
    await receive(told, console, broken_console, report)
    path = f"/api/v1/reports/{report}/withdrawal"
    assert (await reporter.http.post(path, json={"reason": CANARIES["reason"]})).status_code == 200
    await asyncio.sleep(0.5)
    yield told
    await reporter.leave()


async def come_in(told: Seen, app: App) -> Reporter:
    """Sign in, with a wrong try before; prove an identity, with a wrong one before."""
    http = httpx2.AsyncClient(base_url=app.url, timeout=15, headers={"user-agent": CANARIES["agent"]})
    code = (await http.post("/api/v1/phone-codes", json={"phone": PHONE})).json()["demo_code"]
    told.refused(await http.post("/api/v1/sessions", json={"phone": PHONE, "code": CANARIES["key"][:12]}))
    told.refused(await http.post("/api/v1/phone-codes", json={"phone": f"{PHONE}{PHONE}"}))
    signed_in = await http.post("/api/v1/sessions", json={"phone": PHONE, "code": code})
    token = signed_in.json()["token"]
    told.secrets |= {"token": token, "code": code}
    http.headers["authorization"] = f"Bearer {token}"
    http.cookies.clear()
    for name, number in (
        ("拒绝", ID_NUMBER),
        (CANARIES["name"], ID_NUMBER[:-1] + "?"),
        (CANARIES["name"] * 60, ""),
    ):
        told.refused(await http.put("/api/v1/me/identity", json={"name": name, "id_number": number}))
    proof = {"name": CANARIES["name"], "id_number": ID_NUMBER}
    assert (await http.put("/api/v1/me/identity", json=proof)).status_code == 200
    return Reporter(app, http, token, PHONE)


def body(**fields: Any) -> dict[str, Any]:
    """A report full of canaries."""
    return {
        "kind": "fraud",
        "text": CANARIES["text"],
        "place_text": CANARIES["place"],
        "fraud": {CANARIES["fraud"]: CANARIES["fraud"]},
        "location": {**XIHU, "lat": float(CANARIES["latitude"])},
        **fields,
    }


async def post(reporter: Reporter, content: bytes, **headers: str) -> httpx2.Response:
    headers = {"content-type": "application/json", "idempotency-key": str(uuid4()), **headers}
    return await reporter.http.post("/api/v1/reports", content=content, headers=headers)


async def file_well_and_badly(told: Seen, reporter: Reporter) -> str:
    """The report that the story is about, after many that are refused; gives its identifier."""
    wrong: list[dict[str, Any]] = [
        {"kind": CANARIES["text"]},
        {"text": CANARIES["text"] * 400},
        {"category": CANARIES["text"]},
        {"fraud": CANARIES["fraud"]},
        {"fraud": {CANARIES["fraud"]: 10**400}},
        {"place_text": CANARIES["place"] * 40},
        {"location": {**XIHU, "crs": CANARIES["place"]}},
        {"location": {**XIHU, "at": CANARIES["place"]}},
        {"location": {"lat": 91, "lon": float(CANARIES["latitude"])}},
        {"location": {"lat": float(CANARIES["latitude"]) + 1, "lon": 121.47}},
    ]
    for fields in wrong:
        told.refused(await post(reporter, orjson_or_json(body(**fields))))
    good = orjson.dumps(body())
    told.refused(await post(reporter, good[:-1]))
    told.refused(await post(reporter, good, **{"content-type": f"text/{CANARIES['query']}"}))
    told.refused(await post(reporter, good, **{"idempotency-key": CANARIES["key"]}))
    told.refused(await reporter.http.get(f"/api/v1/reports?cursor={CANARIES['query']}"))
    told.refused(await reporter.http.get(f"/api/v1/reports/{CANARIES['query']}"))
    told.refused(await reporter.http.get(f"/api/v1/desks/nearest?lat={CANARIES['query']}&lon=1"))
    told.refused(await reporter.http.get(f"/{CANARIES['query']}?{CANARIES['query']}"))
    filed = await post(reporter, good)
    assert filed.status_code == 201, filed.text
    return str(filed.json()["id"])


def orjson_or_json(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False).encode()


async def file_where_it_breaks(told: Seen, reporter: Reporter, broken: App) -> None:
    there = reporter.at(broken)
    told.refused(await post(there, orjson.dumps(body())))
    await there.leave()


async def talk_on_sockets(told: Seen, reporter: Reporter, broken: App, report: str) -> None:
    """Messages and rubbish, where it works and where it breaks."""
    for app in (reporter.app, broken):
        there = reporter.at(app)
        await there.listen()
        await there.say(type="message", report_id=report, client_id=uuid4().hex, text=CANARIES["message"])
        await there.say(type="location", report_id=report, **{**XIHU, "lat": float(CANARIES["latitude"])})
        await there.say(type=CANARIES["frame"], report_id=CANARIES["frame"])
        await there.say(type="message", report_id=report, client_id="?", text=CANARIES["message"])
        errors = 3 if app is broken else 2
        await eventually(lambda there=there, n=errors: len(errors_of(there)) >= n, 20, "error frames")
        told.error_frames += errors_of(there)
        await there.leave()
    url = reporter.app.url.replace("http", "ws", 1) + "/api/v1/live"
    for hello in (CANARIES["frame"], json.dumps({"type": "hello", "token": CANARIES["key"]})):
        async with connect(url, proxy=None) as line:
            await line.send(hello)
            with pytest.raises(ConnectionClosed):
                await line.recv()


def errors_of(someone: Reporter) -> list[dict[str, Any]]:
    return [frame for frame in someone.frames if frame["type"] == "error"]


async def send_photos(told: Seen, reporter: Reporter, report: str) -> None:
    """One that is one, and several that are none."""
    url = f"/api/v1/reports/{report}/media/form"
    names = [f"{CANARIES['file']}.jpg", f"../{CANARIES['file']}.jpg", f"{CANARIES['file']}.exe"]
    for name in names:
        files = {"file": (name, CANARIES["text"].encode() * 30, "image/jpeg")}
        told.refused(await reporter.http.post(url, data={"client_id": uuid4().hex}, files=files))
    files = {"file": (names[0], jpeg(), "image/jpeg")}
    sent = await reporter.http.post(url, data={"client_id": uuid4().hex}, files=files)
    assert sent.status_code == 201, sent.text


async def receive(told: Seen, console: App, broken: App, report: str) -> None:
    """The desk's side: a wrong password, a page, a card and a report that break, and what works."""
    async with httpx2.AsyncClient(base_url=console.url, headers={"origin": console.url}) as door:
        found = re.search(r'name="csrf_token" value="([^"]+)"', (await door.get("/console/sign-in")).text)
        assert found
        form = {"number": "33010601", "password": CANARIES["password"], "csrf_token": found[1]}
        assert (await door.post("/console/sign-in", data=form)).status_code == 401
    at_broken = await Dispatcher.signed_in(console, "33010602")
    await at_broken.move(broken)
    for path in ("/console", "/console/queue", f"/console/reports/{report}"):
        answer = await at_broken.http.get(path)
        if answer.status_code >= 400:
            told.refused(answer)
    await at_broken.watch()
    dispatcher = await Dispatcher.signed_in(console, "33010601")
    told.secrets |= {
        "console": dispatcher.http.cookies["desk110_console"],
        "console_2": at_broken.http.cookies["desk110_console"],
        "csrf": dispatcher.csrf,
    }
    await dispatcher.watch()
    assert dispatcher.socket is not None
    await dispatcher.socket.send(CANARIES["frame"])
    assert (await dispatcher.accept(report)).status_code == 200
    # The broken console sees it too, and shows its number alone.
    await eventually(lambda: at_broken.status(report) == "received", 20, "the bare card changes")
    assert (await dispatcher.answer(report, CANARIES["answer"])).status_code == 200
    told.refused(await dispatcher.http.get(f"/console/reports/{CANARIES['query']}"))
    await dispatcher.leave()
    await at_broken.leave()


def birds(text: str) -> set[str]:
    """The canaries in a text."""
    return {name for name, canary in CANARIES.items() if canary in text}


def logs_of(stack: Stack) -> dict[str, str]:
    """What every process has printed."""
    assert stack.worker is not None
    servers = [*stack.apps, stack.worker]
    return {str(server.log.name): server.log.read_text(errors="replace") for server in servers}


async def test_no_log_has_a_word_of_it_though_everything_went_wrong(stack: Stack, seen: Seen) -> None:
    logs = logs_of(stack)
    assert {name: birds(text) for name, text in logs.items()} == {name: set() for name in logs}
    for text in logs.values():
        assert not [name for name, secret in seen.secrets.items() if secret in text]
        assert not re.search(r"1[3-9]\d{9}", re.sub(r"\d{4}-\d\d-\d\dT[\d:.]+Z", "", text))
        assert WORD not in text
        assert "cannot handle" not in text


async def test_what_broke_was_logged_by_its_kind_and_place(stack: Stack, seen: Seen) -> None:
    entries = [
        orjson.loads(line)
        for text in logs_of(stack).values()
        for line in text.splitlines()
        if line.startswith("{")
    ]
    defects = [entry for entry in entries if entry.get("error") == "Broken"]
    assert {entry["event"] for entry in defects} >= {"defect", "frame_failed", "card_failed"}
    assert {entry["process"] for entry in defects} == {"citizen", "console"}
    assert all("defective.py" in entry["where"] for entry in defects if entry["event"] == "defect")


async def test_every_line_of_a_log_has_fields_of_the_list_alone(stack: Stack, seen: Seen) -> None:
    for name, text in logs_of(stack).items():
        for line in text.splitlines():
            assert line.startswith("{"), (name, line)
            assert set(orjson.loads(line)) <= FIELDS | {"left_out"}, (name, line)


async def test_no_refusal_repeats_what_it_refuses(seen: Seen) -> None:
    assert len(seen.problems) > 20
    for answer in seen.problems:
        assert not birds(answer.text), (answer.request.url, answer.text)
        assert not birds(str(dict(answer.headers)))
    assert len(seen.error_frames) >= 5
    assert not birds(str(seen.error_frames))


async def test_no_figure_names_anybody(stack: Stack, seen: Seen) -> None:
    for app in stack.consoles:
        async with httpx2.AsyncClient(base_url=app.url) as client:
            figures = (await client.get("/metrics")).text
        assert "python_info" in figures
        assert not birds(figures)
        assert "3301" not in figures


async def test_the_event_log_holds_references_and_no_words(stack: Stack, seen: Seen) -> None:
    event = TABLES["event"]
    with stack.database.read() as session:
        rows = session.connection().execute(select(event)).all()
    kinds = {row.kind for row in rows}
    assert kinds >= {"ReportFiled", "ReportReceived", "MessageSent", "IdentityVerified", "ReportWithdrawn"}
    assert not birds(str([tuple(row) for row in rows]))


async def test_redis_holds_nothing_of_a_person(stack: Stack, seen: Seen) -> None:
    with stack.valkey.client() as client:
        held = []
        for key in client.scan_iter(count=1000):
            kind = client.type(key)
            value = {"string": client.get, "hash": client.hgetall}.get(str(kind), lambda _key: "")(key)
            held.append(f"{key} {value}")
    assert held
    text = "\n".join(held)
    assert not birds(text)
    assert not [name for name, secret in seen.secrets.items() if len(secret) > 6 and secret in text]


async def test_who_reports_is_nowhere_plain_on_the_disk(stack: Stack, seen: Seen) -> None:
    with stack.database.read() as session:
        report = session.connection().execute(select(TABLES["report"].c.text)).scalars().all()
    assert CANARIES["text"] in report
    sealed = {name: CANARIES[name] for name in ("phone", "name", "id_number", "password")}
    secrets = {name: secret for name, secret in seen.secrets.items() if name not in {"code", "csrf"}}
    for path in stack.home.rglob("*"):
        if path.is_file():
            data = path.read_bytes()
            found = [name for name, secret in {**sealed, **secrets}.items() if secret.encode() in data]
            assert not found, (path.relative_to(stack.home), found)


async def test_keys_are_for_their_owner_alone(stack: Stack, seen: Seen) -> None:
    keys = [path for path in (stack.home / "keys").rglob("*") if path.is_file()]
    assert keys
    for path in keys:
        if "public" not in path.name:
            assert path.stat().st_mode & 0o077 == 0, path.name
