"""Bad bodies over HTTP: each gets its code, nothing is written, nothing breaks, the next good report goes through."""

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any
from uuid import uuid4

import httpx2
import pytest
from hypothesis import HealthCheck, event, given
from hypothesis import settings as with_settings
from hypothesis import strategies as st
from starlette.routing import Route

import asgi
from dispatch.consents import EDITIONS
from tests.people import ID_NUMBER, Dispatcher, Reporter
from tests.servers import LOOPBACK
from tests.stack import XIHU, Stack
from tests.witness import assert_problem, counts, nothing_written, unharmed
from web.bodies import JSON_LIMIT

pytestmark = pytest.mark.anyio

JSON = {"content-type": "application/json"}
GOOD = {"kind": "quick", "text": "有人打架", "location": XIHU}


@pytest.fixture(scope="module")
async def reporter(stack: Stack) -> AsyncIterator[Reporter]:
    someone = await Reporter.signed_in(stack.citizens[0], verified=True)
    yield someone
    await someone.leave()


@pytest.fixture(scope="module")
async def report(reporter: Reporter) -> dict[str, Any]:
    return await reporter.filed()


@pytest.fixture(scope="module")
async def dispatcher(stack: Stack) -> AsyncIterator[Dispatcher]:
    someone = await Dispatcher.signed_in(stack.consoles[0])
    yield someone
    await someone.leave()


@pytest.fixture(autouse=True)
async def taken_again(stack: Stack, reporter: Reporter) -> AsyncIterator[None]:
    """After every test: no defect in any log, and a good report is taken."""
    async with unharmed(stack):
        yield
        assert (await reporter.file()).status_code == 201


def raw(value: object) -> bytes:
    """JSON as any client writes it; lone surrogates become escapes, NaN a literal."""
    return json.dumps(value).encode()


async def post(reporter: Reporter, body: bytes | str, **headers: str) -> httpx2.Response:
    """POST a report's body as it is."""
    content = body if isinstance(body, bytes) else body.encode()
    return await reporter.http.post(
        "/api/v1/reports", content=content, headers={**JSON, "idempotency-key": str(uuid4()), **headers}
    )


async def refused(stack: Stack, reporter: Reporter, body: bytes, code: str, **headers: str) -> dict[str, Any]:
    """The body is refused with this code, in both languages, with whom to call; nothing is written."""
    with nothing_written(stack):
        problem = assert_problem(await post(reporter, body, **headers), code, call=True)
        english = await post(reporter, body, **headers, **{"accept-language": "en"})
        assert_problem(english, code, call=True, language="en")
    return problem


# A field, and what must not stand in it. `location.lat` is inside `location`.
WRONG: list[tuple[str, list[Any]]] = [
    ("kind", ["urgent", "", "QUICK", 1, None, True, [], {}]),
    ("text", [1, None, True, 1.5, [], {"a": 1}]),
    ("category", ["murder", "", "invalid", 1, False, []]),
    ("covert", ["yes", "true", 1, 0, None, []]),
    ("place_text", ["字" * 501, 1, True, [], {}]),
    ("location", [5, "30.25,120.12", [30.25, 120.12], True]),
    ("location.lat", ["30.25", None, True, [], {}, ""]),
    ("location.lon", ["120.12", None, False, []]),
    ("location.crs", ["epsg:4490", "WGS84", "", 1, None]),
    ("location.accuracy_m", ["15", True, [], {}]),
    ("location.source", ["oracle", "", 1, None]),
    (
        "location.at",
        ["yesterday", "", "2026-11-23T10:00:00", "2026-13-45T99:00:00Z", True, {}, 1e300, 10**400],
    ),
    ("media_expected", [-1, 21, 1.5, "2", True, None, 10**400, [], float("nan")]),
    ("fraud", ["x", 1, True, [], [{"a": 1}]]),
]
CASES = [(field, value) for field, values in WRONG for value in values]


@pytest.mark.parametrize(("field", "value"), CASES, ids=[f"{f}={raw(v)[:24]!r}" for f, v in CASES])
async def test_a_wrong_field_of_a_report_is_named(
    stack: Stack, reporter: Reporter, field: str, value: object
) -> None:
    body: dict[str, Any] = {**GOOD, "location": dict(XIHU)}
    outer, _, inner = field.rpartition(".")
    (body[outer] if outer else body)[inner] = value
    problem = await refused(stack, reporter, raw(body), "field_invalid")
    assert problem["fields"] == [field]
    assert field in problem["detail"]


