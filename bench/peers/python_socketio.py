"""python-socketio with its Redis manager. Sockets of a key are in the room of its name."""

import os
from typing import Any
from urllib.parse import parse_qs

import socketio

from bench.peers.relaying import Posts, serve

server = socketio.AsyncServer(
    async_mode="asgi",
    client_manager=socketio.AsyncRedisManager(os.environ["REDIS_URL"]),
    cors_allowed_origins="*",
)


async def connect(sid: str, environ: dict[str, Any]) -> None:
    key = parse_qs(environ["QUERY_STRING"]).get("key", [""])[0]
    await server.enter_room(sid, f"key {key}")


async def emit(key: str, frame: dict[str, Any]) -> None:
    await server.emit("frame", frame, room=f"key {key}")


server.on("connect", connect)
app = socketio.ASGIApp(server, other_asgi_app=Posts(emit))

if __name__ == "__main__":
    serve(app)
