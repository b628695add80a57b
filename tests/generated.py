"""What schemathesis needs beyond the OpenAPI document. It reads this file when it starts."""

from typing import Any

import schemathesis
from schemathesis import Case, CheckContext, Response, SerializationContext

from api.tus import BODY_TYPE


@schemathesis.serializer(BODY_TYPE)
def piece(_context: SerializationContext, value: object) -> bytes:
    """A piece of a photo is bytes as they are."""
    return value if isinstance(value, bytes) else str(value).encode()


@schemathesis.check
def no_defect(_context: CheckContext, response: Response, _case: Case[Any]) -> None:
    """A documented 501 or 503 is an answer; a 500 is a defect, whatever the document says of it."""
    assert response.status_code != 500