@pytest.mark.parametrize("missing", ["lat", "lon"])
async def test_half_a_position_is_refused(stack: Stack, reporter: Reporter, missing: str) -> None:
    half = {name: value for name, value in XIHU.items() if name != missing}
    problem = await refused(stack, reporter, raw({**GOOD, "location": half}), "field_invalid")
    assert problem["fields"] == [f"location.{missing}"]


@pytest.mark.parametrize(
    "facts",
    [
        {"amount": 10**400},
        {"amount": 2**64},
        {"amount": -(2**53)},
        {"amount": float("nan")},
        {"amount": float("inf")},
        {"a": {"b": {"c": {"d": {"e": 1}}}}},
        {"a": [[[[[1]]]]]},
    ],
    ids=str,
)
async def test_facts_of_a_fraud_that_not_every_program_reads_alike_are_refused(
    stack: Stack, reporter: Reporter, facts: dict[str, Any]
) -> None:
    problem = await refused(stack, reporter, raw({**GOOD, "kind": "fraud", "fraud": facts}), "field_invalid")
    assert problem["fields"] == ["fraud"]


@pytest.mark.parametrize("field", ["text", "fraud"])
async def test_a_text_over_the_limit_has_its_own_code(stack: Stack, reporter: Reporter, field: str) -> None:
    text = "字" * 4001
    body = {**GOOD, field: {"story": text} if field == "fraud" else text}
    problem = await refused(stack, reporter, raw(body), "text_too_long")
    assert problem["limit"] == 4000
    assert "4000" in problem["detail"]


@pytest.mark.parametrize("where", [{}, {"place_text": ""}, {"place_text": " \u3000\n"}, {"location": None}])
async def test_a_report_from_nowhere_is_asked_where_it_is(
    stack: Stack, reporter: Reporter, where: dict[str, Any]
) -> None:
    await refused(stack, reporter, raw({"kind": "quick", "text": "救命", **where}), "place_required")


LOCATION = raw(XIHU)
UNREADABLE = {
    "nothing": b"",
    "white space": b" \n ",
    "half": b'{"text": "x", "location":',
    "something after it": raw(GOOD) + b"x",
    "a list": raw([GOOD]),
    "a string": b'"help"',
    "a number": b"110",
    "null": b"null",
    "single quotes": b"{'text': 'x'}",
    "a form": b"text=x&kind=quick",
    "XML": b"<?xml version='1.0'?><!DOCTYPE a [<!ENTITY b SYSTEM 'file:///etc/passwd'>]><a>&b;</a>",
    "compressed": b"\x1f\x8b\x08\x00" + bytes(30),
    "a byte order mark": b"\xef\xbb\xbf" + raw(GOOD),
    "UTF-16": json.dumps(GOOD).encode("utf-16"),
    "GB 18030": json.dumps(GOOD, ensure_ascii=False).encode("gb18030"),
    "a lone surrogate, escaped": b'{"text":"\\ud800","location":' + LOCATION + b"}",
    "a lone surrogate, in bytes": b'{"text":"\xed\xa0\x80","location":' + LOCATION + b"}",
    "an overlong character": b'{"text":"\xc0\xaf","location":' + LOCATION + b"}",
    "a NUL as it is": b'{"text":"a\x00b","location":' + LOCATION + b"}",
    "an integer of 5,000 digits": b'{"media_expected":' + b"9" * 5000 + b',"location":' + LOCATION + b"}",
    "a thousand lists in one another": b'{"fraud":{"a":' + b"[" * 1000 + b"]" * 1000 + b"}}",
    "30,000 open brackets": b"[" * 30_000,
}


@pytest.mark.parametrize("body", UNREADABLE.values(), ids=UNREADABLE.keys())
async def test_what_is_no_json_object_is_unreadable(stack: Stack, reporter: Reporter, body: bytes) -> None:
    await refused(stack, reporter, body, "body_unreadable")


async def test_one_byte_over_64_kib_is_too_large_and_64_kib_are_not(stack: Stack, reporter: Reporter) -> None:
    body = raw(GOOD)
    await refused(stack, reporter, body.ljust(JSON_LIMIT + 1), "body_too_large")
    assert (await post(reporter, body.ljust(JSON_LIMIT))).status_code == 201


