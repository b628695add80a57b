"""Rates: what one person and one address may ask. Counted in Redis, in this process while Redis is away."""

import time
from collections.abc import Mapping
from typing import Literal

import structlog
from limits import RateLimitItem, parse
from limits.aio.storage import MemoryStorage, RedisClusterStorage, RedisStorage
from limits.aio.strategies import FixedWindowRateLimiter

from dispatch.errors import Refused
from realtime.redis_at import in_cluster

log = structlog.get_logger()

Mode = Literal["field", "demo", "off"]

# What: (rate in the field, rate in a demo, which carries a drill of hundreds of reports a person).
RATES: Mapping[str, tuple[str, str]] = {
    "code_phone": ("5/10minute", "200/minute"),
    "code_address": ("60/10minute", "5000/minute"),
    "sign_in_phone": ("10/10minute", "500/minute"),
    "sign_in_address": ("100/10minute", "10000/minute"),
    "identity_person": ("5/hour", "500/minute"),
    "correction_person": ("3/day", "500/minute"),
    "consent_person": ("60/hour", "500/minute"),
    "data_person": ("30/hour", "500/minute"),
    # However much comes from an address, and whatever else a person sends: so many reports are always taken.
    "report_always": ("3/minute", "3/minute"),
    "report_person": ("27/minute", "2000/minute"),  # so thirty with those
    "report_address": ("600/minute", "60000/minute"),
    "message_person": ("60/minute", "3000/minute"),
    "media_person": ("60/minute", "3000/minute"),
    # A caller's six digits are typed once or twice; who goes through them is guessing.
    "location_code_person": ("20/minute", "2000/minute"),
    "location_code_desk": ("100/10minute", "20000/minute"),
    # Each looks through up to some thousand reports.
    "search_person": ("60/minute", "3000/minute"),
    "console_sign_in": ("10/minute", "2000/minute"),
    # By a browser that somebody has signed in with before; a console is used by each shift in turn.
    "console_browser": ("30/10minute", "20000/minute"),
    # The second factor, by who has the password.
    "console_second": ("10/hour", "2000/minute"),
    # One's own password, at a console that somebody left open.
    "console_own_password": ("10/10minute", "2000/minute"),
    # A password tried at one number after the other; a whole shift of a desk signs in from one address.
    "console_address": ("100/10minute", "20000/minute"),
}

# Nobody waits for Redis to be counted.
PATIENCE_S = 0.25
NEAR_FOR_S = 5.0


class Limits:
    """Takes one from a rate, or refuses."""

    def __init__(self, mode: Mode, redis_url: str) -> None:
        self._items: dict[str, RateLimitItem] = {}
        if mode != "off":
            self._items = {name: parse(rates[mode == "demo"]) for name, rates in RATES.items()}
        self._near_until = 0.0
        self._near = FixedWindowRateLimiter(MemoryStorage())
        storage = RedisClusterStorage if in_cluster(redis_url) else RedisStorage
        self._shared = FixedWindowRateLimiter(
            storage(
                _async_url(redis_url),
                implementation="redispy",
                socket_timeout=PATIENCE_S,
                socket_connect_timeout=PATIENCE_S,
            )
        )

    async def take(self, name: str, key: str) -> None:
        """Count one for `key`. Raises Refused `too_many_requests` with `resend_in` seconds when it is too many."""
        if not await self.allows(name, key):
            raise Refused("too_many_requests", resend_in=self._items[name].get_expiry())

    async def allows(self, name: str, key: str) -> bool:
        """Count one for `key`; whether it is not too many."""
        item = self._items.get(name)
        if item is None:
            return True
        allowed = await self._hit_shared(item, name, key)
        if allowed is None:
            allowed = await self._near.hit(item, name, key)
        return allowed

    async def _hit_shared(self, item: RateLimitItem, name: str, key: str) -> bool | None:
        """Whether Redis allows it; None when Redis does not say, and then it is not asked again for a while."""
        if time.monotonic() < self._near_until:
            return None
        try:
            return await self._shared.hit(item, name, key)
        except Exception as error:  # noqa: BLE001 - the library passes on whatever its storage raises
            self._near_until = time.monotonic() + NEAR_FOR_S
            log.info("limits_near", error=type(error).__name__)
            return None


def _async_url(redis_url: str) -> str:
    if redis_url.startswith("unix://"):
        return redis_url.replace("unix://", "async+redis+unix://", 1)
    return f"async+{redis_url}"
