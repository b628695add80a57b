"""What schemathesis needs beyond the OpenAPI document. It reads this file when it starts.

Of the identifiers, keys, offsets and codes that it makes up, many become those of something that there is: a made-up
one is only ever unknown. Who ends a session is somebody new each time, else everything that comes afterwards is
answered with 401.
"""

import itertools
import os
from typing import Any
from uuid import NAMESPACE_OID, uuid5
from zlib import crc32

import httpx2
import orjson
import schemathesis
from schemathesis import Case, CheckContext, HookContext, Response, SerializationContext

from api import tus
from tests.pictures import encoded, scene

# From tests/test_generated_requests.py: who asks, what they have, and where every answer is written down.
OWN: dict[str, str] = orjson.loads(os.environ["DESK110_TEST_OWN"])
ANSWERS = open(os.environ["DESK110_TEST_ANSWERS"], "ab", buffering=0)  # noqa: SIM115 - as long as the process lives

# What ends the session, and what only somebody without a report may do.
BY_SOMEBODY_NEW = {"signOut", "closeAccount", "eraseIdentity"}
PROVES_A_PHONE = {"signIn", "changePhone"}
OF_AN_UPLOAD = {"askPhoto", "appendToPhoto", "actOnPhoto"}

_phones = itertools.count(13_700_000_000)


@schemathesis.serializer(tus.BODY_TYPE)
def piece(_context: SerializationContext, value: object) -> bytes:
    """A piece of a photo is bytes as they are."""
    return value if isinstance(value, bytes) else str(value).encode()


@schemathesis.hook
def before_call(_context: HookContext, case: Case[Any], _kwargs: dict[str, Any]) -> None:
    """Who asks, and about what."""
    call = name_of(case)
    own = {**OWN, **somebody_new()} if call in BY_SOMEBODY_NEW else OWN
    made_up = repr((case.path_parameters, case.query, case.headers, case.body))

    def chosen(name: str, but_one_in: int) -> bool:
        # Always the same of the same case, so that what fails fails again.
        return crc32(f"{name} {made_up}".encode()) % but_one_in != 0

    def put(fields: Any, name: str, there: str, but_one_in: int = 4) -> None:
        if name in fields and chosen(name, but_one_in):
            fields[name] = there

    case.headers["Authorization"] = f"Bearer {own['token']}"
    put(case.headers, "Desk110-Reporter", own["reporter"], but_one_in=16)
    put(case.headers, "Idempotency-Key", str(uuid5(NAMESPACE_OID, repr(case.body))), but_one_in=2)
    put(case.headers, "Upload-Offset", has_come() if call in OF_AN_UPLOAD else "0")
    put(case.path_parameters, "id", own["report"])
    if "DELETE" not in {case.method.upper(), str(case.headers.get("X-HTTP-Method-Override")).upper()}:
        put(case.path_parameters, "media", own["upload" if call in OF_AN_UPLOAD else "photo"])
    elif case.path_parameters.get("media") in {own["upload"], own["photo"]}:
        # It stands in answers too, and once removed it would be unknown to all that comes afterwards.
        case.path_parameters["media"] = own["report"]
    if isinstance(case.body, dict):
        put(case.body, "request_id", own["question"])
        if call in PROVES_A_PHONE and chosen("proof", but_one_in=2):
            case.body |= proof()
        if call == "sendPhoto" and chosen("photo", but_one_in=2):
            photo: dict[str, Any] = {"file": encoded(scene()), "client_id": "sent-again"}
            case.body |= photo


def somebody_new() -> dict[str, str]:
    """Who has just signed in: `token`, `reporter`."""
    opened = ask("POST", "/sessions", json=proof()).json()
    return {"token": opened["token"], "reporter": opened["reporter"]["id"]}


def proof() -> dict[str, str]:
    """A phone that nobody has yet, and the code that was sent to it."""
    phone = {"phone": str(next(_phones))}
    return {**phone, "code": ask("POST", "/phone-codes", json=phone).json()["demo_code"]}


def has_come() -> str:
    """Bytes of the unfinished upload."""
    headers = {"authorization": f"Bearer {OWN['token']}", "tus-resumable": tus.VERSION}
    asked = ask("HEAD", f"/reports/{OWN['report']}/media/{OWN['upload']}", headers=headers)
    return asked.headers.get("upload-offset", "0")


def ask(method: str, path: str, **rest: Any) -> httpx2.Response:
    """What belongs to no test."""
    return httpx2.request(method, f"{OWN['url']}/api/v1{path}", **rest)


@schemathesis.hook
def after_call(_context: HookContext, case: Case[Any], response: Response) -> None:
    """What was answered to which call, a line each."""
    refused = response.status_code >= 400 and response.content
    code = response.json()["code"] if refused else ""
    ANSWERS.write(f"{name_of(case)} {response.status_code} {code}\n".encode())


def name_of(case: Case[Any]) -> str:
    """The call by its name in the document."""
    return str(case.operation.definition.raw["operationId"])


@schemathesis.check
def no_defect(_context: CheckContext, response: Response, _case: Case[Any]) -> None:
    """A documented 501 or 503 is an answer; a 500 is a defect, whatever the document says of it."""
    assert response.status_code != 500
