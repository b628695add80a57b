"""What the running app answers is what the OpenAPI document says."""

import asyncio
import io
import json
from collections.abc import AsyncIterator
from typing import Any
from uuid import uuid4

import httpx2
import pytest
from PIL import Image

from api.documents import asyncapi, openapi
from tests.contract import HttpContract, ask
from tests.footage import film, voice
from tests.people import ID_NUMBER, Dispatcher, People, Reporter
from tests.stack import DESK, XIHU, App, Stack

pytestmark = pytest.mark.anyio

SHANGHAI = {"lat": 31.2304, "lon": 121.4737}
TUS = {"tus-resumable": "1.0.0"}
PIECE = {**TUS, "content-type": "application/offset+octet-stream"}
NOBODY = "00000000-0000-7000-8000-000000000000"


@pytest.fixture(scope="module")
def http() -> HttpContract:
    return HttpContract(openapi.document())


@pytest.fixture(scope="module")
def citizen(stack: Stack) -> App:
    return stack.citizens[0]


@pytest.fixture(scope="module")
async def reporter(citizen: App, http: HttpContract) -> AsyncIterator[Reporter]:
    """Someone whose every answer is held against the document."""
    someone = await Reporter.signed_in(citizen, verified=True)
    someone.http.event_hooks["response"].append(_checked(http))
    yield someone
    await someone.leave()


@pytest.fixture(scope="module")
async def stranger(citizen: App, http: HttpContract) -> AsyncIterator[httpx2.AsyncClient]:
    """Nobody known, held against the document too."""
    async with httpx2.AsyncClient(base_url=citizen.url, timeout=15) as client:
        client.event_hooks["response"].append(_checked(http))
        yield client


def _checked(http: HttpContract) -> Any:
    async def check(answer: httpx2.Response) -> None:
        await answer.aread()
        http.check(answer)

    return check


async def test_signing_in_and_out_answers_as_documented(stranger: httpx2.AsyncClient) -> None:
    phone = "13857100110"
    sent = await stranger.post("/api/v1/phone-codes", json={"phone": phone})
    wrong = await stranger.post("/api/v1/sessions", json={"phone": phone, "code": "x"})
    assert (sent.status_code, wrong.status_code) == (202, 401)
    opened = await stranger.post("/api/v1/sessions", json={"phone": phone, "code": sent.json()["demo_code"]})
    assert opened.status_code == 201
    bearer = {"authorization": f"Bearer {opened.json()['token']}"}
    assert (await stranger.delete("/api/v1/sessions/current")).json()["code"] == "origin_refused"
    assert (await stranger.delete("/api/v1/sessions/current", headers=bearer)).status_code == 204
    stranger.cookies.clear()
    assert (await stranger.get("/api/v1/me")).status_code == 401
    for body, status in (
        ({"phone": "1"}, 422),
        ({"wechat_code": "x"}, 501),
        ({"phone": "12"}, 422),
        ([], 400),
    ):
        assert (await stranger.post("/api/v1/sessions", json=body)).status_code == status


async def test_what_concerns_oneself_answers_as_documented(reporter: Reporter) -> None:
    assert (await reporter.http.get("/api/v1/me")).status_code == 200
    for body in ({"language": "en"}, {"language": "zh-CN", "hearing_speech_impaired": True}):
        assert (await reporter.http.patch("/api/v1/me", json=body)).status_code == 200
    assert (await reporter.http.patch("/api/v1/me", json={"language": "de"})).status_code == 422
    disguise = {"x-http-method-override": "PATCH"}
    assert (
        await reporter.http.post("/api/v1/me", json={"language": "zh-CN"}, headers=disguise)
    ).status_code == 200
    assert (await reporter.http.post("/api/v1/me", json={})).status_code == 405
    for name, status in (("张三", 200), ("拒绝", 422)):
        identity = {"name": name, "id_number": ID_NUMBER}
        assert (await reporter.http.put("/api/v1/me/identity", json=identity)).status_code == status


async def test_what_one_agrees_to_answers_as_documented(reporter: Reporter) -> None:
    at = "/api/v1/me/consents"
    found = (await reporter.http.get(at)).json()["consents"][0]
    one = f"{at}/{found['purpose']}"
    assert (await reporter.http.get(one)).json() == found
    agreed = await reporter.http.put(one, json={"given": True, "wording": found["edition"]})
    assert agreed.json()["agreed"] is True
    assert (await reporter.http.put(one, json={"given": True})).json()["code"] == "wording_outdated"
    assert (await reporter.http.put(one, json={"given": False})).json()["agreed"] is False
    for method in ("GET", "PUT"):
        unknown = await reporter.http.request(method, f"{at}/advertising", json={"given": False})
        assert unknown.json()["code"] == "purpose_unknown"


