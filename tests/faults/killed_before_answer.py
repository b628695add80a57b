"""SIGKILL when a report is committed and the bell rung, and its 201 not yet sent."""

import asyncio

from starlette.types import ASGIApp, Message, Receive, Scope, Send

import asgi
import cli
from tests.faults.arming import Fault, die

TIME_TO_RING_S = 0.3


def _deadly(app: ASGIApp) -> ASGIApp:
    async def deadly(scope: Scope, receive: Receive, send: Send) -> None:
        async def send_or_die(message: Message) -> None:
            filed = (
                scope["type"] == "http"
                and scope["path"] == "/api/v1/reports"
                and message.get("status") == 201
            )
            if filed and Fault("killed_before_answer").fire():
                await asyncio.sleep(TIME_TO_RING_S)
                die()
            await send(message)

        await app(scope, receive, send_or_die)

    return deadly


if __name__ == "__main__":
    asgi.citizen = _deadly(asgi.citizen)  # type: ignore[assignment]  # the fault
    cli.main()
