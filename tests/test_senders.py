"""Sending codes, and the calls to services that it and the verifier share."""

import hmac
import logging
import socket
import time
from pathlib import Path

import orjson
import pytest

from dispatch.errors import Refused, Unfit
from dispatch.gateways import Gateway, GatewayFailed, GatewaySecrets
from dispatch.senders import DemoSender, HttpSender, Sender
from tests.gateway_stand_in import SECRETS, SILENCE, answer, stand_in

pytestmark = pytest.mark.anyio

PHONE, CODE = "+8613812345678", "493027"


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(autouse=True)
def _no_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dispatch.gateways.PAUSE_S", 0.01)


async def send(url: str, timeout_s: float = 5.0) -> dict[str, int]:
    """Send one code; the gateway's counts, and `refused` when it was."""
    gateway = Gateway(url, SECRETS, timeout_s=timeout_s)
    sender: Sender = HttpSender(gateway)
    refused: Refused | None = None
    try:
        await sender.send_code(PHONE, CODE, "zh-CN")
    except Refused as refusal:
        refused = refusal
    finally:
        await sender.aclose()
    if refused is None:
        return dict(gateway.counts)
    assert refused.code == "sender_unavailable"
    assert not refused.values
    return {**gateway.counts, "refused": 1}


async def test_the_demo_sender_sends_nothing_and_does_not_fail() -> None:
    sender: Sender = DemoSender()
    await sender.send_code(PHONE, CODE, "en")
    await sender.aclose()


async def test_a_code_reaches_the_gateway_with_token_and_signature() -> None:
    async with stand_in(answer(202)) as gateway:
        assert await send(gateway.url) == {"ok": 1}
    [asked] = gateway.asked
    assert asked.line == "POST /call HTTP/1.1"
    assert orjson.loads(asked.body) == {"phone": PHONE, "code": CODE, "language": "zh-CN"}
    assert asked.headers["authorization"] == f"Bearer {SECRETS.token}"
    timestamp, key = asked.headers["desk110-timestamp"], asked.headers["idempotency-key"]
    assert abs(int(timestamp) - time.time()) < 5
    expected = hmac.digest(SECRETS.signing, f"{timestamp}.{key}.".encode() + asked.body, "sha256").hex()
    assert asked.headers["desk110-signature"] == f"v1={expected}"


@pytest.mark.parametrize("status", [502, 503, 504])
async def test_a_gateway_that_is_briefly_away_is_asked_again_under_the_same_key(status: int) -> None:
    async with stand_in(answer(status), answer(status), answer(200)) as gateway:
        assert await send(gateway.url) == {"ok": 1}
    assert len(gateway.asked) == 3
    assert len({asked.headers["idempotency-key"] for asked in gateway.asked}) == 1


async def test_a_gateway_that_stays_away_is_asked_three_times_and_no_more() -> None:
    async with stand_in(answer(503)) as gateway:
        assert await send(gateway.url) == {"status_503": 1, "refused": 1}
    assert len(gateway.asked) == 3


@pytest.mark.parametrize("status", [301, 400, 401, 429, 500])
async def test_any_other_answer_is_final(status: int) -> None:
    async with stand_in(answer(status, b"", "Location: http://127.0.0.1:9/")) as gateway:
        assert await send(gateway.url) == {f"status_{status}": 1, "refused": 1}
    assert len(gateway.asked) == 1


async def test_a_gateway_that_nobody_listens_for_is_unavailable() -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))  # bound, so nobody else takes it; not listening, so it refuses
        assert await send(f"http://127.0.0.1:{unused.getsockname()[1]}/") == {"connect": 1, "refused": 1}


async def test_a_silent_gateway_is_given_up_and_not_asked_twice() -> None:
    async with stand_in(SILENCE) as gateway:
        begun = time.monotonic()
        assert await send(gateway.url, timeout_s=0.2) == {"timeout": 1, "refused": 1}
        assert time.monotonic() - begun < 2
    assert len(gateway.asked) == 1


async def test_the_time_out_covers_all_attempts_together(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dispatch.gateways.PAUSE_S", 30)
    async with stand_in(answer(503)) as gateway:
        assert await send(gateway.url, timeout_s=0.2) == {"timeout": 1, "refused": 1}


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        (b"\r\n\r\n\0garbage that is no HTTP\r\n\r\n", "broken"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\nshort", "broken"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", "broken"),
        (answer(200, b"x" * 70_000), "too_long"),
        (b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n" + b"x" * 70_000, "too_long"),
    ],
    ids=["no HTTP", "cut short", "bad chunk", "too long", "too long, length unsaid"],
)
async def test_a_malformed_answer_is_a_failure_and_not_repeated(raw: bytes, reason: str) -> None:
    async with stand_in(raw) as gateway:
        assert await send(gateway.url) == {reason: 1, "refused": 1}
    assert len(gateway.asked) == 1


async def test_a_call_leaves_no_personal_word_in_log_or_exception(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, "desk110")
    async with stand_in(answer(200), answer(500)) as service:
        gateway = Gateway(service.url, SECRETS)
        await gateway.post({"phone": PHONE, "code": CODE})
        with pytest.raises(GatewayFailed) as failed:
            await gateway.post({"phone": PHONE, "code": CODE})
        await gateway.aclose()
    assert str(failed.value) == "status_500"
    assert failed.value.__cause__ is None
    assert CODE not in caplog.text
    assert service.url not in caplog.text
    assert SECRETS.token not in repr(SECRETS)


async def test_no_proxy_of_the_environment_hears_of_it(monkeypatch: pytest.MonkeyPatch) -> None:
    async with stand_in(answer(200)) as gateway, stand_in(answer(200)) as proxy:
        for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
            monkeypatch.setenv(name, proxy.url)
        for name in ("NO_PROXY", "no_proxy"):
            monkeypatch.delenv(name, raising=False)
        assert await send(gateway.url) == {"ok": 1}
    assert not proxy.asked


@pytest.mark.parametrize(
    "url",
    [
        "",
        "gateway",
        "http://sms.example.cn/send",
        "ftp://127.0.0.1/",
        "https://",
        "https://user:password@sms.example.cn/",
        "http://127.0.0.1:port/",
        "http://[::1",
    ],
)
def test_an_address_that_would_not_keep_a_secret_is_refused_at_start(url: str) -> None:
    with pytest.raises(Unfit, match="address") as unfit:
        Gateway(url, SECRETS)
    assert "password@" not in str(unfit.value)


def test_secrets_come_from_a_file_of_two_lines(tmp_path: Path) -> None:
    file = tmp_path / "secret"
    file.write_text("0123456789abcdef\nfedcba9876543210\n")
    secrets = GatewaySecrets.read(file, "DESK110_SMS_SECRET_FILE")
    assert (secrets.token, secrets.signing) == ("0123456789abcdef", b"fedcba9876543210")


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"0123456789abcdef",
        b"0123456789abcdef\n0123456789abcdef",
        b"short\nfedcba9876543210",
        b"\xff\xfe\n\xff",
    ],
)
def test_a_secret_file_of_another_kind_is_refused_without_repeating_it(
    tmp_path: Path, content: bytes
) -> None:
    file = tmp_path / "secret"
    file.write_bytes(content)
    with pytest.raises(Unfit, match="DESK110_SMS_SECRET_FILE") as unfit:
        GatewaySecrets.read(file, "DESK110_SMS_SECRET_FILE")
    assert "0123456789abcdef" not in str(unfit.value)


def test_a_secret_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(Unfit, match="absent"):
        GatewaySecrets.read(tmp_path / "absent", "DESK110_SMS_SECRET_FILE")