async def test_a_body_without_a_length_is_counted_as_it_comes(stack: Stack, reporter: Reporter) -> None:
    async def chunks(body: bytes) -> AsyncIterator[bytes]:
        for start in range(0, len(body), 4096):
            yield body[start : start + 4096]

    headers = {**JSON, "idempotency-key": str(uuid4())}
    good = await reporter.http.post("/api/v1/reports", content=chunks(raw(GOOD)), headers=headers)
    assert good.status_code == 201
    headers["idempotency-key"] = str(uuid4())
    endless = raw(GOOD).ljust(1_000_000)
    with nothing_written(stack):
        answer = await reporter.http.post("/api/v1/reports", content=chunks(endless), headers=headers)
        assert_problem(answer, "body_too_large", call=True)


async def test_thirty_megabytes_are_refused_before_they_are_read(stack: Stack, reporter: Reporter) -> None:
    with nothing_written(stack):
        answer = await post(reporter, bytes(30_000_000))
        assert_problem(answer, "body_too_large", call=True)


@pytest.mark.parametrize(
    "content_type",
    [
        "text/plain",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "application/jsonx",
        "",
    ],
)
async def test_only_json_is_taken_as_a_report(stack: Stack, reporter: Reporter, content_type: str) -> None:
    await refused(stack, reporter, raw(GOOD), "content_type_unsupported", **{"content-type": content_type})


@pytest.mark.parametrize(
    ("key", "code"),
    [
        ("", "idempotency_key_required"),
        ('""', "idempotency_key_required"),
        ("1", "idempotency_key_invalid"),
        ("not-a-uuid", "idempotency_key_invalid"),
        ("0" * 31, "idempotency_key_invalid"),
        ("0" * 4000, "idempotency_key_invalid"),
        ("' OR 1=1 --", "idempotency_key_invalid"),
    ],
)
async def test_a_report_needs_a_key_that_is_a_uuid(
    stack: Stack, reporter: Reporter, key: str, code: str
) -> None:
    await refused(stack, reporter, raw(GOOD), code, **{"idempotency-key": key})


async def test_a_report_without_any_key_is_refused(stack: Stack, reporter: Reporter) -> None:
    with nothing_written(stack):
        answer = await reporter.http.post("/api/v1/reports", content=raw(GOOD), headers=JSON)
        assert_problem(answer, "idempotency_key_required", call=True)


async def test_a_key_used_twice_with_another_body_is_a_conflict_and_with_the_same_is_the_same_report(
    stack: Stack, reporter: Reporter
) -> None:
    key = str(uuid4())
    first = await post(reporter, raw(GOOD), **{"idempotency-key": key})
    assert first.status_code == 201
    other_look = json.dumps(dict(reversed(GOOD.items())), indent=4, ensure_ascii=False).encode()
    with nothing_written(stack):
        again = await post(reporter, other_look, **{"idempotency-key": key.upper()})
        assert again.status_code == 200
        assert again.json()["id"] == first.json()["id"]
        for other in ({**GOOD, "text": "别的"}, {**GOOD, "covert": True}, {**GOOD, "place_text": "门口"}):
            answer = await post(reporter, raw(other), **{"idempotency-key": key})
            assert_problem(answer, "idempotency_conflict", call=True)


# What looks odd and is yet somebody's cry for help: (what is sent, what stands in the report).
ODD: list[tuple[str, dict[str, Any], dict[str, Any]]] = [
    ("control characters", {"text": "救\x00命\x07\x1b[31m\n快\t来"}, {"text": "救命[31m\n快\t来"}),
    ("a direction override", {"text": "a\u202egnp.exe"}, {"text": "a\u202egnp.exe"}),
    ("4,000 characters of four bytes", {"text": "😱" * 4000}, {"text": "😱" * 4000}),
    ("markup", {"text": "<script>alert(1)</script>{{7*7}}"}, {"text": "<script>alert(1)</script>{{7*7}}"}),
    ("SQL", {"text": "'; DROP TABLE report; --"}, {"text": "'; DROP TABLE report; --"}),
    ("a field of a newer client", {"mood": {"a": [1]}}, {}),
    ("NaN for an accuracy", {"location": {**XIHU, "accuracy_m": float("nan")}}, {}),
    ("minus one for an accuracy", {"location": {**XIHU, "accuracy_m": -1}}, {}),
    ("minus nothing for an accuracy", {"location": {**XIHU, "accuracy_m": -0.0}}, {}),
    ("an accuracy of half the Earth", {"location": {**XIHU, "accuracy_m": 1e308}}, {}),
    ("an infinite accuracy", {"location": {**XIHU, "accuracy_m": float("inf")}}, {}),
    ("a moment before UTC began", {"location": {**XIHU, "at": "0001-01-01T00:00:00+14:00"}}, {}),
    ("a moment after the calendar", {"location": {**XIHU, "at": "9999-12-31T23:59:59-14:00"}}, {}),
    ("a moment in seconds", {"location": {**XIHU, "at": 1_700_000_000}}, {}),
    ("a lost clock", {"location": {**XIHU, "at": "1970-01-01T00:00:00Z"}}, {}),
    ("empty names", {"kind": "fraud", "fraud": {"": {"": [None, True, 2**53 - 1]}}}, {"kind": "fraud"}),
]