async def test_ones_own_data_answers_as_documented(citizen: App, http: HttpContract) -> None:
    someone = await Reporter.signed_in(citizen, verified=True)
    someone.http.event_hooks["response"].append(_checked(http))
    await someone.filed("留作记录", place_text="文三路")
    another = {"name": "李四", "id_number": "110101199003071233"}
    assert (await someone.http.put("/api/v1/me/identity", json=another)).json()["code"] == "identity_fixed"
    assert (await someone.http.post("/api/v1/me/identity/corrections", json=another)).status_code == 200
    held = await someone.http.get("/api/v1/me/data")
    assert held.json().get("replaced"), held.text
    phone = {"phone": "13857100119"}
    code = (await someone.http.post("/api/v1/phone-codes", json=phone)).json()["demo_code"]
    assert (await someone.http.put("/api/v1/me/phone", json={**phone, "code": "x"})).status_code == 401
    assert (await someone.http.put("/api/v1/me/phone", json={**phone, "code": code})).status_code == 200
    assert (await someone.http.delete("/api/v1/me/identity")).json()["code"] == "identity_kept"
    assert (await someone.http.delete("/api/v1/sessions/others")).status_code == 204
    assert (await someone.http.delete("/api/v1/me")).json()["kept"]
    await someone.leave()


async def test_erasing_a_name_that_no_report_needs_answers_as_documented(
    citizen: App, http: HttpContract
) -> None:
    someone = await Reporter.signed_in(citizen, verified=True)
    someone.http.event_hooks["response"].append(_checked(http))
    assert (await someone.http.delete("/api/v1/me/identity")).status_code == 204
    await someone.leave()


@pytest.mark.parametrize("language", ["zh-CN", "en"])
async def test_desks_answer_as_documented(stranger: httpx2.AsyncClient, language: str) -> None:
    asked: list[tuple[dict[str, Any], int]] = [
        ({"lat": 30.25, "lon": 120.12}, 200),
        ({"lat": 30.25, "lon": 120.12, "crs": "gcj02", "accuracy_m": 30}, 200),
        (SHANGHAI, 404),
        ({"lat": 30.25}, 422),
        ({"lat": 91, "lon": 0}, 422),
        ({"lat": 30.25, "lon": 120.12, "crs": "x"}, 422),
    ]
    for position, status in asked:
        answer = await stranger.get(
            "/api/v1/desks/nearest", params=position, headers={"accept-language": language}
        )
        assert answer.status_code == status, answer.text


async def test_a_reports_life_answers_as_documented(stack: Stack, people: People, reporter: Reporter) -> None:
    key = str(uuid4())
    filed = await reporter.file("有人打架", key=key, place_text="文三路", category="public_order")
    assert filed.status_code == 201
    assert (
        await reporter.file("有人打架", key=key, place_text="文三路", category="public_order")
    ).status_code == 200
    assert (await reporter.file("别的", key=key)).status_code == 409
    at = f"/api/v1/reports/{filed.json()['id']}"
    message = {"client_id": "m-1", "text": "他们还在"}
    for status in (201, 200):
        assert (await reporter.http.post(f"{at}/messages", json=message)).status_code == status
    assert (await reporter.http.post(f"{at}/locations", json=XIHU)).status_code == 204
    dispatcher = people.also(await Dispatcher.signed_in(stack.consoles[0]))
    assert (await dispatcher.accept(filed.json()["id"])).status_code == 200
    await dispatcher.answer(filed.json()["id"], "民警已出发")
    await ask(dispatcher, filed.json()["id"])
    received = (await reporter.http.get(at)).json()
    assert received["received"]
    assert received["receipt"]
    for request, said, code in (
        (NOBODY, "是", "request_unknown"),
        (received["requests"][0]["id"], "也许", "answer_unknown"),
        (received["requests"][0]["id"], "是", None),
        (received["requests"][0]["id"], "否", "already_answered"),
    ):
        answer = await reporter.http.post(f"{at}/answers", json={"request_id": request, "answer": said})
        assert answer.json().get("code") == code
    assert (await reporter.http.post(f"{at}/withdrawal", json={"reason": "误会"})).status_code == 200
    for number in range(20):
        await reporter.filed(f"第 {number} 条", covert=True)
    page = (await reporter.http.get("/api/v1/reports")).json()
    assert (
        await reporter.http.get("/api/v1/reports", params={"cursor": page["next_cursor"]})
    ).status_code == 200
    assert (await reporter.http.get("/api/v1/reports", params={"cursor": "x"})).status_code == 400
    assert (await reporter.http.get(f"/api/v1/reports/{NOBODY}")).status_code == 404


