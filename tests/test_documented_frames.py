"""What the running app says over the socket is what the AsyncAPI document says."""

import json

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

from api import hub, live
from api.documents import asyncapi
from tests.contract import SocketContract, ask
from tests.people import Dispatcher, People, Reporter, eventually
from tests.stack import XIHU, App, Stack

pytestmark = pytest.mark.anyio


@pytest.fixture(scope="module")
def socket() -> SocketContract:
    return SocketContract(asyncapi.document())


@pytest.fixture(scope="module")
def citizen(stack: Stack) -> App:
    return stack.citizens[0]


async def test_every_frame_is_as_documented(
    stack: Stack, citizen: App, people: People, socket: SocketContract
) -> None:
    reporter = people.also(await Reporter.signed_in(citizen, verified=True))
    await reporter.filed()
    await reporter.listen()
    dispatcher = people.also(await Dispatcher.signed_in(stack.consoles[0]))
    report = await reporter.filed()
    await reporter.say(type="location", report_id=report["id"], **XIHU)
    await reporter.say(type="message", report_id=report["id"], client_id="m-1", text="在")
    await reporter.say(type="nonsense")
    assert (await dispatcher.accept(report["id"])).status_code == 200
    await dispatcher.answer(report["id"], "请说明位置")
    await ask(dispatcher, report["id"])
    await eventually(lambda: reporter.status(report["id"]) == "received", 10, "received")
    told = set(socket.messages("send"))
    await eventually(
        lambda: {frame["type"] for frame in reporter.frames} == told, hub.HEARTBEAT_S + 10, f"each of {told}"
    )
    for frame in reporter.frames:
        socket.check(frame)


async def test_the_server_takes_the_frames_that_are_documented(
    stack: Stack, citizen: App, people: People, socket: SocketContract
) -> None:
    """Each example, with the ids of a real report: none is answered by an error."""
    reporter = people.also(await Reporter.signed_in(citizen, verified=True))
    report = await reporter.filed()
    dispatcher = people.also(await Dispatcher.signed_in(stack.consoles[0]))
    await ask(dispatcher, report["id"])
    asked = (await reporter.report(report["id"]))["requests"][0]
    ids = {"report_id": report["id"], "request_id": asked["id"]}
    await reporter.listen()
    for kind, key in socket.messages("receive").items():
        for example in socket.document["components"]["messages"][key]["examples"] if kind != "hello" else ():
            await reporter.say(**{name: ids.get(name, value) for name, value in example["payload"].items()})
    await reporter.say(type="nonsense")
    refused = await eventually(
        lambda: [frame for frame in reporter.frames if frame["type"] == "error"], 10, "the one error"
    )
    assert [frame["code"] for frame in refused] == ["frame_invalid"]


@pytest.mark.parametrize(
    ("frames", "code"),
    [
        (['{"type":"hello","token":"nobody"}'], hub.SIGN_IN_AGAIN),
        (["no frame"], live.NO_HELLO),
        (["", *(['{"type":"pong"}'] * (live.FRAMES_IN_WINDOW + 1))], live.TOO_MANY_FRAMES),
        (["", "x" * (live.FRAME_LIMIT + 1)], live.TOO_BIG),
    ],
    ids=["nobody's token", "no hello", "too many frames", "frame too big"],
)
async def test_sockets_close_with_the_codes_that_are_documented(
    citizen: App, people: People, socket: SocketContract, frames: list[str], code: int
) -> None:
    reporter = await people.reporter(citizen)
    url = citizen.url.replace("http", "ws", 1) + asyncapi.ADDRESS
    async with connect(url, subprotocols=["desk110.v1"], proxy=None) as line:  # type: ignore[list-item]  # a NewType
        for frame in frames:
            await line.send(frame or json.dumps({"type": "hello", "token": reporter.token}))
        await line.wait_closed()
    assert line.close_code == code
    assert str(code) in socket.document["channels"]["live"]["x-close-codes"]


async def test_a_foreign_page_gets_no_socket(citizen: App) -> None:
    url = citizen.url.replace("http", "ws", 1) + asyncapi.ADDRESS
    with pytest.raises(InvalidStatus) as refused:
        async with connect(url, origin="https://example.org", proxy=None):  # type: ignore[arg-type]  # a NewType
            pass
    assert refused.value.response.status_code == 403
