"""The receipt: a signed statement of what was filed and that a desk received it.

A compact JWS (RFC 7515) over Ed25519 that anyone can verify with `/.well-known/jwks.json`, years later and
without us. `alg` is `EdDSA` (RFC 8037), not RFC 9864's newer `Ed25519`: the signature is the same, but the old
name is the one that verifiers in use know (PyJWT, go-jose, jose, Nimbus), and the curve stands in the key.
joserfc warns at every use of the old name, and the header never changes: so the few lines of JWS stand here,
and the tests hold them against joserfc.
"""

import base64
import hashlib
import json
from collections.abc import Iterable
from datetime import datetime
from typing import Final, Literal
from uuid import UUID

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from pydantic import (
    AwareDatetime,
    BaseModel,
    ConfigDict,
    Field,
    TypeAdapter,
    ValidationError,
    field_serializer,
)
from typing_extensions import TypedDict  # pydantic takes typing's own only from Python 3.12 on

from dispatch.clock import iso
from dispatch.errors import Refused

ALGORITHM: Final = "EdDSA"
TYPE = "desk110-receipt+jwt"  # explicit typing, RFC 8725 3.11: no other token of ours can pass for a receipt
LONGEST_TOKEN = 8192


class Statement(BaseModel):
    """What a receipt says. No personal words: text and place only by their digests."""

    model_config = ConfigDict(strict=True, frozen=True)

    iss: Literal["desk110"] = "desk110"
    jti: UUID
    report: UUID
    number: str
    kind: str
    desk: str  # adcode
    desk_name: str
    dispatcher_number: str
    filed_at: AwareDatetime
    received_at: AwareDatetime
    text_sha256: str = Field(pattern="^[0-9a-f]{64}$")
    place_sha256: str | None = Field(default=None, pattern="^[0-9a-f]{64}$")

    @field_serializer("filed_at", "received_at")
    def _iso(self, moment: datetime) -> str:
        return iso(moment)


def text_digest(text: str) -> str:
    """SHA-256 of the text as filed, UTF-8, in hex: whoever has the text can show that it is that one."""
    return hashlib.sha256(text.encode()).hexdigest()


def place_digest(place_text: str | None, position: tuple[float, float, str] | None) -> str | None:
    """SHA-256 of the place as filed, in hex, or None when there was none.

    `position` is (latitude, longitude, system) as they came, in degrees. Digested is a JSON object with sorted
    keys, no white space, UTF-8, seven decimals, what is absent left out:
    `{"crs":"gcj02","lat":"30.2500000","lon":"120.1500000","text":"…"}`.
    """
    place = {"text": place_text} if place_text else {}
    if position is not None:
        latitude, longitude, crs = position
        place |= {"crs": crs, "lat": f"{latitude:.7f}", "lon": f"{longitude:.7f}"}
    if not place:
        return None
    return text_digest(json.dumps(place, sort_keys=True, separators=(",", ":"), ensure_ascii=False))


class Signer:
    """Signs receipts with one key. `kid` is the key's RFC 7638 thumbprint."""

    def __init__(self, key: Ed25519PrivateKey) -> None:
        self._key = key
        self.kid = key_id(key.public_key())
        header = {"alg": ALGORITHM, "kid": self.kid, "typ": TYPE}
        self._header = base64url(json.dumps(header, separators=(",", ":")).encode())

    def sign(self, statement: Statement) -> str:
        """The compact JWS."""
        payload = statement.model_dump_json(exclude_none=True).encode()
        signed = f"{self._header}.{base64url(payload)}"
        return f"{signed}.{base64url(self._key.sign(signed.encode()))}"


class Jwk(TypedDict):
    """One public key (RFC 8037)."""

    kty: Literal["OKP"]
    crv: Literal["Ed25519"]
    x: str
    kid: str
    use: Literal["sig"]
    alg: Literal["EdDSA"]


class Jwks(TypedDict):
    """What stands at `/.well-known/jwks.json`."""

    keys: list[Jwk]


def jwks(keys: Iterable[Ed25519PublicKey]) -> Jwks:
    """The public keys as a JWKS (RFC 7517)."""
    return {
        "keys": [
            {
                "kty": "OKP",
                "crv": "Ed25519",
                "x": base64url(key.public_bytes_raw()),
                "kid": key_id(key),
                "use": "sig",
                "alg": ALGORITHM,
            }
            for key in keys
        ]
    }


def key_id(key: Ed25519PublicKey) -> str:
    """The key's thumbprint (RFC 7638), base64url."""
    members = f'{{"crv":"Ed25519","kty":"OKP","x":"{base64url(key.public_bytes_raw())}"}}'
    return base64url(hashlib.sha256(members.encode()).digest())


def parse_jwks(text: bytes) -> Jwks:
    """A JWKS as `jwks` makes it. Raises `ValueError` with half a sentence when it is anything else."""
    try:
        document = TypeAdapter(Jwks).validate_json(text, strict=True)
        thumbprints = [key_id(public_key(key)) for key in document["keys"]]
    except (ValidationError, ValueError):
        raise ValueError("it is no JWKS of Ed25519 keys") from None
    if not thumbprints or thumbprints != [key["kid"] for key in document["keys"]]:
        raise ValueError("it holds no key, or one that is not the key its kid names")
    return document


def verify(token: str, keys: Jwks) -> Statement:
    """What the receipt states. Raises `Refused("receipt_invalid")` unless it is ours, whole and unchanged."""
    try:
        return _verify(token, keys)
    except (ValueError, KeyError, InvalidSignature, RecursionError):  # a ValidationError is a ValueError
        raise Refused("receipt_invalid") from None


def _verify(token: str, keys: Jwks) -> Statement:
    if len(token) > LONGEST_TOKEN:
        raise ValueError
    header_part, payload_part, signature_part = token.split(".")
    header = json.loads(from_base64url(header_part))
    # The three members and no other: no `none`, no key or key address of the sender's, no `crit`.
    if not isinstance(header, dict) or set(header) != {"alg", "kid", "typ"}:
        raise ValueError
    if header["alg"] != ALGORITHM or header["typ"] != TYPE:
        raise ValueError
    key = next((key for key in keys["keys"] if key["kid"] == header["kid"]), None)
    if key is None:
        raise ValueError
    public_key(key).verify(from_base64url(signature_part), f"{header_part}.{payload_part}".encode())
    return Statement.model_validate_json(from_base64url(payload_part))


def public_key(key: Jwk) -> Ed25519PublicKey:
    """The key itself. Raises `ValueError` for what is none."""
    return Ed25519PublicKey.from_public_bytes(from_base64url(key["x"]))


def base64url(data: bytes) -> str:
    """Base64url without padding (RFC 7515)."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def from_base64url(part: str) -> bytes:
    """Base64url without padding (RFC 7515), in its one canonical form. Raises `ValueError`."""
    data = base64.b64decode(part + "=" * (-len(part) % 4), altchars=b"-_", validate=True)
    if base64url(data) != part:
        raise ValueError
    return data
