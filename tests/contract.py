"""The published documents, held against what the running app really says."""

import copy
import re
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any
from urllib.parse import urlsplit

import httpx2
from jsonschema import Draft7Validator, Draft202012Validator
from referencing import Registry
from referencing.jsonschema import DRAFT7, DRAFT202012

from tests.people import Dispatcher

Json = dict[str, Any]

HTTP, SOCKET = "urn:desk110:openapi", "urn:desk110:asyncapi"
PROBLEM_TYPE = "application/problem+json"


def closed(document: Json) -> Json:
    """The document with every named object closed: what it does not name must not be said either."""
    found = copy.deepcopy(document)
    for schema in found["components"]["schemas"].values():
        if "properties" in schema:
            schema["additionalProperties"] = False
    return found


def pointer(*parts: object) -> str:
    """A JSON Pointer (RFC 6901) as a fragment."""
    return "#/" + "/".join(str(part).replace("~", "~0").replace("/", "~1") for part in parts)


async def ask(dispatcher: Dispatcher, report: str) -> None:
    """A question that can be answered by a tap."""
    answer = await dispatcher.http.post(
        f"/console/reports/{report}/requests",
        headers={"x-csrf-token": dispatcher.csrf},
        data={"client_id": "q-1", "kind": "answer", "text": "您现在安全吗？", "answers": "是\n否"},
    )
    assert answer.status_code == 200, answer.text


@dataclass
class HttpContract:
    """The OpenAPI document. `seen` gathers which answer of which call was really given."""

    document: Json
    seen: set[tuple[str, int]] = field(default_factory=set)  # operationId, status
    codes: set[tuple[str, str]] = field(default_factory=set)  # operationId, code

    @cached_property
    def _registry(self) -> "Registry[Any]":
        resource = DRAFT202012.create_resource(closed(self.document))
        registry: Registry[Any] = Registry().with_resource(HTTP, resource)
        return registry

    @cached_property
    def _paths(self) -> list[tuple[re.Pattern[str], str]]:
        """Patterns, those with the fewest placeholders first."""
        templates = sorted(self.document["paths"], key=lambda path: path.count("{"))
        return [(re.compile(re.sub(r"\\{\w+\\}", "[^/]+", re.escape(path))), path) for path in templates]

    def validator(self, *place: object) -> Draft202012Validator:
        """Of the schema that stands there."""
        return Draft202012Validator(
            {"$ref": HTTP + pointer(*place)},
            registry=self._registry,
            format_checker=Draft202012Validator.FORMAT_CHECKER,
        )

    def path_of(self, url: str) -> str:
        """The documented path that an address is of."""
        address = urlsplit(url).path
        found = next((path for pattern, path in self._paths if pattern.fullmatch(address)), None)
        assert found, f"no path of the document's: {address}"
        return found

    def check(self, answer: httpx2.Response) -> None:
        """The answer is one of those that the document names for its call."""
        method, path = answer.request.method.lower(), self.path_of(str(answer.request.url))
        call, status = self.document["paths"][path][method], str(answer.status_code)
        said = f"{method} {path} → {status} {answer.text[:200]}"
        assert status in call["responses"], f"not in the document: {said}"
        documented = call["responses"][status]
        missing = [name for name in documented.get("headers", {}) if name not in answer.headers]
        assert not missing, f"without {missing}: {said}"
        self.seen.add((call["operationId"], answer.status_code))
        content = documented.get("content", {})
        if not content or method == "head":
            assert not answer.content, said
            return
        media_type = answer.headers["content-type"].partition(";")[0]
        assert media_type in content, f"of another type: {said}"
        if media_type == PROBLEM_TYPE:
            self.codes.add((call["operationId"], answer.json()["code"]))
        if "schema" in content[media_type]:
            place = ("paths", path, method, "responses", status, "content", media_type, "schema")
            errors = list(self.validator(*place).iter_errors(answer.json()))
            assert not errors, f"{said}: {errors[0].json_path} {errors[0].message}"


@dataclass
class SocketContract:
    """The AsyncAPI document. `seen` gathers which frames were really sent."""

    document: Json
    seen: set[str] = field(default_factory=set)

    @cached_property
    def _registry(self) -> "Registry[Any]":
        resource = DRAFT7.create_resource(closed(self.document))
        registry: Registry[Any] = Registry().with_resource(SOCKET, resource)
        return registry

    def validator(self, *place: object) -> Draft7Validator:
        """Of the schema that stands there."""
        return Draft7Validator(
            {"$ref": SOCKET + pointer(*place)},
            registry=self._registry,
            format_checker=Draft7Validator.FORMAT_CHECKER,
        )

    def messages(self, action: str) -> dict[str, str]:
        """Keys of the messages that the server sends (`send`) or takes (`receive`), by their frames' type."""
        found = {}
        for operation in self.document["operations"].values():
            named = operation["messages"] if operation["action"] == action else []
            if action == "receive" and "reply" in operation:
                named = [*named, *operation["reply"]["messages"]]
            for reference in named:
                key = reference["$ref"].rpartition("/")[2]
                payload = self.document["components"]["messages"][key]["payload"]
                name = (payload.get("$ref") or payload["allOf"][0]["$ref"]).rpartition("/")[2]
                found[self.document["components"]["schemas"][name]["properties"]["type"]["const"]] = key
        return found

    def check(self, frame: Json) -> None:
        """The frame is one of those that the document says the server sends."""
        keys = self.messages("send")
        assert frame["type"] in keys, frame
        self.seen.add(frame["type"])
        place = ("components", "messages", keys[frame["type"]], "payload")
        errors = list(self.validator(*place).iter_errors(frame))
        assert not errors, f"{frame['type']}: {errors[0].json_path} {errors[0].message}"
