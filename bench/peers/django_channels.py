"""Django Channels with channels_redis, by its layer on Redis' pub/sub. Sockets of a key are in a group."""

import json
import os
from typing import Any
from urllib.parse import parse_qs

import django
from channels.generic.websocket import AsyncWebsocketConsumer
from channels.layers import get_channel_layer
from channels.routing import ProtocolTypeRouter
from django.conf import settings

from bench.peers.relaying import Posts, serve

settings.configure(
    CHANNEL_LAYERS={
        "default": {
            "BACKEND": "channels_redis.pubsub.RedisPubSubChannelLayer",
            "CONFIG": {"hosts": [os.environ["REDIS_URL"]]},
        }
    }
)
django.setup()


class Listener(AsyncWebsocketConsumer):  # type: ignore[misc]  # their package has no types
    async def connect(self) -> None:
        key = parse_qs(self.scope["query_string"]).get(b"key", [b""])[0].decode()
        await self.channel_layer.group_add(f"key.{key}", self.channel_name)
        await self.accept()

    async def frame(self, event: dict[str, Any]) -> None:
        await self.send(text_data=event["text"])


async def emit(key: str, frame: dict[str, Any]) -> None:
    text = json.dumps(frame, separators=(",", ":"), ensure_ascii=False)
    await get_channel_layer().group_send(f"key.{key}", {"type": "frame", "text": text})


app = ProtocolTypeRouter({"http": Posts(emit), "websocket": Listener.as_asgi()})

if __name__ == "__main__":
    serve(app)
