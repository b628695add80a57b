"""Bad frames on both sockets: an error frame or a close code for each, and whoever goes on is served."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from uuid import uuid4

import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from tests.people import Dispatcher, Reporter
from tests.stack import XIHU, App, Stack
from tests.witness import HAN, nothing_written, unharmed

pytestmark = pytest.mark.anyio

# How long a busy machine may take; nothing here is about time.
PATIENCE_S = 20.0


@pytest.fixture(scope="module")
async def reporter(stack: Stack) -> AsyncIterator[Reporter]:
    someone = await Reporter.signed_in(stack.citizens[0], verified=True)
    yield someone
    await someone.leave()


@pytest.fixture(scope="module")
async def stranger(stack: Stack) -> AsyncIterator[Reporter]:
    someone = await Reporter.signed_in(stack.citizens[0], verified=True)
    yield someone
    await someone.leave()


@pytest.fixture(scope="module")
async def dispatcher(stack: Stack) -> AsyncIterator[Dispatcher]:
    someone = await Dispatcher.signed_in(stack.consoles[0])
    yield someone
    await someone.leave()


@pytest.fixture(autouse=True)
async def taken_again(stack: Stack, reporter: Reporter) -> AsyncIterator[None]:
    async with unharmed(stack):
        yield
        assert (await reporter.file()).status_code == 201


def live(app: App, **headers: str) -> connect:
    """The reporters' socket, with whatever headers."""
    return connect(
        app.url.replace("http", "ws", 1) + "/api/v1/live",
        subprotocols=["desk110.v1"],  # type: ignore[list-item]  # a NewType of str
        additional_headers=headers,
        max_size=None,
        proxy=None,
    )


async def closed_with(line: ClientConnection, within_s: float = PATIENCE_S) -> int | None:
    """The code that the server closes with; what it says before is passed over."""
    async with asyncio.timeout(within_s):
        try:
            while True:
                await line.recv()
        except ConnectionClosed:
            return line.close_code


@asynccontextmanager
async def greeted(reporter: Reporter, **headers: str) -> AsyncIterator[ClientConnection]:
    """The reporter's socket after its welcome."""
    async with live(reporter.app, **headers) as line:
        await line.send(json.dumps({"type": "hello", "token": reporter.token}))
        assert json.loads(await line.recv())["type"] == "welcome"
        yield line


async def error_after(line: ClientConnection, frame: str | bytes) -> dict[str, Any]:
    """The error frame that answers this frame."""
    await line.send(frame)
    async with asyncio.timeout(PATIENCE_S):
        while (answer := json.loads(await line.recv()))["type"] != "error":
            pass
    found: dict[str, Any] = answer
    return found


async def test_who_says_no_hello_within_five_seconds_is_let_go(stack: Stack) -> None:
    async with live(stack.citizens[0]) as line:
        assert await closed_with(line) == 4408


NO_HELLO: dict[str, str | bytes] = {
    "nothing": "",
    "words": "hello",
    "a list": "[]",
    "another type": '{"type":"pong"}',
    "a token that is no text": '{"type":"hello","token":5}',
    "an endless token": json.dumps({"type": "hello", "token": "x" * 129}),
    "versions of no reports": '{"type":"hello","known":{"x":1}}',
    "versions that are none": '{"type":"hello","known":{"00000000-0000-7000-8000-000000000000":-1}}',
    "more reports than anyone has": json.dumps(
        {"type": "hello", "known": {str(uuid4()): 1 for _ in range(501)}}
    ),
    "bytes": b'{"type":"hello"}',
    "bytes that are no text": b"\xff\xfe\x00",
}


@pytest.mark.parametrize("frame", NO_HELLO.values(), ids=NO_HELLO.keys())
async def test_what_is_no_hello_is_none(stack: Stack, frame: str | bytes) -> None:
    async with live(stack.citizens[0]) as line:
        await line.send(frame)
        assert await closed_with(line) == 4408


ID = "00000000-0000-7000-8000-000000000000"


def about(type_: str, **fields: object) -> str:
    """A frame about a report that nobody has."""
    return json.dumps({"type": type_, "report_id": ID, **fields})


