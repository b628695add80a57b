"""Whether a process is up, and whether it can do its work."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping

from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

Check = Callable[[], Awaitable[bool]]

PATIENCE_S = 2.0


def routes(checks: Callable[[Request], Mapping[str, Check]]) -> list[Route]:
    """`/healthz` (the process is up) and `/readyz` (each check holds; 503 and which does not otherwise)."""

    async def healthz(_request: Request) -> Response:
        return JSONResponse({"status": "up"})

    async def readyz(request: Request) -> Response:
        named = checks(request)
        held = await asyncio.gather(*(_holds(check) for check in named.values()))
        found = dict(zip(named, held, strict=True))
        return JSONResponse(found, 200 if all(held) else 503)

    return [Route("/healthz", healthz), Route("/readyz", readyz)]


async def _holds(check: Check) -> bool:
    try:
        async with asyncio.timeout(PATIENCE_S):
            return await check()
    except Exception:  # noqa: BLE001 - whatever it was, it does not hold
        return False


async def metrics(_request: Request) -> Response:
    """Prometheus' text format. Only mounted where the citizen network does not reach."""
    return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)
