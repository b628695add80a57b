"""The published documents are whole and well formed: every route, every code, every example."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from jsonschema import Draft7Validator
from openapi_spec_validator import OpenAPIV31SpecValidator
from starlette.routing import Route, WebSocketRoute

import asgi
from api.documents import asyncapi, openapi
from dispatch.settings import CHECKOUT
from tests.contract import HttpContract, Json, SocketContract
from web.problems import STATUS

META = CHECKOUT / "node_modules" / "@asyncapi" / "specs" / "schemas" / "3.0.0-without-$id.json"
# Codes that only the console answers with; `receipt_invalid` is for who verifies one.
CONSOLE = {
    "sign_in_failed",
    "csrf_refused",
    "role_refused",
    "already_received",
    "desk_unknown",
    "location_code_unknown",
    "not_received",
    "handled_by_another",
    "not_on_shift",
    "reports_in_hand",
    "note_unknown",
    "incident_unknown",
    "account_desk_unfit",
    "desks_not_ready",
    "hours_unfit",
    "last_administrator",
    "own_account",
    "passkey_known",
    "passkey_refused",
    "passkey_unknown",
    "passkeys_too_many",
    "password_wrong",
    "roles_apart",
    "subject_taken",
    "subject_unfit",
    "totp_not_offered",
    "account_known",
    "account_number_unfit",
    "account_role_unknown",
    "account_unknown",
    "act_unknown",
    "password_unfit",
    "passwords_differ",
    "phone_unknown_here",
    "officer_known",
    "officer_unknown",
    "officers_too_many",
    "report_withdrawn",
    "sending_unknown",
    "unit_name_taken",
    "unit_out",
    "unit_unknown",
    "units_out",
    "units_too_many",
    "not_in_hand",
    "transfer_pending",
    "transfer_ended",
    "desk_not_open",
    "proposal_pending",
    "proposal_ended",
    "second_person_needed",
    "mark_standing",
    "no_harassment",
    "appeal_answered",
    "original_damaged",
    "original_refused",
    "phone_unknown",
    "ready_key_taken",
    "ready_too_many",
    "ready_unknown",
    "reason_required",
    "report_guarded",
    "receipt_invalid",
    "report_removed",
    "hold_unknown",
    "incident_held",
    "retention_too_short",
    "desk_has_open_reports",
    "not_practised",
}
# What the router says of any path.
ROUTER = {"not_found"}


@pytest.fixture(scope="module")
def http() -> HttpContract:
    return HttpContract(openapi.document())


@pytest.fixture(scope="module")
def socket() -> SocketContract:
    return SocketContract(asyncapi.document())


def test_every_route_is_in_the_document_and_nothing_else(http: HttpContract) -> None:
    served = {
        (method, route.path)
        for route in asgi.citizen.routes
        if isinstance(route, Route) and route.path.startswith(("/api/", "/.well-known/"))
        for method in (route.methods or set()) - ({"HEAD"} if "GET" in (route.methods or ()) else set())
    }
    told = {(method.upper(), path) for path, item in http.document["paths"].items() for method in item}
    assert told == served


def test_every_socket_is_in_the_document_and_nothing_else(socket: SocketContract) -> None:
    served = {route.path for route in asgi.citizen.routes if isinstance(route, WebSocketRoute)}
    assert {channel["address"] for channel in socket.document["channels"].values()} == served


def test_the_http_document_is_openapi_31(http: HttpContract) -> None:
    assert [error.message for error in OpenAPIV31SpecValidator(http.document).iter_errors()] == []


def test_the_socket_document_is_asyncapi_30(socket: SocketContract) -> None:
    meta = Draft7Validator(json.loads(META.read_text("utf-8")))
    assert [(error.json_path, error.message) for error in meta.iter_errors(socket.document)] == []


@pytest.mark.parametrize("document", [openapi.document(), asyncapi.document()], ids=["openapi", "asyncapi"])
def test_every_reference_leads_somewhere_and_every_component_is_used(document: Json) -> None:
    led_to = set()
    for reference in _references(document):
        found: Any = document
        for part in reference.removeprefix("#/").split("/"):
            found = found[part.replace("~1", "/").replace("~0", "~")]
        led_to.add(reference)
    kinds = {kind: found for kind, found in document["components"].items() if kind != "securitySchemes"}
    unused = {
        f"{kind}/{name}"
        for kind, found in kinds.items()
        for name in found
        if f"#/components/{kind}/{name}" not in led_to
    }
    assert not unused


def _references(part: Any) -> Iterator[str]:
    if isinstance(part, dict):
        if isinstance(part.get("$ref"), str):
            yield part["$ref"]
        for value in part.values():
            yield from _references(value)
    elif isinstance(part, list):
        for value in part:
            yield from _references(value)


def test_every_example_over_http_is_what_the_schema_beside_it_says(http: HttpContract) -> None:
    checked = 0
    for path, item in http.document["paths"].items():
        for method, call in item.items():
            places = [("responses", status) for status in call["responses"]]
            for place in [*places, *([("requestBody",)] if "requestBody" in call else [])]:
                found = call
                for part in place:
                    found = found[part]
                for media_type, content in found.get("content", {}).items():
                    at = ("paths", path, method, *place, "content", media_type, "schema")
                    for name, example in content.get("examples", {}).items():
                        errors = [
                            error.message for error in http.validator(*at).iter_errors(example["value"])
                        ]
                        assert not errors, (path, method, place, name, errors)
                        checked += 1
    assert checked > 100


def test_every_example_of_a_frame_is_what_the_schema_beside_it_says(socket: SocketContract) -> None:
    for key, message in socket.document["components"]["messages"].items():
        validator = socket.validator("components", "messages", key, "payload")
        for example in message["examples"]:
            assert [error.message for error in validator.iter_errors(example["payload"])] == [], key


def test_every_json_body_and_answer_has_an_example(http: HttpContract) -> None:
    without = [
        (path, method)
        for path, item in http.document["paths"].items()
        for method, call in item.items()
        for content in [call.get("requestBody", {}).get("content", {}).get("application/json")]
        if content is not None and not content.get("examples")
    ]
    assert not without


def test_every_code_is_in_a_document_unless_it_is_the_consoles(
    http: HttpContract, socket: SocketContract
) -> None:
    told = {code for call in openapi.CALLS for codes in call.refusals().values() for code in codes}
    assert told == set(STATUS) - CONSOLE - ROUTER
    assert set(asyncapi.ERRORS) - {"frame_invalid"} <= told


def test_operations_have_names_of_their_own(http: HttpContract) -> None:
    names = [call["operationId"] for item in http.document["paths"].values() for call in item.values()]
    assert len(names) == len(set(names))
