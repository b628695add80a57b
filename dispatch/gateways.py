"""Calls to the services beside us: one that sends phone codes, one that verifies identities.

A call is one POST of a JSON object, with
- `Authorization: Bearer <token>`,
- `Idempotency-Key: <uuid>`, the same in a retry, so that nobody gets two messages,
- `Desk110-Timestamp: <Unix seconds>` and `Desk110-Signature: v1=<hex>`, HMAC-SHA-256 under the signing secret
  over `<timestamp>.<idempotency key>.<body>`: the service refuses what is old, changed or not ours.

Nothing of a call is logged; `counts` tells how calls ended.
"""

import hmac
import ipaddress
import logging
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from uuid import uuid4

import anyio
import httpx2
import orjson

from dispatch.errors import Unfit

# It would log every address it calls, query and all, at INFO.
logging.getLogger("httpx2").setLevel(logging.WARNING)

TIMEOUT_S = 5.0
ATTEMPTS = 3
PAUSE_S = 0.2  # doubled after each attempt
RETRIED = {502, 503, 504}
LONGEST_ANSWER = 64 * 1024
SHORTEST_SECRET = 16


class GatewayFailed(Exception):
    """The service gave no answer that can be used; the message is one of the reasons that `counts` holds."""


@dataclass(frozen=True, slots=True)
class GatewaySecrets:
    """What proves us to a service: the bearer token, and the secret that signs."""

    token: str = field(repr=False)
    signing: bytes = field(repr=False)

    @classmethod
    def read(cls, path: Path, name: str) -> "GatewaySecrets":
        """From a file of two lines, the token and the signing secret; `name` is the setting that named it.

        Two, because a token passes through proxies and their logs, and must not be enough to sign.
        Raises `Unfit`.
        """
        try:
            lines = path.read_text("ascii").split()
        except (OSError, ValueError):
            raise Unfit(f"{name}: {path} cannot be read as a file of two lines in ASCII.") from None
        if len(lines) != 2 or lines[0] == lines[1] or min(map(len, lines)) < SHORTEST_SECRET:
            raise Unfit(
                f"{name}: {path} must hold two different lines of at least {SHORTEST_SECRET} characters: "
                "the bearer token and the signing secret."
            )
        return cls(lines[0], lines[1].encode())


class Gateway:
    """One service at one address. `counts`: `ok`, `connect`, `timeout`, `broken`, `too_long`, `status_<n>`."""

    def __init__(self, url: str, secrets: GatewaySecrets, *, timeout_s: float = TIMEOUT_S) -> None:
        """Raises `Unfit` unless the address is https, or http on this machine."""
        check_address(url)
        self.counts: Counter[str] = Counter()
        self._url, self._secrets, self._timeout_s = url, secrets, timeout_s
        # No proxy from the environment: personal words go to the address that was set, and nowhere else.
        self._client = httpx2.AsyncClient(timeout=timeout_s, trust_env=False, follow_redirects=False)

    async def aclose(self) -> None:
        """Close the connections."""
        await self._client.aclose()

    async def post(self, body: dict[str, str]) -> bytes:
        """The body of a 2xx answer, within the time-out over all attempts. Raises `GatewayFailed`."""
        try:
            with anyio.fail_after(self._timeout_s):
                answer = await self._attempts(orjson.dumps(body))
        except (TimeoutError, httpx2.TimeoutException):
            raise self._failed("timeout") from None
        self.counts["ok"] += 1
        return answer

    async def _attempts(self, body: bytes) -> bytes:
        key = str(uuid4())
        for attempt in range(ATTEMPTS):
            if attempt:
                await anyio.sleep(PAUSE_S * 2 ** (attempt - 1))
            try:
                status, answer = await self._once(key, body)
            except httpx2.ConnectError:
                reason = "connect"
                continue
            # What broke after the request was sent may have been done: it is not repeated.
            except (httpx2.TransportError, httpx2.DecodingError) as error:
                if isinstance(error, httpx2.TimeoutException):
                    raise
                raise self._failed("broken") from None
            if 200 <= status < 300:
                return answer
            reason = f"status_{status}"
            if status not in RETRIED:
                break
        raise self._failed(reason)

    async def _once(self, key: str, body: bytes) -> tuple[int, bytes]:
        timestamp = int(time.time())
        headers = {
            "Authorization": f"Bearer {self._secrets.token}",
            "Content-Type": "application/json",
            "Accept-Encoding": "identity",  # nothing to unpack, so the length read is the length held
            "Idempotency-Key": key,
            "Desk110-Timestamp": str(timestamp),
            "Desk110-Signature": f"v1={signature(self._secrets.signing, timestamp, key, body)}",
        }
        async with self._client.stream("POST", self._url, content=body, headers=headers) as response:
            answer = bytearray()
            async for chunk in response.aiter_raw():
                answer += chunk
                if len(answer) > LONGEST_ANSWER:
                    raise self._failed("too_long")
            return response.status_code, bytes(answer)

    def _failed(self, reason: str) -> GatewayFailed:
        self.counts[reason] += 1
        return GatewayFailed(reason)


def signature(secret: bytes, timestamp: int, key: str, body: bytes) -> str:
    """The hex HMAC-SHA-256 that a service computes to check a call."""
    return hmac.digest(secret, f"{timestamp}.{key}.".encode() + body, "sha256").hex()


def check_address(url: str) -> None:
    """Raises `Unfit` unless the address is https, or http on this machine.

    It is not repeated in the sentence: its query may be a secret.
    """
    try:
        parts = httpx2.URL(url)
    except httpx2.InvalidURL:
        raise Unfit("The gateway's address is no URL.") from None
    if parts.userinfo:
        raise Unfit("The gateway's address must not hold a password; it belongs into the secret file.")
    if not parts.host or not (parts.scheme == "https" or (parts.scheme == "http" and _loopback(parts.host))):
        raise Unfit(
            "The gateway's address must begin with https://: phones and names travel by no other way."
        )


def _loopback(host: str) -> bool:
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