@pytest.mark.parametrize(("sent", "kept"), [odd[1:] for odd in ODD], ids=[odd[0] for odd in ODD])
async def test_what_is_only_odd_is_taken_and_a_dispatcher_can_read_it(
    reporter: Reporter, dispatcher: Dispatcher, sent: dict[str, Any], kept: dict[str, Any]
) -> None:
    answer = await post(reporter, raw({**GOOD, **sent}))
    assert answer.status_code == 201, answer.text
    report = await reporter.report(answer.json()["id"])
    assert report.items() >= kept.items()
    hand = await dispatcher.http.get(f"/console/reports/{report['id']}")
    assert hand.status_code == 200
    assert "<script>alert" not in hand.text
    queue = await dispatcher.http.get("/console/queue")
    assert report["id"] in queue.text


async def test_of_a_key_that_comes_twice_in_a_body_the_last_counts(reporter: Reporter) -> None:
    body = b'{"text":"one","text":"two","covert":"?","covert":true,"location":' + LOCATION + b"}"
    answer = await post(reporter, body)
    assert (answer.status_code, answer.json()["text"], answer.json()["covert"]) == (201, "two", True)


# The other routes that take JSON: (method, path), a body that is taken, and a field with what must not stand in it.
ROUTES: dict[tuple[str, str], tuple[dict[str, Any], list[tuple[str, list[Any]]]]] = {
    ("POST", "/phone-codes"): (
        {"phone": "13912345678"},
        [("phone", [None, 1, 13912345678, True, [], {}, "", "12", "1" * 33])],
    ),
    ("POST", "/sessions"): (
        {"phone": "13912345678", "code": "000000"},
        [
            ("phone", [1, True, [], {}, "12", "1" * 33]),
            ("code", [0, True, [], {}, "", "0" * 13]),
            ("wechat_code", [1, [], "", "x" * 257]),
        ],
    ),
    ("PATCH", "/me"): (
        {"hearing_speech_impaired": False},
        [
            ("hearing_speech_impaired", ["yes", 1, 0, []]),
            ("language", [1, "", "e", "en_US", "../en", "en\x00", "fr", "x" * 17]),
        ],
    ),
    ("POST", "/me/mark/appeal"): (
        {"text": "我没有骚扰"},
        [("text", [None, 1, True, [], {}, "", "字" * 1001])],
    ),
    ("POST", "/reports/{id}/wechat-notice"): (
        {"wechat_code": "abc"},
        [("wechat_code", [None, 1, True, [], {}, "", "x" * 257])],
    ),
    ("PUT", "/me/identity"): (
        {"name": "张三", "id_number": ID_NUMBER},
        [
            ("name", [None, 1, True, [], {}, "", "张" * 101]),
            ("id_number", [None, 1, 33010619900101, [], {}, "", "1" * 65]),
        ],
    ),
    ("POST", "/me/identity/corrections"): (
        {"name": "张三", "id_number": ID_NUMBER},
        [
            ("name", [None, 1, True, [], {}, "", "张" * 101]),
            ("id_number", [None, 1, 33010619900101, [], {}, "", "1" * 65]),
        ],
    ),
    ("PUT", "/me/phone"): (
        {"phone": "13912345678", "code": "000000"},
        [
            ("phone", [None, 1, 13912345678, True, [], {}, "", "12", "1" * 33]),
            ("code", [None, 0, True, [], {}, "", "0" * 13]),
        ],
    ),
    ("PUT", "/me/consents/{purpose}"): (
        {"given": True, "wording": EDITIONS["notices"]},
        [
            ("given", [None, 1, 0, "true", "yes", [], {}]),
            ("wording", [1, True, [], {}, "", "x" * 33]),
        ],
    ),
    ("PUT", "/me/duress-word"): (
        {"word": "明天的鱼买了吗"},
        [("word", [1, True, [], {}, "", "字" * 61])],
    ),
    ("PUT", "/reports/{id}/covert"): (
        {"covert": True},
        [("covert", [None, 1, 0, "yes", "true", [], {}])],
    ),
    ("POST", "/reports/{id}/messages"): (
        {"client_id": "a", "text": "快来"},
        [
            ("client_id", [None, 1, [], "", "x" * 65, "a b", "a/b", "啊", "a\x00", "a\n"]),
            ("text", [None, 1, [], {}, "", "   ", "\x00\x07"]),
        ],
    ),
    ("POST", "/reports/{id}/locations"): (
        dict(XIHU),
        [
            ("lat", [None, "30", True, []]),
            ("lon", [None, "120", True, []]),
            ("crs", ["epsg:4490", 1]),
            ("accuracy_m", ["15", True]),
            ("source", ["oracle", None]),
            ("at", ["now", True, "2026-11-23T10:00:00"]),
        ],
    ),
    ("POST", "/reports/{id}/answers"): (
        {"request_id": "00000000-0000-7000-8000-000000000000", "answer": "是"},
        [
            ("request_id", [None, 1, "x", "", [], {}]),
            ("answer", [None, 1, True, [], {}, "", " ", "\x00"]),
        ],
    ),
    ("POST", "/reports/{id}/withdrawal"): (
        {"reason": "误报"},
        [("reason", [None, 1, True, [], {}, "字" * 501])],
    ),
}
# Of what else has a body: `POST /reports` is what stands above, and media are bytes, told by test_uploads and
# test_bad_photos.
ASIDE = {
    # PATCH under another name, for who knows no PATCH.
    ("POST", "/me"),
    ("POST", "/reports"),
    ("POST", "/reports/{id}/media"),
    ("POST", "/reports/{id}/media/form"),
    ("PATCH", "/reports/{id}/media/{media}"),
    ("POST", "/reports/{id}/media/{media}"),
}
OTHERS = [
    (method, path, field, value)
    for (method, path), (_, fields) in ROUTES.items()
    for field, values in fields
    for value in values
]


