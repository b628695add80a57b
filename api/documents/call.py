"""One call of the HTTP API, as the published document tells it: what is sent, what is answered, what is refused."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from pydantic import BaseModel

from web.origins import SAFE
from web.problems import STATUS

JSON_TYPE: Final = "application/json"

_ANY: Final = ("internal",)
_STORED: Final = ("database_unavailable",)
_WRITES: Final = ("overloaded", "database_unavailable")
_JSON_BODY: Final = ("content_type_unsupported", "body_too_large", "body_unreadable", "field_invalid")

Example = tuple[str, object]
"""What it is an example of, in words, and the value."""


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer that is no refusal. `body` None with a `media_type`: bytes; without: no body."""

    says: str
    body: type | None = None
    examples: Mapping[str, Example] = field(default_factory=dict)
    media_type: str | None = None
    headers: tuple[str, ...] = ()  # names in the document's components
    or_types: tuple[str, ...] = ()  # other media types that its bytes can have

    @property
    def content_type(self) -> str | None:
        """The media type of its body, None when it has none."""
        return self.media_type or (JSON_TYPE if self.body else None)


@dataclass(frozen=True, slots=True)
class Form:
    """A body that is no JSON: its media type, its schema."""

    media_type: str
    schema: Mapping[str, object]
    says: str
    required: bool = True


@dataclass(frozen=True, slots=True)
class Call:
    """A method and a path of the app, and all that comes of it."""

    method: str
    path: str
    name: str  # for programs that are made from the document: fileReport
    tag: str
    title: str  # Chinese · English
    says: str
    answers: Mapping[int, Answer]
    body: type[BaseModel] | Form | None = None
    refuses: tuple[str, ...] = ()  # codes of its own, beyond those that follow from the rest
    parameters: tuple[str, ...] = ()  # names in the document's components, beyond those of the path
    signed_in: bool = True
    stored: bool = True  # it asks the database
    writes: bool = False
    files_a_report: bool = False  # every refusal says whom to call
    statuses: Mapping[str, int] = field(
        default_factory=dict
    )  # of codes that are answered with another than usual
    headers: tuple[str, ...] = ()  # on every answer and refusal
    gives: Mapping[str, str] = field(
        default_factory=dict
    )  # what other paths need → where it stands in the answer

    def needs(self) -> list[str]:
        """The placeholders of its path."""
        return [part.strip("{}") for part in self.path.split("/") if part.startswith("{")]

    def refusals(self) -> dict[int, list[str]]:
        """Every code that it may be refused with, by status."""
        codes = {*_ANY, *self.refuses}
        if self.signed_in:
            codes |= {"sign_in_required"} if self.method in SAFE else {"sign_in_required", "origin_refused"}
        if self.stored or self.signed_in:
            codes |= {*_STORED}
        if self.writes:
            codes |= {*_WRITES}
        if isinstance(self.body, type):
            codes |= {*_JSON_BODY}
        found: dict[int, list[str]] = {}
        for code in sorted(codes):
            found.setdefault(self.statuses.get(code, STATUS[code]), []).append(code)
        return dict(sorted(found.items()))
