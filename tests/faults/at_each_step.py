"""SIGKILL at the step that is armed: before a commit, after it and before the ring, before the answer, before the push.

A fault's name is its step and the kind of process, as `before_push-console`: the first process that comes there dies.
"""

import sys
from typing import Any

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from tests.faults.arming import Fault, die
from tests.faults.commits import around_commits

BEFORE_COMMIT, BEFORE_RING, BEFORE_ANSWER, BEFORE_PUSH = STEPS = (
    "before_commit",
    "before_ring",
    "before_answer",
    "before_push",
)
# What is answered after a commit: a report filed, a report accepted.
_ANSWERED = {"citizen": ("/reports", 201), "console": ("/acknowledgement", 200)}


def fault(step: str, role: str) -> str:
    """The name under which it is armed."""
    return f"{step}-{role}"


def _die_if(step: str) -> None:
    if Fault(fault(step, sys.argv[1])).fire():
        die()


def _deadly(app: ASGIApp, role: str) -> ASGIApp:
    path, status = _ANSWERED[role]

    async def deadly(scope: Scope, receive: Receive, send: Send) -> None:
        async def send_or_die(message: Message) -> None:
            if (
                scope["type"] == "http"
                and message.get("status", -1) == status
                and scope["path"].endswith(path)
            ):
                _die_if(BEFORE_ANSWER)
            await send(message)

        await app(scope, receive, send_or_die)

    return deadly


def _deadly_delivery(hub: Any) -> None:
    deliver = hub.deliver

    def dying(self: Any, *given: Any) -> None:
        _die_if(BEFORE_PUSH)
        deliver(self, *given)

    hub.deliver = dying


if __name__ == "__main__":
    import api.hub
    import asgi
    import cli
    import console.hub

    around_commits(before=lambda: _die_if(BEFORE_COMMIT), after=lambda: _die_if(BEFORE_RING))
    asgi.citizen = _deadly(asgi.citizen, "citizen")  # type: ignore[assignment]  # the fault
    asgi.console = _deadly(asgi.console, "console")  # type: ignore[assignment]  # the fault
    for each in (api.hub.Hub, console.hub.Hub):
        _deadly_delivery(each)
    cli.main()
