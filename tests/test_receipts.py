"""Receipts: what they say, and that nothing else passes for one."""

import base64
import hashlib
import hmac
import json
import warnings
from datetime import UTC, datetime
from uuid import UUID

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st
from joserfc import jws
from joserfc.jwk import KeySet, OKPKey

from dispatch.errors import Refused
from dispatch.receipts import Signer, Statement, jwks, parse_jwks, place_digest, text_digest, verify

KEY = Ed25519PrivateKey.from_private_bytes(b"\x07" * 32)
SIGNER, KEYS = Signer(KEY), jwks([KEY.public_key()])
STATEMENT = Statement(
    jti=UUID("019ab000-0000-7000-8000-000000000001"),
    report=UUID("019ab000-0000-7000-8000-000000000002"),
    number="330106-20261123-000017",
    kind="quick",
    desk="330106",
    desk_name="杭州市西湖区110报警服务台",
    dispatcher_number="33010601",
    filed_at=datetime(2026, 11, 23, 10, 0, 0, 123000, UTC),
    received_at=datetime(2026, 11, 23, 10, 0, 4, tzinfo=UTC),
    text_sha256=text_digest("有人闯入"),
    place_sha256=place_digest("断桥", (30.25, 120.15, "gcj02")),
)
TOKEN = SIGNER.sign(STATEMENT)


def b64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def signed(header: dict[str, object], payload: bytes, key: Ed25519PrivateKey = KEY) -> str:
    """A token with a true signature over whatever it says."""
    head = f"{b64(json.dumps(header).encode())}.{b64(payload)}"
    return f"{head}.{b64(key.sign(head.encode()))}"


def refused(token: str) -> None:
    with pytest.raises(Refused, match="receipt_invalid") as refusal:
        verify(token, KEYS)
    assert refusal.value.__cause__ is None


HEADER: dict[str, object] = {"alg": "EdDSA", "kid": SIGNER.kid, "typ": "desk110-receipt+jwt"}
PAYLOAD = base64.urlsafe_b64decode(TOKEN.split(".")[1] + "==")


def test_a_receipt_states_what_was_signed() -> None:
    assert verify(TOKEN, KEYS) == STATEMENT


def test_a_receipt_without_a_place_says_nothing_of_one() -> None:
    statement = STATEMENT.model_copy(update={"place_sha256": None})
    token = SIGNER.sign(statement)
    assert verify(token, KEYS) == statement
    assert b"place" not in base64.urlsafe_b64decode(token.split(".")[1] + "==")


def test_the_claims_are_named_and_written_as_published() -> None:
    assert json.loads(PAYLOAD) == {
        "iss": "desk110",
        "jti": "019ab000-0000-7000-8000-000000000001",
        "report": "019ab000-0000-7000-8000-000000000002",
        "number": "330106-20261123-000017",
        "kind": "quick",
        "desk": "330106",
        "desk_name": "杭州市西湖区110报警服务台",
        "dispatcher_number": "33010601",
        "filed_at": "2026-11-23T10:00:00.123Z",
        "received_at": "2026-11-23T10:00:04.000Z",
        "text_sha256": hashlib.sha256("有人闯入".encode()).hexdigest(),
        "place_sha256": hashlib.sha256(
            '{"crs":"gcj02","lat":"30.2500000","lon":"120.1500000","text":"断桥"}'.encode()
        ).hexdigest(),
    }


def test_another_library_verifies_a_receipt_by_the_published_keys() -> None:
    published = KeySet.import_key_set(json.loads(json.dumps(KEYS)))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # joserfc: "EdDSA is deprecated via RFC 9864"
        got = jws.deserialize_compact(TOKEN, published, algorithms=["EdDSA"])
    assert got.payload == PAYLOAD
    assert published.keys[0].thumbprint() == SIGNER.kid


def test_a_receipt_that_another_library_signs_the_same_way_is_verified() -> None:
    key = OKPKey.import_key(KEY)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        token = jws.serialize_compact(HEADER, PAYLOAD, key, algorithms=["EdDSA"])
    assert verify(token, KEYS) == STATEMENT


def test_receipts_of_a_retired_key_are_verified_as_long_as_it_is_published() -> None:
    new = Ed25519PrivateKey.generate()
    assert verify(TOKEN, jwks([new.public_key(), KEY.public_key()])) == STATEMENT
    with pytest.raises(Refused):
        verify(TOKEN, jwks([new.public_key()]))


