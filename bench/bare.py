"""The floor: the least that could carry the same frames. No database, no framework, nothing looked at.

`python -m bench.bare citizen` or `… console` is one process, served just as ours is. A POST is published in Redis
as it is, made as long as the frame it stands for; every process sends what it hears to its sockets, one by one.
With `keeps=1` a row of that length is committed to SQLite first, and its disk synced: the least that may be promised.
"""

import asyncio
import os
import sqlite3
import sys
from collections.abc import Awaitable, Callable, MutableMapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

from redis.asyncio import Redis

from dispatch.settings import Settings
from processes.serve import serve

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]

CHANNEL = "bare"
# About what ours answers to a report.
ANSWER = b'{"id":"' + b"x" * 640 + b'"}'


class Bare:
    """Relays; also answers `/sink` with nothing done at all, to measure the generator itself against."""

    def __init__(self) -> None:
        self._sockets: dict[bytes, set[Send]] = {}
        self._redis: Redis
        self._listening: asyncio.Task[None]
        self._rows: sqlite3.Connection
        self._writer = ThreadPoolExecutor(1)

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        match scope["type"]:
            case "lifespan":
                await self._live(receive, send)
            case "websocket":
                await self._socket(scope, receive, send)
            case "http":
                await self._http(scope, receive, send)

    async def _live(self, receive: Receive, send: Send) -> None:
        await receive()
        url = os.environ["REDIS_URL"]
        self._redis = Redis.from_url(url)
        self._rows = _table(Path(os.environ["DESK110_HOME"]) / f"bare-{os.getpid()}.db")
        line = Redis.from_url(url, socket_timeout=None).pubsub()
        await line.subscribe(CHANNEL)
        self._listening = asyncio.create_task(self._listen(line))
        await send({"type": "lifespan.startup.complete"})
        await receive()
        self._listening.cancel()
        await self._redis.aclose()
        await send({"type": "lifespan.shutdown.complete"})

    async def _listen(self, line: Any) -> None:
        async for message in line.listen():
            if message["type"] != "message":
                continue
            key, _, text = message["data"].partition(b"\n")
            frame = {"type": "websocket.send", "text": text.decode()}
            for send in list(self._sockets.get(key, ())):
                await send(frame)

    async def _http(self, scope: Message, receive: Receive, send: Send) -> None:
        body = b""
        while True:
            message = await receive()
            body += message.get("body", b"")
            if not message.get("more_body"):
                break
        if scope["path"] == "/relay":
            asked = parse_qs(scope["query_string"])
            frame = body.ljust(int(asked[b"bytes"][0]))
            if b"keeps" in asked:
                await asyncio.get_running_loop().run_in_executor(self._writer, self._keep, frame)
            await self._redis.publish(CHANNEL, asked.get(b"to", [b""])[0] + b"\n" + frame)
        headers = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(ANSWER))]
        await send(
            {
                "type": "http.response.start",
                "status": 200 if scope["method"] == "GET" else 201,
                "headers": headers,
            }
        )
        await send({"type": "http.response.body", "body": ANSWER})

    def _keep(self, row: bytes) -> None:
        self._rows.execute("INSERT INTO kept VALUES (?)", (row,))

    async def _socket(self, scope: Message, receive: Receive, send: Send) -> None:
        key = parse_qs(scope["query_string"]).get(b"key", [b""])[0]
        await receive()
        await send({"type": "websocket.accept"})
        self._sockets.setdefault(key, set()).add(send)
        try:
            while (await receive())["type"] != "websocket.disconnect":
                pass
        finally:
            self._sockets[key].discard(send)


def _table(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=FULL")
    connection.execute("CREATE TABLE kept (row BLOB)")
    return connection


app = Bare()


def main(name: str) -> None:
    """Serve until told to stop, on the port that ours of this name would have."""
    settings = Settings.load()
    serve("bench.bare:app", settings, settings.citizen_port if name == "citizen" else settings.console_port)


if __name__ == "__main__":
    main(sys.argv[1])
