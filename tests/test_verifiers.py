"""Whether name and number belong together, as a service tells."""

import orjson
import pytest

from dispatch.errors import Refused
from dispatch.gateways import Gateway
from dispatch.identity import IdentityNumber
from dispatch.verifiers import DemoVerifier, HttpVerifier, Verifier
from tests.gateway_stand_in import SECRETS, SILENCE, answer, stand_in

pytestmark = pytest.mark.anyio

NAME, NUMBER = "张三", IdentityNumber.parse("11010519491231002X")


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


async def ask(url: str, timeout_s: float = 5.0) -> bool:
    verifier: Verifier = HttpVerifier(Gateway(url, SECRETS, timeout_s=timeout_s))
    try:
        return await verifier.verify(NAME, NUMBER)
    finally:
        await verifier.aclose()


async def test_the_demo_verifier_takes_any_name_but_the_one_that_says_rejected() -> None:
    verifier: Verifier = DemoVerifier()
    assert await verifier.verify(NAME, NUMBER)
    assert not await verifier.verify("拒绝", NUMBER)
    await verifier.aclose()


@pytest.mark.parametrize("match", [True, False])
async def test_the_answer_of_the_service_is_the_answer(match: bool) -> None:
    async with stand_in(answer(200, orjson.dumps({"match": match, "trace": "more"}))) as service:
        assert await ask(service.url) is match
    assert orjson.loads(service.asked[0].body) == {"name": NAME, "id_number": "11010519491231002X"}
    assert service.asked[0].headers["authorization"] == f"Bearer {SECRETS.token}"


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"true",
        b"{}",
        b"[true]",
        b'{"match": "false"}',
        b'{"match": 1}',
        b'{"match": null}',
        b'{"match": true',
        b"\xff",
        b"[" * 5000,
        b"<html>maintenance</html>",
    ],
)
async def test_an_answer_that_is_no_plain_yes_or_no_is_never_a_rejection(body: bytes) -> None:
    async with stand_in(answer(200, body)) as service:
        with pytest.raises(Refused, match="verifier_unavailable"):
            await ask(service.url)


@pytest.mark.parametrize("status", [400, 404, 422, 500])
async def test_a_status_of_failure_is_never_a_rejection(status: int) -> None:
    async with stand_in(answer(status, b'{"match": false}')) as service:
        with pytest.raises(Refused, match="verifier_unavailable"):
            await ask(service.url)


async def test_a_silent_service_is_unavailable() -> None:
    async with stand_in(SILENCE) as service:
        with pytest.raises(Refused, match="verifier_unavailable") as refused:
            await ask(service.url, timeout_s=0.2)
    assert NAME not in repr(refused.value.__context__)