async def test_refused_reports_answer_as_documented(reporter: Reporter, stranger: httpx2.AsyncClient) -> None:
    refused: list[tuple[dict[str, Any], str]] = [
        ({"location": None}, "place_required"),
        ({"location": SHANGHAI}, "outside_jurisdiction"),
        ({"location": {"lat": 100, "lon": 0}}, "position_invalid"),
        ({"kind": "urgent"}, "field_invalid"),
        ({"place_text": "x" * 501}, "field_invalid"),
    ]
    for fields, code in refused:
        assert (await reporter.file(**fields)).json()["code"] == code
    assert (await reporter.file("字" * 4001)).json()["code"] == "text_too_long"
    assert (await reporter.file(key="1")).json()["code"] == "idempotency_key_invalid"
    at = "/api/v1/reports"
    assert (await reporter.http.post(at, json={})).json()["code"] == "idempotency_key_required"
    assert (await stranger.post(at, json={})).json()["code"] == "sign_in_required"
    keyed = {"idempotency-key": str(uuid4())}
    plain = await reporter.http.post(at, content="x", headers={**keyed, "content-type": "text/plain"})
    assert plain.json()["code"] == "content_type_unsupported"
    long = await reporter.http.post(
        at, content="x" * 70_000, headers={**keyed, "content-type": "application/json"}
    )
    assert long.json()["code"] == "body_too_large"


def _jpeg(side: int = 64) -> bytes:
    made = io.BytesIO()
    Image.new("RGB", (side, side), (30, 60, 90)).save(made, "JPEG")
    return made.getvalue()


def _metadata(client_id: str) -> str:
    return f"filename 5LqL5pWF546w5Zy6LmpwZw==,filetype aW1hZ2UvanBlZw==,client_id {client_id}"


async def test_photos_by_tus_answer_as_documented(reporter: Reporter) -> None:
    photo, http = _jpeg(), reporter.http
    uploads = f"/api/v1/reports/{(await reporter.filed())['id']}/media"
    begin = {**TUS, "upload-length": str(len(photo)), "upload-metadata": _metadata("cC0x")}
    begun = await http.post(uploads, headers=begin)
    assert begun.status_code == 201
    upload = begun.headers["location"]
    for at in (uploads, upload):
        assert (await http.options(at)).status_code == 204
    wrong = await http.patch(upload, headers={**PIECE, "upload-offset": "5"}, content=photo[5:])
    assert wrong.json()["code"] == "upload_offset_conflict"
    assert (
        await http.patch(upload, headers={**PIECE, "upload-offset": "0"}, content=photo[:100])
    ).status_code == 204
    assert (await http.head(upload, headers=TUS)).headers["upload-offset"] == "100"
    disguised = {**PIECE, "upload-offset": "100", "x-http-method-override": "PATCH"}
    assert (await http.post(upload, headers=disguised, content=photo[100:])).status_code == 204
    asked = await http.post(upload, headers={**TUS, "x-http-method-override": "HEAD"})
    assert (asked.status_code, asked.headers["upload-offset"]) == (200, str(len(photo)))
    await _photo_is_shown(http, upload.rpartition("/")[2])
    assert (await http.delete(upload, headers=TUS)).status_code == 204
    assert (await http.head(upload, headers=TUS)).status_code == 404
    assert (await http.delete(upload)).status_code == 412
    refused = await http.post(upload, headers=TUS)
    assert (refused.status_code, refused.headers["allow"]) == (405, "DELETE, HEAD, OPTIONS, PATCH, POST")


async def _photo_is_shown(http: httpx2.AsyncClient, media: str) -> None:
    for part in ("", "/view", "/thumb"):
        shown = await http.get(f"/api/v1/media/{media}{part}")
        assert shown.status_code == 200
        again = await http.get(
            f"/api/v1/media/{media}{part}", headers={"if-none-match": shown.headers["etag"]}
        )
        assert again.status_code == 304
    assert (await http.get(f"/api/v1/media/{NOBODY}")).status_code == 404


async def test_photos_by_form_answer_as_documented(reporter: Reporter) -> None:
    at = f"/api/v1/reports/{(await reporter.filed())['id']}/media/form"
    for status in (201, 200):
        answer = await reporter.http.post(
            at, files={"file": ("现场.jpg", _jpeg(), "image/jpeg")}, data={"client_id": "p-1"}
        )
        assert answer.status_code == status, answer.text
    refused: list[tuple[str, bytes, str, str]] = [
        ("image/gif", b"GIF89a", "p-2", "media_type_unsupported"),
        ("image/jpeg", b"no photo", "p-3", "photo_unreadable"),
        ("image/jpeg", b"", "p-4", "photo_unreadable"),
        ("image/jpeg", b"x", "p 5", "field_invalid"),
    ]
    for content_type, data, client_id, code in refused:
        form = {"file": ("现场.jpg", data, content_type)}
        answer = await reporter.http.post(at, files=form, data={"client_id": client_id})
        assert answer.json()["code"] == code


