"""SIGKILL when a report is committed and the bell rung, and its answer not yet sent."""

import asyncio

from starlette.types import ASGIApp, Message, Receive, Scope, Send

import asgi
import cli
from tests.faults.arming import Fault, die

TIME_TO_RING_S = 0.3
# Where reports are filed, and what says that one was.
ANSWERS = {"/api/v1/reports": 201, "/plain/reports": 303}


def _deadly(app: ASGIApp) -> ASGIApp:
    async def deadly(scope: Scope, receive: Receive, send: Send) -> None:
        async def send_or_die(message: Message) -> None:
            filed = scope["type"] == "http" and ANSWERS.get(scope["path"]) == message.get("status", -1)
            if filed and Fault("killed_before_answer").fire():
                await asyncio.sleep(TIME_TO_RING_S)
                die()
            await send(message)

        await app(scope, receive, send_or_die)

    return deadly


if __name__ == "__main__":
    asgi.citizen = _deadly(asgi.citizen)  # type: ignore[assignment]  # the fault
    cli.main()
