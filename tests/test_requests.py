"""What a dispatcher asks of a reporter, and whether each side has seen the other's lines: over the real wire."""

from uuid import uuid4

import httpx2
import orjson
import pytest

from tests.both_screens import photo
from tests.people import Dispatcher, People, Reporter, eventually
from tests.places import Place
from tests.stack import Stack

pytestmark = pytest.mark.anyio


async def ask(dispatcher: Dispatcher, report: str, **fields: str) -> httpx2.Response:
    return await dispatcher.http.post(
        f"/console/reports/{report}/requests",
        headers={"x-csrf-token": dispatcher.csrf},
        data={
            "client_id": str(uuid4()),
            "kind": "answer",
            "text": "您现在安全吗？",
            "answers": "是\n否",
            **fields,
        },
    )


@pytest.fixture
async def reporter(stack: Stack, people: People) -> Reporter:
    return await people.reporter(stack.citizens[0])


@pytest.fixture
async def dispatcher(stack: Stack, people: People, place: Place) -> Dispatcher:
    return await people.dispatcher(stack.consoles[0], place.number())


async def test_a_question_is_on_the_phone_at_once_and_one_tap_answers_it(
    reporter: Reporter, dispatcher: Dispatcher, place: Place
) -> None:
    report = await reporter.filed(location=place.location)
    await reporter.listen()
    assert (await ask(dispatcher, report["id"])).status_code == 200
    asked = await eventually(
        lambda: next((frame for frame in reporter.frames if frame["type"] == "request"), None),
        10,
        "the question",
    )
    assert (asked["request"], asked["question"]["answers"]) == ("answer", ["是", "否"])
    await reporter.say(type="answer", report_id=report["id"], request_id=asked["question"]["id"], answer="否")
    question = await eventually(
        lambda: next(
            (one for one in reporter.reports[report["id"]].get("requests", ()) if one["answer"]), None
        ),
        10,
        "the answer",
    )
    assert question["answer"] == "否"


async def test_the_first_answer_stands_and_only_those_offered_count(
    reporter: Reporter, dispatcher: Dispatcher, place: Place
) -> None:
    report = await reporter.filed(location=place.location)
    await ask(dispatcher, report["id"])
    request = (await reporter.report(report["id"]))["requests"][0]["id"]

    async def answer(said: str, of: str = request) -> tuple[int, str]:
        response = await reporter.http.post(
            f"/api/v1/reports/{report['id']}/answers", json={"request_id": of, "answer": said}
        )
        return response.status_code, response.json().get("code", "")

    assert await answer("也许") == (422, "answer_unknown")
    assert await answer("是", str(uuid4())) == (404, "request_unknown")
    assert await answer("是") == (200, "")
    assert await answer("是") == (200, "")
    assert await answer("否") == (409, "already_answered")


async def test_a_position_and_a_photo_that_were_asked_for_answer_by_coming(
    reporter: Reporter, dispatcher: Dispatcher, place: Place
) -> None:
    report = (await reporter.filed(location=place.location))["id"]
    for kind in ("location", "photo"):
        assert (await ask(dispatcher, report, kind=kind, text="", answers="")).status_code == 200

    async def open_ones() -> list[str]:
        asked = (await reporter.report(report))["requests"]
        return [request["request"] for request in asked if request["answered_at"] is None]

    assert await open_ones() == ["location", "photo"]
    shared = await reporter.http.post(f"/api/v1/reports/{report}/locations", json=place.location)
    assert shared.status_code == 204
    assert await open_ones() == ["photo"]
    sent = await reporter.http.post(
        f"/api/v1/reports/{report}/media/form",
        data={"client_id": "p1"},
        files={"file": ("门口.jpg", photo(), "image/jpeg")},
    )
    assert sent.status_code == 201, sent.text
    assert await open_ones() == []


async def test_a_request_of_nonsense_is_refused_and_another_desk_cannot_ask(
    reporter: Reporter, dispatcher: Dispatcher, place: Place, stack: Stack, people: People
) -> None:
    report = await reporter.filed(location=place.location)
    for nonsense in (
        {"kind": "money"},
        {"text": " "},
        {"client_id": "<b>"},
        {"answers": "\n".join("一二三四五六七")},
        {"answers": "长" * 41},
    ):
        assert (await ask(dispatcher, report["id"], **nonsense)).status_code == 422, nonsense
    elsewhere = "33010501" if place.desk != "330105" else "33010601"
    stranger = await people.dispatcher(stack.consoles[0], elsewhere)
    assert (await ask(stranger, report["id"])).status_code == 404
    assert (await reporter.report(report["id"]))["requests"] == []


async def test_a_line_is_seen_when_it_was_on_the_other_sides_screen_and_not_before(
    reporter: Reporter, dispatcher: Dispatcher, place: Place
) -> None:
    report = (await reporter.filed(location=place.location))["id"]
    await reporter.listen()
    await reporter.say(type="message", report_id=report, client_id="m1", text="在三楼")
    said = await eventually(
        lambda: reporter.reports.get(report, {}).get("messages"), 10, "the line is stored"
    )
    assert not said[0]["seen"]
    assert dispatcher.socket is not None
    version = reporter.reports[report]["version"]
    await dispatcher.socket.send(
        orjson.dumps({"type": "seen", "report": report, "version": version}).decode()
    )
    await eventually(lambda: reporter.reports[report]["messages"][0]["seen"], 10, "the second tick")

    assert (await dispatcher.answer(report, "收到")).status_code == 200
    await eventually(lambda: len(reporter.reports[report]["messages"]) == 2, 10, "the desk's line")
    assert not (await reporter.report(report))["messages"][1]["seen"]
    await reporter.say(type="shown", report_id=report, version=reporter.reports[report]["version"])

    async def seen() -> bool:
        return bool((await reporter.report(report))["messages"][1]["seen"])

    await eventually(seen, 10, "the desk's line was on the phone's screen")
    # Ticks upon ticks would never come to rest: what follows the last one changes nothing.
    version = (await reporter.report(report))["version"]
    await dispatcher.socket.send(
        orjson.dumps({"type": "seen", "report": report, "version": version}).decode()
    )
    await reporter.say(type="shown", report_id=report, version=version)
    frames = len(reporter.frames)
    # Said before: it is answered as it was, behind the ticks.
    await reporter.say(type="message", report_id=report, client_id="m1", text="在三楼")
    await eventually(lambda: len(reporter.frames) > frames, 10, "an answer behind the ticks")
    assert (await reporter.report(report))["version"] == version
