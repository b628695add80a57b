"""JSON Schema of what is said between a client and the server, as the published documents hold it."""

from collections.abc import Iterable
from typing import Any, Final, Literal

from pydantic import TypeAdapter
from pydantic.json_schema import GenerateJsonSchema
from pydantic_core import core_schema

# A part of a document.
Json = dict[str, Any]

_PLACE: Final = "#/components/schemas/{model}"


class _Plain(GenerateJsonSchema):
    """Without a title for every field that only repeats its name."""

    def field_title_should_be_set(self, schema: core_schema.CoreSchema) -> bool:
        return False


def schemas(types: Iterable[type]) -> Json:
    """`components.schemas` for these models and TypedDicts and all that they hold, by their names."""
    inputs: list[tuple[str, Literal["validation"], TypeAdapter[Any]]] = [
        (each.__name__, "validation", TypeAdapter(each)) for each in types
    ]
    _, found = TypeAdapter.json_schemas(inputs, ref_template=_PLACE, schema_generator=_Plain)
    return dict(sorted(found["$defs"].items()))


def reference(found: type) -> Json:
    """Where a type's schema stands in the document."""
    return {"$ref": _PLACE.format(model=found.__name__)}
