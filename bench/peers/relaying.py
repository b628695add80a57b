"""The half of the relay's job that is the same for every peer in Python: a POST, kept, then handed to its Redis."""

import asyncio
import json
import os
from collections.abc import Awaitable, Callable, MutableMapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import parse_qs

import uvicorn

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Emit = Callable[[str, dict[str, Any]], Awaitable[None]]
"""Gives a frame to all sockets of a key, in whichever process they are."""

ANSWER = b'{"id":"' + b"x" * 640 + b'"}'


class Kept:
    """Rows on the disk: each is appended and synced before its POST is answered, one after the other."""

    def __init__(self) -> None:
        self._file = os.open(os.environ["KEPT"], os.O_CREAT | os.O_APPEND | os.O_WRONLY)
        self._thread = ThreadPoolExecutor(1)

    async def keep(self, row: bytes) -> None:
        await asyncio.get_running_loop().run_in_executor(self._thread, self._keep, row)

    def _keep(self, row: bytes) -> None:
        os.write(self._file, row + b"\n")
        os.fdatasync(self._file)


class Posts:
    """An ASGI app for the POSTs."""

    def __init__(self, emit: Emit) -> None:
        self._emit = emit
        self._kept = Kept()

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        body = b""
        while True:
            message = await receive()
            body += message.get("body", b"")
            if not message.get("more_body"):
                break
        if scope["path"] == "/relay":
            asked = parse_qs(scope["query_string"])
            await self._kept.keep(body)
            await self._emit(asked.get(b"to", [b""])[0].decode(), padded(body, int(asked[b"bytes"][0])))
        ready = scope["method"] == "GET"
        headers = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(ANSWER))]
        await send({"type": "http.response.start", "status": 200 if ready else 201, "headers": headers})
        await send({"type": "http.response.body", "body": ANSWER})


def padded(body: bytes, size: int) -> dict[str, Any]:
    """The body as JSON, so long."""
    frame: dict[str, Any] = json.loads(body)
    return frame | {"pad": "x" * max(0, size - len(body) - len(',"pad":""'))}


def serve(app: Any) -> None:
    """As our own processes are served (processes/serve.py), as far as uvicorn is asked."""
    uvicorn.run(
        app,
        host="127.0.0.1",
        port=int(os.environ["PORT"]),
        loop="uvloop",
        http="httptools",
        ws="websockets-sansio",
        ws_per_message_deflate=False,
        timeout_keep_alive=75,
        access_log=False,
        log_level="warning",
    )
