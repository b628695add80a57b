"""Sending a code to a phone."""

from typing import Protocol

from dispatch.errors import Refused
from dispatch.gateways import Gateway, GatewayFailed


class Sender(Protocol):
    """Whatever can bring a code to a phone."""

    async def send_code(self, phone_e164: str, code: str, language: str) -> None:
        """Send it, in words of the language (`zh-CN`, `en`). Raises `Refused("sender_unavailable")`."""

    async def aclose(self) -> None:
        """Let go of connections."""


class DemoSender:
    """Keeps nothing and sends nothing: in demo mode the answer itself shows the code."""

    async def send_code(self, phone_e164: str, code: str, language: str) -> None:
        """Nothing."""

    async def aclose(self) -> None:
        """Nothing."""


class HttpSender:
    """A real gateway. POST `{"phone": "+86…", "code": "…", "language": "zh-CN"}`; any 2xx means taken."""

    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway

    async def send_code(self, phone_e164: str, code: str, language: str) -> None:
        """Send it. Raises `Refused("sender_unavailable")` when the gateway did not take it."""
        try:
            await self._gateway.post({"phone": phone_e164, "code": code, "language": language})
        except GatewayFailed:
            raise Refused("sender_unavailable") from None

    async def aclose(self) -> None:
        """Close the connections."""
        await self._gateway.aclose()