NO_FRAMES: dict[str, str | bytes] = {
    "nothing": "",
    "words": "help",
    "half": '{"type":',
    "null": "null",
    "a number": "110",
    "a list": '[{"type":"pong"}]',
    "no type": "{}",
    "a type that is no text": '{"type":1}',
    "an unknown type": about("acknowledge"),
    "a second hello": '{"type":"hello","token":"x"}',
    "a server's own": '{"type":"report","report":{}}',
    "bytes": b'{"type":"pong"}',
    "bytes that are no text": bytes(range(256)),
    "half a character": about("message", client_id="a", text="\ud800"),
    "a shown without a version": about("shown"),
    "a shown of no report": about("shown", version=1, report_id="x"),
    "a version below none": about("shown", version=-1),
    "a version and a half": about("shown", version=1.5),
    "a version in words": about("shown", version="1"),
    "a version that no database counts to": about("shown", version=2**63),
    "a version of 400 digits": about("shown", version=10**400),
    "a message without words": about("message", client_id="a", text=" "),
    "a message without an id": about("message", text="x"),
    "an answer to nothing": about("answer", answer="是"),
    "an answer that says nothing": about("answer", request_id=ID, answer=" "),
    "a location without a place": about("location"),
    "a location in words": about("location", lat="30", lon="120"),
    "a thousand lists": "[" * 1000 + "]" * 1000,
    "white space": " " * 30_000,
}


@pytest.mark.parametrize("frame", NO_FRAMES.values(), ids=NO_FRAMES.keys())
async def test_a_frame_that_is_none_is_answered_and_the_session_goes_on(
    stack: Stack, reporter: Reporter, frame: str | bytes
) -> None:
    async with greeted(reporter) as line:
        with nothing_written(stack):
            error = await error_after(line, frame)
        assert error["code"] == "frame_invalid"
        assert HAN.search(error["detail"])
        report = await reporter.filed()
        await line.send(
            json.dumps({"type": "message", "report_id": report["id"], "client_id": "a", "text": "x"})
        )
        async with asyncio.timeout(PATIENCE_S):
            while json.loads(await line.recv())["type"] != "message":
                pass


@pytest.mark.parametrize(
    ("frame", "code"),
    [
        ({"type": "message", "client_id": "a", "text": "字" * 4001}, "text_too_long"),
        ({"type": "location", "lat": 0, "lon": 0}, "position_invalid"),
        ({"type": "location", "lat": float("nan"), "lon": 120}, "position_invalid"),
        ({"type": "location", "lat": 91, "lon": 120}, "position_invalid"),
    ],
    ids=["text_too_long", "null island", "NaN", "over the pole"],
)
async def test_what_breaks_a_rule_of_its_own_is_told_which(
    stack: Stack, reporter: Reporter, frame: dict[str, Any], code: str
) -> None:
    report = await reporter.filed()
    async with greeted(reporter, **{"accept-language": "en"}) as line:
        with nothing_written(stack):
            error = await error_after(line, json.dumps({**frame, "report_id": report["id"]}))
        assert error["code"] == code
        assert not HAN.search(error["detail"])


@pytest.mark.parametrize(
    "frame",
    [
        {"type": "message", "client_id": "a", "text": "我也在"},
        {"type": "location", **XIHU},
        {"type": "answer", "request_id": ID, "answer": "是"},
        {"type": "shown", "version": 1},
    ],
    ids=["message", "location", "answer", "shown"],
)
async def test_another_persons_report_is_as_unknown_as_none(
    stack: Stack, reporter: Reporter, stranger: Reporter, frame: dict[str, Any]
) -> None:
    report = await stranger.filed()
    async with greeted(reporter) as line:
        with nothing_written(stack):
            another = await error_after(line, json.dumps({**frame, "report_id": report["id"]}))
            none = await error_after(line, json.dumps({**frame, "report_id": str(uuid4())}))
        assert another["code"] == "report_unknown"
        assert another == none


@pytest.mark.parametrize(
    "frame",
    ["x" * (32 * 1024 + 1), "字" * 11_000, "x" * (64 * 1024 + 1), bytes(64 * 1024 + 1), bytes(1024 * 1024)],
    ids=[
        "32 KiB and one byte",
        "32 KiB of Chinese",
        "64 KiB and one byte",
        "64 KiB and one, no text",
        "1 MiB, no text",
    ],
)
async def test_a_frame_too_big_ends_the_session_with_1009(
    stack: Stack, reporter: Reporter, frame: str | bytes
) -> None:
    async with greeted(reporter) as line:
        with nothing_written(stack):
            await line.send(frame)
            assert await closed_with(line) == 1009


async def test_a_frame_of_32_kib_is_not_too_big(reporter: Reporter) -> None:
    frame = json.dumps({"type": "message", "report_id": ID, "client_id": "a", "text": "x"}).ljust(32 * 1024)
    async with greeted(reporter) as line:
        assert (await error_after(line, frame))["code"] == "report_unknown"