async def ask(
    reporter: Reporter, report: str, method: str, path: str, body: bytes, **headers: str
) -> httpx2.Response:
    """Any of those routes, about the reporter's report and one purpose."""
    address = "/api/v1" + path.format(id=report, purpose="notices")
    return await reporter.http.request(method, address, content=body, headers={**JSON, **headers})


async def test_every_route_that_takes_a_body_is_asked_below() -> None:
    taking = {
        (method, route.path.removeprefix("/api/v1"))
        for route in asgi.citizen.routes
        if isinstance(route, Route) and route.path.startswith("/api/v1/")
        for method in (route.methods or set()) & {"POST", "PUT", "PATCH"}
    }
    assert taking == ROUTES.keys() | ASIDE


@pytest.mark.parametrize(
    ("method", "path", "field", "value"), OTHERS, ids=[f"{p} {f}={raw(v)[:20]!r}" for _, p, f, v in OTHERS]
)
async def test_a_wrong_field_of_any_body_is_named(
    stack: Stack,
    reporter: Reporter,
    report: dict[str, Any],
    method: str,
    path: str,
    field: str,
    value: object,
) -> None:
    body = raw({**ROUTES[method, path][0], field: value})
    with nothing_written(stack):
        answer = await ask(reporter, report["id"], method, path, body)
        problem = assert_problem(answer, "field_invalid")
        assert problem["fields"] == [field]
        english = await ask(
            reporter, report["id"], method, path, body, **{"accept-language": "en-GB,en;q=0.9"}
        )
        assert_problem(english, "field_invalid", language="en")


