"""broadcaster on Redis' pub/sub, below sockets of bare ASGI: there is no more to it. A key has a channel."""

import asyncio
import json
import os
from contextlib import AsyncExitStack
from typing import Any
from urllib.parse import parse_qs

from broadcaster import Broadcast

from bench.peers.relaying import Message, Posts, Receive, Send, serve

# Its listener ends for good at the first silence that is longer than redis-py waits for an answer.
channels = Broadcast(os.environ["REDIS_URL"] + "?socket_timeout=3600")


class Relay:
    """Sockets, and the POSTs that go to them."""

    def __init__(self) -> None:
        self._posts = Posts(emit)
        self._one_by_one = asyncio.Lock()

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        match scope["type"]:
            case "lifespan":
                await receive()
                await channels.connect()
                await _listening()
                await send({"type": "lifespan.startup.complete"})
                await receive()
                await channels.disconnect()
                await send({"type": "lifespan.shutdown.complete"})
            case "websocket":
                await receive()
                await send({"type": "websocket.accept"})
                async with AsyncExitStack() as leaving:
                    async with self._one_by_one:  # else the second forgets the first, who hears nothing
                        heard = await leaving.enter_async_context(channels.subscribe(_channel(scope)))
                    async for event in heard:
                        await send({"type": "websocket.send", "text": event.message})
            case "http":
                await self._posts(scope, receive, send)


async def _listening() -> None:
    """Its listener is woken by the first subscription before there is one (0.3.1 with redis-py 8), finds nothing and
    sleeps for good: it is woken once more."""
    backend = channels._backend
    await backend.subscribe("nothing")
    await asyncio.sleep(0.1)
    backend._ready.set()


def _channel(scope: Message) -> str:
    return f"key {parse_qs(scope['query_string']).get(b'key', [b''])[0].decode()}"


async def emit(key: str, frame: dict[str, Any]) -> None:
    text = json.dumps(frame, separators=(",", ":"), ensure_ascii=False)
    await channels.publish(channel=f"key {key}", message=text)


app = Relay()

if __name__ == "__main__":
    serve(app)
