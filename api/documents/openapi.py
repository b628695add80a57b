"""The HTTP API as an OpenAPI 3.1 document, made from the calls, the bodies' models and the answers' types."""

from collections.abc import Iterable, Mapping
from typing import Final

import orjson
from limits import parse
from starlette.requests import Request

from api import answers, bodies
from api.documents import calls, examples, my_calls, my_examples, photo_calls
from api.documents.call import JSON_TYPE, Answer, Call, Example, Form
from api.documents.parameters import HEADERS, PARAMETERS
from api.documents.schemas import Json, reference, schemas
from api.sessions import COOKIE
from dispatch.errors import Refused
from dispatch.jurisdiction import NoDeskOpen, OutsideJurisdiction
from dispatch.media_bounds import BOUNDS, MIB
from web.bodies import JSON_LIMIT
from web.limits import RATES
from web.problems import STATUS, problem

VERSION: Final = "1.0.0"
PROBLEM_TYPE: Final = "application/problem+json"
CALLS: Final = (
    *calls.ACCOUNT,
    *my_calls.CONSENTS,
    *my_calls.MY_DATA,
    *my_calls.MARKS,
    *calls.REPORTS,
    *photo_calls.UPLOADS,
    *photo_calls.SEEN,
    *calls.OPEN,
)
_BODIES: Final = {**examples.BODIES, **my_examples.BODIES}

TAGS: Final = {
    "account": "登录与本人 · Signing in, and oneself",
    "reports": "警情 · Reports",
    "photos": "照片、视频、语音 · Photos, videos, voice notes",
    "documents": "文档与公钥 · Documents and keys",
}

_MEDIA_LIMITS: Final = "; ".join(
    f"{bounds.count} {kind} of {bounds.bytes // MIB} MiB"
    + (f" and {bounds.seconds} s" if bounds.seconds else "")
    for kind, bounds in BOUNDS.items()
)
_DESCRIPTION: Final = f"""
浙江110互联网报警的开放接口：手机网页、微信小程序及其他客户端使用同一协议。
**只有 `received` 不为空，界面才可显示“已接收”。**

One protocol for the mobile page, the WeChat mini program and any other client. A report is only successful once
`received` is set: **a screen says 已接收 then and not before.** What changes is told over the socket
`/api/v1/live` (its document: `/api/v1/asyncapi.json`); a client without a socket asks `GET /api/v1/reports/{{id}}`.

- JSON in UTF-8. Times are RFC 3339 in UTC with milliseconds, identifiers UUIDs (version 7 where we make them).
- Unknown fields are passed over on both sides: this version may grow, and nothing of it goes away.
- Refusals are `application/problem+json` (RFC 9457). Programs go by `code`; `detail` is a sentence in the language of
  `Accept-Language` (`zh-CN` if not `en`). Where a report was *not* taken, `call` says whom to call: 110 by telephone,
  12110 by SMS, or the desk's own number once the desk is known.
- Any path may answer 404 `not_found` or 405 `method_refused`; wherever there is a GET there is a HEAD.
- A session is a token, in `Authorization: Bearer …` or in the cookie `{COOKIE}`. With the cookie, calls that change
  something also need an `Origin` that is this site's.
- Limits: text {bodies.TEXT_LIMIT:,} characters, place and reason {bodies.PLACE_LIMIT}, a JSON body
  {JSON_LIMIT // 1024} KiB; a report has at most {_MEDIA_LIMITS}. Each has its own `code`.
""".strip()

# What the sentences of some refusals need.
_VALUES: Final[dict[str, dict[str, object]]] = {
    "body_too_large": {"limit": JSON_LIMIT},
    "code_too_soon": {"resend_in": 42},
    "content_type_unsupported": {"expected": JSON_TYPE},
    "field_invalid": {"fields": ["location.lat"]},
    "no_desk_open": NoDeskOpen("330106").values,
    "photo_too_many_pixels": {"limit": 108},
    "video_too_many_pixels": {"limit": 9},
    **{f"{kind}_too_large": {"limit": bounds.bytes // MIB} for kind, bounds in BOUNDS.items()},
    **{f"{kind}_too_long": {"limit": bounds.seconds} for kind, bounds in BOUNDS.items() if bounds.seconds},
    **{f"{kind}s_too_many": {"limit": bounds.count} for kind, bounds in BOUNDS.items()},
    "text_too_long": {"limit": bodies.TEXT_LIMIT},
    "too_many_requests": {"resend_in": 42},
    "outside_jurisdiction": OutsideJurisdiction("land", "上海市", "Shanghai").values,
}

_RATES: Final = {
    "code_phone": "验证码，每个手机号 · codes a phone",
    "code_address": "验证码，每个网络地址 · codes an address",
    "sign_in_phone": "登录，每个手机号 · sign-ins a phone",
    "sign_in_address": "登录，每个网络地址 · sign-ins an address",
    "identity_person": "实名认证，每人 · verifications a person",
    "correction_person": "更正实名，每人 · corrections of the name a person",
    "consent_person": "同意与撤回，每人 · consents a person",
    "data_person": "查看本人数据，每人 · looks at one's data a person",
    "report_person": "报警，每人 · reports a person",
    "report_address": "报警，每个网络地址 · reports an address",
    "message_person": "消息与位置，每人 · messages and positions a person",
    "media_person": "照片、视频、语音，每人 · photos, videos and voice notes a person",
}


def document() -> Json:
    """The whole document."""
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "浙江110互联网报警 · desk110, the reporter's protocol",
            "summary": "报警、照片、消息与回执 · reports, photos, messages and receipts",
            "description": f"{_DESCRIPTION}\n\n{_rates()}",
            "version": VERSION,
        },
        "externalDocs": {"description": "WebSocket · AsyncAPI 3.0", "url": "/api/v1/asyncapi.json"},
        "servers": [{"url": "/"}],
        "tags": [{"name": name, "description": says} for name, says in TAGS.items()],
        "paths": _paths(CALLS),
        "components": {
            "schemas": schemas(_types(CALLS)),
            "parameters": PARAMETERS,
            "headers": HEADERS,
            "securitySchemes": {
                "bearer": {
                    "type": "http",
                    "scheme": "bearer",
                    "description": "The token of `POST /sessions`.",
                },
                "cookie": {
                    "type": "apiKey",
                    "in": "cookie",
                    "name": COOKIE,
                    "description": "For the page; what changes something then also needs an `Origin` of ours.",
                },
            },
        },
    }