@pytest.mark.parametrize(("method", "path"), ROUTES, ids=[path for _, path in ROUTES])
async def test_every_route_that_takes_json_takes_nothing_else(
    stack: Stack, reporter: Reporter, report: dict[str, Any], method: str, path: str
) -> None:
    good = raw(ROUTES[method, path][0])
    with nothing_written(stack):
        for body in UNREADABLE.values():
            assert_problem(await ask(reporter, report["id"], method, path, body), "body_unreadable")
        for content_type in ("", "text/json", "application/x-www-form-urlencoded"):
            answer = await ask(reporter, report["id"], method, path, good, **{"content-type": content_type})
            assert_problem(answer, "content_type_unsupported")
        answer = await ask(reporter, report["id"], method, path, good.ljust(JSON_LIMIT + 1))
        assert_problem(answer, "body_too_large")


@pytest.mark.parametrize(
    ("method", "path", "body", "code"),
    [
        ("POST", "/phone-codes", {"phone": "110"}, "phone_invalid"),
        ("POST", "/phone-codes", {"phone": "139123456789"}, "phone_invalid"),
        ("POST", "/phone-codes", {"phone": "1391234567a"}, "phone_invalid"),
        ("POST", "/phone-codes", {"phone": "13912345678;ext=1"}, "phone_invalid"),
        ("POST", "/phone-codes", {"phone": "+"}, "field_invalid"),
        ("POST", "/phone-codes", {"phone": "+99999999999999"}, "phone_invalid"),
        ("POST", "/phone-codes", {"phone": "13912\x00345678"}, "phone_invalid"),
        ("POST", "/sessions", {"phone": "110", "code": "000000"}, "phone_invalid"),
        ("POST", "/sessions", {"phone": "13912345678"}, "field_invalid"),
        ("POST", "/sessions", {"code": "000000"}, "field_invalid"),
        ("POST", "/sessions", {}, "field_invalid"),
        ("POST", "/sessions", {"wechat_code": "x"}, "wechat_unavailable"),
        ("POST", "/reports/{id}/messages", {"client_id": "a", "text": "字" * 4001}, "text_too_long"),
        (
            "POST",
            "/reports/{id}/answers",
            {"request_id": "00000000-0000-7000-8000-000000000000", "answer": "字" * 4001},
            "text_too_long",
        ),
        (
            "POST",
            "/reports/{id}/answers",
            {"request_id": "00000000-0000-7000-8000-000000000000", "answer": "是"},
            "request_unknown",
        ),
        ("POST", "/reports/{id}/locations", {**XIHU, "lat": 0, "lon": 0}, "position_invalid"),
        ("POST", "/reports/{id}/locations", {**XIHU, "lat": float("nan")}, "position_invalid"),
        ("POST", "/reports/{id}/locations", {**XIHU, "lon": 181}, "position_invalid"),
        ("POST", "/reports/{id}/locations", {**XIHU, "lat": 10**400}, "position_invalid"),
    ],
    ids=lambda value: str(value)[:60],
)
async def test_what_is_well_formed_and_wrong_has_the_code_of_its_rule(
    stack: Stack,
    reporter: Reporter,
    report: dict[str, Any],
    method: str,
    path: str,
    body: dict[str, Any],
    code: str,
) -> None:
    with nothing_written(stack):
        assert_problem(await ask(reporter, report["id"], method, path, raw(body)), code)


@pytest.mark.parametrize(
    "cursor",
    [
        "x",
        "MTIz",
        "MTIzLjAxMjM",
        "%00",
        "9" * 5000,
        "LTk5OTk5OTk5OTk5OTk5OTk5Ljk",
        "%ff%fe",
        "....",
        "' OR 1=1",
    ],
)
async def test_a_cursor_that_is_none_of_ours_is_refused(reporter: Reporter, cursor: str) -> None:
    answer = await reporter.http.get(f"/api/v1/reports?cursor={cursor}")
    assert_problem(answer, "cursor_invalid")


@pytest.mark.parametrize(
    "id_", ["1", "x" * 36, "00000000-0000-0000-0000-000000000000", "%00", "..%2f..%2fetc", "0" * 5000, "%ff"]
)
@pytest.mark.parametrize(("method", "path"), [("GET", ""), ("POST", "/messages"), ("POST", "/withdrawal")])
async def test_an_identifier_that_is_none_names_no_report(
    stack: Stack, reporter: Reporter, id_: str, method: str, path: str
) -> None:
    body = raw({"client_id": "a", "text": "b", "reason": "c"})
    with nothing_written(stack):
        answer = await reporter.http.request(
            method, f"/api/v1/reports/{id_}{path}", content=body, headers=JSON
        )
        # With slashes in it, it is another address.
        assert_problem(answer, "not_found" if "%2f" in id_ else "report_unknown")


