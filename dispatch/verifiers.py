"""Whether a name and an identity number belong together."""

from typing import Protocol

import orjson

from dispatch.errors import Refused
from dispatch.gateways import Gateway, GatewayFailed
from dispatch.identity import IdentityNumber

REJECTED_IN_DEMO = "拒绝"


class Verifier(Protocol):
    """Whatever knows whose number it is."""

    async def verify(self, name: str, id_number: IdentityNumber) -> bool:
        """Whether they belong together; `name` as `parse_name` gives it.

        Raises `Refused("verifier_unavailable")`.
        """

    async def aclose(self) -> None:
        """Let go of connections."""


class DemoVerifier:
    """Takes any name but 拒绝; the number's own form was checked when it was parsed."""

    async def verify(self, name: str, id_number: IdentityNumber) -> bool:
        """True unless the name is 拒绝."""
        return name != REJECTED_IN_DEMO

    async def aclose(self) -> None:
        """Nothing."""


class HttpVerifier:
    """A real service. POST `{"name": "…", "id_number": "…"}`; answers 2xx `{"match": true}` or `false`."""

    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway

    async def verify(self, name: str, id_number: IdentityNumber) -> bool:
        """The service's answer. Anything but a plain yes or no raises `Refused("verifier_unavailable")`.

        A service out of order must never read as a person rejected.
        """
        try:
            answer = orjson.loads(await self._gateway.post({"name": name, "id_number": id_number.value}))
        except (GatewayFailed, orjson.JSONDecodeError):
            raise Refused("verifier_unavailable") from None
        match = answer.get("match") if isinstance(answer, dict) else None
        if not isinstance(match, bool):
            raise Refused("verifier_unavailable")
        return match

    async def aclose(self) -> None:
        """Close the connections."""
        await self._gateway.aclose()