def _rates() -> str:
    rows = "\n".join(f"| {says} | {parse(RATES[name][0])} |" for name, says in _RATES.items())
    return f"Rates in the field, answered with `too_many_requests` beyond:\n\n| | |\n|---|---|\n{rows}"


def _types(found: Iterable[Call]) -> set[type]:
    """Every type that is sent or answered."""
    sent = {call.body for call in found if isinstance(call.body, type)}
    said = {answer.body for call in found for answer in call.answers.values() if answer.body}
    return {*sent, *said, answers.Problem}


def _paths(found: Iterable[Call]) -> Json:
    paths: Json = {}
    for call in found:
        paths.setdefault(call.path, {})[call.method.lower()] = _operation(call)
    return paths


def _operation(call: Call) -> Json:
    asked = [*call.needs(), *call.parameters, "Accept-Language"]
    if call.signed_in:
        asked.append("Desk110-Reporter")
    operation: Json = {
        "operationId": call.name,
        "tags": [call.tag],
        "summary": call.title,
        "description": call.says,
        "parameters": [{"$ref": f"#/components/parameters/{name}"} for name in asked],
        "responses": {
            **{str(status): _answer(call, answer) for status, answer in call.answers.items()},
            **{str(status): _refusal(call, status, codes) for status, codes in call.refusals().items()},
        },
        "security": [{"bearer": []}, {"cookie": []}] if call.signed_in else [],
    }
    if call.body is not None:
        operation["requestBody"] = _body(call.body)
    return operation


def _body(body: type | Form) -> Json:
    if isinstance(body, Form):
        content = {body.media_type: {"schema": dict(body.schema)}}
        return {"description": body.says, "required": body.required, "content": content}
    content = {JSON_TYPE: {"schema": reference(body), "examples": _examples(_BODIES[body.__name__])}}
    return {"required": True, "content": content}


def _answer(call: Call, answer: Answer) -> Json:
    found: Json = {"description": answer.says}
    if headers := (*answer.headers, *call.headers):
        found["headers"] = _headers(headers)
    if answer.content_type:
        content: Json = {}
        if answer.body:
            content["schema"] = reference(answer.body)
        elif answer.content_type == JSON_TYPE:
            content["schema"] = {"type": "object"}
        if answer.examples:
            content["examples"] = _examples(answer.examples)
        found["content"] = dict.fromkeys((answer.content_type, *answer.or_types), content)
    if links := _links(call):
        found["links"] = links
    return found


def _links(call: Call) -> Json:
    """The calls that take what this one gives."""
    return {
        other.name: {
            "operationId": other.name,
            "parameters": {name: call.gives[name] for name in other.needs()},
        }
        for other in CALLS
        if set(other.needs()) <= set(call.gives) and set(other.needs()) - set(call.needs())
    }


def _refusal(call: Call, status: int, codes: list[str]) -> Json:
    # A defect is answered outside of what adds the call's own headers.
    own = call.headers if status != STATUS["internal"] else ()
    added = {405: ("Allow",), 429: ("Retry-After",), 503: ("Retry-After",)}
    headers = ("Content-Language", *added.get(status, ()), *own)
    found: Json = {"description": " · ".join(f"`{code}`" for code in codes), "headers": _headers(headers)}
    if call.method != "HEAD":
        narrowed: Json = {"properties": {"code": {"enum": codes}, "status": {"const": status}}}
        if call.files_a_report:
            narrowed["required"] = ["call"]
        found["content"] = {
            PROBLEM_TYPE: {
                "schema": {"allOf": [reference(answers.Problem), narrowed]},
                "examples": {code: {"value": _problem(call, code, status)} for code in codes},
            }
        }
    return found


def _problem(call: Call, code: str, status: int) -> Json:
    """The refusal as it is really answered, to somebody who asks for no language."""
    asked = Request({"type": "http", "headers": [], "state": {"files_a_report": call.files_a_report}})
    answer = problem(asked, Refused(code, **_VALUES.get(code, {})), status)
    body: Json = orjson.loads(bytes(answer.body))
    return body


def _examples(found: Mapping[str, Example]) -> Json:
    return {name: {"summary": says, "value": value} for name, (says, value) in found.items()}


def _headers(names: Iterable[str]) -> Json:
    return {name: {"$ref": f"#/components/headers/{name}"} for name in names}