NO_HTTP = {
    "words": b"HELLO\r\n\r\n",
    "a TLS greeting": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(60) + b"\r\n\r\n",
    "a method that nobody knows": b"BREW / HTTP/1.1\r\nhost: x\r\n\r\n",
    "raw bytes in the address": b"GET /\xe4\xb8\xad HTTP/1.1\r\nhost: x\r\n\r\n",
    "a length that is no number": b"POST /api/v1/reports HTTP/1.1\r\nhost: x\r\ncontent-length: \xb2\r\n\r\n",
    "a negative length": b"POST /api/v1/reports HTTP/1.1\r\nhost: x\r\ncontent-length: -1\r\n\r\n",
    "two lengths": b"POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\nab",
    "a length and chunks": b"POST / HTTP/1.1\r\ncontent-length: 4\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n",
}


@pytest.mark.parametrize("sent", NO_HTTP.values(), ids=NO_HTTP.keys())
async def test_what_is_no_http_is_answered_with_400_and_hung_up_on(stack: Stack, sent: bytes) -> None:
    reader, writer = await asyncio.open_connection(LOOPBACK, stack.citizens[0].port)
    writer.write(sent)
    answer = await asyncio.wait_for(reader.read(), 20)
    writer.close()
    assert answer.startswith(b"HTTP/1.1 400 ")


# --- generated

# Surrogates too: a JSON string can escape half a character.
ANY_TEXT = st.characters(exclude_categories=())
NAMES = st.text(ANY_TEXT, max_size=8)
JSON_VALUES: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(ANY_TEXT, max_size=20),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(st.characters(), max_size=8), inner, max_size=3)
    ),
    max_leaves=8,
)
PLAUSIBLE: dict[str, st.SearchStrategy[Any]] = {
    "kind": st.sampled_from(["quick", "location", "fraud", "tip"]),
    "text": st.text(max_size=50),
    "category": st.none() | st.sampled_from(["crime", "fire"]),
    "covert": st.booleans(),
    "place_text": st.none() | st.text(max_size=50),
    "location": st.none()
    | st.fixed_dictionaries(
        {"lat": st.floats(27, 31.5), "lon": st.floats(118, 123)},
        optional={"accuracy_m": st.floats(), "at": st.datetimes().map(lambda at: f"{at.isoformat()}Z")},
    ),
    "media_expected": st.integers(0, 20),
    "fraud": st.none() | st.dictionaries(st.text(max_size=8), JSON_VALUES, max_size=4),
}
# A good body with something in one field, or a body of anything in any field.
NEARLY_GOOD = st.sampled_from(sorted(PLAUSIBLE)).flatmap(
    lambda name: (PLAUSIBLE[name] | JSON_VALUES).map(lambda value: {**GOOD, name: value})
)
BODIES = st.fixed_dictionaries({}, optional={name: PLAUSIBLE[name] | JSON_VALUES for name in PLAUSIBLE})
CODES = {
    400: {"body_unreadable"},
    422: {"field_invalid", "place_required", "position_invalid", "outside_jurisdiction", "text_too_long"},
}


@given(body=NEARLY_GOOD.map(raw) | BODIES.map(raw) | JSON_VALUES.map(raw) | st.binary(max_size=200))
@with_settings(
    max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
async def test_whatever_is_sent_is_taken_whole_or_refused_whole(
    stack: Stack, reporter: Reporter, body: bytes
) -> None:
    before = counts(stack.database)
    answer = await post(reporter, body)
    after = counts(stack.database)
    event(f"{answer.status_code} {answer.json().get('code', '')}")
    if answer.status_code == 201:
        written = {"report": 1, "event": 1}
        # A position that is uploaded gets its code with it.
        written |= {"location_code": 1} if answer.json()["kind"] == "location" else {}
        assert {name: after[name] - before[name] for name in after if after[name] != before[name]} == written
        assert (await reporter.http.get(f"/api/v1/reports/{answer.json()['id']}")).status_code == 200
        return
    assert answer.status_code in CODES, answer.text
    problem = answer.json()
    assert problem["code"] in CODES[answer.status_code]
    assert problem["call"]
    assert before == after