async def test_videos_and_voice_notes_answer_as_documented(reporter: Reporter) -> None:
    id_ = (await reporter.filed())["id"]
    at = f"/api/v1/reports/{id_}/media/form"
    for filetype, data in (("video/mp4", film(seconds=0.5)), ("audio/mp4", voice(seconds=0.5))):
        answer = await reporter.http.post(at, files={"file": ("现场", data, filetype)})
        assert answer.status_code == 201, answer.text
        media, state = answer.json()["id"], ""
        while state != "ready":
            await asyncio.sleep(0.1)
            items = (await reporter.report(id_))["media"]
            state = next(item["state"] for item in items if item["id"] == media)
        played = f"/api/v1/media/{media}"
        assert (await reporter.http.get(played)).headers["content-type"] == filetype
        for asked, status in (("bytes=0-99", 206), ("bytes=99999999-", 416)):
            assert (await reporter.http.get(played, headers={"range": asked})).status_code == status
    refused = [
        ("video/mp4", b"x", "videos_too_many"),
        ("audio/amr", b"no voice", "voice_unreadable"),
        ("audio/amr", b"", "voice_unreadable"),
        ("audio/amr", bytes(7 * 1024 * 1024), "voice_too_large"),
    ]
    for filetype, data, code in refused:
        answer = await reporter.http.post(at, files={"file": ("现场", data, filetype)})
        assert answer.json()["code"] == code


async def test_covert_and_duress_answer_as_documented(reporter: Reporter) -> None:
    at = f"/api/v1/reports/{(await reporter.filed('有人跟着我'))['id']}/covert"
    for covert in (True, True, False):
        assert (await reporter.http.put(at, json={"covert": covert})).json()["covert"] is covert
    assert (await reporter.http.put(at, json={})).status_code == 422
    for word in ("给猫喂鱼", None):
        assert (await reporter.http.put("/api/v1/me/duress-word", json={"word": word})).status_code == 204
    assert (await reporter.http.put("/api/v1/me/duress-word", json={"word": ""})).status_code == 422


async def test_documents_answer_as_documented(stranger: httpx2.AsyncClient) -> None:
    for name, made in (("openapi", openapi.document()), ("asyncapi", asyncapi.document())):
        answer = await stranger.get(f"/api/v1/{name}.json")
        assert answer.json() == json.loads(json.dumps(made))
        assert answer.headers["cache-control"] == "public, max-age=300"


async def test_a_mark_and_its_appeal_answer_as_documented(
    stack: Stack, citizen: App, http: HttpContract, people: People
) -> None:
    someone = people.also(await Reporter.signed_in(citizen, verified=True))
    someone.http.event_hooks["response"].append(_checked(http))
    report = (await someone.filed("你们管不管"))["id"]
    leader = people.also(await Dispatcher.signed_in(stack.consoles[0], f"{DESK}90"))
    assert (await someone.http.get("/api/v1/me/mark")).json() == {"mark": None}
    form = {"category": "harassment", "reason": "一晚上五次"}
    headers = {"x-csrf-token": leader.csrf}
    marked = await leader.http.post(f"/console/reports/{report}/mark", headers=headers, data=form)
    assert marked.status_code == 200
    said = [await someone.http.post("/api/v1/me/mark/appeal", json={"text": text}) for text in "一二"]
    assert [answer.status_code for answer in said] == [200, 409]


async def test_receipt_keys_answer_as_documented(stranger: httpx2.AsyncClient) -> None:
    assert (await stranger.get("/.well-known/jwks.json")).status_code == 200


async def test_every_answer_that_is_no_refusal_was_really_given(
    http: HttpContract, request: pytest.FixtureRequest
) -> None:
    """What the document promises, the tests above have seen, if all of them ran."""
    selected = {getattr(item, "originalname", "") for item in request.session.items}
    if not {name for name in globals() if name.endswith("as_documented")} <= selected:
        pytest.skip("only some of the tests above were asked for")
    told = {(call.name, status) for call in openapi.CALLS for status in call.answers}
    told -= {("askForWechatNotice", 204)}  # seen where there is a WeChat: test_wechat_accounts.py
    assert told <= http.seen, told - http.seen


async def test_a_method_that_is_not_documented_is_refused_with_those_that_are(
    citizen: App, http: HttpContract
) -> None:
    async with httpx2.AsyncClient(base_url=citizen.url) as client:
        for path, item in http.document["paths"].items():
            methods = {method.upper() for method in item} | ({"HEAD"} if "get" in item else set())
            answer = await client.request("TRACE", path.format(id=NOBODY, media=NOBODY, purpose="notices"))
            assert (answer.status_code, answer.json()["code"]) == (405, "method_refused")
            # `…/media/form` is an address of `…/media/{media}` too.
            assert methods <= set(answer.headers["allow"].split(", "))
