"""WeChat's access token, kept in Redis for all processes: one of them asks for the next, the others wait for it.

Sealed there, since whoever has it can speak for the mini program. Where Redis is away each process keeps its own: a
stable token is the same for whoever asks, so that asking twice spoils nothing.
"""

import asyncio
import base64
import time
from contextlib import suppress
from uuid import NAMESPACE_DNS, uuid5

import structlog
from redis.asyncio import Redis

from dispatch.cipher import FieldCipher, Unopenable
from dispatch.wechat import Fetch, Token
from realtime.away import AWAY
from realtime.channels import WECHAT_ASKING, WECHAT_TOKEN
from realtime.redis_at import connect

log = structlog.get_logger()

# WeChat hands out the next one from five minutes before the end on; both are good until then.
EARLY_S = 300.0
SHORTEST_S = 10.0
# Longer than a call to WeChat may take; whoever asks and dies holds up nobody longer than that.
ASKING_S = 6.0
# No report waits for this, and asking WeChat would take longer.
PATIENCE_S = 2.0
LOOK_EVERY_S = 0.05

_FORGET = """
if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) end
return 0
"""


class SharedToken:
    """The token of one mini program. Implements `dispatch.wechat.Tokens`."""

    def __init__(self, redis_url: str, cipher: FieldCipher, appid: str) -> None:
        self._redis: Redis = connect(redis_url, PATIENCE_S)
        self._cipher = cipher
        self._row = uuid5(NAMESPACE_DNS, appid)
        self._keys = WECHAT_TOKEN + appid, WECHAT_ASKING + appid
        self._one = asyncio.Lock()  # within this process
        self._near: tuple[str, float] | None = None  # for as long as Redis is away: the token, and until when

    async def aclose(self) -> None:
        """Close the connections."""
        await self._redis.aclose()

    async def current(self, fetch: Fetch) -> str:
        """The token that is kept, or the one that `fetch` brings. Raises what `fetch` raises."""
        async with self._one:
            try:
                return await self._shared(fetch)
            except AWAY as error:
                log.info("wechat_token_near", error=type(error).__name__)
                return await self._own(fetch)

    async def _shared(self, fetch: Fetch) -> str:
        token_key, asking_key = self._keys
        until = time.monotonic() + ASKING_S
        while True:
            if (kept := await self._kept()) is not None:
                return kept
            mine = await self._redis.set(asking_key, "1", nx=True, px=int(ASKING_S * 1000))
            if mine or time.monotonic() > until:
                break
            await asyncio.sleep(LOOK_EVERY_S)
        try:
            if mine and (kept := await self._kept()) is not None:  # it came while we stepped up
                return kept
            fetched = await fetch()
            lasts = _lasts(fetched)
            self._near = fetched.value, time.monotonic() + lasts
            await self._redis.set(token_key, self._sealed(fetched.value), px=int(lasts * 1000))
        finally:
            if mine:
                with suppress(*AWAY):  # it goes by itself soon after
                    await self._redis.delete(asking_key)
        return fetched.value

    async def _kept(self) -> str | None:
        found = await self._redis.get(self._keys[0])
        if found is None:
            return None
        try:
            return self._cipher.open("wechat", "token", self._row, base64.b64decode(found))
        except (Unopenable, ValueError):
            return None

    def _sealed(self, token: str) -> bytes:
        return base64.b64encode(self._cipher.seal("wechat", "token", self._row, token))

    async def _own(self, fetch: Fetch) -> str:
        if self._near is not None and time.monotonic() < self._near[1]:
            return self._near[0]
        fetched = await fetch()
        self._near = fetched.value, time.monotonic() + _lasts(fetched)
        return fetched.value

    async def refused(self, token: str) -> None:
        """WeChat does not take this one: it is kept no longer, unless another is kept by now."""
        if self._near is not None and self._near[0] == token:
            self._near = None
        try:
            found = await self._redis.get(self._keys[0])
            if found is not None and await self._kept() == token:
                await self._redis.eval(_FORGET, 1, self._keys[0], found)
        except AWAY as error:
            log.info("wechat_token_near", error=type(error).__name__)


def _lasts(token: Token) -> float:
    return max(token.expires_in - EARLY_S, min(SHORTEST_S, token.expires_in))