async def test_too_many_frames_end_the_session_with_1008_and_http_still_serves(stack: Stack) -> None:
    eager = await Reporter.signed_in(stack.citizens[0])
    async with greeted(eager) as line:
        for _ in range(201):
            await line.send('{"type":"pong"}')
        assert await closed_with(line) == 1008
    assert (await eager.file()).status_code == 201
    await eager.leave()


# --- the console's socket


@asynccontextmanager
async def watched(dispatcher: Dispatcher, after: str = "") -> AsyncIterator[ClientConnection]:
    """The console's socket, as the page opens it."""
    url = dispatcher.app.url.replace("http", "ws", 1) + f"/console/live?after={after}"
    cookie = "; ".join(f"{name}={value}" for name, value in dispatcher.http.cookies.items())
    headers = {"origin": dispatcher.app.url, "cookie": cookie}
    async with connect(url, additional_headers=headers, max_size=None, proxy=None) as line:
        yield line


async def shows(line: ClientConnection, report: str) -> None:
    """Returns when a card of the report came."""
    async with asyncio.timeout(PATIENCE_S):
        while report not in str(await line.recv()):
            pass


NO_CONSOLE_FRAMES: dict[str, str | bytes] = {
    "nothing": "",
    "words": "help",
    "null": "null",
    "a list": "[]",
    "a number": "1",
    "no type": "{}",
    "no number": '{"type":"shown"}',
    "a number in words": '{"type":"shown","seq":"many"}',
    "no finite number": '{"type":"shown","seq":1e999}',
    "a number below none": '{"type":"shown","seq":-9223372036854775808}',
    "a number that nothing counts to": '{"type":"shown","seq":9223372036854775808}',
    "a number of 1,000 digits": '{"type":"shown","seq":' + "9" * 1000 + "}",
    "a fraction": '{"type":"shown","seq":1.5}',
    "a list for a number": '{"type":"shown","seq":[1]}',
    "true": '{"type":"shown","seq":true}',
    "bytes": b'{"type":"shown","seq":1}',
    "bytes that are no text": bytes(range(256)),
    "a form of htmx": '{"HEADERS":{},"text":"x"}',
}


async def test_a_console_that_talks_nonsense_is_still_shown_every_report(
    reporter: Reporter, dispatcher: Dispatcher
) -> None:
    async with watched(dispatcher) as line:
        for frame in NO_CONSOLE_FRAMES.values():
            await line.send(frame)
        report = await reporter.filed()
        await shows(line, report["id"])
        await line.send(json.dumps({"type": "shown", "seq": 2**62}))
        later = await reporter.filed()
        await shows(line, later["id"])


async def test_a_screen_cannot_have_shown_what_was_never_sent_to_it(
    stack: Stack, reporter: Reporter, dispatcher: Dispatcher
) -> None:
    async with watched(dispatcher) as line:
        await line.recv()
        await line.send(json.dumps({"type": "shown", "seq": 2**62}))
        await asyncio.sleep(0.3)
        report = await reporter.filed()
        await asyncio.sleep(0.5)
        assert (await reporter.report(report["id"]))["screens"] == 0


@pytest.mark.parametrize("length", [4097, 64 * 1024 + 1])
async def test_a_console_frame_too_big_ends_the_session_with_1009(
    dispatcher: Dispatcher, length: int
) -> None:
    async with watched(dispatcher) as line:
        await line.send("x" * length)
        assert await closed_with(line) == 1009


@pytest.mark.parametrize(
    "after", ["x", ":", "0:0", "%00:1", f"{ID}:1", f"{ID}:-1", f"{ID}:{'9' * 400}", "%e2%80%ae:1"]
)
async def test_a_cursor_that_means_nothing_gets_the_whole_queue(
    reporter: Reporter, dispatcher: Dispatcher, after: str
) -> None:
    report = await reporter.filed()
    async with watched(dispatcher, after) as line:
        await shows(line, report["id"])


async def test_a_cursor_of_ours_with_a_number_that_is_none_gets_the_whole_queue(
    reporter: Reporter, dispatcher: Dispatcher
) -> None:
    report = await reporter.filed()
    epoch = dispatcher.cursor.partition(":")[0]
    for number in ("-1", "99999999999999999999", "1e3", "٣", "%00", ""):
        async with watched(dispatcher, f"{epoch}:{number}") as line:
            await shows(line, report["id"])