def test_a_changed_letter_anywhere_is_found() -> None:
    for place, letter in enumerate(TOKEN):
        refused(TOKEN[:place] + ("A" if letter != "A" else "B") + TOKEN[place + 1 :])


def test_a_payload_under_another_receipts_signature_is_found() -> None:
    other = SIGNER.sign(STATEMENT.model_copy(update={"dispatcher_number": "33010602"})).split(".")
    mine = TOKEN.split(".")
    refused(f"{mine[0]}.{other[1]}.{mine[2]}")


@pytest.mark.parametrize(
    "header",
    [
        HEADER | {"alg": "none"},
        HEADER | {"alg": "HS256"},
        HEADER | {"alg": "eddsa"},
        HEADER | {"alg": ["EdDSA"]},
        HEADER | {"typ": "JWT"},
        HEADER | {"kid": "another"},
        HEADER | {"kid": None},
        HEADER | {"kid": []},
        HEADER | {"crit": ["exp"]},
        HEADER | {"b64": False},
        HEADER | {"jwk": {"kty": "OKP"}},
        {"alg": "EdDSA"},
        {},
    ],
    ids=range(13),
)
def test_a_header_of_another_kind_is_refused_even_under_a_true_signature(header: dict[str, object]) -> None:
    refused(signed(header, PAYLOAD))


def test_no_signature_and_a_mac_under_the_public_key_are_refused() -> None:
    for alg in ("none", "HS256", "EdDSA"):
        head = f"{b64(json.dumps(HEADER | {'alg': alg}).encode())}.{b64(PAYLOAD)}"
        refused(f"{head}.")
        mac = hmac.digest(KEY.public_key().public_bytes_raw(), head.encode(), "sha256")
        refused(f"{head}.{b64(mac)}")
        refused(f"{head}.{b64(mac + mac)}")


def test_a_strangers_key_under_our_key_id_is_refused() -> None:
    refused(signed(HEADER, PAYLOAD, Ed25519PrivateKey.generate()))


@pytest.mark.parametrize(
    "claims",
    [
        {"iss": "another"},
        {"jti": "no uuid"},
        {"report": 5},
        {"filed_at": "yesterday"},
        {"filed_at": "2026-11-23T10:00:00"},
        {"received_at": None},
        {"text_sha256": "abc"},
        {"number": None},
    ],
    ids=range(8),
)
def test_claims_of_another_kind_are_refused_even_under_a_true_signature(claims: dict[str, object]) -> None:
    refused(signed(HEADER, json.dumps(json.loads(PAYLOAD) | claims).encode()))


def test_a_later_versions_further_claims_do_not_disturb() -> None:
    assert verify(signed(HEADER, json.dumps(json.loads(PAYLOAD) | {"more": 1}).encode()), KEYS) == STATEMENT


@pytest.mark.parametrize(
    "token",
    [
        "",
        "..",
        "a.b",
        "a.b.c.d",
        TOKEN + "=",
        TOKEN + ".",
        " " + TOKEN,
        TOKEN + "\n",
        TOKEN.replace(".", "=."),
        f"{b64(b'[' * 4000)}.{b64(PAYLOAD)}.AA",
        f"{b64(b'[]')}.{b64(PAYLOAD)}.AA",
        f"_w.{b64(PAYLOAD)}.AA",
        "é.é.é",
        "\ud800.\ud800.\ud800",
        "A" * 10_000_000,
    ],
    ids=range(15),
)
def test_what_is_no_token_is_refused(token: str) -> None:
    refused(token)


@given(st.text() | st.from_regex(r"[A-Za-z0-9_-]*\.[A-Za-z0-9_-]*\.[A-Za-z0-9_-]*", fullmatch=True))
def test_no_text_does_worse_than_be_refused(token: str) -> None:
    refused(token)


def test_a_place_is_digested_as_it_came_and_only_if_there_is_one() -> None:
    assert place_digest(None, None) is None
    assert place_digest("", None) is None
    assert place_digest("断桥", None) == hashlib.sha256('{"text":"断桥"}'.encode()).hexdigest()
    assert place_digest(None, (30.25, 120.15, "wgs84")) != place_digest(None, (30.25, 120.15, "gcj02"))


def test_published_keys_are_read_back_and_a_key_under_a_false_id_is_not() -> None:
    assert parse_jwks(json.dumps(KEYS).encode()) == KEYS
    wrong = json.dumps(KEYS).replace(SIGNER.kid, "A" * 43).encode()
    with pytest.raises(ValueError, match="kid names"):
        parse_jwks(wrong)
