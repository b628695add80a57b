"""Identifiers: UUIDv7 (RFC 9562), so that rows made later sort later."""

from uuid import UUID

import uuid_utils


def new_id() -> UUID:
    """A new UUIDv7 as the standard library's type, which drivers and pydantic know."""
    return UUID(int=uuid_utils.uuid7().int)
