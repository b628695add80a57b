"""The protocol as programs read it: OpenAPI for HTTP, AsyncAPI for the socket, made from the code itself."""

import asyncio
from collections.abc import Callable
from functools import cache

import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from api.documents import asyncapi, openapi
from api.documents.schemas import Json

KEPT_S = 300


def routes() -> list[Route]:
    return [
        Route("/api/v1/openapi.json", show_openapi, methods=["GET"]),
        Route("/api/v1/asyncapi.json", show_asyncapi, methods=["GET"]),
    ]


async def show_openapi(_request: Request) -> Response:
    """The HTTP API, OpenAPI 3.1."""
    return await _document(openapi.document)


async def show_asyncapi(_request: Request) -> Response:
    """The socket, AsyncAPI 3.0."""
    return await _document(asyncapi.document)


async def _document(make: Callable[[], Json]) -> Response:
    body = await asyncio.to_thread(_made, make)
    headers = {"cache-control": f"public, max-age={KEPT_S}"}
    return Response(body, headers=headers, media_type="application/json")


@cache
def _made(make: Callable[[], Json]) -> bytes:
    """Once a process: the code does not change while it runs."""
    return orjson.dumps(make())
